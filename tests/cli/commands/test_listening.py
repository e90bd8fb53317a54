"""`tunewright listen`: a test made of files, its key kept apart, answers read; what is wrong is said in one line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.blind_tests import invented, simulated
from tests.support.places import ROOT
from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import format_abc
from tunewright.judging.listening.answers import describe_rater
from tunewright.judging.listening.folder import KEY, PAGE, read_folder


def program(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tunewright", "listen", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env={"PYTHONPATH": str(ROOT)}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listening")
    for number in range(2):
        text = "\n".join(map(format_abc, real_tunes(40)[number::2]))
        (folder / f"secret-{number}.abc").write_text(text, encoding="utf-8")
    words = ("new", "secret-0.abc", "secret-1.abc", "-n", "3", "--bars", "4", "--seed", "7", "--out", "test", "--json")
    done = program(folder, *words, "--title", "Which?")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["sources"] == ["secret-0.abc", "secret-1.abc"]
    assert (told["seed"], told["items"]) == (7, 3)
    return folder


def test_the_page_is_for_raters_and_the_key_stays(made: Path) -> None:
    page, key = (made / "test" / name for name in (PAGE, KEY))
    assert sorted(path.name for path in (made / "test").iterdir()) == [KEY, PAGE]
    assert "secret" not in page.read_text(encoding="utf-8")
    assert "secret-0.abc" in key.read_text(encoding="utf-8")
    assert page.stat().st_size < 15_000_000
    again = program(made, "new", "secret-0.abc", "secret-1.abc", "--out", "test")
    assert again.returncode == 1
    assert "has a listening test already" in again.stderr


def test_answers_become_results(made: Path) -> None:
    test = read_folder(made / "test")
    (made / "answers").mkdir()
    for number, rater in enumerate(simulated(test, (1.0, -1.0), 4)):
        (made / "answers" / f"{number}.json").write_text(json.dumps(describe_rater(rater, test)))
    done = program(made, "results", "test", "answers", "--out", "results.html", "--csv", "answers.csv", "--lang", "zh")
    assert done.returncode == 0, done.stderr
    assert "4 listeners compared pairs of tunes, 12 times in all" in done.stdout
    assert "Note: There are fewer than 10 listeners." in done.stdout
    assert "排名" in (made / "results.html").read_text(encoding="utf-8")
    rows = list(csv.DictReader((made / "answers.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 12
    told = program(made, "results", "test/key.json", *(f"answers/{number}.json" for number in range(4)), "--json")
    assert json.loads(told.stdout)["raters"] == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("results", "test", "nothing.json"), "no such file or folder"),
        (("results", "test", "secret-0.abc"), "not the answers of a rater"),
        (("results", "secret-0.abc", "answers"), "not the key of a listening test"),
        (("results", "test", "answers/0.json", "answers/0.json"), "is there twice"),
        (("results", "test", "answers", "--lang", "de"), "unknown language"),
        (("new", "secret-0.abc", "--out", "other"), "expected two sources"),
        (("new", "secret-0.abc", "secret-1.abc", "--out", "other", "-n", "1"), "expected 2 to 60"),
        (
            ("new", "secret-0.abc", "secret-1.abc", "--out", "other", "--questions", "x"),
            "expected rating, pairs, machine",
        ),
        (("new", "secret-0.abc", "secret-1.abc", "--out", "other", "--questions", "machine"), "expected real tunes"),
        (("new", "secret-0.abc", "secret-1.abc", "--out", "other", "--bars", "60"), "whole bars"),
        (("new", "secret-0.abc", "--real", "oneill", "--no-real", "--out", "other"), "expected one of both"),
        (("new", "nothing", "--out", "other"), "no such run, file or folder"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(made: Path, words: tuple[str, ...], told: str) -> None:
    done = program(made, *words)
    assert done.returncode == 1
    assert told in done.stderr
    errors = [line for line in done.stderr.splitlines() if not line.startswith("Compared:")]
    assert len(errors) == 1
    assert "Traceback" not in done.stderr
    assert not (made / "other").exists()


def test_a_missing_library_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from tunewright.judging.listening.results import find_results
    from tunewright.support.errors import ConfigError

    monkeypatch.setitem(sys.modules, "choix", None)
    test = invented()
    with pytest.raises(ConfigError, match=r'pip install "tunewright\[listen\]"'):
        find_results(test, simulated(test, (1.0, 0.0, -1.0), 2))


def test_help_has_examples_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, tunewright.cli.app\n"
        "sys.argv = ['tunewright', 'listen', 'new', '--help']\n"
        "with contextlib.suppress(SystemExit): tunewright.cli.app.main()\n"
        "print([name for name in ('numpy', 'torch', 'choix', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "tunewright listen new base --questions machine" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
