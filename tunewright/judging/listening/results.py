"""What a blind listening test found: ranking, means, agreement, machine or not, correlations, and what to believe.

In: a test with its key, and its raters. Out: `Results`, every number with its 95 % interval, and cautions by name. In a
test of ratings each rater's own ratings of any two tunes of different sources are a comparison, as in `ranking`. This
file words nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunewright.judging.listening.agreement import NOMINAL, ORDINAL, alpha_interval
from tunewright.judging.listening.answers import Answer, Rater
from tunewright.judging.listening.correlating import Correlation, correlations
from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.judging.listening.ranking import (
    Estimate,
    Strength,
    interval,
    rank,
    require_choix,
    weighted_means,
    weights_again,
)
from tunewright.judging.listening.sources import REAL
from tunewright.support.errors import ConfigError
from tunewright.support.numbers import without_nan

FEW_RATERS = 10  # below which intervals over raters are too narrow to be believed
FEW_TUNES = 10  # of a source
LITTLE = 0.5  # of a tune that was played, under which it was hardly heard
AGREED = 0.667  # below which Krippendorff would not draw even tentative conclusions

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SourceResult:
    """A source: how strong it is (None in a test of machine or not), and by question the mean of what was said of it.

    In pairs that is the share in which it was preferred, in machine or not the share in which it was taken for one.
    """

    name: str
    kind: str
    tunes: int
    answers: int
    strength: Strength | None
    means: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Against:
    """How often one source was preferred to another, in so many answers."""

    first: int
    second: int
    share: Estimate
    answers: int


@dataclass(frozen=True, slots=True)
class Results:
    """All that was found."""

    title: str
    kind: str
    questions: tuple[str, ...]
    items: int
    raters: int
    finished: int
    by_file: int
    answers: int
    sources: tuple[SourceResult, ...]  # the best first
    against: tuple[Against, ...]  # by their places in the test
    names: tuple[str, ...]  # of the sources, as they stand in the test
    agreement: Mapping[str, Estimate]  # by question
    accuracy: Estimate | None  # of machine or not
    chance: float  # what guessing gives there
    headphones: tuple[int, int, int]  # raters who passed the check, who failed it, who left it out
    minutes: float  # that a rater took, the median
    hardly_heard: int  # answers after less than half of a tune was played
    correlations: tuple[Correlation, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """All answers as columns."""

    test: BlindTest
    raters: Sequence[Rater]
    answers: list[Answer]
    rater: NDArray[np.int64]  # of each answer, by place
    item: NDArray[np.int64]

    @classmethod
    def of(cls, test: BlindTest, raters: Sequence[Rater]) -> _Table:
        places = {item.id: place for place, item in enumerate(test.items)}
        each = [(number, answer) for number, rater in enumerate(raters) for answer in rater.answers]
        return cls(
            test,
            raters,
            [answer for _, answer in each],
            np.array([number for number, _ in each], dtype=np.int64),
            np.array([places[answer.item] for _, answer in each], dtype=np.int64),
        )

    @property
    def item_sources(self) -> list[tuple[int, ...]]:
        return [tuple(self.test.source_of(one) for one in item.stimuli) for item in self.test.items]

    def said(self, question: str) -> Floats:
        """What was said, as numbers: of pairs whether the tune that stands first in the test was preferred."""
        if self.test.kind == PAIRS:
            first = [item.stimuli[0] for item in self.test.items]
            pairs = zip(self.answers, self.item, strict=True)
            return np.array([float(answer.values[question] == first[item]) for answer, item in pairs])
        return np.array([float(answer.values[question]) for answer in self.answers])

    def grid(self, values: Floats) -> Floats:
        """The same as (raters, items), NaN where there is no answer."""
        found = np.full((len(self.raters), len(self.test.items)), math.nan)
        found[self.rater, self.item] = values
        return found


def find_results(test: BlindTest, raters: Sequence[Rater]) -> Results:
    """What the raters found. ConfigError without any answer, and where the library for rankings is missing."""
    require_choix()
    table = _Table.of(test, raters)
    if not table.answers:
        raise ConfigError(f"{test.title or test.id}: nobody has answered yet; expected one rater at least")
    of_raters, of_items = weights_again(len(raters), _strata(table), test.seed)
    weights = of_raters[:, table.rater] * of_items[:, table.item]
    ranked = None if test.kind == MACHINE else _ranked(table, of_raters, of_items)
    sources = [_source(number, table, weights, ranked) for number in range(len(test.sources))]
    level = ORDINAL if test.kind == RATING else NOMINAL
    agreed = {one: Estimate(*alpha_interval(table.grid(table.said(one)), level)) for one in test.questions}
    found = _correlations(table)
    return Results(
        title=test.title,
        kind=test.kind,
        questions=test.questions,
        items=len(test.items),
        raters=len(raters),
        finished=sum(bool(rater.finished) for rater in raters),
        by_file=sum(rater.by_file for rater in raters),
        answers=len(table.answers),
        sources=tuple(sorted(sources, key=_standing, reverse=True)),
        against=tuple(_against(table, weights)) if test.kind == PAIRS else (),
        names=tuple(one.name for one in test.sources),
        agreement=agreed,
        accuracy=_accuracy(table, weights) if test.kind == MACHINE else None,
        chance=_chance(table) if test.kind == MACHINE else math.nan,
        headphones=_headphones(raters),
        minutes=_minutes(raters),
        hardly_heard=sum(min(answer.heard, default=1.0) < LITTLE for answer in table.answers),
        correlations=tuple(found),
        cautions=tuple(_cautions(table, agreed, found)),
    )


def describe_results(results: Results) -> dict[str, Any]:
    """The same as plain data; None for what is undefined."""
    plain: dict[str, Any] = without_nan(asdict(results))
    return plain


def _standing(source: SourceResult) -> float:
    """By what sources are put in order: strength, or how rarely they are taken for a machine."""
    if source.strength:
        return source.strength.logits.value
    value = -next(iter(source.means.values())).value
    return -math.inf if math.isnan(value) else value


def _strata(table: _Table) -> list[int]:
    """For each item the group in which it is drawn again: those of the same sources."""
    groups: dict[tuple[int, ...], int] = {}
    return [groups.setdefault(tuple(sorted(sources)), len(groups)) for sources in table.item_sources]


# ------------------------------------------------------------------------------------------------ rankings


def _ranked(table: _Table, of_raters: Floats, of_items: Floats) -> list[Strength]:
    wins = _wins_of_pairs if table.test.kind == PAIRS else _wins_of_ratings
    counted = wins(table)
    once = counted(np.ones(len(table.raters)), np.ones(len(table.test.items)))
    return rank(once, (counted(*each) for each in zip(of_raters, of_items, strict=True)))


def _wins_of_pairs(table: _Table) -> Any:
    """How often each source won over each other, as a function of what raters and items count."""
    count, ends = len(table.test.sources), table.item_sources
    first = table.said("prefer").astype(bool)
    pairs = [ends[item] if won else ends[item][::-1] for item, won in zip(table.item, first, strict=True)]
    winner, loser = np.array(pairs, dtype=np.int64).T

    def wins(raters: Floats, items: Floats) -> Floats:
        found = np.zeros((count, count))
        np.add.at(found, (winner, loser), raters[table.rater] * items[table.item])
        return found

    return wins


def _wins_of_ratings(table: _Table) -> Any:
    """The same from ratings: of two tunes of different sources the one that a rater gave more, summed over questions.

    Ties count half. Each rater and each two sources count as much as there are tunes of one source, not pairs of them:
    comparisons of one tune with many are not so many independent ones.
    """
    count = len(table.test.sources)
    of = np.array([sources[0] for sources in table.item_sources])
    indicator = np.eye(count)[of]  # (items, sources)
    total = sum((table.grid(table.said(question)) for question in table.test.questions), np.zeros(1))
    more = np.nan_to_num(np.sign(total[:, :, None] - total[:, None, :]) / 2 + 0.5, nan=0.0)  # (raters, items, items)
    scale = count / len(of)

    def wins(raters: Floats, items: Floats) -> Floats:
        together = np.tensordot(raters, more, axes=1) * np.outer(items, items)
        found: Floats = scale * indicator.T @ together @ indicator
        np.fill_diagonal(found, 0)
        return found

    return wins


def _against(table: _Table, weights: Floats) -> Iterator[Against]:
    ends = table.item_sources
    first = table.said("prefer")
    for one, other in combinations(range(len(table.test.sources)), 2):
        rows = np.array([set(ends[item]) == {one, other} for item in table.item])
        if rows.any():
            won = np.array(
                [(value if ends[item][0] == one else 1 - value) for value, item in zip(first, table.item, strict=True)]
            )
            yield Against(one, other, _estimate(won, weights, rows), int(rows.sum()))


# ------------------------------------------------------------------------------------------------ means


def _estimate(values: Floats, weights: Floats, rows: NDArray[np.bool_]) -> Estimate:
    if not rows.any():
        return Estimate(math.nan)
    drawn = weighted_means(values[rows], weights[:, rows])
    return Estimate(float(values[rows].mean()), *interval(drawn))


def _source(number: int, table: _Table, weights: Floats, ranked: Sequence[Strength] | None) -> SourceResult:
    test, ends = table.test, table.item_sources
    rows = np.array([number in ends[item] for item in table.item])
    means = {}
    for question in test.questions:
        values = table.said(question)
        if test.kind == PAIRS:
            values = np.array(
                [v if ends[item][0] == number else 1 - v for v, item in zip(values, table.item, strict=True)]
            )
        means[question] = _estimate(values, weights, rows)
    tunes = sum(one.source == number for one in test.stimuli)
    source = test.sources[number]
    strength = ranked[number] if ranked else None
    return SourceResult(source.name, source.kind, tunes, int(rows.sum()), strength, means)


def _accuracy(table: _Table, weights: Floats) -> Estimate:
    """How often raters were right."""
    right = (table.said("machine") > 0.5) == _is_machine(table)
    return _estimate(right.astype(float), weights, np.ones(len(right), dtype=bool))


def _is_machine(table: _Table) -> NDArray[np.bool_]:
    machine = [table.test.sources[sources[0]].kind != REAL for sources in table.item_sources]
    return np.array(machine)[table.item]


def _chance(table: _Table) -> float:
    """What one who always says the more frequent of both would get right."""
    share = float(_is_machine(table).mean())
    return max(share, 1 - share)


# ------------------------------------------------------------------------------------------------ ears and measures


def _correlations(table: _Table) -> list[Correlation]:
    test = table.test
    total: Floats = np.nanmean(np.stack([table.said(question) for question in test.questions]), axis=0)
    measures, liked = [], []
    for number, item in enumerate(test.items):
        answered = total[table.item == number]
        if not len(answered):
            continue
        first = test.stimulus(item.stimuli[0]).measures
        if test.kind == PAIRS:
            second = test.stimulus(item.stimuli[1]).measures
            measures.append({name: value - second.get(name, math.nan) for name, value in first.items()})
            liked.append(float(answered.mean()) - 0.5)
        else:
            measures.append(dict(first))
            liked.append(float(answered.mean()) * (-1 if test.kind == MACHINE else 1))
    return correlations(measures, liked, paired=test.kind == PAIRS, seed=test.seed)


# ------------------------------------------------------------------------------------------------ raters


def _headphones(raters: Sequence[Rater]) -> tuple[int, int, int]:
    checked = [rater for rater in raters if rater.headphones is not None]
    passed = sum(rater.wore_headphones for rater in checked)
    return passed, len(checked) - passed, len(raters) - len(checked)


def _minutes(raters: Sequence[Rater]) -> float:
    """What was spent on answers: pauses between them do not count."""
    spent = [sum(answer.seconds for answer in rater.answers) / 60 for rater in raters if rater.answers]
    return median(spent)


def _cautions(table: _Table, agreed: Mapping[str, Estimate], found: Sequence[Correlation]) -> Iterator[str]:
    """What keeps a number from meaning what it seems to mean, by name."""
    tunes = min(sum(one.source == number for one in table.test.stimuli) for number in range(len(table.test.sources)))
    if len(table.raters) == 1:
        yield "one_rater"
    elif len(table.raters) < FEW_RATERS:
        yield "few_raters"
    if tunes < FEW_TUNES:
        yield "few_tunes"
    if any(one.value < AGREED for one in agreed.values()):
        yield "low_agreement"
    if _headphones(table.raters)[1] + _headphones(table.raters)[2]:
        yield "headphones"
    if any(min(answer.heard, default=1.0) < LITTLE for answer in table.answers):
        yield "hardly_heard"
    if any(len(rater.answers) < len(table.test.items) for rater in table.raters):
        yield "unfinished"
    if found:
        yield "many_measures"
    yield from table.test.remarks
