"""Teach a small model your own tune collection, and get new, well-formed, honestly measured tunes.

The verbs: `read_corpus`, `train`, `generate`, `evaluate`; `read_pieces` and `generate_pieces` for several parts; and
`parse_abc`/`format_abc`, `read_midi`/`write_midi`, `to_svg`, `to_musicxml`, `write_wav` for single tunes. A name is
loaded when it is first used, so that `import tunewright` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tunewright.music import showing
from tunewright.support.version import __version__ as __version__

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus, PieceCorpus
    from tunewright.corpus.reading import read_corpus, read_pieces
    from tunewright.formats.abc import format_abc, parse_abc
    from tunewright.formats.engraving import to_svg
    from tunewright.formats.formats import write_tune
    from tunewright.formats.midi.pieces import read_piece
    from tunewright.formats.midi.tunes import read_midi, write_midi
    from tunewright.formats.musicxml.document import to_musicxml
    from tunewright.formats.sound.tunes import write_wav
    from tunewright.generation.pieces import GeneratedPiece, generate_pieces
    from tunewright.generation.tunes import Generated, generate
    from tunewright.judging.assessment import evaluate
    from tunewright.music.piece import Piece
    from tunewright.music.transposing import transpose
    from tunewright.music.tune import Key, Meter, Note, Pitch, Tune
    from tunewright.support.errors import TunewrightError
    from tunewright.training.config import Config
    from tunewright.training.loop import train_steps as train
    from tunewright.training.presets import load_preset
    from tunewright.training.progress import Progress
    from tunewright.training.run import Run


_HOME = {
    "Config": "training.config",
    "Corpus": "corpus.corpus",
    "Generated": "generation.tunes",
    "GeneratedPiece": "generation.pieces",
    "Key": "music.tune",
    "Meter": "music.tune",
    "Note": "music.tune",
    "Piece": "music.piece",
    "PieceCorpus": "corpus.corpus",
    "Pitch": "music.tune",
    "Progress": "training.progress",
    "Run": "training.run",
    "Tune": "music.tune",
    "TunewrightError": "support.errors",
    "evaluate": "judging.assessment",
    "format_abc": "formats.abc",
    "generate": "generation.tunes",
    "generate_pieces": "generation.pieces",
    "load_preset": "training.presets",
    "parse_abc": "formats.abc",
    "read_corpus": "corpus.reading",
    "read_midi": "formats.midi.tunes",
    "read_piece": "formats.midi.pieces",
    "read_pieces": "corpus.reading",
    "to_musicxml": "formats.musicxml.document",
    "to_svg": "formats.engraving",
    "train": "training.loop:train_steps",
    "transpose": "music.transposing",
    "write_midi": "formats.midi.tunes",
    "write_tune": "formats.formats",
    "write_wav": "formats.sound.tunes",
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


def _svg(music: Any) -> str:
    from tunewright.formats import notebook  # noqa: PLC0415 - not until something is shown

    return notebook.to_svg(music)


def _html(music: Any) -> str:
    from tunewright.formats import notebook  # noqa: PLC0415

    return notebook.to_html(music)


showing.drawn_by(svg=_svg, html=_html)


class _Package(ModuleType):
    """A package whose verbs stay verbs: loading the file `train.py` does not hide the function `train`."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in _HOME):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'tunewright' has no attribute {name!r}")
        home, _, known = _HOME[name].partition(":")
        value = getattr(importlib.import_module(f"tunewright.{home}"), known or name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
