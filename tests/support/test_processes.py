"""Several processes at once: everything comes, in order; errors come through; none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from operator import itemgetter
from pathlib import Path

import pytest

from tunewright.support.errors import ConfigError, RunError
from tunewright.support.processes import Died, cores, in_order, side_by_side, usable_processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


def numbers(first: int, stop: int, stride: int) -> Iterator[int]:
    yield from range(first, stop, stride)


def broken(error: Callable[[], None]) -> Iterator[int]:
    yield 0
    error()


def refuse() -> None:
    raise ConfigError("found 3, expected 4")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def numbered() -> Iterator[int]:
    yield from count()


def some(found: tuple[int, ...]) -> Iterator[int]:
    yield from found


def endless() -> Iterator[tuple[int, int]]:
    for number in count():
        yield number, os.getpid()


def test_all_comes_in_order() -> None:
    parts = [partial(numbers, first, 1001, 3) for first in range(3)]
    assert list(side_by_side(parts, order=int)) == list(range(1001))


def test_what_one_part_leaves_out_does_not_move_the_others() -> None:
    parts = [partial(some, (0, 8, 10)), partial(some, (1, 3, 5, 7))]
    assert list(side_by_side(parts, order=int)) == [0, 1, 3, 5, 7, 8, 10]


def test_each_part_has_a_process_of_its_own() -> None:
    found = side_by_side([endless, endless], order=itemgetter(0))
    processes = {next(found)[1] for _ in range(4)}
    found.close()
    assert len(processes - {os.getpid()}) == 2
    assert not multiprocessing.active_children()


def test_an_error_in_a_part_is_raised_here() -> None:
    with pytest.raises(ConfigError, match="found 3"):
        list(side_by_side([numbered, partial(broken, refuse)], order=int))
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(RunError, match="ended before its time"):
        list(side_by_side([numbered, partial(broken, die)], order=int))
    assert not multiprocessing.active_children()


def test_a_program_that_runs_nothing_else_has_a_process_for_each_core() -> None:
    code = "from tunewright.support.processes import usable_processes as found; print(found(10**6), found(1))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == f"{cores()} 1\n"


def test_nothing_is_forked_beside_other_threads() -> None:
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    assert usable_processes(2) == 1
    wait.set()
    thread.join()


# ------------------------------------------------------------------------------------------------ jobs that may die


def doubled(job: int) -> Iterator[tuple[int, int]]:
    for part in range(job % 4):  # some yield nothing
        yield job, part


def mortal(job: int) -> Iterator[int]:
    yield job
    if job in (3, 4, 9):
        os.kill(os.getpid(), signal.SIGKILL)
    if job == 6:
        os._exit(0)
    yield -job


@pytest.mark.parametrize("processes", [1, 2, 3, 50])
def test_jobs_come_in_order_whatever_the_number_of_processes(processes: int) -> None:
    expected = [pair for job in range(40) for pair in doubled(job)]
    assert list(in_order(doubled, 40, processes)) == expected
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_a_job_that_ends_its_process_costs_itself_alone(processes: int) -> None:
    ended = {3: "signal 9", 4: "signal 9", 6: "exit code 0", 9: "signal 9"}
    expected: list[object] = []
    for job in range(10):
        expected += [job, Died(job, ended[job]) if job in ended else -job]
    assert list(in_order(mortal, 10, processes)) == expected
    assert not multiprocessing.active_children()


def test_jobs_are_not_done_far_ahead_of_who_wants_them(tmp_path: Path) -> None:
    def large(job: int) -> Iterator[bytes]:
        (tmp_path / str(job)).touch()
        yield bytes(100_000)

    found = in_order(large, 100, 2)
    next(found)
    next(found)
    assert len(list(tmp_path.iterdir())) <= 6
    found.close()
    assert not multiprocessing.active_children()


def test_an_error_in_a_job_is_raised_here() -> None:
    def wrong(job: int) -> Iterator[int]:
        yield from broken(refuse)

    with pytest.raises(ConfigError, match="found 3"):
        list(in_order(wrong, 5, 2))
    assert not multiprocessing.active_children()


def test_no_jobs_are_no_processes() -> None:
    assert list(in_order(doubled, 0, 2)) == []
