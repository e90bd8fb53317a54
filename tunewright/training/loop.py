"""Training: a corpus and settings in, a run folder and a stream of `Progress` out.

Windows of text are drawn by (seed, step) alone and every step seeds its own randomness, so that stopping and
resuming gives, on a CPU with the same number of threads, bit for bit what going straight through gives. The
held-out tunes are looked at on schedule; the best weights and the last state are kept. This file prints nothing
and handles no signal: it yields, and asks `stop` after every step.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from tunewright.corpus.corpus import Corpus
from tunewright.models.building import build_model
from tunewright.models.contract import Model
from tunewright.models.devices import choose_device, choose_precision
from tunewright.models.likelihood import Likelihood, likelihood, reading
from tunewright.music.kinds import music_id
from tunewright.support.environment import environment
from tunewright.support.errors import ConfigError, OutputError, RunError
from tunewright.support.files import replace_file
from tunewright.support.numbers import without_nan
from tunewright.support.threads import Threads
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.tokens.registry import fit_codec
from tunewright.training.batches import build_windows, mix
from tunewright.training.config import Config, format_config
from tunewright.training.run import (
    BEST,
    LAST,
    MODEL,
    MetricsLog,
    Run,
    create_run,
    load_run,
    load_tensors,
    locked,
    read_split,
    save_tensors,
    under,
    write_summary,
)

LOOKED_AT = 256  # held-out tunes, evenly spaced, that a look during training reads at most
SMOOTHING = 0.98  # weight of the past in the smoothed training loss
FLOOR = 0.01  # the share of the learning rate that a cosine schedule ends at
MAY_CHANGE = ("num_training_iterations", "eval_every", "patience")  # settings that a resumed run may change


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands after a step; losses are nats per character."""

    step: int
    steps: int  # of how many
    seconds: float  # of training, resumed parts together
    notes: float  # seen so far: characters read times the notes per character of the training text
    notes_per_second: float
    loss: float  # of this step
    train_loss: float  # smoothed over about fifty steps
    valid_loss: float | None = None  # where the held-out tunes were looked at after this step
    bits_per_note: float | None = None  # of the held-out tunes' bodies, likewise
    best_loss: float = math.inf
    best_step: int = 0
    best_bits_per_note: float = math.inf
    learning_rate: float = 0.0
    eta: float = math.inf  # seconds left, if nothing stops it early
    precision: str = "fp32"
    status: str = "running"  # then finished, early_stopped, interrupted or diverged


def train(
    corpus: Corpus[Any],
    path: str | Path,
    config: Config | None = None,
    *,
    resume: bool = False,
    minutes: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    record: Mapping[str, Any] | None = None,
) -> Generator[Progress, None, None]:
    """Train into the run folder `path`, yielding after every step; the last one says how it ended.

    Ends after `num_training_iterations` steps, after `minutes` of this call, when the held-out loss has not
    improved for `patience` looks, when the loss is no longer a number, or after the step in which `stop()` turns
    true or the iteration is abandoned. With `resume`, goes on from the last checkpoint with the run's own settings;
    `config` may then change only `MAY_CHANGE`. `record` is kept with a new run beside its environment: its preset,
    say, and its sources. Raises RunError, also where another process is training this run, ConfigError, CorpusError
    or OutputError.
    """
    path = Path(path)
    _prepare_folder(path, resume)
    with locked(path):
        run = _open_run(corpus, path, config, resume, record or {})
        training = _Training(run, corpus, run.config, minutes)
        with _kept_memory(), contextlib.closing(training.log), contextlib.closing(training.proceed(stop)) as steps:
            yield from _each_with(training.threads, steps)


def learning_rate_at(config: Config, step: int, done: float) -> float:
    """The learning rate of a step (from 1), with `done` of the training (0 to 1) behind it."""
    rate = config.learning_rate * min(1.0, step / (config.warmup + 1))
    if config.schedule == "cosine":
        rate *= FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
    return rate


# ------------------------------------------------------------------------------------------------ opening a run


def _prepare_folder(path: Path, resume: bool) -> None:
    """Make the folder that is to be held; a folder to resume must be there already."""
    if resume and not path.is_dir():
        raise RunError(f"{path}: no such run folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); expected a writable folder") from None


