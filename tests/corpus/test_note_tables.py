"""Rows say of each note what the tune says, bars add up in them, and degrees are the same in every key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import groupby, pairwise

import pytest

from tests.support.real_tunes import collection
from tunewright.corpus.note_tables import (
    NOTES,
    TUNES,
    Label,
    NoteRow,
    TooLong,
    TuneRow,
    clean,
    note_rows,
    tune_row,
)
from tunewright.formats.abc import parse_abc
from tunewright.music.features import features
from tunewright.music.playing import played, soundings
from tunewright.music.transposing import transpose
from tunewright.music.tune import Bar, Ending, Note, Pitch, Rest, Tune
from tunewright.support.tables import misfit

LABEL = Label("0123456789ab", "train", "ba9876543210")
RELATIVE = ("degree", "degree_octave", "alteration", "semitones", "strength", "position", "onset", "heard", "bar_index")


@cache
def tunes() -> tuple[Tune, ...]:
    """Every eleventh tune of three collections, and all that change key or metre."""
    every = [tune for name in ("oneill", "ryan", "aird") for tune in collection(name)]
    changing = [tune for tune in every if any(type(one).__name__.endswith("Change") for one in tune.music)]
    assert len(changing) > 10
    return (*every[::11], *changing)


def tune(body: str, header: str = "M:4/4\nL:1/4\nK:D\n") -> Tune:
    return parse_abc(f"X:1\nT:A tune\n{header}{body}\n")[0]


def rows_of(tune: Tune, *, unfold: bool = False) -> list[NoteRow]:
    return note_rows(tune, LABEL, unfold=unfold)


def values(rows: Sequence[NoteRow], *names: str) -> list[tuple[object, ...]]:
    return [tuple(getattr(row, name) for name in names) for row in rows]


def test_rows_have_the_columns_of_the_tables() -> None:
    assert NoteRow._fields == tuple(column.name for column in NOTES.columns)
    assert TuneRow._fields == tuple(column.name for column in TUNES.columns)
    assert not any(misfit(NOTES, rows_of(one)) for one in tunes()[:20])


def test_every_written_note_is_a_row() -> None:
    for one in tunes():
        rows = rows_of(one)
        assert len(rows) == len(one.notes)
        for row, note in zip(rows, one.notes, strict=True):
            assert Fraction(row.length, 4 * row.ticks) == note.length
            assert (row.pitch, row.spelling, row.tied) == (note.pitch.midi, str(note.pitch), note.tied)
            assert row.grace.split() == [str(pitch) for pitch in note.grace]
            assert row.chord.split() == [str(pitch) for pitch in note.pitches[:-1]]
        assert [row.written for row in rows] == [row.note for row in rows] == list(range(len(rows)))


@pytest.mark.parametrize("unfold", [False, True])
def test_what_is_heard_is_what_is_played(unfold: bool) -> None:
    for one in tunes():
        heard = [row for row in rows_of(one, unfold=unfold) if not row.continues]
        expected = soundings(one, unfold=unfold)
        assert [
            (Fraction(row.onset, 4 * row.ticks), Fraction(row.heard, 4 * row.ticks), row.pitch) for row in heard
        ] == [(note.onset, note.length, note.pitch.midi) for note in expected]


@pytest.mark.parametrize("unfold", [False, True])
def test_notes_and_silences_add_up_to_the_tune(unfold: bool) -> None:
    for one in tunes():
        rows = rows_of(one, unfold=unfold)
        about = tune_row(one, LABEL, rows, 0)
        elements = played(one) if unfold else one.music
        total = sum((element.length for element in elements if isinstance(element, Note | Rest)), Fraction(0))
        assert Fraction(about.length, 4 * about.ticks) == total
        assert rows[0].onset + sum(row.length + row.rest for row in rows) == about.length
        for row, after in pairwise(rows):
            assert row.onset + row.length + row.rest == after.onset


def test_bars_add_up() -> None:
    for one in tunes():
        silent = {
            index
            for index, bar in enumerate(one.measures)
            if any(isinstance(element, Rest) for element in one.music[bar.start : bar.stop])
        }
        for index, group in groupby(rows_of(one), lambda row: row.bar_index):
            bar, rows = one.measures[index], list(group)
            assert {row.bar for row in rows} == {bar.number}
            if index not in silent:
                assert Fraction(sum(row.length for row in rows), 4 * rows[0].ticks) == bar.length


def test_a_bar_played_twice_is_two_and_each_adds_up() -> None:
    for one in tunes():
        if any(isinstance(element, Rest) for element in one.music) or any(
            isinstance(before, Note) and isinstance(after, Ending) for before, after in pairwise(one.music)
        ):
            continue  # a silence is no row; an ending that begins within a bar cuts it
        lengths = {measure.number: measure.length for measure in one.measures}
        for _, group in groupby(rows_of(one, unfold=True), lambda row: row.bar_index):
            rows = list(group)
            assert Fraction(sum(row.length for row in rows), 4 * rows[0].ticks) == lengths[rows[0].bar]
            assert [row.position for row in rows] == sorted({row.position for row in rows})


def test_places_and_degrees_are_those_that_the_measures_see() -> None:
    for one in tunes():
        heard = [row for row in rows_of(one) if not row.continues]
        assert len(heard) == len(features(one).melody)
        for row, note in zip(heard, features(one).melody, strict=True):
            strength = note.place.strength
            assert (row.meter, row.strength, row.semitones) == (note.place.meter, strength, note.degree)
            assert row.onset_quarters == 4 * note.onset
            if strength != 3:
                assert row.position_quarters == 4 * note.place.position


@pytest.mark.parametrize("unfold", [False, True])
def test_degrees_are_the_same_in_every_transposition(unfold: bool) -> None:
    for one in tunes()[::8] + tunes()[-12:]:
        expected = values(rows_of(one, unfold=unfold), *RELATIVE)
        for semitones in (-7, -1, 2, 3, 6, 12):
            moved = rows_of(transpose(one, semitones), unfold=unfold)
            assert values(moved, *RELATIVE) == expected
            assert {row.pitch - old.pitch for row, old in zip(moved, rows_of(one, unfold=unfold), strict=True)} == {
                semitones
            }


# ------------------------------------------------------------------------------------------------ counted by hand


def test_a_pickup_lies_at_the_end_of_its_bar() -> None:
    rows = rows_of(tune("A|d2 f2|d3:|"))
    assert values(rows, "bar", "bar_index", "position", "onset", "strength") == [
        (0, 0, 3, 0, 1),
        (1, 1, 0, 1, 0),
        (1, 1, 2, 3, 1),
        (2, 2, 0, 5, 0),
    ]


def test_repeats_and_endings_are_played_one_after_the_other() -> None:
    rows = rows_of(tune("|:d4|1 e4:|2 f4|]"), unfold=True)
    expected = [("D5", 0, 1, 0, 0), ("E5", 1, 2, 1, 4), ("D5", 0, 1, 2, 8), ("F#5", 2, 3, 3, 12)]
    assert values(rows, "spelling", "written", "bar", "bar_index", "onset") == expected
    assert [row.note for row in rows] == [0, 1, 2, 3]


def test_one_bar_repeated_is_two_bars() -> None:
    rows = rows_of(tune("|:d4:|"), unfold=True)
    assert values(rows, "bar", "bar_index") == [(1, 0), (1, 1)]


def test_ties_rests_graces_and_chords() -> None:
    rows = rows_of(tune("z d z d-|d2 {ef}[FA]2|"))
    assert values(rows, "onset", "length", "heard", "rest", "tied", "continues") == [
        (1, 1, 1, 1, False, False),
        (3, 1, 3, 0, True, False),
        (4, 2, 0, 0, False, True),
        (6, 2, 2, 0, False, False),
    ]
    assert (rows[-1].spelling, rows[-1].chord, rows[-1].grace) == ("A4", "F#4", "E5 F#5")


def test_a_rest_ends_a_tie() -> None:
    note = Note((Pitch("D"),), Fraction(1, 4), tied=True)
    rows = rows_of(Tune((note, Rest(Fraction(1, 4)), note, replace(note, tied=False), Bar())))
    assert values(rows, "heard", "continues") == [(1, False), (2, False), (0, True)]


def test_degrees_by_hand() -> None:
    rows = rows_of(tune("D E F ^G|c d =c A,|d4|"))
    assert values(rows, "spelling", "degree", "degree_octave", "alteration", "semitones") == [
        ("D4", 1, -1, 0, 0),
        ("E4", 2, -1, 0, 2),
        ("F#4", 3, -1, 0, 4),
        ("G#4", 4, -1, 1, 6),
        ("C#5", 7, -1, 0, 11),
        ("D5", 1, 0, 0, 0),
        ("C5", 7, -1, -1, 10),
        ("A3", 5, -2, 0, 7),
        ("D5", 1, 0, 0, 0),
    ]


def test_another_key_and_another_metre_hold_from_where_they_stand() -> None:
    rows = rows_of(tune("d4|[K:G][M:3/4] d3|"))
    assert values(rows, "key", "meter", "degree", "semitones") == [("D major", "4/4", 1, 0), ("G major", "3/4", 5, 7)]


def test_a_key_that_claims_no_tonic_has_no_degrees() -> None:
    (row,) = rows_of(tune("d4|", "M:none\nL:1/4\nK:none\n"))
    assert (row.degree, row.semitones, row.meter, row.strength) == (0, -1, "0/1", 3)


def test_ticks_are_as_few_as_make_all_lengths_whole() -> None:
    assert rows_of(tune("d4|"))[0].ticks == 1
    assert rows_of(tune("d/ d/ d d2|"))[0].ticks == 2
    assert [row.length for row in rows_of(tune("(3ddd d2|"))] == [2, 2, 2, 6]


def test_a_tune_without_notes_has_no_rows() -> None:
    assert rows_of(Tune((Rest(Fraction(1)), Bar()))) == []


def test_thousands_of_millions_of_notes_are_refused_not_tried() -> None:
    bomb = tune("[P:A]|:" + "d4|" * 300 + "[1,2,3,4,5,6,7,8,9,10,11,12,99 e4:|", f"P:{'A' * 1000}\nM:4/4\nL:1/4\nK:D\n")
    assert len(rows_of(bomb)) == 301
    with pytest.raises(TooLong):
        rows_of(bomb, unfold=True)


def test_texts_are_such_that_every_format_can_hold_them() -> None:
    assert clean("a\0b\nc") == "a b c"
    assert clean("Cailín\udcff") == "Cailín\\udcff"
