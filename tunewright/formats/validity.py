"""Whether music is well formed, and otherwise what is wrong with it, whichever kind of music it is.

In: a tune or a piece, and whether it ended by itself. Out: one line, "" where nothing is wrong. What is right for each
kind is in `abc.validity` and `midi.validity`: the rules of the format that holds all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tunewright.formats.abc import validity as of_tunes
from tunewright.formats.midi import validity as of_pieces
from tunewright.music.kinds import Music
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune

_FAULTS: Mapping[str, Callable[[Any], str]] = {Tune.kind: of_tunes.fault_of, Piece.kind: of_pieces.fault_of}


def fault_of(music: Music, ended: bool = True) -> str:
    """What is wrong with music, the first thing found; "" where it is well formed.

    `ended` says whether it ended by itself, which only who drew it can know.
    """
    return _FAULTS[music.kind](music) if ended else "did not end"
