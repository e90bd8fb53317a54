"""A comparison made of invented numbers, whole and repeatable, for the tests of what shows one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from tests.support.small_runs import real_tunes
from tunewright.generation.foresight import Expectation
from tunewright.judging.runs.claims import ODDITIES, build_claims, build_effects
from tunewright.judging.runs.comparison import Comparison
from tunewright.judging.runs.evaluation import Evaluation, Sample
from tunewright.judging.runs.quantities import REPORTED, SAMPLED, Record, Setting, build_rows, build_scale
from tunewright.judging.runs.references import References, Training
from tunewright.training.config import Config
from tunewright.training.curve import Curve, HeldOut

DEFAULT = Config()
SETTINGS: Mapping[str, Config] = MappingProxyType(
    {
        "lab-default": DEFAULT,
        "lab-structure": DEFAULT.with_(hidden_size=512, num_layers=2),
        "lab-hyperparameters": DEFAULT.with_(batch_size=64, seq_length=50, learning_rate=1e-3),
        "lab-joint": DEFAULT.with_(hidden_size=512, num_layers=2, batch_size=64, seq_length=50, learning_rate=1e-3
        ),
        "sound": DEFAULT.with_(hidden_size=512, num_layers=2, dropout=0.4, schedule="cosine", patience=5),
    }
)  # fmt: skip
OVERFITTING = (0.4, 0.5, 1.2, 1.9, 0.0)  # bits per note by which the held-out loss rises in the end
TEMPERATURES = (0.5, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5)
REAL = MappingProxyType({quantity.name: 0.41 for quantity in SAMPLED} | {"valid_rate": 0.95, "copy_rate": 0.01})
BROKEN = "X:1\nT:Broken & <b>bold</b>\nM:4/4\nL:1/8\nK:Gdor\nGABc|dcBA|GABc|dcBA|GABc|\n"
SHORT = "X:1\nT:Short\nM:2/4\nL:1/8\nK:D\nDEFG|ABcd|]\n"


def invented_curve(kind: int, seed: int, looks: int = 12) -> Curve:
    """A curve that falls and, for the kinds that overfit, rises again on held-out tunes."""
    steps = tuple(range(1, 601))
    speed = 40 / (1 + kind / 2)
    losses = tuple(
        0.35 + 0.05 * (4 - kind) + 4.1 * math.exp(-step / speed) + 0.05 * math.sin(7 * step + seed) for step in steps
    )
    smooth = tuple(0.35 + 0.05 * (4 - kind) + 4.1 * math.exp(-step / speed) + 0.01 * seed for step in steps)
    pace = 0.1 * (1 + kind) + 0.01 * seed
    held_out = tuple(
        HeldOut(step, pace * step, 140.0 * (1 + kind) * step, bits / 2.3, bits)
        for step in range(600 // looks, 601, 600 // looks)
        for bits in [
            2.5 - 0.1 * kind + 0.02 * seed + 3 * math.exp(-step / 60) + OVERFITTING[kind % 5] * (step / 600) ** 2
        ]
    )
    return Curve(steps, tuple(pace * step for step in steps), losses, smooth, held_out, 140.0 * (1 + kind), "finished")


def invented_evaluation(kind: int, seed: int, tunes: int) -> Evaluation:
    """An evaluation with up to four tunes, beginning with another one for each kind: real, real, broken, too short."""
    good = [tune.text for tune in real_tunes() if not tune.irregular and not tune.repairs and len(tune.measures) > 4]
    shown = (good[2 * kind % len(good)], good[(2 * kind + 1) % len(good)], BROKEN, SHORT)
    return Evaluation(
        bits_per_note=2.6 - 0.1 * kind,
        valid_bits_per_note=2.5 - 0.1 * kind,
        nats_per_character=1.1 - 0.03 * kind + 0.01 * seed,
        body_nats_per_character=1.3 - 0.03 * kind,
        perplexity=3.0 - 0.1 * kind,
        by_context=tuple((count, 2.5 - 0.1 * kind + 6 / count + 0.02 * seed) for count in (10, 20, 50, 100, 200)),
        samples=tuple(_sample(kind, seed, temperature) for temperature in TEMPERATURES),
        softmaxes=tuple(_softmax(temperature) for temperature in TEMPERATURES),
        at_end=_sample(kind, seed, 1.0),
        shown=(shown * 2)[kind % 4 :][:tunes],
    )


def _sample(kind: int, seed: int, temperature: float) -> Sample:
    level = 0.05 * kind + 0.01 * seed + 0.3 / temperature
    values = {quantity.name: level for quantity in SAMPLED} | {
        "valid_rate": max(0.02, 0.9 - 0.5 * temperature + 0.1 * kind),
        "copy_rate": 0.06 * kind / temperature if kind < 4 else 0.01,
        "chord_match": math.nan,
    }
    return Sample(temperature, 156, 150, 80, values)


def _softmax(temperature: float) -> Expectation:
    signs = (
        ("2", 3.0),
        ("A", 2.4),
        (" ", 2.0),
        ("|", 1.2),
        ("\n", 0.6),
        ("$", 0.2),
        ("<", 0.0),
        ("&", -0.4),
        ("B", -1.0),
    )
    powers = [math.exp(level / temperature) for _, level in signs]
    shares = tuple((sign, power / sum(powers)) for (sign, _), power in zip(signs, powers, strict=True))
    return Expectation("X:1\nM:4/4\nK:G\nGABc d2 e<f|", temperature, shares)


def invented_record(name: str, kind: int, seed: int, *, tunes: int | None = 4) -> Record:
    """One run of a setting; without an evaluation where `tunes` is None."""
    config = SETTINGS.get(name, DEFAULT).with_(seed=seed)
    summary = {"corpus": "small", "parameters": 3_000_000, "device": "cpu", "precision": "bf16", "threads": 2}
    evaluation = None if tunes is None else invented_evaluation(kind, seed, tunes)
    return Record(
        Path("runs") / name / f"seed-{seed}", name, seed, config, summary, invented_curve(kind, seed), evaluation
    )


def invented_comparison(
    *, seeds: int = 3, experiment: bool = True, scaled: float = 1.0, tunes: int | None = 4
) -> Comparison:
    """The lab's experiment in five settings, or, where it is none, a plain comparison of three runs."""
    names = list(SETTINGS) if experiment else ["lab-default", "my & <own>", "sound"]
    settings = tuple(
        Setting(name, SETTINGS.get(name, DEFAULT), records)
        for kind, name in enumerate(names)
        if (records := tuple(invented_record(name, kind, seed, tunes=tunes) for seed in range(seeds)))
    )
    scale = build_scale(settings)
    rows = build_rows(settings, scale, REAL, REPORTED if experiment else {})
    claims = build_claims(settings, rows, scale) if experiment else ()
    effects = build_effects(settings, rows) if experiment else ()
    title = "comparison.experiment" if experiment else "comparison.runs"
    references = invented_references()
    return Comparison(
        title, "oneill", settings, rows, claims, effects, ODDITIES if experiment else (), scaled, references, scale
    )


def invented_references() -> References:
    """References that know only what real tunes measure."""
    return References("", cast(Training, None), REAL)
