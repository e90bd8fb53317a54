"""Where a listener would raise an eyebrow: how little a run foresaw each note of a tune.

In: a generator and a tune. Out: bits per written note. A note's bits are those of the signs or
tokens that say its pitch and length: in text its accidental, letter, octave, length and tie, the tuplet sign before it
and the broken rhythm after it; among musical tokens its pitch, its length, its tie and the tuplet before it. Bar
lines, ornaments, slurs and chord symbols belong to no note, so the bits of the notes sum to less than those of the
tune. In text, that a note is as short as its letter alone says is foreseen by the sign after it.

This file draws nothing and scores no set (`foresight`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tunewright.generation.foresight import forward
from tunewright.generation.generator import Generator
from tunewright.models.likelihood import token_losses
from tunewright.music.tune import Tune
from tunewright.tokens.contract import encode_passages


def surprise(generator: Generator, tune: Tune) -> tuple[float, ...]:
    """Bits of each note of `tune.notes`, given everything before it: -log2 of the probability that the run gave it.

    0 is a note that had to come, 1 one of two, 10 one in a thousand. NaN for a note with a character that training
    never saw, and for all notes of a tune that the run's tokens do not cover (`encode` says why) or whose text holds
    more than one line of melody.
    """
    return surprises(generator, [tune])[0]


def surprises(generator: Generator, tunes: Sequence[Tune]) -> list[tuple[float, ...]]:
    """The same of many tunes, read side by side."""
    found = [(math.nan,) * len(tune.notes) for tune in tunes]
    passages = {
        place: passage for place, tune in enumerate(tunes) for passage in encode_passages(generator.tokenizer, [tune])
    }
    losses = token_losses(forward(generator), list(passages.values()), generator.model.device)
    for (place, passage), nats in zip(passages.items(), losses, strict=True):
        bits = [math.nan, *(float(one) / math.log(2) for one in nats)]  # the first id is given
        unknown = generator.tokenizer.never  # what stands for a character that training never saw
        bits = [math.nan if number in unknown else one for number, one in zip(passage.ids, bits, strict=True)]
        found[place] = tuple(generator.tokenizer.note_bits(tunes[place], passage, bits))
    return found
