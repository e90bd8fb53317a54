"""Keeps one process of a pool: begins it, hands it tasks, hears what it says, ends it and begins another.

In: tasks, one when the last is over. Out: what each of them gives. A thread for each process waits without asking the
clock: for the process, and for whoever wakes it. This file knows no queue.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection, wait
from typing import Any

from tunewright.studio.work.worker import Said, Told, work
from tunewright.support.errors import TunewrightError, mistake

PATIENCE = 5.0  # seconds that a killed process has to be gone
GRACE = 1.0  # seconds that a task which nobody waits for has to come to its next item
WARMING = 180.0  # seconds that a process may take to get ready
APART = 1.0  # seconds between two beginnings: a process that cannot live must not keep the machine busy
CLOSING = "the studio is closing"

_starting = threading.Lock()  # multiprocessing keeps a list of processes, which threads must not change at once


class WorkerDied(TunewrightError):
    """The process that was at a task has ended, or was ended since the task took too long."""


@dataclass(slots=True, eq=False)
class Task:
    """One task, and where its results go."""

    name: str
    arguments: Mapping[str, Any]
    seconds: float
    put: Callable[[Said | None, Any], bool]  # False where nobody can be reached any more
    tell_waiting: bool = False
    place: int = 0  # that was told
    left: bool = False  # whether nobody waits for it any more
    keeper: Keeper | None = None  # who has it


@dataclass(slots=True)
class _Process:
    """A process, and our end of the pipe to it."""

    process: Any
    pid: int
    pipe: Connection
    numbers: count[int] = field(default_factory=lambda: count(1))

    def end(self, patience: float) -> str:
        """End it, where it does not end by itself within this time; how it ended: "signal 9", "exit code 1"."""
        self.process.join(patience)
        with _starting:
            self.process.kill()
            self.process.join(PATIENCE)
            code = self.process.exitcode
            self.pipe.close()
            if code is not None:
                self.process.close()
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


class Keeper:
    """One process, and the thread that hands it one task after another."""

    def __init__(
        self, module: str, following: Callable[[Keeper], Task | None], most_bytes: int, *, eager: bool = True
    ) -> None:
        """`following` gives the next task, or None until it wakes us; with `eager` the process begins before."""
        self.idle = False  # whether a task would be begun at once
        self.ready = False
        self._module, self._following, self._most_bytes = module, following, most_bytes
        self._eager, self._stopping = eager, False
        self._alarm = _Alarm()
        self._thread = threading.Thread(target=self._serve, name=f"keeper of {module}", daemon=True)
        self._process: _Process | None = None
        self._begun = -APART

    @property
    def pid(self) -> int | None:
        """The id of the process; None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Have it look: for a task, whether somebody still waits for the one it has, whether it is to stop."""
        self._alarm.ring()

    def stop(self) -> None:
        """Have it end its process and its task, soon."""
        self._stopping = True
        self._alarm.ring()

    def join(self) -> None:
        """Wait until it has ended."""
        if self._thread.ident is not None:
            self._thread.join()
        self._alarm.close()

    # -------------------------------------------------------------------------------------------- in the thread

    def _serve(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # and so of a process until it says otherwise itself
        while not self._stopping:
            task = None if self._eager else self._await_task()
            failure = "" if self._process else self._begin()
            task = task or self._await_task()
            if task is None:
                continue
            if failure:
                task.put(Said.FAILED, WorkerDied(failure))
            elif not task.left:
                self._do(task)
        self._end()

    def _await_task(self) -> Task | None:
        """The next task; None where we stop, or the process has died before any came."""
        while not self._stopping:
            if self._process and self._hears_end():
                return None
            if task := self._following(self):
                return task
            self._wait(None)
        return None

    def _hears_end(self) -> bool:
        """Whether the process has ended, which is to be replaced then."""
        process = self._process
        assert process is not None
        try:
            while process.pipe.poll():
                process.pipe.recv()
        except Exception:  # it has ended, or says what is no message
            self._end(died=True)
            return True
        return False

    def _wait(self, seconds: float | None) -> None:
        """Wait until the process says something or has ended, somebody wakes us, or so much time has gone."""
        process = [self._process.pipe] if self._process else []
        if self._alarm.end in wait([self._alarm.end, *process], seconds):
            self._alarm.clear()

    # -------------------------------------------------------------------------------------------- a task

    def _do(self, task: Task) -> None:
        """One task, from handing it over to its last result."""
        process = self._process
        assert process is not None
        number = next(process.numbers)
        try:
            process.pipe.send((Told.DO, number, task.name, dict(task.arguments)))
        except OSError:
            failure = self._end(died=True)
            task.put(Said.FAILED, WorkerDied(f"the process for this had ended ({failure}); try again"))
            return
        except Exception as error:  # what cannot be pickled
            task.put(Said.FAILED, TunewrightError(mistake(error)))
            return
        try:
            self._follow(task, number, process.pipe)
        except Exception as error:  # EOFError, OSError; and what is no message
            ended = self._end(died=isinstance(error, EOFError | OSError))
            how = ended if isinstance(error, EOFError | OSError) else mistake(error)
            task.put(Said.FAILED, WorkerDied(f"the process that was at this ended ({how}); try again"))

    def _follow(self, task: Task, number: int, pipe: Connection) -> None:
        """Pass on what the process says of a task until that is over. EOFError, OSError where it ended before."""
        until = time.monotonic() + task.seconds
        leaving = False
        while True:
            if self._stopping:
                self._end()
                task.put(Said.FAILED, WorkerDied(CLOSING))
                return
            if task.left and not leaving:
                leaving, until = True, min(until, time.monotonic() + GRACE)
                pipe.send((Told.LEAVE, number))
            rest = until - time.monotonic()
            if rest <= 0:
                self._end()
                task.put(Said.FAILED, WorkerDied(f"this took longer than {task.seconds:g} seconds, and was ended"))
                return
            if not pipe.poll():
                self._wait(rest)
                continue
            said, of, value = pipe.recv()
            if of != number:
                continue
            if said != Said.ITEM:
                task.put(said, value)
                if said == Said.DONE and value > self._most_bytes:
                    self._end()
                return
            if not leaving and not task.put(None, value):
                task.left = True

    # -------------------------------------------------------------------------------------------- the process

    def _begin(self) -> str:
        """A new process, once it is ready; else why there is none."""
        while (rest := self._begun + APART - time.monotonic()) > 0 and not self._stopping:
            self._wait(rest)
        if self._stopping:
            return CLOSING
        self._begun, self.idle = time.monotonic(), False
        try:
            self._process = _new_process(self._module)
        except Exception as error:  # too many processes, files or threads: it may be otherwise in a moment
            return f"no process can be begun ({error})"
        until = self._begun + WARMING
        while not self._stopping and (rest := until - time.monotonic()) > 0:
            if not self._process.pipe.poll():
                self._wait(rest)
                continue
            try:
                self._process.pipe.recv()
            except (EOFError, OSError):
                return f"the process for this ended before it was ready ({self._end(died=True)})"
            self.ready = True
            return ""
        self._end()
        return CLOSING if self._stopping else f"the process for this was not ready after {WARMING:.0f} seconds"

    def _end(self, *, died: bool = False) -> str:
        """End the process, if there is one, which may be about to end by itself; how it ended."""
        process, self._process = self._process, None
        self.ready = False
        return process.end(PATIENCE if died else 0) if process else ""


def _new_process(module: str) -> _Process:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, module), daemon=True)
    try:
        with _starting:
            process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    assert process.pid is not None
    return _Process(process, process.pid, ours)


class _Alarm:
    """Wakes a thread that waits for a pipe: `end` can be read from once it has rung."""

    def __init__(self) -> None:
        self.end, self._bell = multiprocessing.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._rung = False

    def ring(self) -> None:
        """Ring; once is enough until it is heard."""
        with self._lock:
            if not self._rung and not self._bell.closed:
                self._rung = True
                self._bell.send_bytes(b"!")

    def clear(self) -> None:
        """It was heard."""
        with self._lock:
            if self._rung:
                self.end.recv_bytes()
                self._rung = False

    def close(self) -> None:
        """Let both ends go."""
        with self._lock:
            self._bell.close()
            self.end.close()
