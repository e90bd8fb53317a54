"""Curves, records and settings made by hand, for the tests of what compares runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from tunewright.judging.runs.evaluation import Evaluation, Sample
from tunewright.judging.runs.quantities import Record, Setting
from tunewright.training.config import Config
from tunewright.training.curve import Curve, HeldOut


def curve_of(
    losses: Sequence[float],
    looks: Sequence[tuple[int, float]] = (),
    *,
    notes_per_step: float = 10.0,
    seconds_per_step: float = 2.0,
    status: str = "finished",
    nats: float = 1.0,
) -> Curve:
    """A curve with these losses at steps 1, 2, …, and looks of (step, bits per note), `nats` per character each."""
    steps = range(1, len(losses) + 1)
    held_out = [HeldOut(step, step * seconds_per_step, step * notes_per_step, nats, bits) for step, bits in looks]
    return Curve(
        tuple(steps),
        tuple(step * seconds_per_step for step in steps),
        tuple(losses),
        tuple(losses),
        tuple(held_out),
        notes_per_step,
        status,
    )


def evaluation_of(bits: float, contexts: Sequence[tuple[int, float]] = (), **values: float) -> Evaluation:
    """An evaluation with this many bits per note everywhere, and these measures of tunes drawn at temperature 1."""
    cold = Sample(0.5, 10, 10, 10, dict.fromkeys(values, math.nan))
    warm = Sample(1.0, 10, 9, 5, values)
    return Evaluation(bits, bits, bits / 3, bits / 3, math.exp(bits / 3), tuple(contexts), (cold, warm), (), warm, ())


def record_of(preset: str, seed: int, curve: Curve, evaluation: Evaluation | None = None, **settings: int) -> Record:
    """A record of a run that is in no folder."""
    config = Config(seed=seed, **settings)  # type: ignore[arg-type]
    return Record(Path(f"{preset}-{seed}"), preset, seed, config, {"parameters": 7}, curve, evaluation)


def setting_of(name: str, *records: Record) -> Setting:
    """The setting of these records."""
    return Setting(name, records[0].config, records)
