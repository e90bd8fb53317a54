"""Batches: the training music as windows that depend on seed and step alone, so that resuming equals going straight.

In: a codec, a corpus, settings and a step. Out: what is read and what is foreseen, a place further on. What a time
through the music is (one row of text, tunes in a new order with notes told, pieces transposed) is the codec's
`Repertoire`; where windows begin in it is said here, as the lab draws them. This file trains nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.split import share_of
from tunewright.support.errors import CorpusError
from tunewright.tokens.contract import AnyCodec, Repertoire, expect_kind
from tunewright.training.config import Config

_NONE_COVERED = {  # by kind of music
    "tune": "{}: no tune to train on that the tokens cover; expected at least one",
    "piece": "no piece to train on that the tokens cover; expected at least one",
}


@dataclass(frozen=True, slots=True)
class Joined:
    """The music once through: ids (N,), an end before and after each tune or piece; what is read for them; begins.

    `rows` (N, 1 + K) are None where ids are read alone.
    """

    ids: Tensor
    rows: Tensor | None
    begins: Tensor


class Windows:
    """What the steps of a training read: windows of the music, time through after time through."""

    def __init__(self, repertoire: Repertoire, config: Config) -> None:
        self.repertoire, self.config = repertoire, config
        total = repertoire.ids + 1
        self.length = min(config.data.seq_length, total - 1)  # of a window, in ids
        self.density = repertoire.notes / total  # notes per id
        self.steps = max(1, total // (config.data.batch_size * self.length))  # that a time through takes
        self.notes = config.data.batch_size * self.length * self.density  # that a step reads
        self._joined: tuple[int, Joined] | None = None

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (size, length), or (size, length, 1 + K), and targets (size, length), one place further on."""
        config, joined = self.config, self.joined(step // self.steps if self.repertoire.varies else 0)
        size, share, total = config.data.batch_size, config.data.start_share, len(joined.ids)
        starts = window_starts(total, step, size, self.length, config.seed, joined.begins, share)
        places = starts[:, None] + torch.arange(self.length)
        read = joined.ids if joined.rows is None else joined.rows
        return read[places].long(), joined.ids[places + 1].long()

    def joined(self, time: int) -> Joined:
        """The music of a time through; only the last one is kept."""
        if self._joined is None or self._joined[0] != time:
            self._joined = (time, self._join(np.random.default_rng((self.config.seed, time))))
        return self._joined[1]

    def _join(self, rng: np.random.Generator) -> Joined:
        read = list(self.repertoire.time_through(rng))
        ids, rows = [one for one, _ in read], [row for _, row in read if row is not None]
        begins = list(accumulate(map(len, ids), initial=0))[:-1]
        joined_ids = torch.from_numpy(np.concatenate([*ids, ids[0][:1]]))  # all begin with the end before them
        joined_rows = torch.from_numpy(np.concatenate([*rows, rows[0][:1]])) if rows else None
        return Joined(joined_ids, joined_rows, torch.tensor(begins))


def build_windows(codec: AnyCodec, corpus: Corpus[Any], config: Config, refused: Counter[str] | None = None) -> Windows:
    """The windows of a corpus; why music could not be encoded is counted in `refused`. CorpusError where none can."""
    reasons = Counter[str]() if refused is None else refused
    repertoire = codec.repertoire(chosen_music(codec, corpus, config), config.tokens, reasons)
    if not repertoire.ids:
        raise CorpusError(_NONE_COVERED[codec.of.kind].format(corpus.name))
    return Windows(repertoire, config)


def chosen_music(codec: AnyCodec, corpus: Corpus[Any], config: Config) -> list[Any]:
    """The training music that a config has a model learn from; CorpusError where there is none."""
    music, kind = expect_kind(codec.of, corpus.train), codec.of.kind
    if not music:
        held_out = f"{len(corpus.valid):,} to choose by, {len(corpus.test):,} to test with"
        found = f"no {kind}s to train on: all are held out ({held_out})"
        raise CorpusError(f"{corpus.name}: {found}; expected a larger collection")
    if config.data.regular_only:
        regular = [one for one in music if not one.irregular]
        if not regular:
            found = f"no {kind}s to train on: all {len(music):,} to learn from have bars that do not add up"
            raise CorpusError(f"{corpus.name}: {found}, which regular_only leaves out; expected regular_only=false")
        music = regular
    return share_of(music, config.data.train_share)


def window_starts(
    total: int, step: int, size: int, length: int, seed: int, begins: Tensor | None = None, share: float = 0.0
) -> Tensor:
    """Where the windows of a step begin (size,) in a row of `total` ids: anywhere, but about `share` at `begins`.

    The same for the same arguments, whatever was drawn before.
    """
    generator = torch.Generator().manual_seed(mix(seed, step))
    starts = torch.randint(total - length, (size,), generator=generator)
    if begins is not None and share:
        chosen = begins[torch.randint(len(begins), (size,), generator=generator)].clamp(max=total - length - 1)
        starts = starts.where(torch.rand(size, generator=generator) >= share, chosen)
    return starts


def mix(seed: int, step: int) -> int:
    """A seed for one step of a run with a seed of its own."""
    return (seed * 1_000_003 + step) % 2**63
