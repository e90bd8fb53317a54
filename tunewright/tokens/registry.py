"""The codecs there are, by name.

In: settings, or the JSON that a codec wrote. Out: a codec. A new codec is a package beside these and a line here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import AnyCodec, expect_kind
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.polyphony.vocabulary import VOCABULARIES
from tunewright.tokens.settings import TokenSettings

CODECS: Mapping[str, type[AnyCodec]] = {
    "characters": CharTokenizer,
    "degrees": DegreeTokenizer,
    **dict.fromkeys(VOCABULARIES, PieceTokenizer),
}


def codec_names(kind: str = "") -> tuple[str, ...]:
    """The names of the codecs, or of those of one kind of music, "tune" or "piece"."""
    return tuple(name for name, codec in CODECS.items() if kind in ("", codec.of.kind))


def codec_class(name: str) -> type[AnyCodec]:
    """The codec of this name; ConfigError, naming those there are, for an unknown one."""
    if name not in CODECS:
        raise ConfigError(f"tokens is {name!r}; known: {', '.join(CODECS)}")
    return CODECS[name]


def fit_codec(settings: TokenSettings, music: Sequence[Any]) -> AnyCodec:
    """The codec that settings ask for, fitted on training music; ConfigError for music of another kind."""
    codec = codec_class(settings.kind)
    return codec.from_settings(settings, expect_kind(codec.of, music))


def codec_from_json(text: str) -> AnyCodec:
    """The codec that `to_json` wrote; TokenError for anything else."""
    try:
        stored = json.loads(text)
    except ValueError:
        stored = None
    kind = stored.get("kind") if isinstance(stored, dict) else None
    return CODECS.get(str(kind), CharTokenizer).from_json(text)
