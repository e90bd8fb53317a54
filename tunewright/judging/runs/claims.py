"""What was reported of the lab's experiment, held against what was measured: effects and claims.

In: settings and rows. Out: `Effect`s of the 2×2 design, and `Claim`s with a verdict, the key of a sentence in
`catalogues/*/claims.toml` and the numbers that the sentence needs. A verdict is a matter of numbers alone:

    a claim says of some quantities which way the joint improvement differs from the default; of every seed that both
    have, the difference is taken. It *holds* where every difference agrees, *fails* where the mean of every quantity
    is opposite or equal, holds *partly* otherwise, and is *untested* where nothing could be measured.

This file writes no sentence and measures nothing itself.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tunewright.judging.runs.quantities import (
    UNDEFINED,
    Row,
    Scale,
    Setting,
    Spread,
    characters_per_step,
    format_spread,
    format_value,
)

DEFAULT, STRUCTURE, HYPERPARAMETERS, JOINT, SOUND = (
    "lab-default",
    "lab-structure",
    "lab-hyperparameters",
    "lab-joint",
    "sound",
)
NAMED = (("default", DEFAULT), ("joint", JOINT), ("sound", SOUND))  # as the sentences call them
EFFECTS = (
    "lowest_train_loss",
    "lowest_bits_per_note",
    "final_bits_per_note",
    "seconds",
    "valid_rate_at_end",
    "verbatim_copy_rate_at_end",
)
GAIN_NOTICED = 0.02  # bits per note: a smaller difference in what far context saves is within what 1,000 places tell
RISE_ALLOWED = 0.02  # of the lowest held-out bits per note: a rise of less is not called overfitting
SAVING_EXPECTED = 0.06  # of held-out bits per note, by the sound baseline against the best point of both
SAVING_ROWS = ("test_bits_per_note", "lowest_bits_per_note")  # the first that all have decides


@dataclass(frozen=True, slots=True)
class Effect:
    """What structure and hyperparameters do to a quantity, each averaged over the other, by seed.

    `interaction` is half of what structure does more under the new hyperparameters than under the old: 0 where the
    two simply add up. Each has the unit of the quantity.
    """

    quantity: str
    structure: Spread
    hyperparameters: Spread
    interaction: Spread
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, what decides it, the sentence that says so, and the oddities of the reported numbers it is about."""

    topic: str
    verdict: str  # holds, fails, partly or untested
    sentence: str
    numbers: Mapping[str, str]
    rows: tuple[Row, ...]
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A claim as reported: the quantities that decide it, which way each should differ, and what is shown beside."""

    name: str
    deciding: tuple[tuple[str, str], ...]  # quantity, and less or more
    shown: tuple[str, ...]
    oddities: tuple[str, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """All its quantities, those that decide first."""
        return (*(name for name, _ in self.deciding), *self.shown)


ODDITIES = (
    "oddity.embedding",
    "oddity.learning_rate",
    "oddity.minima",
    "oddity.count",
    "oddity.iterations",
)

TOPICS = (
    Topic(
        "convergence",
        (("steps_to_level", "less"), ("notes_to_level", "less"), ("seconds_to_level", "less")),
        ("bits_at_equal_notes", "bits_at_equal_seconds"),
        ("oddity.iterations", "oddity.learning_rate"),
    ),
    Topic(
        "stability",
        (("loss_spread", "less"), ("loss_spread_equal_text", "less")),
        ("smoothed_spread", "diverged"),
        ("oddity.count",),
    ),
    Topic(
        "overfitting",
        (),  # of the joint improvement alone: see `_overfitting`
        (
            "lowest_bits_per_note",
            "lowest_at_step",
            "final_bits_per_note",
            "held_out_rise",
            "generalisation_gap",
        ),
    ),
    Topic(
        "final_loss",
        (("lowest_train_loss", "less"),),
        (
            "first_loss",
            "last_train_loss",
            "lowest_bits_per_note",
            "final_bits_per_note",
            "test_bits_per_note",
            "verbatim_copy_rate_at_end",
            "verbatim_median_longest_at_end",
        ),
        ("oddity.minima", "oddity.count"),
    ),
    Topic(
        "fluency",
        (("abrupt_notes_at_end", "less"), ("abrupt_lengths_at_end", "less")),
        (
            "transition_match_at_end",
            "duration_match_at_end",
            "interval_match_at_end",
            "valid_rate_at_end",
            "verbatim_copy_rate_at_end",
        ),
    ),
    Topic(
        "layering",
        (
            ("bar_rhythms_at_end", "more"),
            ("bar_contours_at_end", "more"),
            ("entropy_1_bar_at_end", "more"),
            ("entropy_4_bars_at_end", "more"),
        ),
        (
            "plan_match_at_end",
            "chord_match_at_end",
            "harmony_match_at_end",
            "repetition_rate_at_end",
            "repetition_4_bars_at_end",
        ),
        ("oddity.embedding",),
    ),
    Topic(
        "dependencies",
        (("gain_beyond_50", "more"),),
        tuple(f"bits_context_{count}" for count in (10, 20, 50, 100, 200)),
        ("oddity.embedding",),
    ),
    Topic(
        "time",
        (("seconds", "less"),),
        ("seconds_per_step", "seconds_to_level", "notes", "bits_at_equal_seconds"),
        ("oddity.iterations",),
    ),
)

FACTORS = {  # topic: the preset with one change, whether the claim is for the change or for the default, and decided by
    "rate": ("lab-rate", "change", "diverged"),
    "length": ("lab-length", "change", "lowest_bits_per_note"),
    "batch": ("lab-batch", "change", "lowest_bits_per_note"),
    "embedding": ("lab-embedding", "default", "lowest_bits_per_note"),
    "gru": ("lab-gru", "default", "lowest_bits_per_note"),
    "rnn": ("lab-rnn", "default", "lowest_bits_per_note"),
}
FACTOR_ROWS = (
    "lowest_bits_per_note",
    "final_bits_per_note",
    "bits_at_equal_notes",
    "lowest_train_loss",
    "loss_spread",
    "diverged",
    "seconds",
)


# ------------------------------------------------------------------------------------------------ pairs and verdicts


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows and settings, by name."""

    rows: Mapping[str, Row]
    settings: Mapping[str, Setting]
    scale: Scale

    def by_seed(self, quantity: str, setting: str) -> dict[int, float]:
        """The value of each seed; a level never reached is infinitely far away."""
        if quantity not in self.rows or setting not in self.settings:
            return {}
        never = math.inf if quantity.endswith("_to_level") else math.nan
        values = self.rows[quantity].cells[setting].values
        seeds = self.settings[setting].seeds
        return {seed: never if math.isnan(value) else value for seed, value in zip(seeds, values, strict=True)}

    def paired(self, quantity: str, *settings: str) -> dict[int, tuple[float, ...]]:
        """The values of every setting, for each seed that all of them have."""
        columns = [self.by_seed(quantity, setting) for setting in settings]
        shared = [seed for seed in columns[0] if all(seed in column for column in columns)]
        return {seed: tuple(column[seed] for column in columns) for seed in sorted(shared)}

    def chosen(self, quantities: Iterable[str]) -> tuple[Row, ...]:
        """The rows of these quantities, as far as there are any."""
        return tuple(self.rows[quantity] for quantity in quantities if quantity in self.rows)


