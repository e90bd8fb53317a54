import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tunewright.generation.sampling import Sampling, draw, sample

ROWS, VOCAB = 64, 150
CHANCE = torch.Generator().manual_seed(3)
LOGITS = torch.randn(ROWS, VOCAB, generator=CHANCE) * 3
UNIFORMS = torch.rand(ROWS, generator=CHANCE, dtype=torch.float64)
MASK = torch.where(torch.rand(ROWS, VOCAB, generator=CHANCE) < 0.7, -torch.inf, 0.0)
MASK[:, 5] = 0.0
SETTINGS = [
    Sampling(),
    Sampling(0.7),
    Sampling(2.0, min_p=0.1),
    Sampling(top_k=3),
    Sampling(top_p=0.8),
    Sampling(0.8, top_k=20, top_p=0.95, min_p=0.01),
    Sampling(top_p=0.0),
    Sampling(5.0, top_p=0.99),
    Sampling(0),
]


def kept(logits: Tensor, sampling: Sampling) -> list[int]:
    """The ids of one row that may come, the most probable first, in the words of the options."""
    probabilities = torch.softmax(logits.double() / sampling.temperature, 0)
    ordered = sorted(range(VOCAB), key=lambda number: -float(probabilities[number]))
    ordered = [n for n in ordered if probabilities[n] >= sampling.min_p * probabilities.max() and probabilities[n] > 0]
    total, behind, nucleus = float(probabilities[ordered].sum()), 0.0, []
    for number in ordered:
        if behind < sampling.top_p * total or not nucleus:
            nucleus.append(number)
        behind += float(probabilities[number])
    return nucleus[: sampling.top_k or VOCAB]


@pytest.mark.parametrize("mask", [None, MASK], ids=["free", "masked"])
@pytest.mark.parametrize("sampling", SETTINGS[:-1], ids=str)
def test_each_id_comes_as_often_as_it_is_probable(sampling: Sampling, mask: Tensor | None) -> None:
    for row in range(3):
        logits = LOGITS[row] if mask is None else LOGITS[row] + mask[row]
        may = kept(logits, sampling)
        probabilities = torch.softmax(logits[may].double() / sampling.temperature, 0)
        rows = 20_000
        even = (torch.arange(rows, dtype=torch.float64) + 0.5) / rows
        masks = None if mask is None else mask[row].expand(rows, -1)
        chosen = sample(LOGITS[row].expand(rows, -1), even, sampling, masks)
        counts = torch.bincount(chosen, minlength=VOCAB)
        assert int(counts[may].sum()) == rows
        assert torch.allclose(counts[may].double(), rows * probabilities, atol=1.01 + rows * 1e-5)


@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
@pytest.mark.parametrize("mask", [None, MASK], ids=["free", "masked"])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_a_row_has_the_same_bits_whatever_is_beside_it(count: int, mask: Tensor | None, sampling: Sampling) -> None:
    whole = draw(LOGITS, UNIFORMS, sampling, mask)
    for start in range(0, ROWS - count + 1, count):
        rows = slice(start, start + count)
        part = draw(LOGITS[rows], UNIFORMS[rows], sampling, None if mask is None else mask[rows])
        assert all(torch.equal(a, b[rows]) for a, b in zip(part, whole, strict=True))


@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-24, 1 - 2**-53])
def test_what_the_mask_forbids_never_comes(uniform: float, sampling: Sampling) -> None:
    chosen = sample(LOGITS, torch.full((ROWS,), uniform, dtype=torch.float64), sampling, MASK)
    assert bool((MASK.gather(1, chosen[:, None]) == 0).all())


def test_one_id_that_may_come_comes_however_improbable_it_is() -> None:
    logits = torch.full((4, VOCAB), 80.0)
    logits[:, 7] = -80.0
    only = torch.full((4, VOCAB), -torch.inf)
    only[:, 7] = 0.0
    drawn = draw(logits, UNIFORMS[:4], Sampling(), only)
    assert drawn.ids.tolist() == [7] * 4
    assert torch.allclose(drawn.log_probabilities, torch.full((4,), -160.0 - math.log(VOCAB - 1)))
    assert torch.allclose(drawn.removed, torch.ones(4))


@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
def test_what_the_model_made_of_it_is_raw(sampling: Sampling) -> None:
    drawn = draw(LOGITS, UNIFORMS, sampling, MASK)
    exact = torch.log_softmax(LOGITS.double(), 1)
    assert torch.allclose(drawn.log_probabilities.double(), exact.gather(1, drawn.ids[:, None])[:, 0], atol=1e-5)
    removed = (exact.exp() * (MASK < 0)).sum(1)
    assert torch.allclose(drawn.removed.double(), removed, atol=1e-6)
    assert float(draw(LOGITS, UNIFORMS, sampling).removed.abs().max()) == 0


def test_forced_ids_are_written_and_judged() -> None:
    forced = torch.where(torch.arange(ROWS) % 2 == 0, 11, -1)
    free, drawn = draw(LOGITS, UNIFORMS, Sampling(), MASK), draw(LOGITS, UNIFORMS, Sampling(), MASK, forced)
    assert torch.equal(drawn.ids[1::2], free.ids[1::2])
    assert drawn.ids[::2].tolist() == [11] * (ROWS // 2)
    assert torch.allclose(drawn.log_probabilities[::2], torch.log_softmax(LOGITS, 1)[::2, 11])


def test_the_coldest_draw_takes_the_most_probable() -> None:
    assert torch.equal(sample(LOGITS, UNIFORMS, Sampling(0)), LOGITS.argmax(1))
    assert torch.equal(sample(LOGITS, UNIFORMS, Sampling(0), MASK), (LOGITS + MASK).argmax(1))


@pytest.mark.parametrize("sampling", [Sampling(top_k=3), Sampling(top_p=2.5 / VOCAB)], ids=str)
def test_of_equals_the_first_stay_and_no_more_than_asked_for(sampling: Sampling) -> None:
    level = torch.zeros(30, VOCAB)
    level[:, 0] = -1.0
    even = torch.linspace(0, 0.999, 30, dtype=torch.float64)
    assert set(sample(level, even, sampling).tolist()) == {1, 2, 3}


@pytest.mark.parametrize("mask", [None, MASK], ids=["free", "masked"])
@pytest.mark.parametrize("others", [Sampling(), Sampling(top_p=0.9), Sampling(top_k=20, min_p=0.01)], ids=str)
def test_each_row_can_have_a_temperature_of_its_own(others: Sampling, mask: Tensor | None) -> None:
    values = (0.0, 0.8, 1.0, 1.3)
    found = sample(LOGITS, UNIFORMS, others, mask, torch.tensor(values).repeat(ROWS // 4))
    for place, temperature in enumerate(values):
        alone = sample(LOGITS, UNIFORMS, replace(others, temperature=temperature), mask)
        assert torch.equal(found[place::4], alone[place::4])
