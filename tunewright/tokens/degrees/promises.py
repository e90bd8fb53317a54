"""What the return of a measure asks of the ids that are written in it, and which returns can be had.

In: where a tune stands in the grammar, what its reader has read, and the labels that its bars are asked to have. Out:
the id that has to come, if any, and rows of masks; with them a measure comes out as its return says (`returns`). A
varied measure may leave what it varies as long as half of both can still be in common; then it follows it to its end.
This file reads and writes no ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tunewright.music.beats import Onset
from tunewright.music.phrases import PhrasePlan
from tunewright.tokens.degrees.context import Reader
from tunewright.tokens.degrees.grammar import GRID, Planning, State
from tunewright.tokens.degrees.grammar.cells import Cell, Stage
from tunewright.tokens.degrees.returns import FEWEST_MOVED, NEW, Measure, Return, Way, keeps, moved_ids
from tunewright.tokens.degrees.rows import DegreeRows
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.requests import FARTHEST_RETURN

STEPS = tuple(sign * steps for steps in range(1, 8) for sign in (1, -1))  # by which a measure may be moved
PASSED, ADDED, KEPT = 3, 1, 4  # what notes passed by and added cost of a varied measure's freedom, and kept ones bring
RESERVE = 4  # of that freedom: for the longest notes that fit, up to the next note of what is varied
IN_A_TUPLET = 6  # of it, for the notes of a tuplet


def count_promises(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> tuple[int, int]:
    """How many measures of a tune say that they return another one, and how many of these do as they say."""
    reader = tokenizer.reader()
    returning, said = reader.returning, NEW
    made = kept = 0
    for number in (tokenizer.END, *ids, tokenizer.END):
        before = len(returning.measures) if returning else 0
        said = tokenizer.returns.get(number, said)
        reader.read(number)
        if returning and len(returning.measures) > before and said != NEW:
            start = next(reversed(returning.measures))
            made += 1
            kept += keeps(said, returning.measures[start], start, returning.measures, tokenizer)
            said = NEW
    return made, kept


class Promises:
    """What the returns of one tune ask for; `plan` are the labels of its bars, as far as some are asked for."""

    def __init__(self, rows: DegreeRows, reader: Reader, plan: PhrasePlan | None) -> None:
        assert reader.returning is not None
        self._rows, self._reader, self._returning, self._plan = rows, reader, reader.returning, plan
        self._begun: dict[Onset, Cell] = {}  # where in the grammar the measures began
        self._bars: list[Onset] = []  # where they began, pickups left out
        self._start: State | None = None  # of this measure
        self._following = False  # whether a varied measure has to follow what it varies from here on
        self._limit = (0, 0)  # of a varied measure: the place that no note may sound across, and the pitch of its note
        self._fits: dict[tuple[Cell, tuple[int, ...]], bool] = {}  # which ids can make a whole measure
        self._movable: dict[tuple[Cell, tuple[int, ...]], bool] = {}  # which can on another step
        self._possible_at: Cell | None = None  # where the returns that can be had are known
        self._possible_row = 0

    def begun(self, state: State | None) -> None:
        """A return was written; `state` is where that led in the grammar."""
        start = self._returning.start
        assert start is not None
        if state is not None:
            self._begun[start] = state.cell
        if start[1] == 0:
            self._bars.append(start)
        self._start, self._following, self._possible_at = state, False, None

    # -------------------------------------------------------------------------------------------- what comes

    def forced(self, state: State) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        if state.planning not in (Planning.GIVEN, Planning.WITHIN):
            return -1
        way = self._returning.given.way
        if way == Way.NEW or (way == Way.VARIED and (not self._follows(state) or self._copying)):
            return -1
        filled = self._reader.filled
        if way == Way.VARIED:  # its notes, but not its ornaments, which may not do here
            due = self._rows.notes_in(self._returning.varied_there(filled))
        else:
            due = (self._returning.due(filled),)
        return next((number for number in due if number and self._rows.lets_through(state.row, number)), -1)

    def row(self, state: State) -> int:
        """The row of the masks of what may come."""
        if state.planning == Planning.AWAITED:
            return self._awaited_row(state)
        row, way = state.row, self._returning.given.way
        if way == Way.VARIED and (copying := self._copying):
            row = state.row if self._following else self._varied_row(state)
            row = self._rows.longest(self._rows.row_of_both(row, self._rows.row_without([copying])))
        elif way == Way.VARIED and not self._following:
            row = self._varied_row(state)
        elif way == Way.MOVED and (following := self._next_moved()):
            row = self._rows.row_of_both(row, self._rows.row_of(following))
        elif way != Way.NEW:
            row = self._rows.row_of_both(row, self._rows.ending)
        return row if self._plan is None else self._rows.row_of_both(row, self._whole_row)

    @property
    def _whole_row(self) -> int:
        """What keeps bars that are asked for whole: none is short, and nothing leads from one into the next."""
        rows, filled = self._rows, self._reader.filled
        if filled >= self._reader.bar_ticks:
            return rows.apart
        return rows.unended_and_unslurred if filled else rows.unslurred

    # -------------------------------------------------------------------------------------------- a measure begins

    def _awaited_row(self, state: State) -> int:
        """What may come between two measures, and the returns that can be had."""
        if not self._rows.lets_through(state.row, self._rows.return_id(NEW)):
            return state.row  # no measure may begin
        if self._possible_at is not state.cell:
            possible = set(self._possible(state))
            returns = self._rows.tokenizer.returns.items()
            self._possible_row = self._rows.row_without([n for n, one in returns if one not in possible])
            self._possible_at = state.cell
        return self._rows.row_of_both(state.row, self._possible_row)

    def _possible(self, state: State) -> Iterator[Return]:
        """The returns that can be had of the measure that begins here, and are asked for."""
        bar, filled = self._reader.onset
        asked = self._wanted()
        if asked is not None:
            yield next((one for one in asked if one.way == Way.NEW or self._can_be(one, state)), NEW)
            return
        yield NEW
        for back in range(1, FARTHEST_RETURN + 1):
            if (bar - back, filled) in self._returning.measures:
                for way in (Way.SAME, Way.VARIED, Way.MOVED):
                    if self._can_be(one := Return(way, back), state):
                        yield one

    @property
    def again(self) -> frozenset[int]:
        """The ids of the returns with which the measure that begins may be the one before it again."""
        bar, filled = self._reader.onset
        measures = self._returning.measures
        last = measures[next(reversed(measures))].ids if measures else ()
        backs = range(1, FARTHEST_RETURN + 1)
        alike = [back for back in backs if (one := measures.get((bar - back, filled))) and one.ids == last]
        ways = (Way.SAME, Way.VARIED)
        return frozenset(self._rows.return_id(Return(way, back)) for back in alike for way in ways)

    def _wanted(self) -> list[Return] | None:
        """What the labels of the bars ask for here; None where they leave it open."""
        plan, place = self._plan, len(self._bars)
        if plan is None or self._reader.filled or place >= len(plan.bars) or plan.bars[place] is None:
            return None
        returned = plan.ways(place)
        if returned is None:
            return [NEW]
        how, earlier = returned
        back = self._reader.bar - self._bars[earlier][0]
        return [Return(Way.VARIED, back), Return(Way.SAME, back)] if how == "varied" else [Return(Way.SAME, back)]

    def _can_be(self, one: Return, state: State) -> bool:
        """Whether a measure that begins here can return another one so."""
        bar, filled = self._reader.onset
        source = self._returning.measures.get((bar - one.back, filled))
        if source is None or not source.ids:
            return False
        if one.way == Way.VARIED:
            return self._can_vary(source, state)
        alike = self._begun.get((bar - one.back, filled)) is state.cell
        if one.way == Way.SAME:
            return alike or self._lets_through(state, source.ids)
        return len(source.notes) >= FEWEST_MOVED and self._can_move(source, state)

    def _can_move(self, source: Measure, state: State) -> bool:
        key = (state.cell, source.ids)
        if key not in self._movable:
            self._movable[key] = any(True for _ in self._moves(source, state))
        return self._movable[key]

    def _can_vary(self, source: Measure, state: State) -> bool:
        """Whether a measure that begins here can vary another one; a plain one, or else its notes have to fit."""
        if not source.notes or source.total not in state.cell.frame.totals:
            return False
        if not self._is_plain(source):
            return self._lets_through(state, self._rows.notes_in(source.ids))
        carried = bool(state.cell.at.tie or state.cell.at.slurs)  # the first note may have to be another
        return (PASSED - ADDED) * len(source.notes) >= (KEPT + RESERVE) * carried

    def _is_plain(self, source: Measure) -> bool:
        """Whether all notes of a measure are one token each and stand on the grid: no tuplets, no odd lengths."""
        single = all(number in self._rows.columns.timed for number in self._rows.notes_in(source.ids))
        return single and all(ticks % GRID == 0 for ticks in source.ticks)

    def _moves(self, source: Measure, state: State) -> Iterator[tuple[int, ...]]:
        """The measure on every other step on which it can stand here."""
        for steps in STEPS:
            ids = moved_ids(source.ids, steps, self._rows.tokenizer)
            if 0 not in ids and self._lets_through(state, ids):
                yield ids

    def _next_moved(self) -> list[int]:
        """The next ids of what is returned, on every step on which it can stand; none where that is settled."""
        source, own, start = self._returning.source, tuple(self._returning.ids), self._start
        place = len(own)
        if source is None or start is None or self._returning.due(self._reader.filled) or place >= len(source.ids):
            return []
        return sorted({ids[place] for ids in self._moves(source, start) if ids[:place] == own})

    def _lets_through(self, state: State, ids: tuple[int, ...]) -> bool:
        """Whether a measure may be made of these ids, and end with them."""
        key = (state.cell, ids)
        if key not in self._fits:
            self._fits[key] = self._try(state, ids)
        return self._fits[key]

    def _try(self, state: State, ids: Sequence[int]) -> bool:
        if state.planning == Planning.AWAITED:
            state = state.after(self._rows.return_id(NEW))
        for number in ids:
            if not self._rows.lets_through(state.row, number):
                return False
            state = state.after(number)
        row = state.row
        return bool((self._rows.masks.table[row] & self._rows.closing).any())

    # -------------------------------------------------------------------------------------------- a varied measure

    @property
    def _copying(self) -> int:
        """The id that would make a varied measure that is asked for the same as what it varies; 0 for none."""
        source = self._returning.source
        if self._plan is None or source is None or self._freedom()[0] < KEPT:
            return 0
        own, there = (self._rows.notes_in(ids) for ids in (self._returning.ids, source.ids))
        return there[-1] if own == there[:-1] else 0

    def _follows(self, state: State) -> bool:
        """Whether a varied measure has to follow what it varies from here on."""
        freedom, ahead = self._freedom()
        source = self._returning.source
        if source is not None and not self._returning.ids and not self._is_plain(source):
            self._following = True
        if not self._following and ahead and not ahead[0][0] and not state.cell.at.tuplet.r:
            untouched = not self._returning.ids_at(self._reader.filled)
            self._following = untouched and freedom < KEPT + RESERVE and not self._reaching(state, freedom, ahead)
        return self._following

    def _freedom(self) -> tuple[int, list[tuple[int, int]]]:
        """What notes passed by and added may cost; and ticks to, and numbers of, those of what is varied to come."""
        returning = self._returning
        source, start = returning.source, returning.start
        assert source is not None
        assert start is not None
        into = self._reader.filled - start[1]
        ahead = sorted((t - into, pitch) for t, pitch in source.notes if t >= into and t % GRID == 0)
        kept = KEPT * len(returning.notes & source.notes)
        return PASSED * len(ahead) + kept - len(source.notes) - len(returning.notes), ahead

    def _reaching(self, state: State, freedom: int, ahead: list[tuple[int, int]]) -> int:
        """The row of another note in place of the one that begins here, up to the next; 0 where there is no room."""
        source, start = self._returning.source, self._returning.start
        assert source is not None
        assert start is not None
        if freedom < KEPT:
            return 0
        ticks = ahead[1][0] if len(ahead) > 1 else source.total + start[1] - self._reader.filled
        return self._rows.row_of_length(state.row, ticks)

    def _varied_row(self, state: State) -> int:
        at, (freedom, ahead) = state.cell.at, self._freedom()
        if at.stage == Stage.GRACES:
            return state.row
        row = state.row
        if not at.tuplet.r:
            row = self._limited_row(state, freedom, ahead)
        elif self._limit[0] > self._reader.filled:
            row = state.row_before(self._limit[0] - self._reader.filled, self._limit[1])
            row = self._rows.row_of_both(row, self._rows.untied_row)
        lacking = freedom - PASSED * len(ahead) < 0  # to end here
        return self._rows.row_of_both(row, self._rows.unended) if lacking else row

    def _limited_row(self, state: State, freedom: int, ahead: list[tuple[int, int]]) -> int:
        """What leaves as much in common as there has to be."""
        rows, self._limit = self._rows, (0, 0)
        room = freedom - ADDED - RESERVE - IN_A_TUPLET
        passed = max(0, (room if room >= PASSED else room + IN_A_TUPLET) // PASSED)
        row = state.row
        if passed < len(ahead):
            ticks, pitch = ahead[passed][0], rows.pitches[ahead[passed][1]]
            if not ticks and state.cell.at.stage == Stage.OPEN and (other := self._reaching(state, freedom, ahead)):
                return other
            self._limit = (self._reader.filled + ticks, pitch)
            row = state.row_before(ticks, pitch)
            following = 1 + max(0, freedom - RESERVE) // PASSED  # up to which the note that has to come may sound
            if not ticks and following < len(ahead):
                ticks, number = ahead[following]
                row = rows.row_of_both(row, state.row_before(ticks, rows.pitches[number]))
        if room < PASSED:
            row = rows.row_of_both(row, rows.simple)
        if freedom < KEPT + RESERVE:
            row = rows.row_of_both(row, rows.untied_row)  # what is tied to may be no note of what is varied
        return rows.longest(row) if freedom < RESERVE else row
