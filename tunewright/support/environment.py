"""Where and with what a run was made: versions, machine, the state of the working copy.

In: nothing. Out: facts that JSON can hold. This file changes nothing and measures no speed.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from tunewright.support.processes import cores
from tunewright.support.version import __version__

LIBRARIES = ("torch", "numpy", "safetensors", "music21", "symusic")
GIT_SECONDS = 10  # a working copy on a slow disk must not hold training up for longer


def environment() -> dict[str, Any]:
    """Versions, machine, command line, time (UTC, ISO 8601) and git state; None for what is not there."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "python": platform.python_version(),
        "tunewright": __version__,
        "libraries": {name: _version(name) for name in LIBRARIES},
        "system": platform.platform(),
        "processor": _processor(),
        "cores": cores(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "git": git_state(Path.cwd()),
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit, branch and whether anything is changed, of the working copy that a folder lies in; None outside one."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    branch, changes = _git(folder, "rev-parse", "--abbrev-ref", "HEAD"), _git(folder, "status", "--porcelain")
    return {"commit": commit, "branch": branch, "changed": None if changes is None else bool(changes)}


def _git(folder: Path, *words: str) -> str | None:
    try:
        command = ["git", "-C", str(folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """The name of the processor, as Linux tells it, or what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
