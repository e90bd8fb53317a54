"""Where a listener would raise an eyebrow: how little a run foresaw each note of a tune.

In: a generator and a tune. Out: bits per written note, and colours for them. A note's bits are those of the signs or
tokens that say its pitch and length: in text its accidental, letter, octave, length and tie, the tuplet sign before it
and the broken rhythm after it; among musical tokens its pitch, its length, its tie and the tuplet before it. Bar
lines, ornaments, slurs and chord symbols belong to no note, so the bits of the notes sum to less than those of the
tune. In text, that a note is as short as its letter alone says is foreseen by the sign after it.

This file draws nothing (`render` takes the colours) and scores no set (`likelihood`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from tunewright.formats.abc.signs import NOTE_SIGN, SIGNS, is_music
from tunewright.formats.abc.splitting import FIELD_LINE, strip_comment
from tunewright.generation.tunes import Generator
from tunewright.models.contract import Forward, State
from tunewright.models.cpu.recurrence import BF16
from tunewright.models.devices import choose_precision
from tunewright.models.likelihood import token_losses
from tunewright.music.tune import Tune
from tunewright.tokens.characters.tokenizer import CharTokenizer, body_start
from tunewright.tokens.contract import Passage, Tokenizer, encode_passages
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

COLOURS = ((5.0, "#a06a00"), (8.0, "#d0006f"))  # from so many bits on


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
    device = next(generator.model.parameters()).device
    losses = token_losses(forward(generator), list(passages.values()), device)
    for (place, passage), nats in zip(passages.items(), losses, strict=True):
        bits = _of_ids(passage.ids, nats, generator.tokenizer)
        found[place] = tuple(_of_notes(tunes[place], passage, bits, generator.tokenizer))
    return found


def forward(generator: Generator) -> Forward:
    """The generator's model as `likelihood` reads it, in the precision that it was trained in."""
    device = next(generator.model.parameters()).device
    precision = choose_precision(generator.precision, generator.config, device)

    def read(ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        with torch.autocast(device.type, dtype=BF16, enabled=precision == "bf16"):
            logits, state = generator.model(ids, state)
        return logits, state

    return read


def heat(bits: Sequence[float]) -> dict[int, str]:
    """A colour for each surprising note, by its place: the redder, the less expected; others, and NaN, stay black.

    Amber from 5 bits on (rarer than 1 in 32), magenta from 8 (1 in 256): both stand out on white (contrast over 4.5),
    and no kind of colour blindness takes one for the other or for black. A third step between would be lost on some.

    >>> heat([0.5, 5.0, 12.0])
    {1: '#a06a00', 2: '#d0006f'}
    """
    return {place: colour for place, one in enumerate(bits) for least, colour in COLOURS if one >= least}


def _of_notes(tune: Tune, passage: Passage, bits: Sequence[float], tokenizer: Tokenizer) -> list[float]:
    """Bits of each note, from bits of each id."""
    if isinstance(tokenizer, CharTokenizer):
        return _of_text(tokenizer.text_of(tune), bits, len(tune.notes))
    assert isinstance(tokenizer, DegreeTokenizer), "pieces have no scores to colour"
    return _of_tokens(passage, bits, tokenizer)


def _of_ids(ids: Sequence[int], nats: Tensor, tokenizer: Tokenizer) -> list[float]:
    """Bits of each id; NaN for the first, which is given, and for a character that training never saw."""
    bits = [math.nan, *(float(one) / math.log(2) for one in nats)]
    unknown = CharTokenizer.UNKNOWN if isinstance(tokenizer, CharTokenizer) else None
    return [math.nan if number == unknown else one for number, one in zip(ids, bits, strict=True)]


# ------------------------------------------------------------------------------------------------ musical tokens


def _of_tokens(passage: Passage, bits: Sequence[float], tokenizer: DegreeTokenizer) -> list[float]:
    """Bits of each note. A note is one token, or a length and a pitch; grace notes stand in brackets."""
    rests = {tokenizer.ids[rest] for rest in ("z", "x")}
    tie, opens, closes = tokenizer.ids["-"], tokenizer.ids.get("{"), tokenizer.ids.get("}")
    notes: list[float] = []
    before, grace = 0.0, False  # the tuplet and the length that the next note or rest has
    for number, one in zip(passage.ids[passage.body :], bits[passage.body :], strict=True):
        grace = number == opens or (grace and number != closes)
        sound = tokenizer.timed[number][1] if number in tokenizer.timed else number
        if number in tokenizer.tuplets or number in tokenizer.lengths:
            before += one
        elif number == tie:
            notes[-1] += one
        elif sound in rests:
            before = 0.0
        elif sound in tokenizer.pitches and not grace:
            notes.append(before + one)
            before = 0.0
    return notes


# ------------------------------------------------------------------------------------------------ characters


def _of_text(text: str, bits: Sequence[float], notes: int) -> list[float]:
    """Bits of each note of a text; `bits` begin with the end of the tune before."""
    spans = list(note_spans(text))
    if len(spans) != notes:
        return [math.nan] * notes
    return [sum(bits[1 + place] for place in span) for span in spans]


def note_spans(text: str) -> Iterator[tuple[int, ...]]:
    """The places in a tune's text of the signs of each of its notes, in order; rests and grace notes have none."""
    signs = [(sign.lastgroup, start + sign.start(), sign[0]) for start, line in _music(text) for sign in _signs(line)]
    tuplet: tuple[int, ...] = ()  # places of the tuplet sign that the next note has
    span: tuple[int, ...] = ()
    for kind, start, sign in signs:
        places = tuple(range(start, start + len(sign)))
        if kind in ("note", "chord", "rest") and span:
            yield span
            span = ()
        if kind == "note" or (kind == "chord" and NOTE_SIGN.search(sign)):
            tuplet, span = (), tuplet + places
        elif kind == "rest":
            tuplet = ()
        elif kind == "tuplet":
            tuplet = places
        elif kind in ("tie", "broken") and span:
            span += places
    if span:
        yield span


def _music(text: str) -> Iterator[tuple[int, str]]:
    """The lines of music after the header, without comments, and where each begins in the text."""
    start = body_start(text)
    for line in text[start:].splitlines(keepends=True):
        plain = strip_comment(line)
        field = FIELD_LINE.match(plain)
        if not field or is_music(field):
            yield start, plain
        start += len(line)


def _signs(line: str) -> Iterator[re.Match[str]]:
    return SIGNS.finditer(line)
