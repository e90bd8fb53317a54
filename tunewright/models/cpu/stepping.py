"""One step of an LSTM at a time, for drawing: the shortest way from ids to logits on a CPU.

In: the weights of an LSTM as plain tensors, and the type of number that products read: fp32, bf16 or int8. Out: a
step, a function from ids and a state to logits and the state after them. Sums, gates and states are always fp32.

In int8 an activation is a whole number of 127ths, since every hidden state lies between -1 and 1, and the weights of
each output have a scale of their own. Sums of whole numbers are exact, so that the order of adding does not matter.
In fp32 and bf16 it does: weights are packed in one order for all numbers of rows, and `alike_rows` tries which numbers
of rows give a row the same bits. This file knows no model, learns nothing and chooses no id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor

MINUS_ONE = torch.tensor(-1.0)
LEVELS = 127  # whole numbers on either side of zero
OFFSET = 128  # what is added to them, since products read unsigned numbers
TO_NEAREST = torch.tensor(OFFSET + 0.5)  # added before what follows the point is cut off
ROW_COUNTS = (1, 8, 32, 64, 128, 192, 256)  # numbers of rows to choose from
TRIED = 8  # blocks of rows compared
PACKED_FOR = 64  # rows, whatever is computed: other numbers can sum in another order

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State], tuple[Tensor, State]]
Product = Callable[[Tensor, Tensor | None], Tensor]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute with one thread meanwhile.

    A step is some thirty operations of microseconds: with more threads each waits for the slowest, which on a busy
    machine is one that does not run just now (`benchmarks/LOG.md`).
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, slots=True)
class Affine:
    """Weights (outputs, inputs) and a bias (outputs,), or none."""

    weight: Tensor
    bias: Tensor | None = None

    def doubled(self) -> Affine:
        """With the third quarter of the outputs doubled: an LSTM's candidates, in PyTorch's order of gates.

        Their tanh is 2 σ(x) - 1 of the doubled sum; one σ over all gates is several times as fast as a tanh apart.
        """
        weight, bias = self.weight.clone(), None if self.bias is None else self.bias.clone()
        for part in (weight, bias):
            if part is not None:
                part.chunk(4)[2].mul_(2)
        return Affine(weight, bias)


def lstm_step(rows_of: Callable[[Tensor], Tensor], layers: Sequence[Affine], head: Affine, dtype: torch.dtype) -> Step:
    """A step: ids (rows, …) and a state, (layers, rows, hidden) twice, to logits (rows, vocab) and the state, updated.

    `rows_of` gives what ids add to the first layer's gates (rows, 4 hidden). A layer reads the hidden states of the
    layer below, where there is one, beside its own; gates are in PyTorch's order, those of candidates doubled. A step
    may be of any number of rows, and is for one thread at a time.
    """
    products = [product(layer, dtype) for layer in layers]
    logits_of = product(head, dtype)
    room_for = lru_cache(2)(partial(_Room, width=head.weight.shape[1], dtype=dtype))

    def step(ids: Tensor, state: State) -> tuple[Tensor, State]:
        hiddens, cells = (part.unbind() for part in state)
        room = room_for(len(hiddens[0]))
        sums = products[0](room.read(hiddens[0]), rows_of(ids))
        room.advance(sums, hiddens[0], cells[0])
        for layer in range(1, len(products)):
            sums = products[layer](room.read_two(hiddens[layer - 1], hiddens[layer]), None)
            room.advance(sums, hiddens[layer], cells[layer])
        return logits_of(room.read(hiddens[-1]), None).float(), state

    return step


def alike_rows(step: Step, ids: Tensor, state: State, counts: Sequence[int]) -> tuple[int, ...]:
    """Those of `counts` at which a row gets the same bits, found by trying: the one nearest to 64 and all like it.

    `ids` (rows, …) and `state`, of as many rows as the greatest count, should be random. Another order of adding
    shows among so many numbers as good as surely.
    """
    usual = min(counts, key=lambda count: abs(count - PACKED_FOR))
    expected = _two_steps(step, ids, state, 0, usual)

    def alike(count: int, start: int) -> bool:
        found = _two_steps(step, ids, state, start, start + count)
        same = min(count, usual - start)
        pairs = zip(found, expected, strict=True)
        return all(torch.equal(a.narrow(-2, 0, same), b.narrow(-2, start, same)) for a, b in pairs)

    starts = {count: range(0, max(1, usual - count + 1), count)[:TRIED] for count in counts}
    return tuple(count for count in sorted(counts) if all(alike(count, start) for start in starts[count]))


def _two_steps(step: Step, ids: Tensor, state: State, start: int, stop: int) -> tuple[Tensor, ...]:
    """Logits and state of some rows after two steps; `state` stays as it is."""
    state = tuple(part[:, start:stop].clone() for part in state)
    for _ in range(2):
        logits, state = step(ids[start:stop], state)
    return (logits, *state)


class _Room:
    """Room for one step of some rows."""

    def __init__(self, rows: int, width: int, dtype: torch.dtype) -> None:
        kind = torch.uint8 if dtype == torch.int8 else dtype
        self.one, self.two = torch.empty(rows, width, dtype=kind), torch.empty(rows, 2 * width, dtype=kind)
        self.halves = self.two.chunk(2, 1)
        self.some = torch.empty(rows, width)

    def read(self, hidden: Tensor) -> Tensor:
        """A hidden state in the type that products read."""
        return hidden if self.one.dtype == torch.float32 else self._write(self.one, hidden)

    def read_two(self, below: Tensor, hidden: Tensor) -> Tensor:
        """Two of them side by side."""
        for half, part in zip(self.halves, (below, hidden), strict=True):
            self._write(half, part)
        return self.two

    def _write(self, target: Tensor, hidden: Tensor) -> Tensor:
        if target.dtype == torch.uint8:
            hidden = torch.add(TO_NEAREST, hidden, alpha=LEVELS, out=self.some)
        return target.copy_(hidden)

    def advance(self, sums: Tensor, hidden: Tensor, cell: Tensor) -> None:
        """Move a layer's hidden and cell state on by the sums of its gates."""
        i, f, g, o = sums.float().sigmoid_().chunk(4, 1)
        candidate = torch.add(MINUS_ONE, g, alpha=2, out=self.some)
        cell.mul_(f).addcmul_(i, candidate)
        squashed = torch.mul(cell, 2, out=self.some).sigmoid_()
        torch.add(MINUS_ONE, squashed, alpha=2, out=squashed)
        torch.mul(o, squashed, out=hidden)


