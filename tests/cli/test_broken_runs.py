"""Run folders that have become anything: every command says so in one line, in bounded time, and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from tests.cli.test_app import TINY, Command, Result, files_in, trained, tunes, tunewright
from tests.support.changed_json import changed
from tunewright.training.run import BEST, LAST, find_runs, load_run
from tunewright.training.tensors import load_tensors, save_tensors

__all__ = ["Result", "trained", "tunes", "tunewright"]  # fixtures

DEEP = "[" * 200_000
DIGITS = "9" * 5_000
JSON = ("summary.json", "tokenizer.json", "split.json", "record.json", "defaults.json")


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run that may be broken."""
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def commands(run: Path, tunes: Path) -> list[list[object]]:
    """What can be done with a run."""
    return [
        ["runs", run.parent],
        ["runs", run.parent, "--json"],
        ["generate", run, "--free"],
        ["generate", run, "--json"],
        ["train", tunes, "--out", run, "--resume", "--steps", "10"],
        ["evaluate", run, "-n", "2"],
        ["compare", run, run, "--out", run.parent / "page.html"],
    ]


def check(run: Path, tunes: Path, tunewright: Command, which: slice = slice(None)) -> None:
    """Each command ends, without a traceback (which would be raised here), in a line where it does not succeed."""
    for words in commands(run, tunes)[which]:
        result = tunewright(*words)
        assert result.code in (0, 1)
        told = [line for line in result.err.splitlines() if line.startswith("Error: ")]
        assert len(told) == result.code, (words, result.err)
        assert all(len(line) < 700 for line in told), told


@pytest.mark.parametrize("name", JSON)
def test_json_with_other_values(run: Path, tunes: Path, tunewright: Command, name: str) -> None:
    if name == "defaults.json":
        (run / name).write_text('{"temperature": 0.8, "best_of": 1}')
    assert (run / name).exists()
    whole = json.loads((run / name).read_text())
    rng = Random(name)
    kept = files_in(run)
    for _ in range(12):
        for file, content in kept.items():
            (run / file).write_bytes(content)
        (run / name).write_text(json.dumps(changed(whole, rng)))
        check(run, tunes, tunewright, slice(0, 3))
        if rng.random() < 0.2:
            check(run, tunes, tunewright, slice(3, None))


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 50_000, f'{{"steps": {DIGITS}, "step": {DIGITS}}}', "NaN", "{", "\0"])
@pytest.mark.parametrize("name", [*JSON, "metrics.jsonl", "config.toml"])
def test_text_that_is_no_json(run: Path, tunes: Path, tunewright: Command, name: str, text: str) -> None:
    (run / name).write_text(f"{text}\n")
    check(run, tunes, tunewright, slice(0, 5))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hidden_size = 1000000000", "hidden_size is 1000000000"),
        ("hidden_size = 32768\nnum_layers = 100", "does not fit the run's settings"),
        ("num_layers = 1000000", "num_layers is 1000000"),
        (f"hidden_size = {'9' * 900}", "beyond 64 bits"),
        (f"hidden_size = {DIGITS}", "a line of"),
        ("hidden_size = 17", "does not fit the run's settings"),
        ('hidden_size = "many"', "expected a whole number"),
        ("hidden_size = inf", "expected a whole number"),
        ("a" + ".a" * 50_000 + " = 1", "config.toml"),
        ("seed = " + "[" * 900, "config.toml"),
    ],
)
def test_settings_beyond_all_bounds(run: Path, tunes: Path, tunewright: Command, line: str, reason: str) -> None:
    named = {part.partition(" ")[0] for part in line.split("\n")}
    lines = (run / "config.toml").read_text().splitlines()
    (run / "config.toml").write_text("\n".join([one for one in lines if one.partition(" ")[0] not in named] + [line]))
    result = tunewright("generate", run)
    assert result.code == 1
    assert reason in result.err
    check(run, tunes, tunewright, slice(0, 5))


