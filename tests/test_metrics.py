"""Measures: each on tunes small enough to count by hand, and what holds for all of them on real tunes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from real_tunes import real_tunes

from tunewright.abcnotation import parse_abc
from tunewright.corpus import read_corpus
from tunewright.features import features
from tunewright.metrics import (
    MEASURES,
    Habits,
    Style,
    abrupt_lengths,
    abrupt_notes,
    bar_contours,
    bar_rhythms,
    chord_match,
    fit_habits,
    harmony_match,
    mean,
    measure_tunes,
    pitch_class_entropy,
    plan_match,
    repeated_ngrams,
    repetition_rate,
    transition_match,
)
from tunewright.phrases import phrase_plan, returns
from tunewright.playing import soundings
from tunewright.transposition import transpose
from tunewright.tune import Tune

IRISH = Path("../shared/data/irish.abc")
SET_MEASURES = [name for name, measure in MEASURES.items() if measure.of_set]


def read(music: str, key: str = "C", meter: str = "4/4") -> Tune:
    [tune] = parse_abc(f"X:1\nM:{meter}\nL:1/8\nK:{key}\n{music}\n")
    return tune


def same(one: float, other: float) -> bool:
    return one == pytest.approx(other, nan_ok=True)


@pytest.fixture(scope="module")
def tunes() -> tuple[Tune, ...]:
    return real_tunes(40)


@pytest.fixture(scope="module")
def style(tunes: Sequence[Tune]) -> Style:
    return Style.of(tunes)


@pytest.fixture(scope="module")
def habits(tunes: Sequence[Tune]) -> Habits:
    return fit_habits(tunes)


# ------------------------------------------------------------------------------------------------ repetition


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


# ------------------------------------------------------------------------------------------------ layering


def test_distinct_bar_rhythms_and_contours() -> None:
    tune = read("C4E4|E4C4|F4A4|C2D2E4|z4C4|C4z4|C8|")
    assert bar_rhythms(tune) == 5  # half half, quarter quarter half, rest half, half rest, whole
    assert bar_contours(tune) == 4  # up, down, up up, none


def test_a_tune_without_notes_has_no_measures() -> None:
    tune = Tune(())
    for measure in (bar_rhythms, bar_contours, repetition_rate, repeated_ngrams, pitch_class_entropy):
        assert math.isnan(measure(tune))
    assert phrase_plan(tune) == ()


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


# ------------------------------------------------------------------------------------------------ places in the bar


def places(music: str, meter: str = "4/4") -> list[tuple[float, int]]:
    return [(note.place.position, note.place.strength) for note in features(read(music, meter=meter)).melody]


@pytest.mark.parametrize(
    ("music", "meter", "expected"),
    [
        ("C4D2EF|", "4/4", [(0, 0), (1 / 2, 1), (3 / 4, 1), (7 / 8, 2)]),
        ("CDEFGA|", "6/8", [(0, 0), (1 / 8, 2), (2 / 8, 2), (3 / 8, 1), (4 / 8, 2), (5 / 8, 2)]),
        ("G2|C8|", "4/4", [(3 / 4, 1), (0, 0)]),  # a pickup lies at the end of its bar
        ("C8|D6:|G2|E8|", "4/4", [(0, 0), (0, 0), (3 / 4, 1), (0, 0)]),  # so does one in the middle
        ("|:G2|C8|1D6:|2E6|]", "4/4", [(3 / 4, 1), (0, 0), (0, 0), (0, 0)]),  # but not a second ending
        ("C4-C2D2-|D8|", "4/4", [(0, 0), (3 / 4, 1)]),
        ("C8|[M:3/4]C4D2|", "4/4", [(0, 0), (0, 0), (1 / 2, 1)]),
        ("CDE|F|", "none", [(0, 3)] * 4),
    ],
)
def test_a_note_has_a_place_in_its_bar(music: str, meter: str, expected: list[tuple[float, int]]) -> None:
    assert places(music, meter) == expected


def test_the_melody_is_what_is_heard_without_repeats(tunes: Sequence[Tune]) -> None:
    for tune in tunes:
        melody = [(note.pitch, note.length) for note in features(tune).melody]
        assert melody == [(note.pitch.midi, float(note.length)) for note in soundings(tune, unfold=False)]


def test_degrees_follow_the_key_that_holds() -> None:
    assert [note.degree for note in features(read("D2A2F2^c2|[K:G]G2B2z4|", "Dm")).melody] == [0, 7, 3, 11, 0, 4]
    assert {note.degree for note in features(read("C2D2E2F2|", "none")).melody} == {None}


# ------------------------------------------------------------------------------------------------ abruptness


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
    for music in ("|:C8|1D8:|2E8|]", "C8|[1D8|[2E8|]"):
        assert [note.follows for note in features(read(music)).melody] == [False, True, False]


# ------------------------------------------------------------------------------------------------ phrase plan


@pytest.mark.parametrize(
    ("music", "plan"),
    [
        ("CDEF|GABc|CDEF|", "A B A"),
        ("CDEF|CDEG|CDEA|CDEG|", "A A' A'' A'"),
        ("CDEF|CDAB|", "A A'"),  # half of the notes
        ("CDEF|CABc|", "A B"),
        ("C2E2|CDEF|", "A A'"),  # C and E on the same beats: 4 of 6
        ("z4|CDEF|z4|", "A B A"),
    ],
)
def test_phrase_plan(music: str, plan: str) -> None:
    assert " ".join(phrase_plan(read(music, meter="2/4"))) == plan


def test_letters_go_on_after_z() -> None:
    scale = "C4|D4|E4|F4|G4|A4|B4|c4|d4|e4|f4|g4|a4|b4|c'4|d'4|e'4|f'4|g'4|a'4|b'4|C,4|D,4|E,4|F,4|G,4|A,4|"
    assert phrase_plan(read(scale, meter="2/4"))[25:] == ("Z", "AA")


def test_bars_return_at_places_of_their_section() -> None:
    tune = read("G2|CDEF|GABc|CDEG|1CDEF:|2GABc||CDEF|GABc|", meter="2/4")
    assert list(returns(features(tune))) == [
        (0, "new", 0),  # the first G2 fills half a bar: a pickup
        (1, "new", 0),
        (2, "varied", 2),
        (3, "same", 3),
        (3, "same", 3),  # the second ending is where the first is
        (0, "same", 2),
        (1, "same", 2),
    ]


def test_plan_match_compares_which_bars_return() -> None:
    aaba = [read("CDEF|CDEF|GABc|CDEF|", meter="2/4")]
    assert plan_match(aaba, [read("c2C2|c2C2|D4|c2C2|", meter="2/4")]) == 1
    # two of four events in common: JSD 1/2
    assert plan_match(aaba, [read("CDEF|CDEF|CDEF|GABc|", meter="2/4")]) == pytest.approx(1 - math.sqrt(1 / 2))


# ------------------------------------------------------------------------------------------------ sets of tunes


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


# ------------------------------------------------------------------------------------------------ on real tunes


def test_a_set_matches_itself_and_is_matched_alike_both_ways(tunes: Sequence[Tune], style: Style) -> None:
    half = Style.of(tunes[::2])
    for name in SET_MEASURES:
        of_set = MEASURES[name].of_set
        assert of_set
        if name != "chord_match":
            assert of_set(style, Style.of(reversed(tunes))) == 1
            assert 0 < of_set(half, style) == pytest.approx(of_set(style, half))


def test_every_measure_is_within_its_range(tunes: Sequence[Tune], style: Style, habits: Habits) -> None:
    values = measure_tunes(tunes, style, habits)
    assert list(values) == list(MEASURES)
    assert [name for name, value in values.items() if math.isnan(value)] == ["chord_match"]
    for tune in tunes:
        for name, value in measure_tunes([tune], style, habits).items():
            assert math.isnan(value) or 0 <= value <= MEASURES[name].high + 1e-9, name


@pytest.mark.parametrize("semitones", [-3, 2, 7])
def test_no_measure_changes_with_the_key(tunes: Sequence[Tune], style: Style, habits: Habits, semitones: int) -> None:
    some = tunes[::3]
    moved = [transpose(tune, semitones) for tune in some]
    assert measure_tunes(moved, style, habits) == pytest.approx(measure_tunes(some, style, habits), nan_ok=True)
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
    for name in ("transition_match", "duration_match", "interval_match", "plan_match", "harmony_match"):
        assert noise[name] < real[name]
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
