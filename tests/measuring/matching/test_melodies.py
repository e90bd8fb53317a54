from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.measuring.matching.melodies import build_written, melody, read_melody
from tunewright.music.playing import contour, soundings
from tunewright.music.tune import Tune


def tune_of(body: str, header: str = "L:1/8\nK:D") -> Tune:
    return parse_abc(f"X:1\nT:\nM:4/4\n{header}\n{body}")[0]


def test_the_melody_is_the_contour_with_repeats_unfolded() -> None:
    for tune in real_tunes(20):
        pitches = [note.pitch.midi for note in soundings(tune)]
        assert [step for step, _ in melody(tune)] == [after - before for before, after in pairwise(pitches)]
    for tune in real_tunes(60):
        if len(soundings(tune)) == len(soundings(tune, unfold=False)):
            assert [(step, Fraction(*ratio)) for step, ratio in melody(tune)] == list(contour(tune))
    assert len(melody(tune_of("|:DEFG:|"))) == 7


def test_gaps_are_those_from_onset_to_onset() -> None:
    for tune in real_tunes(20):
        heard = soundings(tune)
        gaps = [after.onset - before.onset for before, after in pairwise(heard)] + [note.length for note in heard[-1:]]
        assert list(read_melody(tune).gaps) == gaps


def test_ties_rests_graces_and_chords_as_defined() -> None:
    plain = melody(tune_of("D2E4F2|G8|"))
    assert melody(tune_of("DzE2-E2{g}F2|[DG]8|")) == plain
    assert melody(tune_of("zD2E4F2|G8 z4|")) == plain


def test_written_notes_are_those_that_sound() -> None:
    tunes = real_tunes(20)
    melodies = [read_melody(tune) for tune in tunes]
    written = build_written(melodies)
    for number, (tune, one) in enumerate(zip(tunes, melodies, strict=True)):
        for place, pitch in enumerate(one.pitches):
            notes = written.of(number, place, place + 1)
            assert {tune.notes[note].pitch.midi for note in notes} == {pitch}
            assert written.of_each(number, [place]) == set(notes)
        assert written.of_each(number, range(len(one))) == set(written.of(number, 0, len(one)))
        assert set(written.of(number, 0, len(one))) <= set(range(len(tune.notes)))


def test_written_notes_counted_by_hand() -> None:
    tune = tune_of("|:D2E2-|1E4:|2F4|]")  # heard: D, E tied over the bar, D, E, F
    written = build_written([read_melody(replace(tune, music=())), read_melody(tune)])
    assert [written.of(1, place, place + 1) for place in range(5)] == [(0,), (1, 2), (0,), (1,), (3,)]
    assert written.of(1, 1, 5) == (0, 1, 2, 3)
    assert written.of_each(1, [0, 3, 4]) == {0, 1, 3}
    assert written.of(0, 0, 0) == ()
