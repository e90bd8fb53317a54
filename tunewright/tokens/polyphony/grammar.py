"""Which token of a piece may come next, so that what is drawn spells music of several parts.

In: a `PieceTokenizer`, and the ids drawn so far. Out: states, and for each the row of a mask. A token may come where
its kind came after the same context in the training pieces; positions rise within a bar and end with it; notes that
begin together stand in order, so that none is struck twice; and where a number of bars is asked for, the piece has so
many. This file draws nothing, and makes no music better.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tunewright.music.form import FEWEST_BARS
from tunewright.support.errors import ConfigError
from tunewright.tokens.masks import Masks
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.polyphony.vocabulary import BEGINS_A_NOTE, Struck, kind_of

BAR = "Bar_None"
NOTHING_STRUCK = Struck()
WITHOUT_BARS = ("mmm", "pertok")  # vocabularies that tell the bars of each part anew, or only some
SETTLED_LATER = frozenset({"beat"})  # where the next bar tells how long notes of this one sound


@dataclass(frozen=True, slots=True)
class PieceState:
    """Where a piece is: after which context, at which position of the bar, and how many bars have begun."""

    context: str = ""
    position: int = -1  # of the last one told in this bar
    steps: int = 0  # of the bar; 0 where that is not known
    bars: int = 0
    struck: Struck = NOTHING_STRUCK  # where the notes that begin together stand in order


class PieceRules:
    """The rules of one vocabulary; the masks grow with the states that are met."""

    def __init__(self, tokenizer: PieceTokenizer, masks: Masks) -> None:
        self.tokenizer, self.masks = tokenizer, masks
        self._rows: dict[tuple[str, int, int, Struck, bool, bool], int] = {}

    @cached_property
    def counts_bars(self) -> bool:
        """Whether the vocabulary has a token for each bar of the piece."""
        tokenizer = self.tokenizer
        told = any(context == BAR or context.endswith(f"/{BAR}") for context in tokenizer.following)
        return told and tokenizer.kind not in WITHOUT_BARS

    @property
    def settles_bars(self) -> bool:
        """Whether a bar stands once the next one has begun."""
        return self.counts_bars and self.tokenizer.kind not in SETTLED_LATER

    def start(self, bars: int = 0) -> PieceConstraint:
        """Where a piece begins that is to have so many bars; 0 for four or more."""
        return PieceConstraint(self, PieceState(), bars)

    def check_bars(self, bars: int) -> None:
        """ConfigError where so many bars cannot be asked for."""
        if not self.counts_bars:
            raise ConfigError(
                f"bars is {bars}, but a piece in {self.tokenizer.kind} does not tell its bars; expected none"
            )
        if bars < 1:
            raise ConfigError(f"bars is {bars}; expected at least 1")

    def after(self, state: PieceState, number: int) -> PieceState | None:
        """The state after an id; None where the rules do not let it come. Its bars are not held to any number."""
        for token in self.tokenizer.tokens_of[number]:
            following = self._after(state, number, token)
            if following is None:
                return None
            state = following
        return state

    def _after(self, state: PieceState, number: int, token: str) -> PieceState | None:
        tokenizer, kind = self.tokenizer, kind_of(token)
        if kind not in tokenizer.following.get(state.context, frozenset()):
            return None
        position, steps, bars = state.position, state.steps, state.bars
        if kind == "Bar_None" or kind.startswith("Track"):
            position, bars = -1, bars + (token == BAR)
        elif kind == "TimeSig" and not tokenizer.compound:
            steps = self._steps(token)
        elif kind == "Position" and not tokenizer.compound:
            before, position = position, int(token.split("_")[1])
            if position <= before or (steps and position >= steps):
                return None
        struck = state.struck.after(token) if tokenizer.ordered else state.struck
        if struck is None or (kind == "Program" and not self._has_room(struck)):
            return None
        return PieceState(tokenizer.after(state.context, number, token), position, steps, bars, struck)

    def _has_room(self, struck: Struck) -> bool:
        """Whether a part has a number left above the one that it has just struck."""
        return struck.program != struck.last[0] or struck.last[1] < self._highest

    @cached_property
    def _highest(self) -> int:
        """The highest number that any note has which is one id."""
        alone = (tokens[0] for tokens in self.tokenizer.tokens_of if len(tokens) == 1)
        return max((int(token.split("_")[1]) for token in alone if kind_of(token) in BEGINS_A_NOTE), default=127)

    def _steps(self, token: str) -> int:
        """Positions in a bar of a metre, as "TimeSig_3/4" tells it."""
        told = re.fullmatch(r"TimeSig_(\d+)/(\d+)", token)
        finest = max(self.tokenizer.miditok.config.beat_res.values())
        return int(told[1]) * finest if told else 0

    def forgiving(self, state: PieceState, number: int) -> PieceState | None:
        """As `after`, but of an id that was given: a note that the grid moved may stand out of order."""
        return self.after(state, number) or self.after(replace(state, struck=NOTHING_STRUCK), number)

    def row(self, state: PieceState, bars: int = 0) -> int:
        """The row of the mask of what may come; `bars` is how many the piece is to have, 0 for four or more.

        After so many bars it ends where it would begin another one: what is drawn there is the end, or a bar after
        which nothing but the end may come.
        """
        may_end = not self.counts_bars or state.bars >= (bars or FEWEST_BARS)
        has_to = bool(bars) and state.bars > bars
        key = (state.context, state.position, state.steps, state.struck, may_end, has_to)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self.masks.add(self._mask(state, may_end, has_to))
        return row

    def _mask(self, state: PieceState, may_end: bool, has_to: bool) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        tokenizer = self.tokenizer
        mask = np.zeros(len(tokenizer.vocab), np.bool_)
        for number in range(1, len(mask)):
            mask[number] = not has_to and self._may_come(state, number)
        ends = "" in tokenizer.following.get(state.context, frozenset())
        mask[tokenizer.END] = (ends and may_end) or not mask.any()
        return mask

    def _may_come(self, state: PieceState, number: int) -> bool:
        tokenizer = self.tokenizer
        if tokenizer.compound:  # a kind may stand in several fields of a word: only the next one is meant
            place = state.context.count("/") + 1 if state.context else 0
            starts_word = number < tokenizer.offsets[1]
            fields = len(tokenizer.offsets) - 1
            in_place = place < fields and tokenizer.offsets[place] <= number < tokenizer.offsets[place + 1]
            if not (starts_word or in_place):
                return False
        return self.after(state, number) is not None


class PieceConstraint:
    """Where one piece stands; immutable."""

    __slots__ = ("_bars", "_rules", "_state")

    def __init__(self, rules: PieceRules, state: PieceState, bars: int) -> None:
        self._rules, self._state, self._bars = rules, state, bars

    @property
    def row(self) -> int:
        """The row of the mask of what may come."""
        return self._rules.row(self._state, self._bars)

    def after(self, number: int) -> PieceConstraint:
        """Where it stands after an id that the row lets through."""
        state = self._rules.after(self._state, number)
        assert state is not None, f"{self._rules.tokenizer.vocab[number]} was masked"
        return PieceConstraint(self._rules, state, self._bars)

    def after_given(self, number: int) -> PieceConstraint:
        """The same of an id that was given; ConfigError where the rules do not let it through."""
        state = self._rules.forgiving(self._state, number)
        if state is None:
            raise ConfigError(f"the start cannot go on after {self._rules.tokenizer.vocab[number]}; expected --free")
        return PieceConstraint(self._rules, state, self._bars)
