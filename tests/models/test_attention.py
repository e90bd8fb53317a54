"""What models that attend hold to besides the contract: windows, ends of tunes, memory, rows of different lengths."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.support.small_runs import SMALL, small
from tunewright.models.attention import BLOCK, END
from tunewright.models.building import build_model
from tunewright.models.contract import Model, State
from tunewright.models.devices import choose_precision, choose_step_precision, cpu_has_bf16, cpu_has_int8
from tunewright.models.settings import MODELS, ModelSettings
from tunewright.support.errors import ConfigError
from tunewright.tokens.registry import codec_class

VOCAB = 11
CELLS = [cell for cell, kind in MODELS.items() if kind.attends]
EACH = pytest.mark.parametrize("cell", CELLS)
LONG = 3 * BLOCK + 5


def build(cell: str, sizes: tuple[int, ...] = (), **settings: object) -> Model:
    """A model that has learned something: what starts as zeros is random."""
    model = build_model(small(cell).with_(**settings).model, VOCAB, sizes, len(sizes)).eval()
    chance = torch.Generator().manual_seed(4)
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn(parameter.shape, generator=chance)
    return model


def ids_of(rows: int, length: int, ends: bool = True) -> Tensor:
    chance = torch.Generator().manual_seed(5)
    ids = torch.randint(1, VOCAB, (rows, length), generator=chance)
    return ids.masked_fill((torch.rand(rows, length, generator=chance) < 0.02) & torch.tensor(ends), END)


def stepped(model: Model, ids: Tensor, dtype: torch.dtype = torch.float32) -> tuple[Tensor, State]:
    step, state, found = model.stepper(dtype), model.start(len(ids)), []
    for place in range(ids.shape[1]):
        logits, state = step(ids[:, place], state)
        found.append(logits)
    return torch.stack(found, 1), state


@EACH
@pytest.mark.parametrize("window", [1, 7, BLOCK, BLOCK + 3, 1024])
@torch.no_grad()
def test_chunks_and_steps_are_reading_at_once_while_the_window_slides(cell: str, window: int) -> None:
    model, ids = build(cell, attention_window=window), ids_of(5, LONG)
    whole, end = model(ids)
    for sizes in ([1, 90, 3, 1, LONG - 95], [LONG - 1, 1]):
        state, parts = model.start(5), []
        for chunk in ids.split(sizes, 1):
            logits, state = model(chunk, state)
            parts.append(logits)
        assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-4)
        assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(state, end, strict=True))
    each, state = stepped(model, ids)
    assert torch.allclose(each, whole, atol=1e-4)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(state, end, strict=True))


@EACH
@torch.no_grad()
def test_reading_leaves_the_state_that_was_given_as_it_is(cell: str) -> None:
    model, ids = build(cell), ids_of(3, 9)
    _, state = model(ids[:, :5])
    before = [part.clone() for part in state]
    model(ids[:, 5:], state)
    model(ids[:, 5:6], state)
    assert all(torch.equal(a, b) for a, b in zip(state, before, strict=True))


@torch.no_grad()
def test_ids_beyond_the_window_are_not_seen_and_those_within_it_are() -> None:
    model, ids = build("transformer", num_layers=1, attention_window=6), ids_of(1, 20, ends=False)
    changed = ids.clone()
    changed[0, 10] = ids[0, 10] % (VOCAB - 1) + 1
    differ = (model(ids)[0] != model(changed)[0]).any(2)[0]
    assert differ.nonzero()[:, 0].tolist() == list(range(10, 16))


@EACH
@torch.no_grad()
def test_weights_are_shares_of_the_window_and_of_this_tune_alone(cell: str) -> None:
    model, ids = build(cell, attention_window=6), ids_of(1, 40, ends=False)
    ids[0, 25] = END
    weights = model.attention(ids)
    assert weights is not None
    assert weights.shape == ({"transformer": 2}.get(cell, 1), 2, 40, 40)
    assert torch.allclose(weights.sum(-1), torch.ones(1))
    to, back = torch.arange(40)[:, None], torch.arange(40)
    seen = (back <= to) & (back > to - 6) & ((to < 25) | (back >= 25))
    assert torch.equal(weights > 0, seen.expand_as(weights))
    assert build_model(SMALL.model, VOCAB).attention(ids) is None


@torch.no_grad()
def test_what_stands_before_an_end_is_forgotten() -> None:
    model, ids = build("transformer"), ids_of(3, 100, ends=False)
    ids[:, 60] = END
    whole, end = model(ids)
    after, end_after = model(ids[:, 60:])
    assert torch.allclose(whole[:, 60:], after, atol=1e-5)
    chunked = model(ids[:, 50:], model(ids[:, :50])[1])
    assert torch.allclose(chunked[0][:, 10:], after, atol=1e-5)
    read = [state[0].tolist() for state in (end, end_after, chunked[1])]
    assert read == [[40] * 3] * 3


@pytest.mark.parametrize("tokens", ["characters", "degrees", "remi", "cpword"])
def test_an_id_0_ends_music_in_every_vocabulary(tokens: str) -> None:
    assert codec_class(tokens).END == END


@EACH
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@torch.no_grad()
def test_a_row_gets_the_same_bits_however_long_the_rows_beside_it_are(cell: str, dtype: torch.dtype) -> None:
    model, ids = build(cell, attention_window=2 * BLOCK + 9), ids_of(8, LONG, ends=False)
    alone, _ = stepped(model, ids[:, :80], dtype)  # all of them short
    step, state = model.stepper(dtype), model.start(8)
    for place in range(LONG):  # row 3 begins after the others have read much
        if place == LONG - 80:
            state = model.reset(state, [3])
        now = ids[:, place].clone()
        now[3] = ids[3, place - LONG + 80]
        logits, state = step(now, state)
        if place >= LONG - 80:
            assert torch.equal(logits[3], alone[3, place - LONG + 80])


@EACH
@torch.no_grad()
def test_memory_is_bounded_by_the_window_and_grows_only_as_it_is_needed(cell: str) -> None:
    model = build(cell, attention_window=BLOCK + 1)
    ids = ids_of(2, 5 * BLOCK, ends=False)
    for read, blocks in ((1, 1), (BLOCK, 1), (BLOCK + 1, 2), (5 * BLOCK, 2)):
        memories = model(ids[:, :read])[1][-2:]
        assert [len(part) for part in memories] == [blocks] * 2


@torch.no_grad()
def test_an_attentive_lstm_begins_as_the_lstm_that_it_is_without_attention() -> None:
    ids = ids_of(2, 30)
    attentive, plain = (build_model(small(cell).model, VOCAB).eval() for cell in ("attentive-lstm", "lstm"))
    assert torch.allclose(attentive(ids)[0], plain(ids)[0], atol=1e-6)


@EACH
def test_everything_learns_and_dropout_is_at_work_in_training_only(cell: str) -> None:
    settings = small(cell).with_(input_dropout=0.1).model
    model = build_model(settings, VOCAB, (3,), 1).train()
    for parameter in model.parameters():
        parameter.data += 0.1
    ids = torch.stack([ids_of(2, 30), ids_of(2, 30) % 3], 2)
    first, second = model(ids)[0], model(ids)[0]
    assert not torch.equal(first, second)
    first.sum().backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None and bool(parameter.grad.any()) for parameter in model.parameters())
    assert torch.equal(model.eval()(ids)[0], model(ids)[0])


@EACH
def test_bf16_gives_nearly_what_fp32_gives_and_so_do_its_gradients(cell: str) -> None:
    ids, gradients, logits = ids_of(3, 40), [], []
    for enabled in (False, True):
        model = build_model(small(cell).with_(dropout=0.0).model, VOCAB).train()
        for parameter in model.parameters():
            parameter.data += 0.05
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            logits.append(model(ids)[0].float())
        torch.nn.functional.cross_entropy(logits[-1].flatten(0, 1), ids.flatten()).backward()  # type: ignore[no-untyped-call]
        gradients.append(torch.cat([one.grad.flatten() for one in model.parameters() if one.grad is not None]))
    assert torch.allclose(logits[0], logits[1], atol=0.05)
    assert float((gradients[0] - gradients[1]).norm() / gradients[0].norm()) < 0.05


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cell": "transformer", "hidden_size": 36}, "hidden_size is 36 with 4 heads .*expected a multiple of 8"),
        ({"cell": "attentive-lstm", "hidden_size": 32, "num_heads": 32}, "expected a multiple of 64"),
        ({"num_heads": 2}, "num_heads is 2, but a model of cell lstm does not attend; .*attentive-lstm or transformer"),
        ({"cell": "gru", "attention_window": 9}, "attention_window is 9, but a model of cell gru does not attend"),
        ({"cell": "transformer", "weight_dropout": 0.2}, "weight_dropout is 0.2, .*no recurrent weights; .*=0"),
        ({"cell": "transformer", "attention_window": 0}, "attention_window is 0; expected 1 to"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_in_one_line(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        ModelSettings(**settings)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_precision_is_that_which_the_products_of_a_model_have() -> None:
    cpu, best = torch.device("cpu"), "bf16" if cpu_has_bf16() else "fp32"
    wide, narrow = ModelSettings(cell="transformer", hidden_size=256), ModelSettings(cell="transformer", hidden_size=64)
    assert [choose_precision("auto", one, cpu) for one in (wide, narrow)] == [best, "fp32"]
    assert choose_step_precision("auto", wide, cpu) == best
    with pytest.raises(ConfigError, match="needs an LSTM"):
        choose_step_precision("int8", wide, cpu)
    attentive = ModelSettings(cell="attentive-lstm", hidden_size=512)
    assert choose_precision("auto", attentive, cpu) == best
    assert choose_step_precision("auto", attentive, cpu) == ("int8" if cpu_has_int8() else best)
