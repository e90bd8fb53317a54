import re
from pathlib import Path

import pytest

from tests.support.small_base import corpus_of_base, made_base, small_run
from tunewright.api import load
from tunewright.cli import base_building
from tunewright.cli.base_building import build_base, trained_run
from tunewright.measuring.held_out import strictly_held_out
from tunewright.support.errors import OutputError, RunError
from tunewright.training.base import CARD
from tunewright.training.run import BEST

__all__ = ["made_base"]  # a fixture


def test_a_run_becomes_a_small_one_with_a_card_and_what_that_costs_is_told(tmp_path: Path) -> None:
    corpus, told = corpus_of_base(), list[str]()
    run = build_base(small_run(tmp_path / "run"), corpus, tmp_path / "base", 3, told.append)
    [packing] = [line for line in told if "packing costs" in line]
    costs, before, after = map(float, re.findall(r"[+-]?\d+\.\d{4}", packing))
    assert costs == pytest.approx(after - before, abs=2e-4)
    assert abs(costs) < 0.02
    card = (run.path / CARD).read_text(encoding="utf-8")
    for title in ("What it learned from", "How", "How good it is", "What it cannot do", "What these figures leave out"):
        assert f"## {title}" in card
    assert "| `hidden_size` | 20 |" in card
    assert "bits per note, test tunes" in card
    left_out = set(corpus.test) - set(strictly_held_out(corpus))
    assert all(tune.source in card for tune in left_out)
    assert [one.valid for one in load(run.path).generate(1)] == [True]


def test_a_run_that_was_trained_is_taken_and_one_of_another_corpus_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_run(tmp_path / "run")
    weights = (tmp_path / "run" / BEST).read_bytes()
    assert trained_run(corpus_of_base(), tmp_path / "run", 1.0).summary["status"] == "finished"
    assert (tmp_path / "run" / BEST).read_bytes() == weights
    with pytest.raises(RunError, match="divided otherwise"):
        trained_run(corpus_of_base(fewer=1), tmp_path / "run", 1.0)
    monkeypatch.setattr(base_building, "LARGEST", 1000)
    with pytest.raises(OutputError, match="at most 1,000"):
        build_base(trained_run(corpus_of_base(), tmp_path / "run", 1.0), corpus_of_base(), tmp_path / "b", 1, print)
    assert not (tmp_path / "b").exists()
