"""What pieces share: copies are found whatever was done to them, and what is new is not called one."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from tests.support.short_pieces import line, part, piece
from tunewright.measuring.originality import Resemblance
from tunewright.measuring.pieces.originality import TOP, build_piece_index, shared_with
from tunewright.music.piece import TICKS, MeterAt, Part, Piece, PieceNote, transposed

BAR = 4 * TICKS
BEAT = part(*[(36, 0.5), (42, 0.5), (38, 0.5), (42, 0.5)] * 32, drums=True)


def written(seed: int, bars: int = 16) -> Piece:
    """Three parts of random notes on sixteenths, and drums."""
    rng = random.Random(seed)
    parts = []
    for low in (72, 60, 40):
        notes, now = [], 0
        while now < bars * BAR:
            length = min(rng.choice((120, 240, 240, 480, 480, 720)), bars * BAR - now)
            notes.append(PieceNote(now, now + length, low + rng.choice((0, 2, 4, 5, 7, 9, 11))))
            now += length
        parts.append(Part(tuple(notes), low))
    return Piece((*parts, BEAT), (MeterAt(0, 4, 4),), title=f"piece {seed}", source=f"{seed}.mid:1")


OTHERS = tuple(written(seed) for seed in range(12))
INDEX = build_piece_index(OTHERS)


def shared(music: Piece) -> Resemblance:
    return shared_with([music], INDEX)[0]


def pasted(here: Piece, there: Piece, first: int, bars: int, at: int) -> Piece:
    """A piece with some bars of another in place of its own."""
    parts = []
    for mine, theirs in zip(here.parts, there.parts, strict=True):
        start, stop, by = first * BAR, (first + bars) * BAR, (at - first) * BAR
        kept = [note for note in mine.notes if not at * BAR - 1 < note.onset < (at + bars) * BAR]
        kept = [note._replace(end=min(note.end, at * BAR)) if note.onset < at * BAR else note for note in kept]
        taken = [
            note._replace(onset=note.onset + by, end=min(note.end, stop) + by)
            for note in theirs.notes
            if start <= note.onset < stop
        ]
        parts.append(replace(mine, notes=tuple(sorted(kept + taken))))
    return replace(here, parts=tuple(parts))


# ------------------------------------------------------------------------------------------------ copies are found


@pytest.mark.parametrize("semitones", [0, 3, -5])
def test_a_piece_of_the_collection_is_found_whole_in_any_key(semitones: int) -> None:
    found = shared(transposed(OTHERS[5], semitones))
    assert found.copied
    assert found.beats.share == 1
    assert found.beats.length == found.beats.of == 64
    assert found.line.share == 1
    assert (found.beats.title, found.beats.source, found.beats.there) == ("piece 5", "5.mid:1", 5)
    assert found.near.share == 1
    assert found.near.title == "piece 5"


def test_eight_bars_pasted_into_a_new_piece_are_found_where_they_stand() -> None:
    mixed = pasted(written(99), transposed(OTHERS[7], 2), first=3, bars=8, at=6)
    found = shared(mixed)
    assert found.beats.there == 7
    assert 31 <= found.beats.length <= 34  # eight bars; a beat at either end may be cut by what was held over it
    assert abs(found.beats.start - 6 * BAR) <= TICKS
    assert abs(found.beats.start_there - 3 * BAR) <= TICKS
    assert found.line.there == 7
    assert found.copied == (found.beats.share >= 0.5 or found.top.share >= 0.5)
    assert shared(written(99)).beats.length < 5


def test_one_part_copied_alone_is_found_in_its_line() -> None:
    new = written(77)
    found = shared(replace(new, parts=(new.parts[0], new.parts[1], transposed(OTHERS[2], 4).parts[2])))
    assert (found.line.part, found.line.there, found.line.part_there) == (2, 2, 2)
    assert found.line.share == 1
    assert found.beats.length < 5
    assert not found.copied


def test_a_melody_copied_on_top_of_other_parts_is_a_copy() -> None:
    new = written(78)
    found = shared(replace(new, parts=(OTHERS[4].parts[0], *new.parts[1:])))
    assert found.top.share > 0.5
    assert found.line.part in (TOP, 0)
    assert found.copied


@pytest.mark.parametrize("quicker", [2, 0.5])
def test_lines_are_found_in_any_unit(quicker: float) -> None:
    there = OTHERS[1].parts[0]
    notes = tuple(note._replace(onset=int(note.onset * quicker), end=int(note.end * quicker)) for note in there.notes)
    assert shared(Piece((Part(notes),))).line.share > 0.95  # the last note's length is not a gap


def test_parts_in_another_order_and_on_other_instruments_are_the_same_beats() -> None:
    copy = OTHERS[3]
    found = shared(replace(copy, parts=tuple(replace(one, program=3) for one in copy.parts[::-1])))
    assert found.beats.share == 1


def test_a_copy_with_a_few_notes_changed_is_near() -> None:
    copy = OTHERS[6]
    notes = list(copy.parts[0].notes)
    for place in range(5, len(notes), 9):
        notes[place] = notes[place]._replace(number=notes[place].number + 1)
    found = shared(replace(copy, parts=(replace(copy.parts[0], notes=tuple(notes)), *copy.parts[1:])))
    assert found.line.share == 1  # of another part
    assert found.top.share < 0.5
    assert found.near.share > 0.7
    assert found.near.title == "piece 6"


# ------------------------------------------------------------------------------------------------ what is new is not


@pytest.mark.parametrize("seed", range(100, 106))
def test_a_new_piece_is_no_copy(seed: int) -> None:
    found = shared(written(seed))
    assert not found.copied
    assert found.beats.length < 5
    assert found.line.length < 12


def test_each_part_alone_moved_is_no_run_of_beats() -> None:
    """Transposed alike: a piece whose parts are moved differently has its lines still, and no beats."""
    copy = OTHERS[8]
    moved = tuple(transposed(Piece((one,)), step).parts[0] for step, one in zip((0, 1, 3), copy.parts, strict=False))
    found = shared(replace(copy, parts=moved))
    assert found.line.share == 1
    assert found.beats.length < 5


def test_the_same_chords_on_other_bass_notes_are_no_run() -> None:
    here = piece(line(60, 60, 60, 60), line(64, 64, 64, 64))
    there = piece(line(60, 62, 60, 62), line(64, 66, 64, 66))
    assert shared_with([here], build_piece_index([there]))[0].beats.length == 0


def test_silence_and_drums_alone_are_passed_over() -> None:
    rests = piece(part((60, 1), (None, 4), (64, 1), (67, 1)))
    shorter = piece(part((60, 1), (None, 3), (64, 1), (67, 1)))
    found = shared_with([rests, shorter], build_piece_index([rests]))
    assert [one.beats.length for one in found] == [3, 2]
    assert [one.beats.of for one in found] == [3, 3]
    only_drums = shared(Piece((BEAT,)))
    assert math.isnan(only_drums.beats.share)
    assert not only_drums.comparable
    assert not only_drums.copied


def test_nothing_is_shared_with_nothing() -> None:
    found = shared_with([OTHERS[0]], build_piece_index([]))[0]
    assert (found.line.length, found.beats.length, found.copied) == (0, 0, False)
    assert shared_with([], INDEX) == []


def test_a_hair_of_a_player_hides_no_copy() -> None:
    rng = random.Random(1)
    hair = tuple(
        replace(one, notes=tuple(note._replace(onset=note.onset + rng.randint(0, 9)) for note in one.notes))
        for one in OTHERS[9].parts
    )
    assert shared(replace(OTHERS[9], parts=hair)).beats.share == 1


def test_an_upbeat_shorter_than_a_beat_is_compared_from_the_first_beat() -> None:
    meters = (MeterAt(0, 4, 4), MeterAt(240, 4, 4))
    upbeat = (PieceNote(0, 240, 67, 80),)
    whole = tuple(PieceNote(240 + 480 * beat, 720 + 480 * beat, 60 + beat * beat % 7, 80) for beat in range(12))
    one = Piece((Part((*upbeat, *whole)),), meters)
    longer = Piece((Part((*upbeat, *whole, PieceNote(6000, 6480, 71, 80))),), meters)
    (found,) = shared_with([one], build_piece_index([longer]))
    assert found.beats.length == found.beats.of == 13


def test_a_piece_that_is_all_upbeat_shares_nothing() -> None:
    drum = Piece((Part((PieceNote(0, 240, 79, 87),), 0, True),), (MeterAt(0, 4, 4), MeterAt(240, 4, 4)))
    (found,) = shared_with([drum], build_piece_index([drum, written(1)]))
    assert found.beats.length == 0
    assert not found.copied
