"""What abc2midi, a reader of ABC by others, finds wrong with tunes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path


def complaints(folder: Path, texts: Iterable[str], *options: str) -> list[str]:
    """The lines in which it complains of bars that do not add up or of what it cannot read."""
    (folder / "tunes.abc").write_text("\n".join(texts), encoding="utf-8")
    command = ["abc2midi", "tunes.abc", "-c", *options]
    said = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout.decode("latin-1")
    assert "abc2midi" in said
    return [line for line in said.splitlines() if "Error" in line or "time units" in line]
