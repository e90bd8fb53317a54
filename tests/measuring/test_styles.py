"""Matches of sets, counted by hand."""

from __future__ import annotations

import math

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import read
from tunewright.measuring.styles import (
    Style,
    cadence_match,
    chord_match,
    harmony_match,
    histogram_match,
    plan_match,
    transition_match,
)
from tunewright.music.features import features

HALF = 1 - math.sqrt(1 / 2)  # two distributions that have half in common


def test_plan_match_compares_which_bars_return() -> None:
    aaba = [read("CDEF|CDEF|GABc|CDEF|", meter="2/4")]
    assert plan_match(aaba, [read("c2C2|c2C2|D4|c2C2|", meter="2/4")]) == 1
    # two of four events in common: JSD 1/2
    assert plan_match(aaba, [read("CDEF|CDEF|CDEF|GABc|", meter="2/4")]) == pytest.approx(1 - math.sqrt(1 / 2))


def test_transition_match_of_degrees() -> None:
    one, other = [read("CDC4z2|")], [read("CDE4z2|")]  # 1-2 2-1 against 1-2 2-3: half in common
    assert transition_match(one, other) == pytest.approx(1 - math.sqrt(1 / 2))
    assert transition_match(one, [read("G2A2G4|", "G")]) == 1  # another key and rhythm
    assert transition_match(one, [read("E2F2G4|")]) == 0


def test_transition_match_of_durations_and_intervals() -> None:
    one = [read("C2D2E4|")]
    assert transition_match(one, [read("A2B2c4|")], "duration") == 1
    assert transition_match(one, [read("A2z2B2z2|c4z4|")], "duration") == 1  # rests part no notes
    assert transition_match(one, [read("C4D4|")], "duration") == 0
    assert transition_match(one, [read("GABz5|")], "interval") == 1  # two whole tones
    assert transition_match(one, [read("EFGz5|")], "interval") == 0
    with pytest.raises(ValueError, match="'pitch' found, one of degree, duration, interval expected"):
        transition_match(one, one, "pitch")


def test_chord_match_is_relative_to_the_tonic() -> None:
    one = [read('"C"C4"Am7"A4|"Dm"D8|')]
    assert chord_match(one, [read('"G"G4"Em"E4|"Em"E4"Am/C"A4|', "G")]) == 1  # a chord said again is no transition
    assert chord_match(one, [read('"C"C4"A7"A4|"D"D8|')]) == 0
    assert chord_match(one, [read('"C"C4"Am"A4|"G"G8|')]) == pytest.approx(1 - math.sqrt(1 / 2))
    assert math.isnan(chord_match(one, [read("C4A4|D8|")]))
    assert math.isnan(chord_match([read('"C"C4"G"G4|', "none")], one))


def test_the_implied_harmony_of_bars() -> None:
    def harmonies(music: str, key: str = "C") -> list[object]:
        return [bar.harmony for bar in features(read(music, key)).bars]

    assert harmonies("C2E2G2c2|G2B2d2g2|A2c2e2a2|") == [(0, "major"), (7, "major"), (9, "minor")]
    assert harmonies("CFEFGFEF|") == [(0, "major")]  # only C E G E are on beats
    assert harmonies("C4E4|") == [(0, "major")]  # I before vi
    assert harmonies("E3BE3B|") == [(4, "minor")]  # E F on beats fit no triad alone, B makes it iii
    assert harmonies("A2c2e2a2|", "Am") == [(0, "minor")]
    assert harmonies("z8|C8|", "none") == [None, None]


def test_harmony_match() -> None:
    one = [read("C2E2G2c2|G2B2d2g2|C2E2G2c2|")]  # I V I
    assert harmony_match(one, [read("G8|z8|D4F4|G8|", "G")]) == 1
    assert harmony_match(one, [read("C8|C8|")]) == 0
    assert math.isnan(harmony_match(one, [read("C8|")]))


def test_histogram_match_of_pitch_classes_counts_from_the_tonic() -> None:
    one = [read("C4D4|")]
    assert histogram_match(one, [read("g4a4|", "G")]) == 1
    assert histogram_match(one, [read("C4E4|")]) == pytest.approx(HALF)
    assert histogram_match(one, [read("E4F4|")]) == 0
    assert math.isnan(histogram_match(one, [read("C4D4|", "none")]))


def test_histogram_match_of_intervals_and_lengths() -> None:
    one = [read("C4D4|")]
    assert histogram_match(one, [read("E2^F2z4|")], "interval") == 1
    assert histogram_match(one, [read("D4C4|")], "interval") == 0  # down is not up
    assert histogram_match(one, [read("c4G4|")], "length") == 1
    # 1, 0 against 1/3, 2/3: log2(3/2)/2 + (2/3 - 1/3)/2
    expected = 1 - math.sqrt(math.log2(3 / 2) / 2 + 1 / 6)
    assert histogram_match(one, [read("C4D2E2|")], "length") == pytest.approx(expected)
    with pytest.raises(ValueError, match="'degree' found, one of pitch class, interval, length expected"):
        histogram_match(one, one, "degree")


def test_cadence_match_looks_at_the_last_notes_of_sections() -> None:
    one = [read("C8|G8:|E8|C8:|")]  # ends on 5 and 1
    assert cadence_match(one, [read("D8|A8:|B8|D8:|", "D")]) == 1
    assert cadence_match(one, [read("C8|G8:|E8|D8:|")]) == pytest.approx(HALF)
    assert math.isnan(cadence_match(one, [read("C8|", "none")]))


def test_styles_put_together_are_the_style_of_all() -> None:
    tunes = real_tunes(10)
    whole = Style.of(tunes)
    merged = Style.merged([Style.of([features(tune)]) for tune in tunes])
    assert merged.counts == whole.counts
    assert (merged.spread.rows == whole.spread.rows).all()
    assert Style.merged([whole, whole]).counts["degree"].total() == 2 * whole.counts["degree"].total()
    assert not Style.merged([]).counts["degree"]
