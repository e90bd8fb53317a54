"""The experiment as a whole: its design, its scale, its folder, its report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT
from tests.support.small_runs import SMALL, real_tunes
from tunewright.cli import reproduction
from tunewright.cli.reproduction import CONTROL, DESIGN, FACTORS, RECORD, SOUND, Plan, plan_trials, reproduce, scaled
from tunewright.corpus.reading import read_corpus
from tunewright.judging.runs.evaluation import evaluate_run
from tunewright.judging.runs.references import build_references
from tunewright.judging.runs.trials import Drawing, Trial, TrialProgress, ended_status
from tunewright.support.errors import ConfigError, OutputError, RunError
from tunewright.training.loop import train_steps
from tunewright.training.presets import load_preset, preset_names

TINY = ("hidden_size=12", "embedding_dim=8", "num_training_iterations=6", "eval_every=2", "batch_size=2",
        "seq_length=20", "precision=fp32", "device=cpu")  # fmt: skip


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tunes") / "some.abc"
    file.write_text("\n\n".join(tune.text for tune in real_tunes()[:40]))
    return file


def in_this_process(
    sources: Sequence[str], trials: Sequence[Trial], drawing: Drawing, **_: Any
) -> Iterator[TrialProgress]:
    """What `run_trials` does, without processes of its own, which `test_trials` is about."""
    corpus = read_corpus(*sources)
    references = build_references(corpus)
    for trial in trials:
        if not ended_status(trial):
            list(train_steps(corpus, trial.path, trial.config, record={"preset": trial.preset}))
        evaluate_run(trial.path, corpus, references, tunes=2, temperatures=(0.5, 1.0))
        yield TrialProgress(trial, "finished")


def show(_: Sequence[Trial], progress: Iterable[TrialProgress]) -> list[TrialProgress]:
    return list(progress)


def run(tunes: Path, folder: Path, **options: Any) -> tuple[list[TrialProgress], Any]:
    return reproduce([str(tunes)], folder, **{"seeds": 2, "changes": TINY, "tell": print, "show": show} | options)


@pytest.fixture(scope="module")
def done(tunes: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("experiment")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduction, "run_trials", in_this_process)
        _, comparison = run(tunes, folder)
    return folder, comparison


def test_the_design_crosses_structure_and_hyperparameters() -> None:
    default, structure, hyperparameters, joint = (load_preset(name) for name in DESIGN)
    network = ("hidden_size", "num_layers")
    training = ("batch_size", "seq_length", "learning_rate")
    for name in network:
        assert default.flat()[name] == hyperparameters.flat()[name] != joint.flat()[name]
        assert structure.flat()[name] == joint.flat()[name]
    for name in training:
        assert default.flat()[name] == structure.flat()[name] != joint.flat()[name]
        assert hyperparameters.flat()[name] == joint.flat()[name]
    assert joint.with_(**{name: default.flat()[name] for name in (*network, *training)}) == default


@pytest.mark.parametrize("name", [*FACTORS, CONTROL])
def test_a_factor_is_one_change(name: str) -> None:
    default, other = load_preset("lab-default"), load_preset(name)
    assert len(default.flat().items() - other.flat().items()) == 1


def test_the_labs_presets_train_as_the_lab_does() -> None:
    labs = [name for name in preset_names() if name.startswith("lab")]
    assert set(labs) > set(DESIGN)
    expected = {"text": "verbatim", "schedule": "constant", "clip": 0.0, "patience": 0, "dropout": 0.0}
    for name in labs:
        assert expected.items() <= load_preset(name).flat().items()


def test_the_baseline_is_of_the_joint_settings_size_and_text() -> None:
    sound, joint = load_preset(SOUND), load_preset("lab-joint")
    for name in ("text", "cell", "embedding_dim", "hidden_size", "num_layers"):
        assert sound.flat()[name] == joint.flat()[name]
    read = [
        config.schedule.num_training_iterations * config.data.batch_size * config.data.seq_length
        for config in (sound, joint)
    ]
    assert read[0] < read[1]


@pytest.mark.parametrize("name", preset_names())
def test_every_setting_of_a_preset_has_its_reason(name: str) -> None:
    file = ROOT / "configs" / f"{name}.toml"
    if not file.exists():
        pytest.skip("the presets lie inside the installed package")
    lines = file.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert all("  # " in line for line in lines if line and not line.startswith("#"))


def test_every_setting_of_one_seed_comes_before_the_next_seed(tmp_path: Path) -> None:
    trials = plan_trials(tmp_path, Plan(("x",), "f"), seeds=2, factors=False)
    assert [trial.seed for trial in trials] == [0] * 5 + [1] * 5 + [0]
    assert trials[-1].preset == CONTROL
    assert len({trial.path for trial in trials}) == len(trials)
    assert {trial.preset for trial in plan_trials(tmp_path, Plan(("x",), "f", 0.5), 1, True)} >= set(FACTORS)


@pytest.mark.parametrize("share", [0.01, 0.2, 1.0])
def test_a_class_room_version_reads_each_tune_about_as_often(share: float) -> None:
    full = load_preset("lab-joint")
    small = scaled(full, share)
    assert small.data.train_share == share
    times = small.schedule.num_training_iterations / full.schedule.num_training_iterations / share
    assert times == pytest.approx(1, rel=0.02)


def test_an_experiment_leaves_a_run_for_each_trial_a_report_and_its_plan(done: tuple[Path, Any]) -> None:
    folder, comparison = done
    assert len(list(folder.glob("runs/*/seed-*/model.safetensors"))) == 11
    assert '<html lang="en">' in (folder / "report.html").read_text()
    assert (folder / "report.md").read_text().count("|") > 100
    assert {claim.topic for claim in comparison.claims} >= {"convergence", "overfitting", "fluency", "layering"}
    assert comparison.effects
    assert json.loads((folder / RECORD).read_text())["changes"] == list(TINY)


def test_called_again_nothing_is_trained_again_and_other_seeds_are_added(
    done: tuple[Path, Any], tunes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, comparison = done
    monkeypatch.setattr(reproduction, "run_trials", in_this_process)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/seed-*/model.safetensors")}
    _, again = run(tunes, folder, language="zh")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [row.cells for row in again.rows] == [row.cells for row in comparison.rows]
    assert 'lang="zh' in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"changes": ("hidden_size=13",)}, ConfigError, "holds an experiment with hidden_size=12"),
        ({"minutes": 5.0}, ConfigError, "holds the full experiment"),
        ({"language": "tlh"}, ConfigError, "unknown language 'tlh'; known: en, zh"),
    ],
)
def test_another_experiment_in_the_same_folder_is_refused(
    done: tuple[Path, Any], tunes: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(tunes, done[0], **options)


def test_other_tunes_are_refused(done: tuple[Path, Any], tmp_path: Path) -> None:
    other = tmp_path / "other.abc"
    other.write_text("\n\n".join(tune.text for tune in real_tunes()[10:40]))
    with pytest.raises(ConfigError, match="holds an experiment on other tunes"):
        run(other, done[0])


def test_a_folder_of_other_files_is_refused_and_a_broken_plan_is_said(tmp_path: Path, tunes: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="holds other files"):
        run(tunes, tmp_path)
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(RunError, match="broken"):
        run(tunes, tmp_path)


def test_without_a_corner_of_the_design_there_is_no_report(
    tmp_path: Path, tunes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_but_joint(_: Sequence[str], trials: Sequence[Trial], *__: Any, **___: Any) -> Iterator[TrialProgress]:
        for trial in trials:
            yield TrialProgress(trial, "failed" if trial.preset == "lab-joint" else "finished")

    monkeypatch.setattr(reproduction, "run_trials", all_but_joint)
    with pytest.raises(RunError, match="no training of lab-joint came to an end"):
        run(tunes, tmp_path / "new")


def test_a_class_room_version_is_planned_by_timing_and_kept(
    tmp_path: Path, tunes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduction, "run_trials", lambda *_, **__: iter(()))
    monkeypatch.setattr(reproduction, "_seconds_per_step", lambda *_: 1.0)
    longer = tuple("num_training_iterations=600" if "iterations" in change else change for change in TINY)
    ended, comparison = run(tunes, tmp_path / "new", minutes=10.0, changes=longer, jobs=2, seeds=1)
    assert (ended, comparison) == ([], None)
    share = json.loads((tmp_path / "new" / RECORD).read_text())["share"]
    assert share == pytest.approx(reproduction.TRAINING_SHARE * 600 * 2 / (5 * 600), rel=0.02)


def test_a_class_room_version_that_fits_whole_is_gone_on_with_by_the_same_command(
    tmp_path: Path, tunes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduction, "run_trials", lambda *_, **__: iter(()))
    monkeypatch.setattr(reproduction, "_seconds_per_step", lambda *_: 1e-6)
    for _ in range(2):
        assert run(tunes, tmp_path / "new", minutes=10.0)[1] is None
    assert json.loads((tmp_path / "new" / RECORD).read_text())["share"] == 1
    with pytest.raises(ConfigError, match="holds a class-room version"):
        run(tunes, tmp_path / "new")


def test_a_step_is_timed(tunes: Path) -> None:
    assert 0 < reproduction._seconds_per_step(read_corpus(tunes), SMALL) < 60
