"""Work that yields, done by several processes at once.

In: iterators to run, one for each process, each of which yields in an order; or a list of jobs, each of which may end
its process. Out: what they yield, in that order. It works where a process can be forked safely: on Linux, from a
program that runs nothing else meanwhile. This file knows nothing of what is yielded.
"""

from __future__ import annotations

import gc
import heapq
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from tunewright.support.errors import RunError

T = TypeVar("T")
ITEM, DONE, FAILED = range(3)
PATIENCE = 5  # seconds that a process has to end


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a process can be forked safely from here."""
    return sys.platform == "linux" and threading.active_count() == 1 and not multiprocessing.current_process().daemon


def usable_processes(most: int) -> int:
    """How many processes may work side by side: one for each core, at most `most`; 1 where none can be forked."""
    return max(1, min(most, cores())) if can_fork() else 1


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
            _start(process)
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


def _start(process: BaseProcess) -> None:
    """Start a process; an interrupt meanwhile waits until it runs: raised inside of `fork` it would be lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_interrupts() -> None:
    """In a new process: leave interrupts to the one that waits for us, which ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


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
    _leave_interrupts()
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


# ------------------------------------------------------------------------------------------------ jobs that may die


@dataclass(frozen=True, slots=True)
class Died:
    """A job whose process ended while it ran, and how: "signal 9", "exit code 1"."""

    job: int
    how: str


def in_order(work: Callable[[int], Iterator[T]], jobs: int, processes: int) -> Iterator[T | Died]:
    """What `work` yields for job 0, 1, … up to `jobs`, in that order, done by so many processes.

    Where a process dies, the job that it was at ends with `Died`, and another goes on with the next. What is raised in
    a job is raised here. Each process is at most a pipe (64 kB) and one value ahead, so memory is bounded. Whatever
    happens, no process is left behind.
    """
    workers = [_Worker(work, first, jobs, processes) for first in range(min(processes, jobs))]
    try:
        for worker in workers:
            worker.start(workers)
        for job in range(jobs):
            worker = workers[job % processes]
            whole = yield from worker.values()
            if not whole:
                yield Died(job, worker.ending())
                worker.first = job + processes
                if worker.first < jobs:
                    worker.start(workers)
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """One process that does every so many-th job, from the first on."""

    def __init__(self, work: Callable[[int], Iterator[Any]], first: int, stop: int, step: int) -> None:
        self.work, self.first, self.stop_before, self.step = work, first, stop, step
        self.receiver: Connection | None = None
        self.process = multiprocessing.get_context("fork").Process()

    def start(self, others: Sequence[_Worker]) -> None:
        """Begin with job `first`."""
        if self.receiver is not None:
            self.receiver.close()
        context = multiprocessing.get_context("fork")
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=self._run, args=(sender, others), daemon=True)
        _start(self.process)
        sender.close()  # so that the pipe ends with the process

    def values(self) -> Generator[Any, None, bool]:
        """What the next job yields; whether it came to its end."""
        assert self.receiver is not None
        while True:
            try:
                kind, value = self.receiver.recv()
            except (EOFError, OSError):  # the latter in the middle of a value
                return False
            if kind == FAILED:
                raise value
            if kind == DONE:
                return True
            yield value

    def ending(self) -> str:
        """How the process ended."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def stop(self) -> None:
        """End the process, if it has begun."""
        if self.process.pid is not None:
            self.process.terminate()
            self.process.join(PATIENCE)
        if self.receiver is not None:
            self.receiver.close()

    def _run(self, sender: Connection, others: Sequence[_Worker]) -> None:
        _leave_interrupts()
        gc.freeze()  # what was there before is shared with that process, as long as nobody touches it
        for other in others:
            if other.receiver is not None:
                other.receiver.close()
        try:
            for job in range(self.first, self.stop_before, self.step):
                for value in self.work(job):
                    sender.send((ITEM, value))
                sender.send((DONE, None))
        except BrokenPipeError:  # nobody waits any more
            return
        except Exception as error:  # raised again by the process that waits
            sender.send((FAILED, error))
