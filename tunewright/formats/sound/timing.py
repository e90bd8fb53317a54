"""When what stands on the page of a tune sounds: every note and every bar, each time that it is played.

In: a `Tune`. Out: seconds from the beginning of its sound, as `tunes.to_wav` plays it: lilt, grace notes and changes
of tempo included, repeats unfolded. This file makes no sound and draws nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from tunewright.formats.midi.performance import Timing, speeds
from tunewright.formats.sound.tunes import clock
from tunewright.music.playing import Sounding, played_places, soundings
from tunewright.music.tune import Note, Rest, Tune


@dataclass(frozen=True, slots=True)
class NoteTime:
    """One sounding of a note, from when it is struck (or held on by a tie) to when the next one may begin, in seconds.

    `note` is its place in `tune.notes`, `measure` in `tune.measures`; `graces` are the beginnings of its grace notes,
    the last of which ends where it begins.
    """

    note: int
    measure: int
    start: float
    end: float
    graces: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureTime:
    """One time that a bar is played, in seconds; `measure` is its place in `tune.measures`."""

    measure: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Times:
    """Everything that sounds, in order, and when the last of it ends, in seconds."""

    notes: tuple[NoteTime, ...]
    measures: tuple[MeasureTime, ...]
    seconds: float


def times_of(tune: Tune, *, tempo: int | None = None, straight: bool = False) -> Times:
    """When everything in a tune sounds; `tempo` in beats of its metre a minute, RenderError for one that is absurd.

    A note ends here when its written length is over, though a player lets go of it a little before.
    """
    timing, seconds = Timing(tune, straight=straight), clock(speeds(tune, tempo))
    notes: list[NoteTime] = []
    measures: list[MeasureTime] = []
    struck = iter(soundings(tune))
    following = next(struck, None)
    numbers = [*accumulate((isinstance(element, Note) for element in tune.music), initial=0)]
    stops = [measure.stop for measure in tune.measures]
    latest = -1
    for onset, place, length in _timed(tune):
        start, end = (seconds(timing.when(one)) for one in (onset, onset + length))
        measure = min(bisect_right(stops, place), len(stops) - 1)
        goes_on = measures and measures[-1].measure == measure and latest < place
        measures.append(MeasureTime(measure, measures.pop().start if goes_on else start, end))
        latest = place
        if not isinstance(tune.music[place], Note):
            continue
        graces: list[float] = []
        if following and (following.onset, following.place) == (onset, place):
            *graces, start = _begins(following, timing, seconds)
            following = next(struck, None)
        notes.append(NoteTime(numbers[place], measure, start, end, tuple(graces)))
    return Times(tuple(notes), tuple(measures), measures[-1].end if measures else 0.0)


def _timed(tune: Tune) -> Iterator[tuple[Fraction, int, Fraction]]:
    """Onset, place and length of each note and rest as played."""
    onset = Fraction(0)
    for place in played_places(tune):
        element = tune.music[place]
        if isinstance(element, Note | Rest):
            yield onset, place, element.length
            onset += element.length


def _begins(sound: Sounding, timing: Timing, seconds: Callable[[Fraction], float]) -> Iterator[float]:
    """When each grace note of what is struck begins, and then it itself."""
    first, grace = timing.when(sound.onset), timing.of_a_grace_note(sound)
    return (seconds(first + number * grace) for number in range(len(sound.grace) + 1))
