"""Going on from what another run has learned, with another collection: its tokens, its model and its weights.

In: a trained run, or "base", and how many tunes or pieces there are to learn from. Out: an `Origin`, and settings for a
training that begins there. What is learned from may have notes that are no token of the run: they are spelled as length
and pitch. This file trains nothing (`loop`), and what is a copy is not its to say (`judging.copying`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from tunewright.models.building import weight_shapes
from tunewright.support.errors import ConfigError
from tunewright.tokens.contract import AnyCodec
from tunewright.training.base import run_folder
from tunewright.training.config import Config
from tunewright.training.run import BEST, Run, load_run
from tunewright.training.state import load_weights

UNWATCHED_STEPS = 20  # where nothing is held out to say when it is enough
FEWEST_HELD_OUT = 5  # tunes that can say when it is enough
FEWEST_STEPS, MOST_STEPS = 40, 160  # the most take about a minute on two cores
FEW, MANY = 100, 800  # tunes: from few to many, steps grow from the fewest to the most
LOOKS = 8  # at held-out music, and at copies among what is drawn
PATIENCE = 4  # of them without an improvement: the first steps, at their largest, may well lose a little
LEARNING_RATE = 1e-3  # a fifth of that of a model that knows nothing
WARMUP = 5  # steps
BATCH_SIZE = 16  # half of the default: a small collection has no more windows, and steps are what there is time for
DROPOUT = (0.6, 0.4)  # of few tunes and of many, of which fewer are learned by heart
WEIGHT_DROPOUT = (0.6, 0.5)
OF_NEITHER = ("told_share", "transpose")  # settings of tokens that leave the vocabulary as it is


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The run that a training goes on from, and its weights."""

    name: str  # as the user called it
    run: Run
    weights: Mapping[str, Tensor]

    @property
    def codec(self) -> AnyCodec:
        """The tokens that it reads and writes."""
        return self.run.tokenizer

    @property
    def told(self) -> dict[str, Any]:
        """What the record of a run that goes on from it says of it."""
        digest = hashlib.sha256((self.run.path / BEST).read_bytes()).hexdigest()
        about = {name: self.run.summary.get(name) for name in ("corpus", "fingerprint", "bits_per_note")}
        return {"run": self.name, "weights": digest[:16], **about}


def load_origin(named: Run | str | Path) -> Origin:
    """A run, or "base", with its best weights; RunError where it is missing, broken, untrained or does not fit."""
    run = named if isinstance(named, Run) else load_run(run_folder(named))
    return Origin(str(run.path) if isinstance(named, Run) else str(named), run, load_weights(run))


def finetuning(origin: Origin, music: int, held_out: int) -> Config:
    """The settings for going on from a run with so many tunes or pieces to learn from, and so many to choose by.

    Tokens and model are the run's; there are fewer and smaller steps than it took, more dropout the less music there
    is, and looks enough to stop in time.
    """
    share = min(1.0, max(0.0, (music - FEW) / (MANY - FEW)))
    steps = round(FEWEST_STEPS + share * (MOST_STEPS - FEWEST_STEPS)) if held_out else UNWATCHED_STEPS
    return origin.run.config.with_(
        num_training_iterations=steps,
        eval_every=max(1, steps // LOOKS),
        patience=PATIENCE,
        learning_rate=LEARNING_RATE,
        schedule="cosine",
        warmup=WARMUP,
        batch_size=BATCH_SIZE,
        dropout=_between(DROPOUT, share),
        weight_dropout=_between(WEIGHT_DROPOUT, share),
        train_share=1.0,
        precision="auto",
        device="auto",
        seed=0,
    )


def _between(ends: tuple[float, float], share: float) -> float:
    few, many = ends
    return round(few + share * (many - few), 2)


def check_origin(origin: Origin, config: Config) -> None:
    """ConfigError where settings ask for other tokens or another model than the run has whose weights are to be had."""
    codec, before = origin.codec, origin.run.config
    sizes = (len(codec.vocab), codec.context_sizes, codec.direct)
    same = {name: getattr(before.tokens, name) for name in OF_NEITHER}
    if replace(config.tokens, **same) != before.tokens:
        raise ConfigError(f"other tokens than those of {origin.name}; its weights are for its own tokens alone")
    if weight_shapes(config.model, *sizes) != weight_shapes(before.model, *sizes):
        raise ConfigError(f"another model than that of {origin.name}; expected its cells, layers and sizes")
