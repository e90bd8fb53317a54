"""Random numbers: each bar of each candidate of each tune has its own."""

from __future__ import annotations

from tunewright.generation.chance import AT_ONCE, Chance

MANY = 2 * AT_ONCE + 3


def numbers(chance: Chance, bar: int, count: int) -> list[float]:
    return [chance.next(bar) for _ in range(count)]


def test_what_is_drawn_in_one_bar_does_not_move_the_next() -> None:
    short, long = Chance(7), Chance(7)
    numbers(short, 0, 1)
    numbers(long, 0, MANY)
    assert numbers(short, 1, MANY) == numbers(long, 1, MANY)
    assert numbers(short, 5, 3) == numbers(long, 5, 3)


def test_seeds_candidates_and_bars_differ() -> None:
    first = {
        numbers(Chance(seed, candidate), bar, 1)[0] for seed in range(9) for candidate in range(4) for bar in range(5)
    }
    assert len(first) == 9 * 4 * 5


def test_numbers_lie_in_the_unit_interval_and_are_spread_evenly() -> None:
    found = numbers(Chance(-3), 0, 4000)
    assert all(0 <= number < 1 for number in found)
    assert len(set(found)) == len(found)
    assert all(300 < sum(number * 10 // 1 == tenth for number in found) < 500 for tenth in range(10))


def test_the_greatest_seeds_are_seeds_too() -> None:
    assert Chance(2**63 - 1).next(0) != Chance(2**63 - 2).next(0)