def judge(differences: Sequence[Mapping[int, float]]) -> str:
    """The verdict over differences by seed, one mapping per quantity, where more than 0 agrees with the claim.

    NaN is left out.

    >>> judge([{0: 0.1, 1: 0.2}]), judge([{0: 0.3, 1: -0.1}]), judge([{0: 0.1, 1: -0.2}]), judge([{}])
    ('holds', 'partly', 'fails', 'untested')
    """
    measured = [known for each in differences if (known := [value for value in each.values() if value == value])]
    if not measured:
        return "untested"
    if all(value > 0 for known in measured for value in known):
        return "holds"
    return "fails" if all(_mean(known) <= 0 for known in measured) else "partly"


def _mean(values: Sequence[float]) -> float:
    """The mean; NaN where infinities cancel."""
    infinite = {value for value in values if math.isinf(value)}
    return (math.nan if len(infinite) > 1 else infinite.pop()) if infinite else statistics.fmean(values)


def _differences(table: _Table, deciding: Sequence[tuple[str, str]]) -> list[dict[int, float]]:
    """How far the joint improvement is ahead of the default, by seed, for each quantity that decides."""
    differences = []
    for quantity, better in deciding:
        pairs = table.paired(quantity, DEFAULT, JOINT)
        differences.append(
            {seed: default - joint if better == "less" else joint - default for seed, (default, joint) in pairs.items()}
        )
    return differences


