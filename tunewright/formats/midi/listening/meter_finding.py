"""Bar length and downbeat of a melody whose file states none, or states the metre and not where bars begin.

In: onsets, gaps and pitches of a melody. Out: for each metre and each upbeat a probability. The model is a softmax
over all of these with weights for what stands where in the bar: note lengths (Temperley 2007 has the same evidence in
a generative model), leaps, peaks, degrees above the final, and where the melody begins and stops to come back after
1, 2, 4 or 8 bars (parallelism, Lerdahl & Jackendoff 1983); what stands before every second, fourth and eighth bar; how
much comes back after 1 to 16 bars; and how it ends. `benchmarks/learn_listening.py` learned the weights from the
training part of O'Neill's, Ryan's and Aird's collections, scaled them on the validation part so that a probability is
the share of tunes that are read right, and wrote `learned/meters.npz`.

Only the metres of `METERS` are known; cut time is found as 4/4, and 12/8, 3/2 and mostly 3/8 only where the file states
them, for want of tunes to learn from. A tune in 5/4, 7/8, 6/4 or free metre that states none is read in another one; a
metre that is stated always stands, and where it is none of these nothing is said of its upbeat.

This file does not quantise and writes no bar lines (`transcription`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tunewright.music.tune import Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

UNIT = Fraction(1, 48)  # of a whole note: onsets and gaps are counted in it
CELL = 3  # units to a cell, a sixteenth
METERS = (Meter(2, 4), Meter(3, 4), Meter(4, 4), Meter(3, 8), Meter(6, 8), Meter(9, 8), Meter(12, 8), Meter(3, 2))
CELLS = tuple(16 * meter.numerator // meter.denominator for meter in METERS)  # to a bar
_EDGES = np.array([3, 4, 5, 8, 11, 15, 21, 33, 45])  # units where a class of gaps begins: 1/16, 1/12, ... 3/4 and over
GAPS = len(_EDGES) + 1
PARALLELS = (1, 2, 4, 8)  # bars after which a passage may come back
PHRASES = (2, 4, 8)  # bars that a phrase may have
TRAITS = 5 + 12 + 2 * len(PARALLELS)  # of a note beside its gap
LAGS = (1, 2, 3, 4, 6, 8, 12, 16)  # bars after which a melody may come back
BARS = (8, 12, 16, 24, 32, 48, 64)  # usual numbers of bars, repeats played
WHOLES = 2 * len(LAGS) + len(BARS) + 4 + 2 * len(PHRASES) + 2 * len(PARALLELS)
LONGEST = 6144  # units that are looked at: 128 whole notes


@dataclass(frozen=True, slots=True)
class Melody:
    """Onsets and gaps to the next onset in units, the last gap the length of that note; MIDI numbers."""

    onsets: Ints
    gaps: Ints
    numbers: Ints


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a metre is judged by: per cell of a bar from the first onset, before phrases end, at the end, overall."""

    cells: Floats  # (cells, GAPS + TRAITS) shares of the notes
    ends: Floats  # (PHRASES, cells, GAPS) shares of the notes before each so many bars
    last: tuple[int, int]  # cell and class of gap of the last note
    whole: Floats  # (WHOLES,)


@dataclass(frozen=True, slots=True)
class _Returns:
    """For each distinct lag in cells what comes back after it; one row for each, columns are notes."""

    row: dict[int, int]  # lag -> row
    inside: Bools  # whether the melody is that long
    pitch: Bools  # the same pitch begins so much later
    # of each row, the notes inside; where the same pitch comes back; any note; one that is led to by the same interval
    counts: list[tuple[int, int, int, int]]


