"""Repetition, counted by hand."""

from __future__ import annotations

import math

import pytest

from tests.support.short_tunes import read, same
from tunewright.measuring.repetition import repeated_ngrams, repetition_rate
from tunewright.music.tune import Tune


@pytest.mark.parametrize(
    ("music", "bars", "share"),
    [
        ("C4E4|G8|C4E4|C8|", 1, 1 / 4),
        ("C8|C8|C8|C8|", 1, 3 / 4),
        ("C8|C8|C8|C8|", 2, 2 / 3),  # a phrase begins at every bar
        ("C8|D8|C8|D8|E8|", 2, 1 / 4),
        ("C8|D8|E8|F8|C8|D8|E8|F8|", 4, 1 / 5),
        ("|:C8|D8:|", 1, 0),  # as written: a repeat sign repeats nothing
        ("C4C4|C8|", 1, 0),  # the same pitches in another rhythm
        ("C4-C4|C8|", 1, 1 / 2),  # a tie within a bar is one note
        ("[CE]8|E8|", 1, 1 / 2),  # the top note of a chord
        ("{D}C8|C8|", 1, 1 / 2),
        ("C4z4|C4E4|", 1, 0),
        ("G2|C8|C8|C6:|G2|D8|", 1, 1 / 4),  # pickups are not among the bars: C8 C8 C6 D8
        ("C8|", 1, math.nan),
        ("C8|D8|", 2, math.nan),
    ],
)
def test_repetition_rate(music: str, bars: int, share: float) -> None:
    assert same(repetition_rate(read(music), bars), share)


@pytest.mark.parametrize(
    ("music", "bars", "share"),
    [
        ("C4E4|F4A4|", 1, 1 / 2),
        ("C4E4|D4F4|", 1, 0),  # a third of another size
        ("C4E4|F4A4|D4^F4|G4B4|", 2, 1 / 3),
        ("z8|C8|z8|", 1, 1 / 3),
    ],
)
def test_repetition_up_to_transposition(music: str, bars: int, share: float) -> None:
    assert repetition_rate(read(music), bars, transposed=True) == pytest.approx(share)


@pytest.mark.parametrize(
    ("music", "n", "share"),
    [
        ("CDEFCDEF|", 4, 1 / 5),  # CDEF DEFC EFCD FCDE CDEF
        ("CDEFC2DEF|", 4, 0),
        ("CDzCDzzz|", 2, 1 / 3),  # CD DC CD
        ("CDEF|", 4, math.nan),
    ],
)
def test_repeated_ngrams(music: str, n: int, share: float) -> None:
    assert same(repeated_ngrams(read(music), n), share)


def test_a_tune_without_notes_repeats_nothing() -> None:
    assert math.isnan(repetition_rate(Tune(())))
    assert math.isnan(repeated_ngrams(Tune(())))
