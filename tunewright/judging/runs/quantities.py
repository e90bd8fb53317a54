"""The quantities in which runs are compared, one row each, with one value per seed.

In: records of runs, grouped into settings. Out: `Row`s of `Spread`s. What a quantity is, where it comes from, which
way is better and in which unit it is stands in one table. This file reads no folder and judges no claim.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.training import curve as learning
from tunewright.training.config import Config
from tunewright.training.curve import Curve

if TYPE_CHECKING:
    from tunewright.judging.runs.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Record:
    """One run as compared; `evaluation` is None where its tunes have not been drawn and measured."""

    path: Path
    preset: str  # "" where it is none
    seed: int
    config: Config
    summary: Mapping[str, Any]
    curve: Curve
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A quantity over seeds: one value per seed, NaN where it is undefined for that run."""

    values: tuple[float, ...]

    @property
    def known(self) -> tuple[float, ...]:
        """The values that are defined."""
        return tuple(value for value in self.values if math.isfinite(value))

    @property
    def mean(self) -> float:
        """The mean of the defined values; NaN where there is none."""
        return statistics.fmean(self.known) if self.known else math.nan

    @property
    def low(self) -> float:
        """The least defined value; NaN where there is none."""
        return min(self.known, default=math.nan)

    @property
    def high(self) -> float:
        """The greatest defined value; NaN where there is none."""
        return max(self.known, default=math.nan)


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs whose settings differ in nothing but the seed, by seed."""

    name: str
    config: Config  # of the first
    records: tuple[Record, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each record."""
        return tuple(record.seed for record in self.records)


@dataclass(frozen=True, slots=True)
class Row:
    """A quantity of every setting; `real` is the same of held-out real tunes, None where that makes no sense."""

    quantity: str
    cells: Mapping[str, Spread]  # by name of the setting, values in the order of its records
    real: float | None
    better: str  # less, more, real (near the real tunes), or "" where neither is better
    unit: str = ""  # a key of FORMATS
    reported: Mapping[str, float] = field(default_factory=dict)  # by name of the setting


@dataclass(frozen=True, slots=True)
class Scale:
    """What all runs of a comparison can be held to; runs that diverged set none of it."""

    bits: float  # per note: the best held-out level that every run reaches
    notes: float  # the least that any run has read in all
    seconds: float  # the least that any run has taken in all
    characters: int  # per step, of the setting that reads most


REPORTED: Mapping[str, Mapping[str, float]] = {  # the reported experiment, with the names used here
    "lab-default": {"first_loss": 4.55, "lowest_train_loss": 0.5153, "seconds": 90.0},
    "lab-joint": {"first_loss": 4.43, "lowest_train_loss": 0.4129, "seconds": 40.0},
}

UNDEFINED = "–"
SHARES = ("share", "seeds")
FORMATS: Mapping[str, str] = {  # how a value of a unit is written; shares are written in percent, without the sign
    "": ".2f",
    "bits": ".3f",
    "nats": ".3f",
    "steps": ",.0f",
    "notes": ",.0f",
    "seconds": ",.0f",
    "seconds per step": ".3f",
    "count": ",.0f",
    "share": ".1f",
    "seeds": ".0f",  # share of the seeds: a mean without a range
    "characters": ".1f",  # of a text
    "passage": ".1f",  # notes of a melody
}


def format_value(value: float, unit: str) -> str:
    """A value as it stands in a sentence, without its unit; a share in percent; "–" where it is undefined.

    >>> format_value(0.25, "share"), format_value(3000.0, "steps"), format_value(-0.0001, "bits")
    ('25.0', '3,000', '0.000')
    """
    if not math.isfinite(value):
        return UNDEFINED
    spec = ".1f" if unit == "seconds" and abs(value) < 100 else FORMATS[unit]
    return format(100 * value if unit in SHARES else value, f"z{spec}").replace("-", "−")  # z: no minus before 0


def format_spread(spread: Spread, unit: str) -> str:
    """The mean, and the range over seeds where there is one to show.

    >>> format_spread(Spread((2.0, 2.5)), "bits")
    '2.250 (2.000–2.500)'
    """
    mean, low, high = (format_value(value, unit) for value in (spread.mean, spread.low, spread.high))
    return mean if low == high or unit == "seeds" else f"{mean} ({low}–{high})"


# ------------------------------------------------------------------------------------------------ one run

