"""What docs/studio.md says is true: its program runs, its picture is there, its commands are the command line's."""

from __future__ import annotations

import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.open_studios import served
from tests.support.places import DOCS
from tunewright.cli.app import app
from tunewright.formats.abc import parse_abc
from tunewright.studio.rates import KINDS, MEGABYTE

TEXT = (DOCS / "studio.md").read_text(encoding="utf-8")
TOKEN = "a-token-for-the-test"
LARGEST_PICTURE = 250_000  # bytes


@pytest.mark.slow
@pytest.mark.parametrize("token", ["", TOKEN])
def test_the_program_draws_a_jig_and_saves_its_sound(tmp_path: Path, token: str) -> None:
    [program] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "jig.py").write_text(program, encoding="utf-8")
    with served(tmp_path / "studio", *(["--token", token] if token else [])) as studio:
        command = [sys.executable, "jig.py", studio.address, *([token] if token else [])]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    [tune] = parse_abc(done.stdout)
    assert (tune.rhythm, str(tune.meter)) == ("jig", "6/8")
    counted = [int(line.split()[0]) for line in done.stderr.splitlines()]
    assert counted == sorted(counted)
    assert counted[-1] >= 8
    with wave.open(str(tmp_path / "jig.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() > 5


def test_the_picture_is_there_and_small() -> None:
    for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", TEXT):
        assert 0 < (DOCS / name).stat().st_size < LARGEST_PICTURE


def test_its_options_are_those_of_the_command() -> None:
    told = CliRunner().invoke(app, ["studio", "--help"], env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}).output
    for option in set(re.findall(r"--[a-z]+", TEXT)):
        assert option in told


def test_the_limits_are_those_of_the_code() -> None:
    text = (DOCS / "limits.md").read_text(encoding="utf-8").partition("| kind | per minute |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    stated = {tuple(int(re.sub(r"\D", "", cell)) for cell in row[1:]) for row in rows}
    assert len(rows) == len(KINDS)
    assert stated == {
        (int(kind.per_minute), kind.burst, kind.at_once, kind.largest // MEGABYTE, int(kind.seconds)) for kind in KINDS
    }
