"""Pieces come back from MIDI files, damaged files are refused, and pickups are found."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.real_pieces import CHORALES, chorales, songs
from tests.support.real_tunes import real_tunes
from tests.support.short_pieces import line, piece
from tunewright.formats.midi.bars import with_bars
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.pieces import parse_piece, piece_of_tune, read_piece, settled, to_midi, write_midi
from tunewright.formats.validity import fault_of
from tunewright.music.piece import (
    TICKS,
    MeterAt,
    Part,
    Piece,
    PieceNote,
    from_first_note,
    in_full_bars,
    moved,
)
from tunewright.support.errors import ParseError
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer


def test_pieces_come_back_from_midi_files(tmp_path: Path) -> None:
    for number, one in enumerate(chorales() + songs()):
        write_midi(one, tmp_path / f"{number}.mid")
        back = read_piece(tmp_path / f"{number}.mid")
        assert back == one
        assert back.title == one.title
        assert [part.name for part in back.parts] == [part.name for part in one.parts]
        assert not back.repairs


def test_a_tune_is_a_piece_of_one_part_with_every_note_where_it_is_written() -> None:
    for tune in real_tunes(8):
        one = piece_of_tune(tune)
        heard = [(note.onset, note.number) for note in written(tune)]
        assert len(one.parts) == 1
        assert [note.number for note in one.parts[0].notes] == [number for _, number in heard]
        for note, (onset, _) in zip(one.parts[0].notes, heard, strict=True):
            assert abs(Fraction(note.onset, 4 * TICKS) - onset) <= Fraction(1, 2 * 4 * TICKS)


def test_other_divisions_of_time_are_scaled() -> None:
    content = bytearray(to_midi(piece(line(60, 62, 64))))
    assert content[12:14] == TICKS.to_bytes(2)
    content[12:14] = (TICKS // 2).to_bytes(2)
    notes = parse_piece(bytes(content), "x.mid").parts[0].notes
    assert [note.onset for note in notes] == [0, 960, 1920]


def test_of_two_notes_at_once_on_one_number_the_longer_stays() -> None:
    notes = [PieceNote(0, 100, 60), PieceNote(0, 200, 60), PieceNote(0, 50, 62), PieceNote(150, 300, 60)]
    assert settled(notes) == [PieceNote(0, 150, 60), PieceNote(0, 50, 62), PieceNote(150, 300, 60)]


def test_files_without_notes_are_refused() -> None:
    with pytest.raises(ParseError, match=r"x\.mid: no notes; expected music"):
        parse_piece(to_midi(Piece((Part(()),))), "x.mid")


def test_damaged_files_are_refused_and_nothing_else_happens() -> None:
    rng = random.Random(7)
    for one in chorales()[:2] + songs()[:2]:
        content = to_midi(one)
        for _ in range(60):
            broken = bytearray(content)
            for _ in range(rng.randint(1, 6)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            try:
                read = parse_piece(bytes(broken[: rng.randint(1, len(broken))]), "x.mid")
            except ParseError:
                continue
            assert parse_piece(to_midi(read), "y.mid").parts == read.parts


def test_a_silence_of_days_is_refused() -> None:
    with pytest.raises(ParseError, match="lasts more than"):
        parse_piece(to_midi(piece(Part((PieceNote(0, 10, 60), PieceNote(10**8, 10**8 + 1, 60))))), "x.mid")


# ------------------------------------------------------------------------------------------------ bars


def with_pickup(one: Piece, quarters: int) -> Piece:
    """The piece without its first bar but for so many quarters, as a file that states the first full bar has it."""
    first = one.meters[0]
    cut = first.ticks - quarters * TICKS
    parts = tuple(
        Part(
            tuple(n._replace(onset=n.onset - cut, end=n.end - cut) for n in part.notes if n.onset >= cut),
            part.program,
            part.drums,
            part.name,
        )
        for part in one.parts
    )
    return replace(one, parts=parts, meters=(first, first._replace(time=quarters * TICKS)), tempos=one.tempos[:1])


@pytest.mark.parametrize("quarters", [1, 2])
def test_a_pickup_comes_back_from_files_and_from_every_vocabulary_with_bars(quarters: int) -> None:
    pieces = [with_pickup(one, quarters) for one in songs() if one.meters[0].ticks > 2 * TICKS]
    tokenizer = PieceTokenizer.fit("remi", pieces)
    for one in pieces:
        assert one.pickup == quarters * TICKS
        assert one.bar_lines[:2] == (0, quarters * TICKS)
        assert parse_piece(to_midi(one), "x.mid") == one
        assert fault_of(one) == ""
        back = tokenizer.decode(tokenizer.encode(one))
        assert back.bar_lines[:3] == one.bar_lines[:3]
        assert [[(n.onset, n.number) for n in p.notes] for p in back.parts] == [
            [(n.onset, n.number) for n in p.notes] for p in one.parts
        ]


def test_silence_before_the_first_note_goes() -> None:
    one = songs()[0]
    bar = one.meters[0].ticks
    later = moved(one, bar)
    assert from_first_note(later).parts == one.parts
    assert from_first_note(later).bar_lines == one.bar_lines
    assert from_first_note(moved(one, bar - TICKS)).pickup == TICKS
    assert in_full_bars(from_first_note(moved(one, bar - TICKS))).parts == moved(one, bar - TICKS).parts


def test_pickups_of_chorales_are_found_where_the_files_do_not_say() -> None:
    without = {"bwv40.8"}  # the others begin with a quarter before the first bar, as music21 has their scores
    found = [with_bars(one) for one in chorales()]
    right = sum(one.pickup == (0 if name in without else TICKS) for name, one in zip(CHORALES, found, strict=True))
    assert right >= len(CHORALES) - 3
    assert all(one.inferred for one in found if one.pickup)
    assert [one.parts for one in found] == [one.parts for one in chorales()]


def test_a_pickup_that_is_found_comes_back_with_the_metres_after_it() -> None:
    for one in chorales() + songs():
        bar = one.meters[0]
        for change in (bar._replace(time=8 * bar.ticks), MeterAt(3 * bar.ticks - 89, 4, 16), MeterAt(2, 5, 4)):
            found = with_bars(parse_piece(to_midi(replace(one, meters=(bar, change))), "x.mid"))
            back = parse_piece(to_midi(found), "x.mid")
            assert (back.meters, back.keys) == (found.meters, found.keys)


def test_what_a_file_states_is_not_changed() -> None:
    for one in songs():
        stated = with_pickup(one, 1)
        assert with_bars(stated).meters == stated.meters
