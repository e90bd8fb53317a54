"""Drawing new tunes from a run, many at once.

In: a run (or a model with its tokenizer), what is asked for and how to draw. Out: `Generated`, in order, as they are
done. Tune number i is drawn from random numbers of its own, seeded `seed + i`, which begin anew with every bar, and it
comes out the same whatever is drawn beside it: so a tune depends neither on how many others there are, nor, up to a
bar, on what changes after it.

This file refuses what cannot be had, and settles how each tune begins; the tunes are drawn in a `Session`. It judges
no set of tunes and writes no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from pathlib import Path

import torch

from tunewright.formats.abc.fields import format_key
from tunewright.formats.abc.validity import judge
from tunewright.generation.engine import Schedule
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.sampling import Sampling, sample
from tunewright.generation.session import Infill, Order, Session, Variation
from tunewright.measuring.originals import OriginalityLine
from tunewright.support.errors import ConfigError
from tunewright.support.processes import side_by_side, usable_processes
from tunewright.tokens.characters.grammar import Request as TextRequest
from tunewright.tokens.characters.starts import read_start
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.degrees.plan import fit_start, plan_infill, plan_tune, plan_variation
from tunewright.tokens.degrees.script import CharScript, DegreeScript, DegreeWriter, Script
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.requests import Request, usual_form
from tunewright.training.run import Run

__all__ = ["Generated", "Generator", "Infill", "Sampling", "Variation", "generate", "judge", "load_generator", "sample"]

ROWS = 256  # tunes side by side, at most, unless more are asked for
WORTH_A_PROCESS = 64  # tunes
LONGEST_TEXT = 4000  # characters
LONGEST_MUSIC = 20_000  # musical tokens: the grammar ends a tune long before


def generate(
    source: Generator | Run | str | Path,
    n: int = 1,
    *,
    temperature: float | Mapping[int, float] = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repeats: int = 0,
    seed: int = 0,
    request: Request | None = None,
    start: str = "",
    given: Infill | Variation | None = None,
    free: bool = False,
    best_of: int = 1,
    score: Callable[[Generated], float] | None = None,
    original: OriginalityLine | None = None,
    batch_size: int = ROWS,
    max_length: int | None = None,
    on_bar: Callable[[str], None] | None = None,
    jobs: int = 1,
) -> Iterator[Generated]:
    """`n` new tunes, in order; tune i has seed `seed + i` and is the same whatever `n` and `batch_size` are.

    `temperature` may change at bars, as in `{1: 1.0, 9: 1.4}`: what stands before stays the same. The same bar stands
    at most `repeats` times in a row, where that is not 0. `request` is what is asked of every tune; `start` is ABC to
    begin with, after header fields if it has any; `given` a tune to fill in or to vary. With `free` no grammar holds
    the tunes to anything. Of `best_of` candidates for each tune the one with the highest `score` is taken, by default
    the likelihood per note. A tune that goes beyond the `original` line is drawn anew, at most 20 times, and then left
    out: there may be fewer than `n`. `max_length` tokens is where a tune that does not end is cut. `on_bar` is called
    after each bar line, with the ABC so far, once nothing in it will change. `jobs` processes draw side by side, as
    many as the machine has cores where it is 0; the tunes are the same. Raises RunError, and ConfigError for settings
    out of range and for what cannot be had, before anything is drawn.
    """
    longest = (LONGEST_TEXT, LONGEST_MUSIC)
    generator = source if isinstance(source, Generator) else load_generator(source)
    most = max_length if max_length is not None else longest[isinstance(generator.tokenizer, DegreeTokenizer)]
    if min(n, batch_size, most, best_of) < 1:
        raise ConfigError(
            f"n, batch_size, max_length and best_of are {n}, {batch_size}, {most}, {best_of}; expected at least 1"
        )
    stages = temperature if isinstance(temperature, Mapping) else {1: temperature}
    samplings = tuple((bar, Sampling(degree, top_k, top_p, min_p)) for bar, degree in sorted(stages.items()))
    schedule = Schedule(samplings, repeats)
    order = Order(request or Request(), start, given, free, seed, most, original)
    scripts = _scripts(generator, order)
    session = Session(generator, schedule, order, scripts, n, best_of, score)
    parts = _parts(generator, n, best_of, jobs) if on_bar is None else 1
    if parts == 1:
        return session.generate(batch_size, on_bar)
    _ = generator.stepping  # worked out once, before there are several of us
    sessions = [partial(_alone, session.part(place, parts), batch_size) for place in range(parts)]
    return side_by_side(sessions, order=attrgetter("index"))


def _alone(session: Session, batch_size: int) -> Iterator[Generated]:
    """The tunes of a session in a forked process: the threads that PyTorch had are gone, and waiting for them hangs."""
    torch.set_num_threads(1)
    return session.generate(batch_size, None)


def _parts(generator: Generator, n: int, best_of: int, jobs: int) -> int:
    """How many processes draw: on a GPU one is enough, and for a few tunes a second one is not worth its beginning."""
    on_cpu = next(generator.model.parameters()).device.type == "cpu"
    wanted = jobs or (n * best_of // WORTH_A_PROCESS if on_cpu else 1)
    return usable_processes(min(wanted, n)) if wanted > 1 else 1


def _scripts(generator: Generator, order: Order) -> Callable[[int], Script]:
    """What begins tune number i; ConfigError for what cannot be had."""
    if isinstance(generator.tokenizer, PieceTokenizer):
        raise ConfigError(f"{generator.name or 'the model'} draws pieces of several parts; expected generate_pieces")
    if isinstance(generator.tokenizer, CharTokenizer):
        return _char_scripts(generator, generator.tokenizer, order)
    assert isinstance(generator.tokenizer, DegreeTokenizer)
    return _degree_scripts(generator, generator.tokenizer, order)


def _char_scripts(generator: Generator, tokenizer: CharTokenizer, order: Order) -> Callable[[int], Script]:
    request = order.request
    if order.given:
        raise ConfigError(
            "a model of characters can neither fill in nor vary; expected one trained with tokens=degrees"
        )
    if order.free:
        if request.form or request.bars or request.low:
            raise ConfigError("bars, parts and range were asked for without the grammar, which alone can hold to them")
        asked = {"R": request.rhythm, "M": request.meter, "K": format_key(request.key) if request.key else ""}
        fields = "".join(f"{letter}:{value}\n" for letter, value in asked.items() if value)
        start = read_start(fields + order.start, tokenizer, order.max_length)
        return lambda _: CharScript(tokenizer, start, None, generator.masks)
    start = read_start(order.start, tokenizer, order.max_length)
    form = request.form or (usual_form(request.bars) if request.bars else None)
    asked_text = TextRequest(
        request.meter,
        request.key,
        request.rhythm or None,
        form,
        request.low,
        request.high,
        max_length=order.max_length,
    )
    state = generator.text_grammar.start(asked_text)
    return lambda _: CharScript(tokenizer, start, state, generator.masks)


def _degree_scripts(generator: Generator, tokenizer: DegreeTokenizer, order: Order) -> Callable[[int], Script]:
    given, grammar = order.given, None if order.free else generator.grammar
    if order.free and (given or order.request.low):
        raise ConfigError("filling in, varying and ranges need the grammar; expected no --free")
    if given and (order.start or order.request != Request()):
        raise ConfigError("a tune is given to fill in or vary, which settles key, metre and form; expected no others")
    writer = DegreeWriter(tokenizer, grammar, generator.masks)
    if isinstance(given, Variation):
        plan_variation(tokenizer, given.tune, given.amount, order.seed)  # refused at once, if it has to be
        varied, amount = given.tune, given.amount
        return lambda i: DegreeScript(writer, plan_variation(tokenizer, varied, amount, order.seed + i))
    if isinstance(given, Infill):
        plan = plan_infill(tokenizer, given.tune, given.first, given.last)
    else:
        plan = plan_tune(tokenizer, order.request, order.start)
        plan = plan if order.free else fit_start(plan, generator.grammar)
    return lambda _: DegreeScript(writer, plan)
