"""A set of drawn tunes beside real sets of that size: what returns, how it is told from real, what it borrows.

In: tunes, and the `Real` ones. Out: `Figure`s, each with what real sets give and the goal where there is one. What is
well formed is said by abc2midi (`validity`), what returns by the text alone too (`written`). This file draws nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from returns.real import Real
from returns.written import returning
from tunewright.formats.abc import format_abc
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.intervals import Tally, match_values
from tunewright.measuring.originality import COPIED, Borrowing, copy_rate, longest_shared
from tunewright.measuring.repetition import repetition_rate
from tunewright.measuring.table import MEASURES, Style
from tunewright.measuring.two_sample import two_sample
from tunewright.music.tune import Tune

MOST_AUC = 0.75
RESAMPLES = 2000
LINE = 95  # percent of held-out real tunes that share no longer passage
PHRASES = (1, 2, 4)

UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of drawn tunes; what real sets give, from low to high; from where to where it is to lie, if anywhere."""

    name: str
    value: float
    real: tuple[float, float] = UNKNOWN
    wanted: tuple[float, float] = UNKNOWN


@dataclass(frozen=True)
class Judge:
    """What real tunes give, counted once."""

    real: Real

    @cached_property
    def style(self) -> Style:
        """What the training tunes do how often."""
        return Style.of(self.real.train)

    @cached_property
    def tally(self) -> Tally:
        """What each tune held out strictly does how often."""
        return Tally.of([Style.of([tune]) for tune in self.real.strict])

    @cached_property
    def texts(self) -> list[str]:
        """The tunes held out strictly in canonical ABC."""
        return [format_abc(tune) for tune in self.real.strict]

    def told_from_real(self, tunes: Sequence[Tune], seed: int) -> list[Figure]:
        """The two-sample test with its interval; real tunes against real ones beside it."""
        found = two_sample(tunes, self.real.strict, families=self.real.families(self.real.strict), seed=seed)
        note(f"AUC {found.auc:.3f} ({found.low:.3f}–{found.high:.3f}), {found.each_side} a side")
        for tell in found.tells:
            note(f"  {tell.direction} {tell.name}: {tell.ours:.3g}, real {tell.real:.3g}; alone {tell.auc:.3f}")
        floors = sorted(found.floors) or [math.nan]
        return [
            Figure("told from real (AUC)", found.auc, (floors[0], floors[-1]), (-math.inf, MOST_AUC)),
            Figure("… from", found.low),
            Figure("… to", found.high),
        ]

    def returns(self, tunes: Sequence[Tune]) -> list[Figure]:
        """What returns, beside the 95 % interval of real sets of as many tunes."""
        figures = []
        for bars in PHRASES:
            named = f"{_NAMES[bars]} that return"
            ours, real = ([repetition_rate(tune, bars) for tune in side] for side in (tunes, self.real.strict))
            figures.append(inside(named, ours, real))
        for bars in PHRASES:
            named = f"{_NAMES[bars]} that return, by text alone"
            ours = [returning(format_abc(tune), bars) for tune in tunes]
            figures.append(inside(named, ours, [returning(text, bars) for text in self.texts]))
        return [*figures, self.plan_match(tunes)]

    def plan_match(self, tunes: Sequence[Tune]) -> Figure:
        """How alike the plans are to those of the training tunes; real sets likewise. To be more alike is no fault."""
        ours = Tally.of([Style.of([tune]) for tune in tunes])
        found = match_values(ours, self.tally, self.style, {"plan_match": MEASURES["plan_match"]})["plan_match"]
        real = (found.real - 1.96 * found.spread, found.real + 1.96 * found.spread)
        return Figure("plan match", found.value, real, (real[0], math.inf))

    def borrowing(self, tunes: Sequence[Tune]) -> list[Figure]:
        """Copies, and passages beyond the line, of the training tunes of the collections."""
        return borrowing(tunes, self.real.corpus.train, self.real.held_out)


