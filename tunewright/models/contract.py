"""What drawing, training and likelihood ask of a model: ids in, logits and a state out.

In: ids (B, T), or (B, T, 1 + K) where a model reads K context features beside each id. Out: logits (B, T, vocab) of the
id after each, and the state after the last. A state is a tuple of tensors; what they are, and which of their
dimensions is that of the rows, nobody but the model knows. This file is no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]
Forward = Callable[[Tensor, State | None], tuple[Tensor, State]]

ROW_COUNTS = (1, 8, 32, 64, 128, 192, 256)  # numbers of rows to choose from
USUAL_ROWS = 64  # those that others are compared with
TRIED = 8  # blocks of rows compared
READ_BEFORE = 3  # ids that are read before rows are compared, so that their states differ


class Stepper(Protocol):
    """One id of every row at a time, for drawing: has scratch of its own, and so is for one thread at a time."""

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (rows, vocab), fp32, after ids (rows,) or (rows, 1 + K), and the next state.

        Of any number of rows; the state that was given may be written over.
        """

    def apart(self) -> Stepper:
        """Another one of the same weights, which are shared and only read, with scratch of its own."""


class Model(nn.Module):
    """A model of ids. A new one says what `forward`, `start`, `select` and `reset` are, and may have a faster stepper.

    Reading in chunks gives the numbers of reading at once, and what is done to one row leaves the others as they are.
    """

    sizes: tuple[int, ...]  # of the vocabulary, and of each context feature

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, vocab) of the id after each of `ids` (B, T) or (B, T, 1 + K), and the state after the last."""
        raise NotImplementedError

    def start(self, rows: int) -> State:
        """The state of so many rows before the first id."""
        raise NotImplementedError

    def select(self, state: State, rows: Sequence[int]) -> State:
        """The state of these rows alone, in this order; a copy."""
        raise NotImplementedError

    def reset(self, state: State, rows: Sequence[int]) -> State:
        """The state with these rows as at the start; the one that was given may be written over."""
        raise NotImplementedError

    def stepper(self, dtype: torch.dtype) -> Stepper:
        """What reads one id of each row at a time, its products in `dtype`: the same numbers as `forward` gives."""
        return ForwardStepper(self, dtype)

    def attention(self, ids: Tensor) -> Tensor | None:
        """What each of `ids` (1, T) or (1, T, 1 + K) attends to (layers, heads, T, T), each row a share of 1.

        None where a model does not attend.
        """
        return None

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device


class ForwardStepper:
    """The stepper of a model that has no faster way than `forward`."""

    def __init__(self, model: Model, dtype: torch.dtype) -> None:
        assert dtype != torch.int8, "products of bytes are for steppers of their own"
        self._model, self._bf16 = model, dtype == torch.bfloat16

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (rows, vocab) and the next state."""
        with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=self._bf16):
            logits, state = self._model(ids[:, None], state)
        return logits[:, 0].float(), state

    def apart(self) -> ForwardStepper:
        """Itself: it has no scratch."""
        return self


@torch.no_grad()
def alike_rows(model: Model, stepper: Stepper, counts: Sequence[int] = ROW_COUNTS) -> tuple[int, ...]:
    """Those of `counts` at which a row gets the same bits, found by trying: the one nearest to 64 and all like it.

    What is read is random. Another order of adding shows among so many numbers as good as surely.
    """
    chance, rows = torch.Generator().manual_seed(0), max(counts)
    columns = [torch.randint(size, (rows, READ_BEFORE + 2), generator=chance) for size in model.sizes]
    ids = (torch.stack(columns, -1) if len(columns) > 1 else columns[0]).to(model.device)
    state = model(ids[:, :READ_BEFORE])[1]

    def after(start: int, stop: int) -> State:
        """Logits and state of some rows after two steps."""
        here = model.select(state, range(start, stop))
        for place in (READ_BEFORE, READ_BEFORE + 1):
            logits, here = stepper(ids[start:stop, place], here)
        return (logits, *here)

    usual = min(counts, key=lambda count: abs(count - USUAL_ROWS))
    expected = after(0, usual)

    def alike(count: int, start: int) -> bool:
        same, found = min(count, usual - start), after(start, start + count)
        mine, theirs = range(same), range(start, start + same)
        pairs = zip(model.select(found[1:], mine), model.select(expected[1:], theirs), strict=True)
        return torch.equal(found[0][:same], expected[0][start : start + same]) and all(
            torch.equal(a, b) for a, b in pairs
        )

    starts = {count: range(0, max(1, usual - count + 1), count)[:TRIED] for count in counts}
    return tuple(count for count in sorted(counts) if all(alike(count, start) for start in starts[count]))