def _open_run(corpus: Corpus[Any], path: Path, config: Config | None, resume: bool, record: Mapping[str, Any]) -> Run:
    if not resume:
        config = config or Config()
        choose_device(config.device)
        tokenizer = fit_codec(config.token_settings, corpus.train)
        return create_run(path, config, tokenizer, _split(corpus), dict(record) | environment())
    run = load_run(path)
    found, expected = corpus.fingerprint, read_split(path).get("fingerprint")
    if found != expected:
        raise RunError(f"{path}: was trained on another corpus (fingerprint {expected}); found {found}")
    if config is None or config == run.config:
        return run
    config = _changed(run.config, config)
    replace_file(path / "config.toml", format_config(config).encode())
    return replace(run, config=config)


def _changed(stored: Config, wanted: Config) -> Config:
    before, after = asdict(stored), asdict(wanted)
    for name, value in after.items():
        if value != before[name] and name not in MAY_CHANGE:
            raise ConfigError(f"{name} is {value!r}, the run has {before[name]!r}; resuming cannot change it")
    return wanted


def _split(corpus: Corpus[Any]) -> dict[str, Any]:
    named = {"train": corpus.train, "valid": corpus.valid, "test": corpus.test}
    ids = {name: [music_id(one) for one in music] for name, music in named.items()}
    return {"corpus": corpus.name, "fingerprint": corpus.fingerprint, **ids}


# ------------------------------------------------------------------------------------------------ the loop


@dataclass
class _Counters:
    """What a checkpoint records beside tensors."""

    step: int = 0
    seconds: float = 0.0
    smoothed: float = 0.0  # not yet divided by the weight of what it has seen
    best_loss: float = math.inf
    best_bits: float = math.inf
    best_step: int = 0
    looks_since_best: int = 0
    threads: int = 0
    precision: str = ""

    @property
    def train_loss(self) -> float:
        return self.smoothed / (1 - SMOOTHING**self.step) if self.step else math.nan


