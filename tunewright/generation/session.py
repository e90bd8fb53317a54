"""The music of one call, from what was ordered to what comes out, in order.

In: an `Order`: a model's step, a writer, what is asked for and how to draw. Out: `Generated`, and where that is asked
for the music so far at each bar line. Candidates are held against one another, those that are not original enough are
drawn anew, and each is held back until those before it are out. How many are drawn side by side is the engine's
business. This file knows no tokens, and refuses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from tunewright.generation.chance import Chance
from tunewright.generation.decoding import Decoding
from tunewright.generation.engine import Drawing, Written
from tunewright.generation.generated import Generated
from tunewright.models.contract import Model, Stepper
from tunewright.music.kinds import M, Music
from tunewright.tokens.contract import Codec
from tunewright.tokens.requests import Request
from tunewright.tokens.writing import Beginnings, Label, Writer

M_contra = TypeVar("M_contra", bound=Music, contravariant=True)

MOST_TIMES = 20  # that music is drawn until it is original enough


class Accepts(Protocol[M_contra]):
    """What drawn music may not go beyond; its words stand in the notes of tunes."""

    def allows(self, music: M_contra, /) -> bool:
        """Whether it does not."""


@dataclass(frozen=True)
class Choice(Generic[M]):
    """Which of what is drawn comes out."""

    best_of: int = 1  # candidates for each
    score: Callable[[Generated[M]], float] | None = None  # of which the highest wins; None: the likelihood per note
    by: str = "likelihood"  # what the score is called
    original: Accepts[M] | None = None  # what it does not allow is drawn anew

    def __str__(self) -> str:
        best = f"best of {self.best_of} by {self.by}" if self.best_of > 1 else ""
        return ", ".join(filter(None, [best, str(self.original or "")]))


@dataclass(frozen=True)
class Order(Generic[M]):
    """What is to be drawn, with what."""

    model: Model
    stepper: Stepper
    counts: tuple[int, ...]  # numbers of rows among which a row comes out the same
    codec: Codec[M]
    writer: Writer[M]
    beginnings: Beginnings[M]
    request: Request
    decoding: Decoding
    seed: int
    name: str  # of the model
    n: int
    rows: int  # side by side, at most
    choice: Choice[M]

    @property
    def note(self) -> str:
        """How it is drawn, as the notes of tunes say."""
        asked = [
            str(self.decoding),
            str(self.request),
            f"repeats {self.decoding.repeats}" if self.decoding.repeats else "",
            str(self.choice),
            "without grammar" if self.request.free else "",
        ]
        return ", ".join(filter(None, asked))


@dataclass
class Session(Generic[M]):
    """The music of one call, or of one of several processes."""

    order: Order[M]
    first: int = 0  # the first to draw, and after how many comes the next
    stride: int = 1
    begun: int = 0  # candidates, those of one after those of the other
    again: list[tuple[int, int]] = field(default_factory=list)  # index and candidate to draw in place of another
    waiting: dict[int, dict[int, Generated[M] | None]] = field(default_factory=dict)  # what lacks candidates

    def generate(self, on_bar: Callable[[str], None] | None = None) -> Iterator[Generated[M]]:
        """The music, each held back until those before it are out; `on_bar` is called with what has been written."""
        for event in self.events(at_bars=on_bar is not None):
            if not isinstance(event, str):
                yield event
            elif on_bar:
                on_bar(event)

    def events(self, *, at_bars: bool) -> Iterator[str | Generated[M]]:
        """The same, and with `at_bars` at each bar line what has been written so far, where that is settled."""
        order, done = self.order, dict[int, Generated[M] | None]()
        unheld = order.request.free and order.request.bars is None and not order.decoding.repeats
        masks = None if unheld else order.writer.masks
        drawing: Drawing[M] = Drawing(
            order.model, order.stepper, order.counts, masks, order.decoding, order.codec.never
        )
        total = len(range(self.first, order.n, self.stride)) * order.choice.best_of
        following, most = self.first, order.beginnings.most
        for written in drawing.draw(self._begin, min(order.rows, total), most, order.codec.END, at_bars=at_bars):
            if not written.done:
                if text := written.script.so_far(self._label(written)):
                    yield text
                continue
            done |= self._chosen(written)
            while following in done:
                if one := done.pop(following):
                    yield one
                following += self.stride

    def _begin(self) -> Written[M] | None:
        """The next candidate, one after the other; before that one in whose place another was refused."""
        order = self.order
        if self.again:
            index, candidate = self.again.pop(0)
        else:
            turn, candidate = divmod(self.begun, order.choice.best_of)
            index = self.first + turn * self.stride
            if index >= order.n:
                return None
            self.begun += 1
        return Written(index, candidate, order.beginnings.script(index), Chance(order.seed + index, candidate))

    def _chosen(self, written: Written[M]) -> dict[int, Generated[M] | None]:
        """The best candidate, where this was the last one; None where all were refused."""
        times, place = divmod(written.candidate, self.order.choice.best_of)
        drawn: Generated[M] | None = replace(self._finish(written), redrawn=times)
        if drawn and self._is_borrowed(drawn):
            if times + 1 < MOST_TIMES:
                self.again.append((written.index, written.candidate + self.order.choice.best_of))
                return {}
            drawn = None
        waiting = self.waiting.setdefault(written.index, {})
        waiting[place] = drawn
        if len(waiting) < self.order.choice.best_of:
            return {}
        del self.waiting[written.index]
        found = [waiting[number] for number in range(self.order.choice.best_of)]
        return {written.index: self._best([one for one in found if one])}

    def _best(self, candidates: Sequence[Generated[M]]) -> Generated[M] | None:
        """The best of some candidates, of equals the first, whenever it was done."""
        choice = self.order.choice
        if choice.best_of < 2 or not candidates:
            return candidates[0] if candidates else None
        score = choice.score or _likely

        def worth(one: Generated[M]) -> tuple[float, float]:
            """Its score, and where that has no opinion its likelihood."""
            found = score(one)
            return found, _likely(one) if found == -math.inf else 0.0

        best = max(candidates, key=worth)
        return replace(best, redrawn=sum(one.redrawn for one in candidates), chosen_by=choice.by)

    def _is_borrowed(self, drawn: Generated[M]) -> bool:
        """Whether music has a longer passage of the training music than was asked for."""
        line = self.order.choice.original
        return line is not None and drawn.music is not None and not line.allows(drawn.music)

    def _finish(self, written: Written[M]) -> Generated[M]:
        """What was written."""
        script, ended = written.script, written.ended
        return Generated(
            written.index,
            self.order.seed + written.index,
            script.finish(self._label(written), ended=ended),
            written.log_likelihood,
            tuple(script.ids[:-1] if ended else script.ids),
            ended,
            None if self.order.request.free else written.removed / max(written.drawn, 1),
            script.given_notes,
        )

    def _label(self, written: Written[M]) -> Label:
        seed = self.order.seed + written.index
        return Label(written.index + 1, seed, f"seed {seed}, {self.order.note}, model {self.order.name}")


def _likely(one: Generated[M]) -> float:
    return one.log_likelihood_per_note if one.valid else float("-inf")
