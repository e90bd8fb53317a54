"""A short form of the campaign of kills (`benchmarks/kills.py`), and that it finds out what it is there for."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and kills processes: Linux only"),
]


def campaign(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_some_kills_break_nothing() -> None:
    done = campaign("--kills", "6", "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed 7" in done.stdout
    found = re.search(r"^([\d,]+) kills in", done.stdout, re.MULTILINE)
    assert found
    assert int(found[1]) >= 6


def test_files_that_are_written_in_place_are_found_out() -> None:
    done = campaign("--break", "--only", "2", "--seed", "7")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "torn: " in done.stdout
