"""The program has its threads wait briefly unless the user says how; the library says nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tunewright.support.waiting import BRIEF, CHOICES, wait_briefly


@pytest.mark.parametrize("chosen", CHOICES)
def test_what_the_user_says_stays(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    environment = {chosen: "ACTIVE"}
    monkeypatch.setattr(os, "environ", environment)
    wait_briefly()
    assert environment == {chosen: "ACTIVE"}


def test_threads_wait_briefly_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", environment)
    wait_briefly()
    assert environment == BRIEF


@pytest.mark.parametrize(("says", "set_there"), [("tunewright.cli.app", True), ("tunewright.api", False)])
def test_the_program_sets_it_and_the_library_does_not(says: str, set_there: bool) -> None:
    code = f"""
import os, sys, {says}
sys.argv = ["tunewright", "--version"]
try:
    {says}.main()
except (SystemExit, AttributeError):
    pass
assert ("GOMP_SPINCOUNT" in os.environ) is {set_there}
assert not ({set_there} and "torch" in sys.modules)
"""
    plain = {name: value for name, value in os.environ.items() if name not in CHOICES}
    subprocess.run([sys.executable, "-c", code], env=plain, check=True, capture_output=True)
