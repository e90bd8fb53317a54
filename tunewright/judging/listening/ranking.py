"""Sources in order of how they were liked: Bradley and Terry's model, with intervals.

In: who preferred what to what. Out: a strength for each source, with a 95 % interval, and how often it would be the
best. The model (Bradley and Terry, Rank analysis of incomplete block designs, Biometrika 39, 1952) says that a source
of strength a is preferred to one of strength b with the odds exp(a - b). It is fitted by `choix` (Maystre and
Grossglauser 2015) on top of virtual wins (`TIE`), without which a source that always wins would be infinitely strong.
Intervals are from drawing raters and tunes again, both at once (Owen, The pigeonhole bootstrap, Annals of Applied
Statistics 1, 2007): another test would have other raters, and other tunes of the same sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunewright.measuring.intervals import INTERVAL
from tunewright.support.errors import ConfigError

DRAWS = 1000
TIE = 1.0  # over the number of sources: virtual wins of each over each other; of two half a win, as in Jeffreys' prior

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; NaN for what is undefined."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong a source is: in logits from the mean of all, and the share of draws in which it is the strongest."""

    logits: Estimate
    best: float


def require_choix() -> None:
    """ConfigError, saying how to get it, where the library is missing."""
    try:
        import choix  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise ConfigError('rankings need choix; get it with: pip install "tunewright[listen]"') from None


def strengths(wins: Floats) -> Floats:
    """The strengths, in logits about 0, that make a table of wins (winner, loser) most likely."""
    import choix  # noqa: PLC0415 - an extra

    count = len(wins)
    if count == 1:
        return np.zeros(1)
    tied = wins + TIE / count * (1 - np.eye(count))
    found = choix.ilsr_pairwise_dense(tied, max_iter=1000)
    centred: Floats = found - found.mean()
    return centred


def rank(wins: Floats, drawn: Iterator[Floats]) -> list[Strength]:
    """The strength of each source from all wins, and from those of each draw."""
    value = strengths(wins)
    again = np.array([strengths(one) for one in drawn])
    best = np.bincount(again.argmax(axis=1), minlength=len(wins)) / len(again)
    low, high = np.percentile(again, INTERVAL, axis=0)
    return [
        Strength(Estimate(float(value[k]), float(low[k]), float(high[k])), float(best[k])) for k in range(len(wins))
    ]


# ------------------------------------------------------------------------------------------------ drawing again


def weights_again(raters: int, strata: Sequence[int], seed: int) -> tuple[Floats, Floats]:
    """How often each rater and each unit is there in each draw: (draws, raters), (draws, units).

    `strata` says of each unit to which group it belongs; each group keeps its size. A single rater stays as it is.
    """
    chance = np.random.default_rng(seed)
    of_raters = chance.multinomial(raters, np.full(raters, 1 / raters), size=DRAWS).astype(float)
    groups = np.array(strata)
    of_units = np.zeros((DRAWS, len(groups)))
    for group in sorted(set(strata)):
        places = np.flatnonzero(groups == group)
        of_units[:, places] = chance.multinomial(len(places), np.full(len(places), 1 / len(places)), size=DRAWS)
    return of_raters, of_units


def interval(drawn: Floats) -> tuple[float, float]:
    """The middle 95 % of what was drawn, what is NaN left out; NaN where nothing is left."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.percentile(known, INTERVAL)
    return float(low), float(high)


def weighted_means(values: Floats, weights: Floats) -> Floats:
    """The mean of values (n,) under each row of weights (draws, n); NaN under weights that are all 0."""
    totals = weights.sum(axis=1)
    means = np.full(len(weights), math.nan)
    np.divide(weights @ values, totals, out=means, where=totals > 0)
    return means
