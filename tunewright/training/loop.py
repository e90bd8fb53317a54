"""Training: a corpus and settings in, a run folder and a stream of `Progress` out.

Windows of text are drawn by (seed, step) alone and every step seeds its own randomness, so that stopping and
resuming gives, on a CPU, bit for bit what going straight through gives, with however many threads (`Pace`). The
held-out tunes are looked at on schedule; the best weights and the last state are kept. This file prints nothing
and handles no signal: it yields, and asks `stop` after every step.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tunewright.corpus.corpus import Corpus
from tunewright.models.contract import Model
from tunewright.models.likelihood import Likelihood, likelihood, paced, reading
from tunewright.support.errors import OutputError, RunError
from tunewright.support.pace import Pace
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.training.batches import build_windows, mix
from tunewright.training.config import Config
from tunewright.training.finetuning import Origin
from tunewright.training.memory import kept_memory
from tunewright.training.opening import open_run, prepare_folder
from tunewright.training.progress import Progress, Watched
from tunewright.training.run import MetricsLog, Run, load_run, locked, write_summary
from tunewright.training.state import TrainingState

READING = 1 / 3  # of the time of a step for each id: it goes forwards and backwards, a look only forwards
LOOKED_AT = 256  # held-out tunes, evenly spaced, that a look during training reads at most
Watch = Callable[[Model], Watched]
FLOOR = 0.01  # the share of the learning rate that a cosine schedule ends at


def train_steps(
    corpus: Corpus[Any],
    path: str | Path,
    config: Config | None = None,
    *,
    resume: bool = False,
    minutes: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    record: Mapping[str, Any] | None = None,
    origin: Origin | None = None,
    watch: Watch | None = None,
) -> Generator[Progress, None, None]:
    """Train into the run folder `path`, yielding after every step; the last one says how it ended.

    Ends after `num_training_iterations` steps, after `minutes` of this call, when the held-out loss has not
    improved for `patience` looks, when the loss is no longer a number, or after the step in which `stop()` turns
    true or the iteration is abandoned. With `resume`, goes on from the last checkpoint with the run's own settings;
    `config` may then change only `MAY_CHANGE`. `record` is kept with a new run beside its environment: its preset,
    say, and its sources. A new run with an `origin` begins with that one's codec and weights, which are its best until
    others are better; `watch` is asked after each look that is the best so far: where it has a reason to, training
    stops early, and those weights are not kept. Raises RunError, also where another process is training this run,
    ConfigError, CorpusError or OutputError.
    """
    path = Path(path)
    prepare_folder(path, resume)
    with locked(path):
        begun = time.monotonic()
        run = open_run(corpus, path, config, resume, record or {}, origin)
        training = _Training(run, corpus, minutes, None if resume or origin is None else origin.weights, watch)
        training.preparing = time.monotonic() - begun
        with kept_memory(), contextlib.closing(training.log), contextlib.closing(training.proceed(stop)) as steps:
            yield from steps


def train_to_the_end(
    corpus: Corpus[Any], path: str | Path, config: Config, *, on_progress: Callable[[Progress], None] | None, **how: Any
) -> Run:
    """The run that `train_steps` leaves; `on_progress` is called after each step.

    Raises what that raises, and RunError where the loss is no longer a number.
    """
    for progress in train_steps(corpus, path, config, **how):
        if on_progress:
            on_progress(progress)
        if progress.status == "diverged":
            raise RunError(f"{path}: the loss is no longer a number; expected a lower learning_rate, or clip=1")
    return load_run(Path(path))


def learning_rate_at(config: Config, step: int, done: float) -> float:
    """The learning rate of a step (from 1), with `done` of the training (0 to 1) behind it."""
    rate = config.optimiser.learning_rate * min(1.0, step / (config.schedule.warmup + 1))
    if config.schedule.shape == "cosine":
        rate *= FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
    return rate


class _Training:
    def __init__(
        self,
        run: Run,
        corpus: Corpus[Any],
        minutes: float | None,
        first: Mapping[str, Tensor] | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.run, self.corpus, self.config, self.minutes = run, corpus, run.config, minutes
        self.refused: Counter[str] = Counter()  # why training music is not learned from
        self.windows = build_windows(run.tokenizer, corpus, run.config, self.refused)
        self.state = TrainingState(run, first)
        self.begins_with, self.watch, self.watched = first, watch, Watched(math.nan)
        self.model, self.counters, self.device = self.state.model, self.state.counters, self.state.device
        self.pace = Pace(torch.get_num_threads() if self.device.type == "cpu" else 1)
        self.forward = reading(self.model, self.counters.precision)
        self.looking = paced(self.forward, self.device)
        self.preparing = 0.0  # seconds of this call before its first step
        self.look_seconds: float | None = None  # of the last look
        self.log = MetricsLog(run.path, self.counters.step)

    @cached_property
    def passages(self) -> list[Passage]:
        """The held-out tunes that are looked at, encoded."""
        valid = self.corpus.valid
        every = max(1, math.ceil(len(valid) / LOOKED_AT))
        return encode_passages(self.run.tokenizer, valid[::every])

    def proceed(self, stop: Callable[[], bool]) -> Generator[Progress, None, None]:
        """Step until something ends it."""
        self.began = time.monotonic() - self.counters.seconds
        self.opened = self.counters.seconds
        self.first = self.saved = self.counters.step
        progress = self._progress(math.nan, None)
        try:
            if self.begins_with is not None:
                self._begin()
            while not (status := self._ended(stop)):
                progress = self._advance()
                if progress.status == "diverged":
                    status = "diverged"
                    break
                yield progress
        except GeneratorExit:  # abandoned between two steps, where the state is whole
            self._finish("interrupted", progress)
            raise
        except Exception:
            with contextlib.suppress(OutputError):  # where the disk is full, this cannot be written either
                self._summarise("failed")
            raise
        yield self._finish(status, progress)

    def _ended(self, stop: Callable[[], bool]) -> str:
        """The status with which training ends before the next step; "" where it goes on."""
        counters, config = self.counters, self.config
        if counters.step >= config.schedule.num_training_iterations or self._done() >= 1:
            return "finished"
        if self._stopped():
            return "early_stopped"
        return "interrupted" if counters.step > self.first and stop() else ""

    def _stopped(self) -> str:
        """Why training stops before it is done; "" where it goes on."""
        looks, patience = self.counters.looks_since_best, self.config.schedule.patience
        if patience and looks >= patience:
            return f"{looks} looks in a row at held-out {self.corpus.kind}s were no better than that of step " + (
                f"{self.counters.best_step:,}"
            )
        return self.watched.reason

    def _begin(self) -> None:
        """Look at what it begins with: the best there is, until something is better, whatever it copies."""
        looked = self._look()
        self.watched = replace(self.watched, reason="")
        self.counters.seconds = time.monotonic() - self.began
        if self.passages:
            found = {"valid_loss": looked.nats_per_character, "bits_per_note": looked.bits_per_note}
            self.log.write(step=0, seconds=round(self.counters.seconds, 3), copy_rate=self._copy_rate(), **found)
        self._checkpoint()

    def _copy_rate(self) -> float | None:
        return None if math.isnan(self.watched.copy_rate) else self.watched.copy_rate

    def _done(self) -> float:
        """The share of the training that is behind: by steps, or by minutes where those end first.

        The minutes have room for the last look; one step is always made.
        """
        here, spent = self.counters.step - self.first, self.counters.seconds - self.opened
        share = self.counters.step / self.config.schedule.num_training_iterations
        if self.minutes is not None and here:
            spent, look = spent + self.preparing, self._look_takes(spent / here)
            share = max(share, (spent + look) / max(60 * self.minutes, 1e-9))
        return share

    def _look_takes(self, step_seconds: float) -> float:
        """How many seconds a look takes: as long as the last one, or by the time of a step before there was one."""
        if self.look_seconds is not None:
            return self.look_seconds
        ids = sum(len(passage.ids) for passage in self.passages)
        return READING * step_seconds * ids / (self.config.data.batch_size * self.config.data.seq_length)

    def _advance(self) -> Progress:
        """One step, and a look at the held-out tunes and a checkpoint where they are due."""
        counters, config = self.counters, self.config
        rate = learning_rate_at(config, counters.step + 1, self._done())
        with self.pace.step():
            loss = self._step(counters.step, rate)
        if not math.isfinite(loss):
            return replace(self._progress(loss, None), status="diverged")
        counters.count(loss)
        counters.seconds = time.monotonic() - self.began
        self.watched = replace(self.watched, copy_rate=math.nan)
        looked = self._look() if counters.step % config.schedule.eval_every == 0 or self._done() >= 1 else None
        counters.seconds = time.monotonic() - self.began
        progress = replace(self._progress(loss, looked), learning_rate=rate)
        self._write(progress)
        if looked:
            self._checkpoint()
        return progress

    def _step(self, step: int, rate: float) -> float:
        """The loss of one batch, whose gradient has been followed; not followed where it is not a number."""
        config = self.config
        inputs, targets = self.windows.batch(step)
        self.model.train()
        with _seeded(config, step, self.device):
            logits, _ = self.forward(inputs.to(self.device), None)  # (B, T, vocab)
            loss = F.cross_entropy(logits.float().flatten(0, 1), targets.to(self.device).flatten())
            value = loss.item()
            if math.isfinite(value):
                self.state.optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                if config.optimiser.clip:
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.optimiser.clip)
                for group in self.state.optimizer.param_groups:
                    group["lr"] = rate
                self.state.optimizer.step()
        return value

    def _look(self) -> Likelihood:
        """What the model makes of the held-out tunes; keeps the weights where that is the best so far.

        Without held-out tunes the newest weights count as the best.
        """
        counters = self.counters
        self.model.eval()
        begun = time.monotonic()
        looked = likelihood(self.looking, self.passages, self.device)
        better = not self.passages or looked.nats_per_character < counters.best_loss
        if better and self.watch:
            self.watched = self.watch(self.model)
        self.look_seconds = time.monotonic() - begun
        if better and not (self.watched.reason and self.run.trained):
            counters.best_loss, counters.best_bits = looked.nats_per_character, looked.bits_per_note
            counters.best_step, counters.looks_since_best = counters.step, 0
            self.state.save_best(looked.nats_per_character)
        else:
            counters.looks_since_best += 1
        return looked

    def _progress(self, loss: float, looked: Likelihood | None) -> Progress:
        counters, config = self.counters, self.config
        here = counters.step - self.first
        elapsed = max(counters.seconds - self.opened, 1e-9)
        left = [(config.schedule.num_training_iterations - counters.step) * elapsed / here] if here else []
        if self.minutes is not None:
            left.append(max(0.0, 60 * self.minutes - elapsed))
        return Progress(
            counters.step,
            config.schedule.num_training_iterations,
            counters.seconds,
            counters.step * self.windows.notes,
            here * self.windows.notes / elapsed,
            loss,
            counters.train_loss,
            looked.nats_per_character if looked and self.passages else None,
            looked.bits_per_note if looked and self.passages else None,
            counters.best_loss,
            counters.best_step,
            counters.best_bits,
            eta=min(left, default=math.inf),
            precision=counters.precision,
            copy_rate=self._copy_rate(),
        )

    def _write(self, progress: Progress) -> None:
        self.log.write(
            step=progress.step,
            seconds=round(progress.seconds, 3),
            loss=progress.loss,
            train_loss=progress.train_loss,
            learning_rate=progress.learning_rate,
            valid_loss=progress.valid_loss,
            bits_per_note=progress.bits_per_note,
            copy_rate=progress.copy_rate,
        )

    def _finish(self, status: str, progress: Progress) -> Progress:
        """The last progress, after a checkpoint where one is due, and the summary."""
        if status in ("interrupted", "diverged") and self.counters.step > self.saved and self.state.finite():
            if not self.run.trained:  # stopped before the first look: something to generate from
                self.state.save_best(math.nan)
            self._checkpoint()
        self._summarise(status)
        return replace(progress, status=status, eta=0.0, stopped=self._stopped() if status == "early_stopped" else "")

    def _checkpoint(self) -> None:
        self.state.save()
        self.saved = self.counters.step
        self._summarise("running")

    def _summarise(self, status: str) -> None:
        counters = self.counters
        write_summary(
            self.run.path,
            {
                "status": status,
                "stopped": self._stopped() if status == "early_stopped" else "",
                "steps": counters.step,
                "notes": round(counters.step * self.windows.notes),
                "seconds": round(counters.seconds, 3),
                "train_loss": counters.train_loss,
                "valid_loss": counters.best_loss,
                "best_step": counters.best_step,
                "bits_per_note": counters.best_bits,
                "corpus": self.corpus.name,
                "refused": sum(self.refused.values()),
                "refused_because": dict(self.refused.most_common()),
                "fingerprint": self.corpus.fingerprint,
                "device": str(self.device),
                "precision": counters.precision,
                "threads": counters.threads,
                "torch": torch.__version__,
                "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            },
        )


@contextlib.contextmanager
def _seeded(config: Config, step: int, device: torch.device) -> Iterator[None]:
    """Randomness that depends on the step alone, for dropout; what the caller draws is left as it was."""
    model = config.model
    if not (model.dropout or model.input_dropout or model.weight_dropout or model.direct_dropout):
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(mix(config.seed + 1, step))
        yield
