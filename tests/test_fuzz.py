"""The short form of the campaign of mutated files: nothing ends in a traceback, a crawl, or other music."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

PROGRAM = ROOT / "benchmarks" / "fuzz.py"


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, str(PROGRAM), *words], os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.mark.slow
def test_mutated_files_are_read_and_come_back() -> None:
    done = fuzz("--executions", "3000")
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "| abc | 1,500 |" in done.stdout
    assert "| midi | 1,500 |" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("broken", "what"), [("title", "unequal"), ("raise", "exception"), ("slow", "slow")])
def test_a_fault_is_found_and_can_be_had_again(tmp_path: Path, broken: str, what: str) -> None:
    done = fuzz("--executions", "4", "--kind", "abc", "--break", broken, "--folder", str(tmp_path / "a"))
    assert done.returncode == 1, done.stderr
    assert f": {what}: " in done.stdout
    assert (tmp_path / "a" / "failures.json").is_file()


@pytest.mark.slow
def test_a_campaign_goes_on_where_it_was_left(tmp_path: Path) -> None:
    folder = str(tmp_path / "campaign")
    assert fuzz("--executions", "6", "--folder", folder).returncode == 0
    done = fuzz("--executions", "10", "--folder", folder)
    assert "executions abc:0 to midi:4" in done.stdout
    refused = fuzz("--executions", "12", "--folder", folder, "--seed", "2")
    assert refused.returncode == 1
    assert "begun with seed 1" in refused.stderr
