"""A studio that is served by a process of its own, and what asks it as a browser does."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.places import ROOT

PATIENCE = 120.0  # seconds for an answer: machines that test are busy
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")


class Served:
    """A studio in a folder, served until the block ends."""

    def __init__(self, folder: Path, *words: str, program: tuple[str, ...] = ("-m", "tunewright")) -> None:
        """`words` are more of the command line, as the folders of runs; `program` is what Python is to run."""
        self.folder, self.words, self.program = folder, words, program
        self.process: subprocess.Popen[str] | None = None
        self.port = 0
        self.seconds = 0.0  # until it answered
        self.used = False  # whether something was drawn

    def __enter__(self) -> Self:
        begun = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, *self.program, "studio", *self.words, "--port", "0", "--folder", "."]
        self.errors = (self.folder / "errors.txt").open("w+")
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=self.errors, text=True
        )
        while not (found := ADDRESS.search((self.folder / "errors.txt").read_text())):
            assert self.process.poll() is None, (self.folder / "errors.txt").read_text()
            time.sleep(0.01)
        self.port, self.seconds = int(found[1]), time.monotonic() - begun
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self.errors.close()

    def kill(self) -> None:
        """As the system kills: without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def browser(self) -> Browser:
        """Somebody who has never been here."""
        return Browser(self.port)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event, and how many seconds after the request it came."""

    name: str
    data: Any
    seconds: float


class Refused(Exception):
    """An answer in place of events."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body.decode()}")
        self.answer = answer


class Browser:
    """Asks a studio, and keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """The answer to one request; a body that is no bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            response = self._send(connection, method, path, body, headers)
            return Answer(response.status, dict(response.getheaders()), response.read())

    def get(self, path: str) -> Any:
        """The JSON at a path, which must be there."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def events(self, path: str, body: Any) -> Iterator[Event]:
        """What is told about a request as it comes; leave it, and the connection is closed. Refused for no events."""
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            response = self._send(connection, "POST", path, body, {"Content-Type": "application/json"})
            with contextlib.closing(response):
                if response.status != 200:
                    raise Refused(Answer(response.status, dict(response.getheaders()), response.read()))
                name = ""
                for line in response:
                    kind, _, value = line.decode().rstrip("\n").partition(": ")
                    if kind == "event":
                        name = value
                    elif kind == "data":
                        yield Event(name, json.loads(value), time.monotonic() - begun)

    def draw(self, **asked: Any) -> list[Event]:
        """All that is told about a drawing."""
        return list(self.events("/api/tunes", asked))

    def tune(self, **asked: Any) -> Any:
        """The one tune of a drawing."""
        events = self.draw(**asked)
        (tune,) = [event.data for event in events if event.name == "tune"]
        return tune

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        headers: dict[str, str] | None,
    ) -> http.client.HTTPResponse:
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | (headers or {})
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return response


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A studio for all tests of a module."""
    with Served(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture
def browser(served: Served) -> Browser:
    """Somebody who comes to it for the first time."""
    return served.browser()
