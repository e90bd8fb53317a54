"""Whether our measures hear what raters hear: rank correlations, tune by tune.

In: for each tune its measures and how it was liked. Out: Spearman's rho of each measure with the ears, and a 95 %
interval from drawing tunes again. With few tunes an interval covers nearly everything, and of twenty measures one lies
clear of 0 by chance alone: whoever shows these numbers says so. This file measures no tune.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunewright.judging.listening.ranking import Estimate, interval

DRAWS = 1000
FEWEST = 5  # tunes, below which nothing is worked out

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Spearman's rho of a measure with the ears, over so many tunes, or pairs of tunes."""

    measure: str
    rho: Estimate
    tunes: int


def correlations(
    measures: Sequence[Mapping[str, float]], liked: Sequence[float], *, paired: bool = False, seed: int = 0
) -> list[Correlation]:
    """Each measure against how tunes were liked, the strongest first; those that are the same for all are left out.

    `paired` where each number is the difference of two tunes, of which either may stand first: then each counts both
    ways round.
    """
    found = []
    for name in dict.fromkeys(name for one in measures for name in one):
        pairs = [(one.get(name, math.nan), ear) for one, ear in zip(measures, liked, strict=True)]
        known = np.array([pair for pair in pairs if all(map(math.isfinite, pair))], dtype=float).reshape(-1, 2)
        if len(known) >= FEWEST and np.ptp(known, axis=0).all():
            found.append(Correlation(name, _rho(known, paired, seed), len(known)))
    return sorted(found, key=lambda one: -abs(one.rho.value))


def _rho(known: Floats, paired: bool, seed: int) -> Estimate:
    chance = np.random.default_rng(seed)
    draws = known[chance.integers(len(known), size=(DRAWS, len(known)))]  # (draws, tunes, 2)
    value = float(spearman(known[None], paired)[0])
    return Estimate(value, *interval(spearman(draws, paired)))


def spearman(samples: Floats, paired: bool = False) -> Floats:
    """Spearman's rho of each sample, (samples, tunes, 2); NaN where one side is the same for all."""
    from scipy.stats import rankdata  # noqa: PLC0415 - takes a second to load

    if paired:
        samples = np.concatenate([samples, -samples], axis=1)
    ranks = rankdata(samples, axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).sum(axis=1).prod(axis=1))
    rho = np.full(len(samples), math.nan)
    np.divide(centred.prod(axis=2).sum(axis=1), spread, out=rho, where=spread > 0)
    return rho
