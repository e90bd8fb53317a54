"""Which models there are, and how large one is, of what cells, and what is left out while it learns.

In: names and values. Out: frozen `ModelSettings`, checked. A new kind of model is a file of its own and a line in
`MODELS`. This file builds nothing (`building`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tunewright.support.settings import check_settings, choice, number

LARGEST_SIZE = 2**15  # of an embedding or a layer: one such layer of LSTM cells has 8 thousand million weights
MOST_LAYERS = 100  # deeper recurrent networks than ten layers have not been seen to learn


@dataclass(frozen=True, slots=True)
class ModelKind:
    """Where a model is defined, and whether the kernels of `models.cpu` know its cells."""

    place: str  # "file:class" in this package
    kernels: bool = False  # then it learns in bf16 and steps in int8 where that is faster


MODELS: Mapping[str, ModelKind] = {
    "lstm": ModelKind("recurrent:RecurrentModel", kernels=True),
    "gru": ModelKind("recurrent:RecurrentModel"),
    "rnn": ModelKind("recurrent:RecurrentModel"),
}


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a model is built from; the defaults are the lab's, where the lab has the setting."""

    cell: str = choice("lstm", tuple(MODELS))
    embedding_dim: int = number(256, 1, LARGEST_SIZE)
    hidden_size: int = number(1024, 1, LARGEST_SIZE)
    num_layers: int = number(1, 1, MOST_LAYERS)
    dropout: float = number(0.0, 0.0, 0.95)  # on the output of every layer
    input_dropout: float = number(0.0, 0.0, 0.95)  # share of the ids that the model reads as blank while it learns
    weight_dropout: float = number(0.0, 0.0, 0.95)  # share of the recurrent weights left out in each step (Merity 2018)

    def __post_init__(self) -> None:
        check_settings(self)
