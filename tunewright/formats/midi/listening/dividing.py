"""Pieces of time as notes can be written: cut where bars end, and in groups that one tuplet can say.

In: `Piece`s that fill the time, and where bars end. Out: the same, cut and tied, and the tuplet that begins with each.
Where a rhythm needs a tuplet that ABC has not, as onsets by chance do, it is put on the plainest grid that keeps its
notes apart, which is a repair. This file writes no notes (`transcription`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from tunewright.formats.midi.listening.quantizing import WHOLE
from tunewright.music.tune import Repair, Tuplet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tunewright.formats.midi.listening.quantizing import Piece

LARGEST_TUPLET = 15  # notes in the time of a power of two: what is larger cannot be said in ABC, nor read by anybody
MOST_IN_TUPLET = 64  # notes that one tuplet holds in ABC as we read it
PLAIN = (WHOLE // 32, WHOLE // 64, WHOLE // 128, WHOLE // 256)  # grids without tuplets, in grains


def divided(pieces: Iterable[Piece], lines: Sequence[int], repairs: list[Repair]) -> list[Piece]:
    """The pieces cut at bar lines, each group of them such as one tuplet can say; what that changed is a repair."""
    divided: list[Piece] = []
    changed = lost = 0
    for bar in _bars(list(_cut(pieces, lines)), lines):
        for group in _groups(bar):
            odd = _odd_parts(group)
            if odd > LARGEST_TUPLET or (odd > 1 and len(group) > MOST_IN_TUPLET):
                plain = _on_plain_grid(group)
                changed, lost = changed + 1, lost + len(group) - len(plain)
                group = plain
            divided += group
    if changed:
        detail = f"{changed} times" + (f", {lost} notes left out" if lost else "")
        repairs.append(Repair("a rhythm that no tuplet says put on a plain grid", detail=detail))
    return divided


def tuplets(bar: Sequence[Piece]) -> Iterator[tuple[Piece, Tuplet | None]]:
    """Each piece of a bar, with the tuplet that begins with it: up to where time is back on powers of two."""
    for group in _groups(bar):
        odd = _odd_parts(group)
        tuplet = Tuplet(odd, 1 << (odd.bit_length() - 1), len(group)) if odd > 1 else None
        for piece in group:
            yield piece, tuplet
            tuplet = None


def _cut(pieces: Iterable[Piece], lines: Sequence[int]) -> Iterator[Piece]:
    """Notes cut and tied, rests cut, at bar lines, and at beats where they begin inside a tuplet and run on."""
    for piece in pieces:
        rest = piece
        while True:
            after = bisect_right(lines, rest.onset)
            limit = lines[after] if after < len(lines) else rest.end
            if not _dyadic(rest.onset) and not _plain_in_thirds(rest.length):
                limit = min(limit, (rest.onset // (WHOLE // 4) + 1) * (WHOLE // 4))
            if rest.end <= limit:
                yield rest
                break
            yield replace(rest, length=limit - rest.onset, tied=bool(rest.numbers))
            rest = replace(rest, onset=limit, length=rest.end - limit, grace=())


def _bars(pieces: Sequence[Piece], lines: Sequence[int]) -> Iterator[Sequence[Piece]]:
    start = 0
    for line in lines:
        stop = start
        while stop < len(pieces) and pieces[stop].onset < line:
            stop += 1
        yield pieces[start:stop]
        start = stop
    yield pieces[start:]


def _groups(bar: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """The shortest groups of pieces after each of which time is on powers of two, counted from the bar line."""
    start = length = 0
    for place, piece in enumerate(bar, 1):
        length += piece.length
        if _dyadic(length):
            yield bar[start:place]
            start = place
    if start < len(bar):
        yield bar[start:]


def _odd_parts(group: Sequence[Piece]) -> int:
    """What the lengths of a group have to be multiplied by to be on powers of two."""
    return math.lcm(*(_odd_part(Fraction(piece.length, WHOLE).denominator) for piece in group))


def _on_plain_grid(group: Sequence[Piece]) -> list[Piece]:
    """A group with its inner onsets on the coarsest grid that keeps them apart; on the finest some may be lost."""
    start, total = group[0].onset, group[-1].end - group[0].onset
    ends = list(accumulate(piece.length for piece in group))[:-1]
    for part in PLAIN:
        places = [0, *(min(total, (end + part // 2) // part * part) for end in ends), total]
        if all(before < after for before, after in pairwise(places)):
            break
    kept: list[Piece] = []
    for piece, (onset, end) in zip(group, pairwise(places), strict=True):
        if onset < end:
            kept.append(replace(piece, onset=start + onset, length=end - onset))
        elif kept and kept[-1].tied:
            kept[-1] = replace(kept[-1], tied=piece.tied)
    return kept


@lru_cache(maxsize=4096)
def _plain_in_thirds(length: int) -> bool:
    """Whether a length in a triplet is written as one note."""
    return Fraction(3 * length, 2 * WHOLE).numerator in (1, 3)


@lru_cache(maxsize=4096)
def _dyadic(grains: int) -> bool:
    return _odd_part(Fraction(grains, WHOLE).denominator) == 1


def _odd_part(number: int) -> int:
    return number // (number & -number)
