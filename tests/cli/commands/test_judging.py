"""`tunewright evaluate` as its user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_app import ONE_THREAD, ROOT, SETTINGS, Command, Result, assert_one_error, trained, tunes, tunewright
from tests.support.small_runs import real_tunes

__all__ = ["Result", "trained", "tunes", "tunewright"]  # fixtures


def test_a_run_is_judged_beside_real_tunes(tunewright: Command, trained: Path) -> None:
    result = tunewright("evaluate", trained, "-n", 3)
    assert result.code == 0
    assert "3 tunes, drawn at temperature 1" in result.out
    for question in ("Are they well formed?", "Are they like the style?", "Are they copies?"):
        assert question in result.out
    assert "Judging" in result.err


def test_json_has_the_keys_of_the_contract(tunewright: Command, trained: Path) -> None:
    result = tunewright("evaluate", trained, "-n", 3, "--json", "--seed", 5)
    told = json.loads(result.out)
    assert result.code == 0
    assert told["tunes"] == 3
    assert [one["name"] for one in told["each"]] == ["tune-005", "tune-006", "tune-007"]
    assert {"value", "low", "high"} <= told["bits_per_note"].keys()
    assert {"valid_rate", "measures", "originality", "two_sample_auc", "unread", "remarks", "drawn"} <= told.keys()


def test_files_are_judged_against_a_source(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.abc"
    mine.write_text(real_tunes()[45].text + "\n\n" + real_tunes()[2].text + "\n\nX:9\nT:No key\nABC|\n")
    result = tunewright("evaluate", mine, "--against", tunes, "--json")
    told = json.loads(result.out)
    assert [one["copied"] for one in told["each"]] == [False, True]
    assert told["each"][1]["shared_with"] == real_tunes()[2].title
    assert [one["reason"] for one in told["unread"]] == ["no K: field, expected one at the end of the header"]
    shown = tunewright("evaluate", mine, "--against", tunes)
    assert "no K: field" in " ".join(shown.out.split())
    assert real_tunes()[2].title in shown.out


def test_files_without_a_source_are_judged_by_themselves(tunewright: Command, tunes: Path) -> None:
    result = tunewright("evaluate", tunes)
    assert result.code == 0
    assert "--against" in result.out


def test_the_page_is_written_in_either_language(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    for language in ("en", "zh"):
        page = tmp_path / f"{language}.html"
        assert tunewright("evaluate", tunes, "--against", tunes, "--out", page, "--lang", language).code == 0
        assert f'lang="{language}' in page.read_text(encoding="utf-8")
        assert real_tunes()[2].title in page.read_text(encoding="utf-8")


def test_settings_are_compared_and_the_knee_is_saved(tunewright: Command, trained: Path, tmp_path: Path) -> None:
    words = ["evaluate", trained, "-n", 3, "--temperatures", "0.5,1.0", "--save-default"]
    result = tunewright(*words)
    assert result.code == 0
    assert "<- knee" in result.out
    saved = json.loads((trained / "defaults.json").read_text())["temperature"]
    assert f"temperature {saved:g}" in result.err
    (trained / "defaults.json").unlink()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["RUN", "--temperatures", "warm"],
        ["RUN", "--temperatures", "0.5,-1"],
        ["RUN", "--save-default"],
        ["FILE", "-n", "3"],
        ["FILE", "--temperatures", "0.5"],
        ["FILE", "--checkpoints"],
        ["RUN", "-n", "-1"],
    ],
)
def test_wrong_usage_exits_with_2(tunewright: Command, trained: Path, tunes: Path, words: list[str]) -> None:
    places = {"RUN": str(trained), "FILE": str(tunes)}
    assert tunewright("evaluate", *(places.get(word, word) for word in words)).code == 2


def test_what_cannot_be_judged_is_one_clear_line(
    tunewright: Command, trained: Path, tunes: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.abc").write_bytes(bytes(range(256)) * 9)
    assert_one_error(tunewright("evaluate", "nowhere"), "nowhere", "no such")
    assert_one_error(tunewright("evaluate", tmp_path / "empty"), "no .abc")
    assert_one_error(tunewright("evaluate", tmp_path / "x.abc"), "no tune could be read")
    assert_one_error(tunewright("evaluate", trained, tunes), "one run, or files")
    assert_one_error(tunewright("evaluate", tunes, "--against", "nowhere"), "nowhere")
    assert_one_error(tunewright("evaluate", trained, "--temperatures", "1000"), "temperature")
    assert_one_error(tunewright("evaluate", tunes, "--out", tmp_path / "page.html", "--lang", "xx"), "xx")


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, tunewright.cli.commands.judging; print('torch' in sys.modules or 'sklearn' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=ONE_THREAD
    )
    assert run.stdout == "False\n"


def test_checkpoints_kept_by_train_are_judged(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    words = ["train", tunes, "--out", tmp_path / "run", "--steps", 8, "--keep-every", 4, *SETTINGS]
    assert tunewright(*words, "--set", "tokens=characters", "--set", "text=canonical").code == 0
    told = json.loads(tunewright("evaluate", tmp_path / "run", "-n", 2, "--checkpoints", "--json").out)
    assert {4, 8} <= {point["step"] for point in told["frontier"]}
