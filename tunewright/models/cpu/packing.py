"""Linear layers of any model as `stepping` multiplies by them: weights converted once, not in every step.

In: a module. Out: another one that shares its other weights, for reading alone. This file learns nothing.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from tunewright.models.cpu.stepping import Affine, product

M = TypeVar("M", bound=nn.Module)


class PackedLinear(nn.Module):
    """A linear layer with its weights packed for products of `dtype`, fp32 or bf16; what comes out is fp32."""

    def __init__(self, linear: nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        bias = None if linear.bias is None else linear.bias.detach()
        self._multiply, self._dtype = product(Affine(linear.weight.detach(), bias), dtype), dtype

    def forward(self, x: Tensor) -> Tensor:
        """(…, inputs) to (…, outputs)."""
        sums = self._multiply(x.flatten(0, -2).to(self._dtype), None).float()
        return sums.view(*x.shape[:-1], -1)


def with_packed_products(module: M, dtype: torch.dtype) -> M:
    """The module with each of its linear layers packed; all other weights are shared with it."""
    assert dtype != torch.int8, "products of bytes read numbers between -1 and 1"
    twin = copy.deepcopy(module, {id(weight): weight for weight in module.parameters()})
    for part in list(twin.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.Linear):
                setattr(part, name, PackedLinear(child, dtype))
    return twin
