"""A shell is offered the words that a command then takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tunewright.cli import app as cli
from tunewright.cli.commands import completing
from tunewright.formats.formats import parse_formats
from tunewright.training.presets import load_preset
from tunewright.training.trackers import TRACKERS

Tab = Callable[[str], list[str]]


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tab:
    """What bash is given for what has been typed, its last word begun."""

    def press(typed: str) -> list[str]:
        monkeypatch.setenv("_TUNEWRIGHT_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
        monkeypatch.setattr(sys, "argv", ["tunewright"])
        with pytest.raises(SystemExit):
            cli.main()
        return [word for word in capsys.readouterr().out.split("\n") if word]  # as bash divides them

    return press


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tunewright ge", ["generate"]),
        ("tunewright corpus o", ["oneill"]),
        ("tunewright export ry", ["ryan"]),
        ("tunewright evaluate run --against a", ["aird"]),
        ("tunewright train x --preset lab-jo", ["lab-joint"]),
        ("tunewright train x --tokens de", ["degrees"]),
        ("tunewright train x --track w", ["wandb"]),
        ("tunewright compare a b --lang z", ["zh"]),
        ("tunewright generate x --rhythm ree", ["reel"]),
        ("tunewright render x.abc --format abc,p", ["abc,pdf"]),
        ("tunewright train x --res", ["--resume"]),
        ("tunewright corpus my-tu", []),  # so that the shell offers files
    ],
)
def test_a_word_that_is_begun_is_completed(tab: Tab, typed: str, offered: list[str]) -> None:
    assert tab(typed) == offered


@pytest.mark.parametrize("command", ["generate", "evaluate", "compare x", "train x --from", "train x --out"])
def test_runs_below_what_was_typed_are_offered(
    tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name in ("runs/one", "runs/two", "demo/run"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "summary.json").touch()
    (tmp_path / "runs" / "none").mkdir()
    monkeypatch.chdir(tmp_path)
    base = [] if command.endswith("--out") else ["base"]
    assert tab(f"tunewright {command} ") == ["demo/run", "runs/one", "runs/two", *base]
    assert tab(f"tunewright {command} runs/t") == ["runs/two"]
    assert tab(f"tunewright {command} {tmp_path}/d") == [f"{tmp_path}/demo/run"]


def test_every_word_that_is_offered_is_taken() -> None:
    assert all(load_preset(name) for name in completing.presets(""))
    assert set(completing.trackers("")) == set(TRACKERS)
    assert "abc" in parse_formats(",".join(completing.formats("")))
    assert "svg,svg" not in completing.formats("svg,")


def test_the_script_for_a_shell_is_shown_and_asks_this_program() -> None:
    command = [sys.executable, "-m", "tunewright", "--show-completion", "bash"]
    surroundings = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, cwd=ROOT, check=True)
    assert "_TUNEWRIGHT_COMPLETE=complete_bash" in done.stdout
    assert "complete -o default" in done.stdout
