"""Drawing new pieces of several parts from a run, many at once.

In: a run whose tokens spell pieces, and how to draw. Out: `GeneratedPiece`s, in order. Piece number i is drawn from
random numbers of its own, seeded `seed + i`, and comes out the same whatever is drawn beside it. This file refuses what
cannot be had; it judges no set of pieces and writes no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from pathlib import Path

import torch

from tunewright.formats.validity import fault_of
from tunewright.generation.chance import Chance
from tunewright.generation.engine import Drawing, Schedule, Written
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.sampling import Sampling
from tunewright.music.piece import Piece, first_bars
from tunewright.support.errors import ConfigError, TokenError
from tunewright.support.processes import side_by_side, usable_processes
from tunewright.tokens.polyphony.script import PieceScript
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.training.run import Run

ROWS = 64  # pieces side by side, at most, unless more are asked for
WORTH_A_PROCESS = 8  # pieces
LONGER = 2  # times the longest training piece, after which a piece that does not end is cut


@dataclass(frozen=True)
class GeneratedPiece:
    """One piece as drawn."""

    index: int
    seed: int
    ids: tuple[int, ...]
    tokenizer: PieceTokenizer
    title: str
    log_likelihood: float  # nats, of what was drawn, at temperature 1 and without the rules
    ended: bool  # whether the model ended it; otherwise it was cut at the greatest length
    removed_mass: float | None = None  # probability that the rules took away, mean over ids drawn; None without them
    given_notes: int = 0
    bars: int = 0  # that were asked for: what sounds on after them is cut

    @cached_property
    def _spelled(self) -> tuple[Piece | None, str]:
        try:
            piece = replace(self.tokenizer.decode(self.ids), title=self.title)
            piece = first_bars(piece, self.bars) if self.bars else piece
        except TokenError as error:
            return None, str(error)
        return piece, fault_of(piece, self.ended)

    @property
    def piece(self) -> Piece | None:
        """The piece that the ids spell; None where they spell none."""
        return self._spelled[0]

    @property
    def error(self) -> str:
        """Why it is not well formed; "" where it is."""
        return self._spelled[1]

    @property
    def valid(self) -> bool:
        """Whether it is well formed: see `fault_of`."""
        return not self.error

    @property
    def log_likelihood_per_note(self) -> float:
        """Nats; NaN where no notes were drawn."""
        notes = self.piece.notes - self.given_notes if self.piece else 0
        return self.log_likelihood / notes if notes > 0 else float("nan")


def generate_pieces(
    source: Generator | Run | str | Path,
    n: int = 1,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    seed: int = 0,
    start: Piece | None = None,
    bars: int = 0,
    free: bool = False,
    batch_size: int = ROWS,
    max_length: int = 0,
    jobs: int = 1,
) -> Iterator[GeneratedPiece]:
    """`n` new pieces, in order; piece i has seed `seed + i` and is the same whatever `n` and `batch_size` are.

    `start` is what every piece begins with; `bars` how many it is to have, 0 for as many as it likes. With `free` no
    rules hold it to anything. `max_length` ids is where a piece that does not end is cut: by default twice the longest
    training piece. `jobs` processes draw side by side, as many as the machine has cores where it is 0. Raises RunError,
    and ConfigError for what cannot be had, before anything is drawn.
    """
    generator = source if isinstance(source, Generator) else load_generator(source)
    tokenizer = generator.tokenizer
    if not isinstance(tokenizer, PieceTokenizer):
        raise ConfigError(f"{generator.name or 'the model'} draws tunes; expected generate, or a run with tokens=remi")
    if min(n, batch_size) < 1 or max_length < 0:
        raise ConfigError(f"n, batch_size, max_length are {n}, {batch_size}, {max_length}; expected at least 1, 1, 0")
    if free and bars:
        raise ConfigError("bars were asked for without the rules, which alone can hold to them; expected no --free")
    if bars:
        generator.piece_rules.check_bars(bars)
    given = _start_ids(tokenizer, start) if start else []
    if bars and start and len(start.bar_lines) > bars:
        raise ConfigError(f"the start has {len(start.bar_lines)} bars; expected at most the {bars} that were asked for")
    schedule = Schedule(((1, Sampling(temperature, top_k, top_p, min_p)),))
    most = max(max_length or max(LONGER * tokenizer.longest, 64), len(given) + 1)
    order = _Order(generator, tokenizer, schedule, seed, given, bars, free, most)
    on_cpu = next(generator.model.parameters()).device.type == "cpu"
    wanted = jobs or (n // WORTH_A_PROCESS if on_cpu else 1)
    parts = usable_processes(min(wanted, n)) if wanted > 1 else 1
    if parts == 1:
        return _draw(order, range(n), batch_size)
    _ = generator.stepping  # worked out once, before there are several of us
    shares = [partial(_alone, order, range(place, n, parts), batch_size) for place in range(parts)]
    return side_by_side(shares, order=attrgetter("index"))


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be drawn."""

    generator: Generator
    tokenizer: PieceTokenizer
    schedule: Schedule
    seed: int
    start: list[int]
    bars: int
    free: bool
    max_length: int

    def begin(self, index: int) -> Written:
        rules = None if self.free else self.generator.piece_rules
        script = PieceScript(self.generator.piece_places, rules, self.start, self.bars)
        return Written(index, 0, script, Chance(self.seed + index))

    def finish(self, written: Written) -> GeneratedPiece:
        seed = self.seed + written.index
        ids = tuple(written.script.ids[:-1] if written.ended else written.script.ids)
        removed = None if self.free else written.removed / max(written.drawn, 1)
        given = written.script.given_notes
        title = f"{self.tokenizer.kind.upper()} piece no. {seed}"
        likelihood = written.log_likelihood
        return GeneratedPiece(
            written.index, seed, ids, self.tokenizer, title, likelihood, written.ended, removed, given, self.bars
        )


def _start_ids(tokenizer: PieceTokenizer, start: Piece) -> list[int]:
    """The ids of what pieces begin with. ConfigError where the vocabulary does not cover it."""
    try:
        return tokenizer.encode(start)
    except TokenError as error:
        raise ConfigError(f"the start has {error}") from None


def _alone(order: _Order, numbers: range, batch_size: int) -> Iterator[GeneratedPiece]:
    """The pieces of one forked process: the threads that PyTorch had are gone, and waiting for them hangs."""
    torch.set_num_threads(1)
    return _draw(order, numbers, batch_size)


def _draw(order: _Order, numbers: range, batch_size: int) -> Iterator[GeneratedPiece]:
    """The pieces of these numbers, each held back until those before it are out."""
    generator = order.generator
    step, counts = generator.stepping
    masks = None if order.free else generator.masks
    drawing = Drawing(generator.model, step, counts, masks, order.schedule)
    following = iter(numbers)
    waiting = list(numbers)
    done: dict[int, GeneratedPiece] = {}

    def begin() -> Written | None:
        index = next(following, None)
        return None if index is None else order.begin(index)

    end = order.tokenizer.END
    for written in drawing.draw(begin, min(batch_size, len(numbers)), order.max_length, end):
        done[written.index] = order.finish(written)
        while waiting and waiting[0] in done:
            yield done.pop(waiting.pop(0))
