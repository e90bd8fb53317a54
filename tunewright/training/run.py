"""The run folder: everything that a training run leaves, enough to go on, to generate and to be judged.

    config.toml          the settings
    tokenizer.json       the vocabulary
    split.json           corpus fingerprint, and which tune was in which split
    record.json          preset, command, versions, machine and git state it was begun with
    model.safetensors    the weights that foresaw the held-out tunes best
    last.safetensors     weights, optimiser and counters after the last checkpointed step, in one file
    metrics.jsonl        one line per step
    summary.json         format version, status and results
    defaults.json        how to draw from it where nothing else is asked for, if that was settled
    checkpoints/         weights kept on the way, if that was asked for
    .lock                held by the process that trains it

In: a folder. Out: its parts, checked. Every file is replaced in one step, so that a process killed at any moment
leaves a run that can be resumed; nothing is pickled. This file trains nothing and knows no model.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tunewright.support.errors import ConfigError, OutputError, RunError, TokenError
from tunewright.support.files import replace_file
from tunewright.support.numbers import without_nan
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.registry import codec_from_json
from tunewright.training.config import Config, format_config, parse_config

FORMAT_VERSION = 1
BEST, LAST = "model.safetensors", "last.safetensors"
DEFAULTS = "defaults.json"
MODEL = "model."  # what the names of the weights begin with in LAST, beside those of the optimiser
LOCK_SECONDS = 2.0  # a process that only looks holds the lock for an instant
ENDED = ("finished", "early_stopped", "interrupted", "diverged", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder that has been checked: its settings, tokenizer and summary."""

    path: Path
    config: Config
    tokenizer: AnyCodec
    summary: Mapping[str, Any]

    @property
    def trained(self) -> bool:
        """Whether there are weights to generate from."""
        return (self.path / BEST).is_file()

    @property
    def resumable(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return (self.path / LAST).is_file()


def is_run(path: Path) -> bool:
    """Whether a folder holds a run, whole or broken."""
    return (path / "summary.json").exists() or (path / LAST).exists() or (path / BEST).exists()


@contextlib.contextmanager
def locked(path: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold a run folder for this process alone; RunError where another one holds it for longer than `seconds`.

    The system lets go of it when the process ends, however it ends.
    """
    lock = _lock(path)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise RunError(f"{path}: another process is training this run; expected to be the only one") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); expected a writable folder") from None
    try:
        yield
    finally:
        lock.release()


def _lock(path: Path) -> FileLock:
    return FileLock(path / ".lock", thread_local=False)  # a generator may be resumed by another thread


def create_run(
    path: Path,
    config: Config,
    tokenizer: AnyCodec,
    split: Mapping[str, Any],
    record: Mapping[str, Any] | None = None,
) -> Run:
    """A new run folder, not yet trained; RunError where the folder already holds a run, OutputError if unwritable."""
    if is_run(path):
        raise RunError(f"{path}: already holds a run; go on with --resume, or choose another folder")
    replace_file(path / "config.toml", format_config(config).encode())
    replace_file(path / "tokenizer.json", tokenizer.to_json().encode())
    replace_file(path / "split.json", json.dumps(split, ensure_ascii=False, indent=1).encode())
    replace_file(path / "record.json", (json.dumps(record or {}, ensure_ascii=False, indent=1) + "\n").encode())
    replace_file(path / "metrics.jsonl", b"")
    summary = {"format": FORMAT_VERSION, "status": "started"}
    write_summary(path, summary)
    return Run(path, config, tokenizer, summary)


def load_run(path: Path) -> Run:
    """The run in a folder; RunError, in one line, where it is missing, broken or of another version."""
    if not path.is_dir():
        raise RunError(f"{path}: no such run folder")
    summary = _read_json(path / "summary.json")
    if summary.get("format") != FORMAT_VERSION:
        raise RunError(f"{path}: run format {summary.get('format')!r}, this version reads {FORMAT_VERSION}")
    try:
        config = parse_config(_read_text(path / "config.toml"), str(path / "config.toml"))
        tokenizer = codec_from_json(_read_text(path / "tokenizer.json"))
    except (ConfigError, TokenError) as error:
        raise RunError(f"{path}: broken run ({error})") from None
    return Run(path, config, tokenizer, summary)


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Replace `summary.json`; numbers that are not finite become null."""
    stored = {"format": FORMAT_VERSION} | without_nan(summary)
    replace_file(path / "summary.json", (json.dumps(stored, indent=1) + "\n").encode())


def read_split(path: Path) -> dict[str, Any]:
    """What `split.json` says of the corpus: its fingerprint and the tunes of each split; RunError if broken."""
    return _read_json(path / "split.json")


def read_record(path: Path) -> dict[str, Any]:
    """Preset, command, environment and git state that a run was begun with; empty for a run of an earlier version."""
    return _read_json(path / "record.json") if (path / "record.json").exists() else {}


def default_temperature(path: Path) -> float:
    """The temperature that is settled for a run; 1 where none is. RunError where `defaults.json` is broken."""
    if not (path / DEFAULTS).exists():
        return 1.0
    temperature = _read_json(path / DEFAULTS).get("temperature", 1.0)
    if not isinstance(temperature, int | float) or not 0 <= temperature < math.inf:
        raise RunError(f"{path / DEFAULTS}: temperature is {temperature!r}, expected a number from 0; delete the file")
    return float(temperature)


def save_default_temperature(path: Path, temperature: float) -> None:
    """Settle the temperature that `default_temperature` gives; OutputError where that cannot be written."""
    stored = _read_json(path / DEFAULTS) if (path / DEFAULTS).exists() else {}
    replace_file(path / DEFAULTS, (json.dumps(stored | {"temperature": temperature}, indent=1) + "\n").encode())


def status_of(run: Run) -> str:
    """running, or how training ended: finished, early_stopped, interrupted, diverged or failed.

    A run that no process holds and that no process brought to an end was interrupted.
    """
    stored = str(run.summary.get("status"))
    if stored in ENDED and not _is_held(run.path):
        return stored
    return "running" if _is_held(run.path) else "interrupted"


def _is_held(path: Path) -> bool:
    """Whether some process trains this run now."""
    if not (path / ".lock").exists():
        return False
    lock = _lock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written can be trained by nobody
        return False
    lock.release()
    return False


def find_runs(folder: Path) -> list[Path]:
    """The run folders in a folder and below it, in order of path; not those inside a run, nor in hidden folders."""
    if is_run(folder):
        return [folder]
    below = (
        sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
        if folder.is_dir()
        else []
    )
    return [run for child in below for run in find_runs(child)]


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """What there is to say of every run in a folder and below it, as plain data; RunError where there is none.

    A run that cannot be read is listed as "broken", with the reason.
    """
    if not folder.is_dir():
        raise RunError(f"{folder}: no such folder")
    paths = find_runs(folder)
    if not paths:
        raise RunError(f"{folder}: holds no run; expected what `train --out` or `reproduce` wrote")
    return [_listed(path) for path in paths]


def _listed(path: Path) -> dict[str, Any]:
    try:
        run, record = load_run(path), read_record(path)
        status = status_of(run)
    except RunError as error:
        return {"run": str(path), "status": "broken", "reason": str(error)}
    told = {name: run.summary.get(name) for name in ("corpus", "bits_per_note", "best_step", "steps", "seconds")}
    about = {"preset": record.get("preset") or "", "seed": run.config.seed, "started": record.get("started")}
    return {"run": str(path), "status": status, **about, **told}


def save_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Replace a file of tensors with JSON facts about them; OutputError, the old file untouched, where that fails."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    replace_file(path, save(ready, {"format": str(FORMAT_VERSION), "facts": json.dumps(facts)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts that `save_tensors` wrote; RunError where the file is missing or broken."""
    if not path.is_file():
        raise RunError(f"{path}: no such checkpoint; the run has not been trained far enough to have one")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != str(FORMAT_VERSION):
                raise RunError(f"{path}: format {metadata.get('format')!r}, this version reads {FORMAT_VERSION}")
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(metadata["facts"])  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        first = (str(error).splitlines() or ["unreadable"])[0]
        raise RunError(f"{path}: broken checkpoint ({first}); expected what training wrote") from None


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


class MetricsLog:
    """`metrics.jsonl`, opened after step `last_step`: later lines, and one cut short by a kill, are dropped first."""

    def __init__(self, path: Path, last_step: int) -> None:
        kept = [line for line in read_metrics(path) if line["step"] <= last_step]
        self.path = path / "metrics.jsonl"
        replace_file(self.path, "".join(json.dumps(line) + "\n" for line in kept).encode())
        try:
            self._file = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from None

    def write(self, **values: float | None) -> None:
        """Add a line; OutputError where the disk is full."""
        line = {name: without_nan(value) for name, value in values.items() if value is not None}
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from None

    def close(self) -> None:
        """Close the file; what could not be flushed has been reported by `write`."""
        try:
            self._file.close()
        except OSError:  # the same full disk, a second time: closing flushes again
            return


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The lines of a run's `metrics.jsonl`, in order; a last line cut short is left out, RunError for a broken one."""
    file = path / "metrics.jsonl"
    lines = _read_text(file).split("\n") if file.exists() else []
    return list(_parse_lines(file, lines))


def _parse_lines(file: Path, lines: list[str]) -> Iterator[dict[str, float]]:
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline was cut short
        try:
            values = json.loads(line)
            values["step"] += 0
        except (ValueError, KeyError, TypeError):
            raise RunError(f"{file}:{number}: found {line[:40]!r}, expected a line of JSON with a step") from None
        yield values


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RunError(f"{path.parent}: not a whole run, {path.name} is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read ({error})") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(_read_text(path))
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise RunError(f"{path}: broken; expected JSON")
    return stored
