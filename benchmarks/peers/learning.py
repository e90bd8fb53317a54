"""One loop for all peers: so many seconds of training, looks at held-out tunes, the best weights in the end.

In: a model, batches, passages to choose by. Out: `Learned`. What is best is held-out bits per note, of the same tunes
for each. Seconds are those of the processor, so that what else it has to do decides nothing; looks count into them.
Learning stops early after `PATIENCE` looks without a better one.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from tunewright.models.contract import Forward
from tunewright.models.devices import cpu_has_bf16
from tunewright.models.likelihood import likelihood
from tunewright.tokens.contract import Passage

LOOKS, SHORTEST = 40, 20.0  # looks in the seconds there are, and seconds between two of them at least
PATIENCE = 8
NOTHING = -100  # a target that is none
CPU = torch.device("cpu")

Batches = Iterator[tuple[Tensor, Tensor]]


@dataclass
class Learned:
    """What became of a training."""

    name: str
    steps: int = 0
    seconds: float = 0.0  # of the processor
    waited: float = 0.0  # seconds that went by
    weights: int = 0
    best_step: int = 0
    best: float = math.inf  # held-out bits per note
    curve: list[float] = field(default_factory=list)  # held-out bits per note, look by look


@dataclass(frozen=True)
class Recipe:
    """How a peer learns."""

    optimiser: Callable[[nn.Module], torch.optim.Optimizer]
    logits: Callable[[Tensor], Tensor]  # (B, T) -> (B, T, vocab)
    forward: Forward
    batches: Batches
    rate: Callable[
        [int, float], float
    ]  # factor of the learning rate, by step and by the share of the time that is over
    clip: float
    bf16: bool = True  # where the processor is fast in it


def learn(name: str, model: nn.Module, recipe: Recipe, valid: Sequence[Passage], seconds: float) -> Learned:
    """Train a model for so many seconds; it has the best weights afterwards."""
    found = Learned(name, weights=sum(weight.numel() for weight in model.parameters()))
    optimiser, kept = recipe.optimiser(model), copy.deepcopy(model.state_dict())
    rates = [group["lr"] for group in optimiser.param_groups]
    every, began, waited, looked, since = max(seconds / LOOKS, SHORTEST), time.process_time(), time.monotonic(), 0.0, 0
    while (over := time.process_time() - began) < seconds and since < PATIENCE:
        if over - looked >= every:
            since = 0 if _look(found, model, recipe, valid) else since + 1
            kept = copy.deepcopy(model.state_dict()) if since == 0 else kept
            looked = over
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * recipe.rate(found.steps, over / seconds)
        _step(model, optimiser, recipe, *next(recipe.batches))
        found.steps += 1
    if _look(found, model, recipe, valid):
        kept = copy.deepcopy(model.state_dict())
    found.seconds, found.waited = time.process_time() - began, time.monotonic() - waited
    model.load_state_dict(kept)
    model.eval()
    return found


def _step(model: nn.Module, optimiser: torch.optim.Optimizer, recipe: Recipe, x: Tensor, y: Tensor) -> None:
    model.train()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=recipe.bf16 and cpu_has_bf16()):
        logits = recipe.logits(x)
    loss = F.cross_entropy(logits.float().flatten(0, 1), y.flatten(), ignore_index=NOTHING)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    optimiser.step()


def _look(found: Learned, model: nn.Module, recipe: Recipe, valid: Sequence[Passage]) -> bool:
    """Look at held-out tunes; whether that is the best so far."""
    model.eval()
    bits = bits_of(recipe.forward, valid, bf16=recipe.bf16)
    found.curve.append(bits)
    if bits >= found.best:
        return False
    found.best, found.best_step = bits, found.steps
    return True


def bits_of(forward: Forward, passages: Sequence[Passage], *, bf16: bool = True) -> float:
    """Bits per note of whole tunes."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16 and cpu_has_bf16()):
        return likelihood(forward, passages, CPU).bits_per_note


# ------------------------------------------------------------------------------------------------ batches


def windows(passages: Sequence[Passage], size: int, length: int, seed: int) -> Batches:
    """Windows from anywhere in the tunes, one after the other in a row, as the lab and nanoGPT draw them."""
    row = torch.tensor([number for passage in passages for number in passage.ids[:-1]] + [passages[0].ids[0]])
    rng = np.random.default_rng(seed)
    while True:
        places = torch.from_numpy(rng.integers(len(row) - length - 1, size=size))[:, None] + torch.arange(length)
        yield row[places], row[places + 1]


def whole_tunes(passages: Sequence[Passage], size: int, seed: int, longest: int = 512) -> Batches:
    """Whole tunes, those of about the same length side by side, every tune once each time through, as in folk-rnn."""
    rng = np.random.default_rng(seed)
    ids = [torch.tensor(passage.ids[: longest + 1]) for passage in passages]
    while True:
        lengths = np.array([len(one) for one in ids]) + rng.uniform(0, 32, len(ids))
        order = np.argsort(lengths).tolist()
        for start in rng.permutation(range(0, len(ids), size)).tolist():
            chosen = [ids[place] for place in order[start : start + size]]
            x = pad_sequence([one[:-1] for one in chosen], batch_first=True)
            y = pad_sequence([one[1:] for one in chosen], batch_first=True, padding_value=NOTHING)
            yield x, y
