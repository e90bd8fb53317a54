"""Which texts name chords, and which notes those have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.music.chord_symbols import parse_chord
from tunewright.music.transposing import transpose
from tunewright.music.tune import ChordSymbol, Note, Pitch, Tune

NOTES = {  # every note from the root up, C 0 to B 11
    "C": [0, 4, 7],
    "Am": [9, 0, 4],
    "Ami": [9, 0, 4],
    "A-": [9, 0, 4],
    "G7": [7, 11, 2, 5],
    "G7sus4": [7, 0, 2, 5],
    "G(add9)": [7, 11, 2, 9],
    "Cmaj7": [0, 4, 7, 11],
    "C(maj7)": [0, 4, 7, 11],
    "CΔ": [0, 4, 7, 11],
    "Cm(maj7)": [0, 3, 7, 11],
    "A-7": [9, 0, 4, 7],
    "H7": [11, 3, 6, 9],
    "Hm": [11, 2, 6],
    "B°7": [11, 2, 5, 8],
    "Bdim": [11, 2, 5],
    "Bø": [11, 2, 5, 9],
    "F♯m7b5": [6, 9, 0, 4],
    "B♭": [10, 2, 5],
    "C+": [0, 4, 8],
    "C+7": [0, 4, 8, 10],
    "C7+9": [0, 4, 7, 10, 3],
    "C7-9": [0, 4, 7, 10, 1],
    "C7(b5,#9)": [0, 4, 6, 10, 3],
    "C6": [0, 4, 7, 9],
    "C6/9": [0, 4, 7, 9, 2],
    "C9": [0, 4, 7, 10, 2],
    "C13": [0, 4, 7, 10, 2, 9],
    "C5": [0, 7],
    "Csus2": [0, 2, 7],
    "C(no3)": [0, 7],
    "(Am)": [9, 0, 4],
    "G; D": [7, 11, 2],
}
WORDS = ("", "Fine", "D.C.", "Segno", "H", "Coda", "Allegro", "A.B.", "C maj7 then", "^rit.", "C(", "Ho ho", "(")


@pytest.mark.parametrize("text", NOTES)
def test_a_chord_has_these_notes(text: str) -> None:
    chord = parse_chord(text)
    assert chord is not None
    assert {(chord.root + interval) % 12 for interval in chord.intervals} == set(NOTES[text])
    assert chord.root == chord.bass == NOTES[text][0]


@pytest.mark.parametrize(("text", "bass"), [("Bb/D", 2), ("C/e", 4), ("(C/E)", 4), ("Am7/G", 7), ("H7/D#", 3)])
def test_a_bass_note_after_a_slash(text: str, bass: int) -> None:
    chord = parse_chord(text)
    assert chord is not None
    assert chord.bass == bass
    assert bass in chord.pitch_classes


@pytest.mark.parametrize("text", ["N.C.", "NC", "n.c.", "(N.C.)", "no chord"])
def test_no_chord_is_silence(text: str) -> None:
    chord = parse_chord(text)
    assert chord is not None
    assert chord.silent


@pytest.mark.parametrize("text", WORDS)
def test_other_words_are_no_chords(text: str) -> None:
    assert parse_chord(text) is None


@given(st.text("ABCGHabm#♭7913+-()/,;°øΔsudi.N ", max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    chord = parse_chord(text)
    assert chord is None or (
        0 <= chord.root < 12 and 0 <= chord.bass < 12 and list(chord.intervals) == sorted(chord.intervals)
    )


@pytest.mark.parametrize(
    "text", ["C" + "1" * 60 + "x", "C" + "1" * 10**6, "(" * 10**6, "C" + "/" * 10**6, "C(" * 10**5]
)
def test_an_absurd_text_is_no_chord_and_is_read_at_once(text: str) -> None:
    assert parse_chord(text) is None


@pytest.mark.parametrize("text", NOTES)
def test_a_chord_is_transposed_with_its_tune(text: str) -> None:
    note = Note((Pitch("C"),), 1)  # type: ignore[arg-type]
    [moved] = [e for e in transpose(Tune((ChordSymbol(text), note)), 2).music if isinstance(e, ChordSymbol)]
    before, after = parse_chord(text), parse_chord(moved.text)
    assert before is not None
    assert after is not None
    assert (after.root, after.bass) == ((before.root + 2) % 12, (before.bass + 2) % 12)
    assert after.intervals == before.intervals
