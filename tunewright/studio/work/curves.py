"""What a run folder says of its training while it goes on and afterwards, read without PyTorch.

In: a run folder, whoever writes in it meanwhile. Out: the points of its curve from where a reader left off; its honest
numbers. A run that is gone on with may be some steps behind what it had written: then a reader begins anew. This file
writes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tunewright.support.documents import parse_json
from tunewright.support.errors import InputError
from tunewright.support.inputs import open_input, read_input

LARGEST_SUMMARY = 2**20  # bytes
MOST_POINTS = 400  # of the training loss, however many steps there were
MOST_AT_ONCE = 2**22  # bytes of measurements that are read in one go
NAMES = ("step", "seconds", "train_loss", "valid_loss", "bits_per_note", "copy_rate")


class Follower:
    """Reads the measurements of a run as they are written."""

    def __init__(self, run: Path) -> None:
        self.path = run / "metrics.jsonl"
        self._file: tuple[int, int] | None = None  # which file it was
        self._at = 0

    def read(self) -> tuple[bool, list[dict[str, float]]]:
        """Whether everything read before is void, and the points since; points of the training loss are thinned."""
        try:
            with open_input(self.path) as file:
                about = os.fstat(file.fileno())
                anew = self._file not in (None, (about.st_dev, about.st_ino)) or about.st_size < self._at
                self._file, self._at = (about.st_dev, about.st_ino), 0 if anew else self._at
                file.seek(self._at)
                whole, _, _ = file.read(MOST_AT_ONCE).rpartition(b"\n")
        except InputError:
            return False, []
        self._at += len(whole) + 1 if whole else 0
        return anew, thinned([point for line in whole.split(b"\n") if (point := _point(line))])


def _point(line: bytes) -> dict[str, float] | None:
    """What a curve shows of a line of measurements; None for one that says nothing."""
    try:
        values = json.loads(line)
        found = {name: values[name] for name in NAMES if isinstance(values.get(name), int | float)}
    except (ValueError, AttributeError):
        return None
    return found if "step" in found else None


def thinned(points: list[dict[str, float]]) -> list[dict[str, float]]:
    """All looks at held-out tunes, and of the other points as many as can be told apart."""
    every = max(1, len(points) // MOST_POINTS)
    last = len(points) - 1
    return [point for at, point in enumerate(points) if "valid_loss" in point or at % every == 0 or at == last]


def curve(run: Path) -> list[dict[str, float]]:
    """All points of a run, thinned as a whole."""
    follower, found = Follower(run), []
    while points := follower.read()[1]:
        found += points
    return thinned(found)


def summary(run: Path) -> dict[str, Any]:
    """What a run says of itself; {} where there is none, or it cannot be read."""
    try:
        found = parse_json(read_input(run / "summary.json", LARGEST_SUMMARY).decode(), {})
    except (InputError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def measured(run: Path) -> dict[str, Any]:
    """The honest numbers of a run so far: steps, seconds, held-out bits per note before and at the best, copies."""
    found = summary(run)
    names = ("steps", "seconds", "notes", "best_step", "bits_per_note", "stopped", "refused", "parameters")
    told: dict[str, Any] = {name: found[name] for name in names if found.get(name) not in (None, "")}
    looks = _looks(run)
    if looks and looks[0]["step"] == 0:
        told["bits_before"] = looks[0]["bits_per_note"]
    best: Mapping[str, float] = next((point for point in looks if point["step"] == told.get("best_step")), {})
    if "copy_rate" in best:
        told["copy_rate"] = best["copy_rate"]
    return told


def _looks(run: Path) -> list[dict[str, float]]:
    """The looks at held-out tunes alone, found without reading every step."""
    found: list[dict[str, float]] = []
    with suppress(InputError), open_input(run / "metrics.jsonl") as file:
        found = [point for line in file if b'"bits_per_note"' in line and (point := _point(line))]
    return [point for point in found if "bits_per_note" in point]


def resumable(run: Path) -> bool:
    """Whether there is a checkpoint to go on from."""
    return (run / "last.safetensors").is_file()


def trained(run: Path) -> bool:
    """Whether there are weights to draw from."""
    return (run / "model.safetensors").is_file()
