"""Many trainings on a terminal: how far the whole is, and where each of them stands.

In: the trials and their `TrialProgress`. Out: on a terminal one live display, elsewhere a line at every look and every
change, both on stderr; and what `reproduce --json` prints. This file trains nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tunewright.cli.console import display_console
from tunewright.cli.output import note, visible
from tunewright.judging.runs.comparison import Comparison, describe_comparison
from tunewright.judging.runs.trials import DONE, Trial, TrialProgress, work_of
from tunewright.reports.wording import duration
from tunewright.training.run import ENDED

ENOUGH_TO_TELL = 0.02  # of all training, from which on the time left is told


def show_trials(trials: Sequence[Trial], progress: Iterable[TrialProgress]) -> list[TrialProgress]:
    """Show many trainings while they run, on stderr; returns how each that was begun ended."""
    console = display_console()
    board = _Board(trials)
    if not console.is_terminal:
        for one in progress:
            if line := board.add(one):
                note(line)
        return board.ended
    with Live(console=console, auto_refresh=False) as live:
        for one in progress:
            board.add(one)
            live.update(board.display(), refresh=True)
    return board.ended


class _Board:
    """Where all trials stand, and how much of the whole is done."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = trials
        self.latest: dict[Path, TrialProgress] = {}
        self.looked: dict[Path, float | None] = {}
        self.weights = {trial.path: work_of(trial.config) for trial in trials}
        self.found: dict[Path, float] = {}  # the share of each trial that was done when it was first heard of
        self.began = time.monotonic()

    @property
    def ended(self) -> list[TrialProgress]:
        return [self.latest[trial.path] for trial in self.trials if self._status(trial) in ENDED]

    def _status(self, trial: Trial) -> str:
        return self.latest[trial.path].status if trial.path in self.latest else "waiting"

    def add(self, one: TrialProgress) -> str:
        """Take in a report; the line to print for it where there is no live display, or ""."""
        path = one.trial.path
        before, self.latest[path] = self.latest.get(path), one
        looked = one.valid_loss is not None and self.looked.get(path) != one.valid_loss
        self.looked[path] = one.valid_loss
        self.found.setdefault(path, _share_done(one))
        changed = before is None or before.status != one.status
        return f"{self.whole()}  {_trial_line(one)}" if changed or looked else ""

    @property
    def done(self) -> float:
        """The share of all training that is behind, each trial weighted by what it computes."""
        return self._weighted({path: _share_done(one) for path, one in self.latest.items()})

    def _weighted(self, shares: Mapping[Path, float]) -> float:
        return sum(self.weights[path] * share for path, share in shares.items()) / sum(self.weights.values())

    def whole(self) -> str:
        """How far the whole is, and about how long it still takes."""
        ended, done = len(self.ended), self.done
        gained = done - self._weighted(self.found)
        left = (time.monotonic() - self.began) * (1 - done) / gained if gained > ENOUGH_TO_TELL else math.inf
        told = f", about {duration(left)} left" if math.isfinite(left) and ended < len(self.trials) else ""
        return f"[{ended} of {len(self.trials)}, {done:.0%}{told}]"

    def display(self) -> RenderableType:
        """The whole, a bar for each training that runs, a line for each that ended."""
        table = Table.grid(padding=(0, 1))
        for trial in self.trials:
            one = self.latest.get(trial.path)
            if one is not None:
                bar = ProgressBar(trial.config.schedule.num_training_iterations, one.step, width=20)
                table.add_row(bar, Text(visible(_trial_line(one))))  # as it is: a reason may have brackets
        display = Table.grid()
        display.add_row(ProgressBar(total=1.0, completed=self.done, width=60))
        display.add_row(self.whole())
        display.add_row(table)
        return display


def _share_done(one: TrialProgress) -> float:
    return 1.0 if one.status in DONE else one.step / one.trial.config.schedule.num_training_iterations


def _trial_line(one: TrialProgress) -> str:
    if one.status == "failed":
        return f"{one.trial}: failed: {one.reason}"
    losses = "" if one.train_loss is None else f", training loss {one.train_loss:.3f}"
    if one.valid_loss is not None:
        losses += f", held out {one.valid_loss:.3f}"
    at = f" step {one.step:,}, {duration(one.seconds)}{losses}" if one.step else ""
    return f"{one.trial}: {one.status.replace('_', ' ')}{at}"


def reproduction_result(
    folder: Path, ended: Sequence[TrialProgress], comparison: Comparison | None
) -> dict[str, object]:
    """What `reproduce --json` prints: how each training ended, and the comparison where there is one."""
    runs = [{"run": one.trial.path, "status": one.status, "seconds": one.seconds} for one in ended]
    report = {"report": folder / "report.html"} | describe_comparison(comparison) if comparison else {"report": None}
    return {"out": folder, "runs": runs, **report}
