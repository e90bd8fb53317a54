from dataclasses import replace

import pytest
import torch
from small_runs import SMALL

from tunewright.config import Config
from tunewright.errors import ConfigError
from tunewright.models import CELLS, build_model, choose_device, choose_precision

VOCAB = 11
IDS = torch.randint(VOCAB, (3, 20), generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_has_the_labs_shape(cell: str) -> None:
    _, state = build_model(replace(SMALL, cell=cell), VOCAB)(IDS)
    assert all(part.shape == (SMALL.num_layers, 3, SMALL.hidden_size) for part in state)
    assert len(state) == (2 if cell == "lstm" else 1)


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_reading_in_pieces_gives_what_reading_at_once_gives(cell: str, bf16: bool) -> None:
    model = build_model(replace(SMALL, cell=cell), VOCAB).eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        whole, end = model(IDS)
        first, state = model(IDS[:, :9])
        second, state = model(IDS[:, 9:], state)
    close = 1e-2 if bf16 else 1e-6
    assert torch.allclose(torch.cat([first, second], 1), whole, atol=close)
    assert all(torch.allclose(a, b, atol=close) for a, b in zip(state, end, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_bf16_gives_nearly_what_fp32_gives(cell: str) -> None:
    model = build_model(replace(SMALL, cell=cell), VOCAB).eval()
    exact, _ = model(IDS)
    with torch.autocast("cpu", torch.bfloat16):
        rounded, _ = model(IDS)
    assert torch.allclose(exact, rounded.float(), atol=0.02)


def test_bf16_gradients_point_where_fp32_gradients_do() -> None:
    gradients = []
    for enabled in (False, True):
        model = build_model(replace(SMALL, dropout=0.0), VOCAB)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            logits, _ = model(IDS)
        torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), IDS.flatten()).backward()  # type: ignore[no-untyped-call]
        gradients.append([parameter.grad for parameter in model.parameters()])
    for exact, rounded in zip(*gradients, strict=True):
        assert exact is not None
        assert rounded is not None
        assert float((exact - rounded).norm() / exact.norm()) < 0.05


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("cell", CELLS)
def test_stepping_gives_what_reading_gives(cell: str, dtype: torch.dtype) -> None:
    model = build_model(replace(SMALL, cell=cell), VOCAB).eval()
    expected, _ = model(IDS)
    step, state = model.stepper(3, dtype), model.zero_state(3)
    with torch.no_grad():
        for place in range(IDS.shape[1]):
            logits, state = step(IDS[:, place], state)
            assert torch.allclose(logits, expected[:, place], atol=0.02 if dtype == torch.bfloat16 else 1e-6)


def test_the_same_seed_builds_the_same_model_and_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    first, second = build_model(SMALL, VOCAB), build_model(SMALL, VOCAB)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_dropout_is_at_work_in_training_only() -> None:
    model = build_model(SMALL, VOCAB)
    assert not torch.equal(model.train()(IDS)[0], model(IDS)[0])
    assert torch.equal(model.eval()(IDS)[0], model(IDS)[0])


def test_narrow_models_and_other_cells_stay_in_fp32() -> None:
    cpu = torch.device("cpu")
    assert choose_precision("auto", Config(hidden_size=32), cpu) == "fp32"
    assert choose_precision("auto", Config(cell="gru", hidden_size=1024), cpu) == "fp32"
    assert choose_precision("bf16", Config(hidden_size=32), cpu) == "bf16"


def test_a_device_that_is_not_there_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="expected auto, cpu or cuda"):
        choose_device("abacus")


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", ["input_dropout", "weight_dropout"])
def test_each_dropout_changes_training_alone_and_leaves_gradients(kind: str, cell: str, bf16: bool) -> None:
    plain = build_model(replace(SMALL, cell=cell, dropout=0.0), VOCAB)
    model = build_model(replace(SMALL, cell=cell, dropout=0.0, **{kind: 0.5}), VOCAB)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        assert torch.equal(model.eval()(IDS)[0], plain.eval()(IDS)[0])
        logits, _ = model.train()(IDS)
        assert not torch.equal(logits, model(IDS)[0])
    logits.float().sum().backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("bf16", [False, True])
def test_a_blank_character_is_read_as_nothing_but_the_bias(bf16: bool) -> None:
    model = build_model(replace(SMALL, dropout=0.0, input_dropout=0.95), VOCAB).train()
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits, _ = model(IDS[:, :1].expand(3, 400))
        other, _ = model(IDS[:, 1:2].expand(3, 400))
    model.embedding.weight.data.zero_()
    model.input_dropout = 0.0
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        blank, _ = model(IDS[:, :1])
    blank_first = [
        row[0] for row in (*logits, *other) if torch.allclose(row[0].float(), blank[0, 0].float(), atol=0.01)
    ]
    assert len(blank_first) >= 4  # of six first characters, nearly all
