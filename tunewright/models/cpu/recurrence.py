"""The LSTM recurrence as explicit matrix products: the fast way through an LSTM on a CPU with bf16 instructions.

In: what a layer's inputs contribute to its gates, its recurrent weights and a state. Out: hidden states and
the state after them, with exact gradients. PyTorch's own LSTM calls oneDNN, whose bf16 backward pass is several
times as slow as these products, and it cannot use that the first layer reads one of a few dozen embeddings, so
that its input product is a row of a small table (`benchmarks/LOG.md` has the figures).

Weights, cell state and sums stay fp32; what a matrix product reads and what is kept for the backward pass is
rounded to bf16, as autocast does. This file holds no parameters and knows no model; `models` decides when to use it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BF16 = torch.bfloat16
MINUS_ONE = torch.tensor(-1.0)
_sigmoid_gradient_ = torch.ops.aten.sigmoid_backward.grad_input
_tanh_gradient_ = torch.ops.aten.tanh_backward.grad_input

Product = Callable[[Tensor, Tensor], Tensor]


def product_with(weight: Tensor, rows: int) -> Product:
    """The function (x, addend) -> x @ weight.T + addend, for `rows` rows of x in the type of `weight`.

    Where oneDNN is there, the weight is first brought into the order that its kernels read: at 1024 hidden units
    and batch 8 that halves the time of a product.
    """
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
        multiply = torch.ops.mkldnn._linear_pointwise.binary
    except (AttributeError, RuntimeError, NotImplementedError):  # no oneDNN, or one without this type
        turned = weight.t()
        return lambda x, addend: torch.addmm(addend, x, turned)
    return lambda x, addend: multiply(x, addend, packed, None, "add")


class Gates:
    """Room for the sums of one step (B, 4 hidden), and its four parts: input, forget, candidate, output."""

    def __init__(self, batch: int, width: int) -> None:
        self.sums = torch.empty(batch, 4 * width)
        self.i, self.f, self.g, self.o = self.sums.chunk(4, 1)
        self.input_forget = self.sums[:, : 2 * width]

    def open(self, sums: Tensor) -> None:
        """Fill with sums, and turn those into gates.

        The candidate's tanh is 2 σ(2x) - 1, since PyTorch's σ is several times as fast as its tanh.
        """
        self.sums.copy_(sums)
        self.g.mul_(2)
        self.sums.sigmoid_()
        torch.add(MINUS_ONE, self.g, alpha=2, out=self.g)

    def step(self, cell: Tensor, new_cell: Tensor, tanh: Tensor) -> Tensor:
        """The hidden state (B, hidden) after the step; writes the new cell state, where `cell` may be, and its tanh."""
        torch.mul(self.f, cell, out=new_cell).addcmul_(self.i, self.g)
        torch.mul(new_cell, 2, out=tanh).sigmoid_()
        torch.add(MINUS_ONE, tanh, alpha=2, out=tanh)
        return self.o * tanh


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, hidden: Tensor, cell: Tensor, weight: Tensor, keep: bool
    ) -> tuple[Tensor, Tensor]:
        steps, batch, width = len(inputs), *hidden.shape
        weight = weight.to(BF16)
        opened = torch.empty(steps if keep else 0, batch, 4 * width, dtype=BF16)
        tanhs = torch.empty(steps if keep else 0, batch, width, dtype=BF16)
        cells = torch.empty(steps + 1 if keep else 1, batch, width)
        hiddens = torch.empty(steps + 1, batch, width, dtype=BF16)
        hiddens[0], cells[0] = hidden, cell
        multiply, gates, tanh = product_with(weight, batch), Gates(batch, width), torch.empty(batch, width)
        each_hidden, each_cell = hiddens.unbind(), cells.unbind() if keep else cells.unbind() * (steps + 1)
        each_opened, each_tanh = opened.unbind(), tanhs.unbind()
        for t, added in enumerate(inputs.unbind()):
            gates.open(multiply(each_hidden[t], added))
            each_hidden[t + 1].copy_(gates.step(each_cell[t], each_cell[t + 1], tanh))
            if keep:
                each_opened[t].copy_(gates.sums)
                each_tanh[t].copy_(tanh)
        if keep:
            ctx.save_for_backward(weight, opened, hiddens, cells, tanhs)
        return hiddens[1:], cells[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hiddens: Tensor, d_cell: Tensor) -> tuple[Tensor | None, ...]:
        weight, opened, hiddens, cells, tanhs = ctx.saved_tensors
        steps, batch, width = tanhs.shape
        d_sums = torch.empty(steps, batch, 4 * width, dtype=BF16)
        multiply, gates, slopes = product_with(weight.t(), batch), Gates(batch, width), Gates(batch, width)
        d_hidden, through, tanh = (torch.empty(batch, width) for _ in range(3))
        d_cell = d_cell.clone()
        each_d_sums, each_d_hidden = d_sums.unbind(), d_hiddens.unbind()
        each = list(zip(opened.unbind(), cells.unbind()[:-1], tanhs.unbind(), strict=True))
        for t in reversed(range(steps)):
            kept, cell, kept_tanh = each[t]
            gates.sums.copy_(kept)
            tanh.copy_(kept_tanh)
            d_hidden.copy_(multiply(each_d_sums[t + 1], each_d_hidden[t]) if t + 1 < steps else each_d_hidden[t])
            torch.mul(d_hidden, gates.o, out=through)
            d_cell.add_(_tanh_gradient_(through, tanh, grad_input=through))
            torch.mul(d_cell, gates.g, out=slopes.i)
            torch.mul(d_cell, cell, out=slopes.f)
            torch.mul(d_cell, gates.i, out=slopes.g)
            torch.mul(d_hidden, tanh, out=slopes.o)
            _sigmoid_gradient_(slopes.input_forget, gates.input_forget, grad_input=slopes.input_forget)
            _tanh_gradient_(slopes.g, gates.g, grad_input=slopes.g)
            _sigmoid_gradient_(slopes.o, gates.o, grad_input=slopes.o)
            each_d_sums[t].copy_(slopes.sums)
            d_cell.mul_(gates.f)
        turned = hiddens[:-1].view(-1, width).t().contiguous()  # two turned operands are slower than one and a copy
        d_weight = d_sums.view(-1, 4 * width).t() @ turned.t()
        return d_sums, (d_sums[0] @ weight).float(), d_cell, d_weight.float(), None


def recur(inputs: Tensor, hidden: Tensor, cell: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states (T, B, hidden) in bf16 and the last cell state (B, hidden), of one LSTM layer.

    `inputs` (T, B, 4 hidden), bf16: what the layer's inputs and biases add to the gates, in PyTorch's order of
    gates; `hidden` and `cell` (B, hidden): the state before; `weight` (4 hidden, hidden): the recurrent weights.
    """
    hiddens, last = _Recurrence.apply(inputs, hidden, cell, weight, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
    return hiddens, last
