"""What a run came to: metrics counted by hand, every setting and file named."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.support.small_runs import SMALL, run_small
from tunewright.support.errors import RunError
from tunewright.training.config import Config
from tunewright.training.run import read_metrics
from tunewright.training.summary import Extent, artefacts, metric_extents, summary_block


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "mine"
    run_small(path)
    return path


def test_a_metric_has_its_count_minimum_and_maximum() -> None:
    lines = [{"step": 1, "seconds": 0.1, "loss": 4.0}, {"step": 2, "loss": 2.5, "valid_loss": 3.0}]
    assert metric_extents(lines) == {"loss": Extent(2, 2.5, 4.0), "valid_loss": Extent(1, 3.0, 3.0)}


def test_what_is_no_number_counts_and_bounds_nothing() -> None:
    lines = [{"step": 1, "loss": 4.0}, {"step": 2, "loss": None}, {"step": 3, "loss": math.inf}]
    assert metric_extents(lines) == {"loss": Extent(3, 4.0, 4.0)}


def test_a_metric_that_never_was_a_number_has_no_bounds() -> None:
    (extent,) = metric_extents([{"step": 1, "loss": None}]).values()
    assert extent.count == 1
    assert math.isnan(extent.low)
    assert math.isnan(extent.high)


def test_no_line_gives_no_metric() -> None:
    assert metric_extents([]) == {}


def test_every_setting_is_a_row(run: Path) -> None:
    rows = {line.split()[0] for line in summary_block(run).splitlines() if line.startswith("    ")}
    assert Config().flat().keys() <= rows


def test_the_metrics_of_a_run_are_counted_by_its_steps(run: Path) -> None:
    block = summary_block(run)
    extent = metric_extents(read_metrics(run))["loss"]
    assert f"loss [{SMALL.schedule.num_training_iterations}]" in block
    assert f"({extent.low:.4g}, {extent.high:.4g})" in block


def test_every_file_is_named_but_for_the_state_of_the_optimiser(run: Path) -> None:
    named = {path.name for path in artefacts(run)}
    kept = {path.name for path in run.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert kept - named == {"last.safetensors"}
    assert all(name in summary_block(run) for name in named)


def test_status_versions_and_git_state_are_there(run: Path, tmp_path: Path) -> None:
    record = {
        "preset": "lab-joint",
        "python": "3.11",
        "git": {"commit": "abcdef0123456789", "branch": "x", "changed": 1},
    }
    before = (run / "record.json").read_bytes()
    (run / "record.json").write_text(json.dumps(record), encoding="utf-8")
    block = summary_block(run)
    (run / "record.json").write_bytes(before)
    assert "finished" in block
    assert "lab-joint" in block
    assert "abcdef012345 on x, with changes that are not committed" in block


def test_a_tracker_is_named_with_how_to_look_at_it(run: Path) -> None:
    assert "Trackers" not in summary_block(run)
    (run / "tracking").mkdir()
    (run / "tracking" / "some.json").write_text('{"id": "1", "look": "some ui"}', encoding="utf-8")
    (run / "tracking" / "broken.json").write_text("{", encoding="utf-8")
    block = summary_block(run)
    assert "some ui" in block
    assert "broken" not in block


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        summary_block(tmp_path / "none")
