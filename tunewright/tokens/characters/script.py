"""A tune in characters while it is written, sign after sign.

In: a start of text, where the grammar stands, and the ids as they are drawn. Out: what drawing asks of every script
(`writing.Script`), and at the end the tune as ABC. This file draws nothing and knows no model.
"""

from __future__ import annotations

from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.abc_text import finished_tune, labelled_text
from tunewright.tokens.characters.grammar import CharState
from tunewright.tokens.characters.starts import Start
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.masks import Masks
from tunewright.tokens.writing import Finished, Label

NOTE_LETTERS = frozenset("abcdefgABCDEFGz")
QUOTED = 20  # signs of a start in an error: the last ones that were read, and none that was drawn


class CharScript:
    """A tune written in characters."""

    again = ()

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
            given = self._given[: len(self._given) - len(self._pending)] if self.in_body else ()
            written = self.tokenizer.decode_text(given)[-QUOTED:] or "".join(self._line) + self.tokenizer.vocab[number]
            raise ConfigError(
                f"the start cannot become a well-formed tune at {written!r}; expected other music, or --free"
            )

    def is_music(self, number: int) -> bool:
        """Whether an id is written in the music: all are."""
        return True

    def is_note(self, number: int) -> bool:
        """Whether an id is the letter of a note or a rest."""
        return self.tokenizer.vocab[number] in NOTE_LETTERS

    def finish(self, label: Label, *, ended: bool) -> Finished[Tune]:
        """The tune that the characters spell."""
        written = self.tokenizer.decode_text(self.ids[:-1] if ended else self.ids).strip("\n")
        return finished_tune(labelled_text(written, label), ended)

    def so_far(self, label: Label) -> str:
        """Its text up to here."""
        return self.finish(label, ended=False).text

    def _end_line(self) -> None:
        if "".join(self._line).startswith("K:"):
            self.in_body = True
            self._pending = self._music + self._pending
        self._line = []
