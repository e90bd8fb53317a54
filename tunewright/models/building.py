"""A model as settings describe it, with its first weights.

In: settings, the sizes of a vocabulary and of what is read beside an id. Out: a `Model`, or the shapes of its weights.
Which there are is said in `settings.MODELS`.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from tunewright.models.contract import Model
from tunewright.models.settings import MODELS, ModelSettings
from tunewright.support.errors import ConfigError, out_of_memory

MOST_WEIGHTS = 2**30  # 4 GB, and four times as much while it learns; the lab's largest has 9 million


def build_model(
    settings: ModelSettings, vocab_size: int, context_sizes: Sequence[int] = (), direct: int = 0, *, seed: int = 0
) -> Model:
    """The model that settings describe, its first weights drawn from the seed.

    `context_sizes`: of how many values each of the integers is that stand beside an id; the first `direct` of them
    also speak to the logits themselves. ConfigError for a model that has more weights than there can be, or than the
    memory holds.
    """
    weights = sum(map(math.prod, weight_shapes(settings, vocab_size, context_sizes, direct).values()))
    size = f"{weights:,} weights (hidden_size {settings.hidden_size:,}, num_layers {settings.num_layers:,})"
    if weights > MOST_WEIGHTS:
        raise ConfigError(f"a model of {size}; expected at most {MOST_WEIGHTS:,}")
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _builder(settings)(settings, vocab_size, context_sizes, direct)
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            raise ConfigError(f"too little memory for a model of {size}") from None
        raise


def weight_shapes(
    settings: ModelSettings, vocab_size: int, context_sizes: Sequence[int] = (), direct: int = 0
) -> dict[str, tuple[int, ...]]:
    """The shape of each weight of that model by its name, without making one."""
    build = _builder(settings)  # loaded before: what a module makes when it is loaded has to be real
    with torch.device("meta"):
        model = build(settings, vocab_size, context_sizes, direct)
    return {name: tuple(weight.shape) for name, weight in model.state_dict().items()}


def misfit(shapes: Mapping[str, Sequence[int]], weights: Mapping[str, Tensor]) -> str:
    """Where these weights are not of these shapes, in words that name the first one; "" where they are."""
    for name in (*shapes, *weights):
        expected = list(shapes[name]) if name in shapes else "no such weight"
        found = list(weights[name].shape) if name in weights else "none"
        if found != expected:
            return f"{name}: found {found}, expected {expected}"
    return ""


def _builder(settings: ModelSettings) -> Callable[[ModelSettings, int, Sequence[int], int], Model]:
    file, _, name = MODELS[settings.cell].place.partition(":")
    build: Callable[[ModelSettings, int, Sequence[int], int], Model]
    build = getattr(importlib.import_module(f"{__package__}.{file}"), name)
    return build
