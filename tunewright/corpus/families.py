"""Which tunes are settings of one tune, and which pieces of several parts of one piece.

In: music, or its melodies. Out: a family number for each. A family has one fingerprint, or at least 60 % of the notes
of each of two melodies lie in passages of seven notes or more that the other one has too, in any key and any rhythm.
Passages may come in any order, so a tune with its repeats written out stays with the one that has repeat signs.

Seven notes: with five, tunes from Ireland and from Germany that have nothing to do with each other chain into
families of thousands (`benchmarks/families.py`). Which part of the data a family goes to is `split`'s to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tunewright.corpus.melodies import Line, Melody, melody
from tunewright.music.kinds import Music

PASSAGE_NOTES = 7
SHARED_NOTES = 0.6  # of each tune
_WIDEST = 24  # semitones; wider leaps count as this
_FEWEST_SHARED = 0.12  # of the distinct passages, below which 60 % of the notes cannot be shared
# odd numbers that put passages in an order of no meaning; tunes with the same first passage in one are looked at first
_SHUFFLES = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)

_AT_ONCE = 1000  # tunes compared with one

Passages = npt.NDArray[np.int64]


def find_families(music: Sequence[Music], melodies: Sequence[Melody] | None = None) -> tuple[int, ...]:
    """For each tune or piece the index of the first of its family; `melodies` are theirs, where there already.

    Adding music after these changes no number, unless it joins two families. Takes time with the number of passages
    that music of different families shares: copies and near copies of one tune are found on the way.
    """
    known = list(map(melody, music)) if melodies is None else melodies
    found = _Families([one.line for one in known])
    seen: dict[tuple[int, str], int] = {}
    for index, one in enumerate(known):
        for fingerprint in enumerate(one.fingerprints):
            found.join(index, seen.setdefault(fingerprint, index))
    found.join_near_copies()
    found.join_the_rest()
    return tuple(found.root(index) for index in range(len(known)))


class _Families:
    """Tunes by number, with what is known so far of which belong together."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.first_of = list(range(len(lines)))

    def root(self, index: int) -> int:
        """The first tune of the family, as far as it is known."""
        first_of = self.first_of
        while first_of[index] != index:
            first_of[index] = first_of[first_of[index]]
            index = first_of[index]
        return index

    def join(self, one: int, other: int) -> None:
        """Say that two tunes belong together."""
        low, high = sorted((self.root(one), self.root(other)))
        self.first_of[high] = low

    def compare(self, one: int, other: int) -> None:
        """Join two tunes that share passages enough, unless they are joined already."""
        if self.root(one) != self.root(other) and _alike(_passages(self.lines[one]), _passages(self.lines[other])):
            self.join(one, other)

    def join_near_copies(self) -> None:
        """Compare each tune with one that it has a passage in common with, two passages chosen by chance.

        Of two near copies nearly all passages are the same, and so are those chosen. This decides nothing that the
        full search would not; it saves it comparing all copies of one tune with one another.
        """
        buckets: dict[tuple[int, int], int] = {}
        for index, line in enumerate(self.lines):
            passages = _passages(line)
            if not len(passages):
                continue
            shuffled = passages.astype(np.uint64)[:, None] * _SHUFFLES
            for place, chosen in enumerate(passages[shuffled.argmin(axis=0)].tolist()):
                self.compare(buckets.setdefault((place, chosen), index), index)

    def join_the_rest(self) -> None:
        """Compare all tunes of different families that share passages enough to be worth it."""
        roots = np.array([self.root(index) for index in range(len(self.lines))], dtype=np.int64)
        for one, other in _candidates(self.lines, roots):
            self.compare(one, other)


def _passages(line: Line) -> Passages:
    """One number for every run of seven notes, by its six intervals."""
    numbers = line.astype(np.int64)
    intervals: Passages = np.clip(numbers[1:] - numbers[:-1], -_WIDEST, _WIDEST) + _WIDEST
    width = PASSAGE_NOTES - 1
    if len(intervals) < width:
        return np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(intervals, width)
    return np.asarray(windows @ (2 * _WIDEST + 1) ** np.arange(width))


def _alike(one: Passages, other: Passages) -> bool:
    return _covered(one, other) >= SHARED_NOTES and _covered(other, one) >= SHARED_NOTES


