"""What reading has to know of each kind of music: a table, so that there is one way of reading a collection.

In: nothing. Out: `KINDS`, by `music.kind`. How files are read as music of a kind is `formats`' to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from tunewright.corpus.inference import with_inferences
from tunewright.corpus.packing import Packer, PiecePacker, PieceUnpacker, TunePacker, TuneUnpacker, Unpacker
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """How music of a kind is read into a collection, and how it is kept; `complete` adds what the notes tell."""

    name: str
    complete: Callable[[M], M]
    packer: Callable[[], Packer[M]]
    unpacker: Callable[[dict[Any, Any]], Unpacker[M]]


TUNE: Kind[Tune] = Kind(Tune.kind, with_inferences, TunePacker, TuneUnpacker)
PIECE: Kind[Piece] = Kind(Piece.kind, lambda piece: piece, PiecePacker, PieceUnpacker)
KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (TUNE, PIECE)}
