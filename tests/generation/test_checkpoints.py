"""The weights that a run has kept, on small models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.support.small_runs import SMALL, small_corpus
from tunewright.generation.checkpoints import (
    Checkpoint,
    choose_checkpoint,
    keep_checkpoints,
    list_checkpoints,
    load_checkpoint,
)
from tunewright.generation.generator import load_generator
from tunewright.generation.keywords import generate
from tunewright.support.errors import RunError
from tunewright.training.loop import train_steps
from tunewright.training.run import (
    BEST,
    CRITIC,
    LAST,
    default_best_of,
    default_temperature,
    load_run,
    save_default_best_of,
    save_default_temperature,
)
from tunewright.training.tensors import load_tensors

CONFIG = SMALL.with_(num_training_iterations=12, eval_every=2)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 12 steps, looked at every other, kept about every fourth."""
    path = tmp_path_factory.mktemp("kept") / "run"
    list(keep_checkpoints(train_steps(small_corpus(), path, CONFIG), path, 4))
    return path


@pytest.fixture
def run(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "run"))


def test_weights_are_kept_on_the_way_and_listed_by_step(kept: Path) -> None:
    assert [file.name for file in sorted((kept / "checkpoints").iterdir())] == [
        f"step-{step:06}.safetensors" for step in (4, 8, 12)
    ]
    there = list_checkpoints(kept)
    assert [one.step for one in there] == sorted({4, 8, 12, next(one.step for one in there if one.file == BEST)})


def test_keeping_weights_changes_no_training(kept: Path, tmp_path: Path) -> None:
    list(train_steps(small_corpus(), tmp_path / "run", CONFIG))
    one, other = (load_tensors(path / LAST)[0] for path in (kept, tmp_path / "run"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_a_killed_training_had_looked_at_and_not_kept_is_kept_when_it_goes_on(run: Path, kept: Path) -> None:
    due = run / "checkpoints" / "step-000012.safetensors"
    due.unlink()
    with pytest.raises(RunError, match="already holds a run"):
        list(keep_checkpoints(train_steps(small_corpus(), run, CONFIG), run, 4))
    assert not due.exists()
    longer = CONFIG.with_(num_training_iterations=13)
    list(keep_checkpoints(train_steps(small_corpus(), run, longer, resume=True), run, 4))
    assert due.read_bytes() == (kept / "checkpoints" / due.name).read_bytes()


def test_a_resumed_training_keeps_on(run: Path) -> None:
    longer = CONFIG.with_(num_training_iterations=16)
    list(keep_checkpoints(train_steps(small_corpus(), run, longer, resume=True), run, 4))
    assert (run / "checkpoints" / "step-000016.safetensors").is_file()
    assert len(list((run / "checkpoints").iterdir())) == 4


def test_a_run_that_kept_nothing_has_its_best_and_its_last_weights(tmp_path: Path) -> None:
    list(train_steps(small_corpus(), tmp_path, CONFIG))
    assert {one.file for one in list_checkpoints(tmp_path)} <= {BEST, LAST}
    assert list_checkpoints(tmp_path)[-1].step == 12


def test_each_checkpoint_holds_the_weights_of_its_step(kept: Path) -> None:
    last = load_generator(kept, last=True).model.state_dict()
    kept_last = load_checkpoint(load_run(kept), Checkpoint("checkpoints/step-000012.safetensors", 12))
    earlier = load_checkpoint(load_run(kept), Checkpoint("checkpoints/step-000004.safetensors", 4))
    assert all(torch.equal(last[name], weight) for name, weight in kept_last.model.state_dict().items())
    assert not all(torch.equal(last[name], weight) for name, weight in earlier.model.state_dict().items())


def test_a_chosen_checkpoint_is_what_is_drawn_from_and_the_former_best_is_kept(run: Path) -> None:
    best = next(one for one in list_checkpoints(run) if one.file == BEST)
    chosen = Checkpoint("checkpoints/step-000004.safetensors", 4)
    expected = [one.text for one in generate(load_checkpoint(load_run(run), chosen), 2, free=True, max_length=60)]
    choose_checkpoint(load_run(run), chosen)
    found = [one.text for one in generate(load_generator(run), 2, free=True, max_length=60)]
    assert [text.split("N:")[0] for text in found] == [text.split("N:")[0] for text in expected]
    assert json.loads((run / "summary.json").read_text())["best_step"] == 4
    assert best.step in {one.step for one in list_checkpoints(run)}
    choose_checkpoint(load_run(run), next(one for one in list_checkpoints(run) if one.step == best.step))
    assert load_tensors(run / BEST)[1]["step"] == best.step


def test_a_critic_goes_with_the_weights_that_it_heard_and_so_does_what_it_was_to_choose(run: Path) -> None:
    (run / CRITIC).write_bytes(b"what heard the best weights")
    save_default_temperature(run, 0.8)
    save_default_best_of(run, 4)
    choose_checkpoint(load_run(run), Checkpoint("checkpoints/step-000004.safetensors", 4))
    assert not (run / CRITIC).exists()
    assert (default_best_of(run), default_temperature(run)) == (1, 0.8)


def test_a_broken_checkpoint_is_named(run: Path) -> None:
    (run / "checkpoints" / "step-000004.safetensors").write_bytes(b"not weights")
    with pytest.raises(RunError, match="step-000004"):
        list_checkpoints(run)


def test_the_default_temperature_is_one_until_another_is_settled(run: Path) -> None:
    assert default_temperature(run) == 1
    save_default_temperature(run, 0.8)
    assert default_temperature(run) == 0.8
    (run / "defaults.json").write_text('{"temperature": "warm"}')
    with pytest.raises(RunError, match="warm"):
        default_temperature(run)
