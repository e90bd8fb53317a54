"""Entropies, scales and ranges, counted by hand."""

from __future__ import annotations

import math

import pytest

from tests.support.short_tunes import SILENCE, read, same
from tunewright.measuring.pitch_content import pitch_class_entropy, pitch_entropy, pitch_range, scale_consistency
from tunewright.music.tune import Tune


@pytest.mark.parametrize(
    ("music", "bars", "bits"),
    [
        ("C2E2G2B2|", 1, 2),
        ("C8|", 1, 0),
        ("C2c2C2c2|", 1, 0),  # octaves are one class
        ("C4E4|G8|", 1, 1 / 2),  # the mean of 1 and 0
        ("C8|E8|z8|", 2, 1 / 2),  # C E: 1; E: 0
        ("C6E2|", 1, 1),  # lengths do not count
        ("C8-|C4E4|", 1, 0),  # a note counts where it begins
        ("C8|D8|E8|F8|", 4, 2),
        ("C8|D8|E8|", 4, math.nan),
    ],
)
def test_pitch_class_entropy(music: str, bars: int, bits: float) -> None:
    assert same(pitch_class_entropy(read(music), bars), bits)


@pytest.mark.parametrize(
    ("music", "bits"),
    [
        ("C2E2G2c2|", 2),  # octaves are told apart
        ("C2C2C2E2|", 2 - 3 / 4 * math.log2(3)),
        ("C7E|", 1),  # lengths do not count
        ("C8-|C8|", 0),
    ],
)
def test_pitch_entropy(music: str, bits: float) -> None:
    assert same(pitch_entropy(read(music)), bits)


@pytest.mark.parametrize(
    ("music", "key", "share"),
    [
        ("CDEFGABc|", "C", 1),
        *(("CDEFGABc|", key, 1) for key in ("Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B", "Cm", "Bm")),
        ("CDE^F^G2B2|", "C", 5 / 6),  # E major has E F# G# B; G major all but G#
        ("C2^C2D2^D2|E2F2^F2G2|^G2A2^A2B2|", "C", 7 / 12),
        ("C2D2^D2E2|", "C", 3 / 4),  # no scale has three neighbours
    ],
)
def test_scale_consistency(music: str, key: str, share: float) -> None:
    assert same(scale_consistency(read(music, key)), share)


def test_pitch_range_is_from_the_lowest_to_the_highest_melody_note() -> None:
    assert pitch_range(read("C4c4|")) == 12
    assert pitch_range(read("[CE]8|E8|")) == 0
    assert pitch_range(read("{c}C8|")) == 0


def test_a_tune_without_notes_has_no_pitches() -> None:
    for measure in (pitch_class_entropy, pitch_entropy, scale_consistency, pitch_range):
        assert math.isnan(measure(Tune(())))
        assert math.isnan(measure(SILENCE))
