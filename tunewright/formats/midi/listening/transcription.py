"""From a list of timed pitches to a tune that can be read: bars, ties, rests, tuplets, spelling, key, repeats.

In: a `Performance`, the melody of a MIDI file with what the file says of metre and key. Out: a `Tune`, with
each thing that had to be assumed as a `Repair`, and how sure that is as an `Inference`. Times are in grains.

What the file does not say is found by `meter_finding` and `key_finding`. Spelling is a window of twelve fifths around
the signature (Temperley 2001). Sections that are played twice, note for note but for the end, become repeats, and a
tune that is played through several times a part (`folding`).

This file reads no format (`midi`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from tunewright.formats.midi.listening.dividing import divided, tuplets
from tunewright.formats.midi.listening.doubts import check_beat, check_sure
from tunewright.formats.midi.listening.folding import Section, playthroughs, sections
from tunewright.formats.midi.listening.key_finding import find_key, key_on
from tunewright.formats.midi.listening.meter_finding import Melody, find_meter
from tunewright.formats.midi.listening.performances import (
    Performance,
    earlier,
    grains,
    on_time,
    without_long_notes,
    without_long_silences,
)
from tunewright.formats.midi.listening.quantizing import EXACT, WHOLE, Piece, quantized
from tunewright.formats.midi.listening.speeds import Tempos, told_tempos
from tunewright.formats.midi.listening.timing import filled
from tunewright.music.tune import (
    FIFTHS,
    ORDER_OF_SHARPS,
    SEMITONES,
    Bar,
    Ending,
    Inference,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Part,
    Pitch,
    Repair,
    Rest,
    Tempo,
    Tune,
)
from tunewright.support.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tunewright.music.tune import Element

LONGEST = 4096  # whole notes, two hours and more; beyond, a file is broken
MOST_BARS = 4096  # each is written, filled with rests and drawn; a movement of a symphony has a thousand
DENSEST = 128  # notes to a whole note, chords counted
FEWEST_NOTES = 12  # from which metre and upbeat are told
FEWEST_FOR_KEY = 8  # from which the notes are asked about a key that is stated
# probability from which an upbeat that the file does not mark is believed: of 3,282 tunes 98.8 % begin right with 0 to
# 0.5, 98.5 % with 0.7, 95.0 % with 0.9 (`benchmarks/learn_listening.py constants`)
UPBEAT_SURE = 0.5
_Meters = list[tuple[int, Meter]]
_Keys = list[tuple[int, Key]]
_State = Callable[[int], tuple[Meter, Key, Tempo | None]]
PART = "A"  # the name of a tune within an order of parts


def transcribe(performance: Performance) -> Tune:
    """The tune that a performance is of; without notes, an empty one."""
    repairs = list(performance.repairs)
    performance = without_long_silences(without_long_notes(performance, repairs), repairs)
    _check_extent(performance)
    performance = on_time(performance, repairs)
    stated = _stated_meters(performance)
    pieces = quantized(filled(performance.notes, repairs), stated or [(0, Meter(4, 4))], repairs)
    inferred: list[Inference] = []
    melody = _melody(pieces)
    begins = _first_onset(pieces)
    if stated:
        meters = _with_upbeat(stated, pieces, melody, repairs, inferred)
        pieces, meters = _without_silence(pieces, meters, repairs)
    else:
        pieces = _from_first_note(pieces, repairs)
        meters = _found_meters(melody, repairs, inferred)
    performance = earlier(performance, begins - _first_onset(pieces))
    keys = _keys(performance, melody, repairs, inferred)
    tempos = told_tempos(performance.tempos, pieces[-1].end if pieces else 0, meters[0][1], repairs)
    check_sure(inferred, performance.source.rpartition(":")[0])
    state = _states(meters, keys, tempos)
    written, times = _music(pieces, meters, state, repairs, performance.source.rpartition(":")[0])
    music, faster = _apart(written)
    return Tune(
        music=music,
        parts=f"{PART}{times}" if times > 1 else "",
        key=keys[0][1],
        meter=meters[0][1],
        tempos=(*tempos[:1], *faster),
        title=performance.title,
        source=performance.source,
        repairs=tuple(repairs),
        inferred=tuple(inferred),
    )


def _check_extent(performance: Performance) -> None:
    """Raise `ParseError` for what is no tune that can be written: too long, too dense, or without a beat."""
    name = performance.source.rpartition(":")[0]
    if not performance.notes:
        return
    wholes = max(note.end for note in performance.notes) / WHOLE
    if wholes > LONGEST:
        raise ParseError(f"lasts {wholes:.0f} whole notes; expected at most {LONGEST}", name)
    if len(performance.notes) > max(DENSEST, DENSEST * wholes):
        found = f"{len(performance.notes)} notes in {wholes:.1f} whole notes"
        raise ParseError(f"{found}; expected at most {DENSEST} to a whole note", name)
    check_beat([note.onset for note in performance.notes], WHOLE, name)


def _first_onset(pieces: Sequence[Piece]) -> int:
    return next((piece.onset for piece in pieces if piece.numbers), 0)


def _melody(pieces: Sequence[Piece]) -> Melody | None:
    """Onsets, gaps and top pitches, counted in `meter_finding.UNIT`s; None without notes."""
    notes = [piece for piece in pieces if piece.numbers]
    if not notes:
        return None
    unit = WHOLE // 48
    onsets = np.array([piece.onset for piece in notes], dtype=np.int64) // unit
    gaps = np.append(np.diff(onsets), notes[-1].length // unit)
    return Melody(onsets, gaps, np.array([piece.numbers[-1] for piece in notes], dtype=np.int64))


# ------------------------------------------------------------------------------------------------ metre


def _stated_meters(performance: Performance) -> _Meters:
    """The metre events in order, the first at 0; a first bar stated as a metre of its own becomes a pickup."""
    kept: _Meters = []
    for time, meter in sorted(performance.meters, key=lambda event: event[0]):
        time = _sayable(time)
        if kept and kept[-1][0] == time:
            kept.pop()  # of several events at one time the last counts
        kept.append((time, meter))
    if kept and kept[0][0] > 0:
        kept.insert(0, (0, kept[0][1]))
    if len(kept) > 1:
        (_, first), (time, second) = kept[:2]
        if first != second and grains(first) == time and time < (grains(second) or 0):
            kept[0] = (0, second)
    return kept


def _sayable(time: int) -> int:
    """When a bar begins that is to begin here: where the bar before it can be written, in 64ths or their thirds."""
    for part in (WHOLE // 64, WHOLE // 96):
        near = (time + part // 2) // part * part
        if abs(time - near) <= EXACT:
            return near
    return (time + WHOLE // 128) // (WHOLE // 64) * (WHOLE // 64)


def _with_upbeat(
    meters: _Meters, pieces: Sequence[Piece], melody: Melody | None, repairs: list[Repair], inferred: list[Inference]
) -> _Meters:
    """A first bar line where the melody has it, if the file has a single metre and does not begin with silence."""
    if len(meters) > 1 or melody is None or len(melody.onsets) < FEWEST_NOTES or not pieces[0].numbers:
        return meters
    found = find_meter(melody, meters[0][1])
    if found is None or found.probability < UPBEAT_SURE:
        return meters
    inferred.append(Inference("upbeat", str(found.upbeat), round(found.probability, 3)))
    if not found.upbeat:
        return meters
    repairs.append(Repair("pickup inferred", detail=str(found.upbeat)))
    return [meters[0], (int(found.upbeat * WHOLE), meters[0][1])]


def _found_meters(melody: Melody | None, repairs: list[Repair], inferred: list[Inference]) -> _Meters:
    """The metre that the melody has, bars counted from its first note."""
    found = find_meter(melody) if melody is not None and len(melody.onsets) >= FEWEST_NOTES else None
    if found is None:
        repairs.append(Repair("metre not stated and too few notes to tell, 4/4 assumed"))
        return [(0, Meter(4, 4))]
    repairs.append(Repair("metre not stated, inferred from the notes", detail=str(found.meter)))
    inferred.append(Inference("metre", f"{found.meter}, upbeat {found.upbeat}", round(found.probability, 3)))
    start = (0, found.meter)
    return [start, (int(found.upbeat * WHOLE), found.meter)] if found.upbeat else [start]


def _from_first_note(pieces: list[Piece], repairs: list[Repair]) -> list[Piece]:
    """The same without silence at the beginning."""
    if not pieces or pieces[0].numbers:
        return pieces
    cut = pieces[1].onset
    repairs.append(Repair("silence at the beginning dropped", detail=str(_length(cut))))
    return [replace(piece, onset=piece.onset - cut) for piece in pieces[1:]]


def _without_silence(pieces: list[Piece], meters: _Meters, repairs: list[Repair]) -> tuple[list[Piece], _Meters]:
    """Empty bars at the beginning dropped, and a first bar that is silent for half or more made a pickup."""
    if not pieces or pieces[0].numbers:
        return pieces, meters
    silence = pieces[0].length
    starts = [line for line in _bar_lines(meters, silence) if line <= silence]
    meter = next(meter for time, meter in reversed(meters) if time <= starts[-1])
    bar = grains(meter)
    silent = silence - starts[-1]
    cut = silence if bar is None or 2 * silent >= bar else starts[-1]
    if not cut:
        return pieces, meters
    repairs.append(Repair("silence at the beginning dropped", detail=str(_length(cut))))
    first_line = bar - silent if bar is not None and silent and cut > starts[-1] else 0
    later = [(time - cut, changed) for time, changed in meters if time > cut]
    shifted = [(0, meter), *([(first_line, meter)] if first_line else []), *later]
    kept = pieces[1:] if cut == silence else [replace(pieces[0], onset=cut, length=silent), *pieces[1:]]
    return [replace(piece, onset=piece.onset - cut) for piece in kept], shifted


def _bar_lines(meters: _Meters, end: int) -> list[int]:
    """Where bars begin, up to `end`: counted anew from each metre event."""
    lines: list[int] = []
    for (start, meter), (stop, _) in pairwise([*meters, (max(end, meters[-1][0]) + WHOLE, Meter())]):
        lines += range(start, min(stop, end + WHOLE), grains(meter) or max(1, stop - start))
    return lines


# ------------------------------------------------------------------------------------------------ key and spelling


def _keys(performance: Performance, melody: Melody | None, repairs: list[Repair], inferred: list[Inference]) -> _Keys:
    """The keys in order, the first at 0; where the file has one key or none, told from the notes as well."""
    if melody is None:
        return [(0, Key())]
    events = dict(sorted(performance.keys))
    if len(set(events.values())) > 1:
        keys = [(time, key_on(sharps, "minor" if minor else "major")) for time, (sharps, minor) in events.items()]
        return [(0, keys[0][1]), *((time, key) for (_, before), (time, key) in pairwise(keys) if key != before)]
    stated = next(iter(events.values()), None)
    if stated is not None and len(melody.onsets) < FEWEST_FOR_KEY:
        return [(0, key_on(stated[0], "minor" if stated[1] else "major"))]
    found = find_key(melody, stated)
    inferred.append(Inference("key", str(found.key), round(found.probability, 3)))
    if stated is None:
        repairs.append(Repair("key not stated, inferred from the notes", detail=str(found.key)))
    elif found.contradicts:
        was = str(key_on(stated[0], "minor" if stated[1] else "major"))
        repairs.append(Repair("the stated key contradicts the notes", detail=f"{was}, read as {found.key}"))
    elif found.key.mode != ("minor" if stated[1] else "major"):
        repairs.append(Repair("mode inferred", detail=str(found.key)))
    return [(0, found.key)]


def spell(number: int, key: Key) -> Pitch:
    """A MIDI number as a pitch of the key: its own notes by signature, the others from a flat third to a sharp fifth.

    >>> str(spell(66, Key("G")))
    'F#4'
    """
    return _spelled(number, key.sharps)


@lru_cache(maxsize=4096)
def _spelled(number: int, sharps: int) -> Pitch:
    step, alter = next(
        (step, alter)
        for place in sorted(range(sharps - 3, sharps + 9), key=lambda place: abs(place - sharps - 2))
        for step, alter in [(ORDER_OF_SHARPS[(place + 1) % 7], (place + 1) // 7)]
        if (SEMITONES[step] + alter - number) % 12 == 0
    )
    assert FIFTHS[step] + 7 * alter in range(sharps - 3, sharps + 9)
    return Pitch(step, alter, (number - alter - SEMITONES[step]) // 12 - 1)


# ------------------------------------------------------------------------------------------------ notation


@lru_cache(maxsize=4096)
def _length(grains: int) -> Fraction:
    return Fraction(grains, WHOLE)


def _music(
    pieces: Sequence[Piece], meters: _Meters, state: _State, repairs: list[Repair], name: str
) -> tuple[Iterator[Element | Tempo], int]:
    """The elements of the tune, and how often it is played from beginning to end."""
    if not pieces:
        return iter(()), 1
    end = pieces[-1].end
    lines = sorted({*(line for line in _bar_lines(meters, end) if 0 < line < end), end})
    if len(lines) > MOST_BARS:
        raise ParseError(f"{len(lines):,} bars; expected at most {MOST_BARS:,}", name)
    lines[-1] = end = _full_end(lines, end, meters)
    cut = divided(_completed(pieces, end), lines, repairs)
    times, stop = playthroughs(cut, lines, state)
    if times == 1:
        return _elements(cut, lines, state), 1
    once = [piece for piece in cut if piece.onset < stop]
    return chain([Part(PART)], _elements(once, [*(line for line in lines if line < stop), stop], state)), times


def _elements(pieces: Sequence[Piece], lines: Sequence[int], state: _State) -> Iterator[Element | Tempo]:
    """Changes, tuplets, notes, rests, endings and bar lines, of pieces that are cut at bar lines."""
    end = lines[-1]
    folded = sections(pieces, lines, state)
    marks, endings = _marks(folded, end)
    middles = [part.middle for part in folded]
    now, start = state(0), 0
    sharps = now[1].sharps
    waiting = list(pieces)[::-1]
    before_it: Note | Rest | None = None
    if 0 in marks:
        yield Bar(marks[0])
    for line in sorted({*lines, *(time for part in folded for time in part.times if time)}):
        bar = []
        while waiting and waiting[-1].onset < line:
            bar.append(waiting.pop())
        before = bisect_right(middles, start) - 1
        if before < 0 or start >= folded[before].again:
            if start in endings:
                yield endings[start]
            if state(start)[0] != now[0]:
                now = (state(start)[0], *now[1:])
                yield MeterChange(now[0])
            for piece, tuplet in tuplets(bar):
                _, key, tempo = state(piece.onset)
                if tempo is not now[2] and tempo is not None:
                    now = (*now[:2], tempo)
                    yield tempo
                if key is not now[1] and key != now[1]:
                    now = (now[0], key, now[2])
                    sharps = key.sharps
                    yield KeyChange(key)
                if tuplet:
                    yield tuplet
                note = _element(piece, sharps)
                if isinstance(note, Note) and isinstance(before_it, Note) and before_it.tied:
                    note = replace(note, pitches=before_it.pitches)  # what sounds on is spelled as it began
                before_it = note
                yield note
            yield Bar(marks.get(line, "|]" if line == end else "|"))
        start = line


def _states(meters: _Meters, keys: _Keys, tempos: Tempos) -> _State:
    """The metre, the key and, where it is stated, the tempo in force at a time."""
    meter_times, key_times, tempo_times = ([time for time, _ in events] for events in (meters, keys, tempos))
    slow = tempos[0][1] if tempos else None
    if len(keys) == 1 and len(tempos) <= 1 and all(meter == meters[0][1] for _, meter in meters):
        only = (meters[0][1], keys[0][1], slow)
        return lambda _: only
    return lambda time: (
        meters[max(0, bisect_right(meter_times, time) - 1)][1],
        keys[max(0, bisect_right(key_times, time) - 1)][1],
        tempos[max(0, bisect_right(tempo_times, time) - 1)][1] if tempos else None,
    )


def _apart(written: Iterable[Element | Tempo]) -> tuple[tuple[Element, ...], tuple[tuple[int, Tempo], ...]]:
    """The music, and from which place of it on which tempo is in force."""
    music: list[Element] = []
    tempos: list[tuple[int, Tempo]] = []
    for element in written:
        if isinstance(element, Tempo):
            tempos.append((len(music), element))
        else:
            music.append(element)
    return tuple(music), tuple(tempos)


def _marks(folded: Sequence[Section], end: int) -> tuple[dict[int, str], dict[int, Ending]]:
    """The bar lines that begin and end repeats, and the endings, by where they stand; what is skipped is not there."""
    marks: dict[int, str] = {}
    endings: dict[int, Ending] = {}
    for part in folded:
        marks[part.start] = "|:"
        if part.ending != part.middle:
            endings |= {part.ending: Ending((1,)), part.again: Ending((2,))}
            marks[part.stop] = "|]" if part.stop == end else "||"
    for before, after in pairwise([*folded, None]):
        assert before is not None
        plain = before.ending == before.middle
        adjacent = after is not None and before.stop == after.start
        marks[before.middle] = "::" if plain and adjacent else ":|"
        if adjacent:
            marks[before.stop] = "|:"
    marks.pop(0, None)  # the beginning needs no sign
    return marks, endings


def _element(piece: Piece, sharps: int) -> Note | Rest:
    if not piece.numbers:
        return Rest(_length(piece.length))
    return Note(
        tuple([_spelled(number, sharps) for number in piece.numbers]),
        _length(piece.length),
        tied=piece.tied,
        grace=tuple([_spelled(number, sharps) for number in piece.grace]),
        decorations=("staccato",) if piece.staccato else (),
    )


def _completed(pieces: Sequence[Piece], end: int) -> Sequence[Piece]:
    """The same, the last bar filled up with a rest."""
    filled = pieces[-1].end
    return pieces if filled >= end else [*pieces, Piece(filled, end - filled)]


def _full_end(lines: Sequence[int], end: int, meters: _Meters) -> int:
    """Where the last bar is full, or completes the pickup."""
    start = max((line for line in lines if line < end), default=0)
    bar = grains(next(meter for time, meter in reversed(meters) if time <= start))
    if bar is None or not start:
        return end
    pickup = lines[0] if lines[0] < bar else 0
    return max(end, start + bar - (pickup if start + bar - pickup >= end else 0))
