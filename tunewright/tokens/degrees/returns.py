"""Which measures of a tune in musical tokens return an earlier one, and how.

In: the ids of each measure as they are read, the place where it begins, and before it the number of its *return*: what
it is to be. Out: which return a whole measure is, what an earlier one has at this place, and which returns there were.
A measure is what stands between two bar lines, a pickup too; it may return one that begins so many bars before it, at
the same place of the bar:

- the same: with the same ids, ornaments and all, but for ties and ends of slurs after its last note;
- varied: at least half of the notes of both begin at the same places with the same pitches;
- on another step: the same ids, all pitches moved by as many steps of the scale.

This file forbids nothing (`script`), and writes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from tunewright.music.beats import Onset
from tunewright.music.phrases import VARIATION
from tunewright.tokens.requests import FARTHEST_RETURN

FEWEST_MOVED = 3  # notes of a measure that is another one on another step: of fewer, chance makes one
COUNTED = 3  # notes that are kept, and that are not, up to which they are told apart
BACK = (4, 8)  # bars: what return stood there is told


class Way(IntEnum):
    """How a measure returns an earlier one."""

    NEW = 0  # not at all
    SAME = 1
    VARIED = 2
    MOVED = 3  # on another step


class Return(NamedTuple):
    """How a measure returns the one that begins so many bars before it; 0 bars for one that is new."""

    way: Way
    back: int

    def __str__(self) -> str:
        """As its token has it: "new", "=4", "~8" or "^1"."""
        return f"{'*=~^'[self.way]}{self.back}" if self.back else "new"


NEW = Return(Way.NEW, 0)
RETURNS = (NEW, *(Return(way, back) for way in list(Way)[1:] for back in range(1, FARTHEST_RETURN + 1)))


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that is written."""

    ids: tuple[int, ...]
    ticks: tuple[int, ...]  # from its beginning to each id
    notes: frozenset[tuple[int, int]]  # where each note begins, in ticks, and the number of its pitch
    total: int  # ticks


class Spelling(Protocol):
    """What has to be known of ids."""

    @property
    def trailing(self) -> frozenset[int]:
        """What may lead on from the end of a measure, or end there: ties, and the ends of slurs."""

    def moved(self, number: int, steps: int) -> int:
        """The id so many steps of the scale higher, itself where it has no pitch; 0 where there is none."""

    def steps(self, number: int) -> int | None:
        """How many steps of the scale an id stands above the home tonic; None where it has no pitch."""


def share_kept(one: frozenset[tuple[int, int]], other: frozenset[tuple[int, int]]) -> float:
    """Twice the notes that two measures have in common, over the notes of both; 0 where neither has any.

    >>> share_kept(frozenset({(0, 1), (70, 2)}), frozenset({(0, 1), (70, 3)}))
    0.5
    """
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


def find_return(measure: Measure, start: Onset, earlier: Mapping[Onset, Measure], spelling: Spelling) -> Return:
    """What a whole measure that begins there is: the same as another rather than varied, varied rather than moved.

    Of several that it may return the latest, but of varied ones the one with the most notes in common.
    """
    bar, filled = start
    sources = [(back, found) for back in range(1, FARTHEST_RETURN + 1) if (found := earlier.get((bar - back, filled)))]
    for back, source in sources:
        if source.ids == measure.ids:
            return Return(Way.SAME, back)
    shares = [(share_kept(source.notes, measure.notes), -back) for back, source in sources]
    if shares and max(shares)[0] >= VARIATION:
        return Return(Way.VARIED, -max(shares)[1])
    for back, source in sources:
        if is_moved(measure, source, spelling):
            return Return(Way.MOVED, back)
    return NEW


def is_moved(measure: Measure, source: Measure, spelling: Spelling) -> bool:
    """Whether a measure is another one on another step."""
    if len(measure.ids) != len(source.ids) or len(measure.notes) < FEWEST_MOVED:
        return False
    steps = shift(measure.ids, source.ids, spelling)
    return bool(steps) and moved_ids(source.ids, steps, spelling) == measure.ids


def shift(ids: Sequence[int], source: Sequence[int], spelling: Spelling) -> int:
    """Steps from the first pitch of one measure to that of another; 0 where one of them has none yet."""
    first, last = (
        next((steps for number in some if (steps := spelling.steps(number)) is not None), None)
        for some in (source, ids)
    )
    return 0 if first is None or last is None else last - first


def moved_ids(ids: Sequence[int], steps: int, spelling: Spelling) -> tuple[int, ...]:
    """The ids so many steps higher, 0 for what has no id there."""
    return tuple(spelling.moved(number, steps) for number in ids)


def keeps(given: Return, measure: Measure, start: Onset, earlier: Mapping[Onset, Measure], spelling: Spelling) -> bool:
    """Whether a measure is what its return says; one that is new promises nothing."""
    source = earlier.get((start[0] - given.back, start[1]))
    if given.way == Way.NEW:
        return True
    if source is None:
        return False
    if given.way == Way.SAME:
        return source.ids == measure.ids
    if given.way == Way.VARIED:
        return share_kept(source.notes, measure.notes) >= VARIATION
    return is_moved(measure, source, spelling)


