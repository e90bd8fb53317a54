"""How far many trainings are, told on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_runs import SMALL
from tunewright.cli import boards as board
from tunewright.cli.boards import show_trials
from tunewright.judging.runs.trials import Trial, TrialProgress

LONG = SMALL.with_(num_training_iterations=100)
TRIALS = [Trial("small", seed, LONG.with_(seed=seed), Path(f"seed-{seed}")) for seed in range(3)]


def told(capsys: pytest.CaptureFixture[str], progress: list[TrialProgress]) -> tuple[list[TrialProgress], list[str]]:
    ended = show_trials(TRIALS, progress)
    return ended, capsys.readouterr().err.splitlines()


def test_a_line_at_every_look_and_every_change_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [TrialProgress(TRIALS[0], "training", step, 1.0, 2.0, 3.0 if step > 2 else None) for step in range(1, 6)]
    ended, lines = told(capsys, [*steps, TrialProgress(TRIALS[0], "finished", 100, 9.0, 1.0, 3.0)])
    assert [one.trial for one in ended] == TRIALS[:1]
    assert len(lines) == 3  # it began, was looked at, ended
    assert lines[-1].startswith("[1 of 3, 33%")
    assert "held out 3.000" in lines[1]


def test_a_trial_that_failed_is_told_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    ended, lines = told(capsys, [TrialProgress(TRIALS[1], "failed", reason="the disk is full")])
    assert ended[0].status == "failed"
    assert lines == ["[1 of 3, 0%]  small, seed 1: failed: the disk is full"]


def test_the_time_left_counts_the_work_of_this_call_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board.time, "monotonic", iter([0.0, *[30.0] * 9]).__next__)
    progress = [TrialProgress(TRIALS[0], "finished"), TrialProgress(TRIALS[1], "training", 50)]
    progress.append(TrialProgress(TRIALS[1], "training", 65, valid_loss=1.0))
    _, lines = told(capsys, progress)
    assert "left" not in lines[0]  # found done: says nothing of how fast this goes
    assert "about 4 min 30 s left" in lines[-1]  # a twentieth of it all took 30 s, nine are left
