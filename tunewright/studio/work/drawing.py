"""Tunes drawn by a process that keeps models at hand.

In: a run's folder, a request in words. Out: what is written so far at each bar, then the tune. This file stores
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from tunewright.generation.decoding import Decoding
from tunewright.generation.generator import Generator, load_generator
from tunewright.tokens.requests import Request
from tunewright.training.base import BASE, has_base, run_folder
from tunewright.training.run import default_temperature

MODELS = 4  # that are kept at hand


def warm() -> None:
    """Have the model in the box at hand, its weights packed."""
    if has_base():
        for _ in _generator(BASE).stream(seed=0):
            pass


@lru_cache(maxsize=MODELS)
def _generator(run: str) -> Generator:
    return load_generator(run)


def draw(run: str, seed: int, words: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A tune as it is written: {"bar": text} for each chunk, then {"tune": …}."""
    generator = _generator(run)
    decoding = Decoding.of(default_temperature(run_folder(run)))
    stream = generator.stream(Request.parse(**words), decoding, seed=seed)
    for chunk in stream:
        yield {"bar": chunk}
    assert stream.drawn is not None
    yield {"tune": {"abc": stream.drawn.text, "valid": stream.drawn.valid, "seed": seed}}


TASKS: Mapping[str, Callable[..., Any]] = {"draw": draw}
