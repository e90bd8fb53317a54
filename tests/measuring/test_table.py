"""The table of measures: what holds for all of them on real tunes; each is counted by hand in the test of its file."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.places import DOCS
from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import SILENCE, same
from tunewright.corpus.reading import read_corpus
from tunewright.measuring.habits import abrupt_notes
from tunewright.measuring.repetition import repetition_rate
from tunewright.measuring.styles import transition_match
from tunewright.measuring.table import (
    FAMILIES,
    MEASURES,
    REFERENCES,
    Habits,
    Style,
    fit_habits,
    mean,
    measure_each,
    measure_tunes,
)
from tunewright.music.phrases import phrase_plan
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune

IRISH = Path("../shared/data/irish.abc")
SET_MEASURES = [name for name, measure in MEASURES.items() if measure.of_set]
TUNE_MEASURES = [name for name, measure in MEASURES.items() if measure.of_tune]
KEYED = {name for name, measure in MEASURES.items() if measure.keyed}


@pytest.fixture(scope="module")
def tunes() -> tuple[Tune, ...]:
    return real_tunes(40)


@pytest.fixture(scope="module")
def style(tunes: Sequence[Tune]) -> Style:
    return Style.of(tunes)


@pytest.fixture(scope="module")
def habits(tunes: Sequence[Tune]) -> Habits:
    return fit_habits(tunes)


def test_a_set_matches_itself_and_is_matched_alike_both_ways(tunes: Sequence[Tune], style: Style) -> None:
    half = Style.of(tunes[::2])
    matches = [name for name in SET_MEASURES if MEASURES[name].unit == "match" and name != "chord_match"]
    assert len(matches) > 5
    for name in matches:
        of_set = MEASURES[name].of_set
        assert of_set
        assert of_set(style, Style.of(reversed(tunes))) == 1
        assert 0 < of_set(half, style) == pytest.approx(of_set(style, half))


def test_every_measure_is_within_its_range(tunes: Sequence[Tune], style: Style, habits: Habits) -> None:
    values = measure_tunes(tunes, style, habits)
    assert list(values) == list(MEASURES)
    assert [name for name, value in values.items() if math.isnan(value)] == ["chord_match"]
    for tune in tunes[::4]:
        for name, value in measure_tunes([tune], style, habits).items():
            assert math.isnan(value) or MEASURES[name].low - 1e-9 <= value <= MEASURES[name].high + 1e-9, name


@pytest.mark.parametrize("semitones", [-3, 2, 7])
def test_only_keyed_measures_change_with_the_key(
    tunes: Sequence[Tune], style: Style, habits: Habits, semitones: int
) -> None:
    some = tunes[::3]
    moved = [transpose(tune, semitones) for tune in some]
    before, after = (measure_tunes(each, style, habits) for each in (some, moved))
    assert {name for name in MEASURES if not same(before[name], after[name])} <= KEYED
    assert [phrase_plan(tune) for tune in moved] == [phrase_plan(tune) for tune in some]


def test_no_measure_changes_with_the_unit(tunes: Sequence[Tune], style: Style, habits: Habits) -> None:
    for tune in tunes[:10]:
        other = replace(tune, unit=tune.unit / 2)
        assert measure_tunes([other], style, habits) == pytest.approx(measure_tunes([tune], style, habits), nan_ok=True)


def test_measures_of_a_set_are_means_over_its_tunes(tunes: Sequence[Tune], style: Style, habits: Habits) -> None:
    values = measure_tunes(tunes, style, habits)
    assert values["repetition_rate"] == pytest.approx(mean(repetition_rate(tune) for tune in tunes))
    assert values["abrupt_notes"] == pytest.approx(mean(abrupt_notes(tune, habits) for tune in tunes))
    assert values["transition_match"] == transition_match(tunes, style, "degree")


def test_measures_of_each_tune_are_those_that_a_tune_has(tunes: Sequence[Tune], style: Style, habits: Habits) -> None:
    each = measure_each(tunes, habits)
    assert len(each) == len(tunes)
    assert all(list(values) == TUNE_MEASURES for values in each)
    values = measure_tunes(tunes, style, habits)
    for name in TUNE_MEASURES:
        assert same(values[name], mean(one[name] for one in each))


def test_nothing_is_measured_of_no_tunes_and_of_tunes_without_notes(style: Style, habits: Habits) -> None:
    for none in ([], [Tune(())]):
        assert all(math.isnan(value) for value in measure_tunes(none, style, habits).values())
    values = measure_tunes([SILENCE], style, habits)
    defined = {name for name, value in values.items() if not math.isnan(value)}
    assert defined == {"bar_rhythms", "bar_contours", "plan_match"}


def test_every_measure_says_what_it_is() -> None:
    for name, measure in MEASURES.items():
        assert (measure.of_tune is None) != (measure.of_set is None), name
        assert measure.family in FAMILIES
        assert measure.better in ("less", "more", "real")
        assert measure.meaning
        assert measure.unit
        assert measure.definition.__doc__
        assert measure.low < measure.high
    assert {measure.family for measure in MEASURES.values()} == set(FAMILIES)
    assert {measure.reference for measure in MEASURES.values()} >= set(REFERENCES)
    assert len({measure.meaning for measure in MEASURES.values()}) == len(MEASURES)


def test_the_page_of_measures_is_made_of_their_docstrings() -> None:
    spec = importlib.util.spec_from_file_location("measures_page", DOCS / "measures_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == (DOCS / "measures.md").read_text(encoding="utf-8"), "stale: make docs"


def test_the_mean_leaves_out_what_is_undefined() -> None:
    assert mean([1, math.nan, 3]) == 2
    assert math.isnan(mean([math.nan]))


def test_noise_is_told_from_real_tunes(tunes: Sequence[Tune], style: Style, habits: Habits) -> None:
    """The same notes in alphabetical order of their names are another music to every measure that should see it."""
    sorted_notes = []
    for tune in tunes[1::2]:
        notes = iter(sorted(tune.notes, key=lambda note: (note.pitch.midi % 5, note.pitch.midi)))
        music = tuple(next(notes) if element in tune.notes else element for element in tune.music)
        sorted_notes.append(replace(tune, music=music))
    real, noise = (measure_tunes(some, style, habits) for some in (tunes[1::2], sorted_notes))
    matches = ("transition_match", "duration_match", "interval_match", "plan_match", "harmony_match", "cadence_match")
    for name in (*matches, "interval_histogram_match", "overlap_pitch_interval", "overlap_pitch_transitions"):
        assert noise[name] < real[name], name
    assert noise["pitch_class_match"] == pytest.approx(real["pitch_class_match"], abs=0.05)  # the same notes
    assert noise["divergence_pitch_interval"] > 2 * real["divergence_pitch_interval"]
    assert noise["cadence_rate"] < real["cadence_rate"]
    assert noise["abrupt_notes"] > 2 * real["abrupt_notes"]
    assert noise["abrupt_lengths"] > 2 * real["abrupt_lengths"]


@pytest.mark.skipif(not IRISH.exists(), reason=f"{IRISH} is not here")
def test_held_out_irish_tunes_are_near_the_training_tunes() -> None:
    corpus = read_corpus(IRISH)
    values = measure_tunes((*corpus.valid, *corpus.test), Style.of(corpus.train), fit_habits(corpus.train))
    assert 0.9 < values["transition_match"] < 1
    assert 0.2 < values["repetition_rate"] < 0.4
    assert values["abrupt_notes"] < 0.01
    assert values["abrupt_lengths"] < 0.01
