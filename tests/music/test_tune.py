"""Tunes as values: bars, form, playing order, transposition, fingerprint, each worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.formats.abc import parse_abc
from tunewright.music.playing import MOST_PARTS, contour, expand_parts, fingerprint, soundings
from tunewright.music.transposing import transpose
from tunewright.music.tune import Key, KeyChange, Meter, Note, Pitch, Rest, Tune


def read(music: str, key: str = "C", meter: str = "4/4", more: str = "") -> Tune:
    [tune] = parse_abc(f"X:1\n{more}M:{meter}\nL:1/8\nK:{key}\n{music}\n")
    return tune


def heard(music: str, **header: str) -> str:
    """The letters of the notes in the order in which they are played."""
    return "".join(sounding.pitch.step for sounding in soundings(read(music, **header)))


# ------------------------------------------------------------------------------------------------ bars and form


@pytest.mark.parametrize(
    ("music", "wrong"),
    [
        ("A8|B8|", []),
        ("A2|B8|c6|]", []),  # the last bar completes the pickup
        ("A2|B8|c8|]", []),
        ("A2|B8|c7|]", [2]),
        ("|:A2|B8|c6:|", []),
        ("|:A2|B8|c6:|:d2|e8|f6:|", []),
        ("|:A2|B8|c6:|:d4|e8|f6:|", [3, 5]),
        ("A8|B7|c8|", [2]),
        ("A8|B9|c8|", [2]),
        ("|:A8|B8|1c8:|2d8|]", []),
        ("|:e2|A8|1c6:|2d6|]", []),
        ("A8|B6||c2|d8|]", []),
        ("A8|B6||c8|d8|]", [2]),
        ("A8|[M:3/4]B6|c8|", [3]),
    ],
)
def test_bars_that_do_not_add_up(music: str, wrong: list[int]) -> None:
    tune = read(music)
    assert [error.number for error in tune.bar_errors] == wrong
    assert tune.irregular == bool(wrong)


def test_a_bar_error_says_where_what_and_what_was_expected() -> None:
    [error] = read("A8|B7|c8|").bar_errors
    assert str(error) == "bar 2 lasts 7/8, the metre is 1"
    assert error.line == 5


def test_measures_have_numbers_lines_and_bar_lines() -> None:
    pickup, first, second = read("A2|:B8|\nc8:|").measures
    assert [measure.number for measure in (pickup, first, second)] == [0, 1, 2]
    assert pickup.opening is None
    assert first.opening is not None
    assert first.opening.starts_repeat
    assert second.closing is not None
    assert second.closing.ends_repeat
    assert read("A2|:B8|\nc8:|").lines == (5, 5, 6)


def test_free_metre_has_no_wrong_bars() -> None:
    assert not read("A|B7|c11|", meter="none").irregular


@pytest.mark.parametrize(
    ("music", "sound"),
    [
        ("|:A8:|", True),
        ("A8:|B8:|", True),
        ("|:A8|1B8:|2c8|]", True),
        ("|:A8|B8|]", False),
        ("|:A8|1B8:|]c8|]", False),
        ("|:A8|2B8:|3c8|]", False),
    ],
)
def test_repeats_and_endings_that_do_not_match(music: str, sound: bool) -> None:
    assert (read(music).form_errors == ()) == sound


# ------------------------------------------------------------------------------------------------ playing order


@pytest.mark.parametrize(
    ("music", "order"),
    [
        ("A8|B8|]", "AB"),
        ("|:A8|B8:|", "ABAB"),
        ("A8|B8:|", "ABAB"),  # from the start
        ("A8|B8:|c8|d8:|", "ABABCDCD"),  # from the last repeat sign
        ("A8||B8|c8:|", "ABCBC"),  # from the last double bar
        ("|:A8||B8:|", "ABAB"),  # but not where a repeat was begun
        ("A8::B8:|", "AABB"),
        ("|:A8|1B8:|2c8|]", "ABAC"),
        ("|:A8|1B8:|2c8|]d8|]", "ABACD"),
        ("|:A8|1B8:|2c8||d8|e8:|", "ABACDEDE"),
        ("|:A8|[1,3 B8:|[2 c8:|]d8|", "ABACABD"),
        ("|:A8|1B8:|2c8:|3d8|]", "ABACAD"),
        ("A2|B6:|c8|]", "ABABC"),
    ],
)
def test_order_of_play(music: str, order: str) -> None:
    assert heard(music) == order


def test_parts_are_played_in_their_order() -> None:
    assert heard("P:A\nA8|\nP:B\n|:B8:|", more="P:A2BA\n") == "AABBA"
    assert heard("P:A\nA8|\nP:B\nB8|", more="P:AXB\n") == "AB"  # an order that names no part of it is not followed


@pytest.mark.parametrize(
    ("parts", "order"), [("AB", "AB"), ("(AB)2.C3", "ABABCCC"), ("((A2B)2)2", "AABAABAABAAB"), ("(A", ""), ("A)", "")]
)
def test_parts_written_out(parts: str, order: str) -> None:
    assert expand_parts(parts) == order


def test_absurd_orders_of_parts_are_not_written_out() -> None:
    assert len(expand_parts("(((((A9)9)9)9)9)9")) <= MOST_PARTS
    assert expand_parts("(" * 10_000) == ""


def test_an_ending_with_an_absurd_number_is_not_waited_for() -> None:
    assert len(soundings(read("|:ABcd:|99999999 efga|]"))) == 8
    assert len(soundings(read("|:ABcd|1-3 e4:|4 f4|]"))) == 4 * 4 + 3 + 1


def test_ties_are_joined_and_rests_are_silent() -> None:
    sounding = soundings(read("A4-A4-|A4 z2 B2|"))
    assert [(note.onset, note.length) for note in sounding] == [(0, Fraction(3, 2)), (Fraction(7, 4), Fraction(1, 4))]


# ------------------------------------------------------------------------------------------------ keys, transposition


@pytest.mark.parametrize(
    ("key", "altered"),
    [
        (Key("C"), {}),
        (Key("D"), {"F": 1, "C": 1}),
        (Key("Eb"), {"B": -1, "E": -1, "A": -1}),
        (Key("A", "minor"), {}),
        (Key("G", "dorian"), {"B": -1}),
        (Key("D", "major", (("G", 1),)), {"F": 1, "C": 1, "G": 1}),
        (Key(None), {}),
        (Key("G#"), {"F": 2, "C": 1, "G": 1, "D": 1, "A": 1, "E": 1, "B": 1}),
    ],
)
def test_signatures(key: Key, altered: dict[str, int]) -> None:
    assert key.signature == dict.fromkeys("CDEFGAB", 0) | altered


def test_midi_numbers() -> None:
    assert [Pitch("C").midi, Pitch("A", 0, 4).midi, Pitch("B", 1, 3).midi, Pitch("C", -1, 4).midi] == [60, 69, 60, 59]


TUNE = read("^F2 [_BD]|: {c}c2 B=c | [K:G] F4 G4 :| z4 a4 |]", key="Bb")


@given(st.integers(-24, 24))
def test_there_and_back_again(semitones: int) -> None:
    back = transpose(transpose(TUNE, semitones), -semitones)
    assert [note.pitch.midi for note in back.notes] == [note.pitch.midi for note in TUNE.notes]
    assert (back.key, back.music) == (TUNE.key, TUNE.music)


@given(st.integers(-24, 24))
def test_transposition_moves_every_note_and_no_length(semitones: int) -> None:
    moved = transpose(TUNE, semitones)
    assert [n.pitch.midi - o.pitch.midi for n, o in zip(moved.notes, TUNE.notes, strict=True)] == [semitones] * 8
    assert [note.length for note in moved.notes] == [note.length for note in TUNE.notes]
    assert fingerprint(moved) == fingerprint(TUNE)


def test_transposed_by_hand() -> None:
    tune = transpose(read('"Am/E"A _B c [K:Em] d', key="Am"), 2)
    assert [str(note.pitch) for note in tune.notes] == ["B4", "C5", "D5", "E5"]
    assert tune.key == Key("B", "minor")
    assert [e.key for e in tune.music if isinstance(e, KeyChange)] == [Key("F#", "minor")]


def test_fingerprint_does_not_see_the_unit_but_sees_the_notes() -> None:
    doubled = replace(
        TUNE, music=tuple(replace(e, length=2 * e.length) if isinstance(e, Note | Rest) else e for e in TUNE.music)
    )
    assert fingerprint(doubled) == fingerprint(TUNE)
    assert fingerprint(read("ABc")) != fingerprint(read("ABd"))
    assert fingerprint(read("AB2c")) != fingerprint(read("ABc"))
    assert contour(read("A")) == ()


def test_equality_looks_at_music_and_form_only() -> None:
    tune = read("A8|", meter="C|")
    assert tune == replace(tune, title="another", source="x:1", text="")
    assert tune != replace(tune, meter=Meter(4, 4))
    assert tune != replace(tune, key=Key("G"))


def test_real_tunes_sound_the_same_after_a_round_trip_of_keys() -> None:
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        pytest.skip("music21, which holds the corpora, is not installed")
    path = Path(spec.origin).parent / "corpus" / "ryansMammoth" / "AcaciaReel.abc"
    [tune] = parse_abc(path)
    for semitones in range(-11, 12):
        moved = transpose(tune, semitones)
        assert transpose(moved, -semitones).music == tune.music
        assert fingerprint(moved) == fingerprint(tune)
