"""Which musical token may come next, so that every tune that ends is strictly well formed.

In: what a tune is held to (`Constraints`) and its body, id after id. Out: states, each with the row of a table of
masks. Bars fill exactly, tuplets are completed, ties go on to the same pitch, slurs close, repeats, endings and the
form come out as `music.form` has them. There is no dead end: a token is let through only where the bar can still be
filled and the tune be ended.

A state has two halves. The measure knows where in the form it stands; what it lets a bar be is its `Shape`, which
most bars of all tunes share. The cell knows where in the bar it stands, and belongs to a shape: so what is worked out
once for a bar of 6/8 serves in every one. This file draws nothing and knows no header: that is `opening`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from tunewright.music.beats import WHOLE
from tunewright.music.form import Form, begin
from tunewright.music.tune import Meter
from tunewright.tokens.degrees.grammar.cells import At, Cell
from tunewright.tokens.degrees.grammar.measures import Measure, Measures, PieceBar
from tunewright.tokens.degrees.grammar.tables import Tables
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Masks

MOST_CELLS, MOST_MEASURES = 100_000, 50_000  # that are remembered
COUNTED = 64  # tunes after which they are counted


@dataclass(frozen=True)
class Constraints:
    """What a tune is held to."""

    meter: Meter = field(default_factory=Meter)
    form: Form | None = None
    pitches: frozenset[int] | None = None  # ids of the plain pitches that may be used; None for all
    piece: tuple[PieceBar, ...] = ()  # the bars to write, where not a whole tune is
    exact: bool = True  # whether a form comes out without endings and with every pickup completed
    planned: bool = True  # whether what each measure is to be stands before it, where the tokens have a phrase plan


class Grammar:
    """The grammar of a tokenizer's music."""

    def __init__(self, tokenizer: DegreeTokenizer, masks: Masks | None = None) -> None:
        self.tokenizer = tokenizer
        self.masks = masks or Masks(len(tokenizer.vocab))
        self.tables = Tables(tokenizer)
        self._measures = Measures(self.tables, self.masks)
        self._started = 0

    def start(self, constraints: Constraints) -> State:
        """The state before the music; what was worked out long ago is forgotten, so that memory stays bounded."""
        self._started += 1
        if self._started % COUNTED == 0 and self._is_full:
            self._measures = Measures(self.tables, self.masks)
        pitches = self.tables.pitches if constraints.pitches is None else constraints.pitches
        if constraints.piece:
            measure = self._measures.piece(constraints.piece, 0, 0, pitches)
        else:
            place = begin(constraints.meter, constraints.form, exact=constraints.exact, whole=WHOLE)
            measure = self._measures.at(place, pitches)
        planned = self.tokenizer.phrase_plan and constraints.planned
        return State(measure, measure.frame.cell(At()), planning=Planning.AWAITED if planned else Planning.NONE)

    @property
    def _is_full(self) -> bool:
        return self._measures.cells > MOST_CELLS or len(self._measures.known) > MOST_MEASURES

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
        return self._measures.cells, len(self._measures.known), len(self.masks)


class Planning(IntEnum):
    """Where a tune stands in its phrase plan."""

    NONE = 0  # it has none
    AWAITED = 1  # a measure begins, and nothing says yet what it is to be
    GIVEN = 2  # that has just been said
    WITHIN = 3


class State:
    """Where a tune stands: a measure, a cell of its shape, the pitch just written, and its phrase plan."""

    __slots__ = ("_measure", "cell", "last", "planning")

    def __init__(self, measure: Measure, cell: Cell, last: int = 0, planning: Planning = Planning.NONE) -> None:
        self._measure, self.cell = measure, cell
        self.last = last  # id of the last note's pitch; 0 for a rest
        self.planning = planning

    @property
    def row(self) -> int:
        """The row of the mask of what may come."""
        return self._planned(self.cell.row)

    def _planned(self, row: int) -> int:
        if self.planning == Planning.AWAITED:
            return self.cell.row_awaiting
        return self.cell.row_begun(row) if self.planning == Planning.GIVEN else row

    def row_before(self, ahead: int, pitch: int) -> int:
        """The same where `ahead` ticks on a note of this pitch has to begin: nothing may sound across that place."""
        return self._planned(self.cell.row_before(ahead, pitch, again=pitch == self.last))

    def holding(self, tie: int, slurs: int) -> State:
        """The state at the beginning of a bar into which a tie from this pitch, or slurs, reach."""
        return State(self._measure, self._measure.frame.cell(At(tie=tie, slurs=slurs)), tie, self.planning)

    def after(self, number: int) -> State:
        """The state after one more id, which the row lets through."""
        cell, tables = self.cell, self._measure.measures.tables
        if number in tables.returns:
            return State(self._measure, cell, self.last, Planning.GIVEN)
        within = Planning.WITHIN if self.planning else Planning.NONE
        if number == tables.tie:
            return State(self._measure, cell.tied(self.last), self.last, within)
        following = cell.after(number)
        if following is not None:
            return State(self._measure, following, tables.heard.get(number, self.last), within)
        measure = self._measure.after(number, cell.at.filled)
        return State(
            measure, measure.frame.cell(cell.carried()), self.last, Planning.AWAITED if self.planning else Planning.NONE
        )
