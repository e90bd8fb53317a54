"""What a model is told of each place in a tune, beside the token that it has read.

In: the ids of `DegreeTokenizer`, one after the other, and, where a tune is filled in or varied, the notes that are
already known of what is to come. Out: for each id a row of small integers about the place after it, where the next
token will stand: how far into the bar that is, how many bars of the section are behind and ahead, how many sections are
left, how long the pickup was that last bars leave room for, which note began at
the same place some bars before and whether the last note was the one that stood at its place then, as in the Lookback
RNN (Waite 2016), and of the known notes which begins here, which some bars later, which comes next and when. 0 always
stands for nothing.

This file knows no model: a row is what `RecurrentModel` adds up embeddings of.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from tunewright.degrees import DegreeTokenizer
from tunewright.tune import Tuplet

WHOLE = 6720  # ticks of a whole note: 64ths, triplets, quintuplets and septuplets are whole numbers of them
FINE = 70  # ticks that a model cannot tell apart: a 96th
MOST_FINE = 192
BARS_COUNTED, SECTIONS_COUNTED = 33, 9
BARS_BACK = (1, 2, 4, 8)
BARS_AHEAD = (0, 1, 2, 4, 8)
FAR = 96  # 32nds to the next known note, at most

Onset = tuple[int, int]  # bar, and ticks into it
Sound = tuple[int, int]  # numbers of pitch or rest, and of written length
NOTHING = (0, 0)
UNKNOWN = NOTHING * (len(BARS_AHEAD) + 1)


@dataclass(frozen=True)
class Columns:
    """How ids become rows: a column for the id, then one for each thing that is told of the place."""

    tokenizer: DegreeTokenizer

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values each column has, that of the id left out."""
        sound = (len(self.sounds) + 1, len(self.lengths) + 1)
        looks = len(BARS_BACK) + len(BARS_AHEAD)
        form = (BARS_COUNTED, BARS_COUNTED, SECTIONS_COUNTED)
        return (MOST_FINE, *form, MOST_FINE, 2 ** len(BARS_BACK), *(sound * looks), sound[0], FAR + 1)

    @cached_property
    def sounds(self) -> dict[int, int]:
        """Numbers, from 1, of the ids of pitches and rests."""
        return {token: number for number, token in enumerate((*self.tokenizer.pitches, *self.tokenizer.rests), 1)}

    @cached_property
    def lengths(self) -> dict[int, tuple[int, int]]:
        """Numbers, from 1, and ticks of the ids of lengths."""
        written = enumerate(self.tokenizer.lengths.items(), 1)
        return {token: (number, ticks(length)) for number, (token, length) in written}

    @cached_property
    def timed(self) -> dict[int, tuple[int, int, int]]:
        """Of notes and rests that are one id: numbers of sound and of length, and ticks."""
        timed = self.tokenizer.timed.items()
        return {token: (self.sounds[sound], *self.lengths[length]) for token, (length, sound) in timed}

    @cached_property
    def as_read(self) -> tuple[int, ...]:
        """The id that a model reads for each id: all tonics look the same to it, and so do their octaves.

        That makes a tune the same in every key.
        """
        tonic, home = min(self.tokenizer.tonics), min(self.tokenizer.homes)
        seen = dict.fromkeys(self.tokenizer.tonics, tonic) | dict.fromkeys(self.tokenizer.homes, home)
        return tuple(seen.get(number, number) for number in range(len(self.tokenizer.vocab)))

    @cached_property
    def other(self) -> dict[int, Tuplet | int | str]:
        """Ids that tell something else of place: tuplets, bars of a section, ticks of a metre, braces, bar lines."""
        tokenizer = self.tokenizer
        braces = {number: token for token, number in tokenizer.ids.items() if token in ("{", "}")}
        sections = {number: section.bars for number, section in tokenizer.sections.items()}
        return {**tokenizer.tuplets, **tokenizer.bar_lines, **braces, **sections}

    @cached_property
    def meters(self) -> dict[int, int]:
        """Ticks of a bar of each metre; 0 for the free one."""
        return {number: ticks(meter.length or Fraction(0)) for number, meter in self.tokenizer.meters.items()}


def ticks(length: Fraction) -> int:
    """A length in ticks."""
    return length.numerator * WHOLE // length.denominator


