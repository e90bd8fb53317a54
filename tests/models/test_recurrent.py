from itertools import product

import pytest
import torch
from torch import Tensor

from tests.support.small_runs import SMALL
from tunewright.models.building import build_model
from tunewright.models.contract import alike_rows
from tunewright.models.devices import choose_device, choose_precision, choose_step_precision, cpu_has_int8
from tunewright.models.embedding import DIRECT_SCALE
from tunewright.models.recurrent import CELLS, RecurrentModel
from tunewright.models.settings import ModelSettings
from tunewright.support.errors import ConfigError

VOCAB = 11
IDS = torch.randint(VOCAB, (3, 20), generator=torch.Generator().manual_seed(5))
PLACES = (7, 4)
WITH_PLACES = torch.stack([IDS, IDS % 7, IDS.flip(1) % 4], 2)
VNNI = pytest.mark.skipif(not cpu_has_int8(), reason="this processor has no exact products of bytes")
READ = [pytest.param((), IDS, id="ids"), pytest.param(PLACES, WITH_PLACES, id="places")]


def trained(cell: str, places: tuple[int, ...], **changes: float) -> RecurrentModel:
    """A model that has learned something of every kind: what starts as zeros is random."""
    model = build_model(SMALL.with_(cell=cell, **changes).model, VOCAB, places, len(places)).eval()
    assert isinstance(model, RecurrentModel)
    if model.direct is not None:
        chance = torch.Generator().manual_seed(3)
        model.direct.data = torch.rand(model.direct.shape, generator=chance) / 10
    return model


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_has_the_labs_shape(cell: str) -> None:
    _, state = build_model(SMALL.with_(cell=cell).model, VOCAB)(IDS)
    assert all(part.shape == (SMALL.model.num_layers, 3, SMALL.model.hidden_size) for part in state)
    assert len(state) == (2 if cell == "lstm" else 1)


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("places", "ids"), READ)
def test_reading_in_pieces_gives_what_reading_at_once_gives(
    places: tuple[int, ...], ids: Tensor, cell: str, bf16: bool
) -> None:
    model = trained(cell, places)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        whole, end = model(ids)
        first, state = model(ids[:, :9])
        second, state = model(ids[:, 9:], state)
    close = 1e-2 if bf16 else 1e-6
    assert torch.allclose(torch.cat([first, second], 1), whole, atol=close)
    assert all(torch.allclose(a, b, atol=close) for a, b in zip(state, end, strict=True))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("places", "ids"), READ)
def test_bf16_gives_nearly_what_fp32_gives(places: tuple[int, ...], ids: Tensor, cell: str) -> None:
    model = trained(cell, places)
    exact, _ = model(ids)
    with torch.autocast("cpu", torch.bfloat16):
        rounded, _ = model(ids)
    assert torch.allclose(exact, rounded.float(), atol=0.02)


@pytest.mark.parametrize(("places", "ids"), READ)
def test_bf16_gradients_point_where_fp32_gradients_do(places: tuple[int, ...], ids: Tensor) -> None:
    gradients = []
    for enabled in (False, True):
        model = build_model(SMALL.with_(dropout=0.0).model, VOCAB, places, len(places))
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            logits, _ = model(ids)
        torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), IDS.flatten()).backward()  # type: ignore[no-untyped-call]
        gradients.append([parameter.grad for parameter in model.parameters()])
    for exact, rounded in zip(*gradients, strict=True):
        assert exact is not None
        assert rounded is not None
        assert float((exact - rounded).norm() / exact.norm()) < 0.05


@pytest.mark.parametrize(
    ("cell", "dtype"), [*product(CELLS, [torch.float32, torch.bfloat16]), pytest.param("lstm", torch.int8, marks=VNNI)]
)
@pytest.mark.parametrize(("places", "ids"), READ)
def test_stepping_gives_what_reading_gives(places: tuple[int, ...], ids: Tensor, cell: str, dtype: torch.dtype) -> None:
    model = trained(cell, places)
    expected, _ = model(ids)
    step, state = model.stepper(dtype), model.start(3)
    with torch.no_grad():
        for time in range(ids.shape[1]):
            logits, state = step(ids[:, time], state)
            assert torch.allclose(logits, expected[:, time], atol=1e-6 if dtype == torch.float32 else 0.02)


