"""Performed notes on a grid: grace notes, swing and breaths are recognised, and the rest fills the time without a gap.

In: `TimedNote`s, and where beats are. Out: `Piece`s, notes and rests that follow one another. Time is counted in
grains, 80,640 to a whole note, in which every division of a beat that is looked for is a whole number.

Each beat gets the coarsest division that its onsets fit, exactly if they can, else best in the sense of
least mean distance plus a price for fine divisions (Cemgil, Desain & Kappen 2000 weigh the same two).

This file knows no bars and no keys (`transcription`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from tunewright.tune import Repair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tunewright.tune import Meter

WHOLE = 80640  # grains: a 32nd of an eighth, its ninth, fifth and seventh are whole numbers
GRACE = WHOLE // 40  # a shorter note that leads straight into another is a grace note
BREATH = WHOLE // 24  # a shorter silence, if it is also under a third of the gap, is articulation
EXACT = WHOLE // 900  # two ticks of 480 to the quarter: files as written, not as played
# divisions of a beat and the price of each
PRICES = {1: 0.0, 2: 0.01, 4: 0.03, 3: 0.035, 8: 0.08, 6: 0.09, 12: 0.15}
ONLY_EXACT = {16: 1, 9: 3, 5: 4, 7: 5, 24: 1, 32: 1}  # taken only where this many onsets or more fit exactly
LEAST_ONSETS = {**dict.fromkeys(PRICES, 1), **ONLY_EXACT}
TWO_IN_THREE = 0.03  # added for thirds of a beat with fewer than three onsets: more often a lilt than a tuplet
COLLISION = 0.3  # price of two onsets that fall on one place
MECHANICAL = 0.9  # the share of notes on the grid from which a file is taken to be as written, not as played
SWUNG = (0.56, 0.71)  # of a beat: where the second of a swung pair begins; three quarters is a dotted pair
FEWEST_PAIRS = 8  # from which a lilt is told
LEAST_EVEN = 0.15  # concentration of onsets on some beat, from 0 to 1, below which a file keeps no beat
EVEN_FROM = 16  # notes

Beats = list[tuple[int, "Meter"]]  # where each metre begins, in grains


@dataclass(frozen=True, slots=True, order=True)
class TimedNote:
    """A MIDI note: onset and length in grains, and its number."""

    onset: int
    length: int
    number: int

    @property
    def end(self) -> int:
        """When it stops sounding."""
        return self.onset + self.length


@dataclass(frozen=True, slots=True)
class Piece:
    """What fills a stretch of time, in grains: pitches from low to high, or none for a rest."""

    onset: int
    length: int
    numbers: tuple[int, ...] = ()
    grace: tuple[int, ...] = ()
    tied: bool = False
    staccato: bool = False

    @property
    def end(self) -> int:
        """When it ends."""
        return self.onset + self.length


def evenness(notes: Sequence[TimedNote]) -> float:
    """How much onsets keep to quarters, eighths, their thirds or sixteenths: 0 not at all, 1 exactly.

    The length of the mean of the onsets as places on a circle (Rayleigh's test), the best of the four.
    """
    onsets = np.array([note.onset for note in notes], dtype=np.float64)
    circles = (np.exp(2j * np.pi * onsets * (parts / WHOLE)).mean() for parts in (4, 8, 12, 16))
    return max(abs(complex(mean)) for mean in circles)


def quantized(notes: Sequence[TimedNote], meters: Beats, repairs: list[Repair]) -> list[Piece]:
    """Notes and rests that fill the time from 0, on the grid of each beat; what was assumed is added to `repairs`."""
    mechanical = _mechanical(notes)
    graces: dict[TimedNote, tuple[int, ...]] = {}
    ordered = sorted(notes)
    if not mechanical:
        ordered, graces = _without_graces(ordered)
        if graces:
            repairs.append(Repair("short notes read as grace notes", detail=str(len(graces))))
    chords: dict[int, list[TimedNote]] = defaultdict(list)
    together = -WHOLE
    for note in ordered:
        together = together if note.onset - together <= 2 * EXACT else note.onset
        chords[together].append(note)
    swung = _swing(list(chords), meters)
    if swung:
        repairs.append(Repair("swing written straight", detail=f"{swung:.2f} of a beat"))
    return _pieces(chords, graces, meters, mechanical=mechanical, swung=bool(swung))


def _pieces(
    chords: dict[int, list[TimedNote]],
    graces: dict[TimedNote, tuple[int, ...]],
    meters: Beats,
    *,
    mechanical: bool,
    swung: bool,
) -> list[Piece]:
    onsets = list(chords)
    following = dict(pairwise(onsets))
    ends = [_end(chord, None if mechanical else following.get(onset)) for onset, chord in chords.items()]
    if mechanical:
        places = stops = on_grid([*onsets, *ends], meters, swung=swung)
    else:
        places = on_grid(onsets, meters, swung=swung)
        sixteenth = WHOLE // 16
        stops = {end: places.get(end, (end + sixteenth // 2) // sixteenth * sixteenth) for end in ends}
    limits = [places[onset] for onset in onsets[1:]] + [max(stops.values(), default=0)]
    pieces: list[Piece] = []
    time = 0
    for onset, end, limit in zip(onsets, ends, limits, strict=True):
        start = max(places[onset], time)
        stop = min(stops[end], limit) if stops[end] > start else limit
        if stop <= start:
            continue  # fell together with the next one
        if start > time:
            pieces.append(Piece(time, start - time))
        numbers = tuple(sorted({note.number for note in chords[onset]}))
        grace = tuple(number for note in chords[onset] for number in graces.get(note, ()))
        staccato = not mechanical and onset in following and _staccato(chords[onset], following[onset])
        pieces.append(Piece(start, stop - start, numbers, grace, staccato=staccato))
        time = stop
    return pieces


# ------------------------------------------------------------------------------------------------ how it was played


def _mechanical(notes: Sequence[TimedNote]) -> bool:
    """Whether a file's notes begin and end where the page says, as no player's do."""
    exact = sum(_near_grid(note.onset) and _near_grid(note.end) for note in notes)
    return exact >= MECHANICAL * len(notes)


def _near_grid(time: int) -> bool:
    over = time % (WHOLE // 32)
    if over <= EXACT or over >= WHOLE // 32 - EXACT:
        return True
    over = time % (WHOLE // 48)
    return over <= EXACT or over >= WHOLE // 48 - EXACT


def _without_graces(notes: Sequence[TimedNote]) -> tuple[list[TimedNote], dict[TimedNote, tuple[int, ...]]]:
    """The notes without grace notes, the note that each leans on beginning where the grace began."""
    kept: list[TimedNote] = []
    graces: dict[TimedNote, tuple[int, ...]] = {}
    waiting: list[TimedNote] = []
    for note, after in zip(notes, [*notes[1:], None], strict=True):
        leads = after is not None and after.onset > note.onset and after.onset - note.end <= EXACT
        if note.length < GRACE and leads and after is not None and after.length >= note.length:
            waiting.append(note)
            continue
        if waiting:
            start = waiting[0].onset
            note = TimedNote(start, note.end - start, note.number)
            graces[note] = tuple(grace.number for grace in waiting)
            waiting = []
        kept.append(note)
    return kept, graces


def _swing(onsets: Sequence[int], meters: Beats) -> float:
    """Where in a beat the second note of a swung pair begins, or 0 where the notes are even, dotted or in threes."""
    if any(meter.compound for _, meter in meters):
        return 0.0
    beat = WHOLE // 4
    late: list[float] = []
    even = threes = 0
    inside: dict[int, list[int]] = defaultdict(list)
    for onset in onsets:
        inside[(onset + EXACT) // beat].append(onset)
    for number, of_beat in inside.items():
        places = [(onset - number * beat) / beat for onset in of_beat]
        if len(places) == 2 and places[0] < 0.04:
            late += [places[1]] if SWUNG[0] <= places[1] <= SWUNG[1] else []
            even += places[1] < SWUNG[0]
        threes += len(places) == 3 and 0.25 < places[1] < 0.42
    if len(late) < FEWEST_PAIRS or len(late) < 4 * even or len(late) < 2 * threes:
        return 0.0
    return median(late)


def _end(chord: Sequence[TimedNote], following: int | None) -> int:
    """When a note ends as written: to a played one belongs the breath before the next, or staccato silence."""
    end = max(note.end for note in chord)
    if following is None:
        return end
    gap = following - end
    breath = gap < BREATH and 3 * gap < following - chord[0].onset
    return following if breath or _staccato(chord, following) else end


def _staccato(chord: Sequence[TimedNote], following: int) -> bool:
    """Whether a short note sounds for about half the time until the next one."""
    until = following - chord[0].onset
    return until < WHOLE // 4 and abs(2 * chord[0].length - until) <= until / 5


# ------------------------------------------------------------------------------------------------ the grid


def on_grid(times: Iterable[int], meters: Beats, *, swung: bool = False) -> dict[int, int]:
    """Each time moved to the grid of the beat it falls in; in swung music the late second of a pair to the middle."""
    moved: dict[int, int] = {}
    starts = [time for time, _ in meters]
    beats: dict[tuple[int, int], list[int]] = defaultdict(list)
    for time in sorted(set(times)):
        start, meter = meters[max(0, bisect_right(starts, time + EXACT) - 1)] if len(starts) > 1 else meters[0]
        beat = WHOLE // 8 if meter.denominator >= 8 and meter.numerator % 3 == 0 else WHOLE // 4
        # a time just before a beat belongs to it
        beats[start + beat * ((time + EXACT - start) // beat), beat].append(time)
    for (start, beat), inside in beats.items():
        places = [time - start for time in inside]
        if swung and _swung_pair(places, beat):
            moved |= {time: start + (beat // 2 if time - start > beat // 4 else 0) for time in inside}
            continue
        division = _division(places, beat)
        part = beat // division
        for time, place in zip(inside, places, strict=True):
            moved[time] = start + (place * division + beat // 2) // beat * part
    return moved


def _swung_pair(places: Sequence[int], beat: int) -> bool:
    """Whether nothing begins or ends in a beat but on it and where the late note of a swung pair does."""
    low, high = SWUNG[0] * beat, SWUNG[1] * beat
    return all(place < beat / 25 or low <= place <= high for place in places)


def _division(places: Sequence[int], beat: int) -> int:
    """Into how many parts to divide a beat so that onsets at these places fit."""
    half = beat // 2
    for division, least in LEAST_ONSETS.items():
        if len(places) >= least and all(
            abs(place * division - (place * division + half) // beat * beat) <= EXACT * division for place in places
        ):
            return division

    def price(division: int) -> float:
        rounded = [(place * division + half) // beat for place in places]
        distance = sum(abs(place / beat - near / division) for place, near in zip(places, rounded, strict=True))
        lilt = TWO_IN_THREE if division % 3 == 0 and len(places) < 3 else 0.0
        return distance / len(places) + lilt + PRICES[division] + COLLISION * (len(rounded) - len(set(rounded)))

    return min(PRICES, key=price)
