"""A melody in time as a MIDI file has it, and the same without what no page shows.

In: a `Performance`. Out: the same with silences and notes of no end made short, with what is late as a whole moved, or
without the silence before it; what the file states of metre, key and tempo goes with the notes. Each change is a
`Repair`. This file writes no rhythm (`quantizing`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from fractions import Fraction

from tunewright.formats.midi.listening.quantizing import WHOLE, TimedNote
from tunewright.formats.midi.listening.speeds import Events
from tunewright.formats.midi.listening.timing import beside_grid, lateness
from tunewright.music.tune import Meter, Repair

LONGEST_SILENCE = 16 * WHOLE
LONGEST_NOTE = 64 * WHOLE  # as in ABC; beyond, its end is missing or far from where it was meant


@dataclass(frozen=True, slots=True)
class Performance:
    """A melody in time, with the metres, keys (sharps, whether minor) and tempi that the file states, and when."""

    notes: tuple[TimedNote, ...]
    meters: tuple[tuple[int, Meter], ...] = ()
    keys: tuple[tuple[int, tuple[int, bool]], ...] = ()
    tempos: Events = ()
    title: str = ""
    source: str = ""
    repairs: tuple[Repair, ...] = field(default=())


def without_long_notes(performance: Performance, repairs: list[Repair]) -> Performance:
    """The same with notes of more than `LONGEST_NOTE` made that long."""
    long = sum(note.length > LONGEST_NOTE for note in performance.notes)
    if not long:
        return performance
    repairs.append(Repair(f"notes of more than {LONGEST_NOTE // WHOLE} whole notes shortened", detail=str(long)))
    notes = tuple(replace(note, length=min(note.length, LONGEST_NOTE)) for note in performance.notes)
    return replace(performance, notes=notes)


def without_long_silences(performance: Performance, repairs: list[Repair]) -> Performance:
    """The same with silences of more than `LONGEST_SILENCE` made that long, less whole bars."""
    bar = next((length for _, meter in performance.meters if (length := grains(meter))), WHOLE)
    starts, shifts = [0], [0]  # from when on, how much earlier
    end = 0
    for note in sorted(performance.notes):
        over = (note.onset - end - LONGEST_SILENCE) // bar * bar
        if over > 0:
            starts.append(note.onset)
            shifts.append(shifts[-1] + over)
        end = max(end, note.end)
    if len(starts) == 1:
        return performance
    by = f"{len(starts) - 1}, together by {shifts[-1] / WHOLE:g} whole notes"
    repairs.append(Repair("long silences shortened", detail=by))

    def before(time: int) -> int:
        return max(0, time - shifts[bisect_right(starts, time) - 1])

    notes = tuple(replace(note, onset=before(note.onset)) for note in performance.notes)
    meters = tuple((before(time), meter) for time, meter in performance.meters)
    keys = tuple((before(time), key) for time, key in performance.keys)
    tempos = tuple((before(time), tempo) for time, tempo in performance.tempos)
    return replace(performance, notes=notes, meters=meters, keys=keys, tempos=tempos)


def on_time(performance: Performance, repairs: list[Repair]) -> Performance:
    """The same with what is late as a whole moved back; events that are as late go with it."""
    late = lateness(sorted({note.onset for note in performance.notes}))
    if not late:
        return performance
    repairs.append(Repair("all notes late by the same time, moved", detail=str(Fraction(late, WHOLE))))

    def moved(time: int) -> int:
        return max(0, time - late) if not beside_grid(time - late) and beside_grid(time) else time

    notes = tuple(replace(note, onset=max(0, note.onset - late)) for note in performance.notes)
    meters = tuple((moved(time), meter) for time, meter in performance.meters)
    keys = tuple((moved(time), key) for time, key in performance.keys)
    tempos = tuple((max(0, time - late), tempo) for time, tempo in performance.tempos)
    return replace(performance, notes=notes, meters=meters, keys=keys, tempos=tempos)


def earlier(performance: Performance, cut: int) -> Performance:
    """The same with keys and tempi as much earlier as the music is without the silence before it."""
    if not cut:
        return performance
    keys = {max(0, time - cut): key for time, key in sorted(performance.keys, key=lambda event: event[0])}
    tempos = {max(0, time - cut): tempo for time, tempo in sorted(performance.tempos, key=lambda event: event[0])}
    return replace(performance, keys=tuple(keys.items()), tempos=tuple(tempos.items()))


def grains(meter: Meter) -> int | None:
    """How long a bar is; None in free metre."""
    return None if meter.length is None else int(meter.length * WHOLE)
