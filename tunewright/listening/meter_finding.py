"""Bar length and downbeat of a melody whose file states none, or states the metre and not where bars begin.

In: onsets, gaps and pitches of a melody. Out: for each metre and each upbeat a probability. The model is a softmax
over all of these with weights for what stands where in the bar: note lengths (Temperley 2007 has the same evidence in
a generative model), leaps, peaks and the final's pitch; how the melody comes back after 1 to 16 bars (parallelism,
Lerdahl & Jackendoff 1983); and how it begins and ends. `benchmarks/learn_listening.py` learned the weights from the
training part of O'Neill's, Ryan's and Aird's collections, and wrote `learned/meters.npz`.

This file does not quantise and writes no bar lines (`transcription`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from tunewright.tune import Meter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNIT = Fraction(1, 48)  # of a whole note: onsets and gaps are counted in it
CELL = 3  # units to a cell, a sixteenth
METERS = (Meter(2, 4), Meter(3, 4), Meter(4, 4), Meter(3, 8), Meter(6, 8), Meter(9, 8), Meter(12, 8), Meter(3, 2))
CELLS = tuple(16 * meter.numerator // meter.denominator for meter in METERS)  # to a bar
_EDGES = np.array([3, 4, 5, 8, 11, 15, 21, 33, 45])  # units where a class of gaps begins: 1/16, 1/12, ... 3/4 and over
GAPS = len(_EDGES) + 1
TRAITS = 6  # of a note beside its gap
LAGS = (1, 2, 3, 4, 6, 8, 12, 16)  # bars after which a melody may come back
BARS = (8, 12, 16, 24, 32, 48, 64)  # usual numbers of bars, repeats played
WHOLES = 2 * len(LAGS) + len(BARS) + 4
LONGEST = 6144  # units that are looked at: 128 whole notes


@dataclass(frozen=True, slots=True)
class Melody:
    """Onsets and gaps to the next onset in units, the last gap the length of that note; MIDI numbers."""

    onsets: Ints
    gaps: Ints
    numbers: Ints


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a metre is judged by: per cell of a bar from the first onset, per last note, and for the whole."""

    cells: Floats  # (cells, GAPS + TRAITS) shares of the notes
    last: tuple[int, int]  # cell and class of gap of the last note
    whole: Floats  # (WHOLES,)


def evidence(melody: Melody) -> list[Evidence]:
    """The evidence for each of `METERS`."""
    onsets, gaps = melody.onsets - melody.onsets[0], melody.gaps
    kept = onsets < LONGEST
    onsets, gaps, numbers = onsets[kept], gaps[kept], melody.numbers[kept]
    classes = np.searchsorted(_EDGES, gaps, side="right")
    traits = _traits(gaps, numbers)
    total = int(onsets[-1] + gaps[-1])
    grid = np.full(int(onsets[-1]) // CELL + 1, -1)
    grid[onsets // CELL] = numbers
    found = []
    for cells in CELLS:
        place = onsets // CELL % cells
        table = np.zeros((cells, GAPS + TRAITS))
        table[:, :GAPS] = np.bincount(place * GAPS + classes, minlength=cells * GAPS).reshape(cells, GAPS)
        for trait in range(TRAITS):
            table[:, GAPS + trait] = np.bincount(place, traits[trait], minlength=cells)
        found.append(Evidence(table / len(onsets), (int(place[-1]), int(classes[-1])), _whole(grid, total, cells)))
    return found


def _traits(gaps: Ints, numbers: Ints) -> Floats:
    """Of each note: leap into it, step size, peak, valley, longer than the one before, the pitch class of the last."""
    moves = np.diff(numbers, prepend=numbers[0])
    after = np.append(moves[1:], 0)
    return np.array(
        [
            np.abs(moves) >= 5,
            np.minimum(np.abs(moves), 12) / 12,
            (moves > 0) & (after < 0),
            (moves < 0) & (after > 0),
            gaps > np.append(gaps[:1], gaps[:-1]),
            (numbers - numbers[-1]) % 12 == 0,
        ],
        dtype=np.float64,
    )


def _whole(grid: Ints, total: int, cells: int) -> Floats:
    """How much of the melody comes back after each lag, everywhere and at once; how many bars it has."""
    values = []
    sounding = grid >= 0
    for bars in LAGS:
        lag = bars * cells
        back = (grid[:-lag] == grid[lag:]) & sounding[:-lag]
        count = np.count_nonzero(sounding[:-lag])
        values.append(np.count_nonzero(back) / count if count else 0.0)
        first = np.count_nonzero(sounding[:lag]) if 2 * lag <= len(grid) + cells else 0
        values.append(np.count_nonzero(back[:lag]) / first if first else 0.0)
    bars_played, over = divmod(total, cells * CELL)
    values += [float(bars_played == bars and not over) for bars in BARS]
    values += [float(not over), float(not over and bars_played % 4 == 0), float(not over and bars_played % 8 == 0)]
    return np.array([*values, 1.0])


@dataclass(frozen=True, slots=True)
class Weights:
    """The learned numbers of one metre."""

    cells: Floats  # (cells, GAPS + TRAITS)
    last: Floats  # (cells, GAPS)
    whole: Floats  # (WHOLES,)
    upbeat: Floats  # (cells,) of each upbeat


@cache
def learned() -> tuple[Weights, ...]:
    """The weights that come with the package, for each of `METERS`."""
    with files("tunewright.listening").joinpath("learned/meters.npz").open("rb") as file, np.load(file) as arrays:
        names = Weights.__dataclass_fields__
        return tuple(
            Weights(*(arrays[f"{name}{index}"].astype(np.float64) for name in names)) for index in range(len(METERS))
        )


@dataclass(frozen=True, slots=True)
class FoundMeter:
    """A metre, the length of its upbeat in whole notes, and the probability of both."""

    meter: Meter
    upbeat: Fraction
    probability: float


def find_meter(melody: Melody, stated: Meter | None = None) -> FoundMeter | None:
    """The most probable metre and upbeat, or upbeat in the metre that is stated; None where it is not in `METERS`."""
    scores = []
    tables = zip(METERS, CELLS, evidence(melody), learned(), strict=True)
    for meter, cells, found, weights in tables:
        wanted = stated is None or (stated.length == meter.length and stated.compound == meter.compound)
        scores.append(_scores(found, weights, cells) if wanted else np.full(cells, -np.inf))
    flat = np.concatenate(scores)
    best = int(flat.argmax())
    if flat[best] == -np.inf:
        return None
    probability = 1 / float(np.exp(flat - flat[best]).sum())
    for meter, of_meter in zip(METERS, scores, strict=True):
        if best < len(of_meter):
            return FoundMeter(stated or meter, best * CELL * UNIT, probability)
        best -= len(of_meter)
    raise AssertionError


def _scores(found: Evidence, weights: Weights, cells: int) -> Floats:
    """The score of each upbeat, in cells."""
    fits = found.cells @ weights.cells.T  # (cell from the first onset, cell of the bar)
    first, of_bar = turned(cells)
    scores = fits[first, of_bar].sum(axis=1) + weights.upbeat + float(found.whole @ weights.whole)
    place, gap = found.last
    return np.asarray(scores + weights.last[(place - np.arange(cells)) % cells, gap])


@cache
def turned(cells: int) -> tuple[Ints, Ints]:
    """(upbeat, cell of the bar) -> which cell from the first onset that is; and the cell of the bar itself."""
    upbeats, of_bar = np.indices((cells, cells))
    return (of_bar + upbeats) % cells, of_bar
