"""Performed notes on a grid: grace notes, swing and breaths are recognised, and the rest fills the time without a gap.

In: `TimedNote`s, and where beats are. Out: `Piece`s, notes and rests that follow one another. Time is counted in
grains, 80,640 to a whole note, in which every division of a beat that is looked for is a whole number.

Each beat gets the coarsest division that its onsets fit, exactly if they can, else best in the sense of
least mean distance plus a price for fine divisions (Cemgil, Desain & Kappen 2000 weigh the same two); so does each
half of a beat where that is cheaper.

This file knows no bars and no keys (`transcription`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tunewright.music.tune import Repair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tunewright.music.tune import Meter

WHOLE = 80640  # grains: a 32nd of an eighth, its ninth, fifth and seventh are whole numbers
GRACE = WHOLE // 40  # a shorter note that leads straight into another is a grace note
MOST_GRACES = 4  # in a row: more are a run
BREATH = WHOLE // 24  # a shorter silence, if it is also under a third of the gap, is articulation
EXACT = WHOLE // 900  # two ticks of 480 to the quarter: files as written, not as played
# divisions of a beat and the price of each
PRICES = {1: 0.0, 2: 0.01, 4: 0.03, 3: 0.035, 8: 0.08, 6: 0.09, 12: 0.15}
ONLY_EXACT = {16: 1, 9: 3, 5: 4, 7: 5, 10: 4, 24: 1, 32: 1}  # taken only where this many onsets or more fit exactly
LEAST_ONSETS = {**dict.fromkeys(PRICES, 1), **ONLY_EXACT}
RUNS = (9, 5, 7, 10)  # parts that are notes of a tuplet: taken where that many follow one another
TWO_IN_THREE = 0.03  # added for thirds of a beat with fewer than three onsets: more often a lilt than a tuplet
COLLISION = 0.3  # price of two onsets that fall on one place
DEAR = 0.2  # price of a division that only an exact fit speaks for
FINEST_PLAYED = 4  # into more parts an onset where a swung one may be divides no beat of a played file
SPREAD = 0.4  # the share of onsets on the grid below which they are spread by chance: of random ones a fifth
TOLD_SPREAD = WHOLE // 160  # 12 ticks of 480, or ms, up to which fine divisions cost what they cost; beyond, more
MOST_SPREAD = 2.5
MECHANICAL = 0.9  # the share of notes on the grid from which a file is taken to be as written, not as played
EVEN = 0.44
SWUNG = (0.56, 0.71)  # of a beat: where the second of a swung pair begins; three quarters is a dotted pair
FEWEST_PAIRS = 8  # from which a lilt is told
FEWEST_EQUAL = 3  # the same where all begin at one place

Meters = list[tuple[int, "Meter"]]  # where each metre begins, in grains
Beats = list[tuple[int, int]]  # from when on, in grains, and how long a beat is


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


def quantized(notes: Sequence[TimedNote], meters: Meters, repairs: list[Repair]) -> list[Piece]:
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
    beats = _beats(meters)
    for pair in (WHOLE // 4, WHOLE // 8):
        if share := _swing(list(chords), beats, pair, exact=mechanical):
            repairs.append(Repair("swing written straight", detail=f"{share:.2f} of {Fraction(pair, WHOLE)}"))
            break
    else:
        pair = 0
    spread = _spread(list(chords)) if sum(map(_near_grid, chords)) < SPREAD * len(chords) else 0.0
    return _pieces(chords, graces, Grid(beats, Playing(mechanical, pair, spread)))


def _beats(meters: Meters) -> Beats:
    """The beats that divisions are looked for in; a single bar of another metre has those of the bars around it."""
    beats: Beats = []
    for place, (start, meter) in enumerate(meters):
        if 0 < place < len(meters) - 1 and meter.length is not None:
            (_, before), (stop, after) = meters[place - 1], meters[place + 1]
            meter = before if before == after and meter.length * WHOLE == stop - start else meter
        beats.append((start, WHOLE // 8 if meter.denominator >= 8 and meter.numerator % 3 == 0 else WHOLE // 4))
    return beats


def _pieces(chords: dict[int, list[TimedNote]], graces: dict[TimedNote, tuple[int, ...]], grid: Grid) -> list[Piece]:
    onsets = list(chords)
    following = {} if grid.playing.exact else dict(pairwise(onsets))
    ends = [max([note.end for note in chord]) for chord in chords.values()]
    breath = _breath(ends, following)
    if following:
        ends = [
            _end(chord, end, following.get(chord[0].onset), breath)
            for chord, end in zip(chords.values(), ends, strict=True)
        ]
    places = on_grid([*onsets, *ends] if grid.playing.exact else onsets, grid)
    limits = [places[onset] for onset in onsets[1:]] + [1 << 62]
    pieces: list[Piece] = []
    time = 0
    for onset, end, limit in zip(onsets, ends, limits, strict=True):
        start = max(places[onset], time)
        stop = places[end] if end in places else _nearest(end + breath, WHOLE // 16)
        stop = min(stop, limit) if stop > start else min(limit, start + WHOLE // 16)
        if stop <= start:
            continue  # fell together with the next one
        if start > time:
            pieces.append(Piece(time, start - time))
        chord = chords[onset]
        numbers = tuple(sorted({note.number for note in chord})) if len(chord) > 1 else (chord[0].number,)
        grace = tuple(number for note in chord for number in graces.get(note, ())) if graces else ()
        staccato = onset in following and _staccato(chord, following[onset], breath)
        pieces.append(Piece(start, stop - start, numbers, grace, staccato=staccato))
        time = stop
    return pieces


def _nearest(time: int, part: int) -> int:
    return (time + part // 2) // part * part


# ------------------------------------------------------------------------------------------------ how it was played


def _mechanical(notes: Sequence[TimedNote]) -> bool:
    """Whether notes begin and end where the page says, as no player's do: on a plain grid or where another ends."""
    onsets, ends = {note.onset for note in notes}, {note.end for note in notes}
    plain = sum(_near_grid(note.onset) for note in notes)
    exact = sum(
        (note.onset in ends or _near_grid(note.onset)) and (note.end in onsets or _near_grid(note.end))
        for note in notes
    )
    return exact >= MECHANICAL * len(notes) and 2 * plain >= len(notes)


