"""Which musical token may come next, so that every tune that ends is strictly well formed.

In: what a tune is held to (`Constraints`) and its body, id after id. Out: states, each with the row of a table of
masks. Bars fill exactly, tuplets are completed, ties go on to the same pitch, slurs close, repeats, endings and the
form come out as `barring` has them. There is no dead end: a token is let through only where the bar can still be
filled and the tune be ended.

A state has two halves. The measure knows where in the form it stands; what it lets a bar be is its `Shape`, which
most bars of all tunes share. The cell knows where in the bar it stands, and belongs to a shape: so what is worked out
once for a bar of 6/8 serves in every one. This file draws nothing and knows no header: that is `scripts`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from tunewright.abcnotation.header import SHORTHAND
from tunewright.barring import Form, Place, begin
from tunewright.degrees import DegreeTokenizer
from tunewright.masks import Mask, Masks
from tunewright.places import WHOLE, ticks
from tunewright.tune import Meter, Tuplet

GRID = WHOLE // 32  # ticks: the shortest note, and what bars are filled in steps of
MOST_FREE = 4 * WHOLE  # ticks of a bar in free metre
MOST_GRACES = 6
MOST_DECORATIONS = 3
MOST_SLURS = 2
FAR = 10**9  # ticks to the next note that is settled, where there is none
NO_TUPLET = Tuplet(1, 1, 0)
MOST_CELLS, MOST_MEASURES = 100_000, 50_000  # that are remembered


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
    last: int = 0  # id of the pitch just written, 0 for a rest
    slurs: int = 0  # open
    fresh: int = 0  # of them on this note
    some: int = 0  # grace notes in this group, decorations of this note
    length: int = 0  # id of the length said
    untied: int = (
        0  # by the decorations of this note: 1 where abc2midi loses a tie after it, 2 also grace notes before it
    )
    bound: bool = False  # whether it is a note's, since what stands before it belongs to a note


@dataclass(frozen=True, slots=True)
class PieceBar:
    """A bar that is to be written just so long, between just these signs."""

    before: tuple[int, ...]  # ids of bar lines and endings before anything stands in it
    total: int  # ticks
    after: int  # id of the bar line after it, or of the end


@dataclass(frozen=True)
class Constraints:
    """What a tune is held to."""

    meter: Meter = field(default_factory=Meter)
    form: Form | None = None
    pitches: frozenset[int] | None = None  # ids of the plain pitches that may be used; None for all
    piece: tuple[PieceBar, ...] = ()  # the bars to write, where not a whole tune is
    exact: bool = True  # whether a form comes out without endings and with every pickup completed


class Grammar:
    """The grammar of a tokenizer's music."""

    def __init__(self, tokenizer: DegreeTokenizer, masks: Masks | None = None) -> None:
        self.tokenizer = tokenizer
        self.masks = masks or Masks(len(tokenizer.vocab))
        self.tables = Tables(tokenizer)
        self._cells: dict[tuple[Shape, At], Cell] = {}
        self._measures: dict[object, Measure] = {}

    def start(self, constraints: Constraints) -> State:
        """The state before the music; what was worked out long ago is forgotten, so that memory stays bounded."""
        if len(self._cells) > MOST_CELLS or len(self._measures) > MOST_MEASURES:
            self._cells, self._measures = {}, {}
        pitches = self.tables.pitches if constraints.pitches is None else constraints.pitches
        if constraints.piece:
            measure: Measure = self.piece(constraints.piece, 0, 0, pitches)
        else:
            measure = self.measure(
                begin(constraints.meter, constraints.form, exact=constraints.exact, whole=WHOLE), pitches
            )
        return State(measure, self.cell(measure.shape, At()))

    def cell(self, shape: Shape, at: At) -> Cell:
        """The one cell of this shape at this place."""
        key = (shape, at)
        return self._cells.get(key) or self._cells.setdefault(key, Cell(self, shape, at))

    def measure(self, place: Place, pitches: frozenset[int]) -> Measure:
        """The one measure that begins at this place."""
        key = (place, pitches)
        return self._measures.get(key) or self._measures.setdefault(key, FormMeasure(self, place, pitches))

    def piece(self, bars: tuple[PieceBar, ...], number: int, entered: int, pitches: frozenset[int]) -> Measure:
        """The one measure that a bar of a piece is, some of the signs before it written."""
        key = (bars, number, entered, pitches)
        return self._measures.get(key) or self._measures.setdefault(key, PieceMeasure(self, *key))

    def refused(self, ids: Sequence[int], constraints: Constraints) -> int | None:
        """The place of the first id of a body, its end included, that may not come; None where all may."""
        state = self.start(constraints)
        for place, number in enumerate(ids):
            if not self.masks.table[state.row, number]:
                return place
            if number != self.tokenizer.END:
                state = state.after(number)
        return None

    def lets_through(self, ids: Sequence[int], constraints: Constraints) -> bool:
        """Whether music may begin like this."""
        return self.refused(ids, constraints) is None

    @property
    def size(self) -> tuple[int, int, int]:
        """How many cells, measures and masks there are so far."""
        return len(self._cells), len(self._measures), len(self.masks)


