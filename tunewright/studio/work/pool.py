"""Processes that do heavy work for a server, behind a queue of bounded length.

In: the module of a kind of work, whose `TASKS` are functions by name that give one result or yield several; then tasks,
from any event loop. Out: results as they come. A process that dies costs the task that it was at, which ends with
`WorkerDied`; another takes its place. A task that takes longer than it may is ended, and so is one whose asker has
gone: at its next item, or with its process where that does not come soon. What a process does is in `worker`, how one
is kept in `keeper`. This file knows no music and no HTTP.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from tunewright.studio.work.keeper import Keeper, Task, WorkerDied
from tunewright.studio.work.worker import Said
from tunewright.support.errors import TunewrightError

__all__ = ["Busy", "Pool", "Waiting", "WorkerDied"]

USUAL_SECONDS = 60.0  # that a task may take
MOST_WAITING = 40
MOST_BYTES = 2 * 2**30  # of memory that a process may keep after a task: the model in the box takes a fifth of that


class Busy(TunewrightError):
    """More is waiting than may wait; `waiting` is how many."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} others are waiting already; try again in a moment")
        self.waiting = waiting


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task waits until a process is free; at place 1 it is the next."""

    place: int


class Pool:
    """Some processes of one kind of work."""

    def __init__(
        self,
        module: str,
        processes: int = 1,
        *,
        most_waiting: int = MOST_WAITING,
        most_bytes: int = MOST_BYTES,
        eager: bool = True,
    ) -> None:
        """`module` is imported in each process; its `TASKS` are what it can do; its `warm()` is called first.

        A process that holds more than `most_bytes` of memory after a task is replaced. Processes get ready at once, or
        where the pool is not `eager` when they are first needed.
        """
        self.module = module
        self.most_waiting = most_waiting
        self._lock = threading.Lock()
        self._tasks: deque[Task] = deque()
        self._closed = False
        self._keepers = [Keeper(module, self._next, most_bytes, eager=eager) for _ in range(processes)]

    def start(self) -> None:
        """Begin; the processes get ready while tasks already wait."""
        for keeper in self._keepers:
            keeper.start()

    def close(self) -> None:
        """End all processes, and with them their tasks; what waits is refused. Once is enough, twice does no harm."""
        with self._lock:
            self._closed = True
            waiting = list(self._tasks)
            self._tasks.clear()
        for task in waiting:
            task.put(Said.FAILED, WorkerDied("the studio is closing"))
        for keeper in self._keepers:
            keeper.stop()
        for keeper in self._keepers:
            keeper.join()

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return len(self._tasks)

    @property
    def ready(self) -> bool:
        """Whether some process has everything at hand."""
        return any(keeper.ready for keeper in self._keepers)

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that live now."""
        return [keeper.pid for keeper in self._keepers if keeper.pid is not None]

    async def ask(self, task: str, /, *, seconds: float = USUAL_SECONDS, **arguments: Any) -> Any:
        """The one result of a task. Raises `Busy`, `WorkerDied`, and what the task raises of our own errors."""
        last = None
        async with aclosing(self.stream(task, seconds=seconds, **arguments)) as results:
            async for result in results:
                last = result
        return last

    async def stream(
        self, task: str, /, *, seconds: float = USUAL_SECONDS, tell_waiting: bool = False, **arguments: Any
    ) -> AsyncGenerator[Any, None]:
        """The results of a task as they come; close it (`contextlib.aclosing`) and the task is ended.

        With `tell_waiting` first, and whenever it changes, `Waiting` where the task has to wait. `seconds` count from
        when it begins. Raises what `ask` raises.
        """
        loop = asyncio.get_running_loop()
        results: asyncio.Queue[tuple[Said | None, Any]] = asyncio.Queue()

        def put(said: Said | None, value: Any) -> bool:
            try:
                loop.call_soon_threadsafe(results.put_nowait, (said, value))
            except RuntimeError:  # the loop has ended meanwhile: nobody waits
                return False
            return True

        wanted = Task(task, arguments, seconds, put, tell_waiting)
        self._take(wanted)
        try:
            while True:
                said, value = await results.get()
                if said == Said.FAILED:
                    raise value
                if said == Said.DONE:
                    return
                yield value
        finally:
            self._leave(wanted)

    # -------------------------------------------------------------------------------------------- the queue

    def _take(self, task: Task) -> None:
        """Have a task wait, and wake who may be free for it."""
        with self._lock:
            if self._closed:
                raise WorkerDied("the studio is closing")
            if len(self._tasks) >= self.most_waiting:
                raise Busy(len(self._tasks))
            self._tasks.append(task)
            idle = [keeper for keeper in self._keepers if keeper.idle]
            if len(self._tasks) > len(idle):
                self._tell_places()
        for keeper in idle:
            keeper.wake()

    def _next(self, keeper: Keeper) -> Task | None:
        """The task that waits longest; None, and the keeper is idle, where there is none."""
        with self._lock:
            task = self._tasks.popleft() if self._tasks else None
            keeper.idle = task is None
            if task is not None:
                task.keeper = keeper
                self._tell_places()
            return task

    def _leave(self, task: Task) -> None:
        """Nobody waits for a task any more, whether it waits, is worked at, or is over."""
        with self._lock:
            task.left = True
            if task in self._tasks:
                self._tasks.remove(task)
                self._tell_places()
        if task.keeper is not None:
            task.keeper.wake()

    def _tell_places(self) -> None:
        for place, task in enumerate(self._tasks, start=1):
            if task.tell_waiting and task.place != place:
                task.place = place
                task.put(None, Waiting(place))
