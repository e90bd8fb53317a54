"""How strong a place in the bar is, counted by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tunewright.music.beats import NOISE, WHOLE, by_strength, metrical_level
from tunewright.music.tune import Meter

EIGHTH = WHOLE // 8


@pytest.mark.parametrize(
    ("meter", "levels"),
    [
        (Meter(4, 4), [5, 2, 3, 2, 4, 2, 3, 2]),
        (Meter(2, 4), [5, 2, 4, 2]),
        (Meter(3, 4), [5, 2, 3, 2, 3, 2]),
        (Meter(6, 8), [5, 2, 2, 4, 2, 2]),
        (Meter(9, 8), [5, 2, 2, 3, 2, 2, 3, 2, 2]),
        (Meter(12, 8), [5, 2, 2, 3, 2, 2, 4, 2, 2, 3, 2, 2]),
    ],
    ids=str,
)
def test_levels_of_the_eighths_of_a_bar(meter: Meter, levels: list[int]) -> None:
    assert [metrical_level(eighth * EIGHTH, meter) for eighth in range(len(levels))] == levels
    assert metrical_level(len(levels) * EIGHTH, meter) == 5


def test_what_is_off_the_grid_is_weakest() -> None:
    assert metrical_level(EIGHTH // 2, Meter(4, 4)) == 1
    assert metrical_level(EIGHTH // 4, Meter(4, 4)) == 0
    assert metrical_level(WHOLE // 12, Meter(4, 4)) == 0  # a triplet


def test_strong_places_come_first_and_chance_orders_those_alike() -> None:
    meter = Meter(4, 4)
    onsets = [(bar, eighth * EIGHTH) for bar in range(4) for eighth in range(8)]
    orders = [by_strength(onsets, meter, np.random.default_rng(seed)) for seed in range(5)]
    for order in orders:
        levels = [metrical_level(onsets[place][1], meter) for place in order]
        assert sorted(order) == list(range(len(onsets)))
        assert all(later <= earlier + NOISE for earlier, later in pairwise(levels))
        assert levels[:4] == [5] * 4
        assert levels[-16:] == [2] * 16
    assert len({tuple(order) for order in orders}) == len(orders)
    assert by_strength(onsets, meter, np.random.default_rng(3)) == orders[3]
