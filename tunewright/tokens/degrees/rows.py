"""Which ids may come where a tune in musical tokens is not music yet: rows of masks of headers and forms.

In: a `DegreeTokenizer`, its grammar, or None where anything may come, and masks. Out: rows. What was worked out is
kept, for all tunes that are written at once. This file writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tunewright.music.form import FEWEST_BARS, Form, Section
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Key
from tunewright.tokens.degrees.features import ContextFeatures, Kind
from tunewright.tokens.degrees.grammar import Constraints, Grammar
from tunewright.tokens.degrees.returns import Return
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Mask, Masks
from tunewright.tokens.requests import MOST_SHARPS

SOUNDING = (Kind.TUPLET, Kind.LENGTH, Kind.NOTE, Kind.REST)


@dataclass(frozen=True)
class DegreeRows:
    """The rows of masks beside the grammar's own: of headers, of forms, and of what two rows have in common."""

    tokenizer: DegreeTokenizer
    grammar: Grammar | None  # None: anything may come
    masks: Masks

    @cached_property
    def columns(self) -> ContextFeatures:
        """How ids become rows."""
        return self.tokenizer.features

    @cached_property
    def rhythms(self) -> int:
        """The row that lets any rhythm through."""
        return self.row_of(self.tokenizer.rhythms)

    @cached_property
    def modes(self) -> int:
        """The row that lets any mode through."""
        return self.row_of(self.tokenizer.modes)

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

    # -------------------------------------------------------------------------------------------- of measures

    def lets_through(self, row: int, number: int) -> bool:
        """Whether a row lets an id through."""
        return bool(self.masks.table[row, number])

    def return_id(self, one: Return) -> int:
        """The id of a return."""
        return self._return_ids[one]

    @cached_property
    def _return_ids(self) -> dict[Return, int]:
        return {one: number for number, one in self.tokenizer.returns.items()}

    @cached_property
    def closing(self) -> Mask:
        """Bar lines, endings and the end."""
        closing = np.zeros(len(self.tokenizer.vocab), bool)
        closing[[*self.tokenizer.bar_lines, *self.tokenizer.endings, self.tokenizer.END]] = True
        return closing

    @cached_property
    def unended(self) -> int:
        """The row that lets anything through but what ends a measure."""
        return self.masks.add(~self.closing)

    @cached_property
    def unslurred(self) -> int:
        """The row that lets anything through but the beginning of a slur."""
        return self.row_without([self.tokenizer.ids["("]])

    @cached_property
    def unended_and_unslurred(self) -> int:
        """The row of what both of them let through."""
        return self.row_of_both(self.unended, self.unslurred)

    @cached_property
    def apart(self) -> int:
        """The row that lets anything through but a tie and the beginning of a slur: what leads on."""
        return self.row_of_both(self.untied_row, self.unslurred)

    @cached_property
    def ending(self) -> int:
        """The row of what may come after all ids of a measure that returns: a tie, the end of a slur, bar lines."""
        ending = self.closing.copy()
        ending[list(self.tokenizer.trailing)] = True
        return self.masks.add(ending)

    @cached_property
    def simple(self) -> int:
        """The row that lets anything through but tuplets, and lengths apart from their notes."""
        return self.row_without([*self.tokenizer.tuplets, *self.tokenizer.lengths])

    @cached_property
    def pitches(self) -> dict[int, int]:
        """The ids of pitches by their numbers."""
        return {number: token for token, number in self.columns.sounds.items()}

    @cached_property
    def _ticks(self) -> NDArray[np.int64]:
        """The ticks of each note and rest, and of each length; 0 for other ids."""
        ticks = np.zeros(len(self.tokenizer.vocab), np.int64)
        for token, (_, _, length) in self.columns.timed.items():
            ticks[token] = length
        for token, (_, length) in self.columns.lengths.items():
            ticks[token] = length
        return ticks

    def notes_in(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Notes and rests, with their lengths and tuplets; grace notes and all other ornaments left out."""
        found, grace, kinds = [], False, self.columns.kinds
        for number in ids:
            grace = kinds[number] == Kind.BRACE or (grace and kinds[number] != Kind.UNBRACE)
            if not grace and kinds[number] in SOUNDING:
                found.append(number)
        return tuple(found)

    @cached_property
    def _timed(self) -> Mask:
        timed = np.zeros(len(self.tokenizer.vocab), bool)
        timed[list(self.columns.timed)] = True
        return timed

    def longest(self, row: int) -> int:
        """Of what a row lets through the longest notes and rests; the row itself where it has none."""
        mask = self.masks.table[row]
        most = int((self._ticks * mask).max())
        return self.masks.add(mask & (self._ticks == most)) if most else row

    def row_of_length(self, row: int, ticks: int) -> int:
        """Of what a row lets through the notes and rests of one token that are so long; 0 where it has none."""
        mask = self.masks.table[row] & (self._ticks == ticks) & self._timed
        return self.masks.add(mask) if ticks and mask.any() else 0

    def row_without(self, ids: Iterable[int]) -> int:
        """The row that lets anything through but these ids."""
        mask = np.ones(len(self.tokenizer.vocab), bool)
        mask[list(ids)] = False
        return self.masks.add(mask)

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
            if grammar.lets_through(music, Constraints(tokenizer.meters[meter], form, exact=exact, planned=False)):
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
