"""What the commands show on a terminal: training as it goes, and runs.

In: `Progress`. Out: lines on stderr (progress) or stdout (runs), printed by `output`. On a terminal training is one
live display; elsewhere a plain line now and then. This file computes nothing that it shows.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import Progress as RichProgress
from rich.progress_bar import ProgressBar
from rich.table import Table

from tunewright.cli.output import note, say
from tunewright.reports.wording import duration

if TYPE_CHECKING:
    from tunewright.training.progress import Progress

SECONDS_BETWEEN_LINES = 15.0  # where stderr is no terminal
REFRESHED_PER_SECOND = 5
BLOCKS = "▁▂▃▄▅▆▇█"
REASONS = 3  # why tunes were refused, on one line


class _Lasting:
    """A stream whose end is no error: what a display shows goes on when the terminal is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def display_console() -> Console:
    """Where live displays are drawn: stderr."""
    return Console(stderr=True) if sys.stderr is None else Console(file=cast("IO[str]", _Lasting(sys.stderr)))


@contextmanager
def show_reading() -> Iterator[Callable[[int, int], None]]:
    """A function to call with bytes read and bytes in all, which shows a bar while that takes long, on a terminal.

    The bar is drawn by the one who calls: with a thread of its own nothing could be read by several processes.
    """
    console = display_console()
    shown = 0.0
    with RichProgress(console=console, transient=True, auto_refresh=False, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def show(done: int, total: int) -> None:
            nonlocal shown
            if (now := time.monotonic()) - shown > 1 / REFRESHED_PER_SECOND or done >= total:
                shown = now
                bar.update(task, completed=done, total=total, refresh=True)

        yield show


@contextmanager
def show_counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with how many are done and how many there are, which shows a bar on a terminal."""
    console = display_console()
    with RichProgress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


# ------------------------------------------------------------------------------------------------ training


def show_training(steps: Iterable[Progress]) -> Progress:
    """Show training while it runs, on stderr; returns its last `Progress`."""
    console = display_console()
    return _show_live(steps, console) if console.is_terminal else _show_lines(steps)


def _show_live(steps: Iterable[Progress], console: Console) -> Progress:
    last, history, shown = None, _History(), 0.0
    with Live(console=console, auto_refresh=False, transient=False) as live:
        for last in steps:
            history.add(last)
            if (now := time.monotonic()) - shown > 1 / REFRESHED_PER_SECOND or last.status != "running":
                shown = now
                live.update(training_display(last, history), refresh=True)
    assert last is not None, "training yields at least how it ended"
    return last


def _show_lines(steps: Iterable[Progress]) -> Progress:
    last, shown = None, time.monotonic()
    for last in steps:
        now = time.monotonic()
        if last.status == "running" and (last.valid_loss is not None or now - shown > SECONDS_BETWEEN_LINES):
            shown = now
            note(progress_line(last))
    assert last is not None, "training yields at least how it ended"
    return last


class _History:
    """The losses so far, for the small curves."""

    def __init__(self) -> None:
        self.train: list[float] = []
        self.valid: list[float] = []

    def add(self, progress: Progress) -> None:
        self.train.append(progress.train_loss)
        if progress.valid_loss is not None:
            self.valid.append(progress.valid_loss)


def progress_line(progress: Progress) -> str:
    """One line that says where training stands."""
    held_out = "" if progress.valid_loss is None else f", held out {progress.valid_loss:.3f}"
    best = " (best so far)" if progress.valid_loss is not None and progress.best_step == progress.step else ""
    return (
        f"step {progress.step:,}, {duration(progress.seconds)}: "
        f"training loss {progress.train_loss:.3f}{held_out}{best}, "
        f"{progress.notes_per_second:,.0f} notes/s, {_left(progress)}"
    )


def _left(progress: Progress) -> str:
    return f"{duration(progress.eta)} left" if math.isfinite(progress.eta) else "time left unknown"


def training_display(progress: Progress, history: _History) -> RenderableType:
    """The live display: a bar, the pace, the losses with small curves, the best so far; at most 72 columns."""
    done = progress.seconds / max(progress.seconds + progress.eta, 1e-9) if math.isfinite(progress.eta) else 0.0
    losses = Table.grid(padding=(0, 2))
    losses.add_row("training", f"{progress.train_loss:.3f}", sparkline(history.train))
    if history.valid:
        losses.add_row("held out", f"[bold]{history.valid[-1]:.3f}[/bold]", sparkline(history.valid))
    display = Table.grid()
    display.add_row(ProgressBar(total=1.0, completed=done, width=60))
    display.add_row(f"step {progress.step:,}   {progress.notes_per_second:,.0f} notes/s   {_left(progress)}")
    display.add_row(losses)
    if history.valid:
        best = f"best held out {progress.best_loss:.3f} at step {progress.best_step:,}"
        display.add_row(f"{best}, {progress.best_bits_per_note:.2f} bits per note")
    return display


def sparkline(values: Sequence[float], width: int = 32) -> str:
    """A curve of block characters, at most `width` of them, from the lowest value to the highest; NaN left out.

    >>> sparkline([1, 2, 3, 4])
    '▁▃▆█'
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    count = min(width, len(finite))
    picked = [finite[(place + 1) * len(finite) // count - 1] for place in range(count)]
    low, high = min(picked), max(picked)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0
    return "".join(BLOCKS[round((value - low) * scale)] for value in picked)


def training_result(run: Path, last: Progress) -> dict[str, object]:
    """What `train --json` prints: losses in nats per character or token, of the best step where held out."""
    return {
        "run": str(run),
        "status": last.status,
        "steps": last.step,
        "notes": round(last.notes),
        "seconds": round(last.seconds, 3),
        "train_loss": last.train_loss,
        "valid_loss": last.best_loss,
        "best_step": last.best_step,
        "bits_per_note": last.best_bits_per_note,
        "precision": last.precision,
    }


def refused_note(summary: Mapping[str, Any]) -> str:
    """How many training tunes the tokens of a run do not cover, and why, on one line; "" where they cover all."""
    refused, because = summary.get("refused", 0), dict(summary.get("refused_because", {}))
    if not refused:
        return ""
    shown = [f"{count:,} {reason}" for reason, count in list(because.items())[:REASONS]]
    rest = refused - sum(list(because.values())[:REASONS])
    shown += [f"{rest:,} for other reasons"] if rest > 0 else []
    tunes = "1 training tune was" if refused == 1 else f"{refused:,} training tunes were"
    return f"Note: {tunes} not learned from, since the musical tokens do not cover them: {'; '.join(shown)}."


# ------------------------------------------------------------------------------------------------ runs


def show_runs(runs: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Print a line for each run, best held-out bits per note last but two, to stdout."""
    cells = [("run", "preset", "corpus", "status", "steps", "bits/note", "time")]
    for run in runs:
        name = Path(run["run"]).relative_to(folder).as_posix() if Path(run["run"]) != folder else run["run"]
        if run["status"] == "broken":
            cells.append((name, "", "", f"broken: {run['reason']}", "", "", ""))
            continue
        bits, steps, seconds = run["bits_per_note"], run["steps"], run["seconds"]
        told = ("" if steps is None else f"{steps:,}", "" if bits is None else f"{bits:.3f}")
        took = "" if seconds is None else duration(seconds)
        cells.append((name, run["preset"], run["corpus"] or "", run["status"], *told, took))
    whole = [row for row in cells if row[-1] or row is cells[0]] or cells
    widths = [max(len(row[place]) for row in whole) for place in range(len(cells[0]))]
    for row in cells:
        words = [
            cell.rjust(width) if place > 3 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(words).rstrip())
