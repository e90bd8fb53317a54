"""Telling pieces from real ones: nothing to tell apart gives one half, and what is broken is found and named."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.support.short_pieces import line, part, piece
from tunewright.measuring.pieces.traits import PIECE_SHAPES, compare_pieces, key_of_word, name_of, read_piece_traits
from tunewright.music.piece import TICKS, MeterAt, Part, Piece, PieceNote, transposed

CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16), (2, 5, 9))


def drawn(seed: int, wrong: float = 0.0, bars: int = 6) -> Piece:
    """Chords with a melody of their notes over a bass; some notes of the bass a semitone off."""
    rng = random.Random(seed)
    top, middle, bass = [], [], []
    for beat in range(bars * 4):
        at, chord = beat * TICKS, rng.choice(CHORDS)
        middle += [PieceNote(at, at + TICKS, 60 + tone) for tone in sorted(chord)]
        bass.append(PieceNote(at, at + TICKS, 48 + chord[0] + (rng.random() < wrong)))
        for half in range(2):
            start = at + half * TICKS // 2
            top.append(PieceNote(start, start + TICKS // 2, 72 + rng.choice(chord)))
    return Piece((Part(tuple(top)), Part(tuple(middle)), Part(tuple(bass))), (MeterAt(0, 4, 4),))


REAL = tuple(drawn(seed) for seed in range(45))
MORE = tuple(drawn(seed) for seed in range(100, 145))


def test_pieces_of_one_kind_cannot_be_told_apart() -> None:
    found = compare_pieces(MORE, REAL)
    assert found.low < 0.5 < found.high + 0.05
    assert abs(found.auc - 0.5) < 0.15
    assert abs(found.floor - 0.5) < 0.15
    assert found.tells == ()
    assert not found.enough


def test_a_wrong_bass_gives_pieces_away() -> None:
    found = compare_pieces([drawn(seed, 0.5) for seed in range(100, 145)], REAL)
    assert found.auc > 0.95
    assert found.tells[0].key == "pitch_classes_used"
    assert (found.tells[0].direction, found.tells[0].real) == ("more", 7)


def test_nothing_depends_on_the_key_or_on_velocity_names_and_tempi() -> None:
    one = drawn(1)
    loud = tuple(replace(p, notes=tuple(n._replace(velocity=30) for n in p.notes), name="x") for p in one.parts)
    here, moved, other = map(read_piece_traits, (one, transposed(one, 4), replace(one, parts=loud)))
    assert here is not None
    assert moved is not None
    assert here == other
    assert here.words == moved.words
    assert here.shape == pytest.approx(moved.shape)


def test_copies_do_not_help_a_classifier() -> None:
    """The same pieces on both sides lie in one fold with their originals, and teach nothing."""
    found = compare_pieces([transposed(music, 3) for music in REAL], REAL)
    assert not found.auc > 0.65


def test_a_piece_of_fewer_than_two_notes_has_no_traits() -> None:
    assert read_piece_traits(piece(line(60))) is None
    assert read_piece_traits(piece(line(60, 62))) is not None


def test_drums_alone_have_traits() -> None:
    found = read_piece_traits(piece(part((36, 1), (38, 1), drums=True)))
    assert found is not None
    assert dict(zip(PIECE_SHAPES, found.shape, strict=True))["drum_share"] == 1
    assert any(word[0] == "drum" for word in found.words)


def test_words_have_names() -> None:
    assert key_of_word(("chord", (0, 4, 7))) == "chord:0-4-7"
    assert key_of_word(("intervals 1", -5)) == "interval:-5"
    assert key_of_word(("lengths 1", 24)) == "length:1/4"
    assert key_of_word(("outer", 7)) == ""
    assert {name_of(key) for key in PIECE_SHAPES} == set(PIECE_SHAPES.values())
