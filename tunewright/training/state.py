"""The state of a training: weights, optimiser and counters, kept in and restored from the run folder.

In: a run and settings. Out: a `TrainingState` at the run's last checkpoint, or at its beginning. A checkpoint is one
file, so that no part of it can be of another step. This file takes no step (`loop`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor

from tunewright.models.building import build_model, misfit, weight_shapes
from tunewright.models.contract import Model
from tunewright.models.devices import DTYPES, choose_device, choose_precision
from tunewright.support.documents import Shape, shown
from tunewright.support.errors import RunError
from tunewright.support.numbers import without_nan
from tunewright.training.config import OptimiserSettings
from tunewright.training.run import BEST, LAST, Run, forget_critic
from tunewright.training.tensors import MODEL, OPTIMIZER, load_tensors, save_tensors, under

MOST_THREADS = 4096  # that a run may say it began with
SMOOTHING = 0.98  # weight of the past in the smoothed training loss


@dataclass
class Counters:
    """What a checkpoint records beside tensors."""

    step: int = 0
    seconds: float = 0.0
    smoothed: float = 0.0  # not yet divided by the weight of what it has seen
    best_loss: float = math.inf
    best_bits: float = math.inf
    best_step: int = 0
    looks_since_best: int = 0
    threads: int = 0  # at most, when it was begun: told, and nothing depends on it
    precision: str = ""

    @property
    def train_loss(self) -> float:
        """The training loss, smoothed over about fifty steps; NaN before the first."""
        return self.smoothed / (1 - SMOOTHING**self.step) if self.step else math.nan

    def count(self, loss: float) -> None:
        """Count a step."""
        self.step += 1
        self.smoothed = SMOOTHING * self.smoothed + (1 - SMOOTHING) * loss


_COUNTED: dict[str, Shape] = {
    **{one.name: float for one in fields(Counters)},
    **dict.fromkeys(("step", "best_step", "looks_since_best", "threads"), int),
    "precision": str,
}


def load_weights(run: Run, *, last: bool = False) -> dict[str, Tensor]:
    """The best weights of a run, or the last ones; RunError where they are missing, broken or do not fit it."""
    file, codec = run.path / (LAST if last else BEST), run.tokenizer
    tensors, _ = load_tensors(file)
    if last:
        tensors = under(tensors, MODEL)
    if what := misfit(weight_shapes(run.config.model, len(codec.vocab), codec.context_sizes, codec.direct), tensors):
        told = "does not fit the run's settings, or an earlier version trained it: train it anew"
        raise RunError(f"{file}: {told} ({what})")
    if whole := next((name for name, tensor in tensors.items() if not tensor.is_floating_point()), None):
        raise RunError(f"{file}: broken checkpoint (in {whole} are whole numbers without their scales)")
    return tensors


class TrainingState:
    """A model that is being trained, its optimiser and its counters; before the first step its weights are `first`."""

    def __init__(self, run: Run, first: Mapping[str, Tensor] | None = None) -> None:
        config, codec = run.config, run.tokenizer
        self.path, self.device = run.path, choose_device(config.device)
        sizes = (len(codec.vocab), codec.context_sizes, codec.direct)
        kept = load_tensors(self.path / LAST, _COUNTED) if run.resumable else None
        if kept and (what := misfit(weight_shapes(config.model, *sizes), under(kept[0], MODEL))):
            raise RunError(f"{self.path / LAST}: does not fit the run's settings ({what})")
        self.model = build_model(config.model, *sizes, seed=config.seed).to(self.device)
        self.optimizer = _build_optimizer(self.model, config.optimiser)
        precision = choose_precision(config.precision, config.model, self.device)
        self.counters = Counters(threads=torch.get_num_threads(), precision=precision)
        if kept:
            self._restore(*kept)
        elif first:
            self.model.load_state_dict(first)

    def save_best(self, valid_loss: float) -> None:
        """Keep the weights as the best; a critic heard what those before draw, and is taken away."""
        forget_critic(self.path)
        facts = {"step": self.counters.step, "valid_loss": without_nan(valid_loss)}
        save_tensors(self.path / BEST, self.model.state_dict(), facts)

    def save(self) -> None:
        """Keep everything that going on needs."""
        tensors = {f"{MODEL}{name}": tensor for name, tensor in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"{OPTIMIZER}{name}.{key}"] = torch.as_tensor(value)
        save_tensors(self.path / LAST, tensors, without_nan(asdict(self.counters)))

    def _restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        try:
            restored: dict[str, Any] = {name: math.inf if value is None else value for name, value in facts.items()}
            _check_counters(restored)
            self.counters = Counters(**restored)
            self.model.load_state_dict(under(tensors, MODEL))
            for name, parameter in self.model.named_parameters() if self.counters.step else ():
                state = under(tensors, f"{OPTIMIZER}{name}.")
                like = list(parameter.shape)
                if what := misfit({"step": [], "exp_avg": like, "exp_avg_sq": like}, state):
                    raise ValueError(f"{OPTIMIZER}{name}.{what}")
                self.optimizer.state[parameter] = state
        except (TypeError, ValueError) as error:
            raise RunError(f"{self.path / LAST}: does not fit the run's settings ({error})") from None

    def finite(self) -> bool:
        """Whether the weights are numbers: a step that made them something else must not replace a good checkpoint."""
        return all(bool(parameter.isfinite().all()) for parameter in self.model.parameters())


def _check_counters(restored: Mapping[str, Any]) -> None:
    """Raise ValueError for what no training has counted; the best losses alone may be infinite, before the first look.

    >>> _check_counters({"step": 3, "best_loss": math.inf, "threads": 0})
    Traceback (most recent call last):
    ValueError: threads is 0
    """
    for name in ("step", "seconds", "smoothed", "best_step", "looks_since_best"):
        if not 0 <= restored.get(name, 0) < math.inf:
            raise ValueError(f"{name} is {restored[name]}")
    if not 1 <= restored.get("threads", 1) <= MOST_THREADS:
        raise ValueError(f"threads is {restored['threads']}")
    if restored.get("precision", "fp32") not in DTYPES:
        raise ValueError(f"precision is {shown(restored['precision'])}")


def _build_optimizer(model: Model, settings: OptimiserSettings) -> torch.optim.Optimizer:
    usual: dict[str, Any] = {"lr": settings.learning_rate, "fused": model.device.type in ("cpu", "cuda")}
    if settings.weight_decay:
        return torch.optim.AdamW(model.parameters(), weight_decay=settings.weight_decay, **usual)
    return torch.optim.Adam(model.parameters(), **usual)
