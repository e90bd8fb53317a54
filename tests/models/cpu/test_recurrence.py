import pytest
import torch
from torch import Tensor

from tunewright.models.cpu.recurrence import product_with, recur


def plain_lstm(inputs: Tensor, hidden: Tensor, cell: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The same recurrence, in the words of the textbook."""
    hiddens = []
    for added in inputs.float():
        i, f, g, o = (added + hidden @ weight.t()).chunk(4, 1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        hiddens.append(hidden)
    return torch.stack(hiddens), cell


def arguments(steps: int = 7, batch: int = 5, width: int = 32) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    shapes = ((steps, batch, 4 * width), (batch, width), (batch, width), (4 * width, width))
    inputs, hidden, cell, weight = (torch.randn(shape, generator=generator) for shape in shapes)
    return (
        inputs.bfloat16().requires_grad_(),
        hidden.requires_grad_(),
        cell.requires_grad_(),
        (weight / 6).requires_grad_(),
    )


def test_states_are_those_of_the_textbook() -> None:
    ours, plain = recur(*arguments()), plain_lstm(*arguments())
    for found, expected in zip(ours, plain, strict=True):
        assert torch.allclose(found.float(), expected, atol=0.03)


@pytest.mark.parametrize("which", range(4))
def test_gradients_are_those_of_the_textbook(which: int) -> None:
    gradients = []
    for function in (recur, plain_lstm):
        given = arguments()
        hiddens, cell = function(*given)
        weights = torch.linspace(-1, 1, hiddens.numel()).view(hiddens.shape)
        ((hiddens.float() * weights).sum() + (cell * 0.3).sum()).backward()  # type: ignore[no-untyped-call]
        gradient = given[which].grad
        assert gradient is not None
        gradients.append(gradient.float())
    found, expected = gradients
    assert float((found - expected).norm() / expected.norm()) < 0.02


def test_nothing_is_kept_and_nothing_changes_without_gradients() -> None:
    with torch.no_grad():
        without = recur(*arguments())
    for found, expected in zip(without, recur(*arguments()), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_prepared_product_is_the_product(dtype: torch.dtype) -> None:
    x, weight, addend = (torch.randn(shape).to(dtype) for shape in ((8, 24), (16, 24), (8, 16)))
    found = product_with(weight, 8)(x, addend)
    assert torch.allclose(found.float(), x.float() @ weight.float().t() + addend.float(), atol=0.1)
