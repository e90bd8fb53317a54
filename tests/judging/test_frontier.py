"""The knee, by its rule; and settings of a small model in their places."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from tests.support.drawn import drawn_tune
from tests.support.small_runs import corpus_of, real_tunes
from tunewright.formats.abc import format_abc
from tunewright.judging.frontier import find_knee, place
from tunewright.judging.run_scorecard import Sampled
from tunewright.judging.scorecard import FrontierPoint, Value
from tunewright.judging.yardstick import Yardstick, build_yardstick
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune


def point(shortfall: float, style: float = 0.5) -> FrontierPoint:
    value = Value(style)
    return FrontierPoint(1, "", 1, 9, value, 1, 0, value, value, value, value, shortfall, "style")


@pytest.mark.parametrize(
    ("points", "knee"),
    [
        ([], None),
        ([point(math.inf)], None),
        ([point(2), point(1), point(3)], 1),
        ([point(0, 0.7), point(0, 0.8), point(0, 0.6)], 1),
        ([point(1), point(1)], 0),
        ([point(math.inf), point(5)], 1),
    ],
)
def test_the_knee_is_where_the_worst_shortfall_is_least(points: Sequence[FrontierPoint], knee: int | None) -> None:
    assert find_knee(points) == knee


# ------------------------------------------------------------------------------------------------ places


@pytest.fixture(scope="module")
def yardstick() -> Yardstick:
    tunes = real_tunes()
    return build_yardstick(corpus_of(tunes[:25], tunes[25:32], tunes[32:40]), learned=True)


def sampled(tunes: Sequence[Tune]) -> Sampled:
    drawn = tuple(
        drawn_tune(format_abc(tune), i, index=i, log_likelihood=-100.0, removed=0.25) for i, tune in enumerate(tunes)
    )
    return Sampled(drawn, drawn[:2])


def test_copies_of_training_tunes_fall_short_in_originality(yardstick: Yardstick) -> None:
    copied = place(sampled([transpose(tune, 2) for tune in real_tunes()[:8]]), yardstick, 0.1, "model.safetensors", 7)
    assert copied.copy_rate.value == 1
    assert copied.originality.value == 0
    assert copied.worst == "originality"
    assert copied.shortfall > 3
    assert (copied.temperature, copied.step, copied.tunes) == (0.1, 7, 8)
    assert copied.removed_mass == 0.25


def test_real_tunes_fall_short_of_real_tunes_by_chance_alone(yardstick: Yardstick) -> None:
    honest = place(sampled(real_tunes()[25:40]), yardstick, 1.0, "model.safetensors", 7)
    assert honest.originality.value == pytest.approx(0.5)
    assert honest.shortfall < 2.5
    assert honest.style.value == pytest.approx(honest.style.real, abs=0.05)


def test_broken_tunes_fall_short_in_validity(yardstick: Yardstick) -> None:
    broken = tuple(drawn_tune("X:1\nT:x\n", i, index=i, ended=False) for i in range(8))
    lost = place(Sampled(broken, broken), yardstick, 2.0, "last.safetensors", 7)
    assert lost.valid_rate.value == 0
    assert lost.shortfall == math.inf
    assert math.isnan(lost.style.value)
    assert find_knee([lost]) is None


def test_tunes_of_which_some_are_broken_fall_short_by_a_number(yardstick: Yardstick) -> None:
    broken = tuple(drawn_tune("X:1\nT:x\n", i, index=i, ended=False) for i in range(60))
    whole = sampled(real_tunes()[25:32]).music
    some = place(Sampled((*broken, *whole), ()), yardstick, 2.0, "last.safetensors", 7)
    assert some.worst == "valid_rate"
    assert 0 < some.shortfall < math.inf
    assert math.isnan(some.raw_rate)
