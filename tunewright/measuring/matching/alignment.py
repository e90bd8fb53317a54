"""Passages of melodies that are much alike, though notes were changed, added or left out.

In: indexed melodies and new ones (`Lines`). Out: for each new one, the best `Alignment`s with indexed ones. Where to
look is found by `seeds`; the places with most seeds are held against each melody note by note, and with those melodies
that are then most like it, it is aligned in `bands`. This file knows neither tunes nor titles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunewright.measuring.matching.bands import BAND, Band, Lines, Pairs, Traced, select
from tunewright.measuring.matching.seeds import Places, find_seeds

SEEDED = 256  # places of indexed melodies that each melody is held against note by note, those with most seeds
WINDOW = 64  # notes that are held against one another there
CHANGED = -2  # what a note of another pitch counts there, one of the same pitch 1
CANDIDATES = 16  # melodies that each is aligned with
NOTES = 20_000  # of new melodies that are looked up at once
CELLS = 4_000_000  # of the tables that are filled at once


@dataclass(frozen=True, slots=True)
class Alignment:
    """A passage of a melody and the passage of an indexed one that it is like: notes, counted from 0."""

    score: int
    melody: int  # which of the indexed ones
    start: int
    stop: int
    start_there: int
    stop_there: int
    alike: tuple[tuple[int, int], ...]  # notes that have the same pitch: here, there
    columns: int  # notes of both, those set against each other counted once


# ------------------------------------------------------------------------------------------------ where to look


def _candidates(indexed: Lines, lines: Lines) -> Pairs:
    """The indexed melodies that are most like each new one in some key, note against note without gaps."""
    here, there = _seeded(indexed, lines)
    pairs = _pairs(indexed, lines, here, there)
    scores = _held_together(indexed, lines, pairs, here, there)
    return pairs[_best_of_each(pairs, scores)]


def _seeded(indexed: Lines, lines: Lines) -> tuple[Places, Places]:
    """Places of new melodies and of indexed ones that stand in the midst of most seeds at one offset, in one key."""
    here, there = find_seeds(indexed.seeds, lines.line)
    pairs = _pairs(indexed, lines, here, there)
    reach = int(np.abs(pairs.offset).max(initial=0))
    longest = int(lines.sizes.max(initial=1))
    keys = (pairs.here * len(indexed.sizes) + pairs.there) * (2 * reach + 1) + pairs.offset + reach
    keys = (keys * 12 + pairs.moved) * longest + here - lines.line.starts[pairs.here]
    order = np.argsort(keys)
    firsts = np.flatnonzero(np.diff(keys[order] // longest, prepend=-1))
    counts = np.diff(firsts, append=len(order))
    middle = order[firsts + counts // 2]
    chosen = middle[_best(pairs.here[middle], counts, SEEDED)]
    return here[chosen], there[chosen]


def _pairs(indexed: Lines, lines: Lines, here: Places, there: Places) -> Pairs:
    """The melodies that places belong to, how far they are apart, and the interval between them."""
    number, melody = lines.line.melody_of(here), indexed.line.melody_of(there)
    offset = (there - indexed.line.starts[melody]) - (here - lines.line.starts[number])
    moved = (indexed.line.pitches[there] - lines.line.pitches[here]) % 12
    return Pairs(number, melody, offset, moved)


def _held_together(indexed: Lines, lines: Lines, pairs: Pairs, here: Places, there: Places) -> Places:
    """The best score of a passage without gaps, around places of each pair."""
    columns = np.arange(-WINDOW // 2, WINDOW // 2, dtype=np.int8)
    own = (_windows(lines.line.pitches)[here] + pairs.moved[:, None]) % np.int8(12)  # (P, WINDOW)
    same = own == _windows(indexed.line.pitches)[there]
    before = np.minimum(here - lines.line.starts[pairs.here], there - indexed.line.starts[pairs.there])
    after = np.minimum(lines.line.starts[pairs.here + 1] - here, indexed.line.starts[pairs.there + 1] - there)
    same &= columns >= -np.minimum(before, WINDOW)[:, None].astype(np.int8)
    same &= columns < np.minimum(after, WINDOW)[:, None].astype(np.int8)
    total = np.cumsum(np.where(same, np.int16(1), np.int16(CHANGED)), axis=1, dtype=np.int16)
    lowest = np.zeros_like(total)
    np.minimum.accumulate(np.minimum(total[:, :-1], 0), axis=1, out=lowest[:, 1:])
    best: Places = (total - lowest).max(axis=1, initial=0).astype(np.int64)
    return best


def _windows(pitches: NDArray[np.int8]) -> NDArray[np.int8]:
    """What stands around each place, (N, WINDOW)."""
    padded = np.pad(pitches, WINDOW // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)


def _best(groups: Places, scores: Places, most: int) -> Places:
    """Where the best of each group stand: so many, the first where scores are equal."""
    order = np.lexsort((-scores, groups))
    rank = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
    return order[rank < most]


def _best_of_each(pairs: Pairs, scores: Places) -> Places:
    """Where the best pairs of each new melody stand, no two with one indexed melody."""
    chosen = _best(pairs.here * (int(pairs.there.max(initial=0)) + 1) + pairs.there, scores, 1)
    return chosen[_best(pairs.here[chosen], scores[chosen], CANDIDATES)]


# ------------------------------------------------------------------------------------------------ alignment


def align(indexed: Lines, lines: Lines, most: int = 1) -> list[tuple[Alignment, ...]]:
    """The `most` best alignments of each of the new melodies `lines`, best first.

    Each has half or more of its notes in none of the better ones. Fewer where there are no more, none for a melody
    that shares no run of six notes with an indexed one.
    """
    aligned: list[tuple[Alignment, ...]] = []
    for part in _parts(lines.sizes.tolist()):
        aligned += _align(indexed, select(lines, part), most)
    return aligned


def _parts(sizes: Sequence[int]) -> Iterator[slice]:
    """Melodies that are looked up at once, which bounds the memory that their seeds take."""
    start = notes = 0
    for number, size in enumerate(sizes):
        if notes + size > NOTES and number > start:
            yield slice(start, number)
            start, notes = number, 0
        notes += size
    if start < len(sizes):
        yield slice(start, len(sizes))


def _align(indexed: Lines, lines: Lines, most: int) -> list[tuple[Alignment, ...]]:
    found = _candidates(indexed, lines)
    found = found[np.argsort(lines.sizes[found.here], kind="stable")]
    aligned: list[list[Traced]] = [[] for _ in lines.sizes]
    for batch in _batches(found, lines.sizes[found.here] * BAND):
        for here, one in zip(batch.here.tolist(), Band(indexed, lines, batch).trace(), strict=True):
            aligned[here].append(one)
    return [tuple(_alignment(one) for one in _apart(ones, most)) for ones in aligned]


def _batches(pairs: Pairs, sizes: Places) -> Iterator[Pairs]:
    """Pairs that are aligned at once, by the size of their tables: ascending, so that little is filled in vain."""
    start = 0
    while start < len(sizes):
        stop = start + 1
        while stop < len(sizes) and (stop - start) * int(sizes[stop]) <= CELLS:
            stop = min(len(sizes), stop + 64)
        yield pairs[start:stop]
        start = stop


def _apart(ones: Sequence[Traced], most: int) -> list[Traced]:
    """The best, and the best of the rest that are about other notes."""
    chosen: list[Traced] = []
    for one in sorted(ones, key=lambda one: (-one.score, one.melody)):
        if len(chosen) == most or not one.score:
            break
        covered = sum(int(np.isin(one.here, other.here).sum()) for other in chosen)
        if 2 * covered <= len(one.here):
            chosen.append(one)
    return chosen


def _alignment(found: Traced) -> Alignment:
    here, there = found.here[::-1].tolist(), found.there[::-1].tolist()
    alike = tuple((a, b) for a, b, same in zip(here, there, found.same[::-1].tolist(), strict=True) if same)
    span = (here[0], here[-1] + 1, there[0], there[-1] + 1)
    return Alignment(found.score, found.melody, *span, alike, len(here) + found.gaps)
