"""What a run came to, on one screen: data, metrics with count, minimum and maximum, parameters, environment, files.

In: a run folder. Out: text, and the numbers of its metrics. This file trains nothing and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunewright.support.documents import read_json
from tunewright.support.errors import RunError
from tunewright.training.run import BEST, load_run, read_metrics, read_record

ARTEFACTS = (  # what a run is judged by and goes on from, least telling last; the state of the optimiser is not one
    "config.toml",
    "tokenizer.json",
    "split.json",
    "record.json",
    "summary.json",
    "metrics.jsonl",
    BEST,
    "evaluation.json",
)
NOT_MEASURED = ("step", "seconds")  # what a line of metrics.jsonl is counted by
IN_DATA = ("status", "corpus", "steps", "notes", "seconds", "best_step", "bits_per_note")
INDENT, WIDTH = "  ", 26


@dataclass(frozen=True, slots=True)
class Extent:
    """How often a metric was logged, and between which values, both finite; NaN where it never was a number."""

    count: int
    low: float
    high: float


def metric_extents(lines: Iterable[Mapping[str, Any]]) -> dict[str, Extent]:
    """The extent of every metric in the lines of `metrics.jsonl`, in order of appearance.

    A value that is no finite number counts, and bounds nothing.

    >>> metric_extents([{"step": 1, "loss": 4.0}, {"step": 2, "loss": 3.0}])
    {'loss': Extent(count=2, low=3.0, high=4.0)}
    """
    values: dict[str, list[float]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in NOT_MEASURED:
                values.setdefault(name, []).append(math.nan if value is None else float(value))
    return {name: _extent(logged) for name, logged in values.items()}


def _extent(logged: Sequence[float]) -> Extent:
    finite = [value for value in logged if math.isfinite(value)]
    return Extent(len(logged), min(finite, default=math.nan), max(finite, default=math.nan))


def artefacts(path: Path) -> list[Path]:
    """The files of a run that are worth keeping elsewhere, those that are there."""
    return [path / name for name in ARTEFACTS if (path / name).is_file()]


def summary_block(path: Path) -> str:
    """What a run came to, as plain lines under headings; RunError where the folder holds no whole run."""
    run, record = load_run(path), read_record(path)
    data = {"run": path, "preset": record.get("preset")} | {name: run.summary.get(name) for name in IN_DATA}
    extents = metric_extents(read_metrics(path))
    metrics = {f"{name} [{one.count:,}]": f"({_number(one.low)}, {_number(one.high)})" for name, one in extents.items()}
    files = {file.name: _size(file.stat().st_size) for file in artefacts(path)}
    sections: dict[str, Mapping[str, Any]] = {
        "Data": data,
        "Metrics [count] (min, max)": metrics,
        "Parameters": run.config.flat(),
        "Environment": _environment(run.summary, record),
        "Artefacts": files,
        "Trackers": _trackers(path),
    }
    parts = [_section(title, rows) for title, rows in sections.items()]
    return "\n".join(("Summary", *(part for part in parts if part)))


def _section(title: str, rows: Mapping[str, Any]) -> str:
    """A heading and its rows; nothing where no row has a value."""
    shown = [f"{INDENT * 2}{name:<{WIDTH}} {_number(value)}" for name, value in rows.items() if value is not None]
    return "\n".join((f"{INDENT}{title}", *shown)) if shown else ""


def _number(value: object) -> str:
    """A value in a few digits: 0.005, 3,000, 1.27e-05, true."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _environment(summary: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    libraries = record.get("libraries") or {"torch": summary.get("torch")}
    gpu = record.get("gpu") if str(summary.get("device", "")).startswith("cuda") else None
    return {
        "tunewright": record.get("tunewright"),
        "python": record.get("python"),
        "libraries": ", ".join(f"{name} {version}" for name, version in libraries.items() if version) or None,
        "system": record.get("system"),
        "processor": record.get("processor"),
        "gpu": gpu,
        "device": summary.get("device"),
        "precision": summary.get("precision"),
        "threads": summary.get("threads"),
        "weights of the model": summary.get("parameters"),
        "git": _git(record.get("git")),
        "command": " ".join(record["command"]) if record.get("command") else None,
    }


def _git(state: Mapping[str, Any] | None) -> str | None:
    if not state:
        return None
    changed = ", with changes that are not committed" if state.get("changed") else ""
    return f"{str(state.get('commit'))[:12]} on {state.get('branch')}{changed}"


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e6:,.2f} MB"


def _trackers(path: Path) -> dict[str, str]:
    """By tracker, how to look at what it was given; what another program left in the folder is not ours to judge."""
    found: dict[str, str] = {}
    for file in sorted((path / "tracking").glob("*.json")):
        try:
            found[file.stem] = str(read_json(file, {"look": str})["look"])
        except (RunError, KeyError):
            continue
    return found
