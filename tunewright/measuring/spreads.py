"""How far our tunes lie from real ones, against how far real tunes lie from one another.

In: `Features` of tunes. Out: for each of nine features of a tune the overlapping area and the Kullback-Leibler
divergence between two distributions of distances: from real tune to real tune, and from real tune to ours. Where ours
are among the real ones as these are among each other, both distributions are the same.

After Yang and Lerch (2020), and unlike their program MGEval in this: both densities are taken on one grid, where
MGEval takes each on a grid of its own and compares densities of different distances; what a density has beyond the
smallest and largest distance is not cut off; pitch classes count from the tonic, and transitions as shares, so that
neither the key nor the number of notes shows in them; onset gaps are whole notes, not seconds. As theirs, a length
counts as the nearest of twelve: whole to sixteenth notes, half to sixteenth notes dotted, and three triplet values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tunewright.music.features import Features, MelodyNote, pairs

Array = NDArray[np.float64]
MOST = 200  # tunes of a set, evenly spaced, that are compared with all others: 40,000 distances
GRID = 1024  # points
BEYOND = 4  # bandwidths that the grid reaches over the distances

NOTE_LENGTHS = (  # whole notes: plain, dotted, triplet
    *(1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16),
    *(3 / 4, 3 / 8, 3 / 16, 3 / 32),
    *(1 / 3, 1 / 6, 1 / 12),
)

# ------------------------------------------------------------------------------------------------ features of a tune


def _pitch_count(seen: Features) -> list[float]:
    return [len({note.pitch for note in seen.melody})]


def _pitch_range(seen: Features) -> list[float]:
    pitches = [note.pitch for note in seen.melody]
    return [max(pitches) - min(pitches)]


def _pitch_interval(seen: Features) -> list[float]:
    intervals = [abs(b.pitch - a.pitch) for a, b in pairs(seen)]
    return [sum(intervals) / len(intervals)] if intervals else [math.nan]


def _pitch_classes(seen: Features) -> list[float]:
    return _shares([note.degree for note in seen.melody if note.degree is not None], 12)


def _pitch_transitions(seen: Features) -> list[float]:
    found = [(a.degree, b.degree) for a, b in pairs(seen)]
    return _shares([12 * one + other for one, other in found if one is not None and other is not None], 144)


def _note_count(seen: Features) -> list[float]:
    return [len(seen.melody)]


def _onset_gap(seen: Features) -> list[float]:
    melody, gaps = seen.melody, len(seen.melody) - 1
    return [(melody[-1].onset - melody[0].onset) / gaps] if gaps > 0 else [math.nan]


def _note_lengths(seen: Features) -> list[float]:
    return _shares([_length_class(note) for note in seen.melody], len(NOTE_LENGTHS))


def _length_transitions(seen: Features) -> list[float]:
    kinds = len(NOTE_LENGTHS)
    return _shares([kinds * _length_class(a) + _length_class(b) for a, b in pairs(seen)], kinds * kinds)


def _length_class(note: MelodyNote) -> int:
    return _nearest_length(note.length)


@lru_cache(maxsize=1024)
def _nearest_length(length: float) -> int:
    return min(range(len(NOTE_LENGTHS)), key=lambda kind: abs(NOTE_LENGTHS[kind] - length))


def _shares(found: Sequence[int], kinds: int) -> list[float]:
    """The share of each kind; NaN throughout where nothing was found."""
    shares = [0.0 if found else math.nan] * kinds
    for kind in found:
        shares[kind] += 1 / len(found)
    return shares


FEATURES: Mapping[str, tuple[int, Callable[[Features], list[float]], str]] = {  # numbers, how, meaning
    "pitch_count": (1, _pitch_count, "the number of different pitches"),
    "pitch_range": (1, _pitch_range, "the range"),
    "pitch_interval": (1, _pitch_interval, "the mean size of their intervals"),
    "pitch_classes": (12, _pitch_classes, "the shares of pitch classes"),
    "pitch_transitions": (144, _pitch_transitions, "the shares of transitions between pitch classes"),
    "note_count": (1, _note_count, "the number of notes"),
    "onset_gap": (1, _onset_gap, "the mean time from onset to onset"),
    "note_lengths": (12, _note_lengths, "the shares of note lengths"),
    "length_transitions": (144, _length_transitions, "the shares of transitions between note lengths"),
}


class Spread:
    """The features of each tune of a set: a row for each tune, and what was worked out from them."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows = rows  # (tunes, all numbers of FEATURES side by side)

    @classmethod
    def of(cls, tunes: Iterable[Features]) -> Spread:
        """The spread of some tunes; those without notes are left out."""
        rows = [
            [number for _, found, _ in FEATURES.values() for number in found(seen)] for seen in tunes if seen.melody
        ]
        return cls(np.array(rows, np.float32).reshape(len(rows), WIDTH))

    @classmethod
    def merged(cls, spreads: Sequence[Spread]) -> Spread:
        """The spread of sets put together."""
        return cls(np.concatenate([NOTHING.rows, *(spread.rows for spread in spreads)]))

    def column(self, feature: str) -> Array:
        """The values of a feature, one row for each tune that has it, at most 200, evenly spaced."""
        start, stop = SPANS[feature]
        values = self.rows[:, start:stop].astype(np.float64)
        values = values[~np.isnan(values[:, 0])]
        if len(values) > MOST:
            values = values[np.arange(MOST) * len(values) // MOST]
        return values

    @cached_property
    def within(self) -> Mapping[str, Array]:
        """For each feature, the distance of each of these tunes from each other one."""
        found = {}
        for feature in FEATURES:
            values = self.column(feature)
            found[feature] = _distances(values, values)[~np.eye(len(values), dtype=bool)]
        return found


WIDTH = sum(numbers for numbers, _, _ in FEATURES.values())
_STOPS = np.cumsum([numbers for numbers, _, _ in FEATURES.values()]).tolist()
SPANS = {name: (stop - FEATURES[name][0], stop) for name, stop in zip(FEATURES, _STOPS, strict=True)}
NOTHING = Spread(np.empty((0, WIDTH), np.float32))


# ------------------------------------------------------------------------------------------------ two sets


def overlap(ours: Spread, real: Spread, feature: str) -> float:
    """The area under both densities of distances, 0 to 1; 1 is the same; NaN where there is no density.

    The densities are Gaussian kernel estimates (Scott's bandwidth) of the distances, Euclidean, in one feature of
    `FEATURES`: from every real tune to every other, and from every real tune to every one of ours; of each set at most
    200 tunes, evenly spaced. There is no density of fewer than two distances, or of distances that are all the same.
    """
    densities = _densities(ours, real, feature)
    return float(np.minimum(*densities).sum()) if densities else math.nan


def divergence(ours: Spread, real: Spread, feature: str) -> float:
    """The Kullback-Leibler divergence of distances between real tunes from distances to ours, in nats, 0 or more.

    Of the densities that `overlap` speaks of, on one grid; 0 is the same; NaN where there is no density. A grid of
    its own for each, as in MGEval, gives 0 for two sets that differ in scale alone.
    """
    densities = _densities(ours, real, feature)
    if not densities:
        return math.nan
    inside, between = (np.maximum(density, np.finfo(float).tiny) for density in densities)
    return max(float((inside * np.log(inside / between)).sum()), 0.0)


@lru_cache(maxsize=1)  # overlap and divergence ask for the same pair one after the other
def _densities(ours: Spread, real: Spread, feature: str) -> tuple[Array, Array] | None:
    """The shares of distances within the real tunes, and between them and ours, at the points of one grid."""
    inside, between = real.within[feature], _distances(real.column(feature), ours.column(feature)).ravel()
    if min(len(inside), len(between)) < 2 or not (np.ptp(inside) and np.ptp(between)):
        return None
    widths = [float(np.std(distances, ddof=1)) * len(distances) ** -0.2 for distances in (inside, between)]
    margin = BEYOND * max(widths)
    lowest = min(inside.min(), between.min()) - margin
    step = (max(inside.max(), between.max()) + margin - lowest) / (GRID - 1)
    return _density(inside - lowest, widths[0], step), _density(between - lowest, widths[1], step)


def _distances(ones: Array, others: Array) -> Array:
    """The Euclidean distance of each of `ones` from each of `others`."""
    found = [np.linalg.norm(others - one, axis=1) for one in ones]
    return np.array(found, np.float64).reshape(len(ones), len(others))


def _density(distances: Array, width: float, step: float) -> Array:
    """The kernel estimate at the points of the grid, as shares; each distance shared between the points beside it."""
    place = distances / step
    below = np.minimum(place.astype(np.intp), GRID - 2)
    weights = np.bincount(below, 1 - (place - below), GRID) + np.bincount(below + 1, place - below, GRID)
    kernel = np.exp(-((np.arange(1 - GRID, GRID) * step / width) ** 2) / 2)
    density: Array = np.convolve(weights, kernel)[GRID - 1 : 2 * GRID - 1]
    shares: Array = density / density.sum()
    return shares
