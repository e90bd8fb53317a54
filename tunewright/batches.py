"""What a training step reads: windows of the joined training text.

In: a corpus and its tokenizer. Out: one row of ids, and for every step the same windows of it, whatever was drawn
before. This file trains nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from tunewright.config import Config
from tunewright.corpus import Corpus, tune_id
from tunewright.errors import CorpusError
from tunewright.tokens import CharTokenizer
from tunewright.tune import Tune


def batch_at(
    data: Tensor, step: int, size: int, length: int, seed: int, begins: Tensor | None = None, share: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Inputs and targets (size, length): random windows of `data` (N,), the targets one place further on.

    The same for the same arguments, whatever was drawn before. As the lab draws them, but that about `share` of the
    windows begin at one of `begins`.
    """
    generator = torch.Generator().manual_seed(mix(seed, step))
    starts = torch.randint(len(data) - length, (size,), generator=generator)
    if begins is not None and share:
        chosen = begins[torch.randint(len(begins), (size,), generator=generator)].clamp(max=len(data) - length - 1)
        starts = starts.where(torch.rand(size, generator=generator) >= share, chosen)
    windows = data[starts[:, None] + torch.arange(length + 1)].long()
    return windows[:, :-1], windows[:, 1:]


def joined_text(tokenizer: CharTokenizer, corpus: Corpus, config: Config) -> tuple[Tensor, float]:
    """The training tunes as one row of ids (N,), an end before and after each, and its notes per character."""
    tunes = share_of(
        [tune for tune in corpus.train if not (config.regular_only and tune.irregular)], config.train_share
    )
    if not tunes:
        raise CorpusError(f"{corpus.name}: no tunes to train on; expected at least one in the training split")
    ids = [tokenizer.END]
    for tune in tunes:
        ids += [*tokenizer.encode(tune), tokenizer.END]
    return torch.tensor(ids, dtype=torch.int32), sum(len(tune.notes) for tune in tunes) / len(ids)


def share_of(tunes: Sequence[Tune], share: float) -> list[Tune]:
    """At least one and about `share` of the tunes, in their order; a larger share has all tunes of a smaller one."""
    by_hash = sorted(tunes, key=lambda tune: hashlib.sha256(f"share {tune_id(tune)}".encode()).digest())
    chosen = set(map(id, by_hash[: math.ceil(share * len(by_hash))]))
    return [tune for tune in tunes if id(tune) in chosen]


def mix(seed: int, step: int) -> int:
    """A seed for one step of a run with a seed of its own."""
    return (seed * 1_000_003 + step) % 2**63
