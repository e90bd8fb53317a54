"""An LSTM that attends to its own past hidden states before its head, as Attention RNNs do (Waite 2016; Merity 2019).

In: ids (B, T), or (B, T, 1 + K) with context features beside each, and a state: that of the recurrent layers, then the
past of `attention`. Out: logits (B, T, vocab) and the state after them. The layers carry the tune along; attention
finds what lies further back than they remember. This file trains nothing and samples nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from tunewright.models.attention import CausalAttention, Chunk, reset_past, select_past, start_past, to_one_length
from tunewright.models.contract import ForwardStepper, State, Stepper
from tunewright.models.cpu.packing import PackedLinear, with_packed_products
from tunewright.models.cpu.stepping import LstmStep, PackedLstm
from tunewright.models.devices import cpu_has_bf16
from tunewright.models.recurrent import RecurrentModel
from tunewright.models.settings import ModelSettings

LAYERS = 2  # tensors of the state that are the recurrent layers'


class AttentiveLstm(RecurrentModel):
    """The recurrent layers of `RecurrentModel`; what attention finds is added to the hidden states that the head reads.

    It begins as the LSTM that it would be without attention.
    """

    def __init__(self, settings: ModelSettings, vocab_size: int, places: Sequence[int] = (), direct: int = 0) -> None:
        super().__init__(settings, vocab_size, places, direct)
        heads = settings.num_heads
        self.window, self.past_shape = settings.attention_window, (1, heads, settings.hidden_size // heads)
        self.attending = CausalAttention(settings.hidden_size, heads)

    def start(self, rows: int) -> State:
        """The state before the first id: zeros, and an empty past."""
        return (*super().start(rows), *start_past(rows, *self.past_shape, self.head.weight.detach()))

    def select(self, state: State, rows: Sequence[int]) -> State:
        """The state of these rows alone, a copy."""
        return (*super().select(state[:LAYERS], rows), *select_past(state[LAYERS:], rows))

    def reset(self, state: State, rows: Sequence[int]) -> State:
        """The state, zero and with an empty past in these rows; written over."""
        return (*super().reset(state[:LAYERS], rows), *reset_past(state[LAYERS:], rows))

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, vocab) of the id after each of `ids` (B, T) or (B, T, 1 + K), and the state after the last."""
        state = self.start(len(ids)) if state is None else state
        return self.read(ids, (*state[:LAYERS], *(part.clone() for part in state[LAYERS:])))

    def read(self, ids: Tensor, state: State, weights: list[Tensor] | None = None) -> tuple[Tensor, State]:
        """As `forward`, the past written over; attention is added to `weights` where there is a list."""
        hidden, layers = self.hidden(ids, state[:LAYERS])
        hidden, past = self.look_back(self.attending, hidden, ids, state[LAYERS:], weights)
        return self.with_direct(self.head(self.drop(hidden)), ids), (*layers, *past)

    @torch.no_grad()
    def attention(self, ids: Tensor) -> Tensor:
        """What each of `ids` (1, T) or (1, T, 1 + K) attends to (1, heads, T, T)."""
        weights: list[Tensor] = []
        self.read(ids, self.start(len(ids)), weights)
        return torch.cat(weights)

    def look_back(
        self, attending: CausalAttention, hidden: Tensor, ids: Tensor, past: State, weights: list[Tensor] | None = None
    ) -> tuple[Tensor, State]:
        """Hidden states (B, T, hidden) with what `attending` finds, and the past with them, written over."""
        chunk = Chunk(self.tokens(ids), past[0], self.window, self.past_shape[-1], weights)
        found, memory = attending(to_one_length(hidden), past[1:], chunk)
        return hidden + self.drop(found), (chunk.counts_after, *memory)

    @torch.no_grad()
    def stepper(self, dtype: torch.dtype) -> Stepper:
        """On a CPU its weights converted once and its state updated in place; for others `forward`."""
        if self.device.type == "cpu":
            return _Stepper(self, self.packed(dtype), dtype)
        return ForwardStepper(self, dtype)


class _Stepper:
    """A step of the layers, then of attention and head; products of bytes are for what lies between -1 and 1 alone."""

    def __init__(self, model: AttentiveLstm, packed: PackedLstm, dtype: torch.dtype) -> None:
        bf16 = dtype == torch.bfloat16 or (dtype == torch.int8 and cpu_has_bf16())
        kind = torch.bfloat16 if bf16 else torch.float32
        self._model, self._packed, self._step = model, packed, LstmStep(packed)
        self._attending = with_packed_products(model.attending, kind)
        self._head = PackedLinear(model.head, kind)

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        hidden = self._step.advance(ids, state[:LAYERS])[:, None]  # (rows, 1, hidden)
        hidden, past = self._model.look_back(self._attending, hidden, ids[:, None], state[LAYERS:])
        return self._model.with_direct(self._head(hidden)[:, 0], ids), (*state[:LAYERS], *past)

    def apart(self) -> _Stepper:
        other = copy.copy(self)
        other._step = LstmStep(self._packed)
        return other
