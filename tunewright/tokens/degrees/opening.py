"""The header and the form of a tune in musical tokens while they are written: slot by slot, then section by section.

In: a plan, and ids as they are drawn. Out: the id that has to come, if any; the row of the mask of what may come; and
what the header says. The music is `script`'s business. This file draws nothing.
"""

from __future__ import annotations

from enum import IntEnum

from tunewright.music.form import MOST_SECTIONS, Form
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Key, Meter
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.degrees.context import Reader
from tunewright.tokens.degrees.plan import Plan, home_in_range
from tunewright.tokens.degrees.rows import DegreeRows
from tunewright.tokens.degrees.vocabulary import BODY, NO_FORM

USUAL_OCTAVE = 4


class Slot(IntEnum):
    """The places of a header."""

    RHYTHM = 0
    METER = 1
    MODE = 2
    TONIC = 3
    HOME = 4  # the octave of the tonic


class Opening:
    """What stands before the music of one tune; the bars of its sections are those that `reader` has read."""

    def __init__(self, rows: DegreeRows, plan: Plan, reader: Reader) -> None:
        self._rows, self._plan, self._reader = rows, plan, reader
        self.ids: list[int] = []
        self.complete = False  # whether what comes next is music
        self._sections: list[int] = []
        self._settled = {
            Slot.RHYTHM: plan.rhythm,
            Slot.METER: plan.meter,
            Slot.MODE: plan.mode,
            Slot.TONIC: plan.tonic,
            Slot.HOME: plan.home,
        }

    def write(self, number: int) -> None:
        """Add an id."""
        tokenizer = self._rows.tokenizer
        self.ids.append(number)
        if number in tokenizer.sections or number == tokenizer.ids[NO_FORM]:
            self._sections.append(number)
        self.complete = number == tokenizer.ids[BODY]

    @property
    def _slot(self) -> Slot | None:
        """The slot that comes next; None in the form."""
        return Slot(len(self.ids)) if len(self.ids) < len(Slot) else None

    # -------------------------------------------------------------------------------------------- what it says

    def __getitem__(self, slot: Slot) -> int:
        """The id in a slot that is written."""
        return self.ids[slot]

    @property
    def key(self) -> Key:
        """The key, once the header says it; TokenError where, without the grammar, it says none."""
        tokenizer, said = self._rows.tokenizer, self.ids[: len(Slot)]
        if (
            len(said) <= Slot.TONIC
            or said[Slot.TONIC] not in tokenizer.tonics
            or said[Slot.MODE] not in tokenizer.modes
        ):
            raise TokenError("the header is out of order: no key")
        return Key(tokenizer.tonics[said[Slot.TONIC]], tokenizer.modes[said[Slot.MODE]])

    @property
    def meter(self) -> Meter:
        """The metre."""
        return self._rows.tokenizer.meters[self[Slot.METER]]

    @property
    def form(self) -> Form | None:
        """The form; None where it says none."""
        sections = self._rows.tokenizer.sections
        found = tuple(sections[number] for number in self._sections if number in sections)
        return Form(found) if found else None

    # -------------------------------------------------------------------------------------------- what comes

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        slot = self._slot
        if slot is None:
            return self._forced_section()
        settled = self._settled[slot]
        if settled is None and slot == Slot.HOME:
            return self._home()
        return -1 if settled is None else settled

    def _home(self) -> int:
        """The octave of the tonic that the range asks for, or one to settle later on."""
        octave = None if self._rows.grammar is None else home_in_range(self._plan.request, self.key)
        return self._rows.tokenizer.ids[f"home:{USUAL_OCTAVE if octave is None else octave}"]

    def _forced_section(self) -> int:
        form, ids = self._plan.form, self._rows.tokenizer.ids
        if form is not None:
            return form[len(self._sections)] if len(self._sections) < len(form) else ids[BODY]
        if not self._sections:
            return -1
        over = self._bars_left == 0 or self._sections[-1] == ids[NO_FORM] or len(self._sections) == MOST_SECTIONS
        return ids[BODY] if over else -1

    @property
    def _bars_left(self) -> int | None:
        """Bars that are still to be said of those asked for."""
        bars = self._plan.request.bars
        return None if bars is None else bars - sum(self._reader.sections)

    @property
    def row(self) -> int:
        """The row of the masks of what may come."""
        slot, rows = self._slot, self._rows
        if rows.grammar is None:
            return self._form_row() if slot is None and self._bars_left is not None else 0
        if slot is None:
            return self._form_row()
        if slot == Slot.RHYTHM:
            return self._rhythm_row()
        if slot == Slot.METER:
            return rows.meters_of(rows.tokenizer.rhythms[self[Slot.RHYTHM]], self._plan.meters)
        if slot == Slot.MODE:
            return rows.modes
        return rows.tonics_of(rows.tokenizer.modes[self[Slot.MODE]]) if slot == Slot.TONIC else 0

    def _rhythm_row(self) -> int:
        """The rhythms that the metre asked for has."""
        tokenizer, among = self._rows.tokenizer, self._plan.meters
        if among is None:
            return self._rows.rhythms
        meters = {str(tokenizer.meters[number]) for number in among}
        rhythms = tokenizer.rhythms.items()
        return self._rows.row_of([n for n, name in rhythms if not name or meters & set(RHYTHMS[name].meters)])

    def _form_row(self) -> int:
        """The sections that may come: what is left of the bars asked for, and no more sections than there may be."""
        tokenizer, left, count = self._rows.tokenizer, self._bars_left, len(self._sections)
        begun = self._begun_sections() if not count and self._plan.music else frozenset(tokenizer.sections)
        if left is None and not begun:
            return self._rows.row_of([tokenizer.ids[NO_FORM]])
        if left is None:
            enough = [tokenizer.ids[BODY]] if sum(self._reader.sections) >= 4 else []
            return self._rows.row_of([*begun, *enough])
        last = count + 1 == MOST_SECTIONS
        room = (MOST_SECTIONS - count - 1) * max(section.bars for section in tokenizer.sections.values())
        fits = [
            n
            for n, s in tokenizer.sections.items()
            if n in begun and s.bars <= left <= s.bars + room and (not last or s.bars == left)
        ]
        if not fits:
            raise ConfigError(f"the start does not fit {left} bars; expected a shorter one, or parts that it fits")
        return self._rows.row_of(fits)

    def _begun_sections(self) -> frozenset[int]:
        """The sections that the music to begin with can be the beginning of."""
        if self._rows.grammar is None:
            return frozenset(self._rows.tokenizer.sections)
        exact = self._plan.request.bars is not None
        return self._rows.first_sections(self._plan.music, self[Slot.METER], exact=exact)