def _covered(passages: Passages, others: Passages) -> float:
    """The share of a tune's notes that lie in passages which are among `others`."""
    return float(_cover(np.isin(passages, others)))


def _cover(shared: npt.NDArray[np.bool_]) -> Any:
    """The share of notes in passages, by which of the passages (..., passages) are shared."""
    places = shared.shape[-1]
    covered = np.zeros((*shared.shape[:-1], places + PASSAGE_NOTES - 1), dtype=bool)
    for offset in range(PASSAGE_NOTES):
        covered[..., offset : offset + places] |= shared
    return covered.mean(axis=-1)


def _candidates(lines: Sequence[Line], roots: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Pairs of tunes with different roots that share enough passages to cover the first of them, and perhaps both."""
    order = np.argsort(roots, kind="stable")  # tunes by rank, those of one family side by side
    postings, sizes = _postings(lines, order)
    if not len(postings):
        return
    bits = _rank_bits()
    ranks = (postings & (1 << bits) - 1).astype(np.int32)
    passages = postings
    passages >>= bits
    group_ends, run_ends = _stops(passages), _stops(passages, roots[order].astype(np.int32)[ranks])
    by_rank = np.argsort(ranks, kind="stable").astype(np.int32)
    bounds = np.searchsorted(ranks[by_rank], np.arange(len(order) + 1))
    for rank, (first, last) in enumerate(pairwise(bounds.tolist())):
        places = by_rank[first:last]
        # those of later families that hold a passage of this tune: what comes after its own family in that passage
        starts, stops = run_ends[places].tolist(), group_ends[places].tolist()
        holders = [ranks[start:stop] for start, stop in zip(starts, stops, strict=True)]
        if not holders or starts == stops:
            continue
        everyone = np.concatenate(holders)
        others, shared = _counted(everyone, len(order))
        others = others[shared >= np.maximum(1, _FEWEST_SHARED * np.minimum(sizes[rank], sizes[others]))]
        kinds = np.repeat(np.arange(len(holders)), [len(held) for held in holders])
        where = np.searchsorted(passages[places], _passages(lines[order[rank]]))
        for begin in range(0, len(others), _AT_ONCE):
            some = others[begin : begin + _AT_ONCE]
            row = np.minimum(np.searchsorted(some, everyone), len(some) - 1)
            among = some[row] == everyone
            table = np.zeros((len(some), len(holders)), dtype=bool)
            table[row[among], kinds[among]] = True
            for other in some[_cover(table[:, where]) >= SHARED_NOTES].tolist():
                yield int(order[rank]), int(order[other])


def _rank_bits() -> int:
    """How many bits of a number below 2**63 are left for a tune beside a passage: 29 beside one of seven notes."""
    passages: int = (2 * _WIDEST + 1) ** (PASSAGE_NOTES - 1)
    return 63 - passages.bit_length()


def _postings(lines: Sequence[Line], order: npt.NDArray[np.int64]) -> tuple[Passages, npt.NDArray[np.int64]]:
    """Sorted numbers, each a passage above the rank of a tune that has it; and how many passages each rank has."""
    postings = np.empty(sum(max(0, len(line) - PASSAGE_NOTES + 1) for line in lines), dtype=np.int64)
    sizes = np.zeros(len(order), dtype=np.int64)
    bits, end = _rank_bits(), 0
    for rank, index in enumerate(order.tolist()):
        distinct = np.unique(_passages(lines[index]))
        sizes[rank] = len(distinct)
        postings[end : end + len(distinct)] = distinct << bits | rank
        end += len(distinct)
    postings = postings[:end]
    postings.sort()
    return postings, sizes


def _stops(*columns: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """For each row the number of the next one that differs from it in some column, the rows being sorted."""
    differs = np.zeros(len(columns[0]), dtype=bool)
    differs[-1] = True
    for column in columns:
        differs[:-1] |= column[1:] != column[:-1]
    ends = np.flatnonzero(differs) + 1
    return np.repeat(ends.astype(np.int32), np.diff(ends, prepend=0))


def _counted(numbers: npt.NDArray[np.int32], most: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Which numbers below `most` there are, and how often each."""
    if len(numbers) * 16 < most:
        found, counts = np.unique(numbers, return_counts=True)
        return found, counts
    everywhere = np.bincount(numbers, minlength=most)
    there = np.flatnonzero(everywhere)
    return there, everywhere[there]
