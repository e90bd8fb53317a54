import math
import re

import pytest

from tunewright.reports.curves import (
    POINTS,
    Measurement,
    Panel,
    Series,
    bar_columns,
    line_plot,
    loss_curves,
    spread_over_runs,
    swatch,
)


def test_curves_show_both_losses_and_the_best_step() -> None:
    points = [Measurement(step, 3 / (step + 1), 3 / (step + 1) + 0.2 if step % 5 == 0 else None) for step in range(20)]
    svg = loss_curves(points, 10)
    assert svg.startswith("<svg role=")
    for words in ("training", "held out", "best: 0.473 at step 10"):
        assert words in svg
    assert loss_curves([], 0) == ""


def test_a_curve_takes_the_colours_of_its_page_and_has_words_for_who_cannot_see_it() -> None:
    svg = loss_curves([Measurement(1, 2.0, 2.5), Measurement(2, 1.0, None)], 1)
    assert "currentColor" in svg
    assert "#010203" not in svg
    assert 'role="img" aria-label="Loss curves: training and held-out loss' in svg
    assert svg == loss_curves([Measurement(1, 2.0, 2.5), Measurement(2, 1.0, None)], 1)


# ------------------------------------------------------------------------------------------------ many runs


def test_several_runs_become_a_mean_and_a_range_as_far_as_all_went() -> None:
    series = spread_over_runs([((0, 1, 2), (4.0, 2.0, 0.0)), ((0, 2, 4), (2.0, 2.0, 9.0))])
    assert series.x == (0, 1, 2)
    assert series.y == (3.0, 2.0, 1.0)
    assert series.low == (2.0, 2.0, 0.0)
    assert series.high == (4.0, 2.0, 2.0)


def test_one_run_has_no_range_and_what_is_undefined_is_left_out() -> None:
    series = spread_over_runs([((1, 2, 3), (1.0, math.nan, 3.0))])
    assert (series.x, series.y, series.low) == ((1, 3), (1.0, 3.0), ())
    assert spread_over_runs([]).x == ()
    assert spread_over_runs([((1,), (math.nan,)), ((1,), (1.0,))]).x == ()
    assert spread_over_runs([((1, 2), (1.0, 1.0)), ((3, 4), (1.0, 1.0))]).x == ()


def test_a_long_curve_is_thinned() -> None:
    steps = range(3000)
    series = spread_over_runs([(steps, steps), (steps, steps)])
    assert len(series.x) == POINTS
    assert series.y == pytest.approx(series.x)


def test_lines_take_the_colours_of_the_page_and_dashes_tell_them_apart() -> None:
    lines = [Series(f"line {i}", (1, 2), (1.0 + i, 2.0 + i), style=i) for i in range(3)]
    svg = line_plot([Panel("loss", tuple(lines))], "步数", 'about "it"', direct=True)
    assert svg.startswith("<svg role=")
    assert 'aria-label="about &quot;it&quot;"' in svg
    for expected in ("var(--s0)", "var(--s1)", "var(--s2)", "步数", "line 1", "stroke-dasharray"):
        assert expected in svg
    assert "#0102" not in svg
    assert not re.search(r"<g id=|https?://(?!www\.w3\.org)", svg)


def test_a_plot_of_nothing_is_nothing() -> None:
    assert line_plot([Panel("loss", (Series("a", (), ()),))], "x", "nothing") == ""
    assert line_plot([Panel("loss", (Series("a", (1,), (math.nan,)),))], "x", "nothing") == ""


def test_styles_of_many_series_differ() -> None:
    assert len({swatch(style) for style in range(16)}) == 16


def test_bars_show_signs_as_they_are() -> None:
    svg = bar_columns([("0.5", (0.9, 0.1)), ("1", (0.6, 0.4))], ("$", "<"), "one choice")
    assert svg.count("<svg") == 1
    for expected in (">$</text>", ">&lt;</text>", ">0.5</text>", "var(--s0)"):
        assert expected in svg


def test_lines_that_end_at_one_height_or_have_no_value_are_named_all_the_same() -> None:
    flat = [Series(name, (1.0, 2.0), (3.0, height), style=style) for style, (name, height) in enumerate(
        {"one": 3.0, "two": 3.0, "three": math.nan}.items()
    )]  # fmt: skip
    svg = line_plot((Panel("bits", tuple(flat)),), "step", "lines", direct=True)
    assert all(f">{name}<" in svg for name in ("one", "two", "three"))
    empty = Series("empty", (1.0, 2.0), (math.nan, math.nan), style=3)
    assert ">one<" in line_plot((Panel("bits", (*flat, empty)),), "step", "lines", direct=True)
