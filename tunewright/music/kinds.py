"""The kinds of music there are: tunes, and pieces of several parts; and what any of them is known by.

In: a `Tune` or a `Piece`. Out: its id. Whoever treats the kinds differently has a table by `music.kind`, "tune" or
"piece", and asks no value for its type. This file says nothing of what either kind is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tunewright.music.piece import Piece
from tunewright.music.playing import fingerprint
from tunewright.music.tune import Tune

Music = Tune | Piece
M = TypeVar("M", bound=Music)

# a tune's verbatim text, or its melody where it has none; all that a piece sounds like
_TOLD: Mapping[str, Callable[[Any], str]] = {
    Tune.kind: lambda tune: tune.text or fingerprint(tune),
    Piece.kind: lambda piece: repr(piece.content),
}


def music_id(music: Music) -> str:
    """Twelve hex digits by which a tune or a piece is known: of a tune a hash of its text, of a piece of its music."""
    return hashlib.sha256(_TOLD[music.kind](music).encode()).hexdigest()[:12]
