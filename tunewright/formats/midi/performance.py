"""How a tune is played: every note with its onset, length and strength, and how fast.

In: a `Tune`. Out: its notes in whole notes from the beginning, repeats unfolded and ties joined, either
exactly as `written`, or `performed`: with the lilt of the dance, small accents on the beats, short grace
notes taken from the note they lean on, detached staccato notes and a breath between notes.

Chord symbols are not played here (`accompaniment`). Fermatas are not held: they mostly stand on the last note of a
strain that is repeated. Rolls and trills are left to the player.

This file writes no format (`midi`) and makes no sound (`sound`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from tunewright.music.elements import FASTEST, SLOWEST
from tunewright.music.playing import Sounding, played, played_places, soundings
from tunewright.music.rhythms import lilt, quarters_per_minute
from tunewright.music.tune import Bar, Ending, KeyChange, Meter, MeterChange, Note, Part, Pitch, Rest, Tune
from tunewright.support.errors import RenderError

if TYPE_CHECKING:
    from tunewright.music.tune import Element

VELOCITY = 84
DOWNBEAT, BEAT = 18, 9  # added to the velocity there
GRACE = Fraction(1, 48)  # of a whole note: 25 ms at a reel's speed
BREATH = Fraction(1, 64)  # silence before the next note, at most an eighth of the note


def speed(tune: Tune, tempo: int | None = None) -> Fraction:
    """Quarter notes per minute at the beginning: `tempo` in beats of the metre, else the tune's, else the dance's own.

    >>> speed(Tune((), meter=Meter(6, 8)), 120)
    Fraction(180, 1)
    """
    if tempo is None:
        return _written_speed(tune) or Fraction(quarters_per_minute(tune))
    quarters = tempo * tune.meter.beat * 4
    if not SLOWEST <= quarters <= FASTEST:
        raise RenderError(
            f"tempo {tempo}: {float(quarters):g} quarter notes per minute in {tune.meter}; "
            f"expected {SLOWEST} to {FASTEST}"
        )
    return quarters


def _written_speed(tune: Tune) -> Fraction | None:
    """Quarters per minute that the tune says it begins with."""
    quarters = next((tempo.quarters for place, tempo in tune.tempos if place == 0), None)
    return quarters if quarters is not None and SLOWEST <= quarters <= FASTEST else None


def speeds(tune: Tune, tempo: int | None = None) -> list[tuple[Fraction, Fraction]]:
    """As played: from each of these onsets on, in whole notes, so many quarters per minute. The first is at 0.

    `tempo` is that of the beginning, as for `speed`; what is faster or slower later is so in proportion. Where play
    jumps back it is as fast as it was there.
    """
    first = speed(tune, tempo)
    if not any(place for place, _ in tune.tempos):
        return [(Fraction(0), first)]
    factor = first / speed(tune)
    starts = [place for place, _ in tune.tempos]
    found = [(Fraction(0), first)]
    time = Fraction(0)
    for place in played_places(tune):
        element = tune.music[place]
        if not isinstance(element, Note | Rest):
            continue
        at = bisect_right(starts, place) - 1
        quarters = factor * tune.tempos[at][1].quarters if at >= 0 else first
        quarters = max(Fraction(SLOWEST), min(Fraction(FASTEST), quarters))
        if quarters != found[-1][1]:
            found = [*found, (time, quarters)] if time else [(time, quarters)]
        time += element.length
    return found


@dataclass(frozen=True, slots=True)
class Played:
    """One note of a performance: onset and length in whole notes, MIDI number, velocity from 1 to 127."""

    onset: Fraction
    length: Fraction
    number: int
    velocity: int = VELOCITY


def written(tune: Tune) -> list[Played]:
    """Every note exactly as written, repeats unfolded, ties joined, grace notes left out."""
    return [
        Played(heard.onset, heard.length_of(pitch), _number(tune, pitch))
        for heard in soundings(tune)
        for pitch in heard.pitches
    ]


def performed(tune: Tune, *, straight: bool = False, lead: Tune | None = None) -> list[Played]:
    """The tune as a player might play it: lilt unless `straight`, accents, grace notes, staccato, breaths.

    A voice beside a melody, its `lead`, swings in the pairs of that.
    """
    heard = soundings(tune)
    timing = Timing(tune, straight=straight, lead=lead)
    accents = _accents(timing.bars)
    notes: list[Played] = []
    for index, sound in enumerate(heard):
        onset = timing.when(sound.onset)
        velocity = min(127, VELOCITY + accents.get(sound.onset, 0))
        grace = timing.of_a_grace_note(sound)
        for place, pitch in enumerate(sound.grace):
            notes.append(Played(onset + place * grace, grace, _number(tune, pitch), velocity - BEAT))
        onset, last = onset + len(sound.grace) * grace, index + 1 == len(heard)
        for pitch in sound.pitches:
            end = sound.onset + sound.length_of(pitch)
            sounding = _held(timing.when(end) - onset, sound.decorations, last=last)
            notes.append(Played(onset, sounding, _number(tune, pitch), velocity))
    return notes


class Timing:
    """When a tune is played, in whole notes from its beginning: what is written, moved by lilt and grace notes."""

    def __init__(self, tune: Tune, *, straight: bool = False, lead: Tune | None = None) -> None:
        self.bars = metrical_bars(tune)
        self._moved = {} if straight else _swung(tune, self.bars, _runs_in_sixteenths(lead or tune))

    def when(self, written: Fraction) -> Fraction:
        """When something is played that stands at a place of the tune, repeats unfolded."""
        return self._moved.get(written, written)

    def of_a_grace_note(self, sound: Sounding) -> Fraction:
        """How long each grace note of what is struck lasts; they come first, and it so much later; 0 without any."""
        if not sound.grace:
            return Fraction(0)
        length = self.when(sound.onset + sound.length) - self.when(sound.onset)
        return min(GRACE, length / (2 * len(sound.grace)))


def _held(length: Fraction, decorations: tuple[str, ...], *, last: bool) -> Fraction:
    """How long a note of a written length sounds."""
    if {"staccato", "."} & set(decorations):
        return length / 2
    return length if last else length - min(BREATH, length / 8)


def _number(tune: Tune, pitch: Pitch) -> int:
    """The MIDI number of a pitch as it sounds."""
    number = pitch.midi + tune.sounding
    if not 0 <= number <= 127:
        where = tune.source or tune.title or "tune"
        raise RenderError(f"{where}: a note has MIDI number {number}; expected 0 to 127")
    return number


@dataclass(frozen=True, slots=True)
class MetricalBar:
    """What is played between two bar lines: from `start` to `stop`, the bar it belongs to beginning at `origin`."""

    origin: Fraction
    start: Fraction
    stop: Fraction
    meter: Meter


def metrical_bars(tune: Tune) -> list[MetricalBar]:
    """The bars as played, a pickup and the short bar it completes sharing one origin."""
    bars: list[MetricalBar] = []
    meter, time, start, carry, after_section = tune.meter, Fraction(0), Fraction(0), Fraction(0), True
    for element in (*played(restated(tune)), Bar("|]")):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, MeterChange):
            meter = element.meter
        elif isinstance(element, Bar) and time > start:
            full = meter.length or time - start
            short = full - (time - start)
            if short < 0 or carry > short:
                carry = Fraction(0)
            elif not carry and after_section:
                carry = short
            bars.append(MetricalBar(start - carry, start, time, meter))
            carry = (carry + time - start) if carry + time - start < full else Fraction(0)
            start, after_section = time, element.ends_section
        elif isinstance(element, Bar):
            after_section = after_section or element.ends_section
    return bars


def _accents(bars: list[MetricalBar]) -> dict[Fraction, int]:
    """What the velocity gains at each beat."""
    accents: dict[Fraction, int] = {}
    for bar in bars:
        beat, time = bar.meter.beat, bar.origin
        while time < bar.stop:
            if time >= bar.start:
                accents[time] = DOWNBEAT if time == bar.origin else BEAT
            time += beat
    return accents


def _swung(tune: Tune, bars: list[MetricalBar], running: bool) -> dict[Fraction, Fraction]:
    """Where the second note of each even pair moves to; pairs written dotted, in threes or in fours stay.

    A pair fills a quarter note, or an eighth in 2/4 tunes that run in sixteenths.
    """
    share = lilt(tune)
    if share == Fraction(1, 2):
        return {}
    sounds = soundings(tune)
    ends = (sound.onset + sound.length_of(pitch) for sound in sounds for pitch in sound.pitches)
    times = sorted({*(sound.onset for sound in sounds), *ends})
    moved: dict[Fraction, Fraction] = {}
    position = 0
    for bar in bars:
        pair = Fraction(1, 8) if running and bar.meter.length == Fraction(1, 2) else Fraction(1, 4)
        inside = []
        while position < len(times) and times[position] < bar.stop:
            inside.append(times[position] - bar.origin)
            position += 1
        for number, group in groupby(inside, key=lambda time, pair=pair: time // pair):  # type: ignore[misc]
            between = [time for time in group if time % pair]
            if [time % pair for time in between] == [pair / 2]:
                moved[bar.origin + between[0]] = bar.origin + pair * (number + share)
    return moved


def _runs_in_sixteenths(tune: Tune) -> bool:
    short = sum(note.length <= Fraction(1, 16) for note in tune.notes)
    return 2 * short > len(tune.notes)


def restated(tune: Tune) -> Tune:
    """The same tune with key and metre stated again wherever play can jump to, so that a repeat restores them."""
    if not any(isinstance(element, KeyChange | MeterChange) for element in tune.music):
        return tune
    key, meter = tune.key, tune.meter
    music: list[Element] = []
    for element, following in zip(tune.music, (*tune.music[1:], None), strict=True):
        key = element.key if isinstance(element, KeyChange) else key
        meter = element.meter if isinstance(element, MeterChange) else meter
        music.append(element)
        section = isinstance(element, Bar) and element.ends_section and not isinstance(following, Ending)
        if section or isinstance(element, Ending | Part):
            music += [KeyChange(key), MeterChange(meter)]
    return replace(tune, music=(KeyChange(tune.key), MeterChange(tune.meter), *music))
