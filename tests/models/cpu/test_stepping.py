import pytest
import torch
from torch import Tensor

from tunewright.models.contract import State
from tunewright.models.cpu.stepping import LEVELS, OFFSET, Affine, LstmStep, _Room, pack_lstm, product
from tunewright.models.devices import cpu_has_int8

VNNI = pytest.mark.skipif(not cpu_has_int8(), reason="this processor has no exact products of bytes")
DTYPES = [torch.float32, torch.bfloat16, pytest.param(torch.int8, marks=VNNI)]
VOCAB, WIDTH = 13, 64


def random(*shape: int, scale: float = 1.0, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


TABLE = random(VOCAB, 4 * WIDTH)
LAYERS = [
    Affine(random(4 * WIDTH, WIDTH, scale=0.1)),
    Affine(random(4 * WIDTH, 2 * WIDTH, scale=0.1, seed=2), random(4 * WIDTH, seed=3)),
]
HEAD = Affine(random(VOCAB, WIDTH, scale=0.3, seed=4), random(VOCAB, seed=5))
IDS = torch.randint(VOCAB, (64, 6), generator=torch.Generator().manual_seed(6))


def textbook(ids: Tensor, state: State) -> tuple[Tensor, State]:
    """The same step in fp64, in the words of the textbook."""
    below, hiddens, cells = None, [], []
    for layer, (weights, hidden, cell) in enumerate(zip(LAYERS, *state, strict=True)):
        read = hidden if below is None else torch.cat([below, hidden], 1)
        added = weights.bias if layer else TABLE[ids]
        assert added is not None
        i, f, g, o = (read.double() @ weights.weight.double().t() + added).chunk(4, 1)
        cells.append(f.sigmoid() * cell + i.sigmoid() * g.tanh())
        below = o.sigmoid() * cells[-1].tanh()
        hiddens.append(below)
    assert below is not None
    assert HEAD.bias is not None
    return below @ HEAD.weight.double().t() + HEAD.bias, (torch.stack(hiddens), torch.stack(cells))


def build(dtype: torch.dtype) -> LstmStep:
    table = Affine(TABLE.t()).doubled().weight.t()
    return LstmStep(pack_lstm(lambda ids: table[ids], [layer.doubled() for layer in LAYERS], HEAD, dtype))


def zeros(rows: int) -> State:
    return torch.zeros(2, rows, WIDTH), torch.zeros(2, rows, WIDTH)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_step_is_the_textbooks(dtype: torch.dtype) -> None:
    step, state, expected_state = build(dtype), zeros(64), zeros(64)
    for ids in IDS.unbind(1):
        logits, state = step(ids, state)
        expected, expected_state = textbook(ids, expected_state)
        assert torch.allclose(logits.double(), expected, atol=1e-5 if dtype == torch.float32 else 0.1)
        for found, wanted in zip(state, expected_state, strict=True):
            assert torch.allclose(found.double(), wanted, atol=1e-5 if dtype == torch.float32 else 0.03)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_can_come_and_go_between_steps(dtype: torch.dtype) -> None:
    step = build(dtype)
    state, kept = zeros(64), zeros(64)
    for ids in IDS.unbind(1):
        all_logits, state = step(ids, state)
        ids = ids if len(kept[0][0]) == 64 else ids[::2]
        logits, kept = step(ids, kept)
        kept = kept if len(kept[0][0]) == 32 else tuple(part[:, ::2].contiguous() for part in kept)
    assert torch.allclose(logits, all_logits[::2], atol=1e-6)


@VNNI
@pytest.mark.parametrize("rows", [1, 3, 64])
@pytest.mark.parametrize("added", [False, True])
def test_sums_of_bytes_are_exact(added: bool, rows: int) -> None:
    chance = torch.Generator().manual_seed(7)
    whole = torch.randint(-LEVELS, LEVELS + 1, (96, 1000), generator=chance)
    whole[:, 0] = LEVELS  # so that each output's scale is one 127th
    x = torch.full((rows, 1000), 127)  # the greatest sums
    x[:, ::3] = torch.randint(-127, 128, x[:, ::3].shape, generator=chance)
    multiply = product(Affine(whole / LEVELS), torch.int8)
    addend = torch.randn(rows, 96, generator=chance) if added else None
    expected = (x @ whole.t()).double() / LEVELS**2 + (0 if addend is None else addend)
    found = multiply((x + OFFSET).to(torch.uint8), addend)
    assert torch.allclose(found.double(), expected, rtol=1e-6, atol=1e-5)


def test_hidden_states_are_rounded_to_the_nearest_127th() -> None:
    hidden = torch.linspace(-1, 1, 1001)[None]
    written = _Room(1, 1001, torch.int8).read(hidden).double() - OFFSET
    assert float((written - LEVELS * hidden.double()).abs().max()) < 0.501
