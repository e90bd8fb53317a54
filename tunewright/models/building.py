"""The models there are, by the name that settings give them, and the first weights of one.

In: settings, the sizes of a vocabulary and of what is read beside an id. Out: a `Model`. A new kind of model is a file
of its own and a line in `MODELS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from tunewright.models.contract import Model
from tunewright.models.recurrent import RecurrentModel
from tunewright.models.settings import ModelSettings

Build = Callable[[ModelSettings, int, Sequence[int], int], Model]

MODELS: Mapping[str, Build] = {"lstm": RecurrentModel, "gru": RecurrentModel, "rnn": RecurrentModel}


def build_model(
    settings: ModelSettings, vocab_size: int, context_sizes: Sequence[int] = (), direct: int = 0, *, seed: int = 0
) -> Model:
    """The model that settings describe, its first weights drawn from the seed.

    `context_sizes`: of how many values each of the integers is that stand beside an id; the first `direct` of them
    also speak to the logits themselves.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MODELS[settings.cell](settings, vocab_size, context_sizes, direct)