def read(model: RecurrentModel, ids: Tensor, bf16: bool) -> Tensor:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits: Tensor = model(ids)[0]
    return logits


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_place_counts_as_one_more_embedding(cell: str, bf16: bool) -> None:
    plain, model = (
        build_model(SMALL.with_(cell=cell).model, VOCAB, places, len(places)).eval() for places in ((), PLACES)
    )
    changed = WITH_PLACES.clone()
    changed[:, 10, 2] = (changed[:, 10, 2] + 1) % PLACES[1]
    before, after = read(model, WITH_PLACES, bf16), read(model, changed, bf16)
    assert torch.equal(before[:, :10], after[:, :10])
    assert not torch.allclose(before[:, 10], after[:, 10], atol=0.01)
    for embedding in model.place_embeddings:
        embedding.weight.data.zero_()
    assert torch.allclose(read(model, WITH_PLACES, bf16).float(), read(plain, IDS, bf16).float(), atol=1e-6)


def test_what_is_read_speaks_to_the_logits_of_its_own_place_alone() -> None:
    model = trained("lstm", PLACES)
    assert model.direct is not None
    assert build_model(SMALL.model, VOCAB).direct is None  # characters alone: the lab's network
    before = read(model, WITH_PLACES, bf16=False)
    model.direct.data[VOCAB + int(WITH_PLACES[0, 10, 1])] += 1  # after the ids stand the rows of the first place
    raised = read(model, WITH_PLACES, bf16=False) - before
    there = WITH_PLACES[..., 1] == WITH_PLACES[0, 10, 1]
    assert torch.allclose(raised, DIRECT_SCALE * there[..., None].float().expand_as(raised), atol=1e-5)


@pytest.mark.parametrize("bf16", [False, True])
def test_places_are_seen_where_the_character_is_blank(bf16: bool) -> None:
    ids = WITH_PLACES[:1, :1].expand(100, 1, 3)
    model = build_model(SMALL.with_(dropout=0.0, input_dropout=0.95).model, VOCAB, PLACES, len(PLACES)).train()
    torch.manual_seed(1)
    found = read(model, ids, bf16)
    model.embedding.weight.data.zero_()
    model.input_dropout = 0.0
    blank = read(model, ids, bf16)
    assert sum(torch.allclose(a, b, atol=0.01) for a, b in zip(found, blank, strict=True)) in range(90, 100)


def test_the_same_seed_builds_the_same_model_and_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    first, second = build_model(SMALL.model, VOCAB), build_model(SMALL.model, VOCAB)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_dropout_is_at_work_in_training_only() -> None:
    model = build_model(SMALL.model, VOCAB)
    assert not torch.equal(model.train()(IDS)[0], model(IDS)[0])
    assert torch.equal(model.eval()(IDS)[0], model(IDS)[0])


def test_narrow_models_and_cells_without_kernels_stay_in_fp32() -> None:
    cpu = torch.device("cpu")
    assert choose_precision("auto", ModelSettings(hidden_size=32), cpu) == "fp32"
    assert choose_precision("auto", ModelSettings(cell="gru", hidden_size=1024), cpu) == "fp32"
    assert choose_precision("bf16", ModelSettings(hidden_size=32), cpu) == "bf16"
    assert choose_step_precision("auto", ModelSettings(hidden_size=32), cpu) == "fp32"
    assert choose_step_precision("bf16", ModelSettings(hidden_size=32), cpu) == "bf16"