class State:
    """Where a tune stands: a measure, and a cell of its shape."""

    __slots__ = ("cell", "measure")

    def __init__(self, measure: Measure, cell: Cell) -> None:
        self.measure, self.cell = measure, cell

    @property
    def row(self) -> int:
        """The row of the mask of what may come."""
        return self.cell.row

    def row_before(self, ahead: int, pitch: int) -> int:
        """The same where `ahead` ticks on a note of this pitch has to begin: nothing may sound across that place."""
        return self.cell.row_before(ahead, pitch)

    def after(self, number: int) -> State:
        """The state after one more id, which the row lets through."""
        after = self.cell.after(number)
        if after is not None:
            return State(self.measure, after)
        return self.measure.after(number, self.cell.at)


# ------------------------------------------------------------------------------------------------ measures


class Measure:
    """Where in the form a bar stands."""

    def __init__(self, grammar: Grammar, shape: Shape) -> None:
        self.grammar, self.shape = grammar, shape
        self._next: dict[tuple[int, int], Measure] = {}

    def after(self, number: int, at: At) -> State:
        """The state after a bar line or an ending at this place of the bar."""
        key = (number, at.filled)
        following = self._next.get(key) or self._next.setdefault(key, self._follow(number, at.filled))
        carried = At(filled=0, tie=at.tie, slurs=at.slurs)
        return State(following, self.grammar.cell(following.shape, carried))

    def _follow(self, number: int, filled: int) -> Measure:
        raise NotImplementedError


class FormMeasure(Measure):
    """A bar of a whole tune."""

    def __init__(self, grammar: Grammar, place: Place, pitches: frozenset[int]) -> None:
        self.place, self.pitches = place, pitches
        tables = grammar.tables
        lines = {tables.line_ids[line] for line in place.lines}
        endings = {tables.ending_ids[number] for number in place.endings}
        end = {grammar.tokenizer.END} if place.may_end else set()
        ends = tuple(_ends(place, tables)) if place.goes_on else ()
        super().__init__(grammar, Shape(frozenset(lines | endings | end), ends, pitches))

    def _follow(self, number: int, filled: int) -> Measure:
        tokenizer = self.grammar.tokenizer
        if number in tokenizer.endings:
            return self.grammar.measure(self.place.with_ending(tokenizer.endings[number]), self.pitches)
        place = self.place.with_length(filled) if filled else self.place
        return self.grammar.measure(place.with_line(tokenizer.bar_lines[number]), self.pitches)


def _ends(place: Place, tables: Tables) -> Iterator[End]:
    """The ways in which the bar that begins here may be closed; all short bars that complete nothing alike."""
    full = place.full
    settled = set() if full is None else {full, full - place.carry, full - place.pickup, place.back}
    usual: tuple[frozenset[int], bool] | None = None
    for total in sorted(_totals(place)):
        closed = place.with_length(total)
        if closed.filled in settled:
            ids, onward = _closings(closed, tables)
        else:
            usual = ids, onward = usual or _closings(closed, tables)
        if ids:
            yield End(total, ids, onward)


def _closings(closed: Place, tables: Tables) -> tuple[frozenset[int], bool]:
    """What may come after a bar, and whether a plain bar line leads to another."""
    ids = {tables.line_ids[line] for line in closed.lines}
    if closed.may_end:
        ids.add(DegreeTokenizer.END)
    return frozenset(ids), "|" in closed.lines and closed.with_line("|").goes_on


def _totals(place: Place) -> set[int]:
    if place.full is None:
        return set(range(GRID, MOST_FREE + 1, GRID))
    needed = {int(total) for total in place.needs()}
    form = place.rules.form
    last = (
        form is not None and place.section < len(form.sections) and place.bar + 1 == form.sections[place.section].bars
    )
    if place.at_start or form is None or last:  # a pickup, or a section that ends short
        needed |= set(range(GRID, int(place.full), GRID))
    return needed


