"""What is rare at a place of the bar, and where sections end, counted by hand."""

from __future__ import annotations

import math

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import read
from tunewright.measuring.habits import Habits, abrupt_lengths, abrupt_notes, cadence_rate, fit_habits


@pytest.fixture(scope="module")
def habits() -> Habits:
    return fit_habits(real_tunes(40))


def test_abrupt_is_what_is_rare_at_its_place_of_the_bar() -> None:
    # 1,001 bars C4 E4 in 4/4: to the third beat a rise by 4 each time, to the first a fall by 4; one bar leaps a fifth
    habits = fit_habits([read("C4E4|" * 1000 + "C4G4|")])
    assert abrupt_notes(read("C4E4|C4E4|"), habits) == 0
    assert abrupt_notes(read("C4G4|"), habits) == 1  # once in 1,001
    assert abrupt_notes(read("C4E4|G4B4|"), habits) == pytest.approx(1 / 3)  # up a third to the first beat
    assert abrupt_notes(read("C8|[M:3/4]E6|"), habits) == 1  # an unseen metre: the beginning of any bar
    assert abrupt_notes(read("C2E2|", meter="6/4"), habits) == 0  # the only kind of place seen for a later beat
    assert abrupt_notes(read("C3E5|C3E5|"), habits) == 0  # never seen between beats: anywhere
    assert abrupt_lengths(read("C4E4|C4E4|"), habits) == 0
    assert abrupt_lengths(read("C4E4|C2E6|"), habits) == pytest.approx(2 / 3)  # 4 2, 2 6


def test_what_was_seen_once_in_a_thousand_is_not_abrupt() -> None:
    habits = fit_habits([read("C4E4|" * 999 + "C4G4|")])
    assert abrupt_notes(read("C4G4|"), habits) == 0


def test_abruptness_is_undefined_without_enough_habits_or_notes(habits: Habits) -> None:
    for measure in (abrupt_notes, abrupt_lengths):
        assert math.isnan(measure(read("C8|"), habits))
        assert math.isnan(measure(read("C4E4|"), fit_habits([read("C4E4|" * 100)])))
        assert not math.isnan(measure(read("C4E4|"), habits))


def test_a_first_ending_does_not_lead_to_the_second() -> None:
    habits = fit_habits([read("C4E4|" * 1001)])
    assert abrupt_notes(read("|:C4E4|1C4E4:|2C4E4|]"), habits) == 0


def test_a_section_ends_where_one_in_twenty_do() -> None:
    to_c, to_g = read("G8|C8|]"), read("C8|G8|]")
    tune = read("D8|G8:|A8|C8:|B8|E8|]")
    assert fit_habits([to_c] * 95 + [to_g] * 5).ends == {0, 7}
    assert cadence_rate(tune, fit_habits([to_c] * 95 + [to_g] * 5)) == pytest.approx(2 / 3)
    assert cadence_rate(tune, fit_habits([to_c] * 96 + [to_g] * 4)) == pytest.approx(1 / 3)
    assert cadence_rate(read("A8|D8|]", "D"), fit_habits([to_c] * 100)) == 1  # in any key


def test_a_cadence_is_undefined_without_a_tonic_or_enough_sections() -> None:
    to_c = read("G8|C8|]")
    assert math.isnan(cadence_rate(to_c, fit_habits([to_c] * 99)))
    assert math.isnan(cadence_rate(read("G8|C8|]", "none"), fit_habits([to_c] * 100)))


def test_most_sections_of_real_tunes_end_on_the_tonic(habits: Habits) -> None:
    assert 0 in habits.ends
    assert len(habits.ends) < 6
