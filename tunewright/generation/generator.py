"""A trained model, ready to draw from, by several threads at once.

In: a run folder; then what is asked for and how to draw. Out: a `Generator`; from it `Drawn` and `Streamed` music. What
cannot be had is refused here, before anything is drawn; the music is drawn in a `Session`. Weights are shared and only
read. All that is written to while drawing (a grammar and its masks, the scratch of a step) is a `Workspace`, which
belongs to one drawing alone, from the call until the drawing is over, closed or abandoned; then the next one has it.
This file judges no set of music and writes no file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from pathlib import Path
from threading import Lock
from typing import Any

import torch

from tunewright.generation.critic import Critic, load_critic
from tunewright.generation.decoding import Decoding
from tunewright.generation.drawn import Drawn, Streamed
from tunewright.generation.generated import Generated
from tunewright.generation.session import Accepts, Choice, Order, Session
from tunewright.models.building import build_model
from tunewright.models.contract import Model, Stepper, alike_rows
from tunewright.models.devices import DTYPES, choose_device, choose_step_precision
from tunewright.support.errors import ConfigError
from tunewright.support.processes import side_by_side, usable_processes
from tunewright.support.threads import one_thread
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.registry import new_writer
from tunewright.tokens.requests import Request
from tunewright.tokens.writing import Writer
from tunewright.training.base import run_folder
from tunewright.training.config import Config
from tunewright.training.run import Run, load_run
from tunewright.training.state import load_weights

MOST_KEPT = 8  # workspaces that wait for a drawing


@dataclass(frozen=True, eq=False)
class Workspace:
    """What one drawing writes to, and no other meanwhile."""

    stepper: Stepper
    counts: tuple[int, ...]  # numbers of rows among which a row comes out the same
    writer: Writer[Any]


@dataclass(frozen=True)
class Generator:
    """A model ready to draw from, with the tokens that it reads and writes."""

    model: Model
    tokenizer: AnyCodec
    name: str = ""
    precision: str = "auto"
    config: Config = field(default_factory=Config)
    usual: Decoding = field(default_factory=Decoding)  # how it draws where nobody says
    usual_best_of: int = 1  # of how many drawings it shows the best where nobody says
    critic: Critic | None = None  # what chooses the best; None: likelihood
    _waiting: deque[Workspace] = field(default_factory=lambda: deque(maxlen=MOST_KEPT), repr=False, compare=False)
    _steppers: list[tuple[Stepper, tuple[int, ...]]] = field(default_factory=list, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def generate(
        self,
        n: int = 1,
        request: Request | None = None,
        decoding: Decoding | None = None,
        *,
        seed: int = 0,
        best_of: int | None = None,
        score: Callable[[Generated[Any]], float] | None = None,
        original: Accepts[Any] | None = None,
        batch_size: int | None = None,
        max_length: int | None = None,
        on_bar: Callable[[str], None] | None = None,
        jobs: int = 1,
    ) -> Drawn[Any]:
        """`n` new tunes or pieces, in order; number i has seed `seed + i`, and is the same whatever `n` is.

        It is drawn from random numbers of its own, which begin anew with every bar: so it depends neither on what is
        drawn beside it nor, up to a bar, on what changes after it. Of `best_of` candidates for each, as many as is
        usual for this run where nobody says, the one with the highest `score` is taken: by default the run's critic's,
        or without one the likelihood per note. What `original` does not allow is drawn anew, at
        most 20 times, and then left out: there may be fewer than `n`. `batch_size` are drawn side by side; after
        `max_length` tokens what does not end is cut. `on_bar` is called after each bar line with the text so far, once
        nothing in it will change. `jobs` processes draw, as many as the machine has cores where it is 0. Raises
        ConfigError for settings out of range and for what cannot be had, before anything is drawn.
        """
        with self._held() as (workspace, give_back):
            choice = self._choice(best_of, score, original)
            order = self._order(workspace, n, request, decoding, seed, choice, batch_size, max_length)
            parts = self._parts(order, jobs) if on_bar is None else 1
            if parts == 1:
                return Drawn(Session(order).generate(on_bar), give_back)
            shares = [partial(_alone, Session(order, place, parts)) for place in range(parts)]
            return Drawn(side_by_side(shares, order=attrgetter("index")), give_back)

    def stream(
        self,
        request: Request | None = None,
        decoding: Decoding | None = None,
        *,
        seed: int = 0,
        max_length: int | None = None,
    ) -> Streamed[Any]:
        """One new tune or piece as it is written, in chunks of text that end with a bar; all of it with `generate`.

        What is drawn with `free`, which nothing holds to anything, comes in one chunk. It is drawn in the thread that
        asks for the next chunk, and may be left at any bar. Raises what `generate` raises.
        """
        with self._held() as (workspace, give_back):
            order = self._order(workspace, 1, request, decoding, seed, Choice(), None, max_length)
            return Streamed(Session(order).events(at_bars=not order.request.free), give_back)

    def _order(
        self,
        workspace: Workspace,
        n: int,
        request: Request | None,
        decoding: Decoding | None,
        seed: int,
        choice: Choice[Any],
        batch_size: int | None,
        max_length: int | None,
    ) -> Order[Any]:
        """What is to be drawn; ConfigError for numbers below 1 and for what cannot be had."""
        writer, request = workspace.writer, request or Request()
        rows = writer.rows if batch_size is None else batch_size
        most = writer.longest if max_length is None else max_length
        if min(n, rows, most, choice.best_of) < 1:
            told = f"{n}, {rows}, {most}, {choice.best_of}"
            raise ConfigError(f"n, batch_size, max_length and best_of are {told}; expected at least 1")
        beginnings = writer.begin(request, seed, most)
        drawn_with = (self.model, workspace.stepper, workspace.counts, self.tokenizer, writer)
        return Order(*drawn_with, beginnings, request, decoding or self.usual, seed, self.name, n, rows, choice)

    def _choice(
        self,
        best_of: int | None,
        score: Callable[[Generated[Any]], float] | None,
        original: Accepts[Any] | None,
    ) -> Choice[Any]:
        """Which of what is drawn comes out, and by whose score."""
        candidates = self.usual_best_of if best_of is None else best_of
        if score is not None:
            return Choice(candidates, score, "a score of the caller's", original)
        return Choice(candidates, self.critic, self.chooser, original)

    @property
    def chooser(self) -> str:
        """By what the best is chosen where nobody says: "critic" or "likelihood"."""
        return "likelihood" if self.critic is None else str(self.critic)

    def _parts(self, order: Order[Any], jobs: int) -> int:
        """How many processes draw: on a GPU one is enough, and for a little a second one is not worth its beginning."""
        on_cpu = self.model.device.type == "cpu"
        wanted = jobs or (order.n * order.choice.best_of // order.writer.worth_a_process if on_cpu else 1)
        return usable_processes(min(wanted, order.n)) if wanted > 1 else 1

    # -------------------------------------------------------------------------------------------- workspaces

    def workspace(self) -> Workspace:
        """What one drawing writes to: what an earlier one has left, its tables warm, or a new one."""
        try:
            return self._waiting.pop()
        except IndexError:  # not asked before: between question and answer another thread may take the last
            stepper, counts = self._stepping()
            return Workspace(stepper.apart(), counts, new_writer(self.tokenizer))

    @contextmanager
    def _held(self) -> Iterator[tuple[Workspace, Callable[[], None]]]:
        """A workspace for a drawing that is about to begin, and what leaves it; it is left where that is refused."""
        workspace = self.workspace()
        give_back = partial(self._waiting.append, workspace)  # no lock: it may be called while rubbish is collected
        try:
            yield workspace, give_back
        except ConfigError:
            give_back()
            raise

    def _stepping(self) -> tuple[Stepper, tuple[int, ...]]:
        """The step with its packed weights, and the numbers of rows; worked out once."""
        with self._lock:
            if not self._steppers:
                precision = choose_step_precision(self.precision, self.config.model, self.model.device)
                stepper = self.model.stepper(DTYPES[precision])
                with one_thread():
                    self._steppers.append((stepper, alike_rows(self.model, stepper)))
            return self._steppers[0]


def _alone(session: Session[Any]) -> Any:
    """The music of a session in a forked process: the threads that PyTorch had are gone, and waiting for them hangs."""
    torch.set_num_threads(1)
    return session.generate()


def load_generator(run: Run | str | Path, *, precision: str = "auto", last: bool = False) -> Generator:
    """The best weights of a run, or the last ones, on its device; by the name "base" the model in the box.

    With its critic, where it was taught one. RunError where the run is missing, broken or not yet trained.
    """
    run = run if isinstance(run, Run) else load_run(run_folder(run))
    weights, codec = load_weights(run, last=last), run.tokenizer
    model = build_model(run.config.model, len(codec.vocab), codec.context_sizes, codec.direct)
    model.load_state_dict(weights)
    ready = model.to(choose_device("auto")).eval()
    return Generator(ready, codec, run.path.name, precision, run.config, critic=load_critic(run.path))
