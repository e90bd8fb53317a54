"""Which pieces are well formed: real ones are, and each thing that can be wrong is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.short_pieces import line, part, piece
from tunewright.formats.validity import fault_of
from tunewright.music.piece import TICKS, KeyAt, MeterAt, Part, Piece, PieceNote, TempoAt
from tunewright.music.tune import Repair

SOUND = piece(line(*range(60, 76)), part((48, 8), (50, 8)))


def noted(*notes: PieceNote) -> Piece:
    """The sound piece with another first part."""
    return replace(SOUND, parts=(Part(notes), SOUND.parts[1]))


def test_a_piece_of_four_bars_is_well_formed() -> None:
    assert fault_of(SOUND) == ""
    assert fault_of(SOUND, ended=True) == ""


@pytest.mark.parametrize("music", [*chorales(), *songs(6)], ids=lambda music: music.source)
def test_real_pieces_are_well_formed(music: Piece) -> None:
    assert fault_of(music) == ""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda: Piece(()), "has no notes"),
        (lambda: replace(SOUND, parts=(*SOUND.parts, Part((), 5, name="Horn"))), "part 3 (Horn): has no notes"),
        (lambda: piece(line(60, 62, 64, 65)), "has 1 bars, expected at least 4"),
        (lambda: noted(PieceNote(0, TICKS, 128)), "part 1: note 128 at tick 0; expected 0 to 127"),
        (lambda: noted(PieceNote(0, TICKS, -1)), "part 1: note -1 at tick 0; expected 0 to 127"),
        (lambda: noted(PieceNote(0, TICKS, 60, 0)), "part 1: velocity 0 at tick 0; expected 1 to 127"),
        (lambda: noted(PieceNote(9, 9, 60)), "part 1: a note from tick 9 to 9; expected to end after it begins"),
        (lambda: noted(PieceNote(-5, 9, 60)), "part 1: a note from tick -5 to 9; expected to end after it begins"),
        (lambda: noted(PieceNote(0, 20, 60), PieceNote(10, 30, 60)), "part 1: note 60 sounds twice at once at tick 10"),
        (lambda: noted(PieceNote(10, 30, 60), PieceNote(0, 9, 60)), "part 1: its notes are not in order"),
        (
            lambda: replace(SOUND, parts=(replace(SOUND.parts[0], program=128),)),
            "part 1: program 128; expected 0 to 127",
        ),
        (lambda: noted(PieceNote(0, 10_001 * 4 * TICKS, 60)), "lasts 19201920 ticks; expected at most 19200000"),
        (
            lambda: replace(SOUND, meters=(MeterAt(0, 4, 4), MeterAt(TICKS, 3, 4))),
            f"metre 3/4 begins within a bar, at tick {TICKS}",
        ),
        (lambda: replace(SOUND, meters=(MeterAt(0, 4, 5),)), "metre 4/5 at tick 0; expected one that MIDI has"),
        (lambda: replace(SOUND, meters=(MeterAt(0, 0, 4),)), "metre 0/4 at tick 0; expected one that MIDI has"),
        (lambda: replace(SOUND, meters=(MeterAt(9, 4, 4), MeterAt(0, 3, 4))), "its metres are not in order"),
        (lambda: replace(SOUND, keys=(KeyAt(0, 8, False),)), "a key of 8 sharps at tick 0; expected -7 to 7"),
        (
            lambda: replace(SOUND, tempos=(TempoAt(0, 1),)),
            "1 microseconds to a quarter at tick 0; expected 10 to 1,000 quarters",
        ),
        (lambda: replace(SOUND, repairs=(Repair("something"),)), "needs repair: something"),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[], Piece], fault: str) -> None:
    assert fault_of(change()) == fault


def test_a_piece_that_was_cut_did_not_end() -> None:
    assert fault_of(SOUND, ended=False) == "did not end"


def test_parts_may_sound_one_number_at_once_and_strike_it_again() -> None:
    assert fault_of(piece(line(*[60] * 16), line(*[60] * 16))) == ""


def test_a_piece_that_midi_cannot_keep_is_found() -> None:
    """Drums have no program in MIDI: one that claims to comes back without it."""
    drums = replace(part(*[(36, 1)] * 16, drums=True), program=9)
    assert fault_of(Piece((drums,))) == "reads back from MIDI as another piece"
