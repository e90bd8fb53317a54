"""One tune while it is written, id after id: what has to come, what may come, and what the model reads of it.

In: a plan, or a start of text, and the ids as they are drawn. Out: the id that has to come, if any; the row of the
mask of what may come; the row that the model reads next; and at the end the tune. The engine that draws (`generate`)
asks nothing but this, whichever tokens a model has. This file draws nothing and knows no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Protocol

import numpy as np

from tunewright.music.form import FEWEST_BARS, MOST_SECTIONS, Form, Section
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Key, Note, Tune
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.characters.grammar import CharState
from tunewright.tokens.characters.starts import Start
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.degrees.context import Reader
from tunewright.tokens.degrees.features import ContextFeatures
from tunewright.tokens.degrees.grammar import GRID, Constraints, Grammar, State
from tunewright.tokens.degrees.plan import CENTRE, Plan, home_in_range, usable_pitches
from tunewright.tokens.degrees.scale import pitch_at
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.degrees.vocabulary import BODY, NO_FORM
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import MOST_SHARPS

SETTLES = 24  # notes after which the octave of a tune is settled, where nobody asked for a range
USUAL_OCTAVE = 4
HOME = 4  # place of the octave of the tonic in a header
NOTE_LETTERS = frozenset("abcdefgABCDEFGz")


class Script(Protocol):
    """A tune being written."""

    ids: list[int]
    bars: int  # bar lines written: chance begins anew with each
    first: tuple[int, ...]  # what the model reads before anything is written

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""

    @property
    def row(self) -> int:
        """The row of the masks of what may come; 0 where anything may."""

    @property
    def in_body(self) -> bool:
        """Whether what comes is music: what likelihood and removed mass are counted of."""

    @property
    def given_notes(self) -> int:
        """Notes of the tune that were given, not drawn."""

    def write(self, number: int) -> tuple[int, ...]:
        """What the model reads after this id."""

    def is_note(self, number: int) -> bool:
        """Whether an id is, or begins, a note or a rest."""


# ------------------------------------------------------------------------------------------------ characters


class CharScript:
    """A tune written in characters."""

    def __init__(self, tokenizer: CharTokenizer, start: Start, state: CharState | None, masks: Masks) -> None:
        self.tokenizer, self.state, self.masks = tokenizer, state, masks
        self.ids: list[int] = []
        self.bars = 0
        self.first: tuple[int, ...] = (tokenizer.END,)
        self.in_body = False
        self._pending = list(start.header[::-1])  # to write before drawing goes on, last first
        self._given = start.body
        self._music = list(start.body[::-1])  # to write once the header is complete, last first
        self._fields = start.fields
        self._line: list[str] = []

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        return self._pending[-1] if self._pending else -1

    @property
    def row(self) -> int:
        """The row of the masks of what may come."""
        return self.state.row if self.state else 0

    def write(self, number: int) -> tuple[int, ...]:
        """Add an id; a field that the start gives gets its value, and after K: what the start has of music follows."""
        self.ids.append(number)
        if self._pending:
            self._pending.pop()
            self._check(number)
        if self.state and number != self.tokenizer.END:
            self.state = self.state.after(number)
        sign = self.tokenizer.vocab[number]
        if self.in_body:
            self.bars += sign == "|"
        elif sign == "\n":
            self._end_line()
        else:
            self._line.append(sign)
            if not self._pending:
                self._pending = list(self._fields.get("".join(self._line), ())[::-1])
        return (number,)

    @property
    def given_notes(self) -> int:
        """Notes of the music to begin with."""
        return sum(self.tokenizer.vocab[number] in NOTE_LETTERS - {"z"} for number in self._given)

    def _check(self, number: int) -> None:
        """ConfigError where the grammar does not let through what the start gives."""
        if self.state and not self.masks.table[self.state.row, number]:
            written = self.tokenizer.decode_text(self.ids)[-20:]
            raise ConfigError(
                f"the start cannot become a well-formed tune at {written!r}; expected other music, or --free"
            )

    def is_note(self, number: int) -> bool:
        """Whether an id is the letter of a note or a rest."""
        return self.tokenizer.vocab[number] in NOTE_LETTERS

    def _end_line(self) -> None:
        if "".join(self._line).startswith("K:"):
            self.in_body = True
            self._pending = self._music + self._pending
        self._line = []


# ------------------------------------------------------------------------------------------------ musical tokens


@dataclass(frozen=True)
class DegreeWriter:
    """What all tunes in musical tokens have in common that are written at once."""

    tokenizer: DegreeTokenizer
    grammar: Grammar | None  # None: anything may come
    masks: Masks

    @cached_property
    def columns(self) -> ContextFeatures:
        """How ids become rows."""
        return self.tokenizer.features

    @cached_property
    def header_rows(self) -> tuple[int, ...]:
        """The rows that let through a rhythm, a metre, a mode."""
        tokenizer = self.tokenizer
        meters = [number for number, meter in tokenizer.meters.items() if not meter.free]
        return tuple(self.row_of(ids) for ids in (tokenizer.rhythms, meters, tokenizer.modes))

    def tonics_of(self, mode: str) -> int:
        """The row that lets the tonics through on which this mode needs no double sharps or flats."""
        tonics = self.tokenizer.tonics.items()
        return self.row_of([n for n, tonic in tonics if abs(Key(tonic, mode).sharps) <= MOST_SHARPS])

    def row_of_both(self, one: int, other: int) -> int:
        """The row that lets through what both do; the first where they have nothing in common."""
        if (one, other) not in self._both:
            both = self.masks.table[one] & self.masks.table[other]
            self._both[one, other] = self.masks.add(both) if both.any() else one
        return self._both[one, other]

    @cached_property
    def untied_row(self) -> int:
        """The row that lets anything through but a tie."""
        tie = self.tokenizer.ids["-"]
        return self.row_of([number for number in range(len(self.tokenizer.vocab)) if number != tie])

    @cached_property
    def _both(self) -> dict[tuple[int, int], int]:
        return {}

    @cached_property
    def _first_sections(self) -> dict[tuple[tuple[int, ...], int, bool], frozenset[int]]:
        return {}

    def first_sections(self, music: tuple[int, ...], meter: int, *, exact: bool) -> frozenset[int]:
        """The sections that a tune can begin with which begins with this music; none where that goes on to another."""
        key = (music, meter, exact)
        if key not in self._first_sections:
            self._first_sections[key] = frozenset(self._sections_that_fit(*key))
        return self._first_sections[key]

    def _sections_that_fit(self, music: tuple[int, ...], meter: int, exact: bool) -> Iterator[int]:
        tokenizer, grammar = self.tokenizer, self.grammar
        lines = [number for number in music if number in tokenizer.bar_lines]
        if grammar is None or any(tokenizer.bar_lines[number] not in ("|", "|:") for number in lines):
            return
        for number, section in tokenizer.sections.items():
            form = Form((section, Section(FEWEST_BARS, False)))
            if grammar.lets_through(music, Constraints(tokenizer.meters[meter], form, exact=exact)):
                yield number

    def row_of(self, allowed: Sequence[int] | Mapping[int, object]) -> int:
        """The row that lets these ids through."""
        mask = np.zeros(len(self.tokenizer.vocab), bool)
        mask[list(allowed)] = True
        return self.masks.add(mask)

    def meters_of(self, rhythm: str, among: frozenset[int] | None) -> int:
        """The row that lets the metres of a rhythm through, of those that the plan leaves."""
        left = (
            {n: meter for n, meter in self.tokenizer.meters.items() if n in among} if among else self.tokenizer.meters
        )
        wanted = RHYTHMS[rhythm].meters if rhythm else None
        fits = [n for n, meter in left.items() if (str(meter) in wanted if wanted else not meter.free)]
        return self.row_of(fits or left)


class DegreeScript:
    """A tune written in musical tokens, as its plan has it."""

    def __init__(self, writer: DegreeWriter, plan: Plan) -> None:
        self.writer, self.plan = writer, plan
        self.ids: list[int] = []
        self.bars = 0
        self.reader = Reader(writer.columns, plan.known)
        self.reader.shown = bool(plan.known) and not plan.told_from
        self.first = self.reader.read(DegreeTokenizer.END)
        self.state: State | None = None
        self._slots: list[int | None] = [plan.rhythm, plan.meter, plan.mode, plan.tonic, plan.home]
        self._sections: list[int] = []
        self._music = list(plan.music[::-1])
        self._anchors = sorted((onset, pitch) for onset, pitch in plan.anchors.items() if onset[1] % GRID == 0)
        self._written = 0  # of the music to begin with
        self.in_body = False

    # -------------------------------------------------------------------------------------------- what comes

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        place = len(self.ids)
        if place < len(self._slots):
            slot = self._slots[place]
            if slot is None and place == HOME:
                return self._home()
            return -1 if slot is None else slot
        if self.in_body:
            return self._music[-1] if self._music else -1
        return self._forced_section()

    def _home(self) -> int:
        """The octave of the tonic that the range asks for, or one to settle later on."""
        octave = None if self.writer.grammar is None else home_in_range(self.plan.request, self.key)
        return self.writer.tokenizer.ids[f"home:{USUAL_OCTAVE if octave is None else octave}"]

    def _forced_section(self) -> int:
        form, body = self.plan.form, self.writer.tokenizer.ids[BODY]
        if form is not None:
            return form[len(self._sections)] if len(self._sections) < len(form) else body
        if self._sections and (self._bars_left == 0 or self._said_no_form or len(self._sections) == MOST_SECTIONS):
            return body
        return -1

    @property
    def _said_no_form(self) -> bool:
        return self._sections[-1] == self.writer.tokenizer.ids[NO_FORM]

    @property
    def _bars_left(self) -> int | None:
        """Bars that are still to be said of those asked for."""
        if self.plan.request.bars is None:
            return None
        return self.plan.request.bars - sum(self.reader.sections)

    @property
    def row(self) -> int:
        """The row of the masks of what may come."""
        writer, place = self.writer, len(self.ids)
        if writer.grammar is None:
            return self._form_row() if self._bars_left is not None and self._in_form else 0
        if place == 3:
            return writer.tonics_of(writer.tokenizer.modes[self.ids[2]])
        if place == 1:
            return writer.meters_of(writer.tokenizer.rhythms[self.ids[0]], self.plan.meters)
        if place < len(writer.header_rows):
            return self._rhythm_row() if place == 0 else writer.header_rows[place]
        if self._in_form:
            return self._form_row()
        return self._music_row() if self.state else 0

    def _music_row(self) -> int:
        """What the grammar lets through, and the next note that has to stay."""
        assert self.state is not None
        if not self.plan.anchors:
            return self.state.row
        bar, filled = self.reader.onset
        while self._anchors and self._anchors[0][0] < (bar, filled):
            self._anchors.pop(0)
        if not self._anchors:
            return self.state.row
        (there, onset), pitch = self._anchors[0]
        if there != bar:
            goes_on = (there, onset) == (bar + 1, 0) and filled >= self.reader.bar_ticks
            untied = goes_on and self.state.last != pitch  # a tie would go before what stays
            return self.writer.row_of_both(self.state.row, self.writer.untied_row) if untied else self.state.row
        row = self.state.row_before(onset - filled, pitch)
        if onset > filled or len(self._anchors) == 1 or self._anchors[1][0][0] != bar:
            return row
        (_, following), pitch = self._anchors[1]  # before which the note that stays has to end
        return self.writer.row_of_both(row, self.state.row_before(following - filled, pitch))

    @property
    def _in_form(self) -> bool:
        return len(self.ids) >= len(self._slots) and not self.in_body

    def _rhythm_row(self) -> int:
        """The rhythms that the metre asked for has."""
        tokenizer, among = self.writer.tokenizer, self.plan.meters
        if among is None:
            return self.writer.header_rows[0]
        meters = {str(tokenizer.meters[number]) for number in among}
        rhythms = tokenizer.rhythms.items()
        return self.writer.row_of([n for n, name in rhythms if not name or meters & set(RHYTHMS[name].meters)])

    def _form_row(self) -> int:
        """The sections that may come: what is left of the bars asked for, and no more sections than there may be."""
        tokenizer, left = self.writer.tokenizer, self._bars_left
        count = len(self._sections)
        last = count + 1 == MOST_SECTIONS
        begun = self._begun_sections() if not count and self._music else frozenset(tokenizer.sections)
        if left is None and not begun:
            return self.writer.row_of([tokenizer.ids[NO_FORM]])
        if left is None:
            enough = [tokenizer.ids[BODY]] if sum(self.reader.sections) >= 4 else []
            return self.writer.row_of([*begun, *enough])
        longest = max(section.bars for section in tokenizer.sections.values())
        room = (MOST_SECTIONS - count - 1) * longest
        fits = [
            n
            for n, s in tokenizer.sections.items()
            if n in begun and s.bars <= left <= s.bars + room and (not last or s.bars == left)
        ]
        if not fits:
            raise ConfigError(f"the start does not fit {left} bars; expected a shorter one, or parts that it fits")
        return self.writer.row_of(fits)

    def _begun_sections(self) -> frozenset[int]:
        """The sections that the music to begin with can be the beginning of."""
        if self.writer.grammar is None:
            return frozenset(self.writer.tokenizer.sections)
        exact = self.plan.request.bars is not None
        return self.writer.first_sections(self.plan.music, self.ids[1], exact=exact)

    # -------------------------------------------------------------------------------------------- writing

    def write(self, number: int) -> tuple[int, ...]:
        """Add an id; where the header is complete, the grammar begins with what it says."""
        tokenizer = self.writer.tokenizer
        self.ids.append(number)
        if self.in_body:
            self._write_music(number)
        elif number in tokenizer.sections or number == tokenizer.ids[NO_FORM]:
            self._sections.append(number)
        elif number == tokenizer.ids[BODY]:
            self.in_body = True
            self.state = self._begin()
        return self.reader.read(number)

    def is_note(self, number: int) -> bool:
        """Whether an id is a note or a rest."""
        return number in self.writer.columns.timed or number in self.writer.columns.sounds

    def _write_music(self, number: int) -> None:
        tokenizer = self.writer.tokenizer
        if self._music:
            self._music.pop()
            self._written += 1
        if self.state and number != tokenizer.END:
            self.state = self.state.after(number)
        self.bars += number in tokenizer.bar_lines
        if self.plan.told_from and self._written == self.plan.told_from:
            self.reader.shown = True
            self.state = self.state or self._begin()

    def _begin(self) -> State | None:
        """Where the music begins in the grammar; bars of a piece begin when what stands before them is written."""
        grammar, tokenizer, plan = self.writer.grammar, self.writer.tokenizer, self.plan
        if grammar is None or plan.same or (plan.piece and self._music):
            return None
        pitches = usable_pitches(tokenizer, plan.request, self.key, tokenizer.homes[self.ids[4]])
        found = [tokenizer.sections[number] for number in self._sections if number in tokenizer.sections]
        form = Form(tuple(found)) if found else None
        exact = plan.form is not None or plan.request.bars is not None
        state = grammar.start(Constraints(tokenizer.meters[self.ids[1]], form, pitches, plan.piece, exact))
        return state.holding(plan.tie, plan.slurs) if plan.tie or plan.slurs else state

    # -------------------------------------------------------------------------------------------- the tune

    @property
    def key(self) -> Key:
        """The key, once the header says it; TokenError where, without the grammar, it says none."""
        tokenizer = self.writer.tokenizer
        header = self.ids[: len(self._slots)]
        if len(header) < 4 or header[3] not in tokenizer.tonics or header[2] not in tokenizer.modes:
            raise TokenError("the header is out of order: no key")
        return Key(tokenizer.tonics[header[3]], tokenizer.modes[header[2]])

    @property
    def settled(self) -> bool:
        """Whether the octave of what is written will not change any more."""
        return self._home_is_asked or len(self._offsets()) >= SETTLES

    @property
    def _home_is_asked(self) -> bool:
        return self.plan.home is not None or self.plan.request.low is not None

    def _offsets(self) -> list[int]:
        """Diatonic steps of the first notes from the home tonic."""
        tokenizer = self.writer.tokenizer
        found = islice(_pitches(tokenizer, self.ids), SETTLES)
        return [tokenizer.pitches[sound][0] for sound in found]

    def settled_ids(self) -> list[int]:
        """The ids, with the octave in which melodies lie: the model itself does not know octaves."""
        offsets = self._offsets()
        if self._home_is_asked or not offsets:
            return self.ids
        tokenizer = self.writer.tokenizer
        middle = [pitch_at(offset, 0, self.key, USUAL_OCTAVE).midi for offset in offsets]
        mean = sum(middle) / len(middle)
        octave = USUAL_OCTAVE + round((CENTRE - mean) / 12)
        home = tokenizer.ids[f"home:{min(max(octave, 1), 7)}"]
        return [*self.ids[:4], home, *self.ids[5:]]

    @property
    def given_notes(self) -> int:
        """Notes to begin with, and those around a piece."""
        if self.plan.splice:
            whole, begin, end = self.plan.splice
            return sum(isinstance(element, Note) for element in (*whole.music[:begin], *whole.music[end:]))
        return sum(1 for _ in _pitches(self.writer.tokenizer, self.plan.music))

    def tune(self) -> Tune:
        """The tune that is written, the rest of the given one around it where a piece was; TokenError for no tune."""
        tokenizer, plan = self.writer.tokenizer, self.plan
        if plan.same:
            return plan.same
        tune = tokenizer.decode(self.settled_ids())
        if plan.splice is None:
            return replace(tune, title=plan.title)
        whole, begin, end = plan.splice
        written = tokenizer.decode([*self.ids[: self._header], *self.ids[self._header + len(plan.music) :]]).music
        return replace(whole, music=whole.music[:begin] + written + whole.music[end:], text="", lines=(), repairs=())

    def tune_so_far(self) -> Tune | None:
        """The tune up to the last bar line, without what follows a piece; None while its octave may change."""
        if not self.settled:
            return None
        tune, splice = self.tune(), self.plan.splice
        if splice is None:
            return tune
        whole, _, end = splice
        return replace(tune, music=tune.music[: len(tune.music) - (len(whole.music) - end)])

    @property
    def _header(self) -> int:
        """Ids before the music."""
        return self.ids.index(self.writer.tokenizer.ids[BODY]) + 1


def _pitches(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> Iterator[int]:
    """The ids of the pitches of notes, grace notes left out."""
    grace = False
    for number in ids:
        sound = tokenizer.timed[number][1] if number in tokenizer.timed else number
        if sound in tokenizer.pitches and not grace:
            yield sound
        grace = sound == tokenizer.ids.get("{") or (grace and sound != tokenizer.ids.get("}"))
