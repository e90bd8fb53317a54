"""Studios for tests: one as its user starts it, and a browser to use it with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.places import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
]
PATIENCE = 60.0  # seconds until a studio has to answer
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not here")


class Served:
    """A studio in a process of its own, and what it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._address = threading.Event()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line)
            if "http://" in line:
                self._address.set()

    @property
    def address(self) -> str:
        """Where it answers, without a slash at the end; waits until it does."""
        if not self._address.wait(PATIENCE):
            raise AssertionError("the studio did not open: " + "".join(self.said))
        found = re.search(r"http://[^\s/]+", "".join(self.said))
        assert found
        return found[0]

    def stop(self, sign: int = signal.SIGINT) -> float:
        """End it; gives the seconds that it took."""
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reading.join(5)
        if self.process.stderr:
            self.process.stderr.close()
        return time.monotonic() - begun


@contextmanager
def served(folder: Path, *more: str, script: str = "") -> Iterator[Served]:
    """`tunewright studio` with a folder of its own; or a Python script that opens one and says its address."""
    what = ["-c", script] if script else ["-m", "tunewright", "studio", "--port", "0", "--folder", "studio"]
    command = [sys.executable, *what, *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    studio = Served(process)
    try:
        yield studio
    finally:
        studio.stop(signal.SIGKILL if script else signal.SIGINT)


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        try:
            yield one
        finally:
            one.close()
