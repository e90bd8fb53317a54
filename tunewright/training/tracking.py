"""Training as experiment trackers see it: a stream of `Progress` in, the same stream out, with trackers listening.

Each tracker works in a thread of its own and is told of every tenth step and of every look at the held-out tunes, so
that a slow one cannot slow training, and one that fails or hangs cannot stop it: it is reported once and left out.
What a tracker calls the run is kept in the run folder (`tracking/NAME.json`), so that a resumed run goes on there.
This file knows no tracker by name.
"""

from __future__ import annotations

import contextlib
import json
import math
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.support.documents import read_json
from tunewright.support.errors import RunError
from tunewright.support.files import replace_file
from tunewright.training.run import load_run, read_record
from tunewright.training.summary import artefacts
from tunewright.training.trackers import TRACKERS, Ending, Subject, Tracker, load_trackers

if TYPE_CHECKING:
    from tunewright.training.progress import Progress

EVERY = 10  # steps between two that trackers are told of; looks they are told of all
WAITING = 10_000  # steps that may wait for a tracker
CLOSING_SECONDS = 120.0  # for all trackers together to upload what they have, once training has ended
METRICS = ("loss", "train_loss", "learning_rate", "valid_loss", "bits_per_note", "copy_rate")
_NO_RESULTS = ("format", "status", "metrics")  # of summary.json: not results


def track(
    steps: Generator[Progress, None, None],
    path: Path,
    names: Iterable[str],
    report: Callable[[str], None] = lambda _: None,
) -> Generator[Progress, None, None]:
    """The same steps, with the trackers of these names told of them; `report` gets one line for each that fails.

    `steps` trains into the run folder `path`; it is closed when the result is. Raises ConfigError, before the first
    step, for an unknown tracker or one whose library cannot be loaded; then only what `steps` raises.
    """
    chosen = tuple(dict.fromkeys(names))
    load_trackers(chosen)
    return _told(steps, path, chosen, report) if chosen else steps


def _told(
    steps: Generator[Progress, None, None], path: Path, names: Sequence[str], report: Callable[[str], None]
) -> Generator[Progress, None, None]:
    listeners: list[_Listener] = []
    try:
        with contextlib.closing(steps):
            for progress in steps:
                if not listeners:  # the run folder is whole once the first step is done
                    listeners = _open(path, names, progress.step)
                _tell(listeners, progress)
                _report(listeners, report)
                yield progress
    finally:
        _close(listeners, path)
        _report(listeners, report)


def _open(path: Path, names: Sequence[str], step: int) -> list[_Listener]:
    run = load_run(path)
    facts = flat({"corpus": run.summary.get("corpus"), **read_record(path)})
    subject = Subject(path, run.config.flat(), facts, step)
    return [_Listener(name, replace(subject, known=_read_id(path, name))) for name in names]


def _tell(listeners: Sequence[_Listener], progress: Progress) -> None:
    """Pass on the steps that are due; the one that says how training ended has been told before."""
    if progress.status != "running" or (progress.step % EVERY and progress.valid_loss is None and progress.step != 1):
        return
    values = {name: getattr(progress, name) for name in METRICS}
    metrics = {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
    for listener in listeners:
        listener.send(_Step(progress.step, metrics))


def _close(listeners: Sequence[_Listener], path: Path) -> None:
    """Tell every tracker how training ended, and wait for them, but not for ever."""
    if not listeners:
        return
    ending = _ending(path)
    for listener in listeners:
        listener.send(ending)
    deadline = time.monotonic() + CLOSING_SECONDS
    for listener in listeners:
        listener.wait(max(0.0, deadline - time.monotonic()))


def _ending(path: Path) -> Ending:
    try:
        summary = load_run(path).summary
    except RunError:  # the disk is full, or the folder gone: training has said so
        return Ending("failed", {})
    results = {name: value for name, value in summary.items() if name not in _NO_RESULTS and value is not None}
    return Ending(str(summary.get("status")), flat(results), artefacts(path))


def _report(listeners: Sequence[_Listener], report: Callable[[str], None]) -> None:
    for listener in listeners:
        if listener.failure and not listener.reported:
            listener.reported = True
            report(f"Note: tracker {listener.name} is left out: {listener.failure}")


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values as one level, keys joined by dots, lists by spaces; what is None is left out.

    >>> flat({"git": {"commit": "abc"}, "gpu": None, "command": ["tunewright", "train"]})
    {'git.commit': 'abc', 'command': 'tunewright train'}
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            found[prefix + name] = " ".join(map(str, value))
        elif value is not None:
            found[prefix + name] = value
    return found


# ------------------------------------------------------------------------------------------------ one thread each


@dataclass(frozen=True, slots=True)
class _Step:
    number: int
    metrics: Mapping[str, float]


class _Listener:
    """A tracker in its own thread; `failure` says why it was left out, and stays empty otherwise."""

    def __init__(self, name: str, subject: Subject) -> None:
        self.name, self.failure, self.reported = name, "", False
        self._subject = subject
        self._messages: queue.Queue[_Step | Ending] = queue.Queue(WAITING)
        # a daemon: a tracker that hangs must not keep the program from ending
        self._thread = threading.Thread(target=self._work, name=f"tracker {name}", daemon=True)
        self._thread.start()

    def send(self, message: _Step | Ending) -> None:
        """Leave a message for the tracker, without waiting."""
        if self.failure:
            return
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            self.failure = f"it does not keep up ({WAITING:,} steps are waiting)"

    def wait(self, seconds: float) -> None:
        """Wait until the tracker has ended the run, `seconds` at most."""
        if not self.failure:
            self._thread.join(seconds)
            if self._thread.is_alive() and not self.failure:
                self.failure = f"it did not finish within {CLOSING_SECONDS:g} seconds"

    def _work(self) -> None:
        try:
            tracker = TRACKERS[self.name].open(self._subject)
            _remember(self._subject.path, self.name, tracker)
            while isinstance(message := self._messages.get(), _Step):
                tracker.log(message.number, message.metrics)
                if self.failure:
                    return
            tracker.close(message)
        except BaseException as error:  # whatever a library raises, SystemExit too, is its failure and not training's
            first = " ".join((str(error).strip().splitlines() or [""])[0].split())
            self.failure = f"{type(error).__name__}: {first}" if first else type(error).__name__


def _remember(path: Path, name: str, tracker: Tracker) -> None:
    kept = {"id": tracker.id, "look": tracker.look}
    replace_file(path / "tracking" / f"{name}.json", (json.dumps(kept, indent=1) + "\n").encode())


def _read_id(path: Path, name: str) -> str:
    """What the tracker called this run; "" where that was not kept, or cannot be read: then it becomes a new one."""
    try:
        return read_json(path / "tracking" / f"{name}.json", {"id": str}).get("id") or ""
    except RunError:
        return ""
