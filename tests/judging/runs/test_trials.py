"""Trainings side by side: what is missing is trained, what failed is said, and a killed call goes on as before."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.support.places import ROOT
from tests.support.small_runs import SMALL, real_tunes
from tunewright.corpus.reading import read_corpus
from tunewright.judging.runs.evaluation import load_evaluation
from tunewright.judging.runs.trials import Drawing, Trial, TrialProgress, ended_status, run_trials, work_of
from tunewright.training.loop import train_steps
from tunewright.training.run import BEST, load_run, read_metrics, status_of
from tunewright.training.tensors import load_tensors

DRAWING = Drawing(tunes=2, temperatures=(1.0,))


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tunes") / "some.abc"
    file.write_text("\n\n".join(tune.text for tune in real_tunes()[:20]))
    return file


def trials_in(folder: Path, *seeds: int) -> list[Trial]:
    return [Trial("small", seed, SMALL.with_(seed=seed), folder / f"seed-{seed}") for seed in seeds]


def losses(path: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(path)]


@pytest.mark.slow
def test_every_trial_is_trained_and_evaluated_once(tmp_path: Path, tunes: Path) -> None:
    trials = trials_in(tmp_path, 0, 1)
    seen = list(run_trials([str(tunes)], trials, DRAWING, jobs=2))
    assert {one.trial.seed for one in seen if one.status == "finished"} == {0, 1}
    assert all(ended_status(trial) == "finished" for trial in trials)
    assert all(load_evaluation(trial.path) is not None for trial in trials)
    assert losses(trials[0].path) != losses(trials[1].path)
    kept = (trials[0].path / BEST).stat().st_mtime_ns
    again = list(run_trials([str(tunes)], trials, DRAWING, jobs=2))
    assert {one.status for one in again} == {"finished"}
    assert (trials[0].path / BEST).stat().st_mtime_ns == kept


def test_a_trial_that_fails_is_said_and_the_others_go_on(tmp_path: Path, tunes: Path) -> None:
    trials = trials_in(tmp_path, 0, 1)
    trials[0].path.mkdir()
    (trials[0].path / "summary.json").write_text("nonsense")
    ended = {one.trial.seed: one for one in run_trials([str(tunes)], trials, DRAWING, jobs=1)}
    assert ended[0].status == "failed"
    assert "summary.json" in ended[0].reason
    assert ended[1].status == "finished"


def test_stopping_saves_and_begins_no_other(tmp_path: Path, tunes: Path) -> None:
    trials = [
        replace(trial, config=trial.config.with_(num_training_iterations=10**6)) for trial in trials_in(tmp_path, 0, 1)
    ]
    asked: list[bool] = []
    ended = []
    for one in run_trials([str(tunes)], trials, DRAWING, jobs=1, stop=lambda: bool(asked)):
        ended.append(one)
        if one.step:
            asked.append(True)
    assert ended[-1].status == "interrupted"
    assert status_of(load_run(trials[0].path)) == "interrupted"
    assert not trials[1].path.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_one_that_is_killed_fails_alone_and_goes_on_next_time(tmp_path: Path, tunes: Path) -> None:
    trials = trials_in(tmp_path, 0, 1)
    trials[0] = replace(trials[0], config=trials[0].config.with_(num_training_iterations=10**6))
    ended: dict[int, TrialProgress] = {}
    for one in run_trials([str(tunes)], trials, DRAWING, jobs=1):
        ended[one.trial.seed] = one
        if one.step and one.trial.seed == 0:
            for process in multiprocessing.active_children():
                process.kill()
    assert ended[0].status == "failed"
    assert "ended with code -9" in ended[0].reason
    assert ended[1].status == "finished"
    assert status_of(load_run(trials[0].path)) == "interrupted"


SIDE_BY_SIDE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.judging.runs.test_trials import DRAWING, long_trials
from tunewright.judging.runs.trials import run_trials
if __name__ == "__main__":
    for one in run_trials([sys.argv[2]], long_trials(Path(sys.argv[3])), DRAWING, jobs=2):
        print(one.step, one.valid_loss is not None, flush=True)
"""
STEPS = 200


def long_trials(folder: Path) -> list[Trial]:
    longer = SMALL.with_(num_training_iterations=STEPS, eval_every=20)
    return [Trial("small", seed, longer.with_(seed=seed), folder / f"seed-{seed}") for seed in (0, 1)]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_and_called_again_it_ends_with_the_same_numbers(tmp_path: Path, tunes: Path) -> None:
    script, here = tmp_path / "side_by_side.py", ROOT
    script.write_text(SIDE_BY_SIDE)
    environment = os.environ | {"PYTHONPATH": str(here.parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), str(here), str(tunes), str(tmp_path / "killed")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[1] == "True":  # a checkpoint has been written
                process.kill()
                break
    trials, straight = long_trials(tmp_path / "killed"), long_trials(tmp_path / "straight")
    assert not all(ended_status(trial) for trial in trials)
    assert {one.status for one in run_trials([str(tunes)], trials, DRAWING, jobs=2)} >= {"finished"}
    corpus = read_corpus(tunes)
    for interrupted, whole in zip(trials, straight, strict=True):
        list(train_steps(corpus, whole.path, whole.config))
        assert len(losses(whole.path)) == STEPS
        assert losses(interrupted.path) == losses(whole.path)
        first, second = (load_tensors(path / BEST)[0] for path in (interrupted.path, whole.path))
        assert all(torch.equal(first[name], second[name]) for name in second)


def test_work_grows_with_what_is_computed() -> None:
    assert work_of(SMALL.with_(num_training_iterations=16)) == 2 * work_of(SMALL)
    assert work_of(SMALL.with_(hidden_size=40)) > 2 * work_of(SMALL)
