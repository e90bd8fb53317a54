"""How the next id is drawn from a model's logits.

In: logits (rows, vocab), a number in [0, 1) for each row, how to draw, and which ids may not come. Out: ids, how
probable the model itself held each, and how probable it held all those that may not come. A row's result has the same
bits whatever rows are computed beside it. This file knows no model and no music, and has no random numbers of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tunewright.support.errors import ConfigError

BELOW_ONE = 1 - 2**-23  # times a float, always less than it, however it is rounded


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next id is drawn from the model's probabilities."""

    temperature: float = 1.0  # below 1 safer, above 1 wilder; 0 takes the most probable
    top_k: int = 0  # only the k most probable; 0 is no limit
    top_p: float = 1.0  # only the most probable that together have this probability (nucleus sampling)
    min_p: float = 0.0  # only those at least this probable, as a share of the most probable

    def __post_init__(self) -> None:
        for name, low, high in (("temperature", 0, 100), ("top_k", 0, 10**9), ("top_p", 0, 1), ("min_p", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected {low} to {high}")

    def __str__(self) -> str:
        settings = (f"{name.replace('_', '-')} {getattr(self, name):g}" for name in self.__slots__)
        return ", ".join(settings)  # no "=": "=20" in a line of ABC reads as a trace of mail


class Drawn(NamedTuple):
    """One id per row, and what the model made of it, at temperature 1 and without a mask."""

    ids: Tensor  # (rows,)
    log_probabilities: Tensor  # (rows,), nats, of the ids
    removed: Tensor  # (rows,), the probability of all ids that the mask forbids


def draw(
    logits: Tensor,
    uniforms: Tensor,
    sampling: Sampling,
    mask: Tensor | None = None,
    forced: Tensor | None = None,
    temperatures: Tensor | None = None,
) -> Drawn:
    """What `sample` chooses, or `forced` (rows,) where that is not negative, and what the model made of it."""
    ids = sample(logits, uniforms, sampling, mask, temperatures)
    if forced is not None:
        ids = torch.where(forced >= 0, forced, ids)
    log_probabilities = torch.log_softmax(logits, 1).gather(1, ids[:, None])[:, 0]
    if mask is None:
        return Drawn(ids, log_probabilities, torch.zeros_like(log_probabilities))
    removed = (torch.softmax(logits, 1) * mask.clamp(min=-1)).sum(1).neg_()  # 0 or -1: 0 times infinity is no number
    return Drawn(ids, log_probabilities, removed)


def sample(
    logits: Tensor,
    uniforms: Tensor,
    sampling: Sampling,
    mask: Tensor | None = None,
    temperatures: Tensor | None = None,
) -> Tensor:
    """One id per row (rows,), by inverting the cumulative distribution of `logits` (rows, vocab) at `uniforms` (rows,).

    `mask` (rows, vocab) is 0 for ids that may come and -infinity for others; one at least may come in every row.
    `temperatures` (rows,) take the place of the one of `sampling`.
    """
    allowed = logits if mask is None else logits + mask
    if temperatures is not None:
        cold = temperatures == 0
        ids = _drawn(allowed / torch.where(cold, 1, temperatures).to(logits)[:, None], uniforms, sampling)
        return torch.where(cold, allowed.argmax(1), ids) if bool(cold.any()) else ids
    if sampling.temperature == 0:
        return allowed.argmax(1)
    return _drawn(allowed if sampling.temperature == 1 else allowed / sampling.temperature, uniforms, sampling)


def _drawn(logits: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
    cumulative = _truncated(torch.softmax(logits, 1), sampling).cumsum(1)
    below = uniforms.to(cumulative).clamp_(max=BELOW_ONE)[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, below, right=True)[:, 0]  # the first that is greater: never one at zero


def _truncated(probabilities: Tensor, sampling: Sampling) -> Tensor:
    """The probabilities, those that min-p, top-p or top-k leave out at zero; the most probable always stays."""
    if sampling.min_p > 0:
        limits = sampling.min_p * probabilities.amax(1, keepdim=True)
        probabilities = probabilities * (probabilities >= limits)
    if not 0 < sampling.top_k < probabilities.shape[1] and sampling.top_p >= 1:
        return probabilities
    ordered = _descending(probabilities)
    counts = torch.full_like(ordered[:, :1], sampling.top_k or ordered.shape[1], dtype=torch.int64)
    if sampling.top_p < 1:
        cumulative = ordered.cumsum(1)
        before = cumulative - ordered
        nucleus = (before < sampling.top_p * cumulative[:, -1:]).sum(1, keepdim=True)
        counts = torch.minimum(counts, nucleus).clamp_(min=1)
    return _highest(probabilities, counts, ordered.gather(1, counts - 1))


def _highest(probabilities: Tensor, counts: Tensor, least: Tensor) -> Tensor:
    """The `counts` (rows, 1) highest of each row, down to `least`, others zero; of equal ones the first."""
    above, level = probabilities > least, probabilities == least
    room = counts - above.sum(1, keepdim=True)
    return probabilities * (above | (level & (level.cumsum(1) <= room)))


def _descending(probabilities: Tensor) -> Tensor:
    """Each row sorted; by NumPy, which takes a fiftieth of the time that PyTorch takes for rows this short."""
    return torch.from_numpy(-np.sort(-probabilities.cpu().numpy(), axis=1)).to(probabilities.device)
