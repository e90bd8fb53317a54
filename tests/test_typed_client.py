"""What others get: a package with its types, and with every file that it reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

CLIENT = '''
"""A program that uses the public names as their documentation says."""

from pathlib import Path
from typing import assert_type

import tunewright as tw


def learn(source: Path, run: Path) -> list[float]:
    corpus = tw.read(source)
    assert_type(corpus, tw.Corpus[tw.Tune])
    assert_type(tw.read(source, parts=True), tw.Corpus[tw.Piece])
    config = tw.load_preset("default").with_(num_training_iterations=4)
    assert_type(config, tw.Config)
    assert_type(tw.train(corpus, run / "other", minutes=1.5, hidden_size=256), tw.Run)
    return [progress.train_loss for progress in tw.train_steps(corpus, run, config)]


def draw(run: Path) -> list[tw.Tune]:
    band = tw.load(run)
    assert_type(band, tw.Generator)
    request = tw.Request(key="E dorian", bars=16)
    tunes = [drawn.tune for drawn in band.generate(3, request, seed=1) if drawn.tune is not None and drawn.valid]
    with band.stream(request) as bars:
        assert_type(next(bars), str)
    tw.evaluate(run, count=20).save(run / "card.html")
    tw.evaluate(*tunes, against="oneill").to_dict()
    for tune in tunes:
        assert_type(tw.format_abc(tw.transpose(tune, 2)), str)
    return tunes


def convert(text: str) -> int:
    [tune] = tw.parse_abc(text)
    pitches = [note.pitch.midi for note in tune.notes]
    assert_type(pitches, list[int])
    assert_type((tune.key, tune.meter), tuple[tw.Key, tw.Meter])
    try:
        return len(tw.to_svg(tune))
    except tw.TunewrightError as error:
        return len(str(error))
'''
WRONG = """
import tunewright as tw

number: int = tw.format_abc(tw.parse_abc("X:1")[0])
tw.parse_abc(1.5)
"""
# The package is read from its sources, what it needs is taken for granted: neither belongs to what is asked here.
SETTINGS = """
[mypy]
strict = true
follow_imports = silent
[mypy-torch.*,numpy.*,matplotlib.*,rich.*,typer.*,jinja2.*,scipy.*,sklearn.*,miditok.*,symusic.*,music21.*]
follow_imports = skip
ignore_missing_imports = true
"""
READ_BY_CODE = (".toml", ".html", ".css", ".npz", ".typed")


def errors_in(program: str, folder: Path) -> list[str]:
    """What mypy says of a program."""
    (folder / "client.py").write_text(program, encoding="utf-8")
    (folder / "mypy.ini").write_text(SETTINGS, encoding="utf-8")
    words = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--no-pretty", "client.py"]
    surroundings = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [line for line in done.stdout.splitlines() if ": error: " in line]


def held_by(kind: str) -> set[str]:
    """The files that would be in a wheel, or in the archive of sources."""
    builders = pytest.importorskip(f"hatchling.builders.{kind}", reason="hatchling, which builds, is not installed")
    builder = getattr(builders, f"{kind.title()}Builder")(str(ROOT))
    return {file.distribution_path for file in builder.recurse_included_files()}


@pytest.mark.slow
def test_a_program_that_uses_the_public_names_is_checked_strictly(tmp_path: Path) -> None:
    assert errors_in(CLIENT, tmp_path) == []
    assert [line.split(":")[1] for line in errors_in(WRONG, tmp_path)] == ["4", "5"]


def test_a_wheel_holds_its_types_and_every_file_that_the_code_reads() -> None:
    wheel = held_by("wheel")
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tunewright").rglob("*") if path.suffix in READ_BY_CODE}
    presets = {f"tunewright/configs/{path.name}" for path in (ROOT / "configs").glob("*.toml")}
    assert {path.rpartition(".")[2] for path in there} == {suffix[1:] for suffix in READ_BY_CODE}
    assert len(presets) > 5
    box = {f"tunewright/base/{path.name}" for path in (ROOT / "base").iterdir()}
    assert there | presets | box <= wheel
    assert not [path for path in wheel if path.startswith(("tests/", "benchmarks/"))]


def test_a_source_archive_holds_what_builds_and_tests_the_package() -> None:
    archive = held_by("sdist")
    for folder in ("tunewright", "configs", "tests", "benchmarks"):
        ours = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.*") if path.suffix in (".py", ".toml")}
        assert ours
        assert ours <= archive
    box = {f"base/{path.name}" for path in (ROOT / "base").iterdir()}
    assert {"README.md", "Makefile", "constraints.txt", "tunewright/py.typed"} | box <= archive