def _agreeing(differences: Sequence[Mapping[int, float]]) -> tuple[int, int]:
    """On how many seeds every quantity that was measured agrees, and on how many any was measured."""
    by_seed: dict[int, list[float]] = {}
    for each in differences:
        for seed, value in each.items():
            if value == value:
                by_seed.setdefault(seed, []).append(value)
    return sum(all(value > 0 for value in values) for values in by_seed.values()), len(by_seed)


# ------------------------------------------------------------------------------------------------ claims


def build_claims(settings: Sequence[Setting], rows: Sequence[Row], scale: Scale) -> tuple[Claim, ...]:
    """A claim for every topic of the reported experiment, for each factor that was run alone, and for the baseline."""
    table = _Table({row.quantity: row for row in rows}, {setting.name: setting for setting in settings}, scale)
    factors = [_factor(table, topic) for topic, (preset, *_) in FACTORS.items() if preset in table.settings]
    return (*(_claim(table, topic) for topic in TOPICS), *factors, _sound(table))


def _claim(table: _Table, topic: Topic) -> Claim:
    differences = _overfitting(table) if topic.name == "overfitting" else _differences(table, topic.deciding)
    if topic.name == "dependencies":
        differences = [{seed: value - GAIN_NOTICED for seed, value in each.items()} for each in differences]
    verdict = judge(differences)
    agree, seeds = _agreeing(differences)
    rows = table.chosen(topic.quantities)
    numbers = _numbers(table, topic.quantities) | {"agree": str(agree), "seeds": str(seeds)}
    if topic.name == "layering":
        numbers["nearer"], numbers["compared"] = _nearer_to_real(topic, rows)
    sentence = _memorised(table) if (topic.name, verdict) == ("final_loss", "holds") else verdict
    return Claim(topic.name, verdict, f"claim.{topic.name}.{sentence}", numbers, rows, topic.oddities)


def _overfitting(table: _Table) -> list[dict[int, float]]:
    """What is left of the rise that is allowed, by seed of the joint improvement: the claim is that it has none."""
    lowest = table.by_seed("lowest_bits_per_note", JOINT)
    rise = table.by_seed("held_out_rise", JOINT)
    return [{seed: RISE_ALLOWED * bits - rise[seed] for seed, bits in lowest.items()}]


def _memorised(table: _Table) -> str:
    """Which sentence a lower training loss deserves: its price may be held-out loss, and copies."""

    def rises(quantity: str) -> bool:
        means = [Spread(tuple(table.by_seed(quantity, name).values())).mean for name in (DEFAULT, JOINT)]
        return means[1] > means[0]

    if not rises("final_bits_per_note"):
        return "holds"
    return "holds_copied" if rises("verbatim_copy_rate_at_end") else "holds_memorised"


def _nearer_to_real(topic: Topic, rows: Sequence[Row]) -> tuple[str, str]:
    """In how many of the deciding rows the joint improvement is nearer to real tunes than the default, and of how
    many."""
    nearer = compared = 0
    for row in rows:
        if row.quantity not in dict(topic.deciding) or row.real is None or not {DEFAULT, JOINT} <= set(row.cells):
            continue
        default, joint = (abs(row.cells[name].mean - row.real) for name in (DEFAULT, JOINT))
        compared += 1
        nearer += joint < default
    return str(nearer), str(compared)


def _factor(table: _Table, topic: str) -> Claim:
    """What one change alone does to the default: fewer held-out bits per note, or fewer seeds that diverge."""
    preset, claimed, quantity = FACTORS[topic]
    sign = 1 if claimed == "change" else -1
    pairs = table.paired(quantity, DEFAULT, preset)
    differences = [{seed: sign * (default - changed) for seed, (default, changed) in pairs.items()}]
    verdict = judge(differences)
    agree, seeds = _agreeing(differences)
    numbers = _numbers(table, FACTOR_ROWS, (("default", DEFAULT), ("changed", preset)))
    oddities = {"rate": ("oddity.learning_rate",), "embedding": ("oddity.embedding",)}.get(topic, ())
    return Claim(
        topic,
        verdict,
        f"claim.{'rate' if topic == 'rate' else 'factor'}.{verdict}",
        numbers | {"agree": str(agree), "seeds": str(seeds)},
        table.chosen(FACTOR_ROWS),
        oddities,
    )


