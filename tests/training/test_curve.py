from __future__ import annotations

import json
import math
import random
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hand_made import curve_of
from tests.support.small_runs import SMALL, run_small
from tunewright.support.errors import RunError
from tunewright.training import curve as learning

LOSSES = [3.0, 2.0, 1.5, 1.0, 0.5, 0.7, 0.6, 0.8, 0.4, 0.6] * 2
LOOKS = [(5, 4.0), (10, 3.0), (15, 2.5), (20, 2.75)]
CURVE = curve_of(LOSSES, LOOKS)
EMPTY = curve_of([])


def test_training_loss_is_the_lowest_of_a_batch_the_first_and_the_mean_of_the_last_tenth() -> None:
    assert learning.lowest_loss(CURVE) == 0.4
    assert learning.first_loss(CURVE) == 3.0
    assert learning.last_loss(CURVE) == pytest.approx(0.5)  # of 0.4 and 0.6


def test_spread_is_of_the_last_tenth() -> None:
    assert learning.loss_spread(CURVE) == pytest.approx(0.1)
    assert learning.smoothed_spread(CURVE) == pytest.approx(0.1)
    assert math.isnan(learning.loss_spread(curve_of([1.0] * 10)))  # a single step has none


def test_blocks_of_equal_text_undo_the_averaging_of_a_large_batch() -> None:
    rng = random.Random(1)
    small = curve_of([rng.gauss(1, 0.2) for _ in range(8_000)])
    large = curve_of([statistics.fmean(rng.gauss(1, 0.2) for _ in range(4)) for _ in range(2_000)])
    assert learning.loss_spread(small) == pytest.approx(2 * learning.loss_spread(large), rel=0.25)
    assert learning.loss_spread(small, 4) == pytest.approx(learning.loss_spread(large), rel=0.25)


def test_the_lowest_look_is_the_first_of_equals() -> None:
    lowest = learning.lowest_held_out(curve_of(LOSSES, [(5, 2.0), (10, 2.0), (15, 3.0)]))
    assert lowest is not None
    assert (lowest.step, lowest.bits) == (5, 2.0)


def test_rise_and_gap_are_measured_at_the_end() -> None:
    assert learning.held_out_rise(CURVE) == pytest.approx(0.25)
    assert learning.generalisation_gap(CURVE) == pytest.approx(1.0 - 0.5)
    assert learning.held_out_rise(curve_of(LOSSES, LOOKS[:3])) == 0


def test_a_level_is_reached_on_the_line_between_two_looks() -> None:
    assert learning.steps_to(CURVE, 3.5) == 8  # half of the way from 5 to 10, a whole step
    assert learning.notes_to(CURVE, 3.5) == 75
    assert learning.seconds_to(CURVE, 3.5) == 15
    assert learning.steps_to(CURVE, 3.0) == 10


def test_a_level_that_the_first_look_has_passed_is_placed_there_and_one_never_reached_nowhere() -> None:
    assert learning.steps_to(CURVE, 9.0) == 5
    assert math.isnan(learning.steps_to(CURVE, 2.4))


@given(st.lists(st.floats(0.5, 5), min_size=1, max_size=8), st.floats(0.5, 5))
def test_a_level_is_reached_where_and_only_where_the_curve_comes_down_to_it(levels: list[float], level: float) -> None:
    looks = [(10 * (place + 1), bits) for place, bits in enumerate(levels)]
    curve = curve_of([1.0] * 100, looks)
    found = learning.reaching(curve, level)
    assert (found is not None) == (min(levels) <= level)
    if found:
        before = [bits for step, bits in looks if step < found.step - 10]
        assert all(bits > level for bits in before)
        assert learning.best_within(curve, notes=found.notes + 100) <= level


def test_the_best_within_a_budget_counts_only_what_was_seen_by_then() -> None:
    assert learning.best_within(CURVE, notes=100) == 3.0
    assert learning.best_within(CURVE, seconds=39.9) == 2.5
    assert learning.best_within(CURVE) == 2.5
    assert math.isnan(learning.best_within(CURVE, notes=49))


def test_totals_and_time_of_a_step() -> None:
    assert learning.total_notes(CURVE) == 200
    assert learning.total_seconds(CURVE) == 40
    looked = learning.Curve((1, 2, 3, 4), (1.0, 2.0, 9.0, 10.0), (1.0,) * 4, (1.0,) * 4, (), 1.0)
    assert learning.seconds_per_step(looked) == 1  # the look after step 3 took longer


@pytest.mark.parametrize(
    ("curve", "broken"),
    [
        (CURVE, False),
        (EMPTY, False),
        (curve_of([3, 1, 1.9]), False),
        (curve_of([3, 1, 2.1]), True),
        (curve_of([3, math.nan]), True),
        (curve_of([3, 1], status="diverged"), True),
    ],
)
def test_a_run_diverged_where_it_was_stopped_for_it_or_ended_far_above_its_lowest(
    curve: learning.Curve, broken: bool
) -> None:
    assert learning.diverged(curve) is broken


def test_what_an_empty_curve_cannot_say_is_nan() -> None:
    for measure in (
        learning.lowest_loss,
        learning.first_loss,
        learning.last_loss,
        learning.loss_spread,
        learning.smoothed_spread,
        learning.seconds_per_step,
        learning.generalisation_gap,
        learning.held_out_rise,
        learning.total_notes,
        learning.total_seconds,
        learning.best_within,
    ):
        assert math.isnan(measure(EMPTY)), measure
    assert learning.lowest_held_out(EMPTY) is None


def test_the_curve_of_a_run_is_what_training_said(tmp_path: Path) -> None:
    said = run_small(tmp_path / "run")
    curve = learning.read_curve(tmp_path / "run")
    assert curve.steps == tuple(range(1, 9))
    assert curve.losses == tuple(progress.loss for progress in said[:8])
    assert [look.step for look in curve.held_out] == [3, 6, 8]
    bits = {look.step: look.bits for look in curve.held_out}
    assert bits[said[-1].best_step] == said[-1].best_bits_per_note
    assert learning.total_notes(curve) == pytest.approx(said[-1].notes, abs=1)
    assert curve.status == "finished"


def test_a_broken_line_is_said_with_its_file(tmp_path: Path) -> None:
    run_small(tmp_path / "run", SMALL)
    file = tmp_path / "run" / "metrics.jsonl"
    file.write_text(json.dumps({"step": 1, "seconds": 1.0, "train_loss": 2.0}) + "\n")
    with pytest.raises(RunError, match=r"metrics\.jsonl: found a line .*'loss'.*expected") as caught:
        learning.read_curve(tmp_path / "run")
    assert "\n" not in str(caught.value)


def test_a_loss_that_was_not_finite_is_nan(tmp_path: Path) -> None:
    run_small(tmp_path / "run", SMALL)
    file = tmp_path / "run" / "metrics.jsonl"
    file.write_text(json.dumps({"step": 1, "seconds": 1.0, "loss": None, "train_loss": 2.0}) + "\n")
    curve = learning.read_curve(tmp_path / "run")
    assert math.isnan(curve.losses[0])
    assert learning.diverged(curve)
