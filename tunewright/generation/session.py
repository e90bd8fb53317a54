"""The tunes of one call, from what was ordered to what comes out, in order.

In: a generator, an `Order`, and what begins each tune. Out: `Generated`. Candidates of a tune are held against one
another, those that are not original enough are drawn anew, and each tune is held back until those before it are out.
How many are drawn side by side is `drawing`'s business. This file refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tunewright.generation.chance import Chance
from tunewright.generation.engine import Drawing, Schedule, Written
from tunewright.generation.generated import Generated, text_of, text_so_far
from tunewright.generation.generator import Generator
from tunewright.measuring.originals import MOST_TIMES, OriginalityLine
from tunewright.music.tune import Tune
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.degrees.script import Script
from tunewright.tokens.requests import Request


@dataclass(frozen=True, slots=True)
class Infill:
    """Bars `first` to `last` of a tune are to be written anew, the rest kept."""

    tune: Tune
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Variation:
    """A tune is to be varied: 0 leaves it as it is, 1 keeps nothing but its frame."""

    tune: Tune
    amount: float


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drawn."""

    request: Request
    start: str
    given: Infill | Variation | None
    free: bool
    seed: int
    max_length: int
    original: OriginalityLine | None


@dataclass
class Session:
    """The tunes of one call."""

    generator: Generator
    schedule: Schedule
    order: Order
    scripts: Callable[[int], Script]
    n: int
    best_of: int
    score: Callable[[Generated], float] | None
    first: int = 0  # the first of the tunes to draw, and after how many comes the next
    stride: int = 1
    begun: int = 0  # candidates of tunes, those of one after those of the other
    again: list[tuple[int, int]] = field(default_factory=list)  # tune and candidate to draw in place of another
    waiting: dict[int, dict[int, Generated | None]] = field(default_factory=dict)  # tunes that lack candidates

    def part(self, place: int, parts: int) -> Session:
        """One of so many parts of the session, each with every so-manieth tune."""
        return replace(self, first=place, stride=parts, again=[], waiting={})

    def generate(self, batch_size: int, on_bar: Callable[[str], None] | None) -> Iterator[Generated]:
        """The tunes, each held back until those before it are out."""
        tokenizer = self.generator.tokenizer
        step, counts = self.generator.stepping
        never = (CharTokenizer.UNKNOWN,) if isinstance(tokenizer, CharTokenizer) else ()
        unheld = self.order.free and self.order.request.bars is None and not self.schedule.repeats
        masks = None if unheld else self.generator.masks
        drawing = Drawing(self.generator.model, step, counts, masks, self.schedule, never)
        done: dict[int, Generated | None] = {}
        following = self.first
        total = len(range(self.first, self.n, self.stride)) * self.best_of
        most, end = self.order.max_length, tokenizer.END
        for written in drawing.draw(self._begin, min(batch_size, total), most, end, at_bars=on_bar is not None):
            if not written.done:
                assert on_bar is not None
                self._tell_bar(written, on_bar)
                continue
            done |= self._chosen(written)
            while following in done:
                if one := done.pop(following):
                    yield one
                following += self.stride

    def _begin(self) -> Written | None:
        """The next candidate, tune by tune; before that one in whose place another was refused."""
        if self.again:
            index, candidate = self.again.pop(0)
        else:
            turn, candidate = divmod(self.begun, self.best_of)
            index = self.first + turn * self.stride
            if index >= self.n:
                return None
            self.begun += 1
        return Written(index, candidate, self.scripts(index), Chance(self.order.seed + index, candidate))

    def _chosen(self, written: Written) -> dict[int, Generated | None]:
        """The best candidate of a tune, where this was the last one; None where all were refused."""
        times, place = divmod(written.candidate, self.best_of)
        drawn: Generated | None = replace(self._finish(written), redrawn=times)
        if drawn and self._is_borrowed(drawn):
            if times + 1 < MOST_TIMES:
                self.again.append((written.index, written.candidate + self.best_of))
                return {}
            drawn = None
        waiting = self.waiting.setdefault(written.index, {})
        waiting[place] = drawn
        if len(waiting) < self.best_of:
            return {}
        del self.waiting[written.index]
        found = [waiting[number] for number in range(self.best_of)]
        return {written.index: self._best([one for one in found if one])}

    def _best(self, candidates: Sequence[Generated]) -> Generated | None:
        """The best of some candidates, of equals the first, whenever it was done."""
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        times = sum(one.redrawn for one in candidates)
        return replace(max(candidates, key=self.score or _likely), redrawn=times)

    def _is_borrowed(self, drawn: Generated) -> bool:
        """Whether a tune has a longer passage of a training tune than was asked for."""
        line = self.order.original
        return line is not None and drawn.tune is not None and not line.allows(drawn.tune)

    def _finish(self, written: Written) -> Generated:
        """The tune that was written."""
        seed, script = self.order.seed + written.index, written.script
        text = text_of(script, written.ended, written.index + 1, seed, self._note(seed))
        removed = None if self.order.free else written.removed / max(written.drawn, 1)
        length = len(script.ids) - written.ended
        likelihood, given = written.log_likelihood, script.given_notes
        return Generated(written.index, seed, text, likelihood, length, written.ended, removed, given)

    def _tell_bar(self, written: Written, on_bar: Callable[[str], None]) -> None:
        seed = self.order.seed + written.index
        if text := text_so_far(written.script, written.index + 1, seed, self._note(seed)):
            on_bar(text)

    def _note(self, seed: int) -> str:
        """What a tune says of how it was drawn."""
        return f"seed {seed}, {self._settings()}, model {self.generator.name}"

    def _settings(self) -> str:
        """How it was drawn, as its note says."""
        first, *later = self.schedule.stages
        changes = [f"from bar {bar} temperature {sampling.temperature:g}" for bar, sampling in later]
        given = self.order.given
        asked = [
            str(self.order.request),
            f"bars {given.first}-{given.last} anew" if isinstance(given, Infill) else "",
            f"varied by {given.amount:g}" if isinstance(given, Variation) else "",
            f"repeats {self.schedule.repeats}" if self.schedule.repeats else "",
            f"best of {self.best_of}" if self.best_of > 1 else "",
            str(self.order.original or ""),
            "without grammar" if self.order.free else "",
        ]
        return ", ".join(filter(None, [str(first[1]), *changes, *asked]))


def _likely(tune: Generated) -> float:
    return tune.log_likelihood_per_note if tune.valid else float("-inf")
