"""What is asked of tunes in characters, as what begins each of them.

In: a `CharTokenizer` and a `Request`. Out: `CharScript`s, or a `ConfigError` for what characters cannot do. This file
draws nothing.
"""

from __future__ import annotations

from functools import cached_property

from tunewright.formats.abc.fields import format_key
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar import CharGrammar
from tunewright.tokens.characters.grammar import Request as TextRequest
from tunewright.tokens.characters.script import CharScript
from tunewright.tokens.characters.starts import read_start
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import Request, text_start, usual_form
from tunewright.tokens.writing import Beginnings


class CharWriter:
    """Writes tunes in the characters of a tokenizer."""

    rows = 256
    worth_a_process = 64
    longest = 4000  # characters

    def __init__(self, tokenizer: CharTokenizer) -> None:
        self.tokenizer, self.masks = tokenizer, Masks(len(tokenizer.vocab))

    @cached_property
    def grammar(self) -> CharGrammar:
        """The grammar; ConfigError for a vocabulary that can write no tune."""
        return CharGrammar(self.tokenizer, self.masks)

    def begin(self, request: Request, seed: int, most: int) -> Beginnings[Tune]:
        """What begins each tune, all alike."""
        if request.given:
            raise ConfigError(
                "a model of characters can neither fill in nor vary; expected one trained with tokens=degrees"
            )
        if request.plan:
            raise ConfigError("a plan was asked of a model that knows none; expected one trained with phrase_plan=true")
        return self._free(request, most) if request.free else self._held(request, most)

    def _held(self, request: Request, most: int) -> Beginnings[Tune]:
        start = read_start(text_start(request), self.tokenizer, most)
        form = request.form or (usual_form(request.bars) if request.bars else None)
        rhythm, low, high = request.rhythm or None, request.low, request.high
        state = self.grammar.start(TextRequest(request.meter, request.key, rhythm, form, low, high, max_length=most))
        return Beginnings(lambda _: CharScript(self.tokenizer, start, state, self.masks), most)

    def _free(self, request: Request, most: int) -> Beginnings[Tune]:
        if request.form or request.bars or request.low:
            raise ConfigError("bars, parts and range were asked for without the grammar, which alone can hold to them")
        asked = {"R": request.rhythm, "M": request.meter, "K": format_key(request.key) if request.key else ""}
        fields = "".join(f"{letter}:{value}\n" for letter, value in asked.items() if value)
        start = read_start(fields + text_start(request), self.tokenizer, most)
        return Beginnings(lambda _: CharScript(self.tokenizer, start, None, self.masks), most)
