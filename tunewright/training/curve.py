"""What the curve of a run says: how fast it learned, how steadily, how far it overfitted.

In: the `metrics.jsonl` of a run folder. Out: a `Curve`, and pure functions of it. Losses are in nats per character,
held-out levels in bits per note; what is undefined is NaN. "The last tenth" is the last tenth of the steps, at least
one. This file trains nothing, looks at no tune and compares no runs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunewright.support.errors import RunError
from tunewright.training.run import load_run, read_metrics

DIVERGED_BY = 1.0  # nats: further above its lowest than this, a smoothed training loss has not come back from a burst
LAST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One look at the held-out tunes while training; `notes` is how many notes had been read by then."""

    step: int
    seconds: float
    notes: float
    nats: float  # per character
    bits: float  # per note


@dataclass(frozen=True, slots=True)
class Curve:
    """What a run left of its training; `seconds` runs on through looks and resumed runs."""

    steps: tuple[int, ...]
    seconds: tuple[float, ...]
    losses: tuple[float, ...]  # of each step's batch
    train_losses: tuple[float, ...]  # the same, smoothed
    held_out: tuple[HeldOut, ...]
    notes_per_step: float
    status: str = ""  # with which training ended, as in the run's summary


def read_curve(path: Path) -> Curve:
    """The curve of a run folder, empty before the first step; RunError where the folder is missing or broken."""
    summary = load_run(path).summary
    lines = read_metrics(path)
    steps_taken = [line for line in lines if line["step"] > 0]  # a run that goes on from another looks before its first
    steps, notes = summary.get("steps"), summary.get("notes")
    notes_per_step = notes / steps if steps and notes is not None else math.nan
    try:
        seconds, losses, train_losses = (
            tuple(_number(line[name]) for line in steps_taken) for name in ("seconds", "loss", "train_loss")
        )
        held_out = tuple(
            HeldOut(
                int(line["step"]),
                _number(line["seconds"]),
                line["step"] * notes_per_step,
                _number(line["valid_loss"]),
                _number(line.get("bits_per_note")),
            )
            for line in lines
            if "valid_loss" in line
        )
    except (KeyError, TypeError) as error:
        raise RunError(
            f"{path / 'metrics.jsonl'}: found a line without {error}, expected what training wrote"
        ) from None
    taken = tuple(int(line["step"]) for line in steps_taken)
    return Curve(taken, seconds, losses, train_losses, held_out, notes_per_step, str(summary.get("status", "")))


def _number(value: float | None) -> float:
    """The value, NaN where JSON had no way to write it."""
    return math.nan if value is None else value + 0.0


# ------------------------------------------------------------------------------------------------ training loss


def lowest_loss(curve: Curve) -> float:
    """The lowest loss of a single batch, in nats: what the lab calls its final loss."""
    return min((loss for loss in curve.losses if math.isfinite(loss)), default=math.nan)


def first_loss(curve: Curve) -> float:
    """The loss of the first batch, in nats: the logarithm of the number of signs, more or less."""
    return curve.losses[0] if curve.losses else math.nan


def last_loss(curve: Curve) -> float:
    """The mean loss over the last tenth of the steps, in nats."""
    return _mean(_last_tenth(curve.losses))


def loss_spread(curve: Curve, block: int = 1) -> float:
    """The standard deviation of the loss over the last tenth of the steps, in nats: how unsteady the curve is.

    With `block`, of the means of that many steps after one another. A batch of four times the text has half the
    spread by averaging alone, whatever the model; blocks of equal text can be compared. NaN for fewer than two blocks.
    """
    last = _last_tenth(curve.losses)
    return _deviation([_mean(last[start : start + block]) for start in range(0, len(last) - block + 1, block)])


def smoothed_spread(curve: Curve) -> float:
    """The standard deviation of the smoothed training loss over the last tenth of the steps, in nats."""
    return _deviation(_last_tenth(curve.train_losses))


def diverged(curve: Curve) -> bool:
    """Whether training broke down: it was stopped for that, a loss was not finite, or the smoothed training loss
    ended more than `DIVERGED_BY` nats above its lowest."""
    if curve.status == "diverged" or not all(map(math.isfinite, curve.losses)):
        return True
    return bool(curve.train_losses) and curve.train_losses[-1] > min(curve.train_losses) + DIVERGED_BY


