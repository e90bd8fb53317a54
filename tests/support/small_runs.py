"""A few real tunes and small settings, for the tests of what learns and draws."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch

from tunewright.corpus.corpus import Corpus
from tunewright.formats.abc import parse_abc
from tunewright.models.settings import MODELS
from tunewright.music.kinds import M
from tunewright.music.tune import Tune
from tunewright.training.config import Config
from tunewright.training.loop import train_steps
from tunewright.training.progress import Progress

torch.set_num_threads(1)  # models this small gain nothing from more, and lose much on a busy machine

SMALL = Config(
    text="canonical",
    embedding_dim=12,
    hidden_size=20,
    num_layers=2,
    dropout=0.2,
    batch_size=4,
    seq_length=30,
    num_training_iterations=8,
    eval_every=3,
    learning_rate=1e-2,
    schedule="cosine",
    warmup=2,
    clip=1.0,
    precision="fp32",
    device="cpu",
)


def small(cell: str) -> Config:
    """The small settings with this cell."""
    settings: dict[str, Any] = {"num_heads": 2} if MODELS[cell].attends else {}
    return SMALL.with_(cell=cell, **settings)


def corpus_of(train: Sequence[M], valid: Sequence[M] = (), test: Sequence[M] = ()) -> Corpus[M]:
    """A corpus with this split, whatever the families are."""
    split = ("train",) * len(train) + ("valid",) * len(valid) + ("test",) * len(test)
    return Corpus("small", (*train, *valid, *test), split, tuple(range(len(split))))


@cache
def real_tunes() -> tuple[Tune, ...]:
    """The first fifty tunes of O'Neill's, from the installed music21."""
    spec = importlib.util.find_spec("music21")
    assert spec is not None
    assert spec.origin is not None
    return tuple(parse_abc(Path(spec.origin).parent / "corpus" / "oneills1850" / "0001-0050.abc"))


def small_corpus() -> Corpus[Tune]:
    """Twelve tunes to train on, four held out."""
    tunes = real_tunes()
    return corpus_of(tunes[:12], tunes[12:16], tunes[16:18])


def run_small(
    path: Path,
    config: Config | None = SMALL,
    *,
    resume: bool = False,
    minutes: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Progress]:
    """Train on the small corpus to the end."""
    return list(train_steps(small_corpus(), path, config, resume=resume, minutes=minutes, stop=stop))
