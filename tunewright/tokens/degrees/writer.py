"""What is asked of tunes in musical tokens, as what begins each of them.

In: a `DegreeTokenizer` and a `Request`. Out: `DegreeScript`s, or a `ConfigError` for what cannot be had. This file
draws nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from tunewright.music.form import FEWEST_BARS
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.degrees.grammar import Grammar
from tunewright.tokens.degrees.plan import Plan, fit_start, plan_infill, plan_tune, plan_variation, planned_bar
from tunewright.tokens.degrees.rows import DegreeRows
from tunewright.tokens.degrees.script import DegreeScript
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import Infill, Request, Variation, text_start
from tunewright.tokens.writing import Beginnings


class DegreeWriter:
    """Writes tunes in the musical tokens of a tokenizer."""

    rows = 256
    worth_a_process = 64
    longest = 20_000  # musical tokens: the grammar ends a tune long before

    def __init__(self, tokenizer: DegreeTokenizer) -> None:
        self.tokenizer, self.masks = tokenizer, Masks(len(tokenizer.vocab))

    @cached_property
    def grammar(self) -> Grammar:
        """The grammar."""
        return Grammar(self.tokenizer, self.masks)

    def begin(self, request: Request, seed: int, most: int) -> Beginnings[Tune]:
        """What begins each tune: all alike, but for variations, each of which keeps other notes."""
        given = request.given
        if request.free and (given or request.low):
            raise ConfigError("filling in, varying and ranges need the grammar; expected no --free")
        if request.plan:
            request = self._planned(request)
        if given and replace(request, given=None) != Request():
            raise ConfigError(
                "a tune is given to fill in or vary, which settles key, metre and form; expected no others"
            )
        rows = DegreeRows(self.tokenizer, None if request.free else self.grammar, self.masks)
        if isinstance(given, Variation):
            tune, amount = given.tune, given.amount
            plan_variation(self.tokenizer, tune, amount, seed)  # refused at once, if it has to be
            return Beginnings(
                lambda i: DegreeScript(rows, plan_variation(self.tokenizer, tune, amount, seed + i)), most
            )
        plan = self._plan(request, given)
        return Beginnings(lambda _: DegreeScript(rows, plan), most)

    def _planned(self, request: Request) -> Request:
        """The request with as many bars as its plan names, where nothing says how many; ConfigError for none."""
        assert request.plan is not None
        if not self.tokenizer.phrase_plan:
            raise ConfigError("a plan was asked of a model that knows none; expected one trained with phrase_plan=true")
        if request.free:
            raise ConfigError(
                "a plan was asked for without the grammar, which alone can hold to it; expected no --free"
            )
        bars = len(request.plan.bars)
        unsaid = request.form is None and request.bars is None
        return replace(request, bars=bars) if unsaid and bars >= FEWEST_BARS else request

    def _plan(self, request: Request, given: Infill | None) -> Plan:
        if given:
            return plan_infill(self.tokenizer, given.tune, given.first, given.last)
        plan = plan_tune(self.tokenizer, request, text_start(request))
        bar = planned_bar(request.plan, text_start(request), request) if request.plan and plan.music else None
        return plan if request.free else fit_start(plan, self.grammar, bar)
