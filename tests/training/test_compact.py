import json
from pathlib import Path

import pytest
import torch

from tests.support.small_base import small_run
from tests.support.small_runs import real_tunes, small_corpus
from tunewright.generation.foresight import foresight
from tunewright.generation.generator import load_generator
from tunewright.support.errors import OutputError, RunError
from tunewright.training.compact import pack_run
from tunewright.training.loop import train_steps
from tunewright.training.run import BEST, Run, load_run, status_of
from tunewright.training.tensors import SCALES, load_tensors, save_compact, save_tensors


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small_run(tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture
def packed(run: Run, tmp_path: Path) -> Run:
    return pack_run(run, tmp_path / "small")


def test_a_table_comes_back_to_half_a_step_of_each_row_and_the_rest_as_it_was(tmp_path: Path) -> None:
    table = torch.randn(40, 30) * torch.logspace(-6, 3, 40)[:, None]
    table[7] = 0
    whole = {"table": table, "bias": torch.randn(9), "cube": torch.randn(2, 3, 4), "none": torch.zeros(0, 3)}
    save_compact(tmp_path / "x", whole, {"step": 3})
    found, facts = load_tensors(tmp_path / "x")
    assert facts == {"step": 3}
    assert set(found) == set(whole)
    assert all(torch.equal(found[name], whole[name]) for name in ("bias", "cube", "none"))
    off = (found["table"] - table).abs() / table.abs().amax(1, keepdim=True).clamp(min=1e-12)
    assert float(off.max()) <= 0.5 / 127 * 1.001
    assert torch.equal(found["table"][7], table[7])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"table{SCALES}", torch.ones(4)),
        (f"table{SCALES}", torch.ones(5, 1)),
        (f"table{SCALES}", torch.full((5,), torch.nan)),
        (f"table{SCALES}", torch.full((5,), torch.inf)),
        (f"other{SCALES}", torch.ones(5)),
        ("table", torch.ones(5, 3)),
    ],
)
def test_numbers_without_their_scales_are_refused_in_one_line(tmp_path: Path, name: str, value: torch.Tensor) -> None:
    kept = {"table": torch.ones(5, 3, dtype=torch.int8), f"table{SCALES}": torch.ones(5)}
    save_tensors(tmp_path / "x", kept | {name: value}, {})
    with pytest.raises(RunError, match="broken checkpoint") as refused:
        load_tensors(tmp_path / "x")
    assert "\n" not in str(refused.value)


def test_whole_numbers_alone_are_no_weights(packed: Run) -> None:
    tensors, facts = load_tensors(packed.path / BEST)
    save_tensors(packed.path / BEST, tensors | {"head.weight": tensors["head.weight"].to(torch.int8)}, facts)
    with pytest.raises(RunError, match="without their scales"):
        load_generator(packed)


def test_a_run_in_small_foresees_and_draws_as_the_whole_one(run: Run, packed: Run) -> None:
    whole, small = load_generator(run), load_generator(packed)
    held_out = real_tunes()[36:40]
    assert foresight(small, held_out).bits_per_note == pytest.approx(foresight(whole, held_out).bits_per_note, abs=0.02)
    assert [one.valid for one in small.generate(2, seed=4)] == [True, True]
    assert (packed.path / BEST).stat().st_size < 0.4 * (run.path / BEST).stat().st_size
    assert status_of(packed) == "finished"


def test_a_run_in_small_says_nothing_of_the_machine(packed: Run, run: Run) -> None:
    for file in packed.path.iterdir():
        assert str(run.path.parent).encode() not in file.read_bytes()
    record = json.loads((packed.path / "record.json").read_text())
    assert record["sources"] == ["oneill"]
    assert not {"command", "processor", "git", "system", "gpu"} & set(record)


def test_a_run_in_small_is_not_gone_on_with_nor_written_over_one_that_can_be(run: Run, packed: Run) -> None:
    with pytest.raises(RunError, match="another corpus"):
        list(train_steps(small_corpus(), packed.path, resume=True))
    with pytest.raises(OutputError, match="can be gone on with"):
        pack_run(run, run.path)


def test_a_run_without_weights_cannot_be_made_small(run: Run, tmp_path: Path, packed: Run) -> None:
    (packed.path / BEST).unlink()
    with pytest.raises(RunError, match="no weights yet"):
        pack_run(load_run(packed.path), tmp_path / "other")
