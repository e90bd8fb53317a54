"""One piece while it is written, id after id, and at the end the piece.

In: the rules of a vocabulary, what the piece begins with, how many bars it is to have. Out: what drawing asks of every
script (`writing.Script`). This file draws nothing and knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tunewright.formats.validity import fault_of
from tunewright.music.piece import Piece, first_bars
from tunewright.support.errors import TokenError
from tunewright.tokens.polyphony.bars import bars_in_words
from tunewright.tokens.polyphony.grammar import BAR, PieceRules
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.polyphony.vocabulary import BEGINS_A_NOTE, kind_of
from tunewright.tokens.writing import Finished, Label


class PieceScript:
    """A piece being written; without `rules` anything may come."""

    in_body = True
    again = ()

    def __init__(
        self, tokenizer: PieceTokenizer, rules: PieceRules | None = None, start: Sequence[int] = (), bars: int = 0
    ) -> None:
        self.tokenizer = tokenizer
        self._asked, self._settles_bars = bars, rules is not None and rules.settles_bars
        self.ids: list[int] = []
        self.bars = 0
        self._reader = tokenizer.reader()
        self.first = self._reader.read(tokenizer.END)  # what the model reads before anything is written
        self.given_notes = sum(map(self.is_note, start))
        self._pending = list(start[::-1])  # to write before drawing goes on, last first
        self._constraint = rules.start(bars) if rules else None

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""
        return self._pending[-1] if self._pending else -1

    @property
    def row(self) -> int:
        """The row of the masks of what may come."""
        return self._constraint.row if self._constraint else 0

    def write(self, number: int) -> tuple[int, ...]:
        """What the model reads after this id; ConfigError where the rules do not let through what the start gives."""
        given = bool(self._pending)
        if given:
            self._pending.pop()
        self.ids.append(number)
        self.bars += self.tokenizer.tokens_of[number].count(BAR)
        if self._constraint and number != self.tokenizer.END:
            after = self._constraint.after_given if given else self._constraint.after
            self._constraint = after(number)
        return self._reader.read(number)

    def is_music(self, number: int) -> bool:
        """Whether an id is written in the music: all are."""
        return True

    def is_note(self, number: int) -> bool:
        """Whether an id begins a note, or several."""
        return any(kind_of(token) in BEGINS_A_NOTE for token in self.tokenizer.tokens_of[number])

    def finish(self, label: Label, *, ended: bool) -> Finished[Piece]:
        """The piece that the ids spell; what sounds on after the bars that were asked for is cut."""
        ids = tuple(self.ids[:-1] if ended else self.ids)
        title = f"{self.tokenizer.kind.upper()} piece no. {label.seed}"
        return Finished(
            "", partial(_read, self.tokenizer, ids, title, self._asked, ended), title, bars_in_words, Piece.kind
        )

    def so_far(self, label: Label) -> str:
        """A line for each whole bar, of what begins in it; "" where bars do not come one by one, each settled."""
        if not self._settles_bars:
            return ""
        tokens_of = self.tokenizer.tokens_of
        last = max((place for place, number in enumerate(self.ids) if BAR in tokens_of[number]), default=0)
        try:
            piece = self.tokenizer.decode(self.ids[:last])
        except TokenError:
            return ""
        whole = self.bars - 1
        return bars_in_words(piece, min(whole, self._asked) if self._asked else whole)


def _read(
    tokenizer: PieceTokenizer, ids: Sequence[int], title: str, bars: int, ended: bool
) -> tuple[Piece | None, str]:
    """The piece, None where the ids spell none, and what is wrong with it."""
    try:
        piece = replace(tokenizer.decode(ids), title=title)
        piece = first_bars(piece, bars) if bars else piece
    except TokenError as error:
        return None, str(error)
    return piece, fault_of(piece, ended)