Measure = Callable[[Record, Scale], float]


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a quantity is found in a record, which way is better, and its unit."""

    name: str
    better: str
    unit: str
    measure: Measure


def _curve(measure: Callable[[Curve], float]) -> Measure:
    return lambda record, _: measure(record.curve)


def _lowest(part: str) -> Measure:
    return lambda record, _: _part(learning.lowest_held_out(record.curve), part)


def _last(part: str) -> Measure:
    return lambda record, _: _part(learning.last_held_out(record.curve), part)


def _part(look: learning.HeldOut | None, part: str) -> float:
    return float(getattr(look, part)) if look else math.nan


def _evaluated(part: str) -> Measure:
    return lambda record, _: float(getattr(record.evaluation, part)) if record.evaluation else math.nan


def _bits_at(characters: int) -> Measure:
    return lambda record, _: _by_context(record).get(characters, math.nan)


def _by_context(record: Record) -> dict[int, float]:
    return dict(record.evaluation.by_context) if record.evaluation else {}


def _gain_beyond(characters: int) -> Measure:
    """Bits per note that all the context measured saves, against so many characters of it."""

    def measure(record: Record, _: Scale) -> float:
        bits = _by_context(record)
        return bits.get(characters, math.nan) - bits[max(bits)] if bits else math.nan

    return measure


def _sampled(name: str) -> Measure:
    """A measure of the tunes drawn at temperature 1."""

    def measure(record: Record, _: Scale) -> float:
        samples = record.evaluation.samples if record.evaluation else ()
        return next((sample.values.get(name, math.nan) for sample in samples if sample.temperature == 1), math.nan)

    return measure


def _sampled_at_end(name: str) -> Measure:
    """A measure of the tunes drawn at temperature 1 from the weights that training ended with."""

    def measure(record: Record, _: Scale) -> float:
        sample = record.evaluation.at_end if record.evaluation else None
        return sample.values.get(name, math.nan) if sample else math.nan

    return measure


def _summarised(name: str) -> Measure:
    def measure(record: Record, _: Scale) -> float:
        value = record.summary.get(name)
        return math.nan if value is None else float(value)

    return measure


def _spread_of_equal_text(record: Record, scale: Scale) -> float:
    return learning.loss_spread(record.curve, max(1, round(scale.characters / characters_per_step(record.config))))


def characters_per_step(config: Config) -> int:
    """Characters that one step learns from."""
    return config.data.batch_size * config.data.seq_length


def _reaching(measure: Callable[[Curve, float], float]) -> Measure:
    """What it took to come down to the level that every run reaches."""
    return lambda record, scale: measure(record.curve, scale.bits)


def _within_notes(record: Record, scale: Scale) -> float:
    return learning.best_within(record.curve, notes=scale.notes)


def _within_seconds(record: Record, scale: Scale) -> float:
    return learning.best_within(record.curve, seconds=scale.seconds)


TRAINING = (
    Quantity("steps_to_level", "less", "steps", _reaching(learning.steps_to)),
    Quantity("notes_to_level", "less", "notes", _reaching(learning.notes_to)),
    Quantity("seconds_to_level", "less", "seconds", _reaching(learning.seconds_to)),
    Quantity("bits_at_equal_notes", "less", "bits", _within_notes),
    Quantity("bits_at_equal_seconds", "less", "bits", _within_seconds),
    Quantity("loss_spread", "less", "nats", _curve(learning.loss_spread)),
    Quantity("loss_spread_equal_text", "less", "nats", _spread_of_equal_text),
    Quantity("smoothed_spread", "less", "nats", _curve(learning.smoothed_spread)),
    Quantity("diverged", "less", "seeds", _curve(learning.diverged)),
    Quantity("lowest_bits_per_note", "less", "bits", _lowest("bits")),
    Quantity("lowest_at_step", "", "steps", _lowest("step")),
    Quantity("final_bits_per_note", "less", "bits", _last("bits")),
    Quantity("held_out_rise", "less", "bits", _curve(learning.held_out_rise)),
    Quantity("lowest_held_out_nats", "less", "nats", _lowest("nats")),
    Quantity("final_held_out_nats", "less", "nats", _last("nats")),
    Quantity("generalisation_gap", "less", "nats", _curve(learning.generalisation_gap)),
    Quantity("first_loss", "", "nats", _curve(learning.first_loss)),
    Quantity("lowest_train_loss", "", "nats", _curve(learning.lowest_loss)),
    Quantity("last_train_loss", "", "nats", _curve(learning.last_loss)),
    Quantity("seconds", "less", "seconds", _curve(learning.total_seconds)),
    Quantity("seconds_per_step", "less", "seconds per step", _curve(learning.seconds_per_step)),
    Quantity("notes", "", "notes", _curve(learning.total_notes)),
    Quantity("parameters", "", "count", _summarised("parameters")),
)

EVALUATED = (
    Quantity("test_bits_per_note", "less", "bits", _evaluated("bits_per_note")),
    Quantity("test_nats_per_character", "less", "nats", _evaluated("nats_per_character")),
    Quantity("test_body_nats_per_character", "less", "nats", _evaluated("body_nats_per_character")),
    Quantity("test_perplexity", "less", "", _evaluated("perplexity")),
    *(Quantity(f"bits_context_{count}", "less", "bits", _bits_at(count)) for count in (10, 20, 50, 100, 200)),
    Quantity("gain_beyond_50", "more", "bits", _gain_beyond(50)),
)

AT_END = "_at_end"  # of the weights that training ended with, which is what the reported experiment heard

OF_TUNES = (
    ("valid_rate", "more", "share"),
    ("read_rate", "more", "share"),
    ("abrupt_notes", "less", "share"),
    ("abrupt_lengths", "less", "share"),
    ("transition_match", "more", "share"),
    ("duration_match", "more", "share"),
    ("interval_match", "more", "share"),
    ("repetition_rate", "real", "share"),
    ("repetition_2_bars", "real", "share"),
    ("repetition_4_bars", "real", "share"),
    ("repeated_ngrams", "real", "share"),
    ("bar_rhythms", "real", ""),
    ("bar_contours", "real", ""),
    ("entropy_1_bar", "real", "bits"),
    ("entropy_4_bars", "real", "bits"),
    ("plan_match", "more", "share"),
    ("chord_match", "more", "share"),
    ("harmony_match", "more", "share"),
    ("copy_rate", "less", "share"),
    ("median_longest", "real", "passage"),
    ("p90_longest", "real", "passage"),
    ("beyond_line", "real", "share"),
    ("verbatim_copy_rate", "less", "share"),
    ("verbatim_median_longest", "real", "characters"),
)
OF_PIECES = (  # those that tunes have not
    ("vertical_match", "more", "share"),
    ("vertical_transition_match", "more", "share"),
    ("onset_match", "more", "share"),
    ("instrument_match", "more", "share"),
    ("drum_match", "more", "share"),
    ("polyphony", "real", ""),
    ("note_density", "real", ""),
    ("part_activity", "real", "share"),
)
SAMPLED = tuple(Quantity(name, better, unit, _sampled(name)) for name, better, unit in (*OF_TUNES, *OF_PIECES))
SAMPLED_AT_END = tuple(
    Quantity(f"{name}{AT_END}", better, unit, _sampled_at_end(name)) for name, better, unit in (*OF_TUNES, *OF_PIECES)
)

QUANTITIES: tuple[Quantity, ...] = (*TRAINING, *EVALUATED, *SAMPLED, *SAMPLED_AT_END)


# ------------------------------------------------------------------------------------------------ many runs


def build_scale(settings: Sequence[Setting]) -> Scale:
    """What all these runs can be held to; NaN where none of them can say."""
    records = [record for setting in settings for record in setting.records]
    curves = [record.curve for record in records if not learning.diverged(record.curve)]
    lowest = [look.bits for curve in curves if (look := learning.lowest_held_out(curve))]
    return Scale(
        max(lowest, default=math.nan),
        _least(learning.total_notes(curve) for curve in curves),
        _least(learning.total_seconds(curve) for curve in curves),
        max((characters_per_step(setting.config) for setting in settings), default=0),
    )


def _least(values: Iterable[float]) -> float:
    return min((value for value in values if math.isfinite(value)), default=math.nan)


def build_rows(
    settings: Sequence[Setting],
    scale: Scale,
    real: Mapping[str, float],
    reported: Mapping[str, Mapping[str, float]],
) -> tuple[Row, ...]:
    """One row per quantity that any of the runs has; `real` are the measures of held-out real tunes."""
    rows = []
    for quantity in QUANTITIES:
        cells = {
            setting.name: Spread(tuple(quantity.measure(record, scale) for record in setting.records))
            for setting in settings
        }
        if not any(cell.known for cell in cells.values()):
            continue
        said = {name: values[quantity.name] for name, values in reported.items() if quantity.name in values}
        of_tunes = quantity in SAMPLED or quantity in SAMPLED_AT_END
        known = real.get(quantity.name.removesuffix(AT_END), math.nan) if of_tunes else math.nan
        rows.append(
            Row(
                quantity.name,
                cells,
                known if math.isfinite(known) else None,
                quantity.better,
                quantity.unit,
                {name: value for name, value in said.items() if name in cells},
            )
        )
    return tuple(rows)
