"""JSON and TOML that we once wrote, and that may have become anything: the one place where they are read.

In: text, or the path of a file; and what each key should hold. Out: plain data within bounds, so that nobody who uses
it meets a number, a text or a nesting without end. `ValueError`, in one line that names the key, for anything else;
from a file `RunError`, which names the file too. This file knows no key of its own.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunewright.support.errors import InputError, RunError
from tunewright.support.inputs import read_input

LARGEST_JSON = 64 * 2**20  # bytes of a file; the split of a hundred thousand tunes takes a tenth of that
LARGEST_TOML = 2**16  # bytes; forty settings take a hundredth of that
LONGEST_LINE = 1000  # signs of a line of TOML; the time for a key of many parts grows with the square of them
DEEPEST = 32  # values within values; ours go four deep
LARGEST_NUMBER = 2**63  # what a machine counts; longer ones cannot even be printed
LONGEST_TEXT = 2**20  # signs; the longest of ours is the text of a tune
SHOWN = 40  # signs of a value in an error

Shape = Any
"""What a value should be: `int`, `float` (or a whole number), `str`, `bool`, `dict`, `list`, a list of one of these for
all of its items, or a mapping from `str` to one. None stands for what is not known, and always fits."""

_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def parse_json(text: str | bytes, shapes: Mapping[str, Shape] | None = None) -> Any:
    """The value in a JSON text, an object where `shapes` says what its keys hold; ValueError for anything else."""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:  # also a whole number of thousands of digits
        raise ValueError(f"not JSON ({error})") from None
    check_bounds(value)
    if shapes is not None:
        check_shapes(value, shapes)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """The table in a TOML text; ValueError for anything else."""
    if len(text) > LARGEST_TOML:
        raise ValueError(f"{len(text):,} signs; expected at most {LARGEST_TOML:,}")
    if (longest := max(map(len, text.splitlines()), default=0)) > LONGEST_LINE:
        raise ValueError(f"a line of {longest:,} signs; expected at most {LONGEST_LINE:,}")
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:  # also a whole number of thousands of digits
        raise tomllib.TOMLDecodeError(f"not TOML ({error})") from None  # a ValueError
    check_bounds(value, finite=False)  # TOML has words for what is not; settings have ranges
    return value


def read_text(path: Path, largest: int = LARGEST_JSON) -> str:
    """The text of a file of a run folder; RunError where it is missing, no file, too large, or not UTF-8."""
    try:
        return read_input(path, largest).decode()
    except InputError as error:
        if error.missing:
            raise RunError(f"{path.parent}: not a whole run, {path.name} is missing") from None
        raise RunError(str(error)) from None
    except UnicodeDecodeError as error:
        raise RunError(f"{path}: cannot be read ({error})") from None


def read_json(path: Path, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The object in a JSON file; RunError, naming the file and the key, where it is not as expected."""
    try:
        value: dict[str, Any] = parse_json(read_text(path), shapes)
    except ValueError as error:
        raise RunError(f"{path}: broken; {error}") from None
    return value


# ------------------------------------------------------------------------------------------------ bounds and shapes


def check_bounds(value: Any, *, finite: bool = True) -> None:
    """Raise ValueError, naming the key, for a number, a text or a nesting beyond what is read.

    Where numbers need not be `finite`, those that are not are let through.
    """
    waiting: list[tuple[str, Any, int]] = [("", value, 1)]
    while waiting:
        key, one, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(_TOO_DEEP)
        if isinstance(one, dict):
            waiting += [(name, item, depth + 1) for name, item in one.items()]
        elif isinstance(one, list):
            waiting += [(key, item, depth + 1) for item in one]
        elif found := _beyond(one, finite) or _beyond(key, finite):
            raise ValueError(f"{found} at {_cut(key) or 'the top'}")


def check_shapes(value: Any, shapes: Mapping[str, Shape]) -> None:
    """Raise ValueError where a value is no object, or a key of it holds something else than it should."""
    if not isinstance(value, dict):
        raise ValueError(f"found {shown(value)}, expected a JSON object")
    for key, shape in shapes.items():
        if not _fits(value.get(key), shape):
            raise ValueError(f"{key} is {shown(value[key])}, expected {_in_words(shape)}")


def shown(value: Any) -> str:
    """A value in a few signs, for an error."""
    return _cut(json.dumps(value, ensure_ascii=False, default=repr))


_TOO_DEEP = f"values nested more than {DEEPEST} deep"


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of it")


def _beyond(value: Any, finite: bool) -> str:
    """What is beyond the bounds about a single value, in words; "" for nothing."""
    if isinstance(value, int) and not -LARGEST_NUMBER <= value < LARGEST_NUMBER:
        return "a whole number beyond 64 bits"
    if finite and isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"a text of {len(value):,} signs"
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _fits(value: Any, shape: Shape) -> bool:
    if value is None:
        return True
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_fits(item, shape[str]) for item in value.values())
    return type(value) is shape or (shape is float and type(value) is int)


def _in_words(shape: Shape) -> str:
    if isinstance(shape, list):
        return f"a list, of each item {_in_words(shape[0])}"
    if isinstance(shape, dict):
        return f"an object, of each key {_in_words(shape[str])}"
    return _WORDS[shape]
