"""The API against its own description: whatever is sent, the answer is no mistake of ours, and comes in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error  # noqa: F401 - what is asserted below, under its name there

from tests.support.open_studios import Served, served
from tunewright.studio.app import create_app
from tunewright.studio.settings import Settings

DOCUMENT = create_app(Settings()).openapi()
LONGEST = 60.0  # seconds of one answer, on a machine that has other things to do
UNCOUNTED = """
import socket, sys
from pathlib import Path
from tunewright.studio import rates, serving
from tunewright.studio.settings import Settings

rates.Rates.wait = lambda *_: 0
rates.Crowd.has_room = lambda *_: True
if __name__ == "__main__":
    serving.serve(Settings(folder=Path("studio"), port=0), lambda told: print(told, file=sys.stderr, flush=True))
"""
schema = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A studio that counts no requests, so that what lies behind the counting is reached."""
    with served(tmp_path_factory.mktemp("studio"), script=UNCOUNTED) as one:
        yield one


def is_no_mistake(answer: Any) -> None:
    """An answer that is not ours to mend: below 500, or 503 with a time to wait; refusals in one form."""
    if answer.status_code == 503:
        assert answer.headers["retry-after"]
    else:
        assert answer.status_code < 500, f"{answer.status_code}: {answer.text[:300]}"
    if answer.status_code >= 400:
        body = answer.json()
        assert isinstance(body["error"], str)
        assert body["error"]
        assert "Traceback" not in answer.text
        assert "mistake in tunewright" not in answer.text


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_is_answered_by_a_mistake(case: Any, studio: Served) -> None:
    begun = time.monotonic()
    answer = case.call(base_url=studio.address, timeout=LONGEST)
    is_no_mistake(answer)
    assert time.monotonic() - begun < LONGEST


# ---------------------------------------------------------------------------------------------- the description


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, one) for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()]


def test_every_operation_says_what_it_does_and_how_it_refuses() -> None:
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    assert len(operations()) > 30
    for method, path, one in operations():
        assert set(one["tags"]) <= tags, path
        assert len(one["description"]) > 10, f"{method} {path}"
        assert {"401", "403", "422", "429", "503"} <= one["responses"].keys()
        for status, answer in one["responses"].items():
            if status >= "400":
                [content] = answer["content"].values()
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert DOCUMENT["components"]["schemas"][name]["required"] == ["error"], f"{method} {path} {status}"


def test_what_streams_is_said_to() -> None:
    streams = {
        path
        for _, path, one in operations()
        for answer in one["responses"].values()
        if "text/event-stream" in answer.get("content", {})
    }
    assert streams == {"/api/tunes", "/api/trainings/{training}/events"}


# ------------------------------------------------------------------------------------------------ who means harm

TUNES = {
    "nothing": "",
    "no sign": "X:1\nT:\x00\nK:C\nC|\n",
    "markup": 'X:1\nT:<script>alert(1)</script>\nK:C\n"<img src=x onerror=alert(1)>"C|\n',
    "brackets": "X:1\nK:C\n" + "(((((((((" * 2000 + "C|",
    "repeats": "X:1\nK:C\n|:" + "C2|:" * 2000,
    "voices": "X:1\nK:C\n" + "[V:1]C|" * 3000,
    "fractions": "X:1\nK:C\nC" + "/" * 5000,
    "rests": "X:1\nK:C\n" + "Z9999999|" * 10,
    "macros": "X:1\nm: " + "n = abcabc\nm: " * 1000 + "\nK:C\nn",
    "directions": "X:1\nT:" + "\u202e" * 200 + "\nK:C\nC|",
    "grace": "X:1\nK:C\n" + "{cde}" * 3000 + "c|",
    "long": "X:1\nK:C\n" + "C16 " * 4000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TUNES)
def test_a_hostile_tune_is_read_or_refused_in_time(studio: Served, name: str) -> None:
    for path in ("/api/scores", "/api/sounds", "/api/tunes/edited"):
        begun = time.monotonic()
        answer = httpx.post(studio.address + path, json={"abc": TUNES[name]}, timeout=LONGEST)
        is_no_mistake(answer)
        assert answer.status_code < 500, answer.text
        assert "<script" not in answer.text.replace("T:<script", "") or answer.headers["content-type"].startswith(
            "application/json"
        )
        assert time.monotonic() - begun < LONGEST


RAW = [
    *(b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 50_000, b'{"abc": NaN}', b'{"model": 1e999}'),
    *(rb'{"abc": "\ud800"}', rb'{"abc": "\u0000"}', rb'{"title": "\udfff"}', b'{"n": 99999999999999999999999}'),
]


@pytest.mark.slow
def test_what_is_no_request_is_refused_everywhere(studio: Served) -> None:
    """Whatever takes JSON refuses what is none, or is of another form."""
    with httpx.Client(base_url=studio.address, timeout=LONGEST) as client:
        for method, path, one in operations():
            if "application/json" in one.get("requestBody", {}).get("content", {}):
                for content in RAW:
                    place = path.replace("{", "").replace("}", "")
                    headers = {"Content-Type": "application/json"}
                    is_no_mistake(client.request(method, place, content=content, headers=headers))


@pytest.mark.slow
def test_twenty_who_write_at_once_all_have_what_they_wrote(studio: Served) -> None:
    def write(number: int) -> tuple[int, str]:
        abc = f"X:1\nT:Number {number}\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n"
        answer = httpx.post(studio.address + "/api/tunes/edited", json={"abc": abc}, timeout=LONGEST)
        again = httpx.get(f"{studio.address}/api/tunes/{answer.json()['id']}", timeout=LONGEST)
        return answer.status_code, again.json()["title"]

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(write, range(20))) == [(200, f"Number {number}") for number in range(20)]
