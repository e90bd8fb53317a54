"""JSON in which one value is something else."""

from __future__ import annotations

from random import Random
from typing import Any


def changed(content: Any, rng: Random) -> Any:
    """A value with one of its parts something else."""
    strange = (None, -1, 10**30, 1.5, True, "", "x" * 2_000, "\x1b[31m\n", [], [[[]]], {}, {"a": {"b": None}}, 1e308)
    if isinstance(content, dict) and content and rng.random() < 0.9:
        key = rng.choice(sorted(content))
        return content | {key: changed(content[key], rng)}
    if isinstance(content, list) and content and rng.random() < 0.9:
        place = rng.randrange(len(content))
        return [*content[:place], changed(content[place], rng), *content[place + 1 :]]
    return rng.choice(strange)
