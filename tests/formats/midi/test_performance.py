"""How tunes are played: exact when asked, with lilt, accents and grace notes otherwise."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.performance import BEAT, DOWNBEAT, VELOCITY, performed, speed, written
from tunewright.music.playing import soundings
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError


def tune_of(body: str, header: str = "M:4/4\nL:1/8\n") -> Tune:
    return parse_abc(f"X:1\nT:t\n{header}K:C\n{body}\n")[0]


def onsets(tune: Tune, **options: bool) -> list[Fraction]:
    return [note.onset * 8 for note in performed(tune, **options)]


def test_written_notes_are_the_tunes_own() -> None:
    for tune in real_tunes(20):
        expected = [(s.onset, s.length, p.midi) for s in soundings(tune) for p in s.pitches]
        assert [(note.onset, note.length, note.number) for note in written(tune)] == expected


def test_a_performance_has_the_same_pitches_and_never_overlaps_or_leaves_its_time() -> None:
    for tune in real_tunes(20):
        plain = replace(tune, music=tuple(replace(e, grace=()) if hasattr(e, "grace") else e for e in tune.music))
        notes = performed(plain)
        assert [note.number for note in notes] == [note.number for note in written(plain)]
        assert max(n.onset + n.length for n in notes) <= max(n.onset + n.length for n in written(plain))
        for first, second in pairwise(notes):
            assert first.length > 0
            assert first.onset == second.onset or first.onset + first.length <= second.onset


def test_hornpipes_swing_pairs_and_nothing_else() -> None:
    hornpipe = tune_of("cd e2 (3fga b>c' | c8 |", "R:hornpipe\nM:4/4\nL:1/8\n")
    fifth = Fraction(1, 5)
    expected = [0, 1 + fifth, 2, 4, 4 + Fraction(2, 3), 5 + Fraction(1, 3), 6, 7 + Fraction(1, 2), 8]
    assert onsets(hornpipe) == expected
    assert onsets(hornpipe, straight=True) == [Fraction(n) for n in (0, 1, 2, 4)] + expected[4:]


def test_the_grid_of_a_pickup_ends_at_the_bar_line() -> None:
    hornpipe = tune_of("c | cdef gabc' | d6- d |", "R:hornpipe\nM:4/4\nL:1/8\n")
    fifth = Fraction(1, 5)
    assert onsets(hornpipe)[:4] == [fifth, Fraction(1), 2 + fifth, Fraction(3)]


def test_jigs_are_even() -> None:
    assert onsets(tune_of("cde fga|", "R:jig\nM:6/8\nL:1/8\n")) == [Fraction(n) for n in range(6)]


def test_accents_mark_the_beats() -> None:
    notes = performed(tune_of("cde fga|", "M:6/8\nL:1/8\n"))
    assert [note.velocity - VELOCITY for note in notes] == [DOWNBEAT, 0, 0, BEAT, 0, 0]


def test_grace_notes_take_from_the_note_they_lean_on() -> None:
    notes = performed(tune_of("{ga}b4 c4|"))
    assert notes[0].onset == 0
    assert notes[2].onset == 2 * notes[0].length == 2 * notes[1].length
    assert notes[3].onset == Fraction(1, 2)


def test_staccato_is_half_as_long() -> None:
    assert performed(tune_of(".c4 d4|"))[0].length == Fraction(1, 4)


@pytest.mark.parametrize(
    ("header", "quarters"),
    [
        ("Q:1/4=120\n", 120),
        ("Q:3/8=100\nM:6/8\n", 150),
        ('Q:"Allegro" 1/4=132\n', 132),
        ('Q:"Allegro 1/4=1" 1/2=60\n', 120),
        ("Q:1/4 1/8=80\n", 120),
        ("Q:240\nL:1/8\n", 120),
        ("Q:C3=80\nL:1/8\nM:6/8\n", 120),
        ("R:jig\nM:6/8\n", 174),
        ('R:jig\nM:6/8\nQ:"fast"\n', 174),
        ("R:jig\nM:6/8\nQ:1/4=99999\n", 174),
        ("R:jig\nM:6/8\nQ:1/0=90\n", 174),
    ],
)
def test_speed_is_what_the_file_says_else_what_the_dance_asks(header: str, quarters: int) -> None:
    assert speed(tune_of("c", "L:1/8\n" + header if "L:" not in header else header)) == quarters


def test_tempo_counts_beats_of_the_metre() -> None:
    assert speed(tune_of("c", "M:6/8\nL:1/8\n"), 116) == 174
    assert speed(tune_of("c", "M:C|\nL:1/8\n"), 100) == 200
    with pytest.raises(RenderError, match="tempo 0: 0 quarter notes per minute in 4/4; expected 10 to 1000"):
        speed(tune_of("c"), 0)
