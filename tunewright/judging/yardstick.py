"""What music is held against, and a certificate for each tune or piece that is.

In: a corpus, and tunes or pieces as candidates. Out: a `Yardstick`: what the corpus does how often, what its held-out
music shares with the rest, and how that measures; and `Certificate`s. Without a yardstick music is measured by itself.
This file defines no measure, reads no file and asks no model.

The held-out music is measured against the training music as ours is: that is the column `real`. What ours shares is
looked for in the training music alone where a model learned from it, and in all of the corpus otherwise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic

import numpy as np

from tunewright.corpus.corpus import Corpus
from tunewright.formats.validity import fault_of
from tunewright.judging.kinds import KINDS, Kind
from tunewright.judging.scorecard import Certificate
from tunewright.measuring.intervals import Floats, Tally, percentile_among
from tunewright.measuring.originality import Borrowing, Resemblance
from tunewright.measuring.styles import Style
from tunewright.music.kinds import M

LINE = 95.0  # percent of human borrowing
HELD_OUT = ("valid", "test")  # parts of a split; what is in none of them is left out of all figures


def candidate(music: M, name: str = "") -> Certificate[M]:
    """Music as it is to be judged, under the name of the place where it stands in a file."""
    kind = KINDS[music.kind]
    return Certificate(name or music.source, kind.title(music), music, fault_of(music), kind.text(music))


@dataclass(frozen=True, eq=False)
class Yardstick(Generic[M]):
    """What of a corpus music is held against, counted, indexed and measured once."""

    kind: Kind[M]
    corpus: str
    style: Style  # of the training music
    habits: Any  # of the same; None where its kind has none
    index: Any  # of the music that ours may have been copied from
    searched: tuple[M, ...]  # that music, in the order of `Shared.there`
    metres: Mapping[str, float]  # share of the music of the corpus in each
    real: tuple[Certificate[M], ...]  # of held-out music, some hundreds at most
    held_out: tuple[M, ...]  # all of it
    families: tuple[int, ...]  # of all of it

    @cached_property
    def tally(self) -> Tally:
        """What each tune or piece of the held-out music does how often."""
        return tally(self.kind, self.real)

    @cached_property
    def lines(self) -> Borrowing:
        """What the held-out music shares with the training music, line by line."""
        return Borrowing.of([one.shared.line for one in self.real if one.shared])

    @cached_property
    def beats(self) -> Borrowing:
        """What it shares with all its parts."""
        return Borrowing.of([one.shared.beats for one in self.real if one.shared])

    @property
    def line(self) -> float:
        """The length that 95 of 100 held-out tunes or pieces do not exceed, in notes; NaN where there are none."""
        return self.lines.line(LINE)

    @property
    def beats_line(self) -> float:
        """The same of beats of all parts; NaN for tunes."""
        return self.beats.line(LINE)

    @cached_property
    def spread(self) -> Mapping[str, Floats]:
        """The values of each measure over the held-out music."""
        return {name: np.array([one.measures.get(name, math.nan) for one in self.real]) for name in self.kind.of_one}


def build_yardstick(corpus: Corpus[M], *, learned: bool = False) -> Yardstick[M]:
    """The yardstick of a corpus; `learned` where a model learned from its training music and knows no other."""
    kind: Kind[M] = KINDS[corpus.kind]
    style, habits = kind.learn(corpus.train)
    index = kind.index(corpus.train)
    numbers = [number for number, part in enumerate(corpus.split) if part in HELD_OUT]
    count = min(kind.most_real, len(numbers))
    chosen = [numbers[len(numbers) * place // count] for place in range(count)]
    held_out = [candidate(corpus.music[number]) for number in chosen]
    metres = Counter(map(kind.metre, corpus.music))
    return Yardstick(
        kind,
        corpus.name,
        style,
        habits,
        index if learned else kind.index(corpus.music),
        corpus.train if learned else corpus.music,
        {metre: times / len(corpus.music) for metre, times in metres.items()},
        tuple(_measured(held_out, kind, habits, index)),
        tuple(corpus.music[number] for number in numbers),
        tuple(corpus.families[number] for number in numbers),
    )


def tally(kind: Kind[M], each: Iterable[Certificate[M]]) -> Tally:
    """What each tune or piece with notes does how often."""
    return Tally.of([kind.style(one.music) for one in each if one.music and one.notes])


# ------------------------------------------------------------------------------------------------ certificates


def certify(each: Sequence[Certificate[M]], kind: Kind[M], yardstick: Yardstick[M] | None) -> list[Certificate[M]]:
    """Certificates with measures, what is shared, and where both lie among the held-out real music; in order."""
    if yardstick is None:
        return _measured(each, kind, None, None)
    return [_placed(one, yardstick) for one in _measured(each, kind, yardstick.habits, yardstick.index)]


def _measured(each: Sequence[Certificate[M]], kind: Kind[M], habits: Any, index: Any) -> list[Certificate[M]]:
    """The same measured and compared, without percentiles."""
    music = [one.music for one in each if one.music]
    measured = iter(kind.measure(music, habits))
    shared: Iterator[Resemblance | None] = iter(kind.resemblances(music, index) if index else [None] * len(music))
    return [replace(one, measures=next(measured), shared=next(shared)) if one.music else one for one in each]


def _placed(one: Certificate[M], yardstick: Yardstick[M]) -> Certificate[M]:
    """The same with percentiles among the held-out real music."""
    of_measures = {name: percentile_among(value, yardstick.spread[name]) for name, value in one.measures.items()}
    beats = one.shared.beats if one.shared else None
    return replace(
        one,
        percentile=borrowing_percentile(one.shared, yardstick),
        beats_percentile=(
            math.nan if beats is None or math.isnan(beats.share) else yardstick.beats.percentile(beats.length)
        ),
        percentiles=of_measures,
    )


def borrowing_percentile(shared: Resemblance | None, yardstick: Yardstick[Any]) -> float:
    """Where a shared passage lies among those of the held-out music, 0 to 100; NaN for music too short to compare."""
    return yardstick.lines.percentile(shared.line.length) if shared and shared.comparable else math.nan
