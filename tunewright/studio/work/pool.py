"""Processes that do heavy work for a server, behind a queue of bounded length.

In: the module of a kind of work, whose `TASKS` are functions by name that give one result or yield several; then tasks,
from any thread or event loop. Out: results as they come. A process that dies costs the task that it was at, which ends
with `WorkerDied`; another takes its place. A task that takes longer than it may, and one whose asker has gone, is
ended. This file knows no music and no HTTP.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import queue
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from tunewright.support.errors import TunewrightError, mistake

ITEM, DONE, FAILED, READY = range(4)
PATIENCE = 5.0  # seconds that a process has to end
USUAL_SECONDS = 60.0  # that a task may take
_END: Any = object()  # after the last result of a task


class Busy(TunewrightError):
    """More is waiting than may wait; `waiting` is how many."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} others are waiting already; try again in a moment")
        self.waiting = waiting


class WorkerDied(TunewrightError):
    """The process that was at a task has ended, or was ended since the task took too long."""


@dataclass(slots=True)
class _Task:
    """One task, and where its results go."""

    name: str
    arguments: Mapping[str, Any]
    seconds: float
    put: Callable[[Any], None]
    left: threading.Event = field(default_factory=threading.Event)  # set where nobody waits for it any more


class Pool:
    """Some processes of one kind of work."""

    def __init__(self, module: str, processes: int = 1, *, most_waiting: int = 40) -> None:
        """`module` is imported in each process; its `TASKS` are what it can do; its `warm()` is called first."""
        self.module = module
        self._queue: queue.Queue[_Task | None] = queue.Queue(most_waiting)
        self._closed = False
        self._workers = [_Worker(module, self._queue) for _ in range(processes)]

    def start(self) -> None:
        """Begin; the processes get ready while tasks already wait."""
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """End all processes; what waits is refused."""
        self._closed = True
        for worker in self._workers:
            worker.stop()
        while True:
            try:
                task = self._queue.get_nowait()
            except queue.Empty:
                break
            if task:
                task.put(WorkerDied("the studio is closing"))
        for worker in self._workers:
            worker.join()

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return self._queue.qsize()

    async def ask(self, task: str, /, *, seconds: float = USUAL_SECONDS, **arguments: Any) -> Any:
        """The one result of a task. Raises `Busy`, `WorkerDied`, and what the task raises of our own errors."""
        results = [result async for result in self.stream(task, seconds=seconds, **arguments)]
        return results[-1] if results else None

    async def stream(self, task: str, /, *, seconds: float = USUAL_SECONDS, **arguments: Any) -> AsyncIterator[Any]:
        """The results of a task as they come; it is ended where the caller leaves. Raises what `ask` raises."""
        loop = asyncio.get_running_loop()
        results: asyncio.Queue[Any] = asyncio.Queue()

        def put(result: Any) -> None:
            try:
                loop.call_soon_threadsafe(results.put_nowait, result)
            except RuntimeError:  # the loop has ended meanwhile: nobody waits
                wanted.left.set()

        wanted = _Task(task, arguments, seconds, put)
        self._take(wanted)
        try:
            while (result := await results.get()) is not _END:
                if isinstance(result, Exception):
                    raise result
                yield result
        finally:
            wanted.left.set()

    def _take(self, task: _Task) -> None:
        if self._closed:
            raise WorkerDied("the studio is closing")
        try:
            self._queue.put_nowait(task)
        except queue.Full:
            raise Busy(self.waiting) from None


class _Worker:
    """One process, and the thread that hands it one task after another."""

    def __init__(self, module: str, tasks: queue.Queue[_Task | None]) -> None:
        self.module, self.tasks = module, tasks
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve, name=f"worker of {module}", daemon=True)
        self.process: Any = None
        self.pipe: Connection | None = None

    def start(self) -> None:
        self._begin()
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()

    def join(self) -> None:
        if self.thread.ident is not None:
            self.thread.join(2 * PATIENCE)
        self._end()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                task = self.tasks.get(timeout=0.2)
            except queue.Empty:
                continue
            if task is not None and not task.left.is_set():
                self._do(task)
        self._end()

    def _do(self, task: _Task) -> None:
        """One task, from handing it over to its last result."""
        try:
            if self.process is None or not self.process.is_alive():
                self._begin()
            assert self.pipe is not None
            self.pipe.send((task.name, dict(task.arguments)))
            for result in self._results(task):
                task.put(result)
        except (EOFError, OSError) as error:
            self._end()
            task.put(WorkerDied(f"the process that was at this ended ({error or 'it was killed'}); try again"))
        else:
            task.put(_END)

    def _results(self, task: _Task) -> Iterator[Any]:
        """What the process sends for a task; it is ended where nobody waits any more, or it takes too long."""
        assert self.pipe is not None
        waited = 0.0
        while True:
            if not self.pipe.poll(0.1):
                waited += 0.1
                if task.left.is_set() or self.stopping.is_set():
                    self._end()
                    return
                if waited > task.seconds:
                    self._end()
                    yield WorkerDied(f"this took longer than {task.seconds:.0f} seconds, and was ended")
                    return
                continue
            kind, value = self.pipe.recv()
            if kind == READY:
                continue
            if kind == DONE:
                return
            yield value
            if kind == FAILED:
                return
            if task.left.is_set():
                self.pipe.send(None)  # leave it at the next result

    def _begin(self) -> None:
        """A new process, with an end of a pipe to it."""
        self._end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, self.module), daemon=True)
        self.process.start()
        theirs.close()
        self.pipe = ours

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join(PATIENCE)
            self.process = None
        if self.pipe is not None:
            self.pipe.close()
            self.pipe = None


def work(pipe: Connection, module: str) -> None:
    """What a process does: the tasks that come through its pipe, until the other end closes it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from tunewright.support.waiting import wait_briefly  # noqa: PLC0415 - before PyTorch is loaded

    wait_briefly()
    doing = importlib.import_module(module)
    if warm := getattr(doing, "warm", None):
        warm()
    try:
        pipe.send((READY, None))
        while True:
            order = pipe.recv()
            if order is not None:  # None: to leave a task that has ended meanwhile
                _do(pipe, doing.TASKS[order[0]], order[1])
    except (EOFError, OSError):
        return


def _do(pipe: Connection, task: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """One task, and its results into the pipe."""
    try:
        found = task(**arguments)
        if isinstance(found, Iterator):
            for item in found:
                pipe.send((ITEM, item))
                if pipe.poll():
                    close = getattr(found, "close", None)
                    if close:
                        close()
                    break
        else:
            pipe.send((ITEM, found))
    except (BrokenPipeError, EOFError):
        raise
    except TunewrightError as error:
        pipe.send((FAILED, error))
    except Exception as error:
        pipe.send((FAILED, TunewrightError(mistake(error))))
    else:
        pipe.send((DONE, None))
