"""`tunewright critic`, and what `generate` and `evaluate` make of it, as their user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import tunewright as tw
from tests.cli.test_app import Command, Result, assert_one_error, tunewright
from tests.support.musical import regular_tunes
from tunewright.formats.abc import format_abc
from tunewright.training.run import CRITIC, DEFAULTS

__all__ = ["Result", "tunewright"]  # fixtures
N = ("-n", 20, "--seed", 1)
SETTINGS = {"embedding_dim": 24, "hidden_size": 48, "num_layers": 1, "seq_length": 48, "batch_size": 16}
SETTINGS |= {"learning_rate": 2e-2, "num_training_iterations": 60, "eval_every": 60, "device": "cpu", "seed": 3}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learned to end its tunes."""
    folder = tmp_path_factory.mktemp("critic")
    (folder / "tunes.abc").write_text("\n".join(format_abc(tune) for tune in regular_tunes()[:80]))
    tw.train(tw.read(folder / "tunes.abc"), folder / "run", **SETTINGS)
    return folder / "run"


def test_a_run_is_taught_and_chooses_from_then_on(tunewright: Command, taught: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(taught, run)
    result = tunewright("critic", run, *N, "--best-of", 2)
    assert result.code == 0, result.err
    assert "learned from 20 real and" in result.out
    assert "generate keeps the best of 2 by this critic now" in result.err
    assert (run / CRITIC).exists()
    assert json.loads((run / DEFAULTS).read_text()) == {"best_of": 2}
    (one,) = json.loads(tunewright("generate", run, "--seed", 4, "--json").out)
    assert one["chosen_by"] == "critic"
    assert "best of 2 by critic" in one["abc"]
    (other,) = json.loads(tunewright("generate", run, "--seed", 4, "--best-of", 1, "--json").out)
    assert other["chosen_by"] is None
    judged = tunewright("evaluate", run, "-n", 2)
    assert "each the best of 2 by critic" in judged.out


def test_json_says_what_was_taught(tunewright: Command, taught: Path) -> None:
    told = json.loads(tunewright("critic", taught, *N, "--json").out)
    assert told["low"] <= told["auc"] <= told["high"]
    assert (told["real"], told["seed"], told["best_of"]) == (20, 1, None)
    assert told["kept"] == (taught / CRITIC).exists()
    assert not (taught / DEFAULTS).exists()


def test_what_cannot_be_is_one_clear_line(tunewright: Command, taught: Path, tmp_path: Path) -> None:
    assert_one_error(tunewright("critic", tmp_path), "summary.json")
    assert_one_error(tunewright("critic", taught, "-n", 3), "to hear 3 tunes")
    assert_one_error(tunewright("critic", taught, *N, "--best-of", 1000), "best_of is 1000")
    run = tmp_path / "run"
    shutil.copytree(taught, run)
    (run / CRITIC).write_bytes(b"no critic at all")
    assert_one_error(tunewright("generate", run), CRITIC)
    (run / CRITIC).unlink()
    (run / DEFAULTS).write_text('{"best_of": 0}')
    assert_one_error(tunewright("generate", run), "best_of is 0")
