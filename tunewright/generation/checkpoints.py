"""The checkpoints of a run: the weights that foresaw best, the last ones, and those kept on the way.

In: a run folder. Out: which weights there are, after how many steps; a generator of any of them; and one of them made
the weights that everything else takes. Kept ones are `checkpoints/step-000400.safetensors`, the weights alone, written
while training goes on where that is asked for. This file trains nothing and judges nothing.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator as Iteration
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from tunewright.generation.generator import Generator, load_generator
from tunewright.models.building import misfit
from tunewright.support.errors import RunError
from tunewright.training.run import BEST, LAST, Run, forget_critic, locked, read_metrics, write_summary
from tunewright.training.tensors import MODEL, load_tensors, save_tensors, under

if TYPE_CHECKING:
    from tunewright.training.progress import Progress

FOLDER = "checkpoints"
_KEPT = re.compile(r"step-\d{1,18}\.safetensors")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights of a run; `file` is their place in the run folder."""

    file: str
    step: int


def list_checkpoints(path: Path) -> tuple[Checkpoint, ...]:
    """The checkpoints of a run by step, those of one step once, the best weights first of them; RunError if broken."""
    kept = _kept_files(path)
    files = [name for name in (BEST, LAST) if (path / name).is_file()]
    files += [file.relative_to(path).as_posix() for file in kept]
    found: dict[int, Checkpoint] = {}
    for file in files:
        step = int(load_tensors(path / file)[1].get("step") or 0)
        found.setdefault(step, Checkpoint(file, step))
    return tuple(found[step] for step in sorted(found))


def load_checkpoint(run: Run, checkpoint: Checkpoint) -> Generator:
    """A generator of these weights, without a critic unless they are the best.

    RunError where they are missing, broken, or do not fit the run.
    """
    generator = load_generator(run, last=checkpoint.file == LAST)
    if checkpoint.file not in (BEST, LAST):
        tensors, _ = load_tensors(run.path / checkpoint.file)
        expected = {name: tuple(weight.shape) for name, weight in generator.model.state_dict().items()}
        if what := misfit(expected, tensors):
            raise RunError(f"{run.path / checkpoint.file}: does not fit the run's settings ({what})")
        generator.model.load_state_dict(tensors)
    return generator if checkpoint.file == BEST else replace(generator, critic=None)


def choose_checkpoint(run: Run, checkpoint: Checkpoint) -> None:
    """Make a checkpoint's weights the ones that `generate` and everything else take for the run's best.

    Those that were are kept among the checkpoints. RunError where another process trains the run, OutputError where
    nothing can be written.
    """
    if checkpoint.file == BEST:
        return
    with locked(run.path):
        forget_critic(run.path)
        before, facts = load_tensors(run.path / BEST)
        save_tensors(run.path / _kept_name(int(facts.get("step") or 0)), before, facts)
        tensors, _ = load_tensors(run.path / checkpoint.file)
        tensors = under(tensors, MODEL) if checkpoint.file == LAST else tensors
        looked = next((line for line in read_metrics(run.path) if line["step"] == checkpoint.step), {})
        loss = looked.get("valid_loss")
        save_tensors(run.path / BEST, tensors, {"step": checkpoint.step, "valid_loss": loss})
        now = {"best_step": checkpoint.step, "valid_loss": loss, "bits_per_note": looked.get("bits_per_note")}
        write_summary(run.path, dict(run.summary) | now)


def _kept_name(step: int) -> str:
    return f"{FOLDER}/step-{step:06}.safetensors"


Training = Iteration["Progress", None, None]


def keep_checkpoints(training: Training, path: Path, every: int) -> Training:
    """Training, its weights kept on the way: at the first look at held-out tunes after each `every` steps.

    What a process that was killed had looked at, and not kept yet, is kept as soon as training goes on.
    """
    kept = max((int(file.stem.removeprefix("step-")) for file in _kept_files(path)), default=0)
    due = _due(path, kept, every) if (path / LAST).is_file() else None
    with contextlib.closing(training):
        for progress in training:  # begins here, and is refused where the run is another's
            if due is None and progress.bits_per_note is not None and progress.step // every > kept // every:
                due = _due(path, kept, every)  # LAST is written at every look
            if due is not None:
                kept = due.step
                save_tensors(path / _kept_name(kept), due.tensors, {"step": kept, "valid_loss": due.valid_loss})
                due = None
            yield progress


@dataclass(frozen=True, slots=True)
class _Due:
    """Weights that are to be kept."""

    step: int
    tensors: Mapping[str, Tensor]
    valid_loss: float | None


def _due(path: Path, kept: int, every: int) -> _Due | None:
    """The last checkpoint, where it is of a look and due after the one of step `kept`."""
    tensors, facts = load_tensors(path / LAST)
    step = int(facts.get("step") or 0)
    look = next((line for line in read_metrics(path) if line["step"] == step and "bits_per_note" in line), None)
    if look is None or step // every <= kept // every:
        return None
    return _Due(step, under(tensors, MODEL), look.get("valid_loss"))


def _kept_files(path: Path) -> list[Path]:
    """The files of the weights that were kept, in order of step."""
    return sorted(file for file in (path / FOLDER).glob("step-*.safetensors") if _KEPT.fullmatch(file.name))
