"""What one studio has for listening tests: the process that makes them, begun when first needed.

In: settings, a database. Out: tests made one after the other, each told in the database as soon as it is; what an
earlier server has left unmade is made. This file answers no request and makes no test itself (`listening`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Any

from starlette.concurrency import run_in_threadpool

from tunewright.judging.listening.answers import Rater
from tunewright.studio.storage import listening
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTest
from tunewright.studio.work.pool import Busy, Pool, WorkerDied
from tunewright.support.errors import TunewrightError, mistake

MAKING_SECONDS = 900.0
ASKING_SECONDS = 180.0
TRIES = 2  # to make a test, where the process dies over it
MOST_WAITING = 20


class Listeners:
    """The listening tests of one studio."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.told: dict[str, tuple[int, int]] = {}  # of tests that are being made: how much is done, and of how much
        self._pool = Pool("tunewright.studio.work.listening", 1, most_waiting=MOST_WAITING, eager=False)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._one = asyncio.Lock()

    async def start(self) -> None:
        """Begin; make what is unmade."""
        self._pool.start()
        for test in await run_in_threadpool(listening.unmade, self.database):
            self.make(test)

    async def close(self) -> None:
        """End; what is being made is made when the studio begins again."""
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        await run_in_threadpool(self._pool.close)

    @property
    def waiting(self) -> int:
        """How many tests are being made, or wait for it."""
        return len(self._making)

    def make(self, test: StoredTest) -> None:
        """Have a test made."""
        task = asyncio.get_running_loop().create_task(self._make(test))
        self._making[test.id] = task
        task.add_done_callback(lambda _: self._making.pop(test.id, None))

    def forget(self, test: str) -> None:
        """Make a test no longer."""
        if task := self._making.get(test):
            task.cancel()

    async def ask(self, task: str, test: StoredTest, raters: Sequence[Rater] = (), **more: Any) -> Any:
        """What the process finds: results, page or table of these raters, or the static_file."""
        if task != "static_file":
            more["raters"] = list(raters)
        return await self._pool.ask(task, seconds=ASKING_SECONDS, test=test.design, **more)

    async def _make(self, test: StoredTest) -> None:
        try:
            async with self._one:
                made = await self._made(test)
            kept = (test.id, made["test"], made["sounds"])
            await run_in_threadpool(listening.keep_made, self.database, *kept)
        except TunewrightError as error:
            await run_in_threadpool(listening.keep_failed, self.database, test.id, str(error))
        except Exception as error:
            await run_in_threadpool(listening.keep_failed, self.database, test.id, mistake(error))
            raise
        finally:
            self.told.pop(test.id, None)

    async def _made(self, test: StoredTest) -> dict[str, Any]:
        """The test, made again where the process dies over it."""
        for left in reversed(range(TRIES)):
            with suppress(*((Busy, WorkerDied) if left else ())):
                stream = self._pool.stream("make", seconds=MAKING_SECONDS, **test.asked)
                async with aclosing(stream) as results:
                    async for one in results:
                        if "test" in one:
                            return dict(one)
                        self.told[test.id] = one["done"], one["of"]
            await asyncio.sleep(1)
        raise WorkerDied("the process that made this test ended; try again")
