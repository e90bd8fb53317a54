"""Local alignment of many pairs of melodies at once, each within a band of offsets.

In: indexed melodies and new ones (`Lines`), and which to align where (`Pairs`). Out: of each pair the best alignment.
Two notes agree where their pitch does, in the key that the passage is moved to and whatever the octave; agreeing rhythm
counts for something more. Which pairs are worth it is not decided here.

The scores are those of Smith and Waterman (1981), filled row by row for all pairs together. Notes that agree in three
of five cases or fewer add nothing, so that the passages of tunes that have nothing to do with each other stay short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunewright.measuring.matching.seeds import Bytes, Line, Places, Seeds, build_seeds

SAME, SAME_PITCH = 6, 5  # what a note scores of the same pitch, with and without the same ratio of gaps after it
CHANGED, GAP = -10, -14  # a note of another pitch, a note that only one of both has
WANDER = 8  # notes that an alignment may move to each side of where it is looked for
BAND = 2 * WANDER + 1
EDGE = 4  # notes beyond each end that are looked at once more
OUTSIDE = -(2**14)
SCORES = np.array([CHANGED, SAME_PITCH, SAME], dtype=np.int16)


@dataclass(frozen=True, eq=False)
class Lines:
    """Melodies as what alignment compares, laid end to end; N places, one for each note."""

    line: Line
    rhythms: NDArray[np.int32]  # (N,) number of the ratio of the gap after each note to the next; none for the last

    @cached_property
    def seeds(self) -> Seeds:
        """Where to look for passages like new ones; made when it is first asked for."""
        return build_seeds(self.line)

    @cached_property
    def sizes(self) -> Places:
        """Notes of each melody."""
        return np.diff(self.line.starts)


def build_lines(pitches: NDArray[np.integer[Any]], rhythms: NDArray[np.integer[Any]], sizes: Places) -> Lines:
    """Melodies of so many notes each: their MIDI pitches, each melody in any key; and the rhythm at each note.

    Equal numbers are equal rhythms, but negative ones equal none.
    """
    starts = np.append(0, np.cumsum(sizes)).astype(np.int64)
    assert len(pitches) == len(rhythms) == starts[-1], "one number for each note"
    return Lines(Line((pitches % 12).astype(np.int8), starts), rhythms.astype(np.int32))


def select(lines: Lines, part: slice) -> Lines:
    """Some melodies of these, one after the other."""
    starts = lines.line.starts[part.start : part.stop + 1]
    notes = slice(int(starts[0]), int(starts[-1]))
    return Lines(Line(lines.line.pitches[notes], starts - starts[0]), lines.rhythms[notes])


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs to be aligned: a melody, an indexed one, the offset to look at, and the interval between them."""

    here: Places
    there: Places
    offset: Places
    moved: Bytes

    def __getitem__(self, chosen: Places | slice) -> Pairs:
        return Pairs(self.here[chosen], self.there[chosen], self.offset[chosen], self.moved[chosen])


_Step = tuple[Places, Places, Places, NDArray[np.bool_]]  # pairs; their notes here and there; whether they agree


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """The best alignment of a pair: its notes from the last to the first."""

    score: int
    melody: int
    here: Places  # of the notes set against each other
    there: Places
    same: NDArray[np.bool_]
    gaps: int


