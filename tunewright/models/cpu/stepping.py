"""One step of an LSTM at a time, for drawing: the shortest way from ids to logits on a CPU.

In: the weights of an LSTM as plain tensors, and the type of number that products read: fp32, bf16 or int8. Out: a
step, from ids and a state to logits and the state after them. Sums, gates and states are always fp32. Weights are
packed once and shared; what a step writes in between belongs to that step.

In int8 an activation is a whole number of 127ths, since every hidden state lies between -1 and 1, and the weights of
each output have a scale of their own. Sums of whole numbers are exact, so that the order of adding does not matter.
In fp32 and bf16 it does: weights are packed in one order for all numbers of rows, and `contract.alike_rows` tries which
numbers of rows give a row the same bits. This file knows no model, learns nothing and chooses no id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor

from tunewright.models.contract import State

MINUS_ONE = torch.tensor(-1.0)
LEVELS = 127  # whole numbers on either side of zero
OFFSET = 128  # what is added to them, since products read unsigned numbers
TO_NEAREST = torch.tensor(OFFSET + 0.5)  # added before what follows the point is cut off
PACKED_FOR = 64  # rows, whatever is computed: other numbers can sum in another order

Product = Callable[[Tensor, Tensor | None], Tensor]


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


@dataclass(frozen=True, eq=False)
class PackedLstm:
    """The weights of an LSTM as products read them: shared by all its steps, and only read.

    `rows_of` gives what ids (rows, …) add to the first layer's gates (rows, 4 hidden). A layer reads the hidden states
    of the layer below, where there is one, beside its own; gates are in PyTorch's order, those of candidates doubled.
    """

    rows_of: Callable[[Tensor], Tensor]
    products: tuple[Product, ...]  # one for each layer
    logits_of: Product
    width: int
    dtype: torch.dtype


def pack_lstm(
    rows_of: Callable[[Tensor], Tensor], layers: Sequence[Affine], head: Affine, dtype: torch.dtype
) -> PackedLstm:
    """The weights packed for products of `dtype`: those of the layers, candidates doubled, and of the head."""
    products = tuple(product(layer, dtype) for layer in layers)
    return PackedLstm(rows_of, products, product(head, dtype), head.weight.shape[1], dtype)


class LstmStep:
    """A step: ids (rows, …) and a state, (layers, rows, hidden) twice, to logits (rows, vocab) and the state, updated.

    It may be of any number of rows, and is for one thread at a time: its scratch is its own.
    """

    def __init__(self, packed: PackedLstm) -> None:
        self._packed = packed
        self._room_for = lru_cache(2)(partial(_Room, width=packed.width, dtype=packed.dtype))

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits and the state after them."""
        last = self.advance(ids, state)
        return self._packed.logits_of(self._room_for(len(last)).read(last), None).float(), state

    def advance(self, ids: Tensor, state: State) -> Tensor:
        """The last layer's hidden state (rows, hidden) after ids, with which all states are updated."""
        packed = self._packed
        hiddens, cells = (part.unbind() for part in state)
        room = self._room_for(len(hiddens[0]))
        sums = packed.products[0](room.read(hiddens[0]), packed.rows_of(ids))
        room.advance(sums, hiddens[0], cells[0])
        for layer in range(1, len(packed.products)):
            sums = packed.products[layer](room.read_two(hiddens[layer - 1], hiddens[layer]), None)
            room.advance(sums, hiddens[layer], cells[layer])
        return hiddens[-1]


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
