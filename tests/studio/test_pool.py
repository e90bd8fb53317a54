"""A pool keeps its promises whatever its tasks, its processes and its askers do."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tunewright.studio.work import keeper
from tunewright.studio.work.pool import Busy, Pool, Waiting, WorkerDied
from tunewright.support.errors import ParseError, TunewrightError

TASKS = "tests.support.tasks_of_a_pool"
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def a_pool(processes: int = 1, **more: Any) -> Iterator[Pool]:
    """A pool that is closed at the end, none of whose processes and threads is left."""
    threads = threading.active_count()
    pool = Pool(TASKS, processes, **more)
    pool.start()
    try:
        yield pool
    finally:
        lived = pool.processes
        pool.close()
        assert not [pid for pid in lived if is_alive(pid)]
        assert threading.active_count() == threads
    with pytest.raises(WorkerDied):
        asyncio.run(pool.ask("where"))


def is_alive(pid: int) -> bool:
    """Whether there is such a process, a zombie too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def soon(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def at_work(pool: Pool, **arguments: Any) -> AsyncIterator[None]:
    """While a process is kept at numbers."""
    async with aclosing(pool.stream("numbers", count=10_000, pause=0.01, **arguments)) as numbers:
        await anext(numbers)
        yield


def test_results_come_as_they_are_given() -> None:
    async def story(pool: Pool) -> None:
        assert (await pool.ask("where"))["warm"] is True
        assert await pool.ask("echo", value={"a": [1, None]}) == {"a": [1, None]}
        async with aclosing(pool.stream("numbers", count=5)) as numbers:
            assert [number async for number in numbers] == [0, 1, 2, 3, 4]
        assert await pool.ask("numbers", count=0) is None

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_errors_come_as_they_were_raised_and_cost_no_process() -> None:
    async def story(pool: Pool) -> None:
        first = await pool.ask("where")
        with pytest.raises(ParseError) as parse:
            await pool.ask("refuse", kind="parse")
        assert (str(parse.value), parse.value.source) == ("x.abc:3: no tune", "x.abc:3")
        with pytest.raises(TunewrightError, match=r"x\.abc: a pipe"):  # which cannot be pickled
            await pool.ask("refuse", kind="input")
        for what in ({"kind": "bug"}, {"kind": "unknown"}, {"wrong": 1}):
            with pytest.raises(TunewrightError, match="a mistake in tunewright"):
                await pool.ask("refuse", **what)
        with pytest.raises(TunewrightError, match="a mistake in tunewright"):
            await pool.ask("unsendable")
        with pytest.raises(TunewrightError, match="a mistake in tunewright"):
            await pool.ask("echo", value=lambda: None)
        with pytest.raises(TunewrightError, match="a mistake in tunewright"):
            await pool.ask("no such task")
        assert await pool.ask("where") == first

    with a_pool() as pool:
        asyncio.run(story(pool))


@pytest.mark.parametrize("after", [0, 2])
def test_a_process_that_dies_costs_its_task_alone(after: int) -> None:
    async def story(pool: Pool) -> None:
        first = await pool.ask("where")
        got = []

        async def follow() -> None:
            async with aclosing(pool.stream("die", after=after)) as items:
                async for item in items:
                    got.append(item)

        with pytest.raises(WorkerDied, match="exit code 3"):
            await follow()
        assert got == list(range(after))
        second = await pool.ask("where")
        assert second["pid"] != first["pid"]
        assert second["warm"] is True

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_a_process_killed_between_two_tasks_costs_none() -> None:
    async def story(pool: Pool) -> None:
        for _ in range(3):
            pid = (await pool.ask("where"))["pid"]
            os.kill(pid, signal.SIGKILL)
            await soon(lambda pid=pid: not is_alive(pid) and pool.ready)  # type: ignore[misc]
            assert (await pool.ask("where"))["pid"] != pid

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_a_task_that_takes_too_long_is_ended() -> None:
    async def story(pool: Pool) -> None:
        for task in ("spin", "flood"):
            begun = time.monotonic()
            with pytest.raises(WorkerDied, match=r"longer than 0\.3 seconds"):
                await pool.ask(task, seconds=0.3)
            assert time.monotonic() - begun < 20
        assert (await pool.ask("where"))["warm"] is True

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_a_task_whose_asker_leaves_is_left_at_its_next_item(tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def story(pool: Pool) -> None:
        first = await pool.ask("where")
        async with aclosing(pool.stream("numbers", count=1000, pause=0.02, log=str(log))) as numbers:
            async for number in numbers:
                if number == 3:
                    break
        assert await pool.ask("where") == first  # it was closed, not killed
        await soon(lambda: "closed" in log.read_text())
        assert len(log.read_text().splitlines()) < 20

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_a_task_that_gives_no_item_is_killed_when_its_asker_leaves(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    async def story(pool: Pool) -> None:
        first = await pool.ask("where")
        asking = asyncio.create_task(pool.ask("sleep", pause=30, mark=str(mark)))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        begun = time.monotonic()
        second = await pool.ask("where")
        assert second["pid"] != first["pid"]
        assert time.monotonic() - begun < 20
        assert not mark.exists()

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_a_short_task_whose_asker_leaves_costs_no_process() -> None:
    async def story(pool: Pool) -> None:
        first = await pool.ask("where")
        for _ in range(20):
            asking = asyncio.create_task(pool.ask("sleep", pause=0.02))
            await asyncio.sleep(0.005)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        assert await pool.ask("where") == first

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_what_waits_knows_its_place_and_more_is_refused() -> None:
    async def story(pool: Pool) -> None:
        places: dict[str, list[int]] = {name: [] for name in "abc"}
        order: list[str] = []

        async def one(name: str) -> None:
            async with aclosing(pool.stream("echo", tell_waiting=True, value=name)) as results:
                async for result in results:
                    if isinstance(result, Waiting):
                        places[name].append(result.place)
                    else:
                        order.append(result)

        async with at_work(pool):
            waiting = []
            for count, name in enumerate("abc", start=1):
                waiting.append(asyncio.create_task(one(name)))
                await soon(lambda count=count: pool.waiting == count)  # type: ignore[misc]
            with pytest.raises(Busy) as busy:
                await pool.ask("where")
            assert busy.value.waiting == 3
            waiting.pop(1).cancel()  # b leaves: its place is free at once, and c moves up
            await soon(lambda: pool.waiting == 2)
            await soon(lambda: places["c"] == [3, 2])
        await asyncio.gather(*waiting)
        assert order == ["a", "c"]
        assert places == {"a": [1], "b": [2], "c": [3, 2, 1]}
        assert pool.waiting == 0

    with a_pool(most_waiting=3) as pool:
        asyncio.run(story(pool))


def test_nobody_waits_while_a_process_is_free() -> None:
    async def story(pool: Pool) -> None:
        await soon(lambda: len(pool.processes) == 2 and all(one.idle for one in pool._keepers))
        async with at_work(pool), aclosing(pool.stream("echo", tell_waiting=True, value=1)) as results:
            assert [result async for result in results] == [1]

    with a_pool(2) as pool:
        asyncio.run(story(pool))


def test_a_process_that_has_grown_is_replaced_after_its_task() -> None:
    async def story(pool: Pool) -> None:
        small = await pool.ask("grow", megabytes=1)
        assert (await pool.ask("where"))["pid"] == small
        large = await pool.ask("grow", megabytes=200)
        assert large == small
        assert (await pool.ask("where"))["pid"] != large

    with a_pool(most_bytes=150 * 2**20) as pool:
        asyncio.run(story(pool))


def test_a_pool_that_is_not_eager_begins_with_its_first_task() -> None:
    async def story(pool: Pool) -> None:
        await asyncio.sleep(0.3)
        assert pool.processes == []
        first = await pool.ask("where")
        assert pool.processes == [first["pid"]]
        os.kill(first["pid"], signal.SIGKILL)
        await soon(lambda: pool.processes == [])
        assert (await pool.ask("where"))["pid"] != first["pid"]

    with a_pool(eager=False) as pool:
        asyncio.run(story(pool))


def test_closing_refuses_what_waits_and_ends_what_is_at_work() -> None:
    async def story(pool: Pool) -> None:
        async with at_work(pool):
            asking = [asyncio.create_task(pool.ask("echo", value=n)) for n in range(5)]
            await soon(lambda: pool.waiting == 5)
            begun = time.monotonic()
            await asyncio.to_thread(pool.close)
            assert time.monotonic() - begun < 5
            for result in await asyncio.gather(*asking, return_exceptions=True):
                assert isinstance(result, WorkerDied)

    with a_pool() as pool:
        asyncio.run(story(pool))


def test_a_pool_that_is_closed_while_it_begins_leaves_nothing() -> None:
    for pause in (0, 0.02, 0.1):
        with a_pool(2):
            time.sleep(pause)


def test_a_pool_whose_processes_cannot_begin_says_so_and_keeps_the_machine_quiet() -> None:
    async def story(pool: Pool) -> None:
        for _ in range(2):
            with pytest.raises(WorkerDied, match="before it was ready"):
                await pool.ask("where")

    pool = Pool("tests.support.no_such_module")
    pool.start()
    begun = time.process_time()
    asyncio.run(story(pool))
    assert time.process_time() - begun < 0.5
    pool.close()


def test_a_pool_that_has_nothing_to_do_uses_no_time() -> None:
    async def story(pool: Pool) -> None:
        pid = (await pool.ask("where"))["pid"]
        before = time.process_time(), processor_time(pid)
        await asyncio.sleep(1)
        assert time.process_time() - before[0] < 0.05
        assert processor_time(pid) == before[1]

    with a_pool() as pool:
        asyncio.run(story(pool))


def processor_time(pid: int) -> list[str]:
    """What the system says that a process has used."""
    path = Path(f"/proc/{pid}/stat")
    return path.read_text().rpartition(")")[2].split()[11:13] if path.exists() else []


def test_an_event_loop_that_ends_takes_its_tasks_with_it() -> None:
    async def leave(pool: Pool) -> None:
        stream = pool.stream("numbers", count=10_000, pause=0.01)
        await anext(stream)
        await stream.aclose()

    with a_pool() as pool:
        for _ in range(3):
            asyncio.run(leave(pool))
        assert asyncio.run(pool.ask("echo", value=1)) == 1


def test_askers_who_come_and_go_at_random_all_get_what_they_asked_for() -> None:
    rng = random.Random(5)

    async def one(pool: Pool, number: int) -> None:
        kind = rng.random()
        if kind < 0.1:
            with pytest.raises(WorkerDied):
                await pool.ask("die", after=rng.randrange(3))
        elif kind < 0.5:
            async with aclosing(pool.stream("numbers", count=20, pause=0.001)) as numbers:
                stop = rng.randrange(20)
                assert [await anext(numbers) for _ in range(stop)] == list(range(stop))
        else:
            assert await pool.ask("echo", value=number) == number

    async def story(pool: Pool) -> None:
        for _ in range(6):
            await asyncio.gather(*(one(pool, number) for number in range(20)))
        assert pool.waiting == 0

    with a_pool(2) as pool:
        asyncio.run(story(pool))


@pytest.mark.parametrize("task", ["", "spin", "numbers, count=10_000, pause=0.01", "sleep, pause=600"])
def test_processes_end_when_the_server_is_killed(task: str) -> None:
    name, _, arguments = task.partition(", ")
    asked = f"await pool.ask({name!r}, {arguments})" if task else "await asyncio.sleep(600)"
    code = f"""
import asyncio
from tunewright.studio.work.pool import Pool
async def main():
    pool = Pool({TASKS!r}, 2)
    pool.start()
    print(await pool.ask("where"), flush=True)
    while not len(pool.processes) == 2: await asyncio.sleep(0.01)
    print(*pool.processes, flush=True)
    {asked}
if __name__ == "__main__": asyncio.run(main())
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, env=environment, text=True) as server:
        assert server.stdout
        server.stdout.readline()
        pids = [int(pid) for pid in server.stdout.readline().split()]
        time.sleep(0.3)
        assert all(map(is_alive, pids))
        server.kill()
    asyncio.run(soon(lambda: not any(map(is_alive, pids))))


def test_keepers_wait_for_no_clock() -> None:
    """A ring is heard once however often it rings, and never lost."""
    alarm = keeper._Alarm()
    try:
        for _ in range(100_000):
            alarm.ring()
        assert alarm.end.poll()
        alarm.clear()
        assert not alarm.end.poll()
        alarm.ring()
        assert alarm.end.poll()
    finally:
        alarm.close()
        alarm.ring()
