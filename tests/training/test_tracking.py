"""Training with trackers listening: the same steps, whatever a tracker does; each failure said once."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.small_runs import SMALL, real_tunes, run_small, small_corpus
from tunewright.cli import app as cli
from tunewright.support.errors import ConfigError
from tunewright.training import tracking
from tunewright.training.loop import train_steps
from tunewright.training.progress import Progress
from tunewright.training.trackers import TRACKERS, Ending, Kind, Subject
from tunewright.training.tracking import EVERY, flat, track


@dataclass
class Told:
    """What a tracker was told; raises at the word in `fails`, waits there for `released` where it `hangs`."""

    fails: str = ""
    hangs: str = ""
    error: BaseException = field(default_factory=lambda: ValueError("no room\nin the cloud"))
    released: threading.Event = field(default_factory=threading.Event)
    id: str = "its-id"
    look: str = "told ui"
    subjects: list[Subject] = field(default_factory=list)
    steps: list[tuple[int, set[str]]] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)

    def open(self, subject: Subject) -> Told:
        self._at("open")
        self.subjects.append(subject)
        return self

    def log(self, step: int, metrics: dict[str, float]) -> None:
        self._at("log")
        self.steps.append((step, set(metrics)))

    def close(self, ending: Ending) -> None:
        self._at("close")
        self.endings.append(ending)

    def _at(self, where: str) -> None:
        if self.hangs == where:
            self.released.wait()
        if self.fails == where:
            raise self.error


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """A tracker called told."""
    one = Told()
    monkeypatch.setitem(TRACKERS, "told", Kind(one.open, ()))
    yield one
    one.released.set()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "mine"
    run_small(path)
    return path


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run folder of its own for each test."""
    return Path(shutil.copytree(trained, tmp_path / "mine"))


def steps(count: int, looks: int = 1000) -> Generator[Progress, None, None]:
    """Training as the trackers see it."""
    for step in range(1, count + 1):
        looked = (2.0, 5.0) if step % looks == 0 else (None, None)
        yield Progress(step, count, 1.0, 1.0, 1.0, 3.0, 3.0, *looked, learning_rate=0.1)
    yield Progress(count, count, 1.0, 1.0, 1.0, 3.0, 3.0, status="finished")


def test_the_steps_come_through_as_they_are(run: Path, told: Told) -> None:
    assert list(track(steps(25), run, ["told"])) == list(steps(25))


def test_without_a_tracker_nothing_is_between() -> None:
    stream = steps(1)
    assert track(stream, Path("nowhere"), []) is stream


def test_every_tenth_step_the_first_and_every_look_are_told(run: Path, told: Told) -> None:
    list(track(steps(2 * EVERY + 5, looks=7), run, ["told"]))
    assert [step for step, _ in told.steps] == [1, 7, 10, 14, 20, 21]
    assert told.steps[0][1] == {"loss", "train_loss", "learning_rate"}
    assert told.steps[1][1] == {"loss", "train_loss", "learning_rate", "valid_loss", "bits_per_note"}


def test_what_is_no_number_is_not_told(run: Path, told: Told) -> None:
    lost = Progress(1, 1, 1.0, 1.0, 1.0, float("nan"), float("inf"), learning_rate=0.1)
    list(track((one for one in [lost]), run, ["told"]))
    assert told.steps == [(1, {"learning_rate"})]


def test_a_tracker_is_told_settings_facts_results_and_files(run: Path, told: Told) -> None:
    (run / "record.json").write_text('{"preset": "lab-joint", "git": {"commit": "abc"}}', encoding="utf-8")
    list(track(steps(1), run, ["told"]))
    (subject,), (ending,) = told.subjects, told.endings
    assert subject.name == "mine"
    assert subject.parameters["hidden_size"] == SMALL.model.hidden_size
    assert subject.facts == {"corpus": "small", "preset": "lab-joint", "git.commit": "abc"}
    assert ending.status == "finished"
    assert ending.results["best_step"] > 0
    assert {"config.toml", "metrics.jsonl", "model.safetensors"} <= {file.name for file in ending.artefacts}


