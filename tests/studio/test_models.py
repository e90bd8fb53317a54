"""Models are found by names, never by paths."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.short_pieces import line, piece
from tests.support.small_base import boxed, made_base, small_run
from tests.support.small_runs import SMALL
from tunewright.studio.models import find_model, models, usable_models
from tunewright.studio.settings import Settings
from tunewright.support.errors import ConfigError, RunError
from tunewright.tokens.registry import fit_codec
from tunewright.training.run import BEST, create_run

__all__ = ["boxed", "made_base"]


@pytest.fixture
def settings(boxed: Path, tmp_path: Path) -> Settings:
    """A studio with a model in the box, two runs of one name that were given, one trained, one of pieces, one begun."""
    given = [tmp_path / place / "mine" for place in ("a", "b")]
    small_run(given[0])
    for other in (given[1], tmp_path / "studio/runs/evening"):
        _copy(given[0], other)
    pieces = SMALL.with_(tokens="midilike")
    create_run(tmp_path / "of_pieces", pieces, fit_codec(pieces.tokens, [piece(line(60, 62), line(48, 50))]), {})
    _copy(given[0], tmp_path / "begun")
    (tmp_path / "begun" / BEST).unlink()
    runs = (*given, tmp_path / "of_pieces", tmp_path / "begun")
    assert boxed.is_dir()
    return Settings(folder=tmp_path / "studio", runs=runs)


def _copy(run: Path, other: Path) -> None:
    other.mkdir(parents=True)
    for file in run.iterdir():
        if file.is_file():
            (other / file.name).write_bytes(file.read_bytes())


def test_names_are_those_of_folders_and_each_is_one_run(settings: Settings) -> None:
    found = models(settings)
    assert list(found) == ["base", "mine", "mine-2", "of_pieces", "begun", "evening"]
    assert [model.kind for model in found.values()] == ["base", *["given"] * 4, "trained"]
    assert len({model.path for model in found.values()}) == 6
    assert [model.name for model in usable_models(settings)] == ["base", "mine", "mine-2", "evening"]


def test_what_cannot_be_drawn_from_is_refused_with_the_reason(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="of_pieces draws pieces of several parts"):
        find_model(settings, "of_pieces")
    with pytest.raises(RunError, match="begun: has no weights yet"):
        find_model(settings, "begun")
    for name in ("", "nobody", ".", "..", "../a/mine", str(settings.runs[0]), "a/mine", "mine\0", "\n"):
        with pytest.raises(ConfigError, match="there is no model") as refused:
            find_model(settings, name)
        assert "\n" not in str(refused.value)


def test_a_run_that_breaks_or_goes_away_is_left_out(settings: Settings) -> None:
    (settings.runs[0] / "summary.json").write_text("{")
    for file in settings.runs[1].iterdir():
        file.unlink()
    assert [model.name for model in usable_models(settings)] == ["base", "evening"]


def test_the_server_itself_loads_nothing_that_is_slow() -> None:
    """What draws, engraves and sounds is loaded by the processes that do so: the first page is there in a moment."""
    heavy = ("torch", "verovio", "symusic", "matplotlib", "scipy", "sklearn", "typst", "music21")
    code = f"import sys, tunewright.studio.app; print(*[name for name in {heavy} if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_new_weights_are_noticed(settings: Settings) -> None:
    model = find_model(settings, "evening")
    before = model.stamp
    os.utime(model.path / BEST, ns=(before + 10**9, before + 10**9))
    assert find_model(settings, "evening").stamp != before
