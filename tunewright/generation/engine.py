"""The loop that draws: many tunes or pieces side by side, one id of each at every step.

In: a model's step, scripts, and how to draw. Out: what was written, in whatever order it is done. The loop never asks
which model or which tokens it has before it. This file reads no music.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic

import numpy as np
import torch
from torch import Tensor

from tunewright.generation.chance import Chance
from tunewright.generation.decoding import Decoding
from tunewright.generation.sampling import Drawn, draw
from tunewright.models.contract import Model, State, Stepper
from tunewright.music.kinds import M
from tunewright.support.errors import RunError
from tunewright.support.threads import one_thread
from tunewright.tokens.masks import Masks
from tunewright.tokens.writing import Script


@dataclass
class Written(Generic[M]):
    """Music that is being written, and what the model made of it."""

    index: int
    candidate: int
    script: Script[M]
    chance: Chance
    log_likelihood: float = 0.0  # nats, of the music that was drawn, not given
    removed: float = 0.0  # probability that the grammar took away, summed over its ids
    drawn: int = 0  # how many those are
    done: bool = False
    ended: bool = False  # by the model; otherwise it was cut at the greatest length
    _bar: list[int] = field(default_factory=list)  # the ids of this bar so far
    _before: list[int] = field(default_factory=list)  # those of the bar before it
    _times: int = 0  # that it stands in a row

    def note(self, log_probability: float, removed: float, *, given: bool) -> None:
        """Count an id that is about to be written."""
        if not given and self.script.in_body:
            self.log_likelihood += log_probability
            self.removed += removed
            self.drawn += 1

    def follow(self, number: int, bars: int) -> None:
        """Keep count of bars that come again, after an id was written before which there were so many bar lines."""
        if self.script.bars == bars:
            self._bar += [number] if self.script.is_music(number) else []
        else:  # a bar is the same whichever line closes it
            self._times = self._times + 1 if self._bar == self._before else 1
            self._before, self._bar = self._bar, []

    def banned(self, repeats: int) -> list[int]:
        """The ids that would make this bar the same as too many before it, or say that it is to be."""
        place = len(self._bar)
        if not repeats or self._times < repeats or self._bar != self._before[:place]:
            return []
        notes = [at for at, number in enumerate(self._before) if self.script.is_note(number)]
        last = self._before[place : place + 1] if notes and place == notes[-1] else []
        return last if place else [*last, *self.script.again]


class Drawing(Generic[M]):
    """Music that is drawn side by side."""

    def __init__(
        self,
        model: Model,
        step: Stepper,
        counts: Sequence[int],
        masks: Masks | None,
        decoding: Decoding,
        never: Sequence[int] = (),
    ) -> None:
        self.model, self.step, self.counts = model, step, sorted(counts)
        self.table = _MaskTable(masks) if masks else None
        self.decoding, self.never = decoding, list(never)
        self.device = model.device

    def draw(
        self,
        begin: Callable[[], Written[M] | None],
        most_rows: int,
        max_length: int,
        end: int,
        *,
        at_bars: bool = False,
    ) -> Iterator[Written[M]]:
        """What is written, as it is done; with `at_bars` also whenever a bar line was written in it.

        `begin()` gives the next, None while there is none.
        """
        count = next((count for count in self.counts if count >= most_rows), self.counts[-1])
        rows: list[Written[M] | None] = [begin() for _ in range(count)]
        reads = [row.script.first if row else None for row in rows]
        nothing = tuple(0 for _ in next(read for read in reads if read))
        state = self.model.start(count)
        while any(rows):
            rows, reads, state = self._shrunk(rows, reads, state)
            with one_thread():  # never across a yield, and so in one thread of the caller's
                numbers, state = self._step(rows, [read or nothing for read in reads], state)
            for place, row, number in zip(range(len(rows)), rows, numbers, strict=True):
                if row is None:
                    continue
                bars = row.script.bars
                reads[place] = row.script.write(number)
                if self.decoding.repeats:
                    row.follow(number, bars)
                if at_bars and row.script.bars != bars:
                    yield row
                if number == end or len(row.script.ids) >= max_length:
                    row.done, row.ended = True, number == end
                    yield row
                    following = rows[place] = begin()
                    reads[place] = following.script.first if following else None
                    state = self.model.reset(state, [place])

    def _shrunk(
        self, rows: list[Written[M] | None], reads: list[tuple[int, ...] | None], state: State
    ) -> tuple[list[Written[M] | None], list[tuple[int, ...] | None], State]:
        """Fewer rows, where that many are enough."""
        live = [place for place, row in enumerate(rows) if row]
        count = next((count for count in self.counts if count >= len(live)), self.counts[-1])
        if count >= len(rows):
            return rows, reads, state
        kept = live + [place for place, row in enumerate(rows) if not row][: count - len(live)]
        return [rows[p] for p in kept], [reads[p] for p in kept], self.model.select(state, kept)

    @torch.no_grad()
    def _step(
        self, rows: Sequence[Written[M] | None], reads: Sequence[tuple[int, ...]], state: State
    ) -> tuple[list[int], State]:
        """The next id of every row."""
        inputs = torch.from_numpy(np.array(reads)).to(self.device)  # (rows, 1 + K)
        logits, state = self.step(inputs if inputs.shape[1] > 1 else inputs[:, 0], state)
        if not bool(logits.isfinite().all()):
            raise RunError("the weights of this run add up to what is no number: nothing can be drawn from it")
        if self.never:
            logits[:, self.never] = -math.inf
        forced = [row.script.forced if row else 0 for row in rows]
        bars = [row.script.bars if row else 0 for row in rows]
        uniforms = [
            row.chance.next(bar) if row and f < 0 else 0.0 for row, f, bar in zip(rows, forced, bars, strict=True)
        ]
        mask = self._mask(rows, forced)
        drawn = self._drawn(logits, torch.tensor(uniforms), mask, torch.tensor(forced, device=self.device), bars)
        ids = drawn.ids.tolist()
        facts = zip(rows, forced, drawn.log_probabilities.tolist(), drawn.removed.tolist(), strict=True)
        for row, given, log_probability, removed in facts:
            if row:
                row.note(log_probability, removed, given=given >= 0)
        return ids, state

    def _mask(self, rows: Sequence[Written[M] | None], forced: Sequence[int]) -> Tensor | None:
        """What may come, 0 or -infinity (rows, vocab)."""
        if self.table is None:
            return None
        numbers = [row.script.row if row and given < 0 else 0 for row, given in zip(rows, forced, strict=True)]
        mask = self.table.rows(numbers).to(self.device)
        if not self.decoding.repeats:
            return mask
        for place, row in enumerate(rows):
            for number in row.banned(self.decoding.repeats) if row and forced[place] < 0 else ():
                if int((mask[place] == 0).sum()) > 1:
                    mask[place, number] = -math.inf
        return mask

    def _drawn(
        self, logits: Tensor, uniforms: Tensor, mask: Tensor | None, forced: Tensor, bars: Sequence[int]
    ) -> Drawn:
        stages = self.decoding.stages
        if len(stages) == 1:
            return draw(logits, uniforms, stages[0][1], mask, forced)
        ways = [draw(logits, uniforms, sampling, mask, forced) for _, sampling in stages]
        stage = torch.tensor([self.decoding.stage(bar) for bar in bars], device=self.device)
        return Drawn(*(torch.stack(parts).gather(0, stage[None])[0] for parts in zip(*ways, strict=True)))


class _MaskTable:
    """The masks as what is added to logits, kept up with the table that they grow in."""

    def __init__(self, masks: Masks) -> None:
        self.masks = masks
        self._added = torch.zeros(64, masks.table.shape[1])
        self._known = 0

    def rows(self, numbers: Sequence[int]) -> Tensor:
        """These rows (rows, vocab), 0 where an id may come."""
        if len(self.masks) > self._known:
            self._learn(torch.from_numpy(self.masks.table[self._known :]))
        return self._added[torch.from_numpy(np.array(numbers))]

    def _learn(self, new: Tensor) -> None:
        """Add masks; (n, vocab) of bools."""
        known = self._known + len(new)
        while known > len(self._added):  # twice as many at a time, so that few are copied
            self._added = torch.cat([self._added, torch.zeros_like(self._added)])
        self._added[self._known : known].masked_fill_(~new, -math.inf)
        self._known = known