@VNNI
def test_wide_lstms_are_drawn_from_in_int8_and_no_other_cell_is() -> None:
    cpu = torch.device("cpu")
    assert choose_step_precision("auto", ModelSettings(hidden_size=512), cpu) == "int8"
    assert choose_step_precision("int8", ModelSettings(hidden_size=32), cpu) == "int8"
    assert choose_step_precision("auto", ModelSettings(cell="gru", hidden_size=512), cpu) == "fp32"
    with pytest.raises(ConfigError, match="needs an LSTM on a processor with VNNI"):
        choose_step_precision("int8", ModelSettings(cell="gru"), cpu)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("places", "ids"), READ)
def test_a_row_has_the_same_bits_in_every_number_of_rows_that_is_alike(
    places: tuple[int, ...], ids: Tensor, cell: str, dtype: torch.dtype
) -> None:
    model = trained(cell, places)
    step = model.stepper(dtype)
    counts = alike_rows(model, step, (1, 2, 8, 64))
    assert 64 in counts
    given = ids[0].repeat_interleave(4, 0)[:64]  # (64,) or (64, 1 + K)
    whole, _ = step(given, model.start(64))
    for count in counts:
        parts = [step(given[start : start + count], model.start(count))[0] for start in range(0, 64, count)]
        assert torch.equal(torch.cat(parts), whole)


def test_a_device_that_is_not_there_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="expected auto, cpu or cuda"):
        choose_device("abacus")


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", ["input_dropout", "weight_dropout"])
def test_each_dropout_changes_training_alone_and_leaves_gradients(kind: str, cell: str, bf16: bool) -> None:
    plain = build_model(SMALL.with_(cell=cell, dropout=0.0).model, VOCAB)
    model = build_model(SMALL.with_(cell=cell, dropout=0.0, **{kind: 0.5}).model, VOCAB)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        assert torch.equal(model.eval()(IDS)[0], plain.eval()(IDS)[0])
        logits, _ = model.train()(IDS)
        assert not torch.equal(logits, model(IDS)[0])
    logits.float().sum().backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("bf16", [False, True])
def test_a_blank_character_is_read_as_nothing_but_the_bias(bf16: bool) -> None:
    model = build_model(SMALL.with_(dropout=0.0, input_dropout=0.95).model, VOCAB).train()
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


def test_a_share_of_what_is_said_directly_is_not_heard_while_a_model_learns() -> None:
    """On average as much is said as when it draws, and then nothing is left out."""
    settings = SMALL.with_(cell="lstm", dropout=0, direct_dropout=0.5).model
    model = build_model(settings, VOCAB, PLACES, len(PLACES))
    assert isinstance(model, RecurrentModel)
    assert model.direct is not None
    model.direct.data = torch.rand(model.direct.shape, generator=torch.Generator().manual_seed(3))
    nothing = torch.zeros(*IDS.shape, VOCAB)
    with torch.no_grad():
        whole = model.eval().with_direct(nothing, WITH_PLACES)
        assert torch.equal(whole, model.with_direct(nothing, WITH_PLACES))
        model.train()
        some = torch.stack([model.with_direct(nothing, WITH_PLACES) for _ in range(600)])
    assert not torch.equal(some[0], some[1])
    assert torch.allclose(some.mean(0), whole, atol=0.25 * DIRECT_SCALE)
    silent = (some == 0).all(-1).float().mean()  # all three parts of a place are left out together
    assert abs(float(silent) - 0.5**3) < 0.02


@pytest.mark.parametrize(("places", "ids"), READ)
def test_kernels_and_layers_learn_from_the_same_sums(places: tuple[int, ...], ids: Tensor) -> None:
    """The first layer's sums by rows, or by a product with a sum of embeddings: the gradients of plain PyTorch."""
    model = trained("lstm", places, dropout=0).train()
    gradients = []
    for bf16 in (False, True):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits, _ = model(ids)
        logits.float().square().mean().backward()
        gradients.append(
            {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
        )
    plain, kernels = gradients
    assert plain.keys() == kernels.keys()
    for name, expected in plain.items():
        assert torch.allclose(kernels[name], expected, atol=0.05 * float(expected.abs().max())), name
