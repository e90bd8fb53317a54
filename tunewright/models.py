"""The lab's model: embedding, recurrent layers, linear head.

In: ids (B, T) and a state. Out: logits (B, T, vocab) and the state after them, always the pair; a state is a tuple
of tensors (num_layers, batch, hidden_size), zeros at the start. Reading in pieces gives the same numbers as
reading at once. This file trains nothing, samples nothing and writes no file.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tunewright.config import Config
from tunewright.errors import ConfigError
from tunewright.recurrence import BF16, Gates, product_with, recur

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
FUNCTIONS = {nn.LSTM: torch.lstm, nn.GRU: torch.gru, nn.RNN: torch.rnn_tanh}  # the same, given their weights
WIDE = 384  # hidden units from which bf16 products win over PyTorch's fp32 LSTM (benchmarks/LOG.md)

State = tuple[Tensor, ...]  # LSTM: hidden and cell; GRU, RNN: hidden
Step = Callable[[Tensor, State], tuple[Tensor, State]]


class RecurrentModel(nn.Module):
    """Embedding, `num_layers` recurrent layers of one kind of cell with dropout after each, linear head.

    While it learns, a share of the characters read has no embedding, and a share of the recurrent weights is left out,
    the same for all characters of a batch (DropConnect; Merity, Keskar and Socher 2018).
    """

    def __init__(self, config: Config, vocab_size: int) -> None:
        super().__init__()
        self.dropout, self.input_dropout = config.dropout, config.input_dropout
        self.weight_dropout = config.weight_dropout
        self.embedding = nn.Embedding(vocab_size, config.embedding_dim)
        between = config.dropout if config.num_layers > 1 else 0.0
        size = (config.embedding_dim, config.hidden_size, config.num_layers)
        self.recurrent = CELLS[config.cell](*size, batch_first=True, dropout=between)
        self.head = nn.Linear(config.hidden_size, vocab_size)

    def zero_state(self, batch: int) -> State:
        """The state before the first id: zeros, each (num_layers, batch, hidden_size)."""
        shape = (self.recurrent.num_layers, batch, self.recurrent.hidden_size)
        zeros = self.head.weight.new_zeros(shape)
        return (zeros, zeros.clone()) if isinstance(self.recurrent, nn.LSTM) else (zeros,)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, vocab) of the id after each of `ids` (B, T), and the state after the last."""
        state = self.zero_state(len(ids)) if state is None else state
        if isinstance(self.recurrent, nn.LSTM) and ids.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            hidden, state = self._recur_bf16(ids, state)
            return self.head(self._drop(hidden)).transpose(0, 1), state
        hidden, state = self._recur(ids, state)
        return self.head(self._drop(hidden)), state

    def _drop(self, hidden: Tensor) -> Tensor:
        return F.dropout(hidden, self.dropout, self.training)

    def _recur(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        embedded = self._blanked(self.embedding(ids))  # (B, T, embedding)
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

    def _blanked(self, inputs: Tensor) -> Tensor:
        """The inputs (…, …, width), all of some places zero."""
        if not (self.training and self.input_dropout):
            return inputs
        return inputs * F.dropout(inputs.new_ones(*inputs.shape[:2], 1), self.input_dropout)

    def _thinned(self, weight: Tensor) -> Tensor:
        return F.dropout(weight, self.weight_dropout, self.training)

    def _recur_bf16(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Hidden states (T, B, hidden), time first, and the state after them, layer by layer through `recur`."""
        chosen = F.one_hot(ids.t(), self.embedding.num_embeddings).to(BF16)  # (T, B, vocab)
        if self.training and self.input_dropout:  # what is blank still gets the bias
            weight, bias = self._input_weights(0)
            sums = self._blanked(chosen) @ F.linear(self.embedding.weight, weight).to(BF16) + bias.to(BF16)
        else:
            sums = chosen @ self._input_table().to(BF16)  # (T, B, 4 hidden)
        hidden, last = sums, []
        for layer in range(self.recurrent.num_layers):
            if layer:
                weight, bias = self._input_weights(layer)
                sums = F.linear(self._drop(hidden), weight, bias)
            thinned = self._thinned(self._recurrent_weight(layer))
            hidden, cell = recur(sums, state[0][layer], state[1][layer], thinned)
            last.append((hidden[-1].float(), cell))
        return hidden, tuple(torch.stack(parts) for parts in zip(*last, strict=True))

    def _input_table(self) -> Tensor:
        """What each id adds to the first layer's gates (vocab, 4 hidden): its embedding through the input weights."""
        weight, bias = self._input_weights(0)
        return F.linear(self.embedding.weight, weight, bias)

    def _input_weights(self, layer: int) -> tuple[Tensor, Tensor]:
        names = (f"weight_ih_l{layer}", f"bias_ih_l{layer}", f"bias_hh_l{layer}")
        weight, bias, recurrent_bias = (getattr(self.recurrent, name) for name in names)
        return weight, bias + recurrent_bias

    def _recurrent_weight(self, layer: int) -> Tensor:
        weight: Tensor = getattr(self.recurrent, f"weight_hh_l{layer}")
        return weight

    @torch.no_grad()
    def stepper(self, rows: int, dtype: torch.dtype) -> Step:
        """A function from ids (rows,) and a state to logits (rows, vocab), fp32, and the next state: for generation.

        An LSTM on a CPU has its weights converted once and its states updated in place; others call `forward`.
        """
        if isinstance(self.recurrent, nn.LSTM) and self.head.weight.device.type == "cpu":
            return self._lstm_stepper(rows, dtype)

        def step(ids: Tensor, state: State) -> tuple[Tensor, State]:
            with torch.autocast(ids.device.type, dtype=BF16, enabled=dtype == BF16):
                logits, state = self(ids[:, None], state)
            return logits[:, 0].float(), state

        return step

    def _lstm_stepper(self, rows: int, dtype: torch.dtype) -> Step:
        layers = range(self.recurrent.num_layers)
        table = self._input_table().to(dtype)  # (vocab, 4 hidden)
        recurrent = [product_with(self._recurrent_weight(layer).to(dtype), rows) for layer in layers]
        inner = [self._input_weights(layer) for layer in layers[1:]]
        biases = [bias.to(dtype).expand(rows, -1).contiguous() for _, bias in inner]
        inputs = [product_with(weight.to(dtype), rows) for weight, _ in inner]
        gates, tanh = Gates(rows, self.recurrent.hidden_size), torch.empty(rows, self.recurrent.hidden_size)
        head, bias = self.head.weight.t(), self.head.bias

        def step(ids: Tensor, state: State) -> tuple[Tensor, State]:
            hiddens, cells = state
            added, hidden = table[ids], hiddens[0]
            for layer in layers:
                if layer:
                    added = inputs[layer - 1](hidden.to(dtype), biases[layer - 1])
                gates.open(recurrent[layer](hiddens[layer].to(dtype), added))
                hidden = gates.step(cells[layer], cells[layer], tanh)
                hiddens[layer] = hidden
            return torch.addmm(bias, hidden, head), state

        return step


def build_model(config: Config, vocab_size: int) -> RecurrentModel:
    """The model that a config describes, its first weights drawn from the config's seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return RecurrentModel(config, vocab_size)


def cpu_has_bf16() -> bool:
    """Whether this processor multiplies bf16 natively (AVX-512 BF16 or AMX), so that it is faster than fp32."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def choose_device(wanted: str) -> torch.device:
    """The device for "auto" (CUDA where there is one) or a name; ConfigError where there is no such device."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=wanted)
        return torch.device(wanted)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ConfigError(f"device is {wanted!r}, which is not here; expected auto, cpu or cuda") from None


def choose_precision(wanted: str, config: Config, device: torch.device) -> str:
    """The precision for "auto": bf16 where it is faster, else fp32."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    wide = config.cell == "lstm" and config.hidden_size >= WIDE
    return "bf16" if device.type == "cpu" and wide and cpu_has_bf16() else "fp32"
