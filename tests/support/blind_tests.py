"""Listening tests without music, and raters who hear how strong each source is, by chance of tunes and tastes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from tunewright.judging.listening.answers import Answer, Rater
from tunewright.judging.listening.design import BlindTest, Compared, Heard, Stimulus
from tunewright.judging.listening.planning import plan_items, plan_sheets
from tunewright.judging.listening.questions import MACHINE, PAIRS, QUESTIONS

WHEN = "2026-11-29T12:00:00Z"
NAMES = ("real", "base", "mine", "other", "fifth")


def invented(kind: str = PAIRS, sources: int = 3, items: int = 12, seed: int = 0) -> BlindTest:
    """A test whose first source is of real tunes; its tunes have a measure that is their source, and one of chance."""
    chance = random.Random(seed)
    planned = plan_items(kind, sources, items, 0)
    stimuli: list[Stimulus] = []
    found: list[Heard] = []
    for number, slots in enumerate(planned):
        ids = []
        for slot in slots:
            ids.append(f"t{chance.getrandbits(32):08x}")
            measures = {"its_source": float(slot.source), "chance": chance.random(), "same": 1.0, "none": math.nan}
            words = ("X:1\nK:C\nCDEF|\n",) * 2
            stimuli.append(
                Stimulus(ids[-1], slot.source, "A title", *words, "4/4", "C major", "", 20.0, -14.0, measures)
            )
        found.append(Heard(f"i{number:08x}", tuple(ids)))
    kinds = ("real", *("run",) * (sources - 1))
    compared = tuple(Compared(name, kind) for name, kind in zip(NAMES, kinds, strict=False))
    sheets = tuple(plan_sheets(kind, items, chance))
    about = (f"l{seed:016x}", "A test", kind, QUESTIONS[kind], 16, seed, "en")
    return BlindTest(*about, compared, tuple(stimuli), tuple(found), sheets)


def simulated(
    test: BlindTest,
    strengths: Sequence[float],
    raters: int,
    seed: int = 0,
    *,
    of_tunes: float = 0.0,
    of_raters: float = 0.0,
) -> list[Rater]:
    """Raters who choose as Bradley and Terry say, or rate by strength; how much tunes and tastes differ may be said.

    A strength is a logit; of "machine or not" the logit with which a tune is taken for a machine's is minus that.
    """
    chance = np.random.default_rng(seed)
    worth = {one.id: strengths[one.source] + chance.normal(0, of_tunes or 1e-9) for one in test.stimuli}
    found = []
    for number in range(raters):
        taste = chance.normal(0, of_raters or 1e-9, size=len(strengths))
        felt = {one.id: worth[one.id] + taste[one.source] for one in test.stimuli}
        sheet = number % len(test.sheets)
        answers = []
        for heard in test.order(sheet):
            tunes = heard["tunes"]
            values = {question: _said(test.kind, tunes, felt, chance) for question in test.questions}
            answers.append(Answer(heard["item"], tunes[0], values, 30.0, (1.0,) * len(tunes)))
        found.append(Rater(f"{seed:04x}{number:012x}", sheet, tuple(answers), WHEN, WHEN, WHEN, 6))
    return found


def _said(kind: str, tunes: Sequence[str], felt: dict[str, float], chance: np.random.Generator) -> int | bool | str:
    if kind == PAIRS:
        first, second = tunes
        return first if chance.random() < _logistic(felt[first] - felt[second]) else second
    if kind == MACHINE:
        return bool(chance.random() < _logistic(-felt[tunes[0]]))
    return int(np.clip(round(3 + felt[tunes[0]] + chance.normal(0, 1)), 1, 5))


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
