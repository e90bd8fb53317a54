"""A model as settings describe it, with its first weights.

In: settings, the sizes of a vocabulary and of what is read beside an id. Out: a `Model`. Which there are is said in
`settings.MODELS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import torch

from tunewright.models.contract import Model
from tunewright.models.settings import MODELS, ModelSettings


def build_model(
    settings: ModelSettings, vocab_size: int, context_sizes: Sequence[int] = (), direct: int = 0, *, seed: int = 0
) -> Model:
    """The model that settings describe, its first weights drawn from the seed.

    `context_sizes`: of how many values each of the integers is that stand beside an id; the first `direct` of them
    also speak to the logits themselves.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        file, _, name = MODELS[settings.cell].place.partition(":")
        build = getattr(importlib.import_module(f"{__package__}.{file}"), name)
        model: Model = build(settings, vocab_size, context_sizes, direct)
        return model