def seconds_per_step(curve: Curve) -> float:
    """The median time from step to step, which the looks at held-out tunes do not change."""
    times = [later - earlier for earlier, later in zip(curve.seconds, curve.seconds[1:], strict=False)]
    return statistics.median(times) if times else math.nan


# ------------------------------------------------------------------------------------------------ held out


def lowest_held_out(curve: Curve) -> HeldOut | None:
    """The look with the fewest bits per note, the first of equals; None where there was none."""
    looks = _looks(curve)
    return min(looks, key=lambda look: look.bits) if looks else None


def last_held_out(curve: Curve) -> HeldOut | None:
    """The last look; None where there was none."""
    return curve.held_out[-1] if curve.held_out else None


def generalisation_gap(curve: Curve) -> float:
    """Held-out minus training loss at the end, in nats per character: what is known of the training tunes alone.

    The last look, less the mean training loss of the last tenth. Dropout raises the training loss and so makes the
    gap look smaller.
    """
    last = last_held_out(curve)
    return last.nats - last_loss(curve) if last else math.nan


def held_out_rise(curve: Curve) -> float:
    """How far held-out bits per note have risen from their lowest to the end; 0 where the last look was the best."""
    lowest, last = lowest_held_out(curve), last_held_out(curve)
    return last.bits - lowest.bits if lowest and last else math.nan


def reaching(curve: Curve, bits: float) -> HeldOut | None:
    """Where held-out bits per note first come down to a level; None where they never do.

    Between two looks a straight line is read. A level that the first look has passed is placed at that look: later
    than it was, never earlier.
    """
    before: HeldOut | None = None
    for look in _looks(curve):
        if look.bits <= bits:
            return _between(before, look, bits) if before else look
        before = look
    return None


def steps_to(curve: Curve, bits: float) -> float:
    """Steps to a held-out level of so many bits per note; NaN where it is never reached."""
    found = reaching(curve, bits)
    return float(found.step) if found else math.nan


def notes_to(curve: Curve, bits: float) -> float:
    """Notes read to a held-out level of so many bits per note; NaN where it is never reached."""
    found = reaching(curve, bits)
    return found.notes if found else math.nan


def seconds_to(curve: Curve, bits: float) -> float:
    """Seconds to a held-out level of so many bits per note; NaN where it is never reached."""
    found = reaching(curve, bits)
    return found.seconds if found else math.nan


def best_within(curve: Curve, *, notes: float = math.inf, seconds: float = math.inf) -> float:
    """The fewest held-out bits per note seen within a budget of notes, seconds or both; NaN where none was seen."""
    seen = (look.bits for look in _looks(curve) if not (look.notes > notes or look.seconds > seconds))
    return min(seen, default=math.nan)


def total_notes(curve: Curve) -> float:
    """Notes read from the first step to the last; NaN before the first."""
    return curve.steps[-1] * curve.notes_per_step if curve.steps else math.nan


def total_seconds(curve: Curve) -> float:
    """Seconds from the first step to the last, looks included; NaN before the first."""
    return curve.seconds[-1] if curve.seconds else math.nan


def _looks(curve: Curve) -> list[HeldOut]:
    return [look for look in curve.held_out if math.isfinite(look.bits)]


def _between(before: HeldOut, after: HeldOut, bits: float) -> HeldOut:
    """The point at a level on the straight line between two looks; a step is taken whole."""
    share = (before.bits - bits) / (before.bits - after.bits)

    def at(start: float, stop: float) -> float:
        return start + share * (stop - start)

    return HeldOut(
        math.ceil(at(before.step, after.step) - 1e-9),
        at(before.seconds, after.seconds),
        at(before.notes, after.notes),
        at(before.nats, after.nats),
        bits,
    )


def _last_tenth(values: Sequence[float]) -> Sequence[float]:
    return values[-max(1, round(LAST_SHARE * len(values))) :]


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else math.nan


def _deviation(values: Sequence[float]) -> float:
    """The standard deviation; NaN for fewer than two values, or where one is not finite."""
    return statistics.pstdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else math.nan
