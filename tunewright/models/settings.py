"""Which models there are, and how large one is, of what cells, and what is left out while it learns.

In: names and values. Out: frozen `ModelSettings`, checked. A new kind of model is a file of its own and a line in
`MODELS`. This file builds nothing (`building`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass
from typing import Any

from tunewright.support.errors import ConfigError
from tunewright.support.settings import check_settings, choice, named_fields, number

LARGEST_SIZE = 2**15  # of an embedding or a layer: one such layer of LSTM cells has 8 thousand million weights
MOST_LAYERS = 100  # deeper recurrent networks than ten layers have not been seen to learn
MOST_HEADS = 256
LONGEST_WINDOW = 2**16  # ids: what a drawing remembers of them is a few GB for one row of a large model


@dataclass(frozen=True, slots=True)
class ModelKind:
    """Where a model is defined, and what it is made of."""

    place: str  # "file:class" in this package
    layers: str = ""  # of which recurrent cells; "" for none
    bf16_from: int = 0  # hidden units from which bf16 products win on a CPU that has them; 0 for never
    int8: bool = False  # whether it has a stepper with products of bytes, which wins from as many on
    attends: bool = False  # to its own past


WIDE = 384  # hidden units from which bf16 products win over PyTorch's fp32 LSTM (benchmarks/LOG.md)
MODELS: Mapping[str, ModelKind] = {
    "lstm": ModelKind("recurrent:RecurrentModel", "lstm", bf16_from=WIDE, int8=True),
    "gru": ModelKind("recurrent:RecurrentModel", "gru"),
    "rnn": ModelKind("recurrent:RecurrentModel", "rnn"),
    "attentive-lstm": ModelKind("attentive:AttentiveLstm", "lstm", bf16_from=WIDE, int8=True, attends=True),
    "transformer": ModelKind("transformer:Transformer", bf16_from=128, attends=True),
}
OF_ATTENTION = ("num_heads", "attention_window")  # settings


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a model is built from; the defaults are the lab's, where the lab has the setting.

    ConfigError for a value that makes no sense, alone or with the others, and for one that the cell does not use.
    """

    cell: str = choice("lstm", tuple(MODELS))
    embedding_dim: int = number(256, 1, LARGEST_SIZE)
    hidden_size: int = number(1024, 1, LARGEST_SIZE)
    num_layers: int = number(1, 1, MOST_LAYERS)
    num_heads: int = number(4, 1, MOST_HEADS)  # of attention, in each layer
    attention_window: int = number(1024, 1, LONGEST_WINDOW)  # latest ids that attention reads, this one included
    dropout: float = number(0.0, 0.0, 0.95)  # on the output of every layer
    input_dropout: float = number(0.0, 0.0, 0.95)  # share of the ids that the model reads as blank while it learns
    weight_dropout: float = number(0.0, 0.0, 0.95)  # share of the recurrent weights left out in each step (Merity 2018)
    direct_dropout: float = number(0.0, 0.0, 0.95)  # of what ids and their context say to the logits past the layers

    def __post_init__(self) -> None:
        check_settings(self)
        kind = MODELS[self.cell]
        if kind.attends:
            self._check_heads()
        elif changed := [name for name, one in named_fields(self) if name in OF_ATTENTION and self._has(name, one)]:
            found = f"{changed[0]} is {getattr(self, changed[0])}, but a model of cell {self.cell} does not attend"
            raise ConfigError(f"{found}; expected cell {' or '.join(name for name in MODELS if MODELS[name].attends)}")
        if self.weight_dropout and not kind.layers:
            found = f"weight_dropout is {self.weight_dropout:g}, but a {self.cell} has no recurrent weights"
            raise ConfigError(f"{found}; expected weight_dropout=0")

    def _has(self, name: str, one: Field[Any]) -> bool:
        return bool(getattr(self, name) != one.default)

    def _check_heads(self) -> None:
        """ConfigError where the heads have no width, or an odd one: what tells them positions turns pairs."""
        if self.hidden_size % (2 * self.num_heads):
            found = f"hidden_size is {self.hidden_size} with {self.num_heads} heads (num_heads)"
            raise ConfigError(f"{found}; expected a multiple of {2 * self.num_heads}, so that each has an even width")
