"""Numbers that are not finite are None, wherever they stand."""

from __future__ import annotations

import json
import math

import pytest

from tunewright.support.numbers import without_nan


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_none_at_any_depth(number: float) -> None:
    assert without_nan(number) is None
    assert without_nan({"a": [(number, 1.0)], "b": {"c": number}}) == {"a": [[None, 1.0]], "b": {"c": None}}


@pytest.mark.parametrize("value", [None, True, 0, 0.5, "nan", [], {}])
def test_everything_else_is_left_alone(value: object) -> None:
    assert without_nan(value) == value


def test_the_result_is_strict_json() -> None:
    assert json.dumps(without_nan({"a": (math.nan, [math.inf, 2])}), allow_nan=False) == '{"a": [null, [null, 2]]}'
