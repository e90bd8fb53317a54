"""The word "base", and training that goes on from a run, as their user meets them."""

import json
from pathlib import Path

import pytest

from tests.cli.test_app import Command, files_in, tunes, tunewright
from tests.support.places import ROOT
from tests.support.small_base import boxed, made_base, no_base
from tests.support.small_runs import real_tunes
from tunewright.training.run import BEST

__all__ = ["boxed", "made_base", "no_base", "tunes", "tunewright"]  # fixtures

LITTLE = ["--set", "batch_size=4", "--set", "device=cpu", "--set", "precision=fp32", "--set", "eval_every=4"]


@pytest.mark.usefixtures("boxed")
def test_tunes_are_drawn_from_the_model_in_the_box_where_no_run_is_named(tunewright: Command) -> None:
    unnamed, named = tunewright("generate", "--seed", "5"), tunewright("generate", "base", "--seed", "5")
    assert unnamed.code == 0
    assert unnamed.out == named.out
    assert "model base" in unnamed.out


def test_it_is_judged_and_compared_by_its_name_and_stays_as_it_came(
    boxed: Path, tunewright: Command, tunes: Path, tmp_path: Path
) -> None:
    before = files_in(boxed)
    judged = tunewright("evaluate", "base", "-n", "1", "--against", tunes, "--json")
    assert (judged.code, json.loads(judged.out)["title"]) == (0, "base")
    refused = tunewright("evaluate", "base", "--temperatures", "0.8", "--save-default")
    assert (refused.code, "stays as it came" in refused.err) == (1, True)
    went = tunewright("train", tunes, "--from", "base", "--out", tmp_path / "run", "--steps", "2", *LITTLE)
    assert went.code == 0
    assert tunewright("compare", "base", tmp_path / "run", "--different-splits", "--out", tmp_path / "x.html").code == 0
    assert files_in(boxed) == before


@pytest.mark.usefixtures("boxed")
def test_a_run_that_goes_on_from_it_says_so_and_why_it_stopped(
    tunewright: Command, tunes: Path, tmp_path: Path
) -> None:
    words = ["train", tunes, "--from", "base", "--out", tmp_path / "run", "--seed", "2", *LITTLE]
    done = tunewright(*words, "--steps", "30", "--set", "learning_rate=1.0")
    assert done.code == 0
    assert "early stopped after 16 steps" in done.out
    assert "Stopped: 4 looks in a row at held-out tunes were no better than that of step 0." in done.out
    assert json.loads((tmp_path / "run" / "record.json").read_text())["from"]["run"] == "base"
    assert tunewright("generate", tmp_path / "run").code == 0


@pytest.mark.usefixtures("boxed")
@pytest.mark.parametrize("count", [1, 3])
def test_of_very_few_tunes_it_is_said_that_nothing_watches(tunewright: Command, tmp_path: Path, count: int) -> None:
    (tmp_path / "few.abc").write_text("\n\n".join(tune.text for tune in real_tunes()[1 : 1 + count]) + "\n")
    done = tunewright("train", tmp_path / "few.abc", "--from", "base", "--out", tmp_path / "run", *LITTLE)
    assert done.code == 0
    assert "20 steps are made, and nothing but copies among what it draws is watched" in done.err
    assert "unjudged" in done.out


@pytest.mark.usefixtures("boxed")
def test_a_collection_in_five_four_is_learned(tunewright: Command, tmp_path: Path) -> None:
    music = [
        "DEFGA|BAGFE|DEFGA|d4 z|]",
        "GABcd|edcBA|GABcd|G4 z|]",
        "AGFED|E4 z|AGFED|D4 z|]",
        "d2cBA|G4 z|ABcde|d4 z|]",
    ]
    text = "".join(f"X:{number}\nT:{body}\nM:5/4\nL:1/4\nK:D\n{body}\n\n" for number, body in enumerate(music, start=1))
    (tmp_path / "five.abc").write_text(text)
    done = tunewright("train", tmp_path / "five.abc", "--from", "base", "--out", tmp_path / "run", *LITTLE)
    assert done.code == 0
    assert "not learned from" not in done.err


@pytest.mark.usefixtures("boxed")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--from", "base", "--resume"], 2, "expected no --resume"),
        (["--from", "base", "--preset", "sound"], 2, "expected no --preset"),
        (["--from", "base", "--tokens", "remi"], 2, "expected no --tokens"),
        (["--from", "nowhere"], 1, "nowhere: no such run folder"),
        (["--from", "base", "--set", "hidden_size=99"], 1, "another model than that of base"),
        (["--from", "base", "--set", "tokens=characters"], 1, "other tokens than those of base"),
    ],
)
def test_what_cannot_be_gone_on_with_is_one_line(
    tunewright: Command, tunes: Path, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = tunewright("train", tunes, "--out", tmp_path / "run", *words)
    assert done.code == code
    assert [said in line for line in done.err.splitlines() if line.startswith("Error: ")] == [True]
    assert not (tmp_path / "run" / BEST).exists()


@pytest.mark.usefixtures("boxed")
def test_without_one_readable_tune_nothing_is_begun(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "none.abc").write_text("nothing\n")
    done = tunewright("train", tmp_path / "none.abc", "--from", "base", "--out", tmp_path / "run")
    assert (done.code, "no tune could be read" in done.err) == (1, True)


@pytest.mark.usefixtures("no_base")
def test_an_installation_without_one_says_so(
    tunewright: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["generate"], ["generate", "base"], ["evaluate", "base"], ["train", "oneill", "--from", "base"]):
        done = tunewright(*words, *(["--out", "run"] if words[0] == "train" else []))
        assert done.code == 1
        assert "no model in the box" in done.err


def test_the_makefile_builds_it_with_the_module_that_does() -> None:
    assert "tunewright.cli.base_building" in (ROOT / "Makefile").read_text()