@dataclass
class _Training:
    run: Run
    corpus: Corpus[Any]
    config: Config
    minutes: float | None
    counters: _Counters = field(default_factory=_Counters)

    def __post_init__(self) -> None:
        config, tokenizer = self.config, self.run.tokenizer
        self.device = choose_device(config.device)
        self.refused: Counter[str] = Counter()  # why training tunes are not learned from
        self.windows = build_windows(tokenizer, self.corpus, config, self.refused)
        self.model = build_model(config, len(tokenizer.vocab), tokenizer.context_sizes, tokenizer.direct).to(
            self.device
        )
        self.optimizer = _build_optimizer(self.model, config)
        self.counters.threads = torch.get_num_threads()
        self.counters.precision = choose_precision(config.precision, config, self.device)
        if self.run.resumable:
            self._restore()
        self.threads = self.counters.threads
        self.forward = reading(self.model, self.counters.precision)
        self.log = MetricsLog(self.run.path, self.counters.step)

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
        if counters.step >= config.num_training_iterations or self._done() >= 1:
            return "finished"
        if config.patience and counters.looks_since_best >= config.patience:
            return "early_stopped"
        return "interrupted" if counters.step > self.first and stop() else ""

    def _done(self) -> float:
        """The share of the training that is behind: by steps, or by minutes where those end first."""
        share = self.counters.step / self.config.num_training_iterations
        if self.minutes is not None:
            share = max(share, (self.counters.seconds - self.opened) / max(60 * self.minutes, 1e-9))
        return share

    def _advance(self) -> Progress:
        """One step, and a look at the held-out tunes and a checkpoint where they are due."""
        counters, config = self.counters, self.config
        rate = learning_rate_at(config, counters.step + 1, self._done())
        loss = self._step(counters.step, rate)
        if not math.isfinite(loss):
            return replace(self._progress(loss, None), status="diverged")
        counters.step += 1
        counters.smoothed = SMOOTHING * counters.smoothed + (1 - SMOOTHING) * loss
        counters.seconds = time.monotonic() - self.began
        looked = self._look() if counters.step % config.eval_every == 0 or self._done() >= 1 else None
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
                self.optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                if config.clip:
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.clip)
                for group in self.optimizer.param_groups:
                    group["lr"] = rate
                self.optimizer.step()
        return value

    def _look(self) -> Likelihood:
        """What the model makes of the held-out tunes; keeps the weights where that is the best so far.

        Without held-out tunes the newest weights count as the best.
        """
        counters = self.counters
        self.model.eval()
        looked = likelihood(self.forward, self.passages, self.device)
        if not self.passages or looked.nats_per_character < counters.best_loss:
            counters.best_loss, counters.best_bits = looked.nats_per_character, looked.bits_per_note
            counters.best_step, counters.looks_since_best = counters.step, 0
            self._save_best(looked.nats_per_character)
        else:
            counters.looks_since_best += 1
        return looked

    def _save_best(self, valid_loss: float) -> None:
        facts = {"step": self.counters.step, "valid_loss": without_nan(valid_loss)}
        save_tensors(self.run.path / BEST, self.model.state_dict(), facts)

    def _progress(self, loss: float, looked: Likelihood | None) -> Progress:
        counters, config = self.counters, self.config
        per_step = config.batch_size * self.windows.length * self.windows.density
        here = counters.step - self.first
        elapsed = max(counters.seconds - self.opened, 1e-9)
        left = [(config.num_training_iterations - counters.step) * elapsed / here] if here else []
        if self.minutes is not None:
            left.append(max(0.0, 60 * self.minutes - elapsed))
        return Progress(
            counters.step,
            config.num_training_iterations,
            counters.seconds,
            counters.step * per_step,
            here * per_step / elapsed,
            loss,
            counters.train_loss,
            looked.nats_per_character if looked and self.passages else None,
            looked.bits_per_note if looked and self.passages else None,
            counters.best_loss,
            counters.best_step,
            counters.best_bits,
            eta=min(left, default=math.inf),
            precision=counters.precision,
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
        )

    def _finish(self, status: str, progress: Progress) -> Progress:
        """The last progress, after a checkpoint where one is due, and the summary."""
        if status in ("interrupted", "diverged") and self.counters.step > self.saved and self._finite():
            if not self.run.trained:  # stopped before the first look: something to generate from
                self._save_best(math.nan)
            self._checkpoint()
        self._summarise(status)
        return replace(progress, status=status, eta=0.0)

    # -------------------------------------------------------------------------------------------- checkpoints

    def _checkpoint(self) -> None:
        """Everything that going on needs, in one file, so that no part of it can be of another step."""
        tensors = {f"{MODEL}{name}": tensor for name, tensor in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer.{name}.{key}"] = torch.as_tensor(value)
        save_tensors(self.run.path / LAST, tensors, without_nan(asdict(self.counters)))
        self.saved = self.counters.step
        self._summarise("running")

    def _restore(self) -> None:
        tensors, facts = load_tensors(self.run.path / LAST)
        try:
            restored: dict[str, Any] = {name: math.inf if value is None else value for name, value in facts.items()}
            self.counters = _Counters(**restored)
            self.model.load_state_dict(under(tensors, MODEL))
            for name, parameter in self.model.named_parameters():
                self.optimizer.state[parameter] = under(tensors, f"optimizer.{name}.")
                if set(self.optimizer.state[parameter]) != {"step", "exp_avg", "exp_avg_sq"}:
                    raise KeyError(name)
        except (RuntimeError, TypeError, KeyError) as error:
            first = (str(error).splitlines() or [""])[0]
            raise RunError(f"{self.run.path / LAST}: does not fit the run's settings ({first})") from None

    def _finite(self) -> bool:
        """Whether the weights are numbers: a step that made them something else must not replace a good checkpoint."""
        return all(bool(parameter.isfinite().all()) for parameter in self.model.parameters())

    def _summarise(self, status: str) -> None:
        counters = self.counters
        per_step = self.config.batch_size * self.windows.length * self.windows.density
        write_summary(
            self.run.path,
            {
                "status": status,
                "steps": counters.step,
                "notes": round(counters.step * per_step),
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


def _build_optimizer(model: Model, config: Config) -> torch.optim.Optimizer:
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    if config.weight_decay:
        decay = config.weight_decay
        return torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=decay, fused=fused)
    return torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=fused)


@contextlib.contextmanager
def _seeded(config: Config, step: int, device: torch.device) -> Iterator[None]:
    """Randomness that depends on the step alone, for dropout; what the caller draws is left as it was."""
    if not (config.dropout or config.input_dropout or config.weight_dropout):
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(mix(config.seed + 1, step))
        yield


def _each_with(threads: int, steps: Iterator[Progress]) -> Iterator[Progress]:
    """The steps, each taken with as many threads as the run began with: other sums would not resume bit for bit."""
    while True:
        with Threads(threads):  # not across a yield
            progress = next(steps, None)
        if progress is None:
            return
        yield progress


@contextlib.contextmanager
def _kept_memory() -> Iterator[None]:
    """Let the C library keep freed blocks: by default it gives each large one back and faults it in again,
    page by page, which takes a fifth of a training step. Does nothing where the library is not glibc."""
    trim, mmap, default = -1, -3, 128 * 1024
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        yield
        return
    mallopt(mmap, 2**30)
    mallopt(trim, 2**30)
    try:
        yield
    finally:
        mallopt(mmap, default)
        mallopt(trim, default)
