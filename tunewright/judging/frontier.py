"""The settings of a run held against one another: how well formed, how alike, how original; and the one at the knee.

In: a run's weights at several temperatures, or several of its checkpoints. Out: `FrontierPoint`s, and which of them is
at the knee. A colder model is safer and copies more, a warmer one is newer and wilder: neither end is where one wants
to be.

The rule of the knee: of each setting it is asked by how much its tunes fall short of held-out real tunes in three
things, well-formedness, style match and originality, each in standard deviations of real sets of as many tunes; being
better than real tunes counts for nothing. The setting is taken whose worst of the three is the least; where several
fall short in nothing, the one whose style is nearest. This file trains nothing and keeps nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tunewright.judging.run_scorecard import Sampled
from tunewright.judging.scorecard import Certificate, FrontierPoint
from tunewright.judging.yardstick import Yardstick, borrowing_percentile, tally
from tunewright.measuring.intervals import Floats, Value, match_values, mean_values, quantile_value
from tunewright.measuring.originality import Borrowing, Resemblance
from tunewright.music.kinds import M

TUNES = 100  # drawn at a setting where nobody says how many


def place(
    sampled: Sampled[M], yardstick: Yardstick[M], temperature: float, checkpoint: str, step: int, seed: int = 0
) -> FrontierPoint:
    """Where the music of a setting lies; the corpus of the yardstick must hold some out."""
    kind, candidates = yardstick.kind, sampled.candidates
    music = [one.music for one in candidates if one.music]
    shared = kind.resemblances(music, yardstick.index)
    valid, original, copied = mean_values(_ours(candidates, shared, yardstick), _real(yardstick), seed)
    style = match_values(tally(kind, candidates), yardstick.tally, yardstick.style, kind.movement, seed)["style"]
    longest, of_real = (
        np.array(one.lengths, dtype=float) for one in (Borrowing.of([one.line for one in shared]), yardstick.lines)
    )
    worst, shortfall = _worst({"valid_rate": valid, "style": style, "originality": original}, len(candidates))
    return FrontierPoint(
        temperature,
        checkpoint,
        step,
        len(candidates),
        valid,
        sampled.raw_rate,
        sampled.removed_mass,
        style,
        original,
        copied,
        quantile_value(longest, of_real, 0.5, seed),
        shortfall,
        worst,
    )


def _ours(candidates: Sequence[Certificate[M]], shared: Sequence[Resemblance], yardstick: Yardstick[M]) -> Floats:
    """Well formed, original, copied: a row for each tune or piece."""
    found = iter(shared)
    rows = [[not one.problem, *_borrowed(next(found) if one.music else None, yardstick)] for one in candidates]
    return np.array(rows, dtype=float).reshape(len(rows), 3)


def _real(yardstick: Yardstick[M]) -> Floats:
    rows = [[one.valid, *_borrowed(one.shared, yardstick)] for one in yardstick.real]
    return np.array(rows, dtype=float).reshape(len(rows), 3)


def _borrowed(shared: Resemblance | None, yardstick: Yardstick[M]) -> tuple[float, float]:
    """One less the percentile of human borrowing, and whether it is a copy."""
    if shared is None or not shared.comparable:
        return math.nan, math.nan
    return 1 - borrowing_percentile(shared, yardstick) / 100, shared.copied


# ------------------------------------------------------------------------------------------------ the knee


def _worst(values: Mapping[str, Value], tunes: int) -> tuple[str, float]:
    """The thing in which tunes fall most short of real ones, and by how many standard deviations; "" for none."""
    short = {name: _shortfall(value, tunes) for name, value in values.items()}
    worst = max(short, key=lambda name: short[name])
    return (worst if short[worst] > 0 else ""), short[worst]


def _shortfall(value: Value, tunes: int) -> float:
    """How far a number lies below that of real tunes, in standard deviations of real sets; 0 where it does not.

    Where real sets do not vary, as when every real tune is well formed, the deviation is that of a share of which one
    tune more and one tune less are counted (Laplace). An undefined number falls short without bound.
    """
    if math.isnan(value.value):
        return math.inf
    short = value.real - value.value
    share = (min(max(value.real, 0.0), 1.0) * tunes + 1) / (tunes + 2)
    spread = value.spread if value.spread > 0 else math.sqrt(share * (1 - share) / tunes)
    return max(0.0, short / spread)


def find_knee(points: Sequence[FrontierPoint]) -> int | None:
    """Which of the points is at the knee; None where there is none, or nothing is known of any."""
    known = [number for number, point in enumerate(points) if math.isfinite(point.shortfall)]
    return min(known, key=lambda number: (points[number].shortfall, -points[number].style.value), default=None)
