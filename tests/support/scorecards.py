"""Scorecards of a few real tunes and of broken ones, for the tests of what shows scorecards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from tests.support.small_runs import corpus_of, real_tunes
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.sources import Dropped
from tunewright.formats.abc import format_abc
from tunewright.formats.abc.validity import judge
from tunewright.judging.scorecard import Certificate, Drawn, FrontierPoint, Scorecard, Value
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import build_yardstick
from tunewright.measuring.two_sample import Tell, TwoSample
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune

HOSTILE = 'X:1\nT:<script>alert(1)</script> & "co"\nM:2/4\nL:1/8\nK:C\nCDEF|GABc|cBAG|FEDC|]\n'
WRONG_BAR = "X:1\nT:Too Long\nM:4/4\nL:1/8\nK:G\nGABc defg|GABc defgab|g4 d4|G8|]\n"
SILENT = "X:1\nT:Silence\nM:4/4\nL:1/4\nK:C\nz4|z4|z4|z4|]\n"
UNREADABLE = "no tune at all"
COPY = 2  # the place on the card of the tune that is a copy of a training tune
SURPRISED = 0  # and of the one whose surprises are told


def corpus() -> Corpus:
    """Twenty-five tunes to compare with, fifteen held out."""
    tunes = real_tunes()
    return corpus_of(tunes[:25], tunes[25:32], tunes[32:40])


def candidates(texts: Sequence[str]) -> list[Certificate[Tune]]:
    """Texts as tunes to be judged."""
    found = []
    for number, text in enumerate(texts):
        tune, problem = judge(text)
        found.append(Certificate(f"mine.abc:{number}", tune.title if tune else "", tune, problem, text))
    return found


@cache
def copied_text() -> str:
    """A training tune in another key, under another title."""
    return format_abc(replace(transpose(real_tunes()[3], 2), title="My Own", text=""))


@cache
def plain_card() -> Scorecard[Tune]:
    """Eight tunes against the corpus: real ones, a copy, and four that something is wrong with."""
    others = [tune.text for tune in real_tunes()[45:48]]
    texts = [*others[:2], copied_text(), HOSTILE, WRONG_BAR, SILENT, UNREADABLE, others[2]]
    unread = (Dropped("mine.abc:900", "no key"),)
    return score(candidates(texts), build_yardstick(corpus(), learned=True), title="mine.abc", unread=unread)


def full_card() -> Scorecard[Tune]:
    """The same as if it were of a run, with all that a scorecard can have; numbers by hand."""
    card = plain_card()
    return replace(
        card,
        two_sample=told_apart(0.83),
        bits_per_note=Value(3.1, 3.0, 3.2),
        drawn=Drawn("runs/one", 0.9, 7, 0.25, 8, 0.5, 0.031),
        frontier=(point(0.6, 0.8, 0.4, 0.7), point(1.0, 0.7, 0.6, 0.3)),
        knee=1,
        each=tuple(replace(one, bits_per_note=2.0 + place) for place, one in enumerate(card.each)),
    )


def told_apart(auc: float, *, enough: bool = True) -> TwoSample:
    """A test that gave so much, with one tell of each kind."""
    keys = ("range", "steps", "degrees:7-b3", "interval:-13", "interval:1", "interval:0", "length:1/4")
    tells = tuple(Tell(key, key, 0.5, 0.25, 0.9) for key in keys)
    return TwoSample(auc, auc - 0.05, auc + 0.05, 300, enough, tells, 0.51, (0.5, 0.52))


def point(temperature: float, style: float, originality: float, raw: float) -> FrontierPoint:
    """A setting of the frontier."""
    return FrontierPoint(
        temperature, "model.safetensors", 500, 40, Value(1.0, 1.0, 1.0, 0.8), raw, 0.03,
        Value(style, style - 0.05, style + 0.05, 0.85), Value(originality, math.nan, math.nan, 0.5),
        Value(0.05, 0.0, 0.1, 0.02), Value(9.0, 8.0, 10.0, 10.0), 1.5, "style",
    )  # fmt: skip
