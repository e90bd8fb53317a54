"""The character tokenizer held to the grammar: which sign may come next, from the header to the end of a tune.

In: a `CharTokenizer`, and what is asked for. Out: `CharState`s, each with its row in a table of masks. Every text that
they let through reads as a tune without repair, its bars and its form in order, and abc2midi finds no fault in it.

Left out, and so never written: chords of notes, fermatas, free metre, changes of metre and key, parts, fields and words
within the music, endings after the second, tuplets of five and of more than six.
"""

from __future__ import annotations

import numpy as np

from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar.measures import END, Measure
from tunewright.tokens.characters.grammar.walking import Node, Request, Walk
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.masks import Masks

ANYTHING = Request()
MOST_WALKS = 8  # requests whose states are remembered


class CharGrammar:
    """Which sign may come next in the texts of a tokenizer; ConfigError for a vocabulary that can write no tune."""

    def __init__(self, tokenizer: CharTokenizer, masks: Masks | None = None) -> None:
        self.tokenizer = tokenizer
        self.masks = masks or Masks(len(tokenizer.vocab))
        known = {sign: number for number, sign in enumerate(tokenizer.vocab) if number > CharTokenizer.UNKNOWN}
        self._ids = known | {END: CharTokenizer.END}
        self._canonical = tokenizer.text == "canonical"
        needed = "\n |:MLK" if self._canonical else "\n |:MKX1"
        if missing := sorted(set(needed) - set(known)):
            raise ConfigError(f"the vocabulary lacks {missing}; expected what header and bars are written with")
        self._rows: dict[frozenset[str], int] = {}
        self._walks: dict[Request, Walk] = {}

    def start(self, request: Request = ANYTHING) -> CharState:
        """The state before the first sign; ConfigError for what the vocabulary, or the length, has no room for."""
        if request not in self._walks:
            if len(self._walks) >= MOST_WALKS:
                self._walks = {}
            self._walks[request] = Walk(request, self.tokenizer.vocab, self._row, canonical=self._canonical)
        walk = self._walks[request]
        return CharState(walk, walk.start(), None, 0)

    def _row(self, signs: frozenset[str]) -> int:
        """The row of the mask that lets these signs through."""
        if signs not in self._rows:
            assert signs, "a dead end"
            mask = np.zeros(len(self.tokenizer.vocab), dtype=bool)
            mask[[self._ids[sign] for sign in signs]] = True
            self._rows[signs] = self.masks.add(mask)
        return self._rows[signs]

    def refused(self, text: str, request: Request = ANYTHING) -> int | None:
        """The place of the first sign of a text that may not come; its length where it may not end; else None."""
        state = self.start(request)
        for place, sign in enumerate((*text, END)):
            number = self._ids.get(sign)
            if number is None or not self.masks.table[state.row, number]:
                return place
            state = state.after(number)
        return None


class CharState:
    """Where one tune stands; immutable."""

    __slots__ = ("_measure", "_node", "_spent", "_walk", "row")

    def __init__(self, walk: Walk, node: Node, measure: Measure | None, spent: int) -> None:
        self._walk, self._node, self._measure, self._spent = walk, node, measure, spent
        left = walk.request.max_length - spent
        hurried = left < walk.header_needs if measure is None else left < measure.ample and left < measure.needed
        self.row = node.row(measure, hurried=hurried)

    def after(self, number: int) -> CharState:
        """The state after an id that the mask lets through."""
        node, measure = self._node.after(number, self._measure)
        return CharState(self._walk, node, measure, self._spent + 1)
