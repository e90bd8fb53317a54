"""One piece while it is written, id after id.

In: the rules of a vocabulary, what the piece begins with, how many bars it is to have. Out: what the engine that draws
asks of every script (`scripts.Script`). This file draws nothing and knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence

from tunewright.support.errors import ConfigError
from tunewright.tokens.polyphony.context import PieceFeatures, PieceReader
from tunewright.tokens.polyphony.grammar import BAR, PieceRules, PieceState
from tunewright.tokens.polyphony.vocabulary import BEGINS_A_NOTE, kind_of


class PieceScript:
    """A piece being written; without `rules` anything may come."""

    in_body = True

    def __init__(
        self, places: PieceFeatures, rules: PieceRules | None = None, start: Sequence[int] = (), bars: int = 0
    ) -> None:
        self.tokenizer = tokenizer = places.vocabulary
        self.rules, self._asked = rules, bars
        self.ids: list[int] = []
        self.bars = 0
        self._reader = PieceReader(places)
        self.first = self._reader.read(tokenizer.END)  # what the model reads before anything is written
        self.given_notes = sum(map(self.is_note, start))
        self._pending = list(start[::-1])  # to write before drawing goes on, last first
        self._state = PieceState()

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        return self._pending[-1] if self._pending else -1

    @property
    def row(self) -> int:
        """The row of the masks of what may come."""
        return self.rules.row(self._state, self._asked) if self.rules else 0

    def write(self, number: int) -> tuple[int, ...]:
        """What the model reads after this id; ConfigError where the rules do not let through what the start gives."""
        given = bool(self._pending)
        if given:
            self._pending.pop()
        self.ids.append(number)
        self.bars += self.tokenizer.tokens_of[number].count(BAR)
        if self.rules and number != self.tokenizer.END:
            state = (self.rules.forgiving if given else self.rules.after)(self._state, number)
            if state is None:
                assert given, f"{self.tokenizer.vocab[number]} was masked"
                raise ConfigError(f"the start cannot go on after {self.tokenizer.vocab[number]}; expected --free")
            self._state = state
        return self._reader.read(number)

    def is_note(self, number: int) -> bool:
        """Whether an id begins a note, or several."""
        return any(kind_of(token) in BEGINS_A_NOTE for token in self.tokenizer.tokens_of[number])
