"""Drawing by keywords: what is asked for and how to draw in one call, as `Request` and `Decoding` say it in two.

In: a run, or a generator, and keywords. Out: what `Generator.generate` and `Generator.stream` give. This file draws
nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunewright.generation.decoding import Decoding, Temperature
from tunewright.generation.drawn import Drawn, Streamed
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.session import Accepts
from tunewright.music.piece import Piece
from tunewright.support.errors import ConfigError
from tunewright.tokens.requests import Infill, Request, Variation
from tunewright.training.run import Run

Source = Generator | Run | str | Path


def generate(
    source: Source,
    n: int = 1,
    *,
    temperature: Temperature = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repeats: int = 0,
    request: Request | None = None,
    start: str | Piece = "",
    given: Infill | Variation | None = None,
    free: bool = False,
    seed: int = 0,
    best_of: int = 1,
    score: Callable[[Generated[Any]], float] | None = None,
    original: Accepts[Any] | None = None,
    batch_size: int | None = None,
    max_length: int | None = None,
    on_bar: Callable[[str], None] | None = None,
    jobs: int = 1,
) -> Drawn[Any]:
    """`n` new tunes, or pieces of several parts, in order, with seeds `seed`, `seed + 1` and so on.

    The first keywords are those of `Decoding.of`, the next ones those of `Request`, the others those of
    `Generator.generate`, which says more. Raises RunError, and ConfigError before anything is drawn.
    """
    generator = source if isinstance(source, Generator) else load_generator(source)
    asked = _asked(request, start, given, free)
    decoding = Decoding.of(temperature, top_k=top_k, top_p=top_p, min_p=min_p, repeats=repeats)
    return generator.generate(
        n,
        asked,
        decoding,
        seed=seed,
        best_of=best_of,
        score=score,
        original=original,
        batch_size=batch_size,
        max_length=max_length,
        on_bar=on_bar,
        jobs=jobs,
    )


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
    generator = source if isinstance(source, Generator) else load_generator(source)
    if generator.tokenizer.of is not Piece:
        raise ConfigError(f"{generator.name or 'the model'} draws tunes; expected generate, or a run with tokens=remi")
    if max_length < 0:
        raise ConfigError(f"max_length is {max_length}; expected 0, for what is usual, or more")
    request, most = Request(bars=bars or None), max_length or None
    return generate(generator, n, request=request, start=start or "", max_length=most, **keywords)


def stream(
    source: Source,
    *,
    temperature: Temperature = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repeats: int = 0,
    request: Request | None = None,
    start: str | Piece = "",
    given: Infill | Variation | None = None,
    free: bool = False,
    seed: int = 0,
    max_length: int | None = None,
) -> Streamed[Any]:
    """The text of one new tune or piece, chunk by chunk as it is written; see `Generator.stream`.

    Raises what `generate` raises.
    """
    generator = source if isinstance(source, Generator) else load_generator(source)
    decoding = Decoding.of(temperature, top_k=top_k, top_p=top_p, min_p=min_p, repeats=repeats)
    return generator.stream(_asked(request, start, given, free), decoding, seed=seed, max_length=max_length)


def _asked(request: Request | None, start: str | Piece, given: Infill | Variation | None, free: bool) -> Request:
    """The request with what was asked for beside it, which comes first."""
    request = request or Request()
    return replace(request, start=start or request.start, given=given or request.given, free=free or request.free)
