"""Measures of pieces: counted by hand, and what must hold of any piece."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from tests.support.short_pieces import line, part, piece
from tunewright.measuring.pieces import textures, voice_leading
from tunewright.measuring.pieces.habits import chord_pairs, chords, style_of
from tunewright.measuring.pieces.table import (
    NOT_FOR_PIECES,
    OF_PIECE,
    PIECE_FAMILIES,
    PIECE_MEASURES,
    PIECE_REFERENCES,
    REASONS,
    SETS_OF_PIECES,
    _reason,
    measure_pieces,
)
from tunewright.measuring.pieces.views import SILENT, View
from tunewright.measuring.table import MEASURES
from tunewright.music.piece import TICKS, MeterAt, Part, Piece, PieceNote, transposed

SILENCE = Piece(())
DRUMS = part((36, 1), (38, 1), (36, 1), (38, 1), drums=True)
TWO = piece(line(72, 74, 76, 77), part((48, 2), (None, 1), (50, 1)))  # over a bass that rests


def close(value: float) -> object:
    return pytest.approx(value, abs=1e-12)


# ------------------------------------------------------------------------------------------------ what is looked at


def test_a_line_is_the_highest_note_at_each_onset_up_to_the_next() -> None:
    held = Part((PieceNote(0, 4 * TICKS, 60), PieceNote(0, TICKS, 64), PieceNote(2 * TICKS, 3 * TICKS, 55)))
    seen = View(piece(held))
    (only,) = seen.lines
    assert only.numbers.tolist() == [64, 55]
    assert only.at(seen.beats).tolist() == [64, SILENT, 55, SILENT]
    assert seen.chords == ((60, 64), (60,), (55, 60), (60,))


def test_beats_are_those_of_the_metre_and_begin_anew_where_it_changes() -> None:
    music = Piece((line(*[60] * 7),), (MeterAt(0, 6, 8), MeterAt(3 * TICKS, 2, 4)))
    assert View(music).beats.tolist() == [0, 720, 1440, 1920, 2400, 2880]
    assert View(music).bars == ((0, 1440), (1440, 2400), (2400, 3360))


PICKUP = Piece((line(55, 60, 62, 64, 65, 60, 62, 64, 65),), (MeterAt(0, 4, 4), MeterAt(TICKS, 4, 4)))


def test_a_pickup_is_the_end_of_its_bar() -> None:
    seen = View(PICKUP)
    assert seen.bars == ((-3 * TICKS, TICKS), (TICKS, 5 * TICKS), (5 * TICKS, 9 * TICKS))
    assert [onset for onset, *_ in seen.contents[0]] == [72]  # the fourth quarter, in 24ths
    assert len(seen.contents[seen.full]) == 2
    eighth = Piece((line(*[60] * 13, quarters=0.5),), (MeterAt(0, 6, 8), MeterAt(TICKS // 2, 6, 8)))
    assert View(eighth).beats.tolist() == [240, 960, 1680, 2400]


def test_a_pickup_is_no_bar_that_could_return() -> None:
    assert textures.repetition_rate(PICKUP) == close(1 / 2)
    assert textures.groove_consistency(PICKUP) == 1
    assert textures.pitch_class_entropy(PICKUP, bars=1) == close(2)
    assert textures.empty_bar_rate(PICKUP) == 0


def test_the_last_bar_is_as_long_as_its_metre_says() -> None:
    assert View(piece(line(60))).bars == ((0, 4 * TICKS),)


# ------------------------------------------------------------------------------------------------ counted by hand


def test_pitches() -> None:
    music = piece(line(60, 62, 64, 72), DRUMS)
    assert textures.pitch_range(music) == 12
    assert textures.pitches_used(music) == 4
    assert textures.pitch_classes_used(music) == 3
    assert textures.pitch_entropy(music) == close(2)  # four alike
    assert textures.pitch_class_entropy(music) == close(1.5)  # C twice, D, E
    assert textures.scale_consistency(music) == 1
    assert textures.scale_consistency(piece(line(60, 61, 62, 63))) == close(3 / 4)  # D flat, D sharp and C in A flat


def test_entropy_of_stretches_of_bars() -> None:
    music = piece(line(60, 60, 60, 60, 60, 62, 60, 62))
    assert textures.pitch_class_entropy(music, bars=1) == close(0.5)  # 0 in the first bar, 1 in the second
    assert textures.pitch_class_entropy(music, bars=2) == close(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert math.isnan(textures.pitch_class_entropy(music, bars=4))


def test_texture() -> None:
    assert textures.polyphony(TWO) == close((2 + 2 + 1 + 2) / 4)
    assert textures.polyphony_rate(TWO) == close(3 / 4)
    assert textures.note_density(TWO) == close(6 / 4)
    assert textures.parts(TWO) == 2
    assert textures.instruments(TWO) == 1
    assert textures.instruments(piece(line(60), DRUMS, part((60, 1), program=40))) == 3


def test_a_pitch_that_two_parts_sound_is_one() -> None:
    assert textures.polyphony(piece(line(60, 60), part((60, 1.5), (None, 0.5)))) == 1
    assert textures.polyphony_rate(piece(line(60, 60), part((60, 1.5)))) == 0


def test_empty_beats_and_bars() -> None:
    music = piece(part((60, 1), (None, 3), (None, 4), (62, 4)))
    assert textures.empty_beat_rate(music) == close(7 / 12)
    assert textures.empty_bar_rate(music) == close(1 / 3)
    assert textures.part_activity(music) == close(2 / 3)
    assert textures.part_activity(piece(part((60, 12)), part((None, 8), (60, 4)))) == close((1 + 1 / 3) / 2)


def test_grooves() -> None:
    alike = piece(line(60, 62, 64, 65, 67, 69, 71, 72))
    assert textures.groove_consistency(alike) == 1
    halves = piece(line(60, 62, 64, 65), part((None, 4), (60, 2), (62, 2)))
    assert textures.groove_consistency(halves) == close(1 - 2 / 48)  # second and fourth quarter
    three = piece(line(60, 62, 64, 65), part((None, 4), (60, 2), (62, 2)), part((None, 8), (60, 2), (62, 2)))
    assert textures.groove_consistency(three) == close(1 - 1 / 48)
    assert textures.grooving_similarity(three) == close(1 - (2 + 2 + 0) / 3 / 48)


def test_drums() -> None:
    assert textures.drum_in_pattern_rate(piece(DRUMS)) == 1
    triplets = piece(part((36, 1 / 3), (36, 1 / 3), (36, 1 / 3), drums=True))
    assert textures.drum_in_pattern_rate(triplets) == close(1 / 3)
    assert textures.drum_pattern_consistency(triplets) == 1
    assert math.isnan(textures.drum_in_pattern_rate(TWO))


def test_leaps_of_lines() -> None:
    music = piece(line(60, 62, 70), line(48, 48, 47))
    assert voice_leading.mean_leap(music) == close((2 + 8 + 0 + 1) / 4)
    assert voice_leading.leaps(music) == close(1 / 4)


def test_parts_cross_where_the_lower_one_sounds_above() -> None:
    music = piece(line(72, 72, 60, 72), line(60, 60, 64, 60))
    assert voice_leading.crossing_rate(music) == close(1 / 4)
    assert voice_leading.crossing_rate(piece(*reversed(music.parts))) == close(1 / 4)
    assert voice_leading.crossing_rate(piece(line(72, 72), line(60, None))) == 0
    assert math.isnan(voice_leading.crossing_rate(piece(line(72, 72), line(None, None))))


@pytest.mark.parametrize(
    ("upper", "lower", "fifths"),
    [
        ((67, 69, 71, 72), (60, 62, 64, 64), 2),  # C-G, D-A, E-B, E-C
        ((67, 69, 69, 71), (60, 62, 55, 57), 1),  # the octave of a fifth counts; D-A to G-A, A-B do not
        ((67, 67, 67, 67), (60, 60, 60, 60), 0),  # nobody moves
        ((67, 79, 67, 79), (60, 60, 60, 60), 0),  # one alone moves
        ((67, 74, 67, 74), (60, 55, 60, 55), 0),  # in opposite directions
        ((67, None, 69, 71), (60, 60, 62, 64), 1),  # a rest parts the first two
    ],
)
def test_parallel_fifths(upper: tuple[int, ...], lower: tuple[int, ...], fifths: int) -> None:
    assert voice_leading.parallel_fifths(piece(line(*upper), line(*lower))) == fifths


def test_parallels_are_counted_by_the_bar_and_for_each_pair() -> None:
    chord = piece(line(67, 69, 71, 72, 74, 72, 71, 69), line(60, 62, 64, 65, 67, 65, 64, 62), line(*[40] * 8))
    assert voice_leading.parallel_fifths(chord) == close(7 / 2)
    assert voice_leading.parallel_octaves(chord) == 0


def test_parallel_octaves_and_unisons() -> None:
    music = piece(line(72, 74, 75, 75, 76, 76), line(60, 62, 63, 72, 72, 69))
    assert voice_leading.parallel_octaves(music) == close(2 / 2)  # two bars
    assert voice_leading.parallel_octaves(piece(line(60, 62, 64, 65, 70), line(60, 62, 60, 57, 60))) == close(1 / 2)


def test_parts_that_double_one_another_are_no_parallels() -> None:
    assert voice_leading.parallel_octaves(piece(line(72, 74, 76, 77), line(60, 62, 64, 65))) == 0


def test_dissonance() -> None:
    chords_of = piece(part(((60, 64, 67), 1), ((60, 65, 71), 1), ((60, 74), 1), (60, 1)))
    # third, fifth, third; fourth, seventh, tritone; a ninth; nothing
    assert voice_leading.dissonance_rate(chords_of) == close(3 / 7)


def test_bars_that_stood_before() -> None:
    first, second, moved = (60, 62, 64, 65), (67, 67, 67, 67), (62, 64, 66, 67)
    music = piece(line(*first, *second, *first, *moved), line(*[40] * 16))
    assert textures.repetition_rate(music) == close(1 / 4)
    assert textures.repetition_rate(music, transposed=True) == close(1 / 4)  # the bass has not moved with it
    alone = piece(line(*first, *second, *first, *moved))
    assert textures.repetition_rate(alone, transposed=True) == close(2 / 4)
    again = piece(line(*first, *second, *first, *second))
    assert textures.repetition_rate(again, bars=2) == close(1 / 3)
    assert math.isnan(textures.repetition_rate(piece(line(*first))))


def test_a_bar_returns_only_with_all_its_parts_rhythms_and_lengths() -> None:
    first = (60, 62, 64, 65)
    other = piece(line(*first, *first), line(*[40] * 4, *[41] * 4))
    assert textures.repetition_rate(other) == 0
    longer = piece(part(*((n, 1) for n in first), (60, 1), (62, 1), (64, 1), (65, 0.5)))
    assert textures.repetition_rate(longer) == 0


def test_drums_stay_where_the_other_parts_are_moved() -> None:
    beat = part(*[(36, 1), (38, 1)] * 4, drums=True)
    assert textures.repetition_rate(piece(line(60, 62, 64, 65, 62, 64, 66, 67), beat), transposed=True) == close(1 / 2)


def test_a_hair_of_a_player_is_no_difference() -> None:
    music = piece(line(60, 62, 64, 65, 60, 62, 64, 65))
    notes = tuple(note._replace(onset=note.onset + 7 * (place == 5)) for place, note in enumerate(music.parts[0].notes))
    assert textures.repetition_rate(replace(music, parts=(Part(notes),))) == close(1 / 2)


def test_chords_stand_above_their_lowest_note() -> None:
    seen = View(piece(part(((48, 64, 67), 1), ((50, 65, 69, 74), 1), ((50, 65, 69, 74), 1), (None, 1), ((52, 67), 1))))
    assert chords(seen) == [(48, (0, 4, 7)), (50, (0, 3, 7)), (50, (0, 3, 7)), (52, (0, 3))]
    assert list(chord_pairs(seen)) == [(2, (0, 4, 7), (0, 3, 7)), (2, (0, 3, 7), (0, 3))]


def test_a_set_matches_itself_wholly_and_another_not_at_all() -> None:
    here, there = style_of(piece(line(60, 62, 64, 65), DRUMS)), style_of(piece(part((60, 3), (48, 3), program=5)))
    assert all(of.of_set(here, here) == close(1) for of in SETS_OF_PIECES.values() if of.of_set)
    assert PIECE_MEASURES["instrument_match"].of_set(here, there) == 0  # type: ignore[misc]
    assert math.isnan(PIECE_MEASURES["drum_match"].of_set(here, there))  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------ of any piece


def any_piece(seed: int) -> Piece:
    """Random notes, overlapping, with drums, in a metre that changes."""
    rng = random.Random(seed)
    made = []
    for place in range(rng.randint(1, 4)):
        begun = {(rng.randrange(0, 40 * 120, 120), rng.randint(40, 80)) for _ in range(60)}
        notes = [PieceNote(at, at + rng.choice((60, 240, 480, 900)), number) for at, number in sorted(begun)]
        made.append(Part(tuple(notes), place, drums=place == 3))
    return Piece(tuple(made), (MeterAt(0, 3, 4), MeterAt(1440, 6, 8), MeterAt(2880, 4, 4)))


@pytest.mark.parametrize("seed", range(8))
def test_every_value_lies_in_its_range(seed: int) -> None:
    for name, value in measure_pieces([any_piece(seed)])[0].items():
        measure = PIECE_MEASURES[name]
        assert math.isnan(value) or measure.low - 1e-9 <= value <= measure.high + 1e-9, name


@pytest.mark.parametrize("seed", range(4))
def test_no_measure_changes_with_the_key_or_the_order_of_equal_parts(seed: int) -> None:
    music = any_piece(seed)
    before, moved = measure_pieces([music, transposed(music, 5)])
    assert moved == {name: pytest.approx(value, nan_ok=True) for name, value in before.items()}


def test_of_silence_everything_is_undefined() -> None:
    assert all(math.isnan(value) for value in measure_pieces([SILENCE])[0].values())
    assert all(math.isnan(of.of_set(style_of(SILENCE), style_of(TWO))) for of in SETS_OF_PIECES.values() if of.of_set)


def test_of_drums_alone_no_pitch_is_measured() -> None:
    measured = measure_pieces([piece(DRUMS)])[0]
    assert math.isnan(measured["pitch_range"])
    assert math.isnan(measured["dissonance_rate"])
    assert measured["parts"] == 1


# ------------------------------------------------------------------------------------------------ the table


def test_each_measure_of_tunes_applies_or_says_why_not() -> None:
    assert set(NOT_FOR_PIECES) == set(MEASURES) - set(PIECE_MEASURES)
    assert all(reason for reason in NOT_FOR_PIECES.values())


def test_the_table_is_in_order() -> None:
    for name, measure in PIECE_MEASURES.items():
        assert measure.family in PIECE_FAMILIES, name
        assert measure.reference in ("", *PIECE_REFERENCES), name
        assert (measure.of_piece is None) != (measure.of_set is None), name
        assert measure.definition.__doc__
    assert [name for name in PIECE_MEASURES if name in OF_PIECE or name in SETS_OF_PIECES] == list(PIECE_MEASURES)


def test_what_is_all_upbeat_has_every_measure_or_none() -> None:
    upbeat = Piece((Part((PieceNote(0, 240, 60, 87),)),), (MeterAt(0, 4, 4), MeterAt(240, 4, 4)))
    drum = replace(upbeat, parts=(replace(upbeat.parts[0], drums=True),))
    for measured in measure_pieces([upbeat, drum]):
        assert set(measured) == set(OF_PIECE)
        assert math.isnan(measured["empty_beat_rate"])


def test_a_new_measure_of_tunes_needs_no_word_here() -> None:
    assert REASONS[_reason("a_measure_that_nobody_has_thought_of")].startswith("is of one melody")
    assert set(NOT_FOR_PIECES) == set(MEASURES) - set(PIECE_MEASURES)
