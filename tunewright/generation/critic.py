"""What a run has learned to tell its own tunes from real ones by, and how it chooses among them.

In: tunes, and the file `critic.safetensors` of a run folder. Out: a `Critic`, which says of a tune how much it sounds
like a real one; or none, where the run has none. A score depends on the tune alone, not on what is judged beside it nor
on the thread that asks. Teaching one is `judging.teaching`'s; what it hears is `measuring.impressions`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tunewright.generation.generated import Generated
from tunewright.measuring.impressions import (
    BACK,
    BAR_SIZES,
    LIKENESSES,
    METER_COLUMN,
    METERS,
    NOTE_SIZES,
    Impression,
    hear,
)
from tunewright.models.building import misfit
from tunewright.models.critic import CriticNet, Heard
from tunewright.music.tune import Tune
from tunewright.support.errors import RunError
from tunewright.support.threads import one_thread
from tunewright.training.run import CRITIC
from tunewright.training.tensors import load_tensors, save_tensors, under

MOST_NETS = 16
_VERSION = 1  # of what is heard: raised when `impressions` hears something else
_USUAL = "usual"
_FACTS = {"version": int, "nets": int, "auc": float, "low": float, "high": float, "tunes": int, "seed": int}

Floats = npt.NDArray[np.float64]


def _nothing_usual() -> Floats:
    return np.tile([0.0, 1.0], (len(METERS) + 1, 1))


@dataclass(frozen=True, eq=False)
class Critic:
    """Networks that have each heard real tunes and drawn ones, and what they usually say of drawn ones."""

    nets: tuple[CriticNet, ...]
    facts: Mapping[str, Any]  # what is known of it: how well it told held-out tunes apart, and from how many it learned
    usual: Floats = field(default_factory=_nothing_usual)  # (metres, 2): mean and spread of what they say

    def __str__(self) -> str:
        return "critic"

    def __call__(self, drawn: Generated[Any]) -> float:
        """How much what was drawn is like a real tune; minus infinity where it is not well formed."""
        return self.score(drawn.music) if drawn.valid and isinstance(drawn.music, Tune) else -math.inf

    def score(self, tune: Tune) -> float:
        """How much a tune is like a real one, in spreads above what is usual for a drawn one of its metre.

        The same in every key. Minus infinity for a tune that is too short to be heard.
        """
        heard = hear(tune)
        if heard is None:
            return -math.inf
        mean, spread = self.usual[heard.bars[0, METER_COLUMN]]
        return float((score_each(self, [heard])[0] - mean) / spread)

    def knowing(self, **facts: Any) -> Critic:
        """The same, with more that is known of it."""
        return replace(self, facts={**self.facts, **facts})


def score_each(critic: Critic, heard: Sequence[Impression]) -> Floats:
    """Log odds that each tune is real, by the mean of the networks; one by one, so that none depends on another."""
    with one_thread(), torch.inference_mode():
        rows = [side_by_side([one]) for one in heard]
        return np.array([float(torch.stack([net(row)[0] for net in critic.nets]).mean()) for row in rows])


def new_net() -> CriticNet:
    """A network of the shape that every critic has, its weights drawn from the generator of the thread."""
    return CriticNet(NOTE_SIZES, BAR_SIZES, BACK * len(LIKENESSES)).eval()


def side_by_side(heard: Sequence[Impression]) -> Heard:
    """Impressions as a network takes them, the shorter ones filled up."""
    notes, bars = max(len(one.notes) for one in heard), max(len(one.bars) for one in heard)
    there = [(np.ones(len(one.notes), np.float32), np.ones(len(one.bars), np.float32)) for one in heard]
    return Heard(
        _filled([one.notes for one in heard], notes),
        _filled([one.heights for one in heard], notes),
        _filled([one.bar_of for one in heard], notes),
        _filled([note for note, _ in there], notes),
        _filled([one.bars for one in heard], bars),
        _filled([one.likeness for one in heard], bars),
        _filled([bar for _, bar in there], bars),
    )


def _filled(rows: Sequence[np.ndarray[Any, Any]], length: int) -> Tensor:
    whole = np.zeros((len(rows), length, *rows[0].shape[1:]), rows[0].dtype)
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    return torch.from_numpy(whole)


# ------------------------------------------------------------------------------------------------ in a run folder


def save_critic(path: Path, critic: Critic) -> None:
    """Keep a critic in a run folder, in place of one that it has; OutputError where that cannot be written."""
    known = {name: value for name, value in critic.facts.items() if name in _FACTS}
    tensors = _named(critic.nets) | {_USUAL: torch.from_numpy(critic.usual)}
    save_tensors(path / CRITIC, tensors, {**known, "version": _VERSION, "nets": len(critic.nets)})


def load_critic(path: Path) -> Critic | None:
    """The critic of a run folder; None where it has none, RunError where it is broken or hears something else."""
    file = path / CRITIC
    if not file.exists():
        return None
    tensors, facts = load_tensors(file, _FACTS)
    count = facts.get("nets")
    if facts.get("version") != _VERSION or count is None or not 1 <= count <= MOST_NETS:
        raise RunError(f"{file}: no critic of this version; delete it, or teach the run another with `critic`")
    nets = tuple(new_net() for _ in range(count))
    expected = _named(nets) | {_USUAL: torch.from_numpy(_nothing_usual())}
    if what := misfit({name: tuple(tensor.shape) for name, tensor in expected.items()}, tensors):
        raise RunError(f"{file}: does not fit what a critic hears ({what}); delete it, or teach the run another")
    for number, net in enumerate(nets):
        net.load_state_dict(under(tensors, f"{number}."))
    usual = tensors[_USUAL].double().numpy()
    if not bool((usual[:, 1] > 0).all()):
        raise RunError(f"{file}: broken (a spread in {_USUAL} is not above 0); delete it, or teach the run another")
    return Critic(nets, facts, usual)


def _named(nets: Sequence[CriticNet]) -> dict[str, Tensor]:
    return {f"{number}.{name}": weight for number, net in enumerate(nets) for name, weight in net.state_dict().items()}
