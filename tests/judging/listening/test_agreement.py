"""Krippendorff's alpha gives what he published, and what it has to at the ends of its scale."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tunewright.judging.listening.agreement import NOMINAL, ORDINAL, alpha, alpha_interval

NO = math.nan
PUBLISHED = [  # Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, example C
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NO, NO, NO],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NO, 3],
    [NO, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NO],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NO],
]


@pytest.mark.parametrize(("level", "value"), [(NOMINAL, 0.743), (ORDINAL, 0.815)])
def test_it_gives_what_was_published(level: str, value: float) -> None:
    assert alpha(np.array(PUBLISHED), level) == pytest.approx(value, abs=5e-4)


def test_two_observers_of_ten_units() -> None:
    """His example A: binary data, nobody missing."""
    said = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=float)
    assert alpha(said) == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("level", [NOMINAL, ORDINAL])
def test_agreement_is_one_and_chance_is_zero(level: str) -> None:
    chance = np.random.default_rng(3)
    same = np.tile(chance.integers(1, 6, size=40), (6, 1)).astype(float)
    assert alpha(same, level) == pytest.approx(1)
    assert alpha(chance.integers(1, 6, size=(30, 200)).astype(float), level) == pytest.approx(0, abs=0.02)


def test_what_cannot_be_said_is_undefined() -> None:
    assert math.isnan(alpha(np.ones((3, 5))))  # nothing varies
    assert math.isnan(alpha(np.array([[1.0, NO], [NO, 2.0]])))  # no unit has two raters
    assert math.isnan(alpha(np.zeros((1, 0))))
    assert all(map(math.isnan, alpha_interval(np.ones((2, 1)))))


def test_the_interval_holds_the_value_and_narrows_with_units() -> None:
    chance = np.random.default_rng(5)
    widths = []
    for units in (12, 200):
        true = chance.normal(0, 1, units)
        said = np.clip(np.round(3 + true + chance.normal(0, 1, (5, units))), 1, 5)
        value, low, high = alpha_interval(said, ORDINAL)
        assert low < value < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2
