"""What reading has to know of each kind of music: a table, so that there is one way of reading a collection.

In: nothing. Out: `KINDS`, by `music.kind`. Music is read from MIDI files, or made of the tunes of ABC files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from tunewright.corpus.inference import with_inferences
from tunewright.corpus.packing import Packer, PiecePacker, PieceUnpacker, TunePacker, TuneUnpacker, Unpacker
from tunewright.formats.midi.bars import with_bars
from tunewright.formats.midi.pieces import parse_piece, piece_of_tune
from tunewright.formats.midi.tunes import parse_midi
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """How music of a kind is read, and how it is kept.

    `parse_midi` takes bytes, a name and which melody is meant; ParseError. `of_tune` raises RenderError or ParseError
    for a tune that cannot be music of this kind. `complete` adds, in a collection, what the notes tell.
    """

    parse_midi: Callable[[bytes, str, str], M]
    of_tune: Callable[[Tune], M]
    complete: Callable[[M], M]
    packer: Callable[[], Packer[M]]
    unpacker: Callable[[dict[Any, Any]], Unpacker[M]]


TUNE: Kind[Tune] = Kind(
    parse_midi=lambda content, name, melody: parse_midi(content, name, melody=melody),
    of_tune=lambda tune: tune,
    complete=with_inferences,
    packer=TunePacker,
    unpacker=TuneUnpacker,
)
PIECE: Kind[Piece] = Kind(
    parse_midi=lambda content, name, _: with_bars(parse_piece(content, name)),
    of_tune=piece_of_tune,
    complete=lambda piece: piece,
    packer=PiecePacker,
    unpacker=PieceUnpacker,
)
KINDS: Mapping[str, Kind[Any]] = {Tune.kind: TUNE, Piece.kind: PIECE}