def reweighed(run: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    for name in (BEST, LAST):
        tensors, facts = load_tensors(run / name)
        save_tensors(run / name, {key: change(tensor) for key, tensor in tensors.items()}, facts)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensor: tensor * float("nan") if tensor.is_floating_point() else tensor, "no finite numbers"),
        (lambda tensor: tensor + float("inf") if tensor.is_floating_point() else tensor, "no finite numbers"),
        (lambda tensor: torch.full_like(tensor, 3e38) if tensor.is_floating_point() else tensor, "no number"),
        (lambda tensor: tensor[..., :1] if tensor.dim() else tensor, "does not fit"),
        (lambda tensor: tensor.new_zeros(0), "does not fit"),
    ],
)
def test_weights_that_are_none(
    run: Path, tunes: Path, tunewright: Command, change: Callable[[torch.Tensor], torch.Tensor], reason: str
) -> None:
    reweighed(run, change)
    result = tunewright("generate", run)
    assert result.code == 1
    assert reason in result.err
    check(run, tunes, tunewright)


def test_facts_of_a_checkpoint_that_are_none(run: Path, tunes: Path, tunewright: Command) -> None:
    tensors, facts = load_tensors(run / LAST)
    strange: list[Mapping[str, Any]] = [{"threads": 10**9}, {"threads": 0}, {"precision": "x"}, {"step": -1}]
    for change in (*strange, {"step": "x"}, {"more": 1}, {"seconds": None}, {"best_step": 1.5}):
        save_tensors(run / LAST, tensors, facts | dict(change))
        check(run, tunes, tunewright, slice(4, 5))


def test_pipes_links_and_folders_in_the_place_of_files(run: Path, tunes: Path, tunewright: Command) -> None:
    names = sorted(path.name for path in run.iterdir() if path.is_file())
    outside = run.parent / "mine.txt"
    outside.write_text("keep me")
    for name in names:
        kept = (run / name).read_bytes()
        for make in (
            lambda path: os.mkfifo(path),
            lambda path: path.symlink_to(path),
            lambda path: path.symlink_to("/dev/tty"),
            lambda path: path.symlink_to(outside),
            lambda path: path.mkdir(),
        ):
            (run / name).unlink()
            make(run / name)
            check(run, tunes, tunewright, slice(1, 3) if name != LAST else slice(4, 5))
            assert outside.read_text() == "keep me"
            shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()
            (run / name).write_bytes(kept)


def test_three_loops_of_links_are_looked_into_once(run: Path, tunewright: Command) -> None:
    folder = run.parent
    for name in "abc":
        (folder / name).mkdir()
        for link in "xyz":
            (folder / name / link).symlink_to(folder, target_is_directory=True)
    assert find_runs(folder) == [run]
    assert tunewright("runs", folder).code == 0


def test_a_folder_deeper_than_python_counts(run: Path) -> None:
    path = run.parent
    for _ in range(400):
        path /= "d"
    path.mkdir(parents=True)
    assert find_runs(run.parent) == [run]


def test_a_huge_model_is_refused_before_it_is_built(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    settings = [word for setting in TINY[1:] for word in ("--set", setting)]
    for size in ("hidden_size=1000000000", "hidden_size=32768"):
        result = tunewright("train", tunes, "--out", tmp_path / size, "--steps", "1", *settings, "--set", size)
        assert result.code == 1
        assert "hidden_size" in result.err
    assert load_run(tmp_path / "hidden_size=32768").summary["status"] == "started"


def test_a_run_whose_checkpoint_is_gone_is_not_begun_anew(run: Path, tunes: Path, tunewright: Command) -> None:
    (run / LAST).unlink()
    before = files_in(run)
    done = tunewright("train", tunes, "--out", run, "--resume", "--steps", "10")
    assert done.code == 1
    assert f"{run / LAST}: missing" in done.err
    assert files_in(run) == before


@pytest.mark.parametrize("content", ['{"temperature": 1e300}', '{"temperature": null}'])
def test_defaults_that_cannot_be_are_named(run: Path, tunewright: Command, content: str) -> None:
    (run / "defaults.json").write_text(content)
    done = tunewright("generate", run)
    assert done.code == 1
    assert f"{run / 'defaults.json'}: temperature is" in done.err


def test_a_vocabulary_that_is_none_is_named(run: Path, tunewright: Command) -> None:
    (run / "tokenizer.json").write_text("{}")
    assert str(run / "tokenizer.json") in tunewright("generate", run).err
