"""The scorecard of a set of tunes, and a certificate for each of them, held against real tunes of a corpus.

In: tunes, from wherever they are, and a `Yardstick`: what a corpus does how often, what its held-out tunes share with
the others, and how those measure. Out: a `Scorecard`. Without a yardstick tunes are judged by themselves: whether they
are well formed, and what can be measured of one tune. This file defines no measure, draws no tune and asks no model.

The held-out tunes are measured against the training tunes as ours are: that is the column `real`. What ours share is
looked for in the training tunes alone where a model learned from those, and in all tunes of the corpus otherwise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.sources import BUILT_IN, Dropped, find_files
from tunewright.formats.abc import format_abc
from tunewright.formats.validity import fault_of
from tunewright.judging.scorecard import Certificate, Originality, Remark, Scorecard
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.intervals import (
    Floats,
    Tally,
    Value,
    match_values,
    mean_values,
    percentile_among,
    quantile_value,
)
from tunewright.measuring.originality import COPIED, Borrowing, Index, Resemblance, longest_shared, nearest
from tunewright.measuring.table import MEASURES, Habits, Style, fit_habits, measure_each
from tunewright.measuring.two_sample import FEWEST, TwoSample, two_sample
from tunewright.music.features import features
from tunewright.music.playing import fingerprint
from tunewright.music.tune import Tune

MOST_REAL = 500  # held-out tunes that are measured, evenly spaced
FEW_REAL = 50  # held-out tunes below which percentiles mean little
LINE = 95.0  # percent of human borrowing
RARE_METRE = 0.01  # of the tunes of a corpus

OF_TUNE = tuple(name for name, measure in MEASURES.items() if measure.of_tune is not None)
OF_SET = {name: measure for name, measure in MEASURES.items() if measure.of_set is not None}
SPREADS = {name: measure for name, measure in OF_SET.items() if measure.family == "spread"}
SPREAD_DRAWS = 20  # sets drawn for those, which take ten times as long


def candidate(tune: Tune, name: str = "") -> Certificate[Tune]:
    """A tune as it is to be judged, under the name of the place where it stands in a file."""
    return Certificate(name or tune.source, tune.title, tune, fault_of(tune), tune.text or format_abc(tune))


def read_candidates(sources: Iterable[str | Path]) -> tuple[list[Certificate[Tune]], list[Dropped]]:
    """The tunes of files, folders and built-in collections, in order, and what could not be read.

    Nothing is merged. CorpusError for a source that is missing, is no such file, or is a folder without any.
    """
    read = [item for source in sources for item in _tunes_of(source)]
    tunes = [candidate(item) for item in read if isinstance(item, Tune)]
    return tunes, [item for item in read if isinstance(item, Dropped)]


def _tunes_of(source: str | Path) -> Iterator[Tune | Dropped]:
    if str(source) in BUILT_IN:
        corpus = read_corpus(source)
        yield from corpus.tunes
        yield from corpus.dropped
        return
    files = find_files(source, or_run=True)
    yield from files.missed
    for _, path in files:
        yield from read_file(path, TUNE)


# ------------------------------------------------------------------------------------------------ what is held against


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What of a corpus tunes are held against, counted, indexed and measured once."""

    corpus: str
    style: Style  # of the training tunes
    habits: Habits
    index: Index  # of the tunes that ours may have been copied from
    searched: tuple[Tune, ...]  # the tunes that are indexed, in the order of `Shared.there`
    metres: Mapping[str, float]  # share of the tunes of the corpus in each
    real: tuple[Certificate[Tune], ...]  # of held-out tunes, at most 500
    held_out: tuple[Tune, ...]  # all of them
    families: tuple[int, ...]  # of all of them

    @cached_property
    def tally(self) -> Tally:
        """What each of the held-out tunes does how often."""
        return _tally([one.music for one in self.real if one.music])

    @cached_property
    def borrowing(self) -> Borrowing:
        """What the held-out tunes share with the training tunes."""
        return Borrowing.of([one.shared.line for one in self.real if one.shared])

    @property
    def line(self) -> float:
        """The length that 95 of 100 held-out tunes do not exceed, in notes; NaN where there are none."""
        return self.borrowing.line(LINE)

    @cached_property
    def spread(self) -> Mapping[str, Floats]:
        """The values of each measure over the held-out tunes."""
        return {name: np.array([one.measures.get(name, math.nan) for one in self.real]) for name in OF_TUNE}


