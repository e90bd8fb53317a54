"""Late as a whole, held for a part, spread by chance: a tune is read as the page has it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_tunes import real_tunes
from tunewright.formats.midi.listening.performances import Performance
from tunewright.formats.midi.listening.quantizing import EXACT, WHOLE, TimedNote
from tunewright.formats.midi.listening.timing import CELL, filled, lateness
from tunewright.formats.midi.listening.transcription import transcribe
from tunewright.formats.midi.performance import written
from tunewright.music.playing import soundings
from tunewright.music.tune import Rest, Tune

TICK = WHOLE // 1920  # of 480 to a quarter
EIGHTH = WHOLE // 8
Heard = list[tuple[Fraction, Fraction, int]]


def timed(tune: Tune) -> list[TimedNote]:
    return [TimedNote(int(n.onset * WHOLE), int(n.length * WHOLE), n.number) for n in written(tune)]


def heard(tune: Tune) -> Heard:
    notes = soundings(tune)
    return [(note.onset - notes[0].onset, note.length, note.pitch.midi) for note in notes]


def read(notes: list[TimedNote], tune: Tune) -> Tune:
    return transcribe(Performance(tuple(notes), ((0, tune.meter),), ((0, (tune.key.sharps, False)),)))


def simple(count: int) -> list[Tune]:
    """Real tunes in one metre, from its first beat on."""
    return [tune for tune in real_tunes(count) if tune.measures[0].full and len(tune.notes) > 24 and not tune.irregular]


@pytest.mark.parametrize("ticks", [5, 16, 30, 47, 60, 77, 104, 117])
def test_a_melody_that_is_late_is_moved(ticks: int) -> None:
    late = ticks * TICK
    for tune in simple(12):
        plain = timed(tune)
        moved = [TimedNote(note.onset + late, note.length, note.number) for note in plain]
        assert abs(lateness(sorted({note.onset for note in moved})) - late) <= EXACT, tune.source
        back = read(moved, tune)
        assert heard(back) == heard(read(plain, tune)), tune.source
        assert "all notes late by the same time, moved" in {repair.what for repair in back.repairs}


def test_what_is_on_time_is_not_late() -> None:
    for tune in real_tunes(60):
        assert lateness(sorted({note.onset for note in timed(tune)})) == 0, tune.source


@given(st.lists(st.integers(0, 10**7), max_size=60))
def test_nothing_is_late_by_more_than_a_sixteenth(onsets: list[int]) -> None:
    assert abs(lateness(sorted(set(onsets)))) <= CELL + EXACT


@pytest.mark.parametrize("part", [Fraction(2, 3), Fraction(3, 4), Fraction(5, 6)])
def test_notes_held_for_a_part_of_their_place_fill_it(part: Fraction) -> None:
    for tune in simple(12):
        if any(isinstance(element, Rest) for element in tune.music):
            continue
        plain = timed(tune)
        detached = [TimedNote(note.onset, int(note.length * part), note.number) for note in plain]
        back = read(detached, tune)
        assert heard(back)[:-1] == heard(read(plain, tune))[:-1], tune.source
        assert [r.detail for r in back.repairs if r.what.startswith("notes held for a part")] == [str(part)]


def test_a_rest_after_a_detached_note_stays_one() -> None:
    notes = [TimedNote(2 * place * EIGHTH, EIGHTH * 3 // 2, 60 + place % 5) for place in range(15)]
    notes[7] = TimedNote(notes[7].onset, EIGHTH * 3 // 4, 62)  # an eighth, and an eighth of rest
    assert [note.length for note in filled(notes, [])] == [2 * EIGHTH] * 7 + [EIGHTH] + [2 * EIGHTH] * 7


@pytest.mark.parametrize("parts", [(Fraction(1, 2),), (Fraction(1),), (Fraction(1), Fraction(1, 2), Fraction(3, 4))])
def test_staccato_breaths_and_rests_here_and_there_are_left_as_they_are(parts: tuple[Fraction, ...]) -> None:
    notes = [TimedNote(n * EIGHTH, int(EIGHTH * parts[n % len(parts)]), 60 + n % 5) for n in range(40)]
    assert filled(notes, []) == notes


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([12, 20]))
def test_spread_eighths_are_eighths(seed: int, milliseconds: int) -> None:
    rng = np.random.default_rng(seed)
    deviations = np.clip(rng.normal(0, milliseconds, 64), -2 * milliseconds, 2 * milliseconds)
    onsets = [max(0, n * EIGHTH + round(by * TICK * 0.96)) for n, by in enumerate(deviations.tolist())]
    notes = [TimedNote(onset, EIGHTH - 10 * TICK, 60 + (7 * n) % 12) for n, onset in enumerate(onsets)]
    for meter in ("C|", "6/8"):
        tune = next(tune for tune in real_tunes(200) if str(tune.meter) == meter)
        back = read(notes, tune)
        assert {sound.onset % Fraction(1, 8) for sound in soundings(back)} == {0}


def test_an_onset_that_hits_a_fine_grid_by_chance_says_nothing() -> None:
    late = [0, 5, -9, 15, -4, 11, -7, 6] * 6  # ticks; 15 is a 128th
    notes = [TimedNote(max(0, n * EIGHTH + by * TICK), EIGHTH * 9 // 10, 60 + n % 7) for n, by in enumerate(late)]
    tune = next(iter(real_tunes(1)))
    assert {sound.onset.denominator for sound in soundings(read(notes, tune))} <= {1, 2, 4, 8}