# ------------------------------------------------------------------------------------------------ products


def product(affine: Affine, dtype: torch.dtype) -> Product:
    """The function (x, addend) -> x @ weight.T + bias + addend; x in `dtype`, or for int8 as `_Room` writes it.

    Where oneDNN is there, the weight is first brought into the order that its kernels read.
    """
    if dtype == torch.int8:
        return _int8_product(affine)
    weight, bias = affine.weight.to(dtype).contiguous(), None if affine.bias is None else affine.bias.to(dtype)
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, PACKED_FOR)
        plain, adding = torch.ops.mkldnn._linear_pointwise.default, torch.ops.mkldnn._linear_pointwise.binary
    except (AttributeError, RuntimeError, NotImplementedError):  # no oneDNN, or one without this type
        return lambda x, addend: _added(torch.nn.functional.linear(x, weight, bias), addend)

    def multiply(x: Tensor, addend: Tensor | None) -> Tensor:
        found: Tensor = (
            plain(x, packed, bias, "none", [], "")
            if addend is None
            else adding(x, addend.to(dtype), packed, bias, "add")
        )
        return found

    return multiply


def _added(sums: Tensor, addend: Tensor | None) -> Tensor:
    return sums if addend is None else sums.add_(addend)


def _int8_product(affine: Affine) -> Product:
    scales = affine.weight.abs().amax(1).clamp(min=1e-12) / LEVELS  # of each output
    whole = (affine.weight / scales[:, None]).round().to(torch.int8)
    packed = torch.ops.onednn.qlinear_prepack(whole, None)
    given = (1 / LEVELS, OFFSET, packed, scales, torch.zeros(len(scales), dtype=torch.int32), affine.bias)
    multiply = torch.ops.onednn.qlinear_pointwise.default
    as_they_are: tuple[object, ...] = (1.0, 0, torch.float32, "none", [], "")  # fp32 out, nothing done to it
    return lambda x, addend: _added(multiply(x, *given, *as_they_are), addend)
