"""Which drawn music is original enough: what shares no more with the training music than real music does.

In: a corpus of tunes or of pieces, and a percentage of what it holds out. Out: an `OriginalityLine`, which tells a tune
or a piece that lies above it. This file draws nothing, and what is shared is `originality`'s and `pieces.originality`'s
to find.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from tunewright.corpus.corpus import Corpus
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.originality import Borrowing, Index, Shared, longest_shared
from tunewright.measuring.pieces.originality import PieceIndex, build_piece_index, longest_shared_of_pieces
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError

MOST_HELD_OUT = 500  # tunes or pieces that the line is drawn by, evenly spaced


@dataclass(frozen=True, slots=True, eq=False)
class OriginalityLine(Generic[M]):
    """The longest passages that music may share with the training music, in any key."""

    percent: float  # of the held-out music that does not go beyond any of them
    lengths: tuple[int, ...]  # notes of a line; of pieces beats of all parts too
    index: Any  # of the training music
    kind: str  # of music

    def allows(self, music: M) -> bool:
        """Whether the tune or piece goes beyond none of them."""
        (shared,) = _longest([music], self.index, self.kind)
        return all(one.length <= most for one, most in zip(shared, self.lengths, strict=True))

    @property
    def told(self) -> str:
        """The lengths in words: "9 notes", of pieces "9 notes of a line, or 4 beats of all parts"."""
        return " or ".join(f"{most:,} {of}" for most, of in zip(self.lengths, _UNITS[self.kind], strict=True))

    def __str__(self) -> str:
        return f"original {self.percent:g}"


def originality_line(corpus: Corpus[M], percent: float) -> OriginalityLine[M]:
    """The line that `percent` of 100 held-out tunes do not go beyond in what they share with the training tunes.

    Of pieces there are two, one for lines of parts and one for whole beats. ConfigError for a percentage that is none,
    and where nothing is held out, which alone can tell borrowing from copying.
    """
    if not 0 <= percent <= 100:
        raise ConfigError(f"original is {percent:g}; expected 0 to 100, percent of the held-out tunes")
    held_out = corpus.valid + corpus.test
    if not held_out:
        raise ConfigError(f"{corpus.name}: no {corpus.kind}s are held out, so nothing says how much real ones share")
    count = min(MOST_HELD_OUT, len(held_out))
    chosen = [held_out[len(held_out) * place // count] for place in range(count)]
    kind = held_out[0].kind
    index = _INDEXES[kind](corpus.train)
    found = _longest(chosen, index, kind)
    lines = [Borrowing.of(passages).line(percent) for passages in zip(*found, strict=True)]
    if any(map(math.isnan, lines)):
        raise ConfigError(f"{corpus.name}: nothing that is held out is long enough to say how much real music shares")
    return OriginalityLine(percent, tuple(map(int, lines)), index, kind)


def _longest(music: Sequence[M], index: Any, kind: str) -> list[tuple[Shared, ...]]:
    return _LONGEST[kind](music, index)


# ------------------------------------------------------------------------------------------------ by kind


def _of_tunes(tunes: Sequence[Tune], index: Index) -> list[tuple[Shared, ...]]:
    return [(shared,) for shared in longest_shared(tunes, index)]


def _of_pieces(pieces: Sequence[Piece], index: PieceIndex) -> list[tuple[Shared, ...]]:
    return [(line, beats) for line, _, beats in longest_shared_of_pieces(pieces, index)]


_INDEXES: Mapping[str, Callable[[Any], Any]] = {Tune.kind: kept_index, Piece.kind: build_piece_index}
_LONGEST: Mapping[str, Callable[[Any, Any], list[tuple[Shared, ...]]]] = {
    Tune.kind: _of_tunes,
    Piece.kind: _of_pieces,
}
_UNITS = {Tune.kind: ("notes",), Piece.kind: ("notes of a line", "beats of all parts")}