class Returning:
    """The measures of one tune as its ids are read, each with its return."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        self.measures: dict[Onset, Measure] = {}
        self.returns: dict[Onset, int] = {}  # by where a measure begins: the number of its return, from 1
        self.start: Onset | None = None  # of the measure that is being read; None between two
        self.number = 0  # of its return
        self.ids: list[int] = []
        self._ticks: list[int] = []
        self.notes: set[tuple[int, int]] = set()  # where each begins, in ticks, and the number of its pitch
        self.source: Measure | None = None  # what it returns
        self._last = 0  # number of the return before it

    @property
    def given(self) -> Return:
        """What the measure that is being read is to be; new where nothing is said."""
        return RETURNS[self.number - 1] if self.number else NEW

    def apart(self) -> Returning:
        """Another one that has read the same."""
        other = copy.copy(self)
        other.measures, other.returns = dict(self.measures), dict(self.returns)
        return other

    def begin(self, onset: Onset, number: int = 0) -> None:
        """A measure begins, with the number of its return, 0 where nothing says it."""
        self.start, self.number = onset, number
        self.ids, self._ticks, self.notes = [], [], set()
        given = self.given
        self.source = self.measures.get((onset[0] - given.back, onset[1])) if given.back else None
        if number:
            self.returns[onset] = number

    def read(self, number: int, onset: Onset, note: int, *, after: bool = False) -> None:
        """An id that stands at this place, or belongs to the one before it; and the pitch that begins, 0 for none."""
        if self.start is None:
            self.begin(onset)
        assert self.start is not None
        self.ids.append(number)
        self._ticks.append(self._ticks[-1] if after and self._ticks else onset[1] - self.start[1])
        if note:
            self.notes.add((onset[1] - self.start[1], note))

    def close(self, filled: int, start: Onset | None = None) -> None:
        """The measure ends after so many ticks of its bar; `start` is where it began, as it turns out."""
        if self.start is None:
            return
        measure = self.measure(filled)
        onset = start or self.start
        if onset != self.start and self.start in self.returns:
            self.returns[onset] = self.returns.pop(self.start)
        self.measures[onset] = measure
        self._last, self.start, self.number, self.source = self.number, None, 0, None

    def measure(self, filled: int) -> Measure:
        """What has been read of this measure, up to so many ticks of its bar."""
        assert self.start is not None
        ids, ticks = self.ids, self._ticks
        while ids and ids[-1] in self._spelling.trailing:
            ids, ticks = ids[:-1], ticks[:-1]
        return Measure(tuple(ids), tuple(ticks), frozenset(self.notes), filled - self.start[1])

    def told(self, start: Onset) -> Return:
        """What the measure is that began there, now that it is whole."""
        return find_return(self.measures[start], start, self.measures, self._spelling)

    # -------------------------------------------------------------------------------------------- what is told

    def due(self, filled: int) -> int:
        """The id that the returned measure has at this place; 0 for none, and where nobody knows yet on which step."""
        if self.source is None or self.start is None:
            return 0
        if self.given.way == Way.VARIED:
            return next(iter(self.varied_there(filled)), 0)
        place, ids = len(self.ids), self.source.ids
        if place >= len(ids):
            return 0
        if self.given.way == Way.SAME:
            return ids[place]
        steps = shift(self.ids, ids, self._spelling)
        return self._spelling.moved(ids[place], steps) if steps or self._spelling.steps(ids[place]) is None else 0

    def varied_there(self, filled: int) -> tuple[int, ...]:
        """The ids that what is varied has at this place, but for as many as this measure has there."""
        assert self.source is not None
        assert self.start is not None
        into, there = filled - self.start[1], self.source
        if into not in there.ticks:
            return ()
        first = there.ticks.index(into)
        stop = first + there.ticks.count(into)
        return there.ids[first + self.ids_at(filled) : stop]

    def ids_at(self, filled: int) -> int:
        """How many ids of this measure stand so many ticks into its bar."""
        assert self.start is not None
        into, count = filled - self.start[1], 0
        for one in reversed(self._ticks):
            if one != into:
                break
            count += 1
        return count

    def kept(self) -> int:
        """How many notes of a varied measure are kept and how many are not so far, as one number; 0 elsewhere."""
        if self.source is None or self.given.way != Way.VARIED:
            return 0
        both = len(self.notes & self.source.notes)
        new = len(self.notes) - both
        return 1 + min(both, COUNTED) * (COUNTED + 1) + min(new, COUNTED)

    def before(self, onset: Onset) -> tuple[int, ...]:
        """The number of the return before this measure, and of those that stood some bars before this place."""
        bar, filled = self.start or onset
        return (self._last, *(self.returns.get((bar - back, filled), 0) for back in BACK))
