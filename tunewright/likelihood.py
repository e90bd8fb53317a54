"""How well a model foresees tunes: nats per character and bits per note.

In: a model, its tokenizer and whole tunes, each read from a zero state. Out: `Likelihood`. A tune's header is
given and not scored in bits per note; its body and its end are. This file draws nothing and keeps nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tunewright.models import State
from tunewright.tokens import CharTokenizer, body_start
from tunewright.tune import Tune

ROWS = 64  # tunes read at once
PIECE = 256  # characters read at once

Forward = Callable[[Tensor, State | None], tuple[Tensor, State]]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What a model makes of a set of tunes, over all of them; NaN where there are none."""

    nats_per_character: float  # header, body and end
    body_nats_per_character: float  # body and end
    bits_per_note: float  # of body and end
    characters: int
    notes: int
    unseen: int  # characters that the tokenizer does not know


@dataclass(frozen=True, slots=True)
class Passage:
    """A tune as scored: its ids with the end before and after, where its body begins, how many notes it has."""

    ids: tuple[int, ...]
    body: int  # place in `ids` of the first character of the body
    notes: int


def encode_passages(tokenizer: CharTokenizer, tunes: Sequence[Tune]) -> list[Passage]:
    """One `Passage` per tune."""
    passages = []
    for tune in tunes:
        text = tokenizer.text_of(tune)
        ids = (tokenizer.END, *tokenizer.encode_text(text), tokenizer.END)
        passages.append(Passage(ids, 1 + body_start(text), len(tune.notes)))
    return passages


def likelihood(forward: Forward, passages: Sequence[Passage], device: torch.device) -> Likelihood:
    """Likelihood of whole tunes; `forward` is a model in evaluation mode, under whatever autocast it needs."""
    total = body = characters = scored = 0.0
    in_order = sorted(passages, key=lambda passage: len(passage.ids))
    for start in range(0, len(in_order), ROWS):
        chunk = in_order[start : start + ROWS]
        for passage, losses in zip(chunk, _losses(forward, chunk, device), strict=True):
            total += float(losses.sum())
            body += float(losses[passage.body - 1 :].sum())
            characters += len(losses)
            scored += len(losses) - (passage.body - 1)
    notes = sum(passage.notes for passage in passages)
    unseen = sum(passage.ids.count(CharTokenizer.UNKNOWN) for passage in passages)
    return Likelihood(
        total / characters if characters else math.nan,
        body / scored if scored else math.nan,
        body / math.log(2) / notes if notes else math.nan,
        int(characters),
        notes,
        unseen,
    )


@torch.no_grad()
def _losses(forward: Forward, chunk: Sequence[Passage], device: torch.device) -> Iterator[Tensor]:
    """Nats of every character after the first of each passage, fp64 on the CPU; read in pieces to bound memory."""
    longest = max(len(passage.ids) for passage in chunk)
    ids = torch.zeros(len(chunk), longest, dtype=torch.long)  # (B, T)
    for row, passage in enumerate(chunk):
        ids[row, : len(passage.ids)] = torch.tensor(passage.ids)
    ids = ids.to(device)
    state: State | None = None
    losses = []
    for start in range(0, longest - 1, PIECE):
        stop = min(start + PIECE, longest - 1)
        logits, state = forward(ids[:, start:stop], state)
        targets = ids[:, start + 1 : stop + 1]
        losses.append(F.cross_entropy(logits.float().transpose(1, 2), targets, reduction="none"))  # (B, piece)
    table = torch.cat(losses, 1).double().cpu()
    yield from (row[: len(passage.ids) - 1] for row, passage in zip(table, chunk, strict=True))
