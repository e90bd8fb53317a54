"""Teach a small model your own tune collection, and get new, well-formed, honestly measured tunes.

The verbs are in `tunewright.api`: `read`, `train` (or `train_steps`), `teach_critic`, `load`, `evaluate`, `write`.
Beside them are the values that they take and give, and `parse_abc`/`format_abc`, `read_midi`/`write_midi`,
`read_piece`, `to_svg`, `to_musicxml`, `write_wav`, `transpose` for single tunes. A name is loaded when it is first
used, so that `import tunewright` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tunewright.api import FORMER, warn_of_former
from tunewright.api import evaluate as evaluate
from tunewright.api import load as load
from tunewright.api import read as read
from tunewright.api import teach_critic as teach_critic
from tunewright.api import train as train
from tunewright.api import write as write
from tunewright.music import showing
from tunewright.support.version import __version__ as __version__

if TYPE_CHECKING:
    from tunewright.api import Card as Card
    from tunewright.corpus.corpus import Corpus as Corpus
    from tunewright.corpus.corpus import PieceCorpus as PieceCorpus
    from tunewright.corpus.reading import read_corpus as read_corpus
    from tunewright.corpus.reading import read_pieces as read_pieces
    from tunewright.formats.abc import format_abc as format_abc
    from tunewright.formats.abc import parse_abc as parse_abc
    from tunewright.formats.engraving import to_svg as to_svg
    from tunewright.formats.formats import write_formats as write_tune  # noqa: F401
    from tunewright.formats.midi.pieces import read_piece as read_piece
    from tunewright.formats.midi.tunes import read_midi as read_midi
    from tunewright.formats.midi.tunes import write_midi as write_midi
    from tunewright.formats.musicxml.document import to_musicxml as to_musicxml
    from tunewright.formats.sound.tunes import write_wav as write_wav
    from tunewright.generation.decoding import Decoding as Decoding
    from tunewright.generation.generated import Generated as Generated
    from tunewright.generation.generated import GeneratedPiece as GeneratedPiece
    from tunewright.generation.generator import Generator as Generator
    from tunewright.generation.keywords import generate as generate
    from tunewright.generation.keywords import generate_pieces as generate_pieces
    from tunewright.music.piece import Piece as Piece
    from tunewright.music.transposing import transpose as transpose
    from tunewright.music.tune import Key as Key
    from tunewright.music.tune import Meter as Meter
    from tunewright.music.tune import Note as Note
    from tunewright.music.tune import Pitch as Pitch
    from tunewright.music.tune import Tune as Tune
    from tunewright.support.errors import TunewrightError as TunewrightError
    from tunewright.tokens.requests import Infill as Infill
    from tunewright.tokens.requests import Request as Request
    from tunewright.tokens.requests import Variation as Variation
    from tunewright.training.config import Config as Config
    from tunewright.training.loop import train_steps as train_steps
    from tunewright.training.presets import load_preset as load_preset
    from tunewright.training.progress import Progress as Progress
    from tunewright.training.run import Run as Run


_HOME = {
    "Card": "api",
    "Config": "training.config",
    "Corpus": "corpus.corpus",
    "Decoding": "generation.decoding",
    "Generated": "generation.generated",
    "GeneratedPiece": "generation.generated",
    "Generator": "generation.generator",
    "Infill": "tokens.requests",
    "Key": "music.tune",
    "Meter": "music.tune",
    "Note": "music.tune",
    "Piece": "music.piece",
    "PieceCorpus": "corpus.corpus",
    "Pitch": "music.tune",
    "Progress": "training.progress",
    "Request": "tokens.requests",
    "Run": "training.run",
    "Tune": "music.tune",
    "TunewrightError": "support.errors",
    "Variation": "tokens.requests",
    "format_abc": "formats.abc",
    "load_preset": "training.presets",
    "parse_abc": "formats.abc",
    "read_midi": "formats.midi.tunes",
    "read_piece": "formats.midi.pieces",
    "to_musicxml": "formats.musicxml.document",
    "to_svg": "formats.engraving",
    "train_steps": "training.loop",
    "transpose": "music.transposing",
    "write_midi": "formats.midi.tunes",
    "write_wav": "formats.sound.tunes",
}

__all__ = sorted([*_HOME, "evaluate", "load", "read", "teach_critic", "train", "write"])


def _svg(music: Any) -> str:
    from tunewright.formats import notebook  # noqa: PLC0415 - not until something is shown

    return notebook.to_svg(music)


def _html(music: Any) -> str:
    from tunewright.formats import notebook  # noqa: PLC0415

    return notebook.to_html(music)


showing.drawn_by(svg=_svg, html=_html)


def __getattr__(name: str) -> object:
    """A public name, loaded when it is first used; a former one with a warning each time."""
    if name in FORMER:
        place, now = FORMER[name]
        warn_of_former(name, now)
        home, _, known = place.partition(":")
        return getattr(importlib.import_module(f"tunewright.{home}"), known)
    if name not in _HOME:
        raise AttributeError(f"module 'tunewright' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"tunewright.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
