"""What is told of a tune that somebody has typed or moved, in a process of its own.

In: ABC. Out: what stands in it, and what is wrong with it where. This file stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.validity import fault_of
from tunewright.music.rhythms import told_rhythm
from tunewright.music.tune import Tune
from tunewright.support.errors import ParseError
from tunewright.tokens.requests import Request, in_key


def facts(tune: Tune) -> dict[str, Any]:
    """What a notebook says of a tune: title, key, metre, rhythm, bars, and whether it is well formed."""
    fault = fault_of(tune)
    return {
        "title": tune.title,
        "key": str(tune.key),
        "meter": str(tune.meter),
        "rhythm": told_rhythm(tune),
        "bars": len(tune.measures),
        "valid": not fault,
        "error": fault,
    }


def read_one(abc: str) -> dict[str, Any]:
    """The facts of the one tune of a text; ParseError where it cannot be read, or there are several."""
    tunes = parse_abc(abc)
    if len(tunes) > 1:
        raise ParseError(f"there are {len(tunes)} tunes; expected one", tunes[1].source)
    return facts(tunes[0])


def move(abc: str, key: str) -> dict[str, Any]:
    """The tune in another key, as `abc`, and its facts; ConfigError for a key of another mode."""
    wanted = Request(key=key).key
    assert wanted is not None
    moved = in_key(parse_abc(abc)[0], wanted)
    return {"abc": format_abc(moved), **facts(moved)}


TASKS: Mapping[str, Callable[..., Any]] = {"read_one": read_one, "move": move}
