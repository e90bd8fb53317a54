"""A bar of a tune: where in the form it stands, what it may be, and which bar follows.

In: a place in the form (`form`), or bars that are settled. Out: measures, each with the `Shape` that most bars of
all tunes share, and what follows a bar line or an ending. What stands within a bar is the cells' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tunewright.music.beats import WHOLE
from tunewright.music.form import Place
from tunewright.tokens.degrees.grammar.cells import End, Frame, Shape
from tunewright.tokens.degrees.grammar.tables import GRID, Tables
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Masks

MOST_FREE = 16 * WHOLE  # ticks of a bar in free metre: folk songs without a metre have bars as long as a verse


@dataclass(frozen=True, slots=True)
class PieceBar:
    """A bar that is to be written just so long, between just these signs."""

    before: tuple[int, ...]  # ids of bar lines and endings before anything stands in it
    total: int  # ticks
    after: int  # id of the bar line after it, or of the end


class Measures:
    """All measures and frames of a grammar, each of them once."""

    def __init__(self, tables: Tables, masks: Masks) -> None:
        self.tables, self.masks = tables, masks
        self.known: dict[object, Measure] = {}
        self._frames: dict[Shape, Frame] = {}
        self._frames_at: dict[tuple[Place, frozenset[int]], Frame] = {}

    def at(self, place: Place, pitches: frozenset[int]) -> Measure:
        """The one measure that begins at this place of a form; what is alike from here on is the same."""
        key = (place.reduced(), pitches)
        return self.known.get(key) or self.known.setdefault(key, FormMeasure(self, *key))

    def piece(self, bars: tuple[PieceBar, ...], number: int, entered: int, pitches: frozenset[int]) -> Measure:
        """The one measure that a bar of a piece is, some of the signs before it written."""
        key = (bars, number, entered, pitches)
        return self.known.get(key) or self.known.setdefault(key, PieceMeasure(self, *key))

    def frame_at(self, place: Place, pitches: frozenset[int]) -> Frame:
        """The frame of the bar that begins at this place."""
        key = (place.near(), pitches)
        if key not in self._frames_at:
            self._frames_at[key] = self.frame(_shape(place, pitches, self.tables))
        return self._frames_at[key]

    def frame(self, shape: Shape) -> Frame:
        """The one frame of a shape."""
        return self._frames.get(shape) or self._frames.setdefault(shape, Frame(shape, self.tables, self.masks))

    @property
    def cells(self) -> int:
        """How many cells there are in all frames."""
        return sum(len(frame.cells) for frame in self._frames.values())


class Measure:
    """Where in the form a bar stands."""

    def __init__(self, measures: Measures, frame: Frame) -> None:
        self.measures, self.frame = measures, frame
        self._next: dict[tuple[int, int], Measure] = {}

    def after(self, number: int, filled: int) -> Measure:
        """The measure after a bar line or an ending that is written after so many ticks."""
        key = (number, filled)
        return self._next.get(key) or self._next.setdefault(key, self._follow(number, filled))

    def _follow(self, number: int, filled: int) -> Measure:
        raise NotImplementedError


class FormMeasure(Measure):
    """A bar of a whole tune."""

    def __init__(self, measures: Measures, place: Place, pitches: frozenset[int]) -> None:
        self.place, self.pitches = place, pitches
        super().__init__(measures, measures.frame_at(place, pitches))

    def _follow(self, number: int, filled: int) -> Measure:
        tokenizer = self.measures.tables.tokenizer
        if number in tokenizer.endings:
            return self.measures.at(self.place.with_ending(tokenizer.endings[number]), self.pitches)
        place = self.place.with_length(filled) if filled else self.place
        return self.measures.at(place.with_line(tokenizer.bar_lines[number]), self.pitches)


def _shape(place: Place, pitches: frozenset[int], tables: Tables) -> Shape:
    """What the bar that begins here may be."""
    lines = {tables.line_ids[line] for line in place.lines}
    endings = {tables.ending_ids[number] for number in place.endings}
    end = {DegreeTokenizer.END} if place.may_end else set()
    ends = tuple(_ends(place, tables)) if place.goes_on else ()
    return Shape(frozenset(lines | endings | end), ends, pitches)


def _ends(place: Place, tables: Tables) -> Iterator[End]:
    """The ways in which the bar that begins here may be closed; all short bars that complete nothing alike."""
    full = place.full
    settled = set() if full is None else {full, full - place.carry, full - place.pickup, place.back}
    usual: tuple[frozenset[int], bool] | None = None
    for total in sorted(_totals(place)):
        if total in settled:
            ids, onward = _closings(place.with_length(total), tables)
        else:
            usual = ids, onward = usual or _closings(place.with_length(total), tables)
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
        self, measures: Measures, bars: tuple[PieceBar, ...], number: int, entered: int, pitches: frozenset[int]
    ) -> None:
        self.bars, self.number, self.entered, self.pitches = bars, number, entered, pitches
        if number == len(bars):
            shape = Shape(frozenset((DegreeTokenizer.END,)), (), pitches)
        elif entered < len(bars[number].before):
            shape = Shape(frozenset((bars[number].before[entered],)), (), pitches)
        else:
            bar = bars[number]
            onward = (
                number + 1 < len(bars) and not bars[number + 1].before and bar.after == measures.tables.line_ids["|"]
            )
            shape = Shape(frozenset(), (End(bar.total, frozenset((bar.after,)), onward),), pitches)
        super().__init__(measures, measures.frame(shape))

    def _follow(self, number: int, filled: int) -> Measure:
        if filled:
            return self.measures.piece(self.bars, self.number + 1, 0, self.pitches)
        return self.measures.piece(self.bars, self.number, self.entered + 1, self.pitches)
