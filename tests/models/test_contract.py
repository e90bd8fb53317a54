"""What every model holds to, whichever it is: of each kind, with and without context features, in each precision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.support.small_runs import small
from tests.support.toy_model import ToyModel
from tunewright.models.building import build_model
from tunewright.models.contract import Model, State, Stepper, alike_rows
from tunewright.models.devices import cpu_has_int8
from tunewright.models.settings import MODELS

VOCAB, ROWS, LENGTH = 11, 4, 12
CONTEXT = (7, 4)


BUILD: dict[str, Callable[[tuple[int, ...]], Model]] = {
    **{cell: lambda sizes, cell=cell: build_model(small(cell).model, VOCAB, sizes, len(sizes)) for cell in MODELS},  # type: ignore[misc]
    "toy": lambda sizes: ToyModel(VOCAB, sizes),
}
DTYPES = [torch.float32, torch.bfloat16, torch.int8]
READS = pytest.mark.parametrize("sizes", [(), CONTEXT], ids=["ids", "context"])
KINDS = pytest.mark.parametrize("kind", BUILD)


def build(kind: str, sizes: tuple[int, ...]) -> Model:
    torch.manual_seed(4)
    model = BUILD[kind](sizes).eval()
    for parameter in model.parameters():  # what starts as zeros is random
        parameter.data = parameter.data + 0.1 * torch.rand(parameter.shape)
    return model


def ids_for(model: Model, rows: int = ROWS, length: int = LENGTH) -> Tensor:
    chance = torch.Generator().manual_seed(5)
    columns = [torch.randint(size, (rows, length), generator=chance) for size in model.sizes]
    return torch.stack(columns, -1) if len(columns) > 1 else columns[0]


def stepper_of(model: Model, kind: str, dtype: torch.dtype) -> Stepper:
    if dtype == torch.int8 and not (kind in MODELS and MODELS[kind].int8 and cpu_has_int8()):
        pytest.skip("no exact products of bytes")
    return model.stepper(dtype)


def tensors(state: State) -> list[Tensor]:
    return [part.clone() for part in state]


@KINDS
@READS
@torch.no_grad()
def test_reading_in_chunks_is_reading_at_once(kind: str, sizes: tuple[int, ...]) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    whole, end = model(ids)
    state, parts = model.start(ROWS), []
    for chunk in ids.split([1, 4, 7], 1):
        logits, state = model(chunk, state)
        parts.append(logits)
    assert whole.shape == (ROWS, LENGTH, VOCAB)
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-6)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(state, end, strict=True))


@KINDS
@READS
@torch.no_grad()
def test_no_state_is_the_state_at_the_start(kind: str, sizes: tuple[int, ...]) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    assert torch.equal(model(ids)[0], model(ids, model.start(ROWS))[0])


@KINDS
@READS
@torch.no_grad()
def test_a_logit_depends_on_nothing_that_comes_later(kind: str, sizes: tuple[int, ...]) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    changed = ids.clone()
    changed[:, 7:] = ids[:, 7:].flip(0)
    assert torch.equal(model(ids)[0][:, :7], model(changed)[0][:, :7])


@KINDS
@READS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@torch.no_grad()
def test_stepping_is_reading(kind: str, sizes: tuple[int, ...], dtype: torch.dtype) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    step, state, expected = stepper_of(model, kind, dtype), model.start(ROWS), model(ids)[0]
    for place in range(LENGTH):
        logits, state = step(ids[:, place], state)
        assert logits.dtype == torch.float32
        assert torch.allclose(logits, expected[:, place], atol=1e-5 if dtype == torch.float32 else 0.05)


@KINDS
@READS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@torch.no_grad()
def test_steppers_apart_do_not_disturb_each_other(kind: str, sizes: tuple[int, ...], dtype: torch.dtype) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    one = stepper_of(model, kind, dtype)
    other, mine, theirs, alone = one.apart(), model.start(ROWS), model.start(ROWS), model.start(ROWS)
    for place in range(LENGTH):
        logits, mine = one(ids[:, place], mine)
        _, theirs = other(ids[:, -1 - place], theirs)
        expected, alone = one.apart()(ids[:, place], alone)
        assert torch.equal(logits, expected)


@KINDS
@READS
@torch.no_grad()
def test_a_row_that_is_reset_leaves_the_others_alone(kind: str, sizes: tuple[int, ...]) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    _, state = model(ids)
    before = tensors(model.select(state, [0, 2, 3]))
    state = model.reset(state, [1])
    assert all(torch.equal(a, b) for a, b in zip(model.select(state, [0, 2, 3]), before, strict=True))
    again = model(ids[1:2], model.select(state, [1]))[0]
    assert torch.allclose(again, model(ids[1:2])[0], atol=1e-6)  # as if nothing had been read


@KINDS
@READS
@torch.no_grad()
def test_rows_that_are_selected_go_on_as_they_would_have(kind: str, sizes: tuple[int, ...]) -> None:
    model = build(kind, sizes)
    ids = ids_for(model)
    _, state = model(ids[:, :5])
    before = tensors(state)
    kept = model.select(state, [3, 1])
    found = model(ids[[3, 1], 5:], kept)[0]
    assert all(torch.equal(a, b) for a, b in zip(state, before, strict=True))  # what was there is still there
    assert torch.allclose(found, model(ids)[0][[3, 1], 5:], atol=1e-6)
    twice = model.select(kept, [0, 0])
    assert all(torch.equal(a, b) for a, b in zip(model.select(twice, [0]), model.select(twice, [1]), strict=True))


@KINDS
@READS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@torch.no_grad()
def test_a_row_has_the_same_bits_at_all_numbers_of_rows_that_are_alike(
    kind: str, sizes: tuple[int, ...], dtype: torch.dtype
) -> None:
    model = build(kind, sizes)
    step = stepper_of(model, kind, dtype)
    counts = alike_rows(model, step, (1, 2, 8, 16))
    assert 16 in counts
    ids = ids_for(model, 16, 3)
    whole = _read(model, step, ids)
    for count in counts:
        assert torch.equal(torch.cat([_read(model, step, part) for part in ids.split(count)]), whole)


def _read(model: Model, step: Stepper, ids: Tensor) -> Tensor:
    state = model.start(len(ids))
    for place in range(ids.shape[1]):
        logits, state = step(ids[:, place], state)
    return logits


class Noisy:
    """A stepper that is in the last bit otherwise for one number of rows."""

    def __init__(self, step: Stepper, odd: int) -> None:
        self.step, self.odd = step, odd

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        logits, state = self.step(ids, state)
        if len(ids) == self.odd:
            logits[:, 3] = logits[:, 3].nextafter(torch.tensor(9.0))
        return logits, state

    def apart(self) -> Stepper:
        return self


@pytest.mark.parametrize(("odd", "expected"), [(1, (4, 16, 64)), (16, (1, 4, 64)), (64, (64,))])
def test_numbers_of_rows_that_differ_in_one_bit_are_found(odd: int, expected: tuple[int, ...]) -> None:
    model = build("lstm", ())
    step = model.stepper(torch.float32)
    same = alike_rows(model, step, (1, 4, 16, 64))
    assert alike_rows(model, Noisy(step, odd), (1, 4, 16, 64)) == tuple(n for n in expected if n in same)
