"""Where training stands after a step, as whoever watches it is told.

Nothing here needs a model, so that consoles and trackers load no PyTorch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands after a step; losses are nats per character."""

    step: int
    steps: int  # of how many
    seconds: float  # of training, resumed parts together
    notes: float  # seen so far: characters read times the notes per character of the training text
    notes_per_second: float
    loss: float  # of this step
    train_loss: float  # smoothed over about fifty steps
    valid_loss: float | None = None  # where the held-out tunes were looked at after this step
    bits_per_note: float | None = None  # of the held-out tunes' bodies, likewise
    best_loss: float = math.inf
    best_step: int = 0
    best_bits_per_note: float = math.inf
    learning_rate: float = 0.0
    eta: float = math.inf  # seconds left, if nothing stops it early
    precision: str = "fp32"
    status: str = "running"  # then finished, early_stopped, interrupted or diverged
    copy_rate: float | None = None  # of music drawn with these weights, where that was watched after this step
    stopped: str = ""  # why it was stopped early


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen in a model beside how well it foresees: how much of what it draws is copied, and why to stop."""

    copy_rate: float  # 0 to 1; NaN where nothing was drawn
    reason: str = ""  # to stop and to keep the weights of before; "" for none
