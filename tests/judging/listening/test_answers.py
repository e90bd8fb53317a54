"""Files of answers are what they should be, or are refused in one line; nobody counts twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.blind_tests import invented, simulated
from tunewright.judging.listening.answers import LARGEST, describe_rater, merge, read_answers
from tunewright.judging.listening.design import read_test
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.support.errors import ConfigError

PAIR = invented(PAIRS)
[RATER] = simulated(PAIR, (1.0, 0.0, -1.0), 1)


def plain() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(describe_rater(RATER, PAIR)))
    return found


@pytest.mark.parametrize("kind", [PAIRS, RATING, MACHINE])
def test_what_was_written_is_read(kind: str) -> None:
    test = invented(kind)
    for rater in simulated(test, (1.0, 0.0, -1.0), 3):
        assert read_answers(json.dumps(describe_rater(rater, test)), test, "x") == rater


def change(path: tuple[Any, ...], value: Any) -> str:
    whole = plain()
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(whole)


@pytest.mark.parametrize(
    "content",
    [
        "", "null", "[]", "{}", "{", "1" * 5000, "[" * 100_000, b"\xff\xfe", "x" * (LARGEST + 1),
        change(("format",), "other"), change(("version",), 2), change(("test",), "l" + "0" * 15),
        change(("rater",), "../../etc/passwd"), change(("rater",), "0" * 17), change(("sheet",), -1),
        change(("sheet",), 10**9), change(("sheet",), 10**30), change(("consented",), ""), change(("finished",), "now"),
        change(("headphones",), {"right": 7}), change(("headphones",), {"right": True}), change(("headphones",), None),
        change(("answers",), {}), change(("answers",), [None]), change(("answers",), [[]]),
        change(("answers",), plain()["answers"] * 2), change(("answers", 1), plain()["answers"][0]),
        change(("answers", 0, "item"), "i"), change(("answers", 0, "item"), 3), change(("answers", 0, "first"), "t"),
        change(("answers", 0, "values"), {}), change(("answers", 0, "values"), {"prefer": "t"}),
        change(("answers", 0, "values"), {"prefer": ["t"]}), change(("answers", 0, "values"), {"prefer": {}}),
        change(("answers", 0, "values", "more"), 1), change(("answers", 0, "seconds"), -1),
        change(("answers", 0, "seconds"), 1e300), change(("answers", 0, "heard"), [1, 1, 1]),
        change(("answers", 0, "heard"), [2, 1]), change(("answers", 0, "heard"), ["1", 1]),
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(content: str | bytes) -> None:
    with pytest.raises(ConfigError) as refused:
        read_answers(content, PAIR, "answers.json")
    assert str(refused.value).startswith("answers.json: not the answers of a rater")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("kind", [RATING, MACHINE])
@pytest.mark.parametrize("value", [0, 6, 3.5, "3", None, [], -1])
def test_values_beyond_the_scale_are_refused(kind: str, value: Any) -> None:
    test = invented(kind)
    [rater] = simulated(test, (1.0, 0.0, -1.0), 1)
    whole = json.loads(json.dumps(describe_rater(rater, test)))
    whole["answers"][0]["values"][test.questions[0]] = value
    with pytest.raises(ConfigError):
        read_answers(json.dumps(whole), test, "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(plain())), JSON)
@settings(max_examples=200, deadline=None)
def test_no_value_of_any_key_is_more_than_refused(key: str, value: Any) -> None:
    try:
        read_answers(json.dumps({**plain(), key: value}), PAIR, "x")
    except ConfigError as refused:
        assert "\n" not in str(refused)  # noqa: PT017


@given(st.sampled_from(sorted(PAIR.described())), JSON)
@settings(max_examples=200, deadline=None)
def test_nor_of_a_key_of_a_test(key: str, value: Any) -> None:
    try:
        read_test(json.dumps({**PAIR.described(), key: value}), "key.json")
    except ConfigError as refused:
        assert str(refused).startswith("key.json: ")  # noqa: PT017


def test_a_test_is_read_as_it_was_written() -> None:
    for kind in (PAIRS, RATING, MACHINE):
        test = invented(kind)
        assert read_test(json.dumps(test.described()), "x").described() == test.described()


def test_one_rater_twice_is_refused() -> None:
    assert len(merge(simulated(PAIR, (1.0, 0.0, -1.0), 4))) == 4
    with pytest.raises(ConfigError, match="is there twice"):
        merge([RATER, RATER])
