"""What the measures look at in a piece, built once: notes as arrays, bars, beats, the line of each part.

In: a `Piece`. Out: a `View`, plain numbers in ticks. Drums are apart: their numbers are instruments, not pitches. A
part's line is its highest note at each onset, each up to the next one. Beats are those of the metre, dotted in
compound ones, counted from each change of metre. Nothing here counts or judges (`measures`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tunewright.music.piece import TICKS, MeterAt, Part, Piece
from tunewright.music.tune import Meter

GRID = TICKS // 24  # ticks: what is compared between bars and pieces is told apart no finer, so that what a player
# spread by a hair is the same; thirty-second notes and triplet sixteenths lie on it
SILENT = -1  # the number of a line that is silent

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Line:
    """One note after the other; all (notes,)."""

    onsets: Ints
    ends: Ints
    numbers: Ints

    def at(self, times: Ints) -> Ints:
        """The number that sounds at each time; `SILENT` where none does."""
        if not len(self.onsets):
            return np.full(len(times), SILENT, dtype=np.int64)
        last = np.searchsorted(self.onsets, times, side="right") - 1
        sounds = (last >= 0) & (self.ends[last] > times)
        return np.where(sounds, self.numbers[last], SILENT)


@dataclass(frozen=True)
class View:
    """A piece as the measures see it."""

    piece: Piece

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The line of each part but drums, in the order of the piece."""
        return tuple(_line(part) for part in self.piece.parts if not part.drums)

    @cached_property
    def top(self) -> Line:
        """The piece's skyline as a line."""
        return _one_voice([note[:3] for note in self.piece.skyline])

    @cached_property
    def pitched(self) -> Ints:
        """Onset, end and number of every note but drums', by onset, then number: (notes, 3)."""
        return _rows(part for part in self.piece.parts if not part.drums)

    @cached_property
    def drums(self) -> Ints:
        """The same of drums."""
        return _rows(part for part in self.piece.parts if part.drums)

    @cached_property
    def every(self) -> Ints:
        """The same of all notes."""
        return np.concatenate([self.pitched, self.drums])

    @cached_property
    def bars(self) -> tuple[tuple[int, int], ...]:
        """Where each bar begins and ends; the last one ends as its metre says, and a pickup is the end of its bar.

        So the bar of a pickup begins below 0.
        """
        starts = list(self.piece.bar_lines)
        last = max((meter for meter in self.meters if meter.time <= starts[-1]), key=lambda meter: meter.time)
        stop = starts[-1] + last.ticks
        if self.piece.pickup:
            starts[0] = self.piece.pickup - self.meters[0].ticks
        return (*pairwise(starts), (starts[-1], stop))

    @property
    def full(self) -> slice:
        """Which of the bars are no pickup."""
        return slice(1 if self.piece.pickup else 0, None)

    @cached_property
    def meters(self) -> tuple[MeterAt, ...]:
        """The metres from the beginning on; 4/4 where none is stated."""
        stated = self.piece.meters
        return stated if stated and stated[0].time == 0 else (MeterAt(0, 4, 4), *stated)

    @cached_property
    def beats(self) -> Ints:
        """Where each beat begins, up to the end of the last note; those of a pickup are counted back from its end."""
        length, pickup = self.piece.length, self.piece.pickup
        stops = [*(meter.time for meter in self.meters[1:]), length]
        found = [
            np.arange(meter.time, min(stop, length), _beat(meter), dtype=np.int64)
            for meter, stop in zip(self.meters, stops, strict=True)
        ]
        if pickup:
            found[0] = np.arange(pickup % _beat(self.meters[0]), pickup, _beat(self.meters[0]), dtype=np.int64)
        return np.concatenate(found)

    @cached_property
    def chords(self) -> tuple[tuple[int, ...], ...]:
        """The numbers that sound at the beginning of each beat, each once, from low to high; drums left out."""
        onsets, ends, numbers = self.pitched.T
        first, past = np.searchsorted(self.beats, onsets), np.searchsorted(self.beats, ends)
        counts = past - first
        beats = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
        found = np.unique(np.stack([beats, np.repeat(numbers, counts)], axis=1), axis=0)
        stops = np.searchsorted(found[:, 0], np.arange(len(self.beats)), side="right")
        return tuple(tuple(chord.tolist()) for chord in np.split(found[:, 1], stops)[: len(self.beats)])

    @cached_property
    def sounding(self) -> tuple[Ints, Ints]:
        """Ticks at which what sounds changes, and how many different numbers sound from each on; drums left out."""
        starts, stops = _joined(self.pitched)
        times = np.concatenate([starts, stops])
        steps = np.concatenate([np.ones(len(starts), np.int64), np.full(len(stops), -1, np.int64)])
        ticks, places = np.unique(times, return_inverse=True)
        changes = np.zeros(len(ticks), np.int64)
        np.add.at(changes, places, steps)
        return ticks, np.cumsum(changes)

    @cached_property
    def contents(self) -> tuple[tuple[tuple[int, int, int, int], ...], ...]:
        """The notes that begin in each bar: when in it, in which part, number, length; times in steps of `GRID`.

        A drum part has a number below 0, so that its notes are not moved with the others.
        """
        starts = np.array([start for start, _ in self.bars])
        found: list[list[tuple[int, int, int, int]]] = [[] for _ in starts]
        for place, part in enumerate(self.piece.parts):
            sign = -1 - place if part.drums else place
            bars = np.searchsorted(starts, [note.onset + GRID // 2 for note in part.notes], side="right") - 1
            for bar, note in zip(bars.tolist(), part.notes, strict=True):
                onset = round((note.onset - int(starts[bar])) / GRID)
                found[bar].append((onset, sign, note.number, max(1, round((note.end - note.onset) / GRID))))
        return tuple(tuple(sorted(bar)) for bar in found)


def view(piece: Piece | View) -> View:
    """What the measures look at; a view is returned as it is."""
    return piece if isinstance(piece, View) else View(piece)


def _line(part: Part) -> Line:
    highest = {note.onset: note for note in part.notes}  # by onset, then number: the last one is the highest
    return _one_voice([note[:3] for note in highest.values()])


def _one_voice(notes: Sequence[tuple[int, int, int]]) -> Line:
    """Onset, end and number of notes by onset, each cut where the next begins."""
    rows = np.array(notes, dtype=np.int64).reshape(len(notes), 3)
    ends = np.minimum(rows[:, 1], np.append(rows[1:, 0], rows[-1:, 1]))
    return Line(rows[:, 0], ends, rows[:, 2])


def _rows(parts: Iterable[Part]) -> Ints:
    notes = [note[:3] for part in parts for note in part.notes]
    rows = np.array(notes, dtype=np.int64).reshape(len(notes), 3)
    return rows[np.lexsort((rows[:, 2], rows[:, 0]))]


def _beat(meter: MeterAt) -> int:
    return max(1, int(4 * TICKS * Meter(meter.numerator, meter.denominator).beat))


def _joined(notes: Ints) -> tuple[Ints, Ints]:
    """Beginnings and ends of each number's sounding, notes of it that overlap or touch joined."""
    if not len(notes):
        return notes[:, 0], notes[:, 1]
    onsets, ends, numbers = notes[np.lexsort((notes[:, 0], notes[:, 2]))].T
    apart = numbers * (int(ends.max()) + 1)  # numbers one after the other on one axis
    until = np.maximum.accumulate(ends + apart)
    begins = np.append(True, (onsets + apart)[1:] > until[:-1])
    stops = np.append(np.flatnonzero(begins)[1:] - 1, len(notes) - 1)
    return onsets[begins], (until - apart)[stops]