def evidence(melody: Melody, among: Sequence[int] = range(len(METERS))) -> list[Evidence]:
    """The evidence for some of `METERS`, by their places there."""
    onsets, gaps = melody.onsets - melody.onsets[0], melody.gaps
    kept = onsets < LONGEST
    onsets, gaps, numbers = onsets[kept], gaps[kept], melody.numbers[kept]
    classes = np.searchsorted(_EDGES, gaps, side="right")
    traits = _traits(gaps, numbers)
    degrees = (numbers - numbers[-1]) % 12
    cell = onsets // CELL
    returns = _returns(cell, numbers, among)
    found = []
    for cells in (CELLS[index] for index in among):
        place = cell % cells
        table = [
            np.bincount(place * GAPS + classes, minlength=cells * GAPS).reshape(cells, GAPS),
            np.bincount(place * 12 + degrees, minlength=cells * 12).reshape(cells, 12),
            np.array([np.bincount(place, trait, minlength=cells) for trait in traits]).T,
            np.array([np.bincount(place, edge, minlength=cells) for edge in _passages(returns, cells)]).T,
        ]
        ends, closed = _ends(onsets, place, classes, int(onsets[-1] + gaps[-1]), cells)
        whole = [*_whole(returns, cell, int(onsets[-1] + gaps[-1]), cells), *closed]
        shares = np.hstack(table) / len(onsets)
        found.append(Evidence(shares, ends, (int(place[-1]), int(classes[-1])), np.array(whole)))
    return found


def _traits(gaps: Ints, numbers: Ints) -> Floats:
    """Of each note: leap into it, step size, peak, valley, longer than the one before."""
    moves = np.diff(numbers, prepend=numbers[0])
    after = np.append(moves[1:], 0)
    return np.array(
        [
            np.abs(moves) >= 5,
            np.minimum(np.abs(moves), 12) / 12,
            (moves > 0) & (after < 0),
            (moves < 0) & (after > 0),
            gaps > np.append(gaps[:1], gaps[:-1]),
        ],
        dtype=np.float64,
    )


@cache
def _lags(among: tuple[int, ...]) -> Ints:
    return np.array(sorted({bars * CELLS[index] for index in among for bars in (*LAGS, *PARALLELS)}))


def _returns(cell: Ints, numbers: Ints, among: Sequence[int]) -> _Returns:
    """What comes back after each lag that is looked at in any of some metres."""
    lags = _lags(tuple(among))
    length = int(cell[-1]) + 1
    grid = np.full(length + int(lags[-1]), -1)
    moves = np.full(len(grid), 999)
    grid[cell] = numbers
    moves[cell[1:]] = np.diff(numbers)
    later = cell + lags[:, None]
    pitches = grid[later]
    rhythm = pitches >= 0
    move = rhythm & (moves[later] == moves[cell]) & (moves[cell] != 999)
    inside, pitch = later < length, pitches == grid[cell]
    counts = np.array([np.count_nonzero(each, axis=1) for each in (inside, pitch, rhythm, move)]).T
    rows = {int(lag): row for row, lag in enumerate(lags)}
    return _Returns(rows, inside, pitch, [(a, b, c, d) for a, b, c, d in counts.tolist()])


def _passages(returns: _Returns, cells: int) -> list[Bools]:
    """For each of `PARALLELS`, where three notes or more begin to come back after so many bars, and where they stop.

    The first note of all begins nothing: it stands first in every metre.
    """
    found = []
    for bars in PARALLELS:
        row = returns.row[bars * cells]
        back = returns.pitch[row]
        before = np.append(False, back[:-1])
        begins = back & ~before
        begins[:-2] &= back[1:-1] & back[2:]
        begins[-2:] = False
        begins[0] = False
        found += [begins, ~back & before & returns.inside[row]]
    return found


