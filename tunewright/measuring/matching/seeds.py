"""Where in many melodies a passage may stand that a new one has too, though notes of it were changed.

In: melodies as pitch classes, laid end to end (`Line`). Out: `Seeds`, and for new melodies the places that agree with
places of theirs in many notes: in any key, whatever the octave and the rhythm. This file scores no alignment.

Each place is sorted by what follows it, as intervals from its first note, three times: with every note, and with some
notes passed over, so that a changed note does not hide its neighbours (spaced seeds: Ma, Tromp and Li, 2002). Of 24
notes of which one in each eight is changed, eight that a pattern looks at in a row are always unchanged. Only the
places that stand nearest in order are looked at, which have the most notes in common, so that common runs do not drown
rare ones and a larger index costs no more (adaptive seeds: Kiełbasa et al., 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PATTERNS = ("1", "11110", "11110110")  # which notes are looked at, over and over
FOLLOWING = 15  # notes looked at after the first: four bits each
SHORTEST = 6  # notes, the first counted, in which a seed agrees
NEIGHBOURS = 16  # to each side of where a place would stand in order
CHUNK = 2**20  # places worked on at once
END, END_THERE = 14, 15  # beside the twelve pitch classes: after the last note, which agrees with nothing

Places = NDArray[np.int64]
Bytes = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Melodies laid end to end, one place for each note."""

    pitches: Bytes  # (N,) pitch classes, each melody in any key
    starts: Places  # (melodies + 1,) where each begins, and N

    def melody_of(self, places: Places) -> Places:
        """Which melody each place belongs to."""
        return np.searchsorted(self.starts, places, side="right") - 1


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """The places of some melodies in order, once for each pattern."""

    keys: tuple[NDArray[np.uint64], ...]  # (N,) each, ascending
    orders: tuple[NDArray[np.int32], ...]  # (N,) each: the place of each key


def build_seeds(line: Line) -> Seeds:
    """The seeds of some melodies; 12 bytes a note for each pattern."""
    keys, orders = [], []
    for pattern in PATTERNS:
        unordered = _keys(line, pattern, END_THERE)
        order = np.argsort(unordered, kind="stable").astype(np.int32)
        keys.append(unordered[order])
        orders.append(order)
    return Seeds(tuple(keys), tuple(orders))


def find_seeds(seeds: Seeds, line: Line) -> tuple[Places, Places]:
    """Places of new melodies and of the indexed ones, pair by pair, that agree; a pair may occur more than once."""
    here: list[Places] = [np.zeros(0, dtype=np.int64)]
    there: list[Places] = [np.zeros(0, dtype=np.int64)]
    for pattern, keys, order in zip(PATTERNS, seeds.keys, seeds.orders, strict=True):
        wanted = _keys(line, pattern, END)
        near = _ranks(keys, wanted)[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS)
        inside = (near >= 0) & (near < len(keys))
        near[~inside] = 0
        differ = (keys[near] ^ wanted[:, None]) >> np.uint64(4 * (FOLLOWING - SHORTEST + 1)) if len(keys) else ~inside
        row, column = np.nonzero(inside & (differ == 0))
        here.append(row)
        there.append(order[near[row, column]].astype(np.int64))
    return np.concatenate(here), np.concatenate(there)


def _ranks(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> Places:
    """Where each key would stand; looked up in order, which is several times as fast."""
    order = np.argsort(wanted)
    ranks = np.empty(len(wanted), dtype=np.int64)
    ranks[order] = np.searchsorted(keys, wanted[order])
    return ranks


def _keys(line: Line, pattern: str, end: int) -> NDArray[np.uint64]:
    """For each place the intervals to the notes after it that a pattern looks at, as one number."""
    keys = np.zeros(len(line.pitches), dtype=np.uint64)
    for start in range(0, len(keys), CHUNK):
        places = np.arange(start, min(start + CHUNK, len(keys)))
        past = line.starts[line.melody_of(places) + 1]
        part = keys[start : start + CHUNK]
        for offset in _offsets(pattern):
            following = np.minimum(places + offset, len(keys) - 1)
            interval = (line.pitches[following] - line.pitches[places]) % 12
            part <<= np.uint64(4)
            part |= np.where(places + offset < past, interval, end).astype(np.uint64)
    return keys


def _offsets(pattern: str) -> list[int]:
    """How far after the first the notes stand that a pattern looks at.

    >>> _offsets("110")
    [1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22]
    """
    looked_at = (offset for offset in range(1, 100) if pattern[offset % len(pattern)] == "1")
    return [next(looked_at) for _ in range(FOLLOWING)]
