"""How well what draws music foresees music: bits per note, of a set and of each, by context, and the next sign.

In: a `Generator` and music. Out: numbers, in the precision that its model was trained in; what its tokens do not cover
is left out. The arithmetic is in `models.likelihood`. This file draws nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from tunewright.generation.generator import Generator
from tunewright.models.contract import Forward
from tunewright.models.devices import choose_precision
from tunewright.models.likelihood import (
    Likelihood,
    bits_per_note_by_context,
    likelihood,
    likelihood_interval,
    paced,
    reading,
    rows_of,
    token_losses,
)
from tunewright.music.kinds import Music
from tunewright.tokens.contract import Passage, encode_passages


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected after a beginning, at one temperature."""

    after: str  # the beginning
    temperature: float
    probabilities: tuple[tuple[str, float], ...]  # of the signs most probable at temperature 1, most probable first


def foresight(generator: Generator, music: Sequence[Music]) -> Likelihood:
    """How well music is foreseen as a whole; NaN for none."""
    return likelihood(forward(generator), encode_passages(generator.tokenizer, music), generator.model.device)


def foresight_interval(
    generator: Generator, music: Sequence[Music], seed: int = 0
) -> tuple[Likelihood, Likelihood, Likelihood]:
    """The same, and the ends of its 95 % interval over tunes or pieces."""
    passages = encode_passages(generator.tokenizer, music)
    return likelihood_interval(forward(generator), passages, generator.model.device, seed)


def foresight_by_context(generator: Generator, music: Sequence[Music], contexts: Sequence[int]) -> list[float]:
    """Bits per note where only so many ids before each are seen, for each of `contexts`."""
    passages = encode_passages(generator.tokenizer, music)
    return bits_per_note_by_context(forward(generator), passages, contexts, generator.model.device)


def bits_of_each(generator: Generator, music: Sequence[Music]) -> list[float]:
    """Bits per note of each tune or piece; NaN where the tokens do not cover it, or it has no notes."""
    read = [encode_passages(generator.tokenizer, [one]) for one in music]
    bits = iter(_bits(generator, [passage for passages in read for passage in passages]))
    return [next(bits) / max(passages[0].notes, 1) if passages else math.nan for passages in read]


def _bits(generator: Generator, passages: Sequence[Passage]) -> list[float]:
    """Bits of the body and end of each passage."""
    losses = token_losses(forward(generator), passages, generator.model.device)
    return [float(nats[passage.body - 1 :].sum()) / math.log(2) for nats, passage in zip(losses, passages, strict=True)]


def left_out(generator: Generator, music: Sequence[Music]) -> int:
    """How much of the music the tokens do not cover, so that no number here is of it."""
    reasons = Counter[str]()
    encode_passages(generator.tokenizer, music, reasons)
    return reasons.total()


@torch.no_grad()
def expectations(
    generator: Generator, music: Sequence[Music], temperatures: Sequence[float], *, beginning: int, signs: int
) -> list[Expectation]:
    """What is expected after the first `beginning` signs of the body of the first music that is long enough.

    At each temperature the `signs` that are most probable at temperature 1; empty where nothing is long enough.
    """
    codec = generator.tokenizer
    passages = encode_passages(codec, music)
    passage = next((one for one in passages if len(one.ids) > one.body + beginning), None)
    if passage is None:
        return []
    begun = slice(passage.body, passage.body + beginning)
    read = rows_of(passage)[None, : begun.stop].to(generator.model.device)
    logits = forward(generator)(read, None)[0][0, -1].double().cpu()  # (vocab,)
    logits[list(codec.never)] = -torch.inf  # stands for no sign that could be written
    between = "" if codec.unit == "character" else " "
    after = between.join(codec.vocab[number] for number in passage.ids[begun])
    best = logits.topk(min(signs, len(logits) - 1)).indices.tolist()
    found = []
    for temperature in temperatures:
        chances = torch.softmax(logits / max(temperature, 1e-6), 0)
        expected = tuple((codec.vocab[place], float(chances[place])) for place in best)
        found.append(Expectation(after, temperature, expected))
    return found


def forward(generator: Generator) -> Forward:
    """The generator's model as `likelihood` reads it, in the precision that it was trained in."""
    model = generator.model
    precision = choose_precision(generator.precision, generator.config.model, model.device)
    return paced(reading(model, precision), model.device)
