"""What of a melody is played twice in a row, note for note but for its end: what repeat signs and endings would say.

In: pieces that fill the time, cut at bar lines, and where bar lines stand. Out: sections, in grains. The repeats that
are looked for have the lengths that those of O'Neill's, Ryan's and Aird's collections have, and begin where the tune
or the section before does; `benchmarks/round_trips.py` counts how many of theirs are found. This file writes no bar
lines (`transcription`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from tunewright.formats.midi.listening.quantizing import Piece

BARS = (8, 16, 4, 12, 6, 10, 14, 20, 24, 32)  # of a section, the likeliest first
ENDING_BARS = (8, 16, 12)  # of a section with endings; in fours, a b a c is a phrase rather than a repeat
LONGEST_ENDING = 2  # bars
LONGEST_LIKE = 4  # bars of an ending where the tune has a plain repeat of a section as long
SHORTEST_COMMON = 3  # bars before the endings
FEWEST_PLAYED = 8  # bars of a tune that is played from beginning to end again
MOST_PLAYED = 256
STEP = 4  # bars after which the next section may begin where none was found


@dataclass(frozen=True, slots=True)
class Section:
    """Played from `start` to `middle`, and again until `stop`; from `ending` on otherwise the second time.

    Without endings, `ending` is `middle`.
    """

    start: int
    ending: int
    middle: int
    stop: int

    @property
    def times(self) -> tuple[int, ...]:
        """Where bar lines stand in it, others apart."""
        return (self.start, self.ending, self.middle, self.again, self.stop)

    @property
    def again(self) -> int:
        """Up to when the second time is as the first."""
        return self.middle + self.ending - self.start


def sections(
    pieces: Sequence[Piece], lines: Sequence[int], state: Callable[[int], Hashable] = lambda _: 0
) -> list[Section]:
    """The sections that are played twice in a row, in bars as many as are usual.

    `lines` are the ends of the bars; `state` says what else is to be the same at a time and at its repetition.
    """
    search = _Search(pieces, lines, state)
    found = list(search.all({}))
    plain = {bars for _, bars in found}
    found = list(search.all({bars: LONGEST_LIKE if bars in plain else LONGEST_ENDING for bars in ENDING_BARS}))
    return [section for section, _ in found]


def playthroughs(
    pieces: Sequence[Piece], lines: Sequence[int], state: Callable[[int], Hashable] = lambda _: 0
) -> tuple[int, int]:
    """How often a whole tune is played from beginning to end, note for note, and when the first time stops.

    Twice only counts where repeats within the tune keep a repeat sign from saying so.
    """
    search = _Search(pieces, lines, state)
    for bars in range(FEWEST_PLAYED, min(MOST_PLAYED, len(search.lines) // 2) + 1):
        stop = search.lines[bars] - (search.lines[0] or 0)
        times, over = divmod(search.end, stop)
        if over or stop not in search.at or not search.periodic(stop):
            continue
        inside = bisect_right(lines, stop)
        first = [*lines[: inside - (lines[inside - 1] == stop)], stop]
        if times > 2 or (times == 2 and sections(pieces[: search.at[stop]], first, state)):
            return times, stop
    return 1, search.end


def _kind(piece: Piece) -> Hashable:
    """What has to be the same of two pieces."""
    return piece.length, piece.numbers, piece.grace, piece.tied, piece.staccato


class _Search:
    """Pieces as numbers that are the same where all but the onset is."""

    def __init__(self, pieces: Sequence[Piece], lines: Sequence[int], state: Callable[[int], Hashable]) -> None:
        kinds: dict[Hashable, int] = {}
        self.onsets = [piece.onset for piece in pieces]
        self.kinds = [kinds.setdefault(_kind(piece), len(kinds)) for piece in pieces]
        self.tied = [piece.tied for piece in pieces]
        self.at = {onset: place for place, onset in enumerate(self.onsets)}
        self.end = pieces[-1].end if pieces else 0
        self.at[self.end] = len(pieces)
        upbeat = len(lines) > 1 and lines[0] < lines[1] - lines[0]
        self.lines, self.state = [*([] if upbeat else [0]), *lines], state

    def periodic(self, stop: int) -> bool:
        """Whether all that follows is what stands before a time, over and over."""
        again = self.at[stop]
        if self.kinds[again : again + 16] != self.kinds[: min(16, len(self.kinds) - again)]:
            return False
        before = set(self.lines)
        kept = [line for line in self.lines[1:] if line > stop]
        return (
            self.kinds[again:] == self.kinds[: len(self.kinds) - again]
            and not self.tied[again - 1]
            and all(line - stop in before or line == self.end for line in kept)
            and all(self.state(time) == self.state(time % stop) for time in (stop, *kept[:-1]))
        )

    def all(self, longest: Mapping[int, int]) -> Iterator[tuple[Section, int]]:
        """Each section, from left to right, and how many bars it has."""
        place = 0
        while place < len(self.onsets):
            found = self._section(place, longest) or self._without_upbeat(place)
            if found is not None:
                yield found
                place = bisect_left(self.onsets, found[0].stop)
            else:
                place = self._later(place)

    def _without_upbeat(self, place: int) -> tuple[Section, int] | None:
        """The plain repeat that begins with the next bar, where a section does not begin with one."""
        first = bisect_right(self.lines, self.onsets[place])
        if first >= len(self.lines) or self.onsets[place] in self.lines[first - 1 : first]:
            return None
        begins = self.at.get(self.lines[first], len(self.kinds))
        return self._section(begins, {}) if begins < len(self.kinds) else None

    def _section(self, place: int, longest: Mapping[int, int]) -> tuple[Section, int] | None:
        """The section that begins with a piece, and its bars; plain repeats before those with endings."""
        if place and self.tied[place - 1]:
            return None
        start = self.onsets[place]
        first = bisect_right(self.lines, start)
        if first >= len(self.lines):
            return None
        upbeat = self.lines[first] - start if start not in self.lines[first - 1 : first] else 0
        first -= not upbeat
        near: list[tuple[int, int, int]] = []  # bars, middle, how many pieces are the same
        for bars in BARS:
            if first + bars >= len(self.lines):
                continue
            middle = self.lines[first + bars] - upbeat
            again = self.at.get(middle)
            if again is None or again >= len(self.kinds) or self.kinds[again] != self.kinds[place]:
                continue
            same = self._same(place, again)
            if same == again - place:
                stop = self.onsets[again + same] if again + same < len(self.onsets) else self.end
                section = Section(start, middle, middle, stop)
                if self._alike(section):
                    return section, bars
            if bars in longest:
                near.append((bars, middle, same))
        for bars, middle, same in near:
            if (found := self._with_endings(place, first, longest[bars], bars, middle, same)) is not None:
                return found, bars
        return None

    def _same(self, place: int, again: int) -> int:
        """How many pieces from `place` on are as those from `again` on, at most up to there."""
        kinds, most = self.kinds, min(again - place, len(self.kinds) - again)
        for number in range(most):
            if kinds[place + number] != kinds[again + number]:
                return number
        return most

    def _with_endings(self, place: int, first: int, longest: int, bars: int, middle: int, same: int) -> Section | None:
        if self.tied[self.at[middle] - 1]:
            return None
        start, differs = self.onsets[place], self.onsets[place + same]
        line = bisect_right(self.lines, differs) - 1
        ending = self.lines[line]
        if line - first < SHORTEST_COMMON or ending not in self.at or first + bars - line > longest:
            return None
        if ending >= middle:
            return None
        stop = self._stop(middle + middle - start, middle + ending - start)
        if stop is None:
            return None
        section = Section(start, ending, middle, stop)
        return section if self._alike(section) else None

    def _stop(self, wanted: int, after: int) -> int | None:
        """Where the second ending stops: where it is as long as the first, else at the bar line before or after."""
        if wanted in self.at and wanted <= self.end and not self.tied[self.at[wanted] - 1]:
            return wanted
        line = bisect_right(self.lines, wanted)
        return next((stop for stop in self.lines[line - 1 : line + 1] if stop > after and stop in self.at), None)

    def _alike(self, section: Section) -> bool:
        """Whether bars, and what else matters, are the same both times, and nothing sounds over the ends."""
        if self.tied[self.at[section.middle] - 1] and section.middle != self.end:
            return False
        shift = section.middle - section.start
        first = self.lines[bisect_right(self.lines, section.start) : bisect_left(self.lines, section.ending)]
        second = self.lines[bisect_right(self.lines, section.middle) : bisect_left(self.lines, section.again)]
        if [line + shift for line in first] != second:
            return False
        times = (section.start, *first, section.middle - 1)
        states = [self.state(time) for time in times]
        return states[0] == states[-1] and all(
            self.state(time + shift) == now for time, now in zip(times[:-1], states, strict=False)
        )

    def _later(self, place: int) -> int:
        """The piece with which the next section may begin where none does with this one."""
        start = self.onsets[place]
        first = bisect_right(self.lines, start)
        upbeat = self.lines[first] - start if first < len(self.lines) else 0
        for number in range(first + STEP, len(self.lines), STEP):
            if self.lines[number] - upbeat in self.at:
                return self.at[self.lines[number] - upbeat]
        return len(self.onsets)
