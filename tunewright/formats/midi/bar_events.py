"""Metre and key events at the bar lines that they mean.

In: events by time, and when notes begin, in ticks. Out: the same events, those that stand a little beside a bar line
moved to it, which is a repair. Sequencers put their first metre a tick or more after the beginning, or where the
playhead stood; taken as written, each would begin a bar of its own. An event where a note begins stays, since bars may
be cut short anywhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from tunewright.music.tune import Repair

CELL = 4  # of so many to a quarter: an event less than a sixteenth beside a bar line belongs to it
EXACT = 240  # of so many to a quarter: what is no further apart is at one time

MeterEvent = tuple[int, int, int]  # time, numerator, denominator
KeyEvent = tuple[int, int, bool]  # time, sharps, whether minor


class Events(NamedTuple):
    """Metres and keys by time, and what was changed."""

    meters: list[MeterEvent]
    keys: list[KeyEvent]
    repairs: tuple[Repair, ...]


def at_bar_lines(meters: Sequence[MeterEvent], keys: Sequence[KeyEvent], onsets: Sequence[int], ticks: int) -> Events:
    """The events in order of time, at the bar lines that they mean; `onsets` in order, `ticks` to a quarter.

    Done again with the same onsets it changes nothing.
    """
    settled: list[MeterEvent] = []
    moved = 0
    for time, over, under in sorted(meters, key=lambda event: event[0]):
        since, *bar = settled[-1] if settled else (0, over, under)
        meant = _meant(time, since, bar, ticks)
        if settled and _stays(time, meant, onsets, ticks):
            meant = time
        moved += meant != time
        settled.append((meant, over, under))
    placed: list[KeyEvent] = []
    for time, sharps, minor in sorted(keys, key=lambda event: event[0]):
        since, *bar = next((event for event in reversed(settled) if event[0] <= time), (0, 4, 4))
        meant = _meant(time, since, bar, ticks)
        if _stays(time, meant, onsets, ticks):
            meant = time
        moved += meant != time
        placed.append((meant, sharps, minor))
    told = Repair("metre or key events a little beside a bar line moved to it", detail=str(moved))
    return Events(settled, placed, (told,) * (moved > 0))


def _meant(time: int, since: int, bar: Sequence[int], ticks: int) -> int:
    """The bar line that a time is less than a cell away from, or the time itself; bars are counted from `since`."""
    if time < since:
        return since
    over, under = bar
    place = (time - since) * under
    number = (2 * place + 4 * ticks * over) // (8 * ticks * over)  # of the nearest bar line
    line = since + number * 4 * ticks * over // under
    return line if CELL * abs(time - line) < ticks else time


def _stays(time: int, line: int, onsets: Sequence[int], ticks: int) -> bool:
    """Whether an event beside a bar line stands where a note begins, and so where it is meant."""
    near = ticks // EXACT
    place = bisect_left(onsets, time - near)
    return abs(time - line) > near and place < len(onsets) and onsets[place] <= time + near
