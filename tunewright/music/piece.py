"""Music of several parts: notes in ticks with their instruments, metres, keys and tempi.

In: nothing; values only. Out: `Piece`, `Part`, `PieceNote`, all frozen, and what follows from them: bar lines, seconds,
the top line, a fingerprint. A piece keeps what a MIDI file says of notes and instruments; unlike a `Tune` it has no
spelling, no repeats and no written lengths. This file reads and writes no format.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, NamedTuple, TypeVar

from tunewright.music import showing
from tunewright.music.elements import FASTEST, SLOWEST
from tunewright.music.tune import Inference, Repair, Tune

TICKS = 480  # to a quarter note, in every piece
USUAL_TEMPO = 500_000  # microseconds to a quarter, where a file says nothing (Standard MIDI Files 1.0)
SLOWEST_TEMPO, FASTEST_TEMPO = 60_000_000 // SLOWEST, 60_000_000 // FASTEST  # microseconds to a quarter
LONGEST = 10_000  # whole notes; a piece of ten thousand bars is a file with a mistake in it


class PieceNote(NamedTuple):
    """A note: when it begins and ends in ticks, its MIDI number, how hard it is struck (1 to 127)."""

    onset: int
    end: int
    number: int
    velocity: int = 90


class MeterAt(NamedTuple):
    """A metre from a tick on."""

    time: int
    numerator: int
    denominator: int

    @property
    def ticks(self) -> int:
        """How long a bar is."""
        return 4 * TICKS * self.numerator // self.denominator


class KeyAt(NamedTuple):
    """A key signature from a tick on."""

    time: int
    sharps: int  # flats below 0
    minor: bool


class TempoAt(NamedTuple):
    """A tempo from a tick on."""

    time: int
    microseconds: int  # to a quarter


Change = TypeVar("Change", MeterAt, KeyAt, TempoAt)


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one instrument, by onset, then by number; the program is General MIDI's, from 0."""

    notes: tuple[PieceNote, ...]
    program: int = 0
    drums: bool = False  # its numbers are instruments of a drum kit, not pitches
    name: str = ""


@dataclass(frozen=True)
class Piece:
    """Parts that sound together. Metres, keys and tempi by time, the first ones at 0 where there are any.

    Two pieces are equal where their music is, whatever they are called and wherever they come from.
    """

    kind: ClassVar[str] = "piece"
    irregular: ClassVar[bool] = False  # it has no written lengths that could fail to add up
    parts: tuple[Part, ...]
    meters: tuple[MeterAt, ...] = ()
    keys: tuple[KeyAt, ...] = ()
    tempos: tuple[TempoAt, ...] = ()
    title: str = ""
    source: str = ""  # "file:1"
    repairs: tuple[Repair, ...] = ()
    inferred: tuple[Inference, ...] = ()  # metre and pickup, where the file says nothing of them
    left_out: tuple[tuple[str, int], ...] = ()  # of a tune that it was made of: name, count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Piece) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)

    @property
    def tunes(self) -> tuple[Tune, ...]:
        """What is written in it as tunes: nothing, it is heard alone."""
        return ()

    @property
    def content(self) -> tuple[object, ...]:
        """What two equal pieces have in common: all that is heard, and the metres and keys."""
        parts = tuple((part.notes, part.program, part.drums) for part in self.parts)
        return parts, self.meters, self.keys, self.tempos

    def _repr_svg_(self) -> str:
        """A piano roll, in notebooks."""
        return showing.to_svg(self)

    def _repr_html_(self) -> str:
        """The same with sound."""
        return showing.to_html(self)

    @cached_property
    def length(self) -> int:
        """Ticks up to the end of the last note."""
        return max((note.end for part in self.parts for note in part.notes), default=0)

    @cached_property
    def notes(self) -> int:
        """How many notes all parts have."""
        return sum(len(part.notes) for part in self.parts)

    @cached_property
    def bar_lines(self) -> tuple[int, ...]:
        """The tick at which each bar begins, up to the end of the last note; 4/4 where no metre is stated."""
        return tuple(_bar_lines(self.meters, self.length))

    @cached_property
    def pickup(self) -> int:
        """Ticks of the music before the first full bar, as the metres tell it; 0 where there is none."""
        if len(self.meters) < 2 or self.meters[0].time:
            return 0
        first, second = self.meters[:2]
        return second.time if second.time < first.ticks and first[1:] == second[1:] else 0

    @cached_property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.seconds_at(self.length)

    def seconds_at(self, tick: int) -> float:
        """How many seconds after the beginning a tick is."""
        tempos = [TempoAt(0, USUAL_TEMPO), *self.tempos]
        total = 0.0
        for place, tempo in enumerate(tempos):
            until = min(tick, tempos[place + 1].time) if place + 1 < len(tempos) else tick
            total += max(0, until - tempo.time) * tempo.microseconds / (TICKS * 1e6)
        return total

    def bar_at(self, tick: int) -> int:
        """The number, from 0, of the bar that a tick is in."""
        return max(0, bisect_right(self.bar_lines, tick) - 1)

    @cached_property
    def skyline(self) -> tuple[PieceNote, ...]:
        """The highest notes, drums left out: none that begins below one that sounds (Uitdenbogerd & Zobel 1999)."""
        highest: dict[int, PieceNote] = {}
        for part in self.parts:
            for note in () if part.drums else part.notes:
                other = highest.get(note.onset)
                if other is None or other.number < note.number:
                    highest[note.onset] = note
        line: list[PieceNote] = []
        for onset in sorted(highest):
            note = highest[onset]
            if not line or line[-1].end <= onset or line[-1].number <= note.number:
                line.append(note)
        return tuple(line)


