"""A place in a bar: what may come there, and where that leads.

In: what a bar may be (`Shape`), where in it a tune stands (`At`), and ids. Out: cells, each with the row of a table of
masks. What is worked out once for a bar of 6/8 serves in every one: a cell knows neither the form nor the bars before.
Which pitch was written last is not its business either, but that of the state that asks, or there were a cell for
every pitch.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tunewright.music.tune import Tuplet
from tunewright.tokens.degrees.grammar.tables import GRID, Tables
from tunewright.tokens.masks import Mask, Masks

MOST_GRACES = 6
MOST_DECORATIONS = 3
MOST_SLURS = 2
MOST_CROSSED = 1  # bar lines that a slur may reach across: one of 4,233 built-in tunes has one over more
FAR = 10**9  # ticks to the next note that is settled, where there is none
NO_TUPLET = Tuplet(1, 1, 0)


class Stage(IntEnum):
    """What has just been written."""

    OPEN = 0  # a whole element, or nothing
    CHORD = 1  # the root of a chord symbol
    QUALITY = 2
    BASS = 3
    DECORATED = 4
    SLURRED = 5  # a slur was opened
    GRACES = 6  # within grace notes
    GRACED = 7  # after them
    LENGTH = 8  # a length
    NOTE = 9
    CLOSED = 10  # a slur was closed, or a tie written
    SIGNED = 11  # a decoration that ABC writes as one letter


BEFORE_A_NOTE = (
    Stage.DECORATED,
    Stage.SIGNED,
    Stage.SLURRED,
    Stage.GRACED,
)  # what these end with belongs to the note that comes


class End(NamedTuple):
    """One way in which a bar may be closed."""

    total: int  # ticks in it
    ids: frozenset[int]  # bar lines, and the end of the tune
    onward: bool  # whether a plain bar line leads to another bar


class Shape(NamedTuple):
    """What a bar may be."""

    entry: frozenset[int]  # what may come before anything stands in it: bar lines, endings, the end
    ends: tuple[End, ...]
    pitches: frozenset[int]  # ids of the plain pitches that may be used


class At(NamedTuple):
    """Where in a bar a tune stands."""

    stage: Stage = Stage.OPEN
    filled: int = 0  # ticks
    tuplet: Tuplet = NO_TUPLET  # that we are in, its r the notes that are to come
    tie: int = 0  # id of the pitch that has to come next
    slurs: int = 0  # open
    crossed: int = 0  # bar lines that they reach across
    fresh: int = 0  # of them on this note
    some: int = 0  # grace notes in this group, decorations of this note
    length: int = 0  # id of the length said
    untied: int = 0  # by this note's decorations: 1 where abc2midi loses a tie after it, 2 also grace notes before it
    bound: bool = False  # whether it is a note's, since what stands before it belongs to a note


class Frame:
    """Bars of one shape: their cells, each of them once."""

    def __init__(self, shape: Shape, tables: Tables, masks: Masks) -> None:
        self.shape, self.tables, self.masks = shape, tables, masks
        self.totals = tuple(end.total for end in shape.ends)
        self.cells: dict[At, Cell] = {}
        self._fitting: dict[tuple[int, Tuplet, int], tuple[int, ...]] = {}
        self._tuplets: dict[tuple[int, int], tuple[int, ...]] = {}

    def cell(self, at: At) -> Cell:
        """The one cell at this place."""
        return self.cells.get(at) or self.cells.setdefault(at, Cell(self, at))

    def fills(self, filled: int, tuplet: Tuplet, ahead: int) -> bool:
        """Whether the bar can be filled from here to one of its ends, with a note that begins `ahead` ticks on."""
        return _fillable(filled, tuplet, self.totals, min(ahead, FAR), self.tables.written)

    def fitting(self, filled: int, tuplet: Tuplet, ahead: int) -> tuple[int, ...]:
        """The ids of the lengths of which a note, at this place, leaves the bar to be filled."""
        key = (filled, tuplet, ahead)
        if key not in self._fitting:
            usable = self.tables.usable.items()
            self._fitting[key] = tuple(n for n, written in usable if self._fits(written, *key))
        return self._fitting[key]

    def _fits(self, written: int, filled: int, tuplet: Tuplet, ahead: int) -> bool:
        sounding = _sounding(written, tuplet)
        if 0 < ahead < sounding:
            return False
        left = ahead - sounding if 0 < ahead < FAR else FAR
        return self.fills(filled + sounding, _one_less(tuplet), left)

    def tuplets(self, filled: int, ahead: int) -> tuple[int, ...]:
        """The ids of the tuplets that may begin at this place."""
        key = (filled, ahead)
        if key not in self._tuplets:
            usable = self.tables.tuplets.items() if ahead else ()
            self._tuplets[key] = tuple(n for n, tuplet in usable if self.fills(filled, tuplet, ahead))
        return self._tuplets[key]


class Cell:
    """A place in bars of one shape: what may come there, and where that leads."""

    __slots__ = ("_awaiting", "_before", "_begun", "_next", "_tied", "at", "frame", "row")

    def __init__(self, frame: Frame, at: At) -> None:
        self.frame, self.at = frame, at
        self._next: dict[int, Cell] = {}
        self._tied: dict[int, Cell] = {}
        self._before: dict[tuple[int, int, bool], int] = {}
        self._awaiting = -1
        self._begun: dict[int, int] = {}
        self.row = frame.masks.add(self._mask(FAR, 0, again=False))

    @property
    def row_awaiting(self) -> int:
        """The row at the beginning of a measure before its return: one of those, or what stands between measures."""
        if self._awaiting < 0:
            mask, tables = self.frame.masks.table[self.row], self.frame.tables
            between = mask & tables.closing
            self._awaiting = self.frame.masks.add(
                between if np.array_equal(between, mask) else between | tables.planning
            )
        return self._awaiting

    def row_begun(self, row: int) -> int:
        """Another row of this cell after a return: without what stands between measures."""
        found = self._begun.get(row)
        if found is None:
            music = self.frame.masks.table[row] & ~self.frame.tables.closing
            found = self._begun[row] = self.frame.masks.add(music)
        return found

    def row_before(self, ahead: int, pitch: int, *, again: bool) -> int:
        """The row where `ahead` ticks on a note of this pitch has to begin, which is the last one `again` or not.

        The cell's own row where that cannot be: a length is said already that leads past it, or a slur has to go on.
        """
        key = (ahead, pitch, again)
        if key not in self._before:
            mask = self._mask(ahead, pitch, again=again)
            self._before[key] = self.frame.masks.add(mask) if mask.any() else self.row
        return self._before[key]

    def after(self, number: int) -> Cell | None:
        """The cell after an id, ties apart; None where the id is the measure's: a bar line or an ending."""
        found = self._next.get(number)
        if found is None and number not in self.frame.tables.borders:
            found = self._next[number] = self.frame.cell(self._after(number))
        return found

    def tied(self, pitch: int) -> Cell:
        """The cell after a tie from this pitch."""
        if pitch not in self._tied:
            self._tied[pitch] = self.frame.cell(self.at._replace(stage=Stage.CLOSED, tie=pitch))
        return self._tied[pitch]

    def carried(self) -> At:
        """What is left to be done at the beginning of the next bar."""
        at = self.at
        return At(tie=at.tie, slurs=at.slurs, crossed=at.crossed + 1 if at.slurs else 0)

    # -------------------------------------------------------------------------------------------- where it leads

    def _after(self, number: int) -> At:
        at, tables = self.at, self.frame.tables
        if number in tables.sounds:
            return self._after_sound(*tables.sounds[number])
        if number in tables.plain:
            if at.stage == Stage.GRACES:
                return at._replace(some=at.some + 1)
            return self._after_sound(at.length, number)
        if number in tables.lengths:
            return at._replace(
                stage=Stage.LENGTH,
                length=number,
                fresh=self._fresh,
                bound=at.stage in BEFORE_A_NOTE,
                untied=self._untied,
            )
        if number in tables.tuplets:
            return at._replace(stage=Stage.OPEN, tuplet=tables.tuplets[number], fresh=0, untied=0)
        after = self._after_sign(tables.signs[number])
        return after._replace(untied=max(after.untied, tables.untied[number])) if number in tables.untied else after

    def _after_sound(self, length: int, sound: int) -> At:
        at, tables = self.at, self.frame.tables
        note = sound in tables.pitches
        filled = at.filled + _sounding(tables.lengths[length], at.tuplet)
        return At(
            Stage.NOTE if note else Stage.OPEN,
            filled,
            _one_less(at.tuplet),
            slurs=at.slurs,
            crossed=at.crossed,
            fresh=self._fresh,
            untied=self._untied if note else 0,
        )

    @property
    def _fresh(self) -> int:
        """Slurs that begin on the note that comes next."""
        return 0 if self.at.stage in (Stage.NOTE, Stage.CLOSED) else self.at.fresh

    @property
    def _untied(self) -> int:
        """What the decorations of the note that comes next rule out."""
        return 0 if self.at.stage in (Stage.NOTE, Stage.CLOSED) else self.at.untied

    def _after_sign(self, sign: str) -> At:
        at = self.at
        if sign == ")":
            return at._replace(stage=Stage.CLOSED, slurs=at.slurs - 1, crossed=at.crossed if at.slurs > 1 else 0)
        before = at._replace(fresh=0, untied=0) if at.stage in (Stage.NOTE, Stage.CLOSED) else at
        if sign == "(":
            return before._replace(stage=Stage.SLURRED, slurs=at.slurs + 1, fresh=before.fresh + 1)
        if sign == "{":
            return before._replace(stage=Stage.GRACES, some=0)
        if sign == "}":
            return at._replace(stage=Stage.GRACED, some=0)
        if sign in ("!", "~"):
            count = at.some + 1 if at.stage in (Stage.DECORATED, Stage.SIGNED) else 1
            return before._replace(stage=Stage.DECORATED if sign == "!" else Stage.SIGNED, some=count)
        return before._replace(stage={"chord": Stage.CHORD, "quality": Stage.QUALITY, "bass": Stage.BASS}[sign])

    # -------------------------------------------------------------------------------------------- what may come

    def _mask(self, ahead: int, pitch: int, *, again: bool) -> Mask:
        """What may come, where `ahead` ticks on a note of this pitch has to begin, the last one `again` or another."""
        at, tables = self.at, self.frame.tables
        mask = np.zeros(len(tables.tokenizer.vocab), bool)
        if at.stage == Stage.GRACES:
            if at.some < MOST_GRACES:
                mask[list(tables.unlike(self.frame.shape.pitches, at.tie))] = True
            mask[tables.sign_ids["}"]] = at.some > 0
            return mask
        self._allow_sounds(mask, ahead, pitch)
        if at.stage == Stage.LENGTH:
            return mask
        going_on = bool(mask.any())
        if going_on:
            self._allow_prefixes(mask, ahead)
        if at.stage in (Stage.NOTE, Stage.CLOSED):
            self._allow_suffixes(mask, apart=ahead == 0 and not again)
        if at.stage in (Stage.OPEN, Stage.NOTE, Stage.CLOSED) and not at.tuplet.r:
            self._allow_borders(mask)
        return mask

    def _allow_sounds(self, mask: Mask, ahead: int, pitch: int) -> None:
        """Notes and rests that fit, a length where a note of that length is not one token."""
        at, tables = self.at, self.frame.tables
        before_note = at.stage in BEFORE_A_NOTE or at.bound or at.tie or ahead == 0
        pitches = self.frame.shape.pitches
        if at.tie:
            pitches = frozenset((at.tie,))
        if ahead == 0:
            pitches = frozenset((pitch,)) if pitch in pitches or not at.tie else pitches
        rests = frozenset[int]() if before_note else tables.rests
        if at.stage == Stage.LENGTH:
            apart = [sound for sound in (*pitches, *rests) if (at.length, sound) not in tables.one_token]
            mask[[sound for sound in apart if self._leaves(at.length, rest=sound in rests)]] = True
            return
        fits = self.frame.fitting(at.filled, at.tuplet, ahead)
        mask |= tables.spelled(self._leaving(fits, rest=False), pitches)
        if rests:
            mask |= tables.spelled(self._leaving(fits, rest=True), rests)

    def _leaving(self, lengths: tuple[int, ...], *, rest: bool) -> tuple[int, ...]:
        """Those of the lengths after which every slur can go on."""
        if not (self.at.slurs if rest else self._fresh):
            return lengths
        return tuple(length for length in lengths if self._leaves(length, rest=rest))

    def _leaves(self, length: int, *, rest: bool) -> bool:
        """Whether a slur can go on to another note: one that begins on this note, or any that is open at a rest."""
        filled = self.at.filled + _sounding(self.frame.tables.lengths[length], self.at.tuplet)
        awaited = self.at.slurs if rest else self._fresh
        if not awaited or self._room_after(filled, _one_less(self.at.tuplet)):
            return True
        return self._may_cross and self._onward(filled)

    @property
    def _may_cross(self) -> bool:
        """Whether an open slur may reach across the next bar line."""
        return self.at.crossed < MOST_CROSSED

    def _room_after(self, filled: int, tuplet: Tuplet) -> bool:
        """Whether another note fits into the bar."""
        return bool(tuplet.r) or any(end.total > filled for end in self.frame.shape.ends)

    def _onward(self, filled: int) -> bool:
        return any(end.total == filled and end.onward for end in self.frame.shape.ends)

    def _allow_prefixes(self, mask: Mask, ahead: int) -> None:
        """What may stand before a note."""
        at, tables = self.at, self.frame.tables
        ids = tables.sign_ids
        whole = at.stage in (Stage.OPEN, Stage.NOTE, Stage.CLOSED)
        after_chord = at.stage in (Stage.CHORD, Stage.QUALITY, Stage.BASS)
        if at.stage == Stage.CHORD:
            mask |= tables.qualities
        if at.stage in (Stage.CHORD, Stage.QUALITY):
            mask |= tables.basses
        if whole and not at.tuplet.r:
            mask |= tables.chords
        if (whole or after_chord) and not at.tuplet.r:
            mask[list(self.frame.tuplets(at.filled, ahead))] = True
        if whole or after_chord or (at.stage == Stage.DECORATED and at.some < MOST_DECORATIONS):
            mask |= tables.decorations
        if at.stage == Stage.SIGNED and at.some < MOST_DECORATIONS:
            mask |= tables.after_letters
        if at.tie:
            mask[list(tables.untied)] = False  # abc2midi plays these as notes of their own: the tie would lead nowhere
        if at.stage not in (Stage.GRACED, Stage.LENGTH) and self._may_slur():
            mask[ids["("]] = True
        if at.stage != Stage.GRACED and "{" in ids and at.untied < 2:
            mask[ids["{"]] = True

    def _may_slur(self) -> bool:
        """Whether a slur may begin on the next note: it needs one more after that."""
        at = self.at
        if at.slurs >= MOST_SLURS:
            return False
        shortest = min(self.frame.tables.usable.values())
        after = at.filled + _sounding(shortest, at.tuplet)
        tuplet = _one_less(at.tuplet)
        goes_on = any(end.total > after for end in self.frame.shape.ends) or (self._may_cross and self._onward(after))
        return goes_on and (bool(tuplet.r) or self.frame.fills(after, tuplet, FAR))

    def _allow_suffixes(self, mask: Mask, *, apart: bool) -> None:
        """What may stand after a note; no tie where the next one has to be `apart`."""
        at, ids = self.at, self.frame.tables.sign_ids
        if at.stage == Stage.NOTE and not at.untied and not apart:
            mask[ids["-"]] = self._room_after(at.filled, at.tuplet) or self._onward(at.filled)
        mask[ids[")"]] = at.slurs > at.fresh

    def _allow_borders(self, mask: Mask) -> None:
        """Bar lines, endings and the end."""
        at, tables = self.at, self.frame.tables
        if not at.filled:
            if not at.tie and not at.slurs:
                mask[list(self.frame.shape.entry)] = True
            return
        held = bool(at.tie or at.slurs)
        for end in self.frame.shape.ends:
            if end.total == at.filled and not held:
                mask[list(end.ids)] = True
            elif end.total == at.filled and end.onward and (self._may_cross or not at.slurs):
                mask[tables.line_ids["|"]] = True


