"""From a list of timed pitches to a tune that can be read: bars, ties, rests, tuplets, spelling, key.

In: a `Performance`, the melody of a MIDI file with what the file says of metre and key. Out: a `Tune`, with
each thing that had to be assumed as a `Repair`. Times are `Fraction`s of a whole note.

Each beat gets the coarsest division that its onsets fit, exactly if they can, else best in the sense of
least mean distance plus a price for fine divisions (Cemgil, Desain & Kappen 2000 weigh the same two).
Spelling is a window of twelve fifths around the signature (Temperley 2001). Repeats are not folded.

This file reads no format (`midi`) and does not know tempo.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from tunewright.tune import (
    FIFTHS,
    ORDER_OF_SHARPS,
    SEMITONES,
    Bar,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Pitch,
    Repair,
    Rest,
    Tune,
    Tuplet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tunewright.tune import Element

GRACE = Fraction(1, 40)  # a shorter note that leads straight into another is a grace note
BREATH = Fraction(1, 24)  # a shorter silence, if it is also under a third of the gap, is articulation
EXACT = Fraction(1, 900)  # two ticks of 480 to the quarter: files as written, not as played
# divisions of a beat and the price of each
PRICES = {1: 0.0, 2: 0.01, 4: 0.03, 3: 0.035, 8: 0.08, 6: 0.09, 12: 0.15}
ONLY_EXACT = {16: 1, 9: 3, 5: 4, 7: 5, 24: 1, 32: 1}  # taken only where this many onsets or more fit exactly
TWO_IN_THREE = 0.03  # added for thirds of a beat with fewer than three onsets: more often a lilt than a tuplet
COLLISION = 0.3  # price of two onsets that fall on one place
MECHANICAL = 0.9  # the share of notes on the grid from which a file is taken to be as written, not as played


@dataclass(frozen=True, slots=True, order=True)
class TimedNote:
    """A MIDI note: onset and length in whole notes, and its number."""

    onset: Fraction
    length: Fraction
    number: int

    @property
    def end(self) -> Fraction:
        """When it stops sounding."""
        return self.onset + self.length


@dataclass(frozen=True, slots=True)
class Performance:
    """A melody in time, with the metres and keys (sharps, whether minor) that the file states, and when."""

    notes: tuple[TimedNote, ...]
    meters: tuple[tuple[Fraction, Meter], ...] = ()
    keys: tuple[tuple[Fraction, tuple[int, bool]], ...] = ()
    title: str = ""
    source: str = ""
    repairs: tuple[Repair, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Piece:
    """What fills a stretch of time: pitches from low to high, or none for a rest."""

    onset: Fraction
    length: Fraction
    numbers: tuple[int, ...] = ()
    grace: tuple[int, ...] = ()
    tied: bool = False
    staccato: bool = False


def transcribe(performance: Performance) -> Tune:
    """The tune that a performance is of; without notes, an empty one."""
    repairs = list(performance.repairs)
    meters = _meters(performance, repairs)
    mechanical = _mechanical(performance.notes)
    notes, graces = (sorted(performance.notes), {}) if mechanical else _without_graces(performance.notes)
    if graces:
        repairs.append(Repair("short notes read as grace notes", detail=str(len(graces))))
    pieces = _quantised(notes, graces, meters, mechanical=mechanical)
    meters = _with_pickup(meters, pieces, repairs)
    pieces, meters = _without_silence(pieces, meters, repairs)
    keys = _keys(performance, notes, repairs)
    return Tune(
        music=tuple(_music(pieces, meters, keys)),
        key=keys[0][1],
        meter=meters[0][1],
        title=performance.title,
        source=performance.source,
        repairs=tuple(repairs),
    )


# ------------------------------------------------------------------------------------------------ metre

_Meters = list[tuple[Fraction, Meter]]


def _meters(performance: Performance, repairs: list[Repair]) -> _Meters:
    """The metre events in order, the first at 0; a first bar stated as a metre of its own becomes a pickup."""
    meters = sorted(performance.meters, key=lambda event: event[0])
    if not meters or meters[0][0] > 0:
        repairs.append(Repair("metre not stated, 4/4 assumed"))
        meters.insert(0, (Fraction(0), Meter(4, 4)))
    # of several events at one time the last counts
    events = [now for now, after in pairwise([*meters, (None, Meter())]) if now[0] != after[0]]
    kept: _Meters = [(time, meter) for time, meter in events if time is not None]
    if len(kept) > 1:
        (_, first), (time, second) = kept[:2]
        if first != second and first.length == time and second.length is not None and time < second.length:
            kept[0] = (Fraction(0), second)
    return kept


def _with_pickup(meters: _Meters, pieces: Sequence[_Piece], repairs: list[Repair]) -> _Meters:
    """A first bar line moved to where far fewer notes sound across bar lines, if the file has a single metre."""
    bar = meters[0][1].length
    if len(meters) > 1 or bar is None or not pieces or pieces[0].onset > 0:
        return meters
    crossings = {}
    for eighths in range(int(bar * 8)):
        pickup = Fraction(eighths, 8)
        if pickup < bar:
            crossings[pickup] = _crossings(pieces, pickup, bar)
    best = min(crossings, key=lambda pickup: (crossings[pickup], -_downbeats(pieces, pickup, bar), pickup))
    if 3 * crossings[best] >= crossings.get(Fraction(0), 0) or not best:
        return meters
    repairs.append(Repair("pickup inferred", detail=str(best)))
    return [meters[0], (best, meters[0][1])]


def _crossings(pieces: Sequence[_Piece], pickup: Fraction, bar: Fraction) -> int:
    """How many notes sound across a bar line."""
    return sum(
        -(-(piece.onset + piece.length - pickup) // bar) - (piece.onset - pickup) // bar > 1
        for piece in pieces
        if piece.numbers
    )


def _downbeats(pieces: Sequence[_Piece], pickup: Fraction, bar: Fraction) -> Fraction:
    """Together, how long the notes are that begin bars."""
    return sum((piece.length for piece in pieces if not (piece.onset - pickup) % bar), Fraction(0))


def _without_silence(pieces: list[_Piece], meters: _Meters, repairs: list[Repair]) -> tuple[list[_Piece], _Meters]:
    """Empty bars at the beginning dropped, and a first bar that is silent for half or more made a pickup."""
    if not pieces or pieces[0].numbers:
        return pieces, meters
    starts = [line for line in _bar_lines(meters, pieces[0].length) if line <= pieces[0].length]
    meter = next(meter for time, meter in reversed(meters) if time <= starts[-1])
    silent = pieces[0].length - starts[-1]
    cut = pieces[0].length if meter.length is None or 2 * silent >= meter.length else starts[-1]
    if not cut:
        return pieces, meters
    repairs.append(Repair("silence at the beginning dropped", detail=str(cut)))
    first_line = (meter.length - silent) if meter.length is not None and silent and cut > starts[-1] else Fraction(0)
    later = [(time - cut, changed) for time, changed in meters if time > cut]
    shifted = [(Fraction(0), meter), *([(first_line, meter)] if first_line else []), *later]
    kept = pieces[1:] if cut == pieces[0].length else [replace(pieces[0], onset=cut, length=silent), *pieces[1:]]
    return [replace(piece, onset=piece.onset - cut) for piece in kept], shifted


def _bar_lines(meters: _Meters, end: Fraction) -> list[Fraction]:
    """Where bars begin, up to `end`: counted anew from each metre event."""
    lines = []
    for (start, meter), (stop, _) in pairwise([*meters, (max(end, meters[-1][0]) + 1, Meter())]):
        step = meter.length or stop - start
        lines += [start + count * step for count in range(int(-(-(min(stop, end + 1) - start) // step)))]
    return lines


# ------------------------------------------------------------------------------------------------ time


def _without_graces(notes: Sequence[TimedNote]) -> tuple[list[TimedNote], dict[TimedNote, tuple[int, ...]]]:
    """The notes without grace notes, the note that each leans on beginning where the grace began."""
    kept: list[TimedNote] = []
    graces: dict[TimedNote, tuple[int, ...]] = {}
    waiting: list[TimedNote] = []
    ordered = sorted(notes)
    for note, after in zip(ordered, [*ordered[1:], None], strict=True):
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


def _quantised(
    notes: Sequence[TimedNote], graces: dict[TimedNote, tuple[int, ...]], meters: _Meters, *, mechanical: bool
) -> list[_Piece]:
    """Notes and rests that fill the time from 0 without gap or overlap, on the grid of each beat."""
    chords: dict[Fraction, list[TimedNote]] = defaultdict(list)
    together = Fraction(-1)
    for note in notes:
        together = together if note.onset - together <= 2 * EXACT else note.onset
        chords[together].append(note)
    onsets = list(chords)
    places = _on_grid(onsets, meters)
    following = dict(pairwise(onsets))
    ends = [_end(chord, None if mechanical else following.get(onset)) for onset, chord in chords.items()]
    stops = _on_grid([*onsets, *ends], meters) if mechanical else _ends_on_grid(places, ends, meters)
    limits = [places[onset] for onset in onsets[1:]] + [max(stops.values(), default=Fraction(0))]
    pieces: list[_Piece] = []
    time = Fraction(0)
    for onset, end, limit in zip(onsets, ends, limits, strict=True):
        start = max(places[onset], time)
        stop = min(stops[end], limit) if stops[end] > start else limit
        if stop <= start:
            continue  # fell together with the next one
        if start > time:
            pieces.append(_Piece(time, start - time))
        numbers = tuple(sorted({note.number for note in chords[onset]}))
        grace = tuple(number for note in chords[onset] for number in graces.get(note, ()))
        staccato = not mechanical and onset in following and _staccato(chords[onset], following[onset])
        pieces.append(_Piece(start, stop - start, numbers, grace, staccato=staccato))
        time = stop
    return pieces


def _mechanical(notes: Sequence[TimedNote]) -> bool:
    """Whether a file's notes begin and end where the page says, as no player's do."""
    exact = sum(_near_grid(note.onset) and _near_grid(note.end) for note in notes)
    return exact >= MECHANICAL * len(notes)


def _near_grid(time: Fraction) -> bool:
    return any(abs(time * parts - round(time * parts)) <= EXACT * parts for parts in (32, 48))


def _end(chord: Sequence[TimedNote], following: Fraction | None) -> Fraction:
    """When a note ends as written: to a played one belongs the breath before the next, or staccato silence."""
    end = max(note.end for note in chord)
    if following is None:
        return end
    gap = following - end
    breath = gap < BREATH and 3 * gap < following - chord[0].onset
    return following if breath or _staccato(chord, following) else end


def _staccato(chord: Sequence[TimedNote], following: Fraction) -> bool:
    """Whether a short note sounds for about half the time until the next one."""
    until = following - chord[0].onset
    return until < Fraction(1, 4) and abs(chord[0].length - until / 2) <= until / 10


def _ends_on_grid(
    places: dict[Fraction, Fraction], ends: Sequence[Fraction], meters: _Meters
) -> dict[Fraction, Fraction]:
    """The ends of played notes moved to onsets, or, where a rest follows, to the nearest sixteenth."""
    return {end: places[end] if end in places else Fraction(round(end * 16), 16) for end in ends}


def _on_grid(times: Iterable[Fraction], meters: _Meters) -> dict[Fraction, Fraction]:
    """Each time moved to the grid of the beat it falls in."""
    moved: dict[Fraction, Fraction] = {}
    starts = [time for time, _ in meters]
    beats: dict[tuple[Fraction, Fraction], list[Fraction]] = defaultdict(list)
    for time in sorted(set(times)):
        start, meter = meters[max(0, bisect_right(starts, time + EXACT) - 1)]
        beat = Fraction(1, 8) if meter.denominator >= 8 and meter.numerator % 3 == 0 else Fraction(1, 4)
        # a time just before a beat belongs to it
        beats[start + beat * ((time + EXACT - start) // beat), beat].append(time)
    for (start, beat), inside in beats.items():
        division = _division([(time - start) / beat for time in inside], EXACT / beat)
        for time in inside:
            moved[time] = start + beat * Fraction(round((time - start) / beat * division), division)
    return moved


def _division(places: Sequence[Fraction], exact: Fraction) -> int:
    """Into how many parts to divide a beat so that onsets at these places (0 to 1) fit."""
    for division, least in {**dict.fromkeys(PRICES, 1), **ONLY_EXACT}.items():
        if len(places) >= least and all(
            abs(place - Fraction(round(place * division), division)) <= exact for place in places
        ):
            return division

    def price(division: int) -> float:
        rounded = [round(place * division) for place in places]
        distance = sum(abs(float(place) - near / division) for place, near in zip(places, rounded, strict=True)) / len(
            places
        )
        lilt = TWO_IN_THREE if division % 3 == 0 and len(places) < 3 else 0.0
        return distance + lilt + PRICES[division] + COLLISION * (len(rounded) - len(set(rounded)))

    return min(PRICES, key=price)


# ------------------------------------------------------------------------------------------------ key and spelling

_Keys = list[tuple[Fraction, Key]]
_RELATIVE = {"major": 0, "dorian": 2, "mixolydian": 1, "minor": 3}  # fifths from the major tonic to the mode's


def _keys(performance: Performance, notes: Sequence[TimedNote], repairs: list[Repair]) -> _Keys:
    """The key events in order, the first at 0, each with a mode."""
    if not notes:
        return [(Fraction(0), Key())]
    events = dict(sorted(performance.keys))
    if not events or min(events) > notes[0].onset:
        sharps = best_signature(notes)
        repairs.append(Repair("key not stated, inferred from the notes", detail=f"{sharps} sharps"))
        events = {Fraction(0): (sharps, False), **events}
    keys: _Keys = []
    starts = list(events)
    for start, stop in zip(starts, [*starts[1:], None], strict=True):
        inside = [note for note in notes if start <= note.onset and (stop is None or note.onset < stop)]
        sharps, minor = events[start]
        key = _mode(sharps, minor, inside)
        if key.mode not in ("major", "minor"):
            repairs.append(Repair("mode inferred", detail=str(key)))
        keys.append((start, key))
    return [(Fraction(0), keys[0][1]), *keys[1:]]


def best_signature(notes: Iterable[TimedNote]) -> int:
    """The sharps (negative: flats) of the signature that the notes, weighed by length, depart from least."""
    weights: dict[int, Fraction] = defaultdict(Fraction)
    for note in notes:
        weights[note.number % 12] += note.length
    scale = {sharps: {(7 * place) % 12 for place in range(sharps - 1, sharps + 6)} for sharps in range(-5, 7)}

    def foreign(sharps: int) -> Fraction:
        return sum((weight for pitch, weight in weights.items() if pitch not in scale[sharps]), Fraction(0))

    return min(scale, key=lambda sharps: (foreign(sharps), abs(sharps)))


def _mode(sharps: int, minor: bool, notes: Sequence[TimedNote]) -> Key:
    """The key with this signature whose tonic the last note is, where that note also outweighs the major tonic."""
    if minor or not notes:
        return _key_on(sharps, "minor" if minor else "major")
    weights: dict[int, Fraction] = defaultdict(Fraction)
    for note in notes:
        weights[note.number % 12] += note.length
    last = notes[-1].number % 12
    for mode, above in _RELATIVE.items():
        tonic = 7 * (sharps + above) % 12
        if last == tonic and weights[tonic] > weights[7 * sharps % 12]:
            return _key_on(sharps, mode)
    return _key_on(sharps, "major")


def _key_on(sharps: int, mode: str) -> Key:
    place = sharps + _RELATIVE[mode]
    step, alter = ORDER_OF_SHARPS[(place + 1) % 7], (place + 1) // 7
    return Key(step + ("#" * alter if alter > 0 else "b" * -alter), mode)


def spell(number: int, key: Key) -> Pitch:
    """A MIDI number as a pitch of the key: its own notes by signature, the others from a flat third to a sharp fifth.

    >>> str(spell(66, Key("G")))
    'F#4'
    """
    step, alter = next(
        (step, alter)
        for place in sorted(range(key.sharps - 3, key.sharps + 9), key=lambda place: abs(place - key.sharps - 2))
        for step, alter in [(ORDER_OF_SHARPS[(place + 1) % 7], (place + 1) // 7)]
        if (SEMITONES[step] + alter - number) % 12 == 0
    )
    assert FIFTHS[step] + 7 * alter in range(key.sharps - 3, key.sharps + 9)
    return Pitch(step, alter, (number - alter - SEMITONES[step]) // 12 - 1)


# ------------------------------------------------------------------------------------------------ notation


def _music(pieces: Sequence[_Piece], meters: _Meters, keys: _Keys) -> Iterator[Element]:
    """The elements of the tune: changes, tuplets, notes, rests and bar lines."""
    end = pieces[-1].onset + pieces[-1].length if pieces else Fraction(0)
    lines = sorted({*(line for line in _bar_lines(meters, end) if 0 < line < end), end})
    lines[-1] = end = _full_end(lines, end, meters)
    changes = {time: MeterChange(meter) for (_, before), (time, meter) in pairwise(meters) if meter != before}
    changed_keys = dict(keys[1:])
    key, start = keys[0][1], Fraction(0)
    waiting = list(_cut(pieces, lines))[::-1]
    for line in lines:
        if start in changes:
            yield changes[start]
        bar = []
        while waiting and waiting[-1].onset < line:
            bar.append(waiting.pop())
        for piece, tuplet in _tuplets(_completed(bar, line) if bar else [_Piece(start, line - start)]):
            for time in [time for time in changed_keys if time <= piece.onset]:
                key = changed_keys.pop(time)
                yield KeyChange(key)
            if tuplet:
                yield tuplet
            yield _element(piece, key)
        yield Bar("|]" if line == end else "|")
        start = line


def _element(piece: _Piece, key: Key) -> Note | Rest:
    if not piece.numbers:
        return Rest(piece.length)
    return Note(
        tuple(spell(number, key) for number in piece.numbers),
        piece.length,
        tied=piece.tied,
        grace=tuple(spell(number, key) for number in piece.grace),
        decorations=("staccato",) if piece.staccato else (),
    )


def _completed(bar: list[_Piece], stop: Fraction) -> list[_Piece]:
    """A bar filled up with a rest."""
    filled = bar[-1].onset + bar[-1].length
    return bar if filled >= stop else [*bar, _Piece(filled, stop - filled)]


def _full_end(lines: Sequence[Fraction], end: Fraction, meters: _Meters) -> Fraction:
    """Where the last bar is full, or completes the pickup."""
    start = max((line for line in lines if line < end), default=Fraction(0))
    bar = next(meter.length for time, meter in reversed(meters) if time <= start)
    if bar is None or not start:
        return end
    pickup = lines[0] if lines[0] < bar else Fraction(0)
    return max(end, start + bar - (pickup if start + bar - pickup >= end else 0))


def _cut(pieces: Iterable[_Piece], lines: Sequence[Fraction]) -> Iterator[_Piece]:
    """Notes cut and tied, rests cut, at bar lines, and at beats where they begin inside a tuplet and run on."""
    for piece in pieces:
        rest = piece
        while True:
            after = bisect_right(lines, rest.onset)
            limit = lines[after] if after < len(lines) else rest.onset + rest.length
            written = rest.length * Fraction(3, 2)
            if not _dyadic(rest.onset) and written.numerator not in (1, 3):
                limit = min(limit, Fraction(rest.onset * 4 // 1 + 1, 4))
            if rest.onset + rest.length <= limit:
                yield rest
                break
            yield replace(rest, length=limit - rest.onset, tied=bool(rest.numbers))
            rest = replace(rest, onset=limit, length=rest.onset + rest.length - limit, grace=())


def _tuplets(bar: Sequence[_Piece]) -> Iterator[tuple[_Piece, Tuplet | None]]:
    """Each piece of a bar, with the tuplet that begins with it: up to where time is back on powers of two."""
    index = 0
    while index < len(bar):
        stop, length = index, Fraction(0)
        while stop < len(bar):
            length += bar[stop].length
            stop += 1
            if _dyadic(length):
                break
        group = bar[index:stop]
        tuplet = None
        if not all(_dyadic(piece.length) for piece in group):
            odd = max(_odd_part(piece.length.denominator) for piece in group)
            tuplet = Tuplet(odd, 1 << (odd.bit_length() - 1), len(group))
        for piece in group:
            yield piece, tuplet
            tuplet = None
        index = stop


def _dyadic(length: Fraction) -> bool:
    return _odd_part(length.denominator) == 1


def _odd_part(number: int) -> int:
    return number // (number & -number)
