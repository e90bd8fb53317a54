"""Numbers of a set of tunes beside those of real tunes: bootstrap intervals, and where they lie among real sets.

In: numbers of each tune of a set and of each held-out real tune, or what each of them does how often. Out: `Value`s.
A set is drawn again and again, as many tunes with replacement (Efron 1979): between the 2.5th and the 97.5th
percentile of what that gives lies the interval. Real sets are as many tunes drawn from the held-out ones in the same
way. Chance is seeded, so that the same tunes always give the same numbers. This file knows no measure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tunewright.measuring.spreads import Spread
from tunewright.measuring.table import Style

DRAWS = 1000
MATCH_DRAWS = 200  # sets compared as a whole take a millisecond each and measure
AT_ONCE = 4_000_000  # numbers drawn at a time
INTERVAL = (2.5, 97.5)  # percent

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a set of tunes, with its bootstrap 95 % interval over the tunes, beside that of real tunes.

    `real` is the mean over real sets of as many held-out tunes; `percentile` is where `value` lies among those sets, 0
    to 100, ties counting half. NaN for what is undefined: the measure itself, the interval of fewer than two tunes,
    or everything real where nothing is compared with.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    real: float = math.nan
    percentile: float = math.nan
    spread: float = math.nan  # standard deviation of those real sets


UNDEFINED = Value(math.nan)


def percentile_among(value: float, among: Floats) -> float:
    """Where a value lies among others, 0 to 100, ties counting half; NaN where it or all of them are undefined.

    >>> percentile_among(2.0, np.array([1.0, 2.0, 3.0, 4.0]))
    37.5
    """
    known = among[~np.isnan(among)]
    if math.isnan(value) or not len(known):
        return math.nan
    equal = np.isclose(known, value, rtol=1e-9, atol=1e-12)
    below = (known < value) & ~equal
    return float(100 * (below.sum() + equal.sum() / 2) / len(known))


# ------------------------------------------------------------------------------------------------ means and quantiles


def mean_values(ours: Floats, real: Floats, seed: int = 0) -> list[Value]:
    """The mean of each column over the tunes that define it; `ours` (n, k), `real` (m, k), NaN where undefined.

    Real sets have as many tunes as define the column in ours.
    """
    means = _means(ours, np.ones((1, len(ours))))[0]
    of_real = _means(real, np.ones((1, len(real))))[0]
    draws = np.concatenate([_means(ours, weights) for weights in _weights(len(ours), len(ours), seed)])
    defined = (~np.isnan(ours)).sum(0)
    sets = {
        count: np.concatenate([_means(real, weights) for weights in _weights(count, len(real), seed + 1)])
        for count in set(defined.tolist())
    }
    return [
        _value(float(means[k]), draws[:, k] if count > 1 else draws[:0, k], float(of_real[k]), sets[count][:, k])
        for k, count in enumerate(defined.tolist())
    ]


def quantile_value(ours: Floats, real: Floats, quantile: float, seed: int = 0) -> Value:
    """A quantile (0.5 the median) of numbers of tunes, linear between two; undefined ones are left out."""
    ours, real = ours[~np.isnan(ours)], real[~np.isnan(real)]

    def drawn(numbers: Floats, count: int, seed: int) -> Floats:
        if not len(numbers) or not count:
            return np.full(1, math.nan)
        rng = np.random.default_rng(seed)
        rows = max(1, AT_ONCE // count)
        parts = [
            np.quantile(numbers[rng.integers(len(numbers), size=(min(rows, DRAWS - start), count))], quantile, axis=1)
            for start in range(0, DRAWS, rows)
        ]
        return np.concatenate(parts)

    def one(numbers: Floats) -> float:
        return float(np.quantile(numbers, quantile)) if len(numbers) else math.nan

    draws = drawn(ours, len(ours), seed) if len(ours) > 1 else ours[:0]
    return _value(one(ours), draws, one(real), drawn(real, len(ours), seed + 1))


def _value(value: float, draws: Floats, real: float, sets: Floats) -> Value:
    known, of_real = draws[~np.isnan(draws)], sets[~np.isnan(sets)]
    low, high = np.percentile(known, INTERVAL) if len(known) else (math.nan, math.nan)
    spread = float(of_real.std()) if len(of_real) else math.nan
    return Value(value, float(low), float(high), real, percentile_among(value, sets), spread)


def _weights(count: int, of: int, seed: int) -> Iterator[Floats]:
    """How often each of so many tunes is in a set of `count` drawn with replacement: (draws, of), `DRAWS` in all."""
    rng = np.random.default_rng(seed)
    rows = max(1, AT_ONCE // max(of, 1))
    for start in range(0, DRAWS, rows):
        size = min(rows, DRAWS - start)
        yield rng.multinomial(count, np.full(of, 1 / of), size=size).astype(float) if of else np.zeros((size, 0))


def _means(columns: Floats, weights: Floats) -> Floats:
    """Mean of each column under each row of weights, over what is defined: (draws, k)."""
    defined = ~np.isnan(columns)
    sums, counts = weights @ np.where(defined, columns, 0.0), weights @ defined
    means = np.full(sums.shape, math.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


# ------------------------------------------------------------------------------------------------ matches of sets


class SetMeasure(Protocol):
    """What is asked of a measure of a set against a style: how to take it, and its range."""

    @property
    def of_set(self) -> Callable[[Style, Style], float] | None:
        """The measure."""

    @property
    def low(self) -> float:
        """The least that it can be."""

    @property
    def high(self) -> float:
        """The most."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What each tune of a set does how often, so that the style of any part of the set is a sum."""

    names: Mapping[str, Sequence[Hashable]]
    counts: Mapping[str, NDArray[np.float32]]  # (tunes, names) each
    spread: Spread  # a row for each tune
    tunes: int

    @classmethod
    def of(cls, styles: Sequence[Style]) -> Tally:
        """The tally of the styles of single tunes."""
        names: dict[str, Sequence[Hashable]] = {}
        counts: dict[str, NDArray[np.float32]] = {}
        for kind in styles[0].counts if styles else ():
            known: dict[Hashable, int] = {}
            for style in styles:
                for thing in style.counts[kind]:
                    known.setdefault(thing, len(known))
            table = np.zeros((len(styles), len(known)), dtype=np.float32)
            for row, style in enumerate(styles):
                for thing, count in style.counts[kind].items():
                    table[row, known[thing]] = count
            names[kind], counts[kind] = list(known), table
        return cls(names, counts, Spread.merged([style.spread for style in styles]), len(styles))

    def style(self, weights: Floats) -> Style:
        """The style of a set in which each tune stands so often; `weights` (tunes,)."""
        rows = np.repeat(self.spread.rows, weights.astype(int), axis=0)
        return Style({kind: self._counter(kind, weights) for kind in self.names}, Spread(rows))

    def _counter(self, kind: str, weights: Floats) -> Counter[Hashable]:
        total = weights.astype(np.float32) @ self.counts[kind]
        seen = np.flatnonzero(total)
        names = self.names[kind]
        return Counter({names[place]: int(total[place]) for place in seen.tolist()})


