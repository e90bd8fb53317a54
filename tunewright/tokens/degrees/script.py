"""A tune in musical tokens while it is written, id after id: its opening, its music, and at the end the tune.

In: a plan, and the ids as they are drawn. Out: what drawing asks of every script (`writing.Script`). What stands before
the music is in `opening`, which octave it is in `octaves`. This file draws nothing and knows no model.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import takewhile

from tunewright.music.tune import Key, Note, Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.abc_text import finished_tune, labelled_error, labelled_tune
from tunewright.tokens.degrees.context import Reader
from tunewright.tokens.degrees.features import MUSIC
from tunewright.tokens.degrees.grammar import GRID, Constraints, Planning, State
from tunewright.tokens.degrees.octaves import in_octave, is_settled, pitches_in
from tunewright.tokens.degrees.opening import Opening, Slot
from tunewright.tokens.degrees.plan import Plan, usable_pitches
from tunewright.tokens.degrees.promises import Promises
from tunewright.tokens.degrees.rows import DegreeRows
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.writing import Finished, Label


class DegreeScript:
    """A tune written in musical tokens, as its plan has it."""

    def __init__(self, rows: DegreeRows, plan: Plan) -> None:
        self.rows, self.plan = rows, plan
        self.ids: list[int] = []
        self.bars = 0
        self.in_body = False
        self.reader = Reader(rows.columns, plan.known)
        self.reader.shown = bool(plan.known) and not plan.told_from
        self.first = self.reader.read(DegreeTokenizer.END)
        self._opening = Opening(rows, plan, self.reader)
        self._state: State | None = None
        self._music = list(plan.music[::-1])  # to begin with, last first
        asked = plan.request.plan
        self._promises = Promises(rows, self.reader, asked) if rows.tokenizer.phrase_plan else None
        self._anchors = sorted((onset, pitch) for onset, pitch in plan.anchors.items() if onset[1] % GRID == 0)

    # -------------------------------------------------------------------------------------------- what comes

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        if not self.in_body:
            return self._opening.forced
        if self._music:
            return self._next_given
        return self._promises.forced(self._state) if self._promises and self._state else -1

    @property
    def _next_given(self) -> int:
        """The next id of the music to begin with, and before each measure of it what that is."""
        number, returning = self._music[-1], self.reader.returning
        if returning is None or returning.start is not None or self.rows.columns.kinds[number] not in MUSIC:
            return number
        kinds = self.rows.columns.kinds
        measure = [*takewhile(lambda one: kinds[one] in MUSIC, reversed(self._music))]
        return self.rows.return_id(self.reader.as_whole(measure))

    @property
    def row(self) -> int:
        """The row of the masks of what may come."""
        if not self.in_body:
            return self._opening.row
        if self._state is None:
            return 0
        if self.plan.anchors and self._state.planning != Planning.AWAITED:
            return self._anchored_row(self._state)
        return self._promises.row(self._state) if self._promises else self._state.row

    def _anchored_row(self, state: State) -> int:
        """What the grammar lets through that leaves the next note that has to stay."""
        bar, filled = self.reader.onset
        while self._anchors and self._anchors[0][0] < (bar, filled):
            self._anchors.pop(0)
        if not self._anchors:
            return state.row
        (there, onset), pitch = self._anchors[0]
        if there != bar:
            goes_on = (there, onset) == (bar + 1, 0) and filled >= self.reader.bar_ticks
            untied = goes_on and state.last != pitch  # a tie would go before what stays
            return self.rows.row_of_both(state.row, self.rows.untied_row) if untied else state.row
        row = state.row_before(onset - filled, pitch)
        if onset > filled or len(self._anchors) == 1 or self._anchors[1][0][0] != bar:
            return row
        (_, following), pitch = self._anchors[1]  # before which the note that stays has to end
        return self.rows.row_of_both(row, state.row_before(following - filled, pitch))

    def is_music(self, number: int) -> bool:
        """Whether an id is no return: those only say what a measure is to be."""
        return number not in self.rows.tokenizer.returns

    @property
    def again(self) -> Collection[int]:
        """The ids of the returns with which the measure that begins may be the one before it again."""
        return self._promises.again if self._promises else ()

    def is_note(self, number: int) -> bool:
        """Whether an id is a note or a rest."""
        return number in self.rows.columns.timed or number in self.rows.columns.sounds

    # -------------------------------------------------------------------------------------------- writing

    def write(self, number: int) -> tuple[int, ...]:
        """Add an id; where the opening is complete, the grammar begins with what it says."""
        self.ids.append(number)
        if self.in_body:
            self._write_music(number)
        else:
            self._opening.write(number)
            if self._opening.complete:
                self.in_body = True
                self._state = self._begin()
        read = self.reader.read(number)
        if self._promises and number in self.rows.tokenizer.returns:
            self._promises.begun(self._state)
        return read

    def _write_music(self, number: int) -> None:
        tokenizer, plan = self.rows.tokenizer, self.plan
        returned = number in tokenizer.returns
        if self._music and not returned:
            self._music.pop()
        if self._state and number != tokenizer.END:
            self._state = self._state.after(number)
        self.bars += number in tokenizer.bar_lines
        if plan.told_from and len(plan.music) - len(self._music) == plan.told_from:
            self.reader.shown = True
            self._state = self._state or self._begin()

    def _begin(self) -> State | None:
        """Where the music begins in the grammar; bars of a piece begin when what stands before them is written."""
        grammar, tokenizer, plan, opening = self.rows.grammar, self.rows.tokenizer, self.plan, self._opening
        if grammar is None or plan.same or (plan.piece and self._music):
            return None
        pitches = usable_pitches(tokenizer, plan.request, opening.key, tokenizer.homes[opening[Slot.HOME]])
        exact = plan.form is not None or plan.request.bars is not None
        state = grammar.start(Constraints(opening.meter, opening.form, pitches, plan.piece, exact))
        return state.holding(plan.tie, plan.slurs) if plan.tie or plan.slurs else state

    # -------------------------------------------------------------------------------------------- the tune

    @property
    def key(self) -> Key:
        """The key, once the header says it; TokenError where, without the grammar, it says none."""
        return self._opening.key

    @property
    def given_notes(self) -> int:
        """Notes to begin with, and those around a piece."""
        if self.plan.splice:
            whole, begin, end = self.plan.splice
            return sum(isinstance(element, Note) for element in (*whole.music[:begin], *whole.music[end:]))
        return sum(1 for _ in pitches_in(self.rows.tokenizer, self.plan.music))

    @property
    def _octave_is_asked(self) -> bool:
        return self.plan.home is not None or self.plan.request.low is not None

    def tune(self) -> Tune:
        """The tune that is written, the rest of the given one around it where a piece was; TokenError for no tune."""
        tokenizer, plan = self.rows.tokenizer, self.plan
        if plan.same:
            return plan.same
        tune = tokenizer.decode(self.ids if self._octave_is_asked else in_octave(tokenizer, self.ids, self.key))
        if plan.splice is None:
            return replace(tune, title=plan.title)
        whole, begin, end = plan.splice
        header, music = len(self._opening.ids), [n for n in self.ids if n not in tokenizer.returns]
        written = tokenizer.decode([*music[:header], *music[header + len(plan.music) :]]).music
        return whole.with_music(whole.music[:begin] + written + whole.music[end:])

    def tune_so_far(self) -> Tune | None:
        """The tune up to the last bar line, without what follows a piece; None while its octave may change."""
        if not (self._octave_is_asked or is_settled(self.rows.tokenizer, self.ids)):
            return None
        tune, splice = self.tune(), self.plan.splice
        if splice is None:
            return tune
        whole, _, end = splice
        return tune.with_music(tune.music[: len(tune.music) - (len(whole.music) - end)])

    def finish(self, label: Label, *, ended: bool) -> Finished[Tune]:
        """The ABC of the tune that the tokens spell."""
        try:
            text = labelled_tune(self.tune(), label)
        except TokenError as error:  # without the grammar
            text = labelled_error(error, label)
        return finished_tune(text, ended)

    def so_far(self, label: Label) -> str:
        """Its ABC up to the last bar line, without what follows; "" while its octave may change."""
        try:
            tune = self.tune_so_far()
        except TokenError:  # without the grammar
            return ""
        return labelled_tune(tune, label) if tune else ""
