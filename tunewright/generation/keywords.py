"""Drawing by keywords: what is asked for and how to draw in one call, as `Request` and `Decoding` say it in two.

In: a run, or a generator, and keywords. Out: what `Generator.generate` and `Generator.stream` give. This file draws
nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tunewright.generation.decoding import Decoding, Temperature
from tunewright.generation.drawn import Drawn, Streamed
from tunewright.generation.generator import Generator, load_generator
from tunewright.music.piece import Piece
from tunewright.support.errors import ConfigError
from tunewright.tokens.requests import Request
from tunewright.training.run import Run

Source = Generator | Run | str | Path
_ASKED = ("start", "given", "free")  # of `Request`
_DECODED = ("top_k", "top_p", "min_p", "repeats")  # of `Decoding.of`


def generate(source: Source, n: int = 1, *, temperature: Temperature = 1.0, **keywords: Any) -> Drawn[Any]:
    """`n` new tunes, or pieces of several parts, in order, with seeds `seed`, `seed + 1` and so on.

    Keywords are those of `Decoding.of`, `request` or those of `Request`, and those of `Generator.generate`, which says
    more. Raises RunError, and ConfigError before anything is drawn.
    """
    request, decoding, others = _told(temperature, keywords)
    return _generator(source).generate(n, request, decoding, **others)


def generate_pieces(
    source: Source,
    n: int = 1,
    *,
    start: Piece | None = None,
    bars: int = 0,
    max_length: int = 0,
    **keywords: Any,
) -> Drawn[Piece]:
    """The same of pieces alone; `bars` and `max_length` 0 for as many as they like. ConfigError for a run of tunes."""
    generator = _generator(source)
    if generator.tokenizer.of is not Piece:
        raise ConfigError(f"{generator.name or 'the model'} draws tunes; expected generate, or a run with tokens=remi")
    if max_length < 0:
        raise ConfigError(f"max_length is {max_length}; expected 0, for what is usual, or more")
    asked = Request(bars=bars or None, start=start or "")
    return generate(generator, n, request=asked, max_length=max_length or None, **keywords)


def stream(source: Source, *, temperature: Temperature = 1.0, **keywords: Any) -> Streamed[Any]:
    """The text of one new tune or piece, chunk by chunk as it is written; see `Generator.stream`.

    Raises what `generate` raises.
    """
    request, decoding, others = _told(temperature, keywords)
    return _generator(source).stream(request, decoding, **others)


def _generator(source: Source) -> Generator:
    return source if isinstance(source, Generator) else load_generator(source)


def _told(temperature: Temperature, keywords: dict[str, Any]) -> tuple[Request, Decoding, dict[str, Any]]:
    """What is asked for, how to draw it, and the other keywords."""
    asked = {name: keywords.pop(name) for name in _ASKED if keywords.get(name)}
    decoded = {name: keywords.pop(name) for name in _DECODED if name in keywords}
    request = replace(keywords.pop("request", None) or Request(), **asked)
    others = {name: value for name, value in keywords.items() if name not in _ASKED}
    return request, Decoding.of(temperature, **decoded), others
