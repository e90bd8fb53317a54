"""The way that goes quickest is kept, found again when that changes, and the other costs little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tunewright.support import pace
from tunewright.support.pace import Pace


class Machine:
    """Steps take as long as it says, by the number of threads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, takes: Callable[[int], float]) -> None:
        self.seconds, self.threads, self.takes = 0.0, 0, takes
        self.counted: Counter[int] = Counter()
        monkeypatch.setattr(pace.time, "monotonic", lambda: self.seconds)
        monkeypatch.setattr(pace, "Threads", self)

    def __call__(self, count: int) -> Machine:
        self.threads = count
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_raised: object) -> None:
        pass

    def steps(self, paced: Pace, count: int, work: float = 1) -> None:
        """So many steps; `counted` is how many were made with each number of threads."""
        self.counted = Counter()
        for _ in range(count):
            with paced.step(work):
                self.seconds += self.takes(self.threads) * work
            self.counted[self.threads] += 1


@pytest.mark.parametrize(("alone", "together", "kept"), [(1.0, 0.6, 4), (1.0, 30.0, 1), (1.0, 0.99, 1)])
@pytest.mark.parametrize("work", [1, 4096])
def test_the_quickest_way_is_kept_and_trying_the_other_is_cheap(
    monkeypatch: pytest.MonkeyPatch, alone: float, together: float, kept: int, work: float
) -> None:
    machine = Machine(monkeypatch, lambda count: alone if count == 1 else together)
    paced = Pace(4)
    machine.steps(paced, 3, work)
    begun = machine.seconds
    machine.steps(paced, 5000, work)
    assert machine.counted[kept] > 0.9 * 5000
    best = 5000 * work * (alone if kept == 1 else together)
    assert machine.seconds - begun < 1.03 * best
    assert len(machine.counted) == 2  # the other was tried


def test_a_machine_that_becomes_busy_and_free_again_is_noticed_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = False
    machine = Machine(monkeypatch, lambda count: (2.0 if count == 1 else 20.0) if busy else 1.0 if count == 1 else 0.6)
    paced = Pace(2)
    machine.steps(paced, 500)
    busy = True
    machine.steps(paced, 20)
    assert machine.counted[1] >= 15
    machine.steps(paced, 300)
    assert machine.counted[1] >= 295
    busy = False
    machine.steps(paced, 150)
    assert machine.counted[2] >= 20
    machine.steps(paced, 100)
    assert machine.counted[2] >= 95


def test_one_thread_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, lambda _count: 1.0)
    machine.steps(Pace(1), 50)
    assert machine.counted == {1: 50}


def test_a_step_that_fails_teaches_nothing() -> None:
    paced = Pace(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), paced.step():
            raise ValueError("broken")
    with paced.step():
        pass
    assert paced.count == 1
