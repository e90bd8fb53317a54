"""Numbers of a set beside those of real sets, where the answer is known by hand or by chance alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tunewright.measuring.intervals import (
    Tally,
    match_values,
    mean_values,
    percentile_among,
    quantile_value,
)
from tunewright.measuring.table import MEASURES, Style

NAN = math.nan


def column(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float).reshape(-1, 1)


@pytest.mark.parametrize(
    ("value", "among", "expected"),
    [
        (0, [1, 2], 0),
        (3, [1, 2], 100),
        (1, [1, 2], 25),
        (1, [1, 1, 1], 50),
        (2, [1, NAN, 3], 50),
        (0.3, [0.1 + 0.2], 50),
    ],
)
def test_ties_count_half_and_what_is_undefined_not_at_all(value: float, among: list[float], expected: float) -> None:
    assert percentile_among(value, np.array(among)) == expected


def test_a_percentile_of_nothing_is_undefined() -> None:
    assert math.isnan(percentile_among(NAN, np.array([1.0])))
    assert math.isnan(percentile_among(1.0, np.array([NAN])))
    assert math.isnan(percentile_among(1.0, np.array([])))


def test_the_mean_leaves_out_what_is_undefined() -> None:
    [value] = mean_values(column(1, NAN, 3), column(0, 0, NAN, 6))
    assert value.value == 2
    assert value.real == 2
    assert 1 <= value.low <= value.value <= value.high <= 3


def test_one_tune_has_no_interval_but_a_place_among_real_ones() -> None:
    [value] = mean_values(column(5), column(*range(10)))
    assert math.isnan(value.low)
    assert math.isnan(value.high)
    assert value.percentile == pytest.approx(55, abs=5)


def test_real_sets_have_as_many_tunes_as_define_the_number() -> None:
    real = np.random.default_rng(2).normal(size=(500, 2))
    ours = np.full((100, 2), NAN)
    ours[:, 0], ours[:4, 1] = 0, 0
    many, few = mean_values(ours, real)
    assert many.spread == pytest.approx(0.1, rel=0.15)
    assert few.spread == pytest.approx(0.5, rel=0.15)


def test_nothing_real_leaves_the_column_of_real_tunes_undefined() -> None:
    [value] = mean_values(column(1, 2), np.empty((0, 1)))
    assert value.value == 1.5
    assert math.isnan(value.real)
    assert math.isnan(value.percentile)


def test_no_tunes_give_no_numbers() -> None:
    [value] = mean_values(np.empty((0, 1)), column(1, 2))
    assert math.isnan(value.value)
    assert math.isnan(value.low)
    assert value.real == 1.5


def test_the_interval_of_a_mean_is_that_of_the_central_limit() -> None:
    numbers = np.random.default_rng(1).normal(size=(400, 1))
    [value] = mean_values(numbers, numbers)
    half = 1.96 * numbers.std() / math.sqrt(400)
    assert value.high - value.value == pytest.approx(half, rel=0.15)
    assert value.value - value.low == pytest.approx(half, rel=0.15)
    assert value.spread == pytest.approx(numbers.std() / math.sqrt(400), rel=0.1)
    assert 40 < value.percentile < 60


def test_the_same_numbers_give_the_same_interval_and_other_chance_another() -> None:
    numbers = column(*range(20))
    assert mean_values(numbers, numbers, 3) == mean_values(numbers, numbers, 3)
    assert mean_values(numbers, numbers, 3) != mean_values(numbers, numbers, 4)


def test_intervals_cover_the_truth_in_about_95_of_100_cases() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(100):
        [value] = mean_values(rng.normal(size=(60, 1)), np.empty((0, 1)))
        covered += value.low <= 0 <= value.high
    assert 87 <= covered <= 99


def test_quantiles() -> None:
    value = quantile_value(np.array([1.0, 2, 3, NAN]), np.array([10.0, 20]), 0.5)
    assert (value.value, value.real, value.percentile) == (2, 15, 0)
    assert math.isnan(quantile_value(np.array([]), np.array([1.0]), 0.5).value)
    assert math.isnan(quantile_value(np.array([4.0]), np.array([]), 0.5).percentile)


# ------------------------------------------------------------------------------------------------ matches

STEPS = {"transition_match": MEASURES["transition_match"]}
TUNES = [tune for tune in real_tunes(20) if tune.notes]
STYLES = [Style.of([tune]) for tune in TUNES]


def test_a_tally_gives_the_style_of_any_part_of_the_set() -> None:
    weights = np.zeros(len(TUNES))
    weights[[0, 3]] = 1, 2
    expected = Style.of([TUNES[0], TUNES[3], TUNES[3]])
    found = Tally.of(STYLES).style(weights)
    assert dict(found.counts) == dict(expected.counts)
    assert np.array_equal(found.spread.rows, expected.spread.rows, equal_nan=True)


def test_a_match_is_that_of_the_whole_set_where_it_is_small() -> None:
    ours, style = Tally.of(STYLES[:10]), Style.of(TUNES[10:])
    value = match_values(ours, Tally.of(STYLES[10:]), style, STEPS)["transition_match"]
    expected = MEASURES["transition_match"].of_set(Style.of(TUNES[:10]), style)  # type: ignore[misc]
    assert value.value == pytest.approx(expected)
    assert value.low < value.value < value.high


def test_of_a_large_set_parts_are_matched_that_are_as_large_as_the_real_sets() -> None:
    ours, real, style = Tally.of(STYLES[:40]), Tally.of(STYLES[40:60]), Style.of(TUNES)
    value = match_values(ours, real, style, STEPS)["transition_match"]
    whole = MEASURES["transition_match"].of_set(Style.of(TUNES[:40]), style)  # type: ignore[misc]
    assert value.value < whole - 0.02  # ten tunes match less well than forty


def test_a_match_lies_in_the_middle_of_the_sets_that_it_comes_from() -> None:
    percentiles = []
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(len(TUNES))
        ours, real = ([STYLES[place] for place in part] for part in (order[:15], order[15:]))
        found = match_values(Tally.of(ours), Tally.of(real), Style.merged(STYLES), STEPS, seed, 60)
        percentiles.append(found["transition_match"].percentile)
    assert 20 < np.mean(percentiles) < 80


def test_without_tunes_or_real_ones_a_match_is_undefined_and_never_wrong() -> None:
    some, none = Tally.of(STYLES[:3]), Tally.of([])
    assert math.isnan(match_values(none, some, Style.of(TUNES), STEPS)["transition_match"].value)
    alone = match_values(some, none, Style.of(TUNES), STEPS)["transition_match"]
    assert alone.value > 0
    assert math.isnan(alone.real)
    assert math.isnan(alone.percentile)
