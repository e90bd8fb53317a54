"""A model in the box that takes a second to make, for the tests of what goes on from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_runs import SMALL, corpus_of, real_tunes
from tunewright.corpus.corpus import Corpus
from tunewright.judging import copying
from tunewright.music.tune import Tune
from tunewright.training import base
from tunewright.training.compact import pack_run
from tunewright.training.loop import train_steps
from tunewright.training.run import Run, load_run

DEGREES = SMALL.with_(tokens="degrees", told_share=0.5, seq_length=60)


def corpus_of_base(*, fewer: int = 0) -> Corpus[Tune]:
    """What it learned from: sixteen tunes, or fewer, and eight held out."""
    tunes = real_tunes()
    return corpus_of(tunes[20 : 36 - fewer], tunes[36:40], tunes[40:44])


def small_run(path: Path) -> Run:
    """A run of a few steps in musical tokens."""
    list(train_steps(corpus_of_base(), path, DEGREES, record={"preset": "base", "sources": ["oneill"]}))
    return load_run(path)


@pytest.fixture(scope="session")
def made_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small model in the box."""
    folder = tmp_path_factory.mktemp("box")
    pack_run(small_run(folder / "run"), folder / "base")
    return folder / "base"


@pytest.fixture
def boxed(made_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as what "base" means, in a folder without another one: the repository has its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base, "FOLDERS", (made_base,))
    monkeypatch.setattr(copying, "DRAWN", 2)  # what has hardly learned rambles on
    monkeypatch.setattr(copying, "LONGEST", 60)
    return made_base


@pytest.fixture
def no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without one, in a folder without one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base, "FOLDERS", ())
