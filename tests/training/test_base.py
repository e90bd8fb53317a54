import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.support.places import ROOT
from tests.support.small_base import boxed, made_base, no_base
from tunewright.api import load
from tunewright.generation.generator import load_generator
from tunewright.support.errors import ConfigError, RunError
from tunewright.training import base
from tunewright.training.base import found_by_name, has_base, in_the_box, refuse_to_change, run_folder
from tunewright.training.run import BEST, is_run, load_run
from tunewright.training.tensors import load_tensors, save_tensors

__all__ = ["boxed", "made_base", "no_base"]  # fixtures


def test_the_word_base_is_the_model_in_the_box(boxed: Path) -> None:
    assert run_folder("base") == boxed
    assert found_by_name("base") == boxed
    assert found_by_name("oneill") == "oneill"
    assert run_folder("runs/base") == Path("runs/base")
    assert load("base").name == "base"
    assert [one.valid for one in load("base").generate(2)] == [True, True]


def test_a_run_of_that_name_comes_first_and_a_folder_that_is_none_does_not(
    boxed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    assert run_folder("base") == boxed
    shutil.copytree(boxed, tmp_path / "base", dirs_exist_ok=True)
    assert run_folder("base") == Path("base")


@pytest.mark.usefixtures("no_base")
def test_where_none_is_installed_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not has_base()
    with pytest.raises(RunError, match="no model in the box"):
        load("base")


def test_it_stays_as_it_came(boxed: Path, tmp_path: Path) -> None:
    assert in_the_box(boxed)
    with pytest.raises(ConfigError, match="stays as it came"):
        refuse_to_change(boxed)
    refuse_to_change(tmp_path)


def test_what_is_broken_about_it_is_one_line(boxed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "box"
    monkeypatch.setattr(base, "FOLDERS", (broken,))

    def again() -> None:
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(boxed, broken)

    def refused(match: str) -> None:
        with pytest.raises(RunError, match=match) as error:
            load("base")
        assert "\n" not in str(error.value)
        assert "box" in str(error.value)

    again()
    tokenizer = json.loads((broken / "tokenizer.json").read_text())
    (broken / "tokenizer.json").write_text(json.dumps(tokenizer | {"vocab": tokenizer["vocab"][:-1]}))
    refused("another version")
    again()
    tensors, facts = load_tensors(broken / BEST)
    save_tensors(broken / BEST, tensors | {"head.bias": torch.full_like(tensors["head.bias"], torch.nan)}, facts)
    refused("no finite numbers")
    save_tensors(broken / BEST, tensors | {"head.bias": tensors["head.bias"][1:]}, facts)
    refused("does not fit")
    again()
    whole = (broken / BEST).read_bytes()
    (broken / BEST).write_bytes(whole[: len(whole) // 2])
    refused("broken checkpoint")
    (broken / BEST).unlink()
    refused("no such checkpoint")
    again()
    (broken / "config.toml").unlink()
    refused("config.toml is missing")


@pytest.mark.skipif(not is_run(ROOT / "base"), reason="base/ holds no model yet: `make base` makes one")
def test_the_one_that_ships_is_small_whole_and_draws() -> None:
    files = [file for file in (ROOT / "base").iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 10_000_000
    assert {"card.md", BEST, "split.json"} <= {file.name for file in files}
    assert load_run(ROOT / "base").config.music == "tune"
    assert [one.valid for one in load_generator(ROOT / "base").generate(2)] == [True, True]
