"""How large a model is, of what cells, and what is left out while it learns.

In: names and values. Out: frozen `ModelSettings`, checked. This file builds nothing (`building`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.support.settings import check_settings, choice, number


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a model is built from; the defaults are the lab's, where the lab has the setting."""

    cell: str = choice("lstm", ("lstm", "gru", "rnn"))
    embedding_dim: int = number(256, 1, 10**9)
    hidden_size: int = number(1024, 1, 10**9)
    num_layers: int = number(1, 1, 10**9)
    dropout: float = number(0.0, 0.0, 0.95)  # on the output of every layer
    input_dropout: float = number(0.0, 0.0, 0.95)  # share of the ids that the model reads as blank while it learns
    weight_dropout: float = number(0.0, 0.0, 0.95)  # share of the recurrent weights left out in each step (Merity 2018)

    def __post_init__(self) -> None:
        check_settings(self)
