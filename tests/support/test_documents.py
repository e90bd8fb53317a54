"""JSON and TOML within bounds, each mistake in one line that names the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunewright.support.documents import LONGEST_LINE, LONGEST_TEXT, parse_json, parse_toml, read_json
from tunewright.support.errors import RunError

SHAPES = {"step": int, "loss": float, "name": str, "parts": [str], "counts": {str: int}, "timed": bool, "free": dict}


def refused(text: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_json(text, SHAPES)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    return str(caught.value)


def test_what_fits_comes_back() -> None:
    stored = '{"step": 3, "loss": 2, "name": "a", "parts": ["b"], "counts": {"c": 1}, "timed": true, "free": {}}'
    assert parse_json(stored, SHAPES)["counts"] == {"c": 1}
    assert parse_json('{"step": null, "else": [[1.5]]}', SHAPES) == {"step": None, "else": [[1.5]]}
    assert parse_json("[1]") == [1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"step": "3"}', 'step is "3", expected a whole number'),
        ('{"step": true}', "step is true, expected a whole number"),
        ('{"loss": []}', "loss is [], expected a number"),
        ('{"parts": ["b", 1]}', 'parts is ["b", 1], expected a list, of each item text'),
        ('{"counts": {"c": 1.5}}', "expected an object, of each key a whole number"),
        ("[1]", "found [1], expected a JSON object"),
        ('{"name": 1', "not JSON"),
        ("", "not JSON"),
        ('{"loss": NaN}', "NaN is no number"),
        ('{"loss": 1e999}', "a number that is not finite at loss"),
        (f'{{"step": {"9" * 25}}}', "a whole number beyond 64 bits at step"),
        (f'{{"step": {"9" * 5000}}}', "not JSON"),
        (f'{{"name": "{"a" * (LONGEST_TEXT + 1)}"}}', "a text of 1,048,577 signs at name"),
        ("[" * 100_000, "nested more than 32 deep"),
        ("[" * 40 + "]" * 40, "nested more than 32 deep"),
        ('{"a": ' * 40 + "1" + "}" * 40, "nested more than 32 deep"),
    ],
)
def test_anything_else_is_one_line_that_names_the_key(text: str, reason: str) -> None:
    assert reason in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 400 + "]" * 400,
        "a" + ".a" * 50_000 + " = 1",
        "\n".join(f"a{'.a' * 400}.b{number} = 1" for number in range(100)),
        f"a = {'9' * 900}",
        f"a = 0x{'f' * 900}",
        "a = 1\n" * 2,
        "a" * (LONGEST_LINE + 1),
        "#" * 10 + "\n" * 100_000,
    ],
)
def test_toml_beyond_bounds_is_one_line_too(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_toml(text)
    assert "\n" not in str(caught.value)


def test_a_file_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text('{"step": "3"}')
    with pytest.raises(RunError, match=r'summary\.json: broken; step is "3", expected a whole number'):
        read_json(path, SHAPES)