def _ends(onsets: Ints, place: Ints, classes: Ints, total: int, cells: int) -> tuple[Floats, list[float]]:
    """The cell and class of gap of the note before every 2, 4 and 8 bars; how often one begins there, and if any."""
    table = np.zeros((len(PHRASES), cells, GAPS))
    closed: list[float] = []
    for number, bars in enumerate(PHRASES):
        marks = np.arange(bars * cells * CELL, total, bars * cells * CELL)
        if not len(marks):
            closed += [0.0, 0.0]
            continue
        before = np.searchsorted(onsets, marks) - 1
        flat = np.bincount(place[before] * GAPS + classes[before], minlength=cells * GAPS)
        table[number] = flat.reshape(cells, GAPS) / len(marks)
        after = np.minimum(before + 1, len(onsets) - 1)
        closed += [np.count_nonzero(onsets[after] == marks) / len(marks), 1.0]
    return table, closed


def _whole(returns: _Returns, cell: Ints, total: int, cells: int) -> list[float]:
    """How much of the melody comes back after each lag, everywhere and at once; how many bars it has."""
    values: list[float] = []
    length = int(cell[-1]) + 1
    for bars in LAGS:
        lag = bars * cells
        row = returns.row[lag]
        count, same, _, _ = returns.counts[row]
        values.append(same / count if count else 0.0)
        first = int(cell.searchsorted(lag)) if 2 * lag <= length + cells else 0
        values.append(np.count_nonzero(returns.pitch[row, :first]) / first if first else 0.0)
    bars_played, over = divmod(total, cells * CELL)
    values += [float(bars_played == bars and not over) for bars in BARS]
    values += [float(not over), float(not over and bars_played % 4 == 0), float(not over and bars_played % 8 == 0), 1.0]
    for bars in PARALLELS:
        count, _, both, moves = returns.counts[returns.row[bars * cells]]
        late = len(cell) - int(cell.searchsorted(bars * cells))
        values.append(both / (count + late - both) if count else 0.0)
        values.append(moves / count if count else 0.0)
    return values


@dataclass(frozen=True, slots=True)
class Weights:
    """The learned numbers of one metre."""

    cells: Floats  # (cells, GAPS + TRAITS)
    ends: Floats  # (PHRASES, cells, GAPS)
    last: Floats  # (cells, GAPS)
    whole: Floats  # (WHOLES,)
    upbeat: Floats  # (cells,) of each upbeat


@cache
def learned() -> tuple[Weights, ...]:
    """The weights that come with the package, for each of `METERS`."""
    with (
        files("tunewright.formats.midi.listening").joinpath("learned/meters.npz").open("rb") as file,
        np.load(file) as arrays,
    ):
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
    among = [
        index
        for index, meter in enumerate(METERS)
        if stated is None or (stated.length == meter.length and stated.compound == meter.compound)
    ]
    if not among:
        return None
    weights = learned()
    found = evidence(melody, among)
    scores = [_scores(of_meter, weights[index], CELLS[index]) for index, of_meter in zip(among, found, strict=True)]
    flat = np.concatenate(scores)
    best = int(flat.argmax())
    probability = 1 / float(np.exp(flat - flat[best]).sum())
    for index in among:
        if best < CELLS[index]:
            return FoundMeter(stated or METERS[index], best * CELL * UNIT, probability)
        best -= CELLS[index]
    raise AssertionError


def _scores(found: Evidence, weights: Weights, cells: int) -> Floats:
    """The score of each upbeat, in cells."""
    fits = found.cells @ weights.cells.T  # (cell from the first onset, cell of the bar)
    fits += np.einsum("pcg,pbg->cb", found.ends, weights.ends)
    first, of_bar = turned(cells)
    scores = fits[first, of_bar].sum(axis=1) + weights.upbeat + float(found.whole @ weights.whole)
    place, gap = found.last
    return np.asarray(scores + weights.last[(place - np.arange(cells)) % cells, gap])


@cache
def turned(cells: int) -> tuple[Ints, Ints]:
    """(upbeat, cell of the bar) -> which cell from the first onset that is; and the cell of the bar itself."""
    upbeats, of_bar = np.indices((cells, cells))
    return (of_bar + upbeats) % cells, of_bar