def _sound(table: _Table) -> Claim:
    """The sound baseline against the better of default and joint on each seed: bits saved, and time taken."""
    decider, savings = next(
        ((name, found) for name in SAVING_ROWS if (found := _savings(table, name))), (SAVING_ROWS[0], {})
    )
    spared = {seed: joint - sound for seed, (joint, sound) in table.paired("seconds", JOINT, SOUND).items()}
    differences = [{seed: saving - SAVING_EXPECTED for seed, saving in savings.items()}, spared if savings else {}]
    verdict = judge(differences)
    agree, seeds = _agreeing(differences)
    shown = dict.fromkeys((decider, "lowest_bits_per_note", "held_out_rise", "seconds"))
    rows = table.chosen(shown)
    numbers = _numbers(table, shown) | {
        "agree": str(agree),
        "seeds": str(seeds),
        "expected": format_value(SAVING_EXPECTED, "share"),
        "saving": format_spread(Spread(tuple(savings.values())), "share"),
        "each": ", ".join(format_value(saving, "share") for saving in savings.values()),
    }
    return Claim("sound", verdict, f"claim.sound.{verdict}", numbers, rows)


def _savings(table: _Table, quantity: str) -> dict[int, float]:
    """The share of bits per note that the sound baseline saves, by seed; empty unless every seed has been measured."""
    measured = table.paired(quantity, DEFAULT, JOINT, SOUND)
    if not all(math.isfinite(value) for values in measured.values() for value in values):
        return {}
    return {seed: 1 - sound / min(default, joint) for seed, (default, joint, sound) in measured.items()}


def _numbers(table: _Table, quantities: Iterable[str], named: Sequence[tuple[str, str]] = NAMED) -> dict[str, str]:
    """Everything a sentence may name: each quantity of each setting and of real tunes, what the runs are held to, and
    how much a step reads; "–" for what there is not."""
    numbers = {
        "level": format_value(table.scale.bits, "bits"),
        "equal_notes": format_value(table.scale.notes, "notes"),
        "equal_seconds": format_value(table.scale.seconds, "seconds"),
        "rise_allowed": f"{100 * RISE_ALLOWED:g}",
    }
    rows = {quantity: table.rows.get(quantity) for quantity in quantities}
    for short, name in named:
        setting = table.settings.get(name)
        numbers[f"{short}_characters"] = f"{characters_per_step(setting.config):,}" if setting else UNDEFINED
        numbers[f"{short}_length"] = f"{setting.config.data.seq_length:,}" if setting else UNDEFINED
        for quantity, row in rows.items():
            known = row is not None and name in row.cells
            numbers[f"{short}_{quantity}"] = format_spread(row.cells[name], row.unit) if row and known else UNDEFINED
    for quantity, row in rows.items():
        numbers[f"real_{quantity}"] = UNDEFINED if row is None or row.real is None else format_value(row.real, row.unit)
    return numbers


# ------------------------------------------------------------------------------------------------ effects


def build_effects(settings: Sequence[Setting], rows: Sequence[Row]) -> tuple[Effect, ...]:
    """The main effects and the interaction of the 2×2 design, by seed that all four have; none where one is missing."""
    scale = Scale(math.nan, math.nan, math.nan, 0)
    table = _Table({row.quantity: row for row in rows}, {setting.name: setting for setting in settings}, scale)
    effects = []
    for quantity in EFFECTS:
        corners = list(table.paired(quantity, DEFAULT, STRUCTURE, HYPERPARAMETERS, JOINT).values())
        if corners:
            structure, hyperparameters, interaction = zip(*(_effect(*corner) for corner in corners), strict=True)
            unit = table.rows[quantity].unit
            effects.append(Effect(quantity, Spread(structure), Spread(hyperparameters), Spread(interaction), unit))
    return tuple(effects)


def _effect(default: float, structure: float, hyperparameters: float, joint: float) -> tuple[float, float, float]:
    """The effect of structure, of hyperparameters, and their interaction, from the four corners of the design."""
    return (
        (structure - default + joint - hyperparameters) / 2,
        (hyperparameters - default + joint - structure) / 2,
        ((joint - hyperparameters) - (structure - default)) / 2,
    )
