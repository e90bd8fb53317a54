"""The models there are, by the name that settings give them, and the first weights of one.

In: a config, the sizes of a vocabulary and of what is read beside an id. Out: a `Model`. A new kind of model is a file
of its own and a line in `MODELS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from tunewright.models.contract import Model
from tunewright.models.recurrent import DIRECT, RecurrentModel
from tunewright.training.config import Config

Build = Callable[[Config, int, Sequence[int], int], Model]

MODELS: Mapping[str, Build] = {"lstm": RecurrentModel, "gru": RecurrentModel, "rnn": RecurrentModel}


def build_model(config: Config, vocab_size: int, context_sizes: Sequence[int] = (), direct: int = DIRECT) -> Model:
    """The model that a config describes, its first weights drawn from the config's seed.

    `context_sizes`: of how many values each of the integers is that stand beside an id; the first `direct` of them
    also speak to the logits themselves.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return MODELS[config.cell](config, vocab_size, context_sizes, direct)
