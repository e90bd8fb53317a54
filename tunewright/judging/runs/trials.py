"""Many trainings side by side: each in a process of its own, each a run folder like any other.

In: the sources of a corpus and the trials. Out: `TrialProgress`, as it comes. A trial whose run has come to its end
is not trained again, one that was interrupted goes on, so that the same call after a crash finishes what is missing.
A trial that fails is reported and does not stop the others. This file chooses no settings and compares nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import cast

import torch

from tunewright.corpus.reading import read_corpus
from tunewright.judging.runs.evaluation import TEMPERATURES, evaluate_run, load_evaluation
from tunewright.judging.runs.references import build_references
from tunewright.support.errors import TunewrightError
from tunewright.support.processes import cores
from tunewright.training.config import Config
from tunewright.training.loop import train_steps
from tunewright.training.progress import Progress
from tunewright.training.run import ENDED, is_run, load_run, locked, status_of

DONE = ("finished", "early_stopped", "diverged")  # what is not trained again
BETWEEN_REPORTS = 0.5  # seconds
HANDOVER = 20.0  # seconds that a trial waits for the process of an earlier call to let go of its run
STOP = "stop"
MEMORY = 1_500_000_000  # bytes that a training process may need


@dataclass(frozen=True, slots=True)
class Trial:
    """One run that an experiment needs."""

    preset: str
    seed: int
    config: Config
    path: Path

    def __str__(self) -> str:
        return f"{self.preset}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """How many tunes are drawn from a trained run, and at which temperatures; 0: as many as are held out."""

    tunes: int = 0
    temperatures: tuple[float, ...] = TEMPERATURES


@dataclass(frozen=True, slots=True)
class TrialProgress:
    """Where a trial stands; losses are nats per character."""

    trial: Trial
    status: str  # training, evaluating, and then how it ended: finished, early_stopped, diverged, interrupted, failed
    step: int = 0
    seconds: float = 0.0  # of training
    train_loss: float | None = None
    valid_loss: float | None = None
    reason: str = ""  # why it failed


def run_trials(
    sources: Sequence[str],
    trials: Sequence[Trial],
    drawing: Drawing = Drawing(),
    *,
    jobs: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[TrialProgress]:
    """Train and evaluate what is missing, `jobs` at a time (0: as many as the machine takes), in order.

    After `stop()` every training saves and ends, and no other begins. Ends when all have ended.
    """
    jobs = jobs or jobs_that_fit(len(trials))
    yield from _Pool(tuple(sources), drawing, jobs, max(1, cores() // jobs)).run(trials, stop)


def jobs_that_fit(trials: int) -> int:
    """One training a core, each with one thread, as far as memory goes; one at a time on a GPU.

    Two trainings on one core each do 1.3 to 1.45 times the work of one on two cores (benchmarks/LOG.md).
    """
    if torch.cuda.is_available():
        return 1
    return max(1, min(cores(), trials, _free_memory() // MEMORY))


def _free_memory() -> int:
    """Bytes of memory that are free; where the system does not say, enough for two trainings."""
    if "SC_AVPHYS_PAGES" not in getattr(os, "sysconf_names", ()):
        return 2 * MEMORY
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def work_of(config: Config) -> int:
    """About how many multiplications a training takes, to weigh one against another."""
    size, inputs = config.model.hidden_size, config.model.embedding_dim
    weights = sum(4 * size * ((size if layer else inputs) + size) for layer in range(config.model.num_layers))
    return config.schedule.num_training_iterations * config.data.batch_size * config.data.seq_length * weights


def ended_status(trial: Trial) -> str:
    """How the training of a trial ended; "" where it has not."""
    if not is_run(trial.path):
        return ""
    status = status_of(load_run(trial.path))
    return status if status in DONE else ""


# ------------------------------------------------------------------------------------------------ the pool


class _Pool:
    """Processes that each work on one trial, and the pipe of each: it reports, and is told when to stop.

    They share no lock: one that is killed in the middle of a report must not keep the others waiting.
    """

    def __init__(self, sources: tuple[str, ...], drawing: Drawing, jobs: int, threads: int) -> None:
        self.context = multiprocessing.get_context("spawn")  # forking a process that uses torch's threads hangs
        self.sources, self.drawing, self.jobs, self.threads = sources, drawing, jobs, threads
        self.running: dict[Connection, tuple[Trial, SpawnProcess]] = {}

    def run(self, trials: Sequence[Trial], stop: Callable[[], bool]) -> Iterator[TrialProgress]:
        waiting = list(trials)
        stopped = False
        try:
            while waiting or self.running:
                if not stopped and stop():
                    stopped, waiting = True, []
                    self._stop()
                while waiting and len(self.running) < self.jobs:
                    self._begin(waiting.pop(0))
                yield from self._reports()
        finally:  # also where the caller stops iterating
            self._stop()
            for pipe, (_, process) in self.running.items():
                process.join()
                pipe.close()

    def _begin(self, trial: Trial) -> None:
        ours, theirs = self.context.Pipe()
        arguments = (trial, self.sources, self.drawing, self.threads, theirs, os.getpid())
        process = self.context.Process(target=_work, args=arguments)
        process.start()
        theirs.close()  # so that our end is at its end when the process is
        self.running[ours] = (trial, process)

    def _stop(self) -> None:
        """Ask every process to save and end."""
        for pipe in self.running:
            with suppress(OSError):  # it has ended
                pipe.send(STOP)

    def _reports(self) -> Iterator[TrialProgress]:
        """What has been reported; a process that ended without a last word has failed."""
        for ready in wait(list(self.running), timeout=0.2):
            pipe = cast("Connection", ready)
            trial, process = self.running[pipe]
            try:
                progress: TrialProgress = pipe.recv()
            except (EOFError, OSError):
                process.join()
                reason = f"its process ended with code {process.exitcode}; expected a report"
                progress = TrialProgress(trial, "failed", reason=reason)
            if progress.status in ENDED:
                del self.running[pipe]
                process.join()
                pipe.close()
            yield progress


# ------------------------------------------------------------------------------------------------ one process


def _work(
    trial: Trial, sources: tuple[str, ...], drawing: Drawing, threads: int, pipe: Connection, parent: int
) -> None:
    """Train one trial and evaluate it, reporting to `pipe`; ends early where the parent asks for it or is gone."""
    asked: list[object] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent decides
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # so does the end of the terminal
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    torch.set_num_threads(threads)

    def stop() -> bool:
        with suppress(EOFError, OSError):
            if pipe.poll():
                asked.append(pipe.recv())
        return bool(asked) or os.getppid() != parent

    def tell(progress: TrialProgress) -> None:
        with suppress(OSError):  # nobody listens any more: what was asked for ends after this step
            pipe.send(progress)

    last = TrialProgress(trial, "training")
    try:
        for last in _trained_and_evaluated(trial, sources, drawing, stop):
            tell(last)
    except TunewrightError as error:
        tell(replace(last, status="failed", reason=str(error)))
    except Exception as error:  # a bug of ours, or no memory: the other trials go on, and it is said
        tell(replace(last, status="failed", reason=f"{type(error).__name__}: {error}"))


def _trained_and_evaluated(
    trial: Trial, sources: tuple[str, ...], drawing: Drawing, stop: Callable[[], bool]
) -> Iterator[TrialProgress]:
    corpus = read_corpus(*sources)
    last = TrialProgress(trial, "training")
    status = ended_status(trial)
    if not status:
        resume = is_run(trial.path)
        if resume:
            with locked(trial.path, HANDOVER):  # the process of a call that was killed ends after its step
                pass
        record = {"preset": trial.preset, "sources": [str(source) for source in sources]}
        config = None if resume else trial.config
        for last in _thinned(trial, train_steps(corpus, trial.path, config, resume=resume, stop=stop, record=record)):
            status = last.status
            if status not in ENDED:
                yield last
    run = load_run(trial.path)
    if status in DONE and run.trained and load_evaluation(trial.path) is None:
        yield replace(last, status="evaluating")
        references = build_references(corpus)
        evaluate_run(run, corpus, references, tunes=drawing.tunes, temperatures=drawing.temperatures)
    yield replace(last, status=status)


def _thinned(trial: Trial, steps: Iterator[Progress]) -> Iterator[TrialProgress]:
    """The training's progress, a report every half second, at every look and at the end."""
    shown, valid = 0.0, None
    for progress in steps:
        valid = progress.valid_loss if progress.valid_loss is not None else valid
        status = "training" if progress.status == "running" else progress.status
        now = time.monotonic()
        if status != "training" or progress.valid_loss is not None or now - shown > BETWEEN_REPORTS:
            shown = now
            yield TrialProgress(trial, status, progress.step, progress.seconds, progress.train_loss, valid)