def test_a_resumed_run_goes_on_under_the_same_id(run: Path, told: Told) -> None:
    list(track(steps(1), run, ["told"]))
    list(track(steps(1), run, ["told"]))
    assert [subject.known for subject in told.subjects] == ["", "its-id"]


@pytest.mark.parametrize("where", ["open", "log", "close"])
@pytest.mark.parametrize(
    "error", [ValueError("no room\nin the cloud"), SystemExit("no room"), KeyboardInterrupt("no room")]
)
def test_a_tracker_that_fails_is_left_out_and_said_once(
    run: Path, told: Told, where: str, error: BaseException
) -> None:
    told.fails, told.error = where, error
    said: list[str] = []
    assert list(track(steps(3 * EVERY), run, ["told"], said.append)) == list(steps(3 * EVERY))
    assert said == [f"Note: tracker told is left out: {type(error).__name__}: no room"]


@pytest.mark.parametrize("where", ["open", "log", "close"])
def test_a_tracker_that_hangs_is_left_behind(
    run: Path, told: Told, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "CLOSING_SECONDS", 0.05)
    told.hangs = where
    said: list[str] = []
    assert list(track(steps(3 * EVERY), run, ["told"], said.append)) == list(steps(3 * EVERY))
    assert said == ["Note: tracker told is left out: it did not finish within 0.05 seconds"]


def test_a_tracker_that_falls_behind_is_left_out(run: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "WAITING", 2)
    told.hangs = "open"
    said: list[str] = []
    list(track(steps(9 * EVERY), run, ["told"], said.append))
    assert said == ["Note: tracker told is left out: it does not keep up (2 steps are waiting)"]


def test_one_that_fails_takes_no_other_with_it(run: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Told(fails="log")
    monkeypatch.setitem(TRACKERS, "broken", Kind(broken.open, ()))
    said: list[str] = []
    list(track(steps(2 * EVERY), run, ["broken", "told", "told"], said.append))
    assert len(said) == 1
    assert len(told.subjects) == len(told.endings) == 1


def test_training_that_is_abandoned_ends_the_trackers_too(tmp_path: Path, told: Told) -> None:
    training = train_steps(small_corpus(), tmp_path / "run", SMALL)
    stream = track(training, tmp_path / "run", ["told"])
    next(stream)
    stream.close()
    assert [ending.status for ending in told.endings] == ["interrupted"]
    assert json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["status"] == "interrupted"


def test_an_error_of_training_is_raised_after_the_trackers_have_ended(run: Path, told: Told) -> None:
    def failing() -> Generator[Progress, None, None]:
        yield from steps(3)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        list(track(failing(), run, ["told"]))
    assert len(told.endings) == 1


def test_an_unknown_tracker_is_refused_before_the_first_step() -> None:
    with pytest.raises(ConfigError, match="unknown tracker 'neptune'; known: comet, mlflow, tensorboard, wandb"):
        track(steps(1), Path("nowhere"), ["neptune"])


def test_flat_keeps_what_there_is() -> None:
    assert flat({"a": {"b": {"c": 1}}, "d": [1, 2], "e": None, "f": False}) == {"a.b.c": 1, "d": "1 2", "f": False}


def test_the_command_tells_trackers_and_shows_the_summary(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tunes = tmp_path / "some.abc"
    tunes.write_text("\n\n".join(tune.text.strip() for tune in real_tunes()[:20]) + "\n", encoding="utf-8")
    settings = ("hidden_size=16", "num_layers=1", "embedding_dim=8", "batch_size=4", "seq_length=32", "device=cpu")
    words = ["train", str(tunes), "--out", str(tmp_path / "run"), "--steps", "3", "--track", "told"]
    words += [word for setting in settings for word in ("--set", setting)]
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["tunewright", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert [ending.status for ending in told.endings] == ["finished"]
    shown = capsys.readouterr().err
    assert "Metrics [count] (min, max)" in shown
    assert "told ui" in shown
