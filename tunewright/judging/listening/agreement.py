"""How far raters agree: Krippendorff's alpha, with an interval.

In: what each rater said of each unit, as numbers, NaN where one said nothing. Out: alpha: 1 where all agree, 0 where
they agree as by chance, below that where they agree less. The coefficient is that of Krippendorff, Content Analysis,
4th edition, 2018, chapter 12; the interval is from drawing units again, as he does. This file knows no test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tunewright.measuring.intervals import INTERVAL

DRAWS = 1000
NOMINAL, ORDINAL = "nominal", "ordinal"

Floats = NDArray[np.float64]


def alpha(said: Floats, level: str = NOMINAL) -> float:
    """Krippendorff's alpha of a table (raters, units), NaN where a rater said nothing of a unit.

    NaN where no unit has two raters, or everything that was said is the same.

    >>> round(alpha(np.array([[1.0, 2, 3, 3], [1, 2, 3, 3]])), 3)
    1.0
    """
    counts, _ = _counts(said)
    return _alpha(counts, np.ones(len(counts)), level)


def alpha_interval(said: Floats, level: str = NOMINAL, seed: int = 0) -> tuple[float, float, float]:
    """Alpha, and a 95 % interval from drawing as many units again and again; NaN for what is undefined."""
    counts, pairable = _counts(said)
    value = _alpha(counts, np.ones(len(counts)), level)
    if pairable < 2 or math.isnan(value):
        return value, math.nan, math.nan
    chance = np.random.default_rng(seed)
    weights = chance.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS).astype(float)
    drawn = np.array([_alpha(counts, row, level) for row in weights])
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return value, math.nan, math.nan
    low, high = np.percentile(known, INTERVAL)
    return value, float(low), float(high)


def _counts(said: Floats) -> tuple[Floats, int]:
    """How often each value was given to each unit that two or more spoke of: (units, values); and how many units."""
    values: Sequence[float] = sorted(set(said[~np.isnan(said)].tolist()))
    counts = (
        np.array([(said == value).sum(axis=0) for value in values], dtype=float).reshape(len(values), said.shape[1]).T
    )
    counts = counts[counts.sum(axis=1) >= 2]
    return counts, len(counts)


def _alpha(counts: Floats, weights: Floats, level: str) -> float:
    """One minus what was observed of disagreement over what chance would give."""
    if not len(counts):
        return math.nan
    each = counts.sum(axis=1)
    scaled = counts * (weights / (each - 1))[:, None]
    together = scaled.T @ counts - np.diag(scaled.sum(axis=0))  # the matrix of coincidences
    totals = together.sum(axis=1)
    whole = totals.sum()
    apart = _apart(totals, level)
    expected = (np.outer(totals, totals) * apart).sum()
    if whole < 2 or expected <= 0:
        return math.nan
    return float(1 - (whole - 1) * (together * apart).sum() / expected)


def _apart(totals: Floats, level: str) -> Floats:
    """How far any two values lie apart, squared: by how many others lie between them where they have an order."""
    if level == NOMINAL:
        return 1.0 - np.eye(len(totals))
    below = np.cumsum(totals) - totals / 2
    found: Floats = (below[:, None] - below[None, :]) ** 2
    return found
