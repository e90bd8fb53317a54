"""Leaps, breath and instruments, counted by hand."""

from __future__ import annotations

import math

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import SILENCE, read, same
from tunewright.measuring.playability import INSTRUMENTS, fit, leaps, longest_run, widest_leap
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune


@pytest.mark.parametrize(
    ("music", "share", "widest"),
    [
        ("C4c4|G8|", 1 / 2, 12),
        ("C4G4|", 0, 7),  # a fifth is no leap yet
        ("C4^G4|D4z4|C8|", 1 / 3, 8),  # a rest parts no notes
        ("C4C4|", 0, 0),
        ("|:C8|1c8:|2D8|]", 1, 12),  # the endings do not follow each other, C D is never looked at
        ("C8|", math.nan, math.nan),
    ],
)
def test_leaps(music: str, share: float, widest: float) -> None:
    assert same(leaps(read(music)), share)
    assert same(widest_leap(read(music)), widest)


@pytest.mark.parametrize(
    ("music", "meter", "bars"),
    [
        ("C8|D8|z8|E4z4|", "4/4", 2),
        ("C4z4|C4D4|E8|", "4/4", 2),
        ("z4C4|C4z4|", "4/4", 1),
        ("G2|C8|", "4/4", 5 / 4),
        ("C6|D6|", "6/8", 2),
        ("C8|[M:3/4]C6|", "4/4", 2),
        ("C8C4|", "none", 3 / 2),  # whole notes
        ("(3CDE(3CDE(3CDE(3CDE|", "4/4", 1),
    ],
)
def test_longest_run(music: str, meter: str, bars: float) -> None:
    assert same(longest_run(read(music, meter=meter)), bars)


@pytest.mark.parametrize(
    ("instrument", "music", "key", "share"),
    [
        ("tin_whistle", "DEFGABcd|", "D", 1),
        ("tin_whistle", "D2E2F2G2|A2B2=c2d2|", "D", 1),  # C natural is cross-fingered
        ("tin_whistle", "CDEFGABc|", "C", 6 / 8),  # no F natural, and the low or the high C
        ("tin_whistle", "D,4D4|", "D", 1),  # an octave higher
        ("tin_whistle", "D4d'4|", "D", 1 / 2),
        ("uilleann_pipes", "D4d'4|", "D", 1),
        ("highland_pipes", "G2A2B2c2|d2e2f2g2|a8|", "Amix", 1),
        ("highland_pipes", "G2A2B2=c2|", "Amix", 3 / 4),
        ("fiddle", "G,4b4|", "C", 1),
        ("fiddle", "G,4c'4|", "C", 1 / 2),
        ("recorder", "C4d'4|", "C", 1),
        ("voice", "D4g4|", "C", 1),  # an octave and a fourth
        ("voice", "D4^g4|", "C", 1 / 2),
    ],
)
def test_fit(instrument: str, music: str, key: str, share: float) -> None:
    assert fit(read(music, key), instrument) == pytest.approx(share)


@pytest.mark.parametrize("tune", real_tunes(5), ids=str)
def test_an_octave_changes_nothing_and_any_key_is_sung(tune: Tune) -> None:
    for name in INSTRUMENTS:
        assert fit(tune, name) == fit(transpose(tune, -12), name)
    assert fit(tune, "voice") == fit(transpose(tune, 5), "voice")
    assert max(fit(transpose(tune, move), "tin_whistle") for move in range(12)) >= fit(tune, "tin_whistle")


def test_a_tune_without_notes_asks_nothing() -> None:
    for tune in (Tune(()), SILENCE):
        for measure in (leaps, widest_leap, longest_run):
            assert math.isnan(measure(tune))
        assert math.isnan(fit(tune, "fiddle"))


def test_an_unknown_instrument_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="ocarina"):
        fit(read("C8|"), "ocarina")


def test_the_notes_of_instruments() -> None:
    assert {name: (min(one.notes), max(one.notes), len(one.notes)) for name, one in INSTRUMENTS.items()} == {
        "tin_whistle": (62, 83, 14),  # D E F# G A B twice, and C and C# between
        "uilleann_pipes": (62, 86, 17),
        "highland_pipes": (67, 81, 9),
        "fiddle": (55, 83, 29),
        "recorder": (60, 86, 27),
        "voice": (57, 74, 18),
    }
