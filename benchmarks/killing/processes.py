"""Commands of the program in processes that are killed, at a moment by the clock or in the middle of writing a file.

In: the words of a command, and when to kill it. Out: how it ended, and what it left running. Each is forked from this
process, in which everything is loaded and nothing computes, so that a hundred take a minute. This file judges nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunewright.cli.app import main

PATIENCE = 60.0  # seconds that a command may take
LOOK = 0.002  # seconds between two looks at a process
WRITING = ("open", "fsync", "replace", "unlink")  # calls of `os` in which files come and go


@dataclass(frozen=True, slots=True)
class Moment:
    """When a process is killed: after so many seconds, or before or after so many calls that write."""

    seconds: float = 0.0
    calls: int = 0
    after: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, negative for a signal; how long it took; what it printed."""

    code: int
    seconds: float
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether it was killed before it had come to its end."""
        return self.code == -signal.SIGKILL


class Process:
    """A command that runs."""

    def __init__(self, words: Sequence[object], folder: Path, moment: Moment | None = None) -> None:
        """`folder` is where it works, where its cache is, and where what it prints is kept."""
        folder.mkdir(parents=True, exist_ok=True)
        self._printed = [folder / f"{name}-{time.monotonic_ns()}.txt" for name in ("out", "err")]
        self._began, self._moment = time.monotonic(), moment
        sys.stdout.flush()
        self._number = os.fork()
        if self._number == 0:
            _become([str(word) for word in words], folder, self._printed, moment)

    def wait(self) -> Ended:
        """Wait until it has ended, killing it at its moment; SystemExit where it hangs, or leaves a process behind."""
        limit = self._moment.seconds if self._moment and self._moment.seconds else PATIENCE
        status = self._reaped(limit)
        if status is None:
            os.kill(self._number, signal.SIGKILL)
            status = os.waitpid(self._number, 0)[1]
            if limit == PATIENCE:
                raise SystemExit(f"hangs: process {self._number}")
        seconds = time.monotonic() - self._began
        self._no_child_left()
        out, err = (path.read_text(encoding="utf-8", errors="replace") for path in self._printed)
        for path in self._printed:
            path.unlink()
        return Ended(os.waitstatus_to_exitcode(status), seconds, out, err)

    def _reaped(self, seconds: float) -> int | None:
        end = self._began + seconds
        while time.monotonic() < end:
            number, status = os.waitpid(self._number, os.WNOHANG)
            if number:
                return status
            time.sleep(LOOK)
        return None

    def _no_child_left(self) -> None:
        """Wait for what the process had begun to end by itself."""
        end = time.monotonic() + PATIENCE
        with suppress(ProcessLookupError):
            while time.monotonic() < end:
                os.killpg(self._number, 0)
                time.sleep(LOOK)
            os.killpg(self._number, signal.SIGKILL)
            raise SystemExit(f"process {self._number} left others running")


def run(words: Sequence[object], folder: Path, moment: Moment | None = None) -> Ended:
    """How a command ends."""
    return Process(words, folder, moment).wait()


def calls_of(words: Sequence[object], folder: Path) -> tuple[Ended, int]:
    """How a command ends, and how many calls that write it makes."""
    counted = folder / "calls"
    os.environ["KILLS_COUNTED"] = str(counted)
    try:
        ended = run(words, folder)
    finally:
        del os.environ["KILLS_COUNTED"]
    calls = int(counted.read_text())
    counted.unlink()
    return ended, calls


def _become(words: list[str], folder: Path, printed: Sequence[Path], moment: Moment | None) -> None:
    """In a new process: be the command, and never come back."""
    code = 70
    try:
        os.setpgid(0, 0)
        for number, path in enumerate(printed, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.environ["TUNEWRIGHT_CACHE"] = str(folder / "cache")
        sys.argv = ["tunewright", *words]
        counter = _Counter(moment.calls if moment else 0, after=bool(moment and moment.after))
        counter.watch()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0) if isinstance(end.code, int | None) else 1
        if counted := os.environ.get("KILLS_COUNTED"):
            Path(counted).write_text(str(counter.count))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


class _Counter:
    """Counts the calls that write, and kills its own process at one of them; those of its children do not count."""

    def __init__(self, last: int, *, after: bool) -> None:
        self.count, self._last, self._after, self._own = 0, last, after, os.getpid()

    def watch(self) -> None:
        """Count from now on."""
        for name in WRITING:
            setattr(os, name, self._counted(getattr(os, name), reading=name == "open"))

    def _counted(self, call: Callable[..., Any], *, reading: bool) -> Callable[..., Any]:
        def counted(*words: Any, **named: Any) -> Any:
            writes = not reading or (len(words) > 1 and bool(words[1] & os.O_CREAT))
            if not writes or os.getpid() != self._own:
                return call(*words, **named)
            self.count += 1
            if self.count == self._last and not self._after:
                os.kill(self._own, signal.SIGKILL)
            made = call(*words, **named)
            if self.count == self._last:
                os.kill(self._own, signal.SIGKILL)
            return made

        return counted
