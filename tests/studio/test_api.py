"""The API against its own description: whatever is sent, the answer is no mistake of ours, and comes in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

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
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_is_answered_by_a_mistake(case: Any, studio: Served) -> None:
    begun = time.monotonic()
    answer = case.call(base_url=studio.address, timeout=LONGEST)
    is_no_mistake(answer)
    assert time.monotonic() - begun < LONGEST