def _sounding(written: int, tuplet: Tuplet) -> int:
    return written * tuplet.q // tuplet.p if tuplet.r else written


def _one_less(tuplet: Tuplet) -> Tuplet:
    return Tuplet(tuplet.p, tuplet.q, tuplet.r - 1) if tuplet.r > 1 else NO_TUPLET


@lru_cache(maxsize=1 << 16)
def _fillable(filled: int, tuplet: Tuplet, totals: tuple[int, ...], ahead: int, written: tuple[int, ...]) -> bool:
    """Whether notes of the `written` lengths can fill a bar to one of the `totals`, and reach the place `ahead`."""
    most = totals[-1] - filled if totals else -1
    for sounding in _sums(tuplet, written):  # of the notes that the tuplet still needs
        if sounding > min(most, ahead):
            return False
        if _on_grid(filled + sounding, totals) and (ahead >= FAR or (ahead - sounding) % GRID == 0):
            return True
    return False


def _on_grid(filled: int, totals: tuple[int, ...]) -> bool:
    """Whether notes of whole steps of the grid lead from here to one of the totals."""
    return any(total >= filled and (total - filled) % GRID == 0 for total in totals)


@lru_cache
def _sums(tuplet: Tuplet, written: tuple[int, ...]) -> tuple[int, ...]:
    """All lengths, in order, that the notes can have together that a tuplet still needs."""
    sums = {0}
    for _ in range(tuplet.r):
        sums = {total + _sounding(length, tuplet) for total in sums for length in written}
    return tuple(sorted(sums))
