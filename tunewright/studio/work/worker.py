"""What one process of a pool does: one task after another, until the other end of its pipe closes.

In: the module of a kind of work, orders through a pipe. Out: through the same pipe what a task gives, item by item. The
process ends when the one that began it does, however that ended. This file knows no music, and nothing of queues.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tunewright.support.errors import TunewrightError, mistake

_STATM = Path("/proc/self/statm")


class Said(IntEnum):
    """The kinds of what a process says, each with the number of its task and a value."""

    READY = 0  # of no task
    ITEM = 1
    DONE = 2  # with the bytes of memory that the process holds
    FAILED = 3  # with the error


class Told(IntEnum):
    """The kinds of what a process is told, each with the number of a task."""

    DO = 0  # with the name of the task, and its arguments
    LEAVE = 1  # at the next item, if it is still at that task


def work(pipe: Connection, module: str) -> None:
    """Do what comes through a pipe. `module` has `TASKS`, functions by name, and maybe `warm()`, called first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from tunewright.support.waiting import wait_briefly  # noqa: PLC0415 - before PyTorch is loaded

    wait_briefly()
    doing = importlib.import_module(module)
    if warm := getattr(doing, "warm", None):
        warm()
    try:
        pipe.send((Said.READY, 0, None))
        while True:
            told, number, *order = pipe.recv()
            if told == Told.DO:  # what is to be left has ended meanwhile
                _do(pipe, number, doing.TASKS, *order)
    except (EOFError, OSError):
        return


def _end_with_parent() -> None:
    """End this process at once when the one that began it has ended."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _do(
    pipe: Connection, number: int, tasks: Mapping[str, Callable[..., Any]], name: str, arguments: Mapping[str, Any]
) -> None:
    """One task, and its results into the pipe. OSError where nobody is at the other end."""
    try:
        found = tasks[name](**arguments)
        for item in found if isinstance(found, Iterator) else (found,):
            message = pickle.dumps((Said.ITEM, number, item))  # apart from sending: what cannot be pickled fails here
            _send(pipe, message)
            if _is_to_leave(pipe, number):
                if isinstance(found, Iterator):
                    getattr(found, "close", _nothing)()
                break
    except _Gone as error:
        raise OSError from error
    except TunewrightError as error:
        pipe.send((Said.FAILED, number, _portable(error)))
    except Exception as error:
        pipe.send((Said.FAILED, number, TunewrightError(mistake(error))))
    else:
        pipe.send((Said.DONE, number, memory()))


class _Gone(Exception):
    """Nobody is at the other end of the pipe."""


def _send(pipe: Connection, message: bytes) -> None:
    try:
        pipe.send_bytes(message)
    except OSError as error:  # told apart from an OSError of the task
        raise _Gone from error


def _is_to_leave(pipe: Connection, number: int) -> bool:
    """Whether nobody waits for this task any more."""
    try:
        while pipe.poll():
            if pipe.recv()[1] == number:
                return True
    except (EOFError, OSError) as error:
        raise _Gone from error
    return False


def _nothing() -> None:
    """Where there is nothing to close."""


def _portable(error: TunewrightError) -> TunewrightError:
    """The error as it can be read on the other side: itself, or its words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return TunewrightError(str(error))
    return error


def memory() -> int:
    """The bytes of memory that this process holds; where the system does not say, the most that it held."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource  # noqa: PLC0415 - not on every system

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
