"""A run in small: what is needed to draw from it, to judge it and to go on learning from it, in a quarter of the bytes.

In: a trained run, and a folder. Out: in that folder settings, vocabulary, split, the looks of its training, a summary
without anything of the machine it was trained on, and its best weights in whole numbers of eight bits
(`tensors.save_compact`). It is read as any run is; it cannot be gone on with, as it has no checkpoint. This file does
not say what packing costs: whoever packs has held-out music to measure it with.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunewright.support.errors import OutputError, RunError
from tunewright.support.files import replace_file
from tunewright.support.version import __version__
from tunewright.training.config import format_config
from tunewright.training.run import (
    BEST,
    CRITIC,
    DEFAULTS,
    LAST,
    Run,
    load_run,
    read_metrics,
    read_record,
    write_summary,
)
from tunewright.training.tensors import load_tensors, save_compact

AS_THEY_ARE = ("tokenizer.json", "split.json", DEFAULTS, CRITIC)  # files that are copied, those that are there
RECORDED = ("preset", "changed", "sources", "libraries")  # of what a run was begun with
SUMMED_UP = (
    *("steps", "notes", "seconds", "train_loss", "valid_loss", "best_step", "bits_per_note", "corpus", "fingerprint"),
    *("refused", "refused_because", "device", "precision", "threads", "torch", "parameters"),
)


def pack_run(run: Run, folder: Path) -> Run:
    """The run in small, in a folder that holds nothing of a run that could be gone on with; what is there is replaced.

    RunError for a run without weights, or trained no further than its beginning; OutputError where the folder is a run
    that is being trained or cannot be written.
    """
    if not run.trained:
        raise RunError(f"{run.path}: has no weights yet; expected a run that was trained to its first look")
    if (folder / LAST).exists():
        raise OutputError(f"{folder}: holds a run that can be gone on with; expected another folder")
    tensors, facts = load_tensors(run.path / BEST)
    record, looks = read_record(run.path), [line for line in read_metrics(run.path) if "valid_loss" in line]
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / "config.toml", format_config(run.config).encode())
    for name in AS_THEY_ARE:
        if (run.path / name).exists():
            shutil.copyfile(run.path / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)  # of another run that was there
    _write_json(folder / "record.json", {**_some(record, RECORDED), "tunewright": __version__})
    replace_file(folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in looks).encode())
    save_compact(folder / BEST, tensors, facts)
    write_summary(folder, {"status": "finished", **_some(run.summary, SUMMED_UP)})
    return load_run(folder)


def _some(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    replace_file(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())
