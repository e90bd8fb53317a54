"""The codecs there are, by name.

In: settings, or the JSON that a codec wrote. Out: a codec, and what writes in it. A new codec is a package beside these
and a line here. A codec is loaded when it is first asked for, not when it is named.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunewright.support.documents import parse_json
from tunewright.support.errors import ConfigError
from tunewright.tokens.contract import AnyCodec, expect_kind
from tunewright.tokens.polyphony.vocabulary import VOCABULARIES
from tunewright.tokens.settings import TokenSettings
from tunewright.tokens.writing import Writer


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a codec is defined, and what writes in it: "module:class" each."""

    kind: str  # of music, "tune" or "piece"
    codec: str
    writer: str = "tunewright.tokens.plain:PlainWriter"  # of a codec that brings no grammar


def _ours(kind: str, folder: str, codec: str, writer: str) -> Entry:
    """A codec of a folder beside this file."""
    return Entry(kind, f"{__package__}.{folder}.tokenizer:{codec}", f"{__package__}.{folder}.writer:{writer}")


CODECS: Mapping[str, Entry] = {
    "characters": _ours("tune", "characters", "CharTokenizer", "CharWriter"),
    "degrees": _ours("tune", "degrees", "DegreeTokenizer", "DegreeWriter"),
    **dict.fromkeys(VOCABULARIES, _ours("piece", "polyphony", "PieceTokenizer", "PieceWriter")),
}


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def codec_names(kind: str = "") -> tuple[str, ...]:
    """The names of the codecs, or of those of one kind of music, "tune" or "piece"."""
    return tuple(name for name, codec in CODECS.items() if kind in ("", codec.kind))


def music_of(name: str) -> str:
    """The kind of music that the codec of this name spells; ConfigError, naming those there are, for an unknown one."""
    if name not in CODECS:
        raise ConfigError(f"tokens is {name!r}; known: {', '.join(CODECS)}")
    return CODECS[name].kind


def codec_class(name: str) -> type[AnyCodec]:
    """The codec of this name; ConfigError, naming those there are, for an unknown one."""
    assert music_of(name)
    found: type[AnyCodec] = _load(CODECS[name].codec)
    return found


def fit_codec(settings: TokenSettings, music: Sequence[Any]) -> AnyCodec:
    """The codec that settings ask for, fitted on training music; ConfigError for music of another kind."""
    codec = codec_class(settings.kind)
    return codec.from_settings(settings, expect_kind(codec.of, music))


def codec_from_json(text: str) -> AnyCodec:
    """The codec that `to_json` wrote; TokenError for anything else."""
    try:
        stored = parse_json(text)
    except ValueError:
        stored = None
    kind = stored.get("kind") if isinstance(stored, dict) else None
    return codec_class(str(kind) if str(kind) in CODECS else "characters").from_json(text)


def new_writer(codec: AnyCodec) -> Writer[Any]:
    """What writes music in these tokens, for one drawing at a time; without a grammar where the codec brings none."""
    writer: Writer[Any] = _load(CODECS[codec.kind].writer)(codec)
    return writer
