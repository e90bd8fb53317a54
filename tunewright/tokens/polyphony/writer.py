"""What is asked of pieces of several parts, as what begins each of them.

In: a `PieceTokenizer` and a `Request`. Out: `PieceScript`s, or a `ConfigError` for what cannot be had. This file draws
nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from tunewright.music.piece import Piece
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.masks import Masks
from tunewright.tokens.polyphony.grammar import PieceRules
from tunewright.tokens.polyphony.script import PieceScript
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.requests import Request
from tunewright.tokens.writing import Beginnings

LONGER = 2  # times the longest training piece
LEAST = 64


class PieceWriter:
    """Writes pieces in the tokens of a vocabulary."""

    rows = 64
    worth_a_process = 8

    def __init__(self, tokenizer: PieceTokenizer) -> None:
        self.tokenizer, self.masks = tokenizer, Masks(len(tokenizer.vocab))

    @cached_property
    def rules(self) -> PieceRules:
        """The rules."""
        return PieceRules(self.tokenizer, self.masks)

    @property
    def longest(self) -> int:
        """After how many ids a piece that does not end is cut."""
        return max(LONGER * self.tokenizer.longest, LEAST)

    def begin(self, request: Request, seed: int, most: int) -> Beginnings[Piece]:
        """What begins each piece, all alike."""
        if replace(request, bars=None, start="", free=False) != Request():
            raise ConfigError(f"pieces of several parts know no {request}; expected bars and a start alone")
        bars, free, start = request.bars, request.free, request.start
        if free and bars:
            raise ConfigError("bars were asked for without the rules, which alone can hold to them; expected no --free")
        if bars is not None:
            self.rules.check_bars(bars)
        if isinstance(start, str) and start:
            raise ConfigError("the start of a piece of several parts is music of several parts; expected no ABC")
        given = [] if isinstance(start, str) else self._start_ids(start)
        if bars and not isinstance(start, str) and len(start.bar_lines) > bars:
            told = f"the start has {len(start.bar_lines)} bars"
            raise ConfigError(f"{told}; expected at most the {bars} that were asked for")
        rules = None if free else self.rules
        return Beginnings(lambda _: PieceScript(self.tokenizer, rules, given, bars or 0), max(most, len(given) + 1))

    def _start_ids(self, start: Piece) -> list[int]:
        """The ids of what pieces begin with. ConfigError where the vocabulary does not cover it."""
        try:
            return self.tokenizer.encode(start)
        except TokenError as error:
            raise ConfigError(f"the start has {error}") from None