def _spread(onsets: Sequence[int]) -> float:
    """How far onsets lie from a grid, in `TOLD_SPREAD`s, from 1 to `MOST_SPREAD`; the grid is the one that fits best.

    From the length of the mean of the onsets as places on a circle, by the wrapped normal distribution.
    """
    turns = np.array(onsets) / WHOLE
    deviations = []
    for parts in (8, 12, 16, 24):
        length = abs(complex(np.exp(2j * np.pi * parts * turns).mean()))
        deviations.append(np.sqrt(-2 * np.log(min(1.0, max(length, 1e-9)))) / (2 * np.pi * parts) * WHOLE)
    return round(float(min(MOST_SPREAD, max(1.0, min(deviations) / TOLD_SPREAD))), 1)


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
        if note.length < GRACE and leads and after is not None and 4 * after.length >= 3 * note.length:
            waiting.append(note)
            continue
        if len(waiting) > MOST_GRACES:
            kept += waiting
            waiting = []
        if waiting:
            start = waiting[0].onset
            note = TimedNote(start, note.end - start, note.number)
            graces[note] = tuple(grace.number for grace in waiting)
            waiting = []
        kept.append(note)
    return kept, graces


def _swing(onsets: Sequence[int], beats_of: Beats, pair: int, *, exact: bool) -> float:
    """Where in a pair of so many grains the second note begins, or 0 where they are even, dotted or in threes."""
    if any(beat < WHOLE // 4 for _, beat in beats_of):
        return 0.0
    late: list[float] = []
    lone: list[float] = []  # where the first of a pair began before
    even = threes = 0
    beats: dict[int, list[int]] = defaultdict(list)
    for onset in onsets:
        beats[(onset + EXACT) // (WHOLE // 4)].append(onset)
    for number, inside in beats.items():
        start = number * (WHOLE // 4)
        if _in_threes([onset - start for onset in inside]):
            threes += 1
            continue
        for half in range(start, start + WHOLE // 4, pair):
            places = [(onset - half) / pair for onset in inside if half <= onset + EXACT < half + pair]
            if len(places) == 1 or (len(places) == 2 and places[0] < 0.04):
                late_here = late if len(places) == 2 else lone
                late_here += [places[-1]] if SWUNG[0] <= places[-1] <= SWUNG[1] else []
                even += EVEN <= places[-1] < SWUNG[0]
    both = late + lone
    equal = len(both) >= FEWEST_EQUAL and max(both) - min(both) <= 2 * EXACT / pair
    if equal and not exact and abs(both[0] - 2 / 3) > 2 * EXACT / pair:  # no thirds: nothing else is played so
        return median(both) if len(both) >= 4 * even else 0.0
    return median(late) if len(late) >= max(FEWEST_PAIRS, 4 * even, 2 * threes) else 0.0


def _in_threes(places: Sequence[int]) -> bool:
    """Whether three notes share a quarter about evenly."""
    return len(places) == 3 and 0.25 < 4 * places[1] / WHOLE < 0.42


def _breath(ends: Sequence[int], following: dict[int, int]) -> int:
    """How long the silence between one note and the next mostly is where none is written."""
    short = [
        after - end
        for end, (onset, after) in zip(ends, following.items(), strict=False)
        if _breathed(after - end, after - onset)
    ]
    return max(0, round(median(short))) if short else 0


def _breathed(gap: int, until: int) -> bool:
    """Whether a silence is no rest, at the end of the time until the next note."""
    return gap < BREATH and 3 * gap < until


def _end(chord: Sequence[TimedNote], end: int, following: int | None, breath: int) -> int:
    """When a note ends as written: to a played one belongs the breath before the next, or staccato silence."""
    if following is None:
        return end
    detached = _breathed(following - end, following - chord[0].onset) or _staccato(chord, following, breath)
    return following if detached else end


def _staccato(chord: Sequence[TimedNote], following: int, breath: int) -> bool:
    """Whether a note sounds for about half the time until the next one, and no rest of sixteenths accounts for that."""
    until, length = following - chord[0].onset, chord[0].length
    if until > WHOLE // 4 or abs(2 * length - until) > until / 5:
        return False
    if not breath:
        return until < WHOLE // 4
    end = chord[0].onset + length + breath
    return abs(2 * length - until) < 2 * abs(_nearest(end, WHOLE // 16) - end)


# ------------------------------------------------------------------------------------------------ the grid


class Playing(NamedTuple):
    """How a melody was played: as on the page; in swung pairs of a length, 0 without; its onsets spread by chance.

    Of spread onsets one that hits a fine grid says nothing; how far they are spread is told in `TOLD_SPREAD`s.
    """

    exact: bool = True
    pair: int = 0
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Where beats are, and how what stands on them was played."""

    beats: Beats
    playing: Playing


def on_grid(times: Iterable[int], grid: Grid) -> dict[int, int]:
    """Each time moved to the grid of the beat it falls in; in swung music the late second of a pair to the middle."""
    moved: dict[int, int] = {}
    starts = [time for time, _ in grid.beats]
    beats: dict[tuple[int, int], list[int]] = defaultdict(list)
    for time in sorted(set(times)):
        start, beat = grid.beats[max(0, bisect_right(starts, time + EXACT) - 1)] if len(starts) > 1 else grid.beats[0]
        # a time just before a beat belongs to it
        beats[start + beat * ((time + EXACT - start) // beat), beat].append(time)
    for (start, beat), inside in beats.items():
        full = (start + beat, beat) not in beats or beats[start + beat, beat][0] > start + beat + EXACT
        level = 2 if grid.playing.spread and beat < WHOLE // 4 else 1  # chance is as wide in an eighth
        _, placed = _placed(tuple([time - start for time in inside]), beat, grid.playing, full, level)
        moved |= {time: start + place for time, place in zip(inside, placed, strict=True)}
    return moved


_Placed = tuple[float, list[int]]  # what a division costs, and where it puts onsets


@lru_cache(maxsize=1 << 14)  # much the same beats come again and again
def _placed(places: tuple[int, ...], beat: int, playing: Playing, full: bool, level: int) -> _Placed:
    """Onsets in a beat, or in half of one at level 2, on the grid of the best division.

    `full`: whether none follows at its end, so that the last of these may fall there.
    """
    pair = playing.pair
    if pair == beat and (even := _straight(places, beat)) is not None:
        return PRICES[2 * level], even
    exact = _exactly(places, beat)
    sure = playing.exact or exact * level <= FINEST_PLAYED or exact in RUNS
    fine = level == 1 and not playing.spread and pair != beat // 2 and _straight(places, beat) is None
    if exact and (sure or fine):
        return PRICES.get(exact * level, DEAR), _parts(places, beat, exact)
    fine_costs = max(1.0, playing.spread)
    whole = min(
        _priced(places, beat, division, level, fine_costs, full=full)
        for division in PRICES
        if division * level in PRICES
    )
    if level == 2 or len(places) < 2 or (len(places) < 3 and pair != beat // 2):
        return whole
    half = beat // 2
    early = tuple(place for place in places if place + EXACT < half)
    late = tuple(place - half for place in places[len(early) :])
    if not early or not late:
        return whole
    one, first = _placed(early, half, playing, False, 2)
    other, second = _placed(late, half, playing, full, 2)
    price = (one * len(early) + other * len(late)) / len(places)
    return min(whole, (price, [*first, *(place + half for place in second)]))


def _straight(places: Sequence[int], pair: int) -> list[int] | None:
    """The late notes of a swung pair moved to its middle; None where one begins elsewhere than they do."""
    even = []
    for place in places:
        if place < pair / 25:
            even.append(0)
        elif SWUNG[0] * pair <= place <= SWUNG[1] * pair:
            even.append(pair // 2)
        else:
            return None
    return even


def _parts(places: Sequence[int], beat: int, division: int) -> list[int]:
    part = beat // division
    return [(place * division + beat // 2) // beat * part for place in places]


def _exactly(places: Sequence[int], beat: int) -> int:
    """The coarsest division that onsets fit exactly, 0 without one."""
    half = beat // 2
    for division, least in LEAST_ONSETS.items():
        if len(places) < least:
            continue
        nearest = [(place * division + half) // beat for place in places]
        if any(
            abs(place * division - near * beat) > EXACT * division for place, near in zip(places, nearest, strict=True)
        ):
            continue
        if division not in RUNS or sum(b - a == 1 for a, b in pairwise(nearest)) >= least - 1:
            return division
    return 0


def _priced(places: Sequence[int], beat: int, division: int, level: int, fine_costs: float, *, full: bool) -> _Placed:
    """What it costs to divide a beat into so many parts: the mean distance, the fineness, onsets that fall together."""
    placed = _parts(places, beat, division)
    distance = sum(abs(place - near) for place, near in zip(places, placed, strict=True)) / (beat * level * len(places))
    lilt = TWO_IN_THREE if division % 3 == 0 and len(places) < 3 else 0.0
    together = len(placed) - len(set(placed)) + (placed[-1] == beat and not full)
    return distance + fine_costs * (lilt + PRICES[division * level]) + COLLISION * together, placed