def _bar_lines(meters: Sequence[MeterAt], length: int) -> Iterator[int]:
    changes = list(meters) if meters and meters[0].time == 0 else [MeterAt(0, 4, 4), *meters]
    for place, meter in enumerate(changes):
        until = changes[place + 1].time if place + 1 < len(changes) else max(length, 1)
        yield from range(meter.time, min(until, max(length, 1)), meter.ticks)


def real_changes(events: Iterable[Change]) -> tuple[Change, ...]:
    """The events by time: of those at one time the last one, and none that says what holds already."""
    at: dict[int, Change] = {}
    for event in sorted(events, key=lambda event: event.time):
        at[event.time] = event
    found: list[Change] = []
    for event in at.values():
        if not found or found[-1][1:] != event[1:]:
            found.append(event)
    return tuple(found)


def counted_meters(meters: Iterable[MeterAt]) -> tuple[MeterAt, ...]:
    """The metres by time. One stated again within a bar stays: bars are counted from there, as after a pickup."""
    at = {meter.time: meter for meter in sorted(meters, key=lambda meter: meter.time)}
    kept: list[MeterAt] = []
    for meter in at.values():
        last = kept[-1] if kept else None
        if not last or last[1:] != meter[1:] or (meter.time - last.time) % last.ticks:
            kept.append(meter)
    return tuple(kept)


def fingerprint(piece: Piece) -> str:
    """Sixteen hex digits that are the same for the same notes in any key, at any tempo, on any instruments."""
    notes = sorted((note.onset, part.drums, note.number) for part in piece.parts for note in part.notes)
    lowest = min((number for _, drums, number in notes if not drums), default=0)
    first = notes[0][0] if notes else 0
    told = ",".join(f"{onset - first}:{number if drums else number - lowest}" for onset, drums, number in notes)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def transposed(piece: Piece, semitones: int) -> Piece:
    """The piece so many semitones higher, drums as they are; its key signatures are left out.

    ValueError where a note would leave MIDI's numbers.
    """
    if not semitones:
        return piece
    parts = []
    for part in piece.parts:
        notes = part.notes
        if not part.drums:
            notes = tuple(note._replace(number=note.number + semitones) for note in notes)
            if not all(0 <= note.number < 128 for note in notes):
                raise ValueError(f"a note leaves MIDI's range {semitones} semitones away")
        parts.append(Part(notes, part.program, part.drums, part.name))
    return Piece(tuple(parts), piece.meters, (), piece.tempos, piece.title, piece.source, piece.repairs)


def moved(piece: Piece, ticks: int) -> Piece:
    """The piece so many ticks later, or earlier where they are below 0; what holds at its beginning stays there."""

    def at(change: Change) -> Change:
        return change._replace(time=max(0, change.time + ticks) if change.time else 0)

    parts = (
        replace(part, notes=tuple(n._replace(onset=n.onset + ticks, end=n.end + ticks) for n in part.notes))
        for part in piece.parts
    )
    return replace(
        piece,
        parts=tuple(parts),
        meters=counted_meters(map(at, piece.meters)),
        keys=real_changes(map(at, piece.keys)),
        tempos=real_changes(map(at, piece.tempos)),
    )


def in_full_bars(piece: Piece) -> Piece:
    """The piece with its pickup at the end of a full bar, so that bars are counted from its beginning."""
    if not piece.pickup:
        return piece
    later = moved(piece, piece.meters[0].ticks - piece.pickup)
    return replace(later, meters=(later.meters[0], *later.meters[2:]))


def from_first_note(piece: Piece) -> Piece:
    """The piece without the silence before its first note; what is left of the bar is a pickup."""
    first = min((part.notes[0].onset for part in piece.parts if part.notes), default=0)
    meters = [change for change in piece.meters if change.time <= first] or [MeterAt(0, 4, 4)]
    into = (first - meters[-1].time) % meters[-1].ticks
    if not first:
        return piece
    later = [change for change in piece.meters if change.time > first]
    begun = [meters[-1]._replace(time=first)]
    if into and (not later or later[0].time - first >= meters[-1].ticks - into):
        begun.append(meters[-1]._replace(time=first + meters[-1].ticks - into))
    changes = begun + [change for change in later if change.time != begun[-1].time]
    return moved(replace(piece, meters=tuple(changes)), -first)


def first_bars(piece: Piece, count: int) -> Piece:
    """The first so many bars of a piece: what sounds on into the next one is cut."""
    if count >= len(piece.bar_lines):
        return piece
    until = piece.bar_lines[count]
    parts = []
    for part in piece.parts:
        notes = tuple(note._replace(end=min(note.end, until)) for note in part.notes if note.onset < until)
        parts += [Part(notes, part.program, part.drums, part.name)] if notes else []
    return Piece(
        tuple(parts),
        tuple(change for change in piece.meters if change.time < until),
        tuple(change for change in piece.keys if change.time < until),
        tuple(change for change in piece.tempos if change.time < until),
        piece.title,
        piece.source,
        piece.repairs,
    )


def transpositions(piece: Piece, most: int) -> range:
    """By how many semitones a piece can be moved, up to `most` up or down, without leaving MIDI's numbers."""
    numbers = [note.number for part in piece.parts if not part.drums for note in part.notes]
    return range(-min(most, min(numbers, default=0)), min(most, 127 - max(numbers, default=127)) + 1)