def build_yardstick(corpus: Corpus[Tune], *, learned: bool = False) -> Yardstick:
    """The yardstick of a corpus; `learned` where a model learned from its training tunes and knows no others."""
    read = [features(tune) for tune in corpus.train]
    habits, index = fit_habits(read), kept_index(corpus.train)
    numbers = [number for number, part in enumerate(corpus.split) if part != "train"]
    count = min(MOST_REAL, len(numbers))
    chosen = [numbers[len(numbers) * place // count] for place in range(count)]
    held_out = [candidate(corpus.tunes[number]) for number in chosen]
    whole = index if learned else kept_index(corpus.tunes)
    metres = Counter(str(tune.meter) for tune in corpus.tunes)
    return Yardstick(
        corpus.name,
        Style.of(read),
        habits,
        whole,
        corpus.train if learned else corpus.tunes,
        {metre: times / len(corpus.tunes) for metre, times in metres.items()},
        tuple(_certify(held_out, habits, index)),
        tuple(corpus.tunes[number] for number in numbers),
        tuple(corpus.families[number] for number in numbers),
    )


def _tally(tunes: Iterable[Tune]) -> Tally:
    return Tally.of([Style.of([tune]) for tune in tunes])


# ------------------------------------------------------------------------------------------------ certificates


def _certify(candidates: Sequence[Certificate[Tune]], habits: Habits, index: Index | None) -> list[Certificate[Tune]]:
    """The same measured and compared, without percentiles."""
    tunes = [one.music for one in candidates if one.music]
    measured = iter(measure_each(tunes, habits))
    found: Iterator[Resemblance | None] = iter(resemblances(tunes, index) if index else [None] * len(tunes))
    return [replace(one, measures=next(measured), shared=next(found)) if one.music else one for one in candidates]


def resemblances(tunes: Sequence[Tune], index: Index) -> list[Resemblance]:
    """What each tune has in common with the indexed ones."""
    found = zip(longest_shared(tunes, index), nearest(tunes, index), strict=True)
    return [Resemblance(shared, shared, near) for shared, near in found]


def certify(candidates: Sequence[Certificate[Tune]], yardstick: Yardstick | None) -> list[Certificate[Tune]]:
    """A certificate for each tune, in order."""
    if yardstick is None:
        return _certify(candidates, fit_habits([]), None)
    return [_placed(one, yardstick) for one in _certify(candidates, yardstick.habits, yardstick.index)]


def _placed(one: Certificate[Tune], yardstick: Yardstick) -> Certificate[Tune]:
    """The same with percentiles among the held-out real tunes."""
    of_measures = {name: percentile_among(value, yardstick.spread[name]) for name, value in one.measures.items()}
    return replace(
        one,
        percentile=borrowing_percentile(one.shared, yardstick),
        percentiles=of_measures,
    )


def borrowing_percentile(shared: Resemblance | None, yardstick: Yardstick) -> float:
    """Where a shared passage lies among those of the held-out tunes, 0 to 100; NaN for a tune too short to compare."""
    return yardstick.borrowing.percentile(shared.line.length) if shared and shared.comparable else math.nan


# ------------------------------------------------------------------------------------------------ the scorecard


def judge_tunes(
    candidates: Sequence[Certificate[Tune]],
    yardstick: Yardstick | None = None,
    *,
    title: str = "",
    unread: Sequence[Dropped] = (),
    seed: int = 0,
) -> Scorecard[Tune]:
    """The scorecard of these tunes; without a yardstick neither originality nor style is judged."""
    each = tuple(certify(candidates, yardstick))
    numbers = _numbers(each, yardstick, seed)
    return Scorecard(
        kind=Tune.kind,
        title=title,
        against=yardstick.corpus if yardstick else "",
        valid_rate=numbers["valid"],
        measures=_in_order(numbers | _matches(each, yardstick, seed)),
        originality=_originality(each, yardstick, numbers, seed) if yardstick else None,
        two_sample=_two_sample(each, yardstick, seed) if yardstick else None,
        each=each,
        real=yardstick.real if yardstick else (),
        unread=tuple(unread),
        remarks=tuple(_remarks(each, yardstick, unread)),
    )


def _in_order(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: values[name] for name in MEASURES}


COLUMNS: Mapping[str, Callable[[Certificate[Tune], float], float]] = {
    "valid": lambda one, _: one.valid,
    "copied": lambda one, _: one.copied if one.shared and one.shared.comparable else math.nan,
    "beyond": lambda one, line: one.shared.line.length > line if one.shared and line > 0 else math.nan,
    "near": lambda one, _: one.shared.near.share >= COPIED if one.shared and one.shared.near.of > 1 else math.nan,
}


def _numbers(each: Sequence[Certificate[Tune]], yardstick: Yardstick | None, seed: int) -> dict[str, Value]:
    """Means over the tunes of everything that one tune has, by the names of `COLUMNS` and `MEASURES`."""
    line, real = (yardstick.line, yardstick.real) if yardstick else (math.nan, ())
    names = (*COLUMNS, *OF_TUNE)
    ours, theirs = (_table(tunes, line) for tunes in (each, real))
    return dict(zip(names, mean_values(ours, theirs, seed), strict=True))


def _table(tunes: Sequence[Certificate[Tune]], line: float) -> Floats:
    rows = [
        [*(column(one, line) for column in COLUMNS.values()), *(one.measures.get(name, math.nan) for name in OF_TUNE)]
        for one in tunes
    ]
    return np.array(rows, dtype=float).reshape(len(tunes), len(COLUMNS) + len(OF_TUNE))


def _matches(each: Sequence[Certificate[Tune]], yardstick: Yardstick | None, seed: int) -> dict[str, Value]:
    tunes = [one.music for one in each if one.music and one.music.notes]
    if yardstick is None or not tunes:
        return dict.fromkeys(OF_SET, Value(math.nan))
    ours, real, style = _tally(tunes), yardstick.tally, yardstick.style
    spreads = match_values(ours, real, style, SPREADS, seed, SPREAD_DRAWS)
    others = {name: measure for name, measure in OF_SET.items() if name not in SPREADS}
    return match_values(ours, real, style, others, seed) | spreads


def _two_sample(each: Sequence[Certificate[Tune]], yardstick: Yardstick, seed: int) -> TwoSample | None:
    """How well a classifier tells the tunes from held-out ones; None where either are too few to teach it."""
    tunes = [one.music for one in each if one.music and one.music.notes]
    if min(len(tunes), len(yardstick.held_out)) < FEWEST:
        return None
    return two_sample(tunes, yardstick.held_out, families=yardstick.families, seed=seed)


def _originality(
    each: Sequence[Certificate[Tune]], yardstick: Yardstick, numbers: Mapping[str, Value], seed: int
) -> Originality:
    ours = np.array(Borrowing.of([one.shared.line for one in each if one.shared]).lengths, dtype=float)
    real = np.array(yardstick.borrowing.lengths, dtype=float)
    return Originality(
        copy_rate=numbers["copied"],
        median_longest=quantile_value(ours, real, 0.5, seed),
        p90_longest=quantile_value(ours, real, 0.9, seed),
        beyond_line=numbers["beyond"],
        near_rate=numbers["near"],
        line=yardstick.line,
        indexed=len(yardstick.searched),
    )


# ------------------------------------------------------------------------------------------------ what has to be said


def _remarks(
    each: Sequence[Certificate[Tune]], yardstick: Yardstick | None, unread: Sequence[Dropped]
) -> Iterator[Remark]:
    """What a reader of the numbers has to know."""
    with_notes = [one for one in each if one.notes]
    if unread:
        rate = sum(one.valid for one in each) / (len(each) + len(unread))
        yield remark("unread", unread=len(unread), rate=f"{100 * rate:.0f}")
    if not each:
        yield remark("empty")
    elif not with_notes:
        yield remark("silent")
    elif len(with_notes) < len(each):
        yield remark("some_silent", silent=len(each) - len(with_notes))
    if len(with_notes) == 1:
        yield remark("one")
    melodies = [fingerprint(one.music) for one in with_notes if one.music]
    if again := len(melodies) - len(set(melodies)):
        yield remark("again", again=again)
    if yardstick is None:
        yield remark("alone")
        return
    if len(yardstick.real) < FEW_REAL:
        yield remark("few_real", real=len(yardstick.real), corpus=yardstick.corpus)
    if whole := sum(one.shared is not None and one.shared.line.share == 1 for one in each):
        yield remark("contained", contained=whole, corpus=yardstick.corpus)
    yield from _another_kind(with_notes, yardstick)


def _another_kind(each: Sequence[Certificate[Tune]], yardstick: Yardstick) -> Iterator[Remark]:
    """Whether most of the tunes are in metres that the corpus hardly has."""
    metres = Counter(str(one.music.meter) for one in each if one.music)
    rare = {metre: times for metre, times in metres.items() if yardstick.metres.get(metre, 0) < RARE_METRE}
    if 2 * sum(rare.values()) > metres.total():
        named = ", ".join(sorted(rare, key=lambda metre: -rare[metre])[:3])
        yield remark("another_kind", tunes=sum(rare.values()), corpus=yardstick.corpus, metres=named)


REMARKS = {
    "unread": "What could not be read is not among the tunes judged: {unread}. Counted with them, {rate} % would be "
    "well formed.",
    "empty": "There is no tune to judge.",
    "silent": "None of the tunes has a note: nothing of them can be measured or compared.",
    "some_silent": "Tunes without a note, which are not measured: {silent}.",
    "one": "There is one tune to measure: a set of one has no interval, and no classifier can be taught by it.",
    "again": "Tunes that are one of the others once more, note for note in some key: {again}.",
    "alone": "The tunes are held against no collection: whether they are like a style, and whether they are copies, is "
    "not judged. Name one with --against.",
    "few_real": "{corpus} holds out {real} tunes: what real tunes do is known roughly at best, or not at all.",
    "contained": "Tunes that stand whole in {corpus}, in some key: {contained}.",
    "corpus_gone": "What the run learned from is gone ({sources}).",
    "another_corpus": "The run did not learn from {corpus} as it is divided here: likelihood and originality are of "
    "these tunes, and it may have learned some of those that are held out.",
    "corpus_changed": "{corpus} has changed since the run learned from it: it may have learned some of the tunes that "
    "are held out now.",
    "another_kind": "{corpus} is another kind of music: {tunes} tunes are in metres that fewer than 1 in 100 of its "
    "tunes have ({metres}). How alike they are, and what they share, says little then.",
}


def remark(key: str, **values: object) -> Remark:
    """A remark of the table `REMARKS`, with its values filled in."""
    return Remark(key, REMARKS[key].format_map(values), values)