class Reader:
    """Reads the ids of one tune, from its beginning, and tells the row of each.

    `known` are notes that are given, by where they begin; while `shown` is set, those are told that begin at `horizon`
    or later.
    """

    def __init__(self, columns: Columns, known: Mapping[Onset, Sound] | None = None) -> None:
        self.columns = columns
        self.known: Mapping[Onset, Sound] = known or {}
        self.shown, self.horizon = bool(known), (0, 0)
        self._coming = sorted(self.known)
        self.bar = self.filled = self.bar_ticks = 0
        self.section = self.behind = self._pickup = 0
        self.sections: list[int] = []
        self._sounding = self._grace = False  # in this section, in a group of grace notes
        self._length = (0, 0)  # said for the next note: number, and ticks as written
        self.last: Sound = NOTHING  # the last note or rest
        self._returns = 0  # in how many bars back, a bit each, that note stood at its place too
        self._tuplet, self._left = Tuplet(1, 1, 0), 0  # and how many of its notes are to come
        self._begun: dict[Onset, Sound] = {}

    @property
    def onset(self) -> Onset:
        """The place where the next token will stand."""
        return self.bar, self.filled

    def read(self, number: int) -> tuple[int, ...]:
        """The row of this id."""
        columns = self.columns
        if number in columns.timed:
            self._sound(*columns.timed[number])
        elif number in columns.sounds:
            if not self._grace:
                self._sound(columns.sounds[number], *self._length)
        elif number in columns.lengths:
            self._length = columns.lengths[number]
        elif number in columns.other:
            self._other(number)
        elif number in columns.meters:
            self.bar_ticks = columns.meters[number]
        return self._row(number)

    def _sound(self, sound: int, length: int, written: int) -> None:
        bar, filled, begun = self.bar, self.filled, self._begun
        self._returns = sum(
            1 << power for power, bars in enumerate(BARS_BACK) if begun.get((bar - bars, filled), NOTHING)[0] == sound
        )
        self.last = begun[bar, filled] = (sound, length)
        if self._left:
            written = written * self._tuplet.q // self._tuplet.p
            self._left -= 1
        self.filled += written
        self._sounding = True

    def _other(self, number: int) -> None:
        columns = self.columns
        found = columns.other[number]
        if number in columns.tokenizer.bar_lines:
            self._bar_line(found != "|")
        elif isinstance(found, Tuplet):
            self._tuplet, self._left = found, found.r
        elif isinstance(found, int):
            self.sections.append(found)
        else:
            self._grace = found == "{"

    def _bar_line(self, ends_section: bool) -> None:
        """A short bar and the pickup after it count as one; a tune's first pickup stands at the end of its bar."""
        if self.bar == 0 and 0 < self.filled < self.bar_ticks:
            self._pickup = self.filled
            shift = self.bar_ticks - self.filled
            self._begun = {(0, onset + shift): sound for (_, onset), sound in self._begun.items()}
            self.bar, self.filled = 1, 0
        elif self.filled and self.filled >= self.bar_ticks:
            self.bar, self.filled, self.behind = self.bar + 1, 0, self.behind + 1
        if ends_section and self._sounding:
            self.section, self.behind, self._sounding = self.section + 1, 0, False

    def _row(self, number: int) -> tuple[int, ...]:
        bar, filled, begun, behind = self.bar, self.filled, self._begun, self.behind
        ahead = self.sections[self.section] - behind if self.section < len(self.sections) else 0
        row: tuple[int, ...] = (
            self.columns.as_read[number],
            min(filled // FINE, MOST_FINE - 1),
            min(behind, BARS_COUNTED - 1),
            max(0, min(ahead, BARS_COUNTED - 1)),
            max(0, min(len(self.sections) - self.section, SECTIONS_COUNTED - 1)),
            min(self._pickup // FINE, MOST_FINE - 1),
            self._returns,
        )
        for bars in BARS_BACK:
            row += begun.get((bar - bars, filled), NOTHING)
        return row + self._expected() if self.shown else row + UNKNOWN

    def _expected(self) -> tuple[int, ...]:
        """What is known of here and later."""
        bar, filled, known, horizon = self.bar, self.filled, self.known, self.horizon
        row: tuple[int, ...] = ()
        for bars in BARS_AHEAD:
            onset = (bar + bars, filled)
            row += known.get(onset, NOTHING) if onset >= horizon else NOTHING
        place = bisect_left(self._coming, max((bar, filled), horizon))
        if place == len(self._coming):
            return row + NOTHING
        onset = self._coming[place]
        away = (onset[0] - bar) * self.bar_ticks + onset[1] - filled
        return (*row, known[onset][0], max(1, min(FAR, away * 32 // WHOLE + 1)))


@dataclass(frozen=True, slots=True)
class Begun:
    """A note or rest of a tune: its place in the ids, where it begins, and what it is."""

    place: int
    onset: Onset
    sound: Sound


def begun_in(columns: Columns, ids: Sequence[int]) -> list[Begun]:
    """Every note and rest of a tune, grace notes left out, by the onset that a `Reader` is at before it."""
    reader, found = Reader(columns), []
    for place, number in enumerate(ids):
        before = reader.onset
        reader.read(number)
        if reader.onset != before and (number in columns.timed or number in columns.sounds):
            found.append(Begun(place, before, reader.last))
    return found


def read_rows(
    columns: Columns,
    ids: Sequence[int],
    known: Mapping[Onset, Sound] | None = None,
    gaps: Sequence[tuple[range, Onset]] | None = None,
) -> list[tuple[int, ...]]:
    """The row of every id; what is `known` is told everywhere, or for the tokens to come that stand in one of `gaps`.

    A gap is a range of places in `ids`, in order, and the onset from which on notes are told within it.
    """
    reader = Reader(columns, known)
    if gaps is None:
        return [reader.read(number) for number in ids]
    horizons = {place: horizon for gap, horizon in gaps for place in gap}
    rows = []
    for place, number in enumerate(ids):
        reader.shown = place + 1 in horizons
        reader.horizon = horizons.get(place + 1, reader.horizon)
        rows.append(reader.read(number))
    return rows