class PieceMeasure(Measure):
    """A bar of a piece whose bars are settled."""

    def __init__(
        self, grammar: Grammar, bars: tuple[PieceBar, ...], number: int, entered: int, pitches: frozenset[int]
    ) -> None:
        self.bars, self.number, self.entered, self.pitches = bars, number, entered, pitches
        if number == len(bars):
            shape = Shape(frozenset((DegreeTokenizer.END,)), (), pitches)
        elif entered < len(bars[number].before):
            shape = Shape(frozenset((bars[number].before[entered],)), (), pitches)
        else:
            bar = bars[number]
            onward = (
                number + 1 < len(bars) and not bars[number + 1].before and bar.after == grammar.tables.line_ids["|"]
            )
            shape = Shape(frozenset(), (End(bar.total, frozenset((bar.after,)), onward),), pitches)
        super().__init__(grammar, shape)

    def _follow(self, number: int, filled: int) -> Measure:
        if filled:
            return self.grammar.piece(self.bars, self.number + 1, 0, self.pitches)
        return self.grammar.piece(self.bars, self.number, self.entered + 1, self.pitches)


# ------------------------------------------------------------------------------------------------ within a bar


class Cell:
    """A place in bars of one shape: what may come there, and where that leads."""

    __slots__ = ("_before", "_next", "at", "grammar", "row", "shape", "totals")

    def __init__(self, grammar: Grammar, shape: Shape, at: At) -> None:
        self.grammar, self.shape, self.at = grammar, shape, at
        self.totals = tuple(end.total for end in shape.ends)
        self._next: dict[int, Cell] = {}
        self._before: dict[tuple[int, int], int] = {}
        self.row = grammar.masks.add(self._mask(FAR, 0))

    def row_before(self, ahead: int, pitch: int) -> int:
        """The row where `ahead` ticks on a note of this pitch has to begin."""
        key = (ahead, pitch)
        if key not in self._before:
            self._before[key] = self.grammar.masks.add(self._mask(ahead, pitch))
        return self._before[key]

    def after(self, number: int) -> Cell | None:
        """The cell after an id; None where the id is the measure's: a bar line or an ending."""
        found = self._next.get(number)
        if found is None and number not in self.grammar.tables.borders:
            found = self._next[number] = self.grammar.cell(self.shape, self._after(number))
        return found

    # -------------------------------------------------------------------------------------------- where it leads

    def _after(self, number: int) -> At:
        at, tables = self.at, self.grammar.tables
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
            return at._replace(stage=Stage.OPEN, tuplet=tables.tuplets[number], last=0, fresh=0, untied=0)
        after = self._after_sign(tables.signs[number])
        return after._replace(untied=max(after.untied, tables.untied[number])) if number in tables.untied else after

    def _after_sound(self, length: int, sound: int) -> At:
        at, tables = self.at, self.grammar.tables
        note = sound in tables.pitches
        filled = at.filled + _sounding(tables.lengths[length], at.tuplet)
        return At(
            Stage.NOTE if note else Stage.OPEN,
            filled,
            _one_less(at.tuplet),
            0,
            sound if note else 0,
            at.slurs,
            self._fresh,
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
        if sign == "-":
            return at._replace(stage=Stage.CLOSED, tie=at.last)
        if sign == ")":
            return at._replace(stage=Stage.CLOSED, slurs=at.slurs - 1)
        before = at._replace(last=0, fresh=0, untied=0) if at.stage in (Stage.NOTE, Stage.CLOSED) else at
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

    def _mask(self, ahead: int, pitch: int) -> Mask:
        """What may come, where `ahead` ticks on a note of this pitch has to begin."""
        at, tables = self.at, self.grammar.tables
        mask = np.zeros(len(self.grammar.tokenizer.vocab), bool)
        if at.stage == Stage.GRACES:
            if at.some < MOST_GRACES:
                mask[list(tables.unlike(self.shape.pitches, at.tie))] = True
            mask[tables.sign_ids["}"]] = at.some > 0
            return mask
        self._allow_sounds(mask, ahead, pitch)
        if at.stage == Stage.LENGTH:
            return mask
        going_on = bool(mask.any())
        if going_on:
            self._allow_prefixes(mask, ahead)
        if at.stage in (Stage.NOTE, Stage.CLOSED):
            self._allow_suffixes(mask, ahead, pitch)
        if at.stage in (Stage.OPEN, Stage.NOTE, Stage.CLOSED) and not at.tuplet.r:
            self._allow_borders(mask)
        return mask

    def _allow_sounds(self, mask: Mask, ahead: int, pitch: int) -> None:
        """Notes and rests that fit, a length where a note of that length is not one token."""
        at, tables = self.at, self.grammar.tables
        fits = {length for length, written in tables.usable.items() if self._fits(written, ahead)}
        before_note = at.stage in BEFORE_A_NOTE or at.bound or at.tie or ahead == 0
        pitches = self.shape.pitches
        if at.tie:
            pitches = frozenset((at.tie,))
        if ahead == 0:
            pitches = frozenset((pitch,)) if pitch in pitches or not at.tie else pitches
        rests = frozenset[int]() if before_note else tables.rests
        if at.stage == Stage.LENGTH:
            apart = [sound for sound in (*pitches, *rests) if (at.length, sound) not in tables.one_token]
            mask[[sound for sound in apart if self._leaves(at.length, rest=sound in rests)]] = True
            return
        for length in fits:
            if self._leaves(length, rest=False):
                mask |= tables.spelled(length, pitches)
            if self._leaves(length, rest=True):
                mask |= tables.spelled(length, rests)

    def _leaves(self, length: int, *, rest: bool) -> bool:
        """Whether a slur can go on to another note: one that begins on this note, or any that is open at a rest."""
        filled = self.at.filled + _sounding(self.grammar.tables.lengths[length], self.at.tuplet)
        awaited = self.at.slurs if rest else self._fresh
        return not awaited or self._room_after(filled, _one_less(self.at.tuplet)) or self._onward(filled)

    def _room_after(self, filled: int, tuplet: Tuplet) -> bool:
        """Whether another note fits into the bar."""
        return bool(tuplet.r) or any(end.total > filled for end in self.shape.ends)

    def _onward(self, filled: int) -> bool:
        return any(end.total == filled and end.onward for end in self.shape.ends)

    def _fits(self, written: int, ahead: int) -> bool:
        """Whether a note of so many ticks, as written, leaves the bar to be filled."""
        at = self.at
        tuplet = _one_less(at.tuplet)
        sounding = _sounding(written, at.tuplet)
        if 0 < ahead < sounding:
            return False
        left = ahead - sounding if 0 < ahead < FAR else FAR
        return self._fills(at.filled + sounding, tuplet, left)

    def _fills(self, filled: int, tuplet: Tuplet, ahead: int) -> bool:
        """Whether the bar can be filled from here to one of its ends."""
        return _fillable(filled, tuplet, self.totals, min(ahead, FAR), self.grammar.tables.written)

    def _allow_prefixes(self, mask: Mask, ahead: int) -> None:
        """What may stand before a note."""
        at, tables = self.at, self.grammar.tables
        ids = tables.sign_ids
        whole = at.stage in (Stage.OPEN, Stage.NOTE, Stage.CLOSED)
        after_chord = at.stage in (Stage.CHORD, Stage.QUALITY, Stage.BASS)
        if at.stage == Stage.CHORD:
            mask[list(tables.qualities)] = True
        if at.stage in (Stage.CHORD, Stage.QUALITY):
            mask[list(tables.basses)] = True
        if whole and not at.tuplet.r:
            mask[list(tables.chords)] = True
        if (whole or after_chord) and not at.tuplet.r:
            for number, tuplet in tables.tuplets.items():
                mask[number] = self._fills(at.filled, tuplet, ahead) and ahead != 0
        if whole or after_chord or (at.stage == Stage.DECORATED and at.some < MOST_DECORATIONS):
            mask[list(tables.decorations)] = True
        if at.stage == Stage.SIGNED and at.some < MOST_DECORATIONS:
            mask[list(tables.letters - {tables.slide})] = True  # abc2midi reads no "!" and no "J" after a letter
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
        shortest = min(self.grammar.tables.usable.values())
        after = at.filled + _sounding(shortest, at.tuplet)
        tuplet = _one_less(at.tuplet)
        return any(end.total > after or (end.total == after and end.onward) for end in self.shape.ends) and (
            bool(tuplet.r) or self._fills(after, tuplet, FAR)
        )

    def _allow_suffixes(self, mask: Mask, ahead: int, pitch: int) -> None:
        """What may stand after a note."""
        at, ids = self.at, self.grammar.tables.sign_ids
        if at.stage == Stage.NOTE and not at.untied and (ahead != 0 or pitch == at.last):
            mask[ids["-"]] = self._room_after(at.filled, at.tuplet) or self._onward(at.filled)
        mask[ids[")"]] = at.slurs > at.fresh

    def _allow_borders(self, mask: Mask) -> None:
        """Bar lines, endings and the end."""
        at, tables = self.at, self.grammar.tables
        if not at.filled:
            if not at.tie and not at.slurs:
                mask[list(self.shape.entry)] = True
            return
        for end in self.shape.ends:
            if end.total == at.filled:
                held = bool(at.tie or at.slurs)
                allowed = end.ids & {tables.line_ids["|"]} if held and end.onward else frozenset() if held else end.ids
                mask[list(allowed)] = True


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


# ------------------------------------------------------------------------------------------------ tables


class Tables:
    """What the ids of a tokenizer are, for the grammar."""

    def __init__(self, tokenizer: DegreeTokenizer) -> None:
        self.tokenizer = tokenizer
        self.lengths = {number: ticks(length) for number, length in tokenizer.lengths.items()}
        self.usable = {n: length for n, length in self.lengths.items() if length >= GRID and length % GRID == 0}
        self.sounds = tokenizer.timed
        self.one_token = {spelled: number for number, spelled in tokenizer.timed.items()}
        self.pitches, self.rests = frozenset(tokenizer.pitches), frozenset(tokenizer.rests)
        self.plain = self.pitches | self.rests
        self.tuplets = tokenizer.tuplets
        self.line_ids = {line: number for number, line in tokenizer.bar_lines.items()}
        self.ending_ids = {ending: number for number, ending in tokenizer.endings.items()}
        self.borders = frozenset((*tokenizer.bar_lines, *tokenizer.endings))
        self.decorations = frozenset(tokenizer.decorations)
        self.letters = frozenset(n for n, name in tokenizer.decorations.items() if name in SHORTHAND.values())
        self.roll, self.slide = tokenizer.ids["!roll!"], tokenizer.ids["!slide!"]
        self.untied = {tokenizer.ids["!trill!"]: 1, tokenizer.ids["!staccato!"]: 1, self.roll: 2}
        self.written = tuple(sorted(set(self.usable.values())))
        self._spelled: dict[tuple[int, frozenset[int]], Mask] = {}

    def spelled(self, length: int, sounds: frozenset[int]) -> Mask:
        """The first ids of these pitches and rests with this length: the only one, or the length."""
        key = (length, sounds)
        if key not in self._spelled:
            mask = np.zeros(len(self.tokenizer.vocab), bool)
            mask[[self.one_token.get((length, sound), length) for sound in sounds]] = True
            self._spelled[key] = mask
        return self._spelled[key]

    def unlike(self, pitches: frozenset[int], tie: int) -> frozenset[int]:
        """Those pitches that are of other degrees than the one tied: a tie carries its accidental to the next note."""
        if not tie:
            return pitches
        steps = self.tokenizer.pitches
        return frozenset(pitch for pitch in pitches if (steps[pitch][0] - steps[tie][0]) % 7) or pitches

    @cached_property
    def sign_ids(self) -> dict[str, int]:
        """The ids of ties, slurs and braces."""
        return {sign: self.tokenizer.ids[sign] for sign in ("-", "(", ")", "{", "}") if sign in self.tokenizer.ids}

    def _named(self, prefix: str) -> frozenset[int]:
        return frozenset(number for token, number in self.tokenizer.ids.items() if token.startswith(prefix))

    @cached_property
    def chords(self) -> frozenset[int]:
        """Roots of chord symbols."""
        return self._named("chord:")

    @cached_property
    def qualities(self) -> frozenset[int]:
        """Kinds of chords."""
        return self._named("quality:")

    @cached_property
    def basses(self) -> frozenset[int]:
        """Basses of chords."""
        return self._named("bass:")

    @cached_property
    def signs(self) -> Mapping[int, str]:
        """What kind of sign an id is that is neither note nor border."""
        kinds = {
            "chord": self.chords,
            "quality": self.qualities,
            "bass": self.basses,
            "!": self.decorations - self.letters,
            "~": self.letters,
        }
        found = {number: kind for kind, ids in kinds.items() for number in ids}
        return found | {number: sign for sign, number in self.sign_ids.items()}
