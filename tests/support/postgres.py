"""A real PostgreSQL for tests, of the binaries that Debian installs, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NOBODY = "nobody"  # as whom it runs where the tests run as root, which it refuses to
needs_postgres = pytest.mark.skipif(not BINARIES, reason="PostgreSQL is not in /usr/lib/postgresql")


def _as_nobody() -> dict[str, object]:
    if os.getuid():
        return {}
    user = pwd.getpwnam(NOBODY)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(*command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        cwd="/",
        timeout=120,
        check=False,
        **_as_nobody(),
    )  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a fresh database, as SQLAlchemy knows it, as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="tunewright-postgres-"))
    binaries, data, port = BINARIES[-1], folder / "data", _free_port()
    try:
        if not os.getuid():
            shutil.chown(folder, NOBODY)
        _run(binaries / "initdb", "-D", data, "-U", "tunewright", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-h 127.0.0.1 -p {port} -k {folder}"
        _run(binaries / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql+psycopg://tunewright@127.0.0.1:{port}/postgres"
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
