"""The lab's model: embedding, recurrent layers, linear head.

In: ids (B, T) and a state; ids (B, T, 1 + K) where a model reads beside each id K small integers of its place. Out:
logits (B, T, vocab) and the state after them, always the pair; a state is a tuple of tensors (num_layers, batch,
hidden_size), zeros at the start. Reading in pieces gives the same numbers as reading at once. This file trains
nothing, samples nothing and writes no file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunewright.models.contract import State, Stepper
from tunewright.models.cpu.recurrence import BF16, recur
from tunewright.models.cpu.stepping import Affine, LstmStep, PackedLstm, pack_lstm, product
from tunewright.models.devices import cpu_has_bf16
from tunewright.models.embedding import EmbeddingModel
from tunewright.models.settings import MODELS, ModelSettings

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
FUNCTIONS = {nn.LSTM: torch.lstm, nn.GRU: torch.gru, nn.RNN: torch.rnn_tanh}  # the same, given their weights


class RecurrentModel(EmbeddingModel):
    """Embedding, `num_layers` recurrent layers of one kind of cell with dropout after each, linear head.

    While it learns, a share of the recurrent weights is left out, the same for all ids of a batch (DropConnect; Merity,
    Keskar and Socher 2018).
    """

    def __init__(self, settings: ModelSettings, vocab_size: int, places: Sequence[int] = (), direct: int = 0) -> None:
        super().__init__(settings, vocab_size)
        self.weight_dropout = settings.weight_dropout
        between = settings.dropout if settings.num_layers > 1 else 0.0
        size = (settings.embedding_dim, settings.hidden_size, settings.num_layers)
        self.recurrent = CELLS[MODELS[settings.cell].layers](*size, batch_first=True, dropout=between)
        self.head = nn.Linear(settings.hidden_size, vocab_size)
        self.embed_context(places, direct)

    def start(self, rows: int) -> State:
        """The state before the first id: zeros, each (num_layers, rows, hidden_size)."""
        shape = (self.recurrent.num_layers, rows, self.recurrent.hidden_size)
        zeros = self.head.weight.new_zeros(shape)
        return (zeros, zeros.clone()) if isinstance(self.recurrent, nn.LSTM) else (zeros,)

    def select(self, state: State, rows: Sequence[int]) -> State:
        """The state of these rows alone."""
        return tuple(part[:, list(rows)].contiguous() for part in state)

    def reset(self, state: State, rows: Sequence[int]) -> State:
        """The state, zero in these rows; written over."""
        for part in state:
            part[:, list(rows)] = 0
        return state

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, vocab) of the id after each of `ids` (B, T) or (B, T, 1 + K), and the state after the last."""
        state = self.start(len(ids)) if state is None else state
        if self._in_bf16(ids):
            hidden, state = self._recur_bf16(ids, state)
            return self.with_direct(self.head(self.drop(hidden)).transpose(0, 1), ids), state
        hidden, state = self._recur(ids, state)
        return self.with_direct(self.head(self.drop(hidden)), ids), state

    def hidden(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """What the layers make of ids: hidden states (B, T, hidden), without the last dropout, and the next state."""
        if self._in_bf16(ids):
            hidden, state = self._recur_bf16(ids, state)
            return hidden.transpose(0, 1), state
        return self._recur(ids, state)

    def _in_bf16(self, ids: Tensor) -> bool:
        """Whether the layers read these ids by the kernels of `models.cpu`."""
        return isinstance(self.recurrent, nn.LSTM) and ids.device.type == "cpu" and torch.is_autocast_enabled("cpu")

    def _recur(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        embedded = self.embedded(ids)  # (B, T, embedding)
        if self.training and self.weight_dropout:
            return self._recur_without_some(embedded, state)
        if isinstance(self.recurrent, nn.LSTM):
            hidden, pair = self.recurrent(embedded, (state[0], state[1]))  # (B, T, hidden)
            return hidden, pair
        hidden, last = self.recurrent(embedded, state[0])
        return hidden, (last,)

    def _recur_without_some(self, embedded: Tensor, state: State) -> tuple[Tensor, State]:
        """As `_recur`, with a share of the recurrent weights left out."""
        weights = [
            self._thinned(weight) if name.startswith("weight_hh") else weight
            for name, weight in self.recurrent.named_parameters()
        ]
        before = state if isinstance(self.recurrent, nn.LSTM) else state[0]
        layers, between = self.recurrent.num_layers, self.recurrent.dropout
        run = FUNCTIONS[type(self.recurrent)]
        hidden, *last = run(embedded, before, weights, True, layers, between, True, False, True)  # type: ignore[operator]
        return hidden, tuple(last)

    def _thinned(self, weight: Tensor) -> Tensor:
        return F.dropout(weight, self.weight_dropout, self.training)

    def _recur_bf16(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Hidden states (T, B, hidden), time first, and the state after them, layer by layer through `recur`."""
        sums = self._first_sums(ids.transpose(0, 1))
        hidden, last = sums, []
        for layer in range(self.recurrent.num_layers):
            if layer:
                weight, bias = self._input_weights(layer)
                sums = F.linear(self.drop(hidden), weight, bias)
            thinned = self._thinned(self._recurrent_weight(layer))
            hidden, cell = recur(sums, state[0][layer], state[1][layer], thinned)
            last.append((hidden[-1].float(), cell))
        return hidden, tuple(torch.stack(parts) for parts in zip(*last, strict=True))

    def _first_sums(self, ids: Tensor) -> Tensor:
        """What ids (T, B) or (T, B, 1 + K) add to the first layer's gates (T, B, 4 hidden), bf16.

        Ids alone take rows of a table in place of a product: rows cost next to nothing to fetch. Where much stands
        beside them, so many wide rows would cost more to add up than a product with the sum of narrow ones does.
        """
        share = self.input_dropout if self.training else 0.0
        tokens, blank = self.tokens(ids), self.embedding.num_embeddings
        if share:
            tokens = tokens.masked_fill(torch.rand(tokens.shape) < share, blank)
        narrow = torch.cat(
            [self.embedding.weight / (1 - share), self.embedding.weight.new_zeros(1, self.embedding.embedding_dim)]
        )
        weight, bias = self._input_weights(0)
        if not self.place_embeddings:
            return F.embedding(tokens, F.linear(narrow, weight, bias).float()).to(BF16)
        tables = [narrow, *(embedding.weight for embedding in self._place_tables())]
        starts = torch.tensor([0, *accumulate(map(len, tables))][:-1])
        rows = torch.cat([tokens[..., None], ids[..., 1:]], -1) + starts
        summed = F.embedding_bag(rows.flatten(0, -2), torch.cat(tables), mode="sum").view(*tokens.shape, -1)
        return F.linear(summed, weight, bias).to(BF16)

    def _input_table(self) -> Tensor:
        """What each id alone adds to the first layer's gates (vocab, 4 hidden)."""
        return F.linear(self.embedding.weight, *self._input_weights(0)).float()

    def _place_tables(self) -> list[nn.Embedding]:
        return [embedding for embedding in self.place_embeddings if isinstance(embedding, nn.Embedding)]

    def _input_weights(self, layer: int) -> tuple[Tensor, Tensor]:
        names = (f"weight_ih_l{layer}", f"bias_ih_l{layer}", f"bias_hh_l{layer}")
        weight, bias, recurrent_bias = (getattr(self.recurrent, name) for name in names)
        return weight, bias + recurrent_bias

    def _recurrent_weight(self, layer: int) -> Tensor:
        weight: Tensor = getattr(self.recurrent, f"weight_hh_l{layer}")
        return weight

    @torch.no_grad()
    def stepper(self, dtype: torch.dtype) -> Stepper:
        """For an LSTM on a CPU its weights converted once and its states updated in place; for others `forward`."""
        if isinstance(self.recurrent, nn.LSTM) and self.device.type == "cpu":
            return _LstmStepper(self, self.packed(dtype))
        return super().stepper(dtype)

    def packed(self, dtype: torch.dtype) -> PackedLstm:
        """The weights of an LSTM as `models.cpu` steps by them."""
        layers = [Affine(self._recurrent_weight(0)).doubled()]
        for layer in range(1, self.recurrent.num_layers):
            weight, bias = self._input_weights(layer)
            layers.append(Affine(torch.cat([weight, self._recurrent_weight(layer)], 1), bias).doubled())
        head = Affine(self.head.weight.clone(), self.head.bias.clone())
        return pack_lstm(self._first_rows(dtype), layers, head, dtype)

    def _first_rows(self, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
        """What gives the gates of the first layer (rows, 4 hidden) that ids (rows,) or (rows, 1 + K) add, for a step.

        Ids alone have rows of their own. Of many places the embeddings are summed first, which are eight times
        narrower: what is fetched from memory is what takes the time.
        """
        if not self.place_embeddings:
            table = Affine(self._input_table().t()).doubled().weight.t().contiguous()
            table = table.to(BF16) if dtype == BF16 else table
            return lambda ids: F.embedding(ids, table)
        kind = BF16 if dtype == BF16 or (dtype == torch.int8 and cpu_has_bf16()) else torch.float32
        gates = product(Affine(*self._input_weights(0)).doubled(), kind)
        embeddings = torch.cat([embedding.weight for embedding in (self.embedding, *self._place_tables())]).float()
        sizes = [embedding.num_embeddings for embedding in (self.embedding, *self._place_tables())]
        starts = torch.tensor([0, *accumulate(sizes[:-1])])
        return lambda ids: gates(F.embedding_bag(ids + starts, embeddings, mode="sum").to(kind), None)


class _LstmStepper:
    """A step of the layers, and what the ids themselves add to its logits."""

    def __init__(self, model: RecurrentModel, packed: PackedLstm) -> None:
        self._model, self._packed, self._step = model, packed, LstmStep(packed)

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        logits, state = self._step(ids, state)
        return self._model.with_direct(logits, ids), state

    def apart(self) -> _LstmStepper:
        return _LstmStepper(self._model, self._packed)
