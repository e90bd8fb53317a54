"""Teach a small model your own tune collection, and get new, well-formed, honestly measured tunes.

The verbs: `read_corpus`, `train`, `generate`, `evaluate`; `read_pieces` and `generate_pieces` for several parts; and
`parse_abc`/`format_abc`, `read_midi`/`write_midi`, `to_svg`, `to_musicxml`, `write_wav` for single tunes. A name is
loaded when it is first used, so that `import tunewright` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunewright.abcnotation import format_abc, parse_abc
    from tunewright.assessment import evaluate
    from tunewright.config import Config
    from tunewright.corpus import Corpus, read_corpus
    from tunewright.errors import TunewrightError
    from tunewright.experiments import load_preset
    from tunewright.generate import Generated, generate
    from tunewright.generate_pieces import GeneratedPiece, generate_pieces
    from tunewright.midi import read_midi, write_midi
    from tunewright.pieces.collection import PieceCorpus, read_pieces
    from tunewright.pieces.piece import Piece
    from tunewright.pieces.reading import read_piece
    from tunewright.render import to_musicxml, to_svg, write_tune, write_wav
    from tunewright.runs import Run
    from tunewright.train import Progress, train
    from tunewright.transposition import transpose
    from tunewright.tune import Key, Meter, Note, Pitch, Tune

__version__ = "0.1.0"

_HOME = {
    "Config": "config",
    "Corpus": "corpus",
    "Generated": "generate",
    "GeneratedPiece": "generate_pieces",
    "Key": "tune",
    "Meter": "tune",
    "Note": "tune",
    "Piece": "pieces.piece",
    "PieceCorpus": "pieces.collection",
    "Pitch": "tune",
    "Progress": "train",
    "Run": "runs",
    "Tune": "tune",
    "TunewrightError": "errors",
    "evaluate": "assessment",
    "format_abc": "abcnotation",
    "generate": "generate",
    "generate_pieces": "generate_pieces",
    "load_preset": "experiments",
    "parse_abc": "abcnotation",
    "read_corpus": "corpus",
    "read_midi": "midi",
    "read_piece": "pieces.reading",
    "read_pieces": "pieces.collection",
    "to_musicxml": "render",
    "to_svg": "render",
    "train": "train",
    "transpose": "transposition",
    "write_midi": "midi",
    "write_tune": "render",
    "write_wav": "render",
}

__all__ = [
    "Config",
    "Corpus",
    "Generated",
    "GeneratedPiece",
    "Key",
    "Meter",
    "Note",
    "Piece",
    "PieceCorpus",
    "Pitch",
    "Progress",
    "Run",
    "Tune",
    "TunewrightError",
    "evaluate",
    "format_abc",
    "generate",
    "generate_pieces",
    "load_preset",
    "parse_abc",
    "read_corpus",
    "read_midi",
    "read_piece",
    "read_pieces",
    "to_musicxml",
    "to_svg",
    "train",
    "transpose",
    "write_midi",
    "write_tune",
    "write_wav",
]


class _Package(ModuleType):
    """A package whose verbs stay verbs: loading the file `train.py` does not hide the function `train`."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in _HOME):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'tunewright' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"tunewright.{_HOME[name]}"), name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