def match_values(
    ours: Tally, real: Tally, style: Style, measures: Mapping[str, SetMeasure], seed: int = 0, draws: int = MATCH_DRAWS
) -> dict[str, Value]:
    """How alike a set is to a style, by each of these measures of sets, beside real sets of as many tunes.

    A small set matches less well than a large one from the same source. So real sets have as many tunes as ours, but at
    most half of the real tunes, each tune once; where ours are more, `value` is the mean over parts of ours of that
    size. Since real sets that share tunes are more alike than sets that do not, their spread about their mean is
    widened by the finite-population factor. Drawing with replacement repeats tunes, which lowers a match: the interval
    is moved to have its middle where the value is.
    """
    if not ours.tunes:
        return dict.fromkeys(measures, Value(math.nan))
    rng = np.random.default_rng(seed)
    size = min(ours.tunes, max(real.tunes // 2, 1)) if real.tunes else ours.tunes
    parts = _parts(rng, ours.tunes, size, draws) if size < ours.tunes else [np.ones(ours.tunes)]
    share = np.full(ours.tunes, 1 / ours.tunes)
    again = list(rng.multinomial(ours.tunes, share, size=draws).astype(float))
    values, drawn, sets = (
        _matches(tally, weights, style, measures)
        for tally, weights in ((ours, parts), (ours, again), (real, _parts(rng, real.tunes, size, draws)))
    )
    widen = 1 / math.sqrt(1 - size / real.tunes) if real.tunes > 1 else 1.0
    found = {}
    for name, measure in measures.items():
        value, centre = _mean(values[name]), _mean(sets[name])
        moved = np.clip(drawn[name] - _mean(drawn[name]) + value, measure.low, measure.high)
        interval = moved if ours.tunes > 1 else moved[:0]
        found[name] = _value(value, interval, centre, centre + (sets[name] - centre) * widen)
    return found


def _parts(rng: np.random.Generator, tunes: int, size: int, draws: int) -> list[Floats]:
    """Sets of `size` tunes, each tune at most once, as weights (tunes,)."""

    def drawn() -> Floats:
        weights = np.zeros(tunes)
        weights[rng.choice(tunes, size, replace=False)] = 1
        return weights

    return [drawn() for _ in range(draws)] if tunes else []


def _matches(
    tally: Tally, weights: Sequence[Floats], style: Style, measures: Mapping[str, SetMeasure]
) -> dict[str, Floats]:
    """Each measure of each of the sets that the weights make of the tunes: a row of numbers for every measure."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for each in weights:
        made = tally.style(each)
        for name, measure in measures.items():
            assert measure.of_set is not None
            found[name].append(measure.of_set(made, style))
    return {name: np.array(values) for name, values in found.items()}


def _mean(numbers: Floats) -> float:
    known = numbers[~np.isnan(numbers)]
    return float(known.mean()) if len(known) else math.nan
