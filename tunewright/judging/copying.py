"""Whether a model that is learning has begun to copy: what it draws, beside what held-out music shares.

In: a corpus, and the tokens and settings of the model that learns it. Out: a `CopyWatch`, which is asked about the
model from time to time and says `Watched`. A held-out loss that still falls says nothing of this where tunes are few.
What a copy is, `measuring.originality` says: half of the music or more in one passage. This file stops nothing itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.generation.generator import Generator
from tunewright.judging.kinds import KINDS
from tunewright.models.contract import Model
from tunewright.music.kinds import Music
from tunewright.tokens.contract import AnyCodec
from tunewright.training.config import Config
from tunewright.training.finetuning import Origin
from tunewright.training.progress import Watched
from tunewright.training.run import is_run, load_run, read_record

DRAWN = 16  # tunes or pieces each time
LONGEST = 600  # ids of a tune, three times those of a usual one: what rambles on is cut
HELD_OUT = 200  # that are looked at, at most, evenly spaced
USUAL_RATE = 0.02  # of real music, where too little is held out to tell
BY_CHANCE = 0.05  # how often so many copies, or more, are drawn by who copies no more often than real music


class CopyWatch:
    """Draws from a model, and counts copies of the training music."""

    def __init__(self, corpus: Corpus[Any], codec: AnyCodec, config: Config) -> None:
        self.codec, self.config, self.kind = codec, config, KINDS[corpus.kind]
        self.index = self.kind.index(corpus.train)
        every = max(1, math.ceil(len(corpus.valid) / HELD_OUT))
        self.real_rate = self._copy_rate(corpus.valid[::every])
        usual = USUAL_RATE if math.isnan(self.real_rate) else max(USUAL_RATE, self.real_rate)
        self.most = most_copies(DRAWN, usual)

    def __call__(self, model: Model) -> Watched:
        """How much of what the model draws is copied, and the reason to stop where that is too much."""
        generator = Generator(model.eval(), self.codec, "", "auto", self.config)
        most = LONGEST if self.kind.cut_by_corpus else None
        found = generator.generate(DRAWN, seed=0, max_length=most)
        drawn = [one.music for one in found if one.music is not None]
        rate = self._copy_rate(drawn)
        if math.isnan(rate) or rate * len(drawn) <= self.most:
            return Watched(rate)
        real = "" if math.isnan(self.real_rate) else f", of the held-out ones {self.real_rate:.0%}"
        what = f"{self.kind.name}s drawn have half or more of their notes in one passage of a training {self.kind.name}"
        return Watched(rate, f"{rate:.0%} of {len(drawn)} {what}{real}")

    def _copy_rate(self, music: Sequence[Music]) -> float:
        found = [one for one in self.kind.resemblances(music, self.index) if one.comparable] if music else []
        return sum(one.copied for one in found) / len(found) if found else math.nan


def watch_of(corpus: Corpus[Any], path: Path, origin: Origin | None, config: Config | None) -> CopyWatch | None:
    """What watches a training that goes on from an `origin`, or did when the run in the folder was begun; else None."""
    if origin:
        return CopyWatch(corpus, origin.codec, config or origin.run.config)
    if is_run(path) and read_record(path).get("from"):
        run = load_run(path)
        return CopyWatch(corpus, run.tokenizer, run.config)
    return None


def most_copies(drawn: int, rate: float) -> int:
    """The most copies among so many that chance explains, if copies come at this rate.

    More come in fewer than `BY_CHANCE` of all draws (binomial).

    >>> most_copies(16, 0.02)
    1
    """
    left, copies = 1.0, -1
    while left >= BY_CHANCE and copies < drawn:
        copies += 1
        left -= math.comb(drawn, copies) * rate**copies * (1 - rate) ** (drawn - copies)
    return copies
