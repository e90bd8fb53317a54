"""Which tunes are settings of one tune, and which part of the data each family goes to.

In: tunes. Out: a family number for each, and "train", "valid" or "test" for each. A family has one fingerprint,
or at least 60 % of the notes of each of two tunes lie in passages of seven notes or more that the other one has
too, in any key and any rhythm. Passages may come in any order, so a tune with its repeats written out stays
with the one that has repeat signs.

Seven notes: with five, tunes from Ireland and from Germany that have nothing to do with each other chain into
families of thousands (`benchmarks/families.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tunewright.playing import fingerprint, soundings
from tunewright.tune import Tune

PASSAGE_NOTES = 7
SHARED_NOTES = 0.6  # of each tune
_WIDEST = 24  # semitones; wider leaps count as this
_FEWEST_SHARED = 0.12  # of the distinct passages, below which 60 % of the notes cannot be shared
SPLITS = ("train", "valid", "test")

Passages = npt.NDArray[np.int64]


def find_families(tunes: Sequence[Tune]) -> tuple[int, ...]:
    """For each tune the index of the first tune of its family.

    Adding tunes after these changes no number, unless a new tune joins two families.
    """
    first_of = list(range(len(tunes)))

    def root(index: int) -> int:
        while first_of[index] != index:
            first_of[index] = first_of[first_of[index]]
            index = first_of[index]
        return index

    for one, other in _relations(tunes):
        a, b = sorted((root(one), root(other)))
        first_of[b] = a
    return tuple(root(index) for index in range(len(tunes)))


def split_of(representative: Tune) -> str:
    """The part of the data that a family belongs to, by a hash of its first tune: 80 % train, 10 % valid, 10 % test."""
    digest = hashlib.sha256(f"family {fingerprint(representative)}".encode()).digest()
    return SPLITS[max(0, int.from_bytes(digest[:8], "big") % 10 - 7)]


def _relations(tunes: Sequence[Tune]) -> Iterator[tuple[int, int]]:
    """Pairs of tunes that belong together."""
    seen: dict[str, int] = {}
    for index, tune in enumerate(tunes):
        earlier = seen.setdefault(fingerprint(tune), index)
        if earlier != index:
            yield earlier, index
    passages = [_passages(tune) for tune in tunes]
    distinct = [np.unique(of_tune) for of_tune in passages]
    for one, other in _candidates(distinct):
        if (
            _covered(passages[one], distinct[other]) >= SHARED_NOTES
            and _covered(passages[other], distinct[one]) >= SHARED_NOTES
        ):
            yield one, other


def _passages(tune: Tune) -> Passages:
    """One number for every run of seven notes, by its six intervals."""
    pitches = np.array([note.pitch.midi for note in soundings(tune, unfold=False)], dtype=np.int64)
    intervals = np.clip(np.diff(pitches), -_WIDEST, _WIDEST) + _WIDEST
    width = PASSAGE_NOTES - 1
    if len(intervals) < width:
        return np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(intervals, width)
    return windows @ (2 * _WIDEST + 1) ** np.arange(width)


def _covered(passages: Passages, others: Passages) -> float:
    """The share of a tune's notes that lie in passages which are among `others`."""
    shared = np.isin(passages, others)
    covered = np.zeros(len(passages) + PASSAGE_NOTES - 1, dtype=bool)
    for offset in range(PASSAGE_NOTES):
        covered[offset : offset + len(shared)] |= shared
    return float(covered.mean())


def _candidates(distinct: Sequence[Passages]) -> Iterator[tuple[int, int]]:
    """Pairs of tunes that share enough distinct passages to be worth a closer look."""
    if not distinct or not sum(map(len, distinct)):
        return
    sizes = np.array([len(of_tune) for of_tune in distinct])
    owners = np.repeat(np.arange(len(distinct)), sizes)
    _, numbers = np.unique(np.concatenate(distinct), return_inverse=True)
    by_number = np.argsort(numbers, kind="stable")
    owners_by_number = owners[by_number]
    starts = np.searchsorted(numbers[by_number], np.arange(numbers.max() + 2))
    ends = np.cumsum(sizes)
    for index, size in enumerate(sizes):
        if not size:
            continue
        holders = [owners_by_number[starts[n] : starts[n + 1]] for n in numbers[ends[index] - size : ends[index]]]
        shared = np.bincount(np.concatenate(holders), minlength=len(distinct))
        shared[: index + 1] = 0
        enough = shared >= np.maximum(1, _FEWEST_SHARED * np.minimum(size, sizes))
        for other in np.nonzero(enough)[0]:
            yield index, int(other)
