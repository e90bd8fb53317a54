"""The melody of a tune as originality compares it, and which written notes each note of it comes from.

In: a `Tune`. Out: a `Melody`, its repeats unfolded, ties merged, grace notes dropped, the top note of a chord, rests
added to the onset gap before them; and its pairs of interval and ratio of gaps, in which neither key nor unit is left.
This file compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tunewright.music.playing import played_places
from tunewright.music.tune import Note, Pitch, Rest, Tune

Ratio = tuple[int, int]  # reduced
Pair = tuple[int, Ratio]  # semitones, and the ratio of one gap to the gap before
Ratios = dict[tuple[Ratio, Ratio], Ratio]  # worked out already, which spares most of the arithmetic of fractions


@dataclass(frozen=True, slots=True)
class Melody:
    """The notes of a tune as heard."""

    pitches: Sequence[int]  # MIDI
    gaps: Sequence[Fraction]  # from the onset of each to that of the next, of the last its length; in whole notes
    written: Sequence[int]  # the places in `Tune.notes` that are played, in playing order
    begins: Sequence[bool]  # whether a new note begins there; else it is tied to the one before

    def __len__(self) -> int:
        return len(self.pitches)

    def pairs(self, known: Ratios) -> list[Pair]:
        """What `melody` gives; `known` is added to."""
        numbers = [gap.as_integer_ratio() for gap in self.gaps]
        pairs = []
        for (before, after), (now, later) in zip(pairwise(self.pitches), pairwise(numbers), strict=True):
            if (now, later) not in known:
                ratio = Fraction(*later) / Fraction(*now) if now[0] else Fraction(0)
                known[now, later] = ratio.as_integer_ratio()
            pairs.append((after - before, known[now, later]))
        return pairs


def read_melody(tune: Tune) -> Melody:
    """The melody of a tune; of none but rests it has no notes."""
    numbers = {place: number for number, place in enumerate(_note_places(tune))}
    pitches: list[int] = []
    gaps: list[Fraction] = []
    written: list[int] = []
    begins: list[bool] = []
    tied: tuple[Pitch, ...] | None = None
    rest = Fraction(0)
    for place in played_places(tune):
        element = tune.music[place]
        if isinstance(element, Note):
            goes_on = tied == element.pitches
            if goes_on:
                gaps[-1] += element.length
            else:
                if rest and gaps:
                    gaps[-1] += rest
                pitches.append(element.pitch.midi)
                gaps.append(element.length)
            written.append(numbers[place])
            begins.append(not goes_on)
            tied, rest = element.pitches if element.tied else None, Fraction(0)
        elif isinstance(element, Rest):
            rest += element.length
            tied = None
    return Melody(pitches, gaps, written, begins)


def _note_places(tune: Tune) -> Iterable[int]:
    return (place for place, element in enumerate(tune.music) if isinstance(element, Note))


def melody(tune: Tune) -> list[Pair]:
    """Its melody as (interval in semitones, ratio of onset gaps as a reduced fraction), note to note.

    Empty for fewer than two notes. The gap after the last note is its length; after a gap of nothing, which only
    broken tunes have, the ratio is 0/1.

    >>> from tunewright.formats.abc import parse_abc
    >>> melody(parse_abc("X:1\\nL:1/8\\nK:D\\nD2 FA z|]")[0])
    [(4, (1, 2)), (3, (1, 1))]
    """
    return read_melody(tune).pairs({})


# ------------------------------------------------------------------------------------------------ written notes


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """For the notes of many melodies, one after the other, the written notes that each comes from."""

    notes: NDArray[np.uint32]  # (played,) places in `Tune.notes`
    begins: NDArray[np.uint32]  # (heard + 1,) where the notes of each heard note begin in `notes`
    starts: NDArray[np.uint32]  # (tunes + 1,) where the heard notes of each tune begin

    def of(self, tune: int, start: int, stop: int) -> tuple[int, ...]:
        """The places in `Tune.notes` of a tune's heard notes `start` to `stop`, in order, each once."""
        first = int(self.starts[tune])
        low, high = int(self.begins[first + start]), int(self.begins[first + stop])
        return tuple(sorted(set(self.notes[low:high].tolist())))

    def of_each(self, tune: int, heard: Sequence[int]) -> set[int]:
        """The places in `Tune.notes` of some heard notes of a tune."""
        at = int(self.starts[tune]) + np.asarray(heard, dtype=np.int64)
        counts = self.begins[at + 1].astype(np.int64) - self.begins[at]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return set(self.notes[np.repeat(self.begins[at], counts) + within].tolist())


def build_written(melodies: Sequence[Melody]) -> Written:
    """The written notes of these melodies."""
    counts = np.fromiter(map(len, melodies), np.int64, len(melodies))
    notes = np.fromiter((note for one in melodies for note in one.written), np.uint32)
    begins = np.fromiter((begin for one in melodies for begin in one.begins), bool)
    heard = np.append(np.flatnonzero(begins), len(notes))
    return Written(notes, heard.astype(np.uint32), np.append(0, np.cumsum(counts)).astype(np.uint32))
