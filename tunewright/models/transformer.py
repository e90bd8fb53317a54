"""A causal Transformer: embeddings, layers that attend to the past and then think for themselves, linear head.

In: ids (B, T), or (B, T, 1 + K) with context features beside each, and a state, the past of `attention`. Out: logits
(B, T, vocab) and the state after them. Normalisation comes before each part of a layer (Xiong et al. 2020) and has no
weights of its own. Where in the music an id stands is told by its context features, whose embeddings are added to the
id's; how far back another lies, by turning queries and keys. This file trains nothing and samples nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunewright.models.attention import CausalAttention, Chunk, reset_past, select_past, start_past, to_one_length
from tunewright.models.contract import State, Stepper
from tunewright.models.cpu.packing import with_packed_products
from tunewright.models.embedding import EmbeddingModel
from tunewright.models.settings import ModelSettings

WIDER = 4  # times as wide as the model is what a layer thinks in between (Vaswani et al. 2017)


class Layer(nn.Module):
    """Attention, then two products with the square of what is positive between them (So et al. 2021)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = CausalAttention(width, heads)
        self.up = nn.Linear(width, WIDER * width, bias=False)
        self.down = nn.Linear(WIDER * width, width, bias=False)
        self.drop = nn.Dropout(dropout)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, memory: State, chunk: Chunk) -> tuple[Tensor, State]:
        """`x` (B, T, width) after this layer, and its memory after the chunk."""
        taken, memory = self.attention(to_one_length(x), memory, chunk)
        x = x + self.drop(taken)
        return x + self.drop(self.down(F.relu(self.up(to_one_length(x))).square())), memory


class Transformer(EmbeddingModel):
    """`num_layers` layers of `hidden_size`, each with `num_heads` heads, dropout after each part of a layer."""

    def __init__(self, settings: ModelSettings, vocab_size: int, places: Sequence[int] = (), direct: int = 0) -> None:
        super().__init__(settings, vocab_size)
        width, heads = settings.hidden_size, settings.num_heads
        self.window, self.past_shape = settings.attention_window, (settings.num_layers, heads, width // heads)
        self.widen = nn.Linear(settings.embedding_dim, width)
        self.layers = nn.ModuleList(Layer(width, heads, settings.dropout) for _ in range(settings.num_layers))
        self.head = nn.Linear(width, vocab_size)
        self.embed_context(places, direct)

    def start(self, rows: int) -> State:
        """The state before the first id: an empty past."""
        return start_past(rows, *self.past_shape, self.embedding.weight.detach())

    def select(self, state: State, rows: Sequence[int]) -> State:
        """The state of these rows alone, a copy."""
        return select_past(state, rows)

    def reset(self, state: State, rows: Sequence[int]) -> State:
        """The state, these rows with an empty past; written over."""
        return reset_past(state, rows)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, vocab) of the id after each of `ids` (B, T) or (B, T, 1 + K), and the state after the last."""
        return self.read(ids, self.start(len(ids)) if state is None else tuple(part.clone() for part in state))

    def read(self, ids: Tensor, state: State, weights: list[Tensor] | None = None) -> tuple[Tensor, State]:
        """As `forward`, the state written over; each layer adds its attention to `weights` where there is a list."""
        counts, *memories = state
        chunk = Chunk(self.tokens(ids), counts, self.window, self.past_shape[-1], weights)
        x = to_one_length(self.widen(self.embedded(ids)))  # (B, T, width)
        past = [chunk.counts_after]
        for number, layer in enumerate(self.layers):
            x, memory = layer(x, tuple(memories[2 * number : 2 * number + 2]), chunk)
            past += memory
        return self.with_direct(self.head(to_one_length(x)), ids), tuple(past)

    @torch.no_grad()
    def attention(self, ids: Tensor) -> Tensor:
        """What each of `ids` (1, T) or (1, T, 1 + K) attends to (layers, heads, T, T)."""
        weights: list[Tensor] = []
        self.read(ids, self.start(len(ids)), weights)
        return torch.cat(weights)

    @torch.no_grad()
    def stepper(self, dtype: torch.dtype) -> Stepper:
        """What reads in place; on a CPU with its weights converted once."""
        return _Stepper(self, dtype)


class _Stepper:
    """A step that writes over the state; it has no scratch."""

    def __init__(self, model: Transformer, dtype: torch.dtype) -> None:
        packed = model.device.type == "cpu"
        self._model = with_packed_products(model, dtype) if packed else model
        self._autocast = dtype == torch.bfloat16 and not packed

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=self._autocast):
            logits, state = self._model.read(ids[:, None], state)
        return logits[:, 0].float(), state

    def apart(self) -> _Stepper:
        return self
