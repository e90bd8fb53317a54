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
    critic.safetensors   what chooses among several drawings, if the run was taught one
    checkpoints/         weights kept on the way, if that was asked for
    .lock                held by the process that trains it

In: a folder. Out: its parts, checked. Every file is replaced in one step, so that a process killed at any moment
leaves a run that can be resumed; nothing is pickled. This file trains nothing and knows no model.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tunewright.support.documents import check_shapes, parse_json, read_json, read_text, shown
from tunewright.support.errors import ConfigError, OutputError, RunError, TokenError
from tunewright.support.files import replace_file
from tunewright.support.numbers import without_nan
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.registry import codec_from_json
from tunewright.training.config import Config, format_config, parse_config

FORMAT_VERSION = 1  # of the folder and of its files of tensors
BEST, LAST = "model.safetensors", "last.safetensors"
CRITIC = "critic.safetensors"
DEFAULTS = "defaults.json"
HOTTEST = 100  # the highest temperature that is drawn at
MOST_CANDIDATES = 64  # of which a default may have the best chosen
LOCK_SECONDS = 2.0  # a process that only looks holds the lock for an instant
ENDED = ("finished", "early_stopped", "interrupted", "diverged", "failed")
LARGEST_METRICS = 2**28  # bytes; of a step about 150

_SUMMARY = {
    **dict.fromkeys(("status", "stopped", "corpus", "fingerprint", "device", "precision", "torch"), str),
    **dict.fromkeys(("steps", "best_step", "refused", "threads", "parameters"), int),
    **dict.fromkeys(("notes", "seconds", "train_loss", "valid_loss", "bits_per_note"), float),
    "refused_because": {str: int},
}
_SPLIT = {"corpus": str, "fingerprint": str, "train": [str], "valid": [str], "test": [str]}
_RECORD = {
    **dict.fromkeys(("preset", "started", "python", "tunewright", "system", "processor", "gpu"), str),
    **{name: [str] for name in ("sources", "changed", "command")},
    "libraries": {str: str},
    "git": dict,
    "from": dict,
    "cores": int,
}


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
    return any(os.path.exists(path / name) for name in ("summary.json", LAST, BEST))  # False where nobody may look


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
    if (path / ".lock").is_symlink():  # opening it would empty whatever it leads to
        raise RunError(f"{path / '.lock'}: a link; expected a file of this folder's own")
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
    summary = read_json(path / "summary.json", _SUMMARY)
    if summary.get("format") != FORMAT_VERSION:
        raise RunError(f"{path}: run format {shown(summary.get('format'))}, this version reads {FORMAT_VERSION}")
    vocabulary = read_text(path / "tokenizer.json")
    try:
        config = parse_config(read_text(path / "config.toml"), str(path / "config.toml"))
        tokenizer = codec_from_json(vocabulary)
    except ConfigError as error:
        raise RunError(f"{path}: broken run ({error})") from None
    except TokenError as error:
        raise RunError(f"{path / 'tokenizer.json'}: broken ({error})") from None
    return Run(path, config, tokenizer, summary)


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Replace `summary.json`; numbers that are not finite become null."""
    stored = {"format": FORMAT_VERSION} | without_nan(summary)
    replace_file(path / "summary.json", (json.dumps(stored, indent=1) + "\n").encode())


def read_split(path: Path) -> dict[str, Any]:
    """What `split.json` says of the corpus: its fingerprint and the tunes of each split; RunError if broken."""
    return read_json(path / "split.json", _SPLIT)


def read_record(path: Path) -> dict[str, Any]:
    """Preset, command, environment and git state that a run was begun with; empty for a run of an earlier version."""
    return read_json(path / "record.json", _RECORD) if (path / "record.json").exists() else {}


def default_temperature(path: Path) -> float:
    """The temperature that is settled for a run; 1 where none is. RunError where `defaults.json` is broken."""
    if not (path / DEFAULTS).exists():
        return 1.0
    temperature = _read_defaults(path).get("temperature", 1.0)
    if temperature is None or not 0 <= temperature <= HOTTEST:
        wrong = f"temperature is {shown(temperature)}, expected a number from 0 to {HOTTEST}"
        raise RunError(f"{path / DEFAULTS}: {wrong}; delete the file")
    return float(temperature)


def save_default_temperature(path: Path, temperature: float) -> None:
    """Settle the temperature that `default_temperature` gives; OutputError where that cannot be written."""
    _save_default(path, "temperature", temperature)


def default_best_of(path: Path) -> int:
    """Of how many drawings a run shows the best; 1 where none is settled. RunError where `defaults.json` is broken."""
    if not (path / DEFAULTS).exists():
        return 1
    best_of = _read_defaults(path).get("best_of", 1)
    if best_of is None or not 1 <= best_of <= MOST_CANDIDATES:
        wrong = f"best_of is {shown(best_of)}, expected a whole number from 1 to {MOST_CANDIDATES}"
        raise RunError(f"{path / DEFAULTS}: {wrong}; delete the file")
    return int(best_of)


def save_default_best_of(path: Path, best_of: int) -> None:
    """Settle the number that `default_best_of` gives; OutputError where that cannot be written."""
    _save_default(path, "best_of", best_of)


def forget_critic(path: Path) -> None:
    """Take away the critic of a run, which heard what other weights draw, and the best of how many it was to choose."""
    (path / CRITIC).unlink(missing_ok=True)
    stored = _read_defaults(path) if (path / DEFAULTS).exists() else {}
    if "best_of" in stored:
        del stored["best_of"]
        _write_defaults(path, stored)


def _save_default(path: Path, name: str, value: float) -> None:
    stored = _read_defaults(path) if (path / DEFAULTS).exists() else {}
    _write_defaults(path, stored | {name: value})


def _write_defaults(path: Path, stored: Mapping[str, Any]) -> None:
    replace_file(path / DEFAULTS, (json.dumps(stored, indent=1) + "\n").encode())


def _read_defaults(path: Path) -> dict[str, Any]:
    return read_json(path / DEFAULTS, {"temperature": float, "best_of": int})


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
    """The run folders in a folder and below it, in order of path; not those inside a run, nor in hidden folders.

    A folder that several links lead to is looked into once.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        about = path.stat()
        if (known := (about.st_dev, about.st_ino)) in seen:
            continue
        seen.add(known)
        if is_run(path):
            found.append(path)
        else:
            try:
                waiting += reversed(_folders_in(path))
            except OSError:  # what is in it nobody can say: `list_runs` calls it broken, with the reason
                found.append(path)
    return found


def _folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, in order of name, none that is hidden; OSError where it cannot be looked into."""
    return sorted(child for child in folder.iterdir() if not child.name.startswith(".") and child.is_dir())


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
    lines = read_text(file, LARGEST_METRICS).split("\n") if file.exists() else []
    return list(_parse_lines(file, lines))


def _parse_lines(file: Path, lines: list[str]) -> Iterator[dict[str, float]]:
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline was cut short
        try:
            values: dict[str, float] = parse_json(line, {})
            check_shapes(values, dict.fromkeys(values, float))
            values["step"] += 0
        except (ValueError, KeyError, TypeError):
            raise RunError(f"{file}:{number}: found {line[:40]!r}, expected a line of JSON with a step") from None
        yield values
