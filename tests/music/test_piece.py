"""What follows from the notes of a piece: bars, seconds, its top line, and what it is known by."""

from __future__ import annotations

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.short_pieces import line, piece
from tunewright.music.kinds import music_id
from tunewright.music.piece import (
    MeterAt,
    Part,
    Piece,
    PieceNote,
    TempoAt,
    fingerprint,
    first_bars,
    transposed,
    transpositions,
)


def test_bars_follow_the_metres() -> None:
    one = Piece((line(*range(60, 70)),), (MeterAt(0, 4, 4), MeterAt(1920, 3, 4)))
    assert one.bar_lines == (0, 1920, 3360)
    assert [one.bar_at(tick) for tick in (0, 1919, 1920, 4000)] == [0, 0, 1, 2]


def test_without_a_metre_bars_are_of_four_quarters() -> None:
    assert Piece((line(60, 61, 62, 63, 64),)).bar_lines == (0, 1920)


def test_seconds_follow_the_tempi() -> None:
    one = Piece((line(60, 61, 62, 63),), tempos=(TempoAt(0, 1_000_000), TempoAt(960, 250_000)))
    assert one.seconds == pytest.approx(2 * 1.0 + 2 * 0.25)
    assert Piece((line(60, 61),)).seconds == pytest.approx(1.0)


def test_the_skyline_is_the_highest_note_at_each_onset() -> None:
    drums = Part((PieceNote(0, 10, 90),), drums=True)
    assert [note.number for note in Piece((line(60, 70), line(65, 62), drums)).skyline] == [65, 70]


def test_a_piece_in_another_key_has_the_same_fingerprint_and_another_name() -> None:
    for one in chorales()[:3] + songs()[:3]:
        up = transposed(one, 5)
        assert fingerprint(up) == fingerprint(one)
        assert music_id(up) != music_id(one)
        assert transposed(up, -5).parts == one.parts
        drums = [part.notes for part in one.parts if part.drums]
        assert [part.notes for part in up.parts if part.drums] == drums


def test_a_piece_cannot_leave_the_numbers_of_midi() -> None:
    low = piece(line(2, 60))
    assert transpositions(low, 6) == range(-2, 7)
    assert transpositions(piece(line(60, 126)), 6) == range(-6, 2)
    with pytest.raises(ValueError, match="leaves MIDI's range"):
        transposed(low, -3)


def test_the_first_bars_end_with_their_last_bar_line() -> None:
    cut = first_bars(Piece((line(*range(60, 70)), Part((PieceNote(960, 3000, 50),)))), 1)
    assert cut.length == 1920
    assert [len(part.notes) for part in cut.parts] == [4, 1]
