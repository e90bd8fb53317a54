"""Work that yields, done by several processes at once.

In: iterators to run, one for each process, each of which yields in an order. Out: what they yield, in that order. It
works where a process can be forked safely: on Linux, from a program that runs nothing else meanwhile. This file knows
nothing of what is yielded.
"""

from __future__ import annotations

import heapq
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from tunewright.environment import cores
from tunewright.errors import RunError

T = TypeVar("T")
ITEM, DONE, FAILED = range(3)
PATIENCE = 5  # seconds that a process has to end


def usable_processes(most: int) -> int:
    """How many processes may work side by side: one for each core, at most `most`; 1 where none can be forked."""
    alone = sys.platform == "linux" and threading.active_count() == 1 and not multiprocessing.current_process().daemon
    return max(1, min(most, cores())) if alone else 1


def side_by_side(parts: Sequence[Callable[[], Iterator[T]]], order: Callable[[T], int]) -> Iterator[T]:
    """What these iterators yield, merged by `order`, in which each of them yields; each run in a process of its own.

    What is raised in one of them is raised here; RunError where a process ends before its time. Whatever happens, no
    process is left behind.
    """
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in parts]
    processes = [context.Process(target=_run, args=(part, pipes, at), daemon=True) for at, part in enumerate(parts)]
    try:
        for process in processes:
            process.start()
        for _, sender in pipes:
            sender.close()
        yield from heapq.merge(*(_received(receiver) for receiver, _ in pipes), key=order)
    finally:
        for process in processes:
            if process.pid is not None:
                process.terminate()
                process.join(PATIENCE)
        for receiver, _ in pipes:
            receiver.close()


def _received(receiver: Connection) -> Iterator[Any]:
    """What one process sends."""
    while True:
        try:
            kind, value = receiver.recv()
        except EOFError:
            raise RunError("a process that worked on this ended before its time (was it out of memory?)") from None
        if kind == FAILED:
            raise value
        if kind == DONE:
            return
        yield value


def _run(part: Callable[[], Iterator[Any]], pipes: Sequence[tuple[Connection, Connection]], place: int) -> None:
    """Send what a part yields."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for us ends us
    for number, (receiver, sender) in enumerate(pipes):
        receiver.close()
        if number != place:
            sender.close()
    sender = pipes[place][1]
    try:
        for value in part():
            sender.send((ITEM, value))
        sender.send((DONE, None))
    except BrokenPipeError:  # nobody waits any more
        return
    except Exception as error:  # raised again by the process that waits
        sender.send((FAILED, error))