class Band:
    """Local alignment of P pairs within a band of offsets, row by row, all pairs together.

    Row i is note i of each new melody, column b the note of the indexed one that stands b offsets after the first.
    """

    def __init__(self, indexed: Lines, lines: Lines, pairs: Pairs) -> None:
        self.indexed, self.lines, self.pairs = indexed, lines, pairs
        self.offset = pairs.offset - WANDER
        self.sizes, self.sizes_there = lines.sizes[pairs.here], indexed.sizes[pairs.there]
        self.begin, self.begin_there = lines.line.starts[pairs.here], indexed.line.starts[pairs.there]
        self.rows = int(self.sizes.max())
        self.scores = self._fill()

    def _fill(self) -> NDArray[np.signedinteger[Any]]:
        """The best score of an alignment that ends at each note and offset, (rows + 1, BAND + 1, P)."""
        kind = np.int16 if self.rows * SAME < 2**14 else np.int32
        scores = np.zeros((self.rows + 1, BAND + 1, len(self.sizes)), dtype=kind)
        everyone, columns = np.arange(len(self.sizes)), np.arange(BAND)[:, None]
        for row in range(self.rows):
            best = scores[row + 1, :-1]
            np.add(scores[row, :-1], self._score(row, everyone, columns), out=best)
            np.maximum(best, scores[row, 1:] + kind(GAP), out=best)
            for column in range(1, BAND):
                np.maximum(best[column], best[column - 1] + kind(GAP), out=best[column])
            np.maximum(best, 0, out=best)
        return scores

    def _score(self, row: int | Places, pair: Places, column: Places) -> NDArray[np.int16]:
        """What a note of each pair scores against notes of its band; far below nothing outside of the melodies."""
        there = self.offset[pair] + row + column
        inside = (there >= 0) & (there < self.sizes_there[pair]) & (row >= 0) & (row < self.sizes[pair])
        place = np.where(inside, self.begin_there[pair] + there, 0)
        own = np.minimum(self.begin[pair] + row, len(self.lines.rhythms) - 1)
        pitch = (self.lines.line.pitches[own] + self.pairs.moved[pair]) % 12
        same = self.indexed.line.pitches[place] == pitch
        timed = (self.indexed.rhythms[place] == self.lines.rhythms[own]) & (self.lines.rhythms[own] >= 0)
        score: NDArray[np.int16] = SCORES[same.astype(np.int8) + (same & timed)]
        score[~inside] = OUTSIDE
        return score

    def trace(self) -> Iterator[Traced]:
        """The best alignment of each pair."""
        count = len(self.sizes)
        row = self.scores.max(axis=1).argmax(axis=0)
        column = self.scores[row, :, np.arange(count)].argmax(axis=1)
        best = self.scores[row, column, np.arange(count)]
        steps, gaps, first, column_first = self._walk(row, column)
        steps = [*self._beyond(row - 1, column, 1)[::-1], *steps, *self._beyond(first, column_first, -1)]
        pair, here, there, same = (np.concatenate(part) for part in zip(*steps, strict=True))
        by_pair = np.argsort(pair, kind="stable")
        bounds = np.searchsorted(pair[by_pair], np.arange(count + 1))
        for number, melody in enumerate(self.pairs.there.tolist()):
            of_one = by_pair[bounds[number] : bounds[number + 1]]
            yield Traced(int(best[number]), melody, here[of_one], there[of_one], same[of_one], int(gaps[number]))

    def _walk(self, row: Places, column: Places) -> tuple[list[_Step], Places, Places, Places]:
        """Back from the best ends to where each alignment begins: its notes, its gaps, its first note and column."""
        row, column, gaps = row.copy(), column.copy(), np.zeros(len(row), dtype=np.int64)
        steps: list[_Step] = []
        pair = np.arange(len(row))
        while True:
            pair = pair[self.scores[row[pair], column[pair], pair] > 0]
            i, b = row[pair], column[pair]
            score, now = self._score(i - 1, pair, b), self.scores[i, b, pair]
            along = self.scores[i - 1, b, pair] + score == now
            above = ~along & (self.scores[i - 1, b + 1, pair] + GAP == now)
            there = self.offset[pair] + i - 1 + b
            steps.append((pair[along], i[along] - 1, there[along], score[along] > 0))
            if not len(pair):
                return steps, gaps, row, column
            gaps[pair[~along]] += 1
            row[pair] -= along | above
            column[pair] += above.astype(np.int64) - (~along & ~above)

    def _beyond(self, row: Places, column: Places, direction: int) -> list[_Step]:
        """Notes beyond one end of each alignment that go on after a changed one, nearest first.

        A changed note next to an end scores less than the few notes past it, and would cut them off: up to `EDGE`
        notes are taken in that end with one that agrees, and half of which or more do.
        """
        everyone, distances = np.arange(len(row)), range(direction, direction * (EDGE + 1), direction)
        scores = np.stack([self._score(row + distance, everyone, column) for distance in distances])
        same = scores > 0
        agreeing = same & (np.cumsum(np.where(same, 1, -1), axis=0) >= 0)
        agreeing &= ~np.maximum.accumulate(scores == OUTSIDE, axis=0)
        taken = (agreeing * np.arange(1, EDGE + 1)[:, None]).max(axis=0)
        steps = []
        for number, distance in enumerate(distances):
            pair = np.flatnonzero(taken > number)
            here = row[pair] + distance
            steps.append((pair, here, self.offset[pair] + here + column[pair], same[number, pair]))
        return steps
