"""Studios for the tests: in this process, and as a program of its own that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tunewright.formats.abc import format_abc
from tunewright.music.tune import Tune
from tunewright.studio.app import create_app
from tunewright.studio.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-quic"),
)
PATIENCE = 240.0  # seconds: the machine may be busy


@contextmanager
def studio_in(folder: Path, **settings: Any) -> Iterator[TestClient]:
    """A studio in this process, without the processes that only other parts need; one browser asks."""
    usual: dict[str, Any] = {"drawers": 0, "renderers": 0}
    app = create_app(Settings(folder=folder, **usual | settings))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


class Served:
    """A studio as a program of its own, with one browser that asks; it may be killed and begun again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.with_name("served.log")
        self.cookies: dict[str, str] = {}
        self.begin()

    def begin(self) -> None:
        """Start it, and wait until it answers."""
        words = [sys.executable, "-m", "tunewright", "studio", "--port", "0", "--folder", str(self.folder)]
        with self.log.open("w") as log:
            told = os.environ | {"PYTHONPATH": str(REPOSITORY)}
            self.process = subprocess.Popen(words, cwd=self.folder.parent, stderr=log, stdout=log, env=told)
        self.address = wait_for(self._told_address)
        self.client = httpx.Client(base_url=self.address, cookies=self.cookies, timeout=60.0)
        self.client.get("/learn").raise_for_status()
        self.cookies |= dict(self.client.cookies)

    def _told_address(self) -> str:
        assert self.process.poll() is None, self.log.read_text()
        words = [word for word in self.log.read_text().split() if word.startswith("http://")]
        return words[0] if words else ""

    def kill(self) -> None:
        """End it as a power cut would."""
        self.client.close()
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it in an orderly way."""
        self.client.close()
        self.process.terminate()
        self.process.wait(60)


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `what` gives as soon as that is true; it is asked again and again."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)
    return found


def files_of(tunes: list[Tune], many: int) -> list[tuple[str, tuple[str, bytes]]]:
    """Tunes in so many files, as a form has them."""
    share = -(-len(tunes) // many)
    parts = [tunes[start : start + share] for start in range(0, len(tunes), share)]
    texts = ["\n".join(format_abc(tune) for tune in part) for part in parts]
    return [("files", (f"reels/set {number}.abc", text.encode())) for number, text in enumerate(texts, 1)]


def read_collection(client: Any, files: list[Any], **form: str) -> dict[str, Any]:
    """A collection that was brought, once it has been read or refused."""
    made = client.post("/api/collections", files=files, data=form)
    assert made.status_code == 201, made.text
    return once_read(client, made.json()["id"])


def once_read(client: Any, collection: str) -> dict[str, Any]:
    """A collection, once it has been read or refused."""

    def found() -> dict[str, Any] | None:
        answer = client.get(f"/api/collections/{collection}")
        assert answer.status_code == 200, answer.text
        return None if answer.json()["state"] == "reading" else answer.json()

    return wait_for(found)


needs_chromium = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"{CHROMIUM} is not installed")