def borrowing(tunes: Sequence[Tune], learned: Sequence[Tune], held_out: Sequence[Tune], of: str = "") -> list[Figure]:
    """Copies, and passages beyond the line that held-out real tunes draw, beside those of held-out real tunes."""
    index = kept_index(learned)
    shared, theirs = longest_shared(tunes, index), longest_shared(held_out, index)
    line = Borrowing.of(theirs).line(LINE)
    note(f"the line{of} is at {line:g} notes; copies among real tunes held out by family {copy_rate(theirs):.2%}")
    copies = [[float(one.share >= COPIED) for one in side] for side in (shared, theirs)]
    beyond = [[float(one.length > line) for one in side] for side in (shared, theirs)]
    return [no_more(f"copies{of}", *copies), no_more(f"share more than {line:g} notes{of}", *beyond)]


_NAMES = {1: "bars", 2: "two-bar phrases", 4: "four-bar phrases"}


def real_sets(numbers: Sequence[float], count: int, seed: int = 0) -> tuple[float, float]:
    """Between what the means of 95 of 100 sets of so many real tunes lie, drawn again with replacement."""
    known = np.array([number for number in numbers if not math.isnan(number)])
    if not len(known) or not count:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    means = [float(known[rng.integers(len(known), size=count)].mean()) for _ in range(RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def inside(name: str, ours: Sequence[float], real: Sequence[float]) -> Figure:
    """A mean that is to lie where real sets' do."""
    known = [number for number in ours if not math.isnan(number)]
    sets = real_sets(real, len(known))
    return Figure(name, float(np.mean(known)) if known else math.nan, sets, sets)


def no_more(name: str, ours: Sequence[float], real: Sequence[float]) -> Figure:
    """A mean that is to be no higher than real sets' are."""
    sets = real_sets(real, len(ours))
    return Figure(name, float(np.mean(ours)) if len(ours) else math.nan, sets, (-math.inf, sets[1]))


def at_least(name: str, value: float, least: float) -> Figure:
    """A number with a goal from below."""
    return Figure(name, value, wanted=(least, math.inf))


# ------------------------------------------------------------------------------------------------ printing


def table(columns: Sequence[Sequence[Figure]]) -> list[str]:
    """Rows in Markdown: each figure of several seeds, their mean, what real sets give, the goal."""
    heads = [f"seed {number}" for number in range(len(columns))]
    rows = [f"| | {' | '.join(heads)} | mean | real sets | goal |", f"| {' | '.join(['---'] * (len(heads) + 4))} |"]
    for each in zip(*columns, strict=True):
        (low, high), goal = over_seeds(each, "real"), goal_of(each)
        real = "" if math.isnan(low) else f"{low:.3f}–{high:.3f}"
        values = " | ".join(f"{one.value:.3f}" for one in each)
        rows.append(f"| {each[0].name} | {values} | {mean(each):.3f} | {real} | {goal}{' (missed)' * misses(each)} |")
    return rows


def mean(each: Sequence[Figure]) -> float:
    """The mean of a figure over seeds."""
    return float(np.mean([one.value for one in each]))


def over_seeds(each: Sequence[Figure], bounds: str) -> tuple[float, float]:
    """The mean over seeds of two bounds."""
    low, high = np.mean([getattr(one, bounds) for one in each], axis=0)
    return float(low), float(high)


def goal_of(each: Sequence[Figure]) -> str:
    """The goal in words; "" where there is none."""
    low, high = over_seeds(each, "wanted")
    if math.isnan(low):
        return ""
    if math.isinf(low):
        return f"at most {high:.3g}"
    return f"at least {low:.3g}" if math.isinf(high) else f"{low:.3f} to {high:.3f}"


def misses(each: Sequence[Figure]) -> bool:
    """Whether the mean over seeds lies where it should not, or is no number."""
    low, high = over_seeds(each, "wanted")
    return not math.isnan(low) and not low <= mean(each) <= high


def missed(columns: Sequence[Sequence[Figure]]) -> list[str]:
    """The goals that are missed, each with what was found."""
    rows = zip(*columns, strict=True)
    return [f"{each[0].name}: {mean(each):.3f}, goal {goal_of(each)}" for each in rows if misses(each)]


def note(text: str) -> None:
    """A word on the way, to stderr."""
    print(text, file=sys.stderr, flush=True)
