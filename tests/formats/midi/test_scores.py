"""All voices of a tune as a piece, and as MIDI files."""

from __future__ import annotations

import pytest

from tests.support.voices import BAND, CHOIR, score_of
from tunewright.corpus.packing import PiecePacker, PieceUnpacker
from tunewright.formats.abc.scores import parse_scores
from tunewright.formats.midi.accompaniment import NAME
from tunewright.formats.midi.pieces import parse_piece
from tunewright.formats.midi.scores import CELLO, piece_of_score, played_piece, to_midi
from tunewright.formats.midi.tunes import FLUTE
from tunewright.formats.midi.tunes import to_midi as to_midi_of_tune
from tunewright.music.piece import KeyAt, MeterAt
from tunewright.music.score import Score
from tunewright.support.errors import RenderError

PICKUP = MeterAt(480, 3, 4)


def test_each_voice_is_a_part_with_its_name_in_the_metre_and_key_of_the_melody() -> None:
    piece = piece_of_score(score_of(BAND))
    assert [part.name for part in piece.parts] == ["Violin", "Viola", "Piano", "Voice 4"]
    assert piece.meters == (MeterAt(0, 3, 4), PICKUP)
    assert piece.keys == (KeyAt(0, 2, False),)
    assert round(60e6 / piece.tempos[0].microseconds) == 112
    assert piece.title == "A Waltz for Four"
    assert piece.pickup == 480


def test_what_a_piece_has_no_place_for_is_said_of_it() -> None:
    assert dict(piece_of_score(score_of(BAND)).left_out) == {"chord symbol": 5, "verse of words": 2}
    packed = PiecePacker().pack(piece_of_score(score_of(BAND)))
    assert PieceUnpacker().unpack(packed).left_out == piece_of_score(score_of(BAND)).left_out


def test_repeats_are_unfolded_in_all_voices() -> None:
    ends = {max(note.end for note in part.notes) for part in piece_of_score(score_of(BAND)).parts}
    assert ends == {480 * 24}


def test_high_voices_are_played_on_a_flute_and_low_ones_on_a_cello() -> None:
    assert [part.program for part in played_piece(score_of(CHOIR)).parts] == [FLUTE, FLUTE, CELLO, CELLO]
    assert {part.program for part in played_piece(score_of(CHOIR), program=0).parts} == {0}


def test_chords_are_one_more_part() -> None:
    piece = played_piece(score_of(BAND), chords=True)
    assert [part.name for part in piece.parts][-1] == NAME
    assert max(note.velocity for note in piece.parts[-1].notes) < min(note.velocity for note in piece.parts[0].notes)
    assert len(played_piece(score_of(CHOIR), chords=True).parts) == 4


def test_the_file_has_a_track_for_each_part() -> None:
    score = score_of(BAND)
    assert parse_piece(to_midi(score, chords=True), "x.mid") == played_piece(score, chords=True)
    assert [part.name for part in parse_piece(to_midi(score), "x.mid").parts][:2] == ["Violin", "Viola"]


def test_more_notes_than_anybody_plays_are_refused() -> None:
    voices = "".join(f"V:{number}\nP:A\nCDEF GABc|\n" for number in range(20))
    with pytest.raises(RenderError, match="more than 65,536 notes"):
        to_midi(score_of(f"X:1\nL:1/8\nM:4/4\nP:{'A99' * 10}\nK:C\n{voices}"))


def test_tempo_and_lilt_are_as_of_a_tune() -> None:
    assert round(60e6 / played_piece(score_of(BAND), tempo=90).tempos[0].microseconds) == 90
    assert piece_of_score(score_of(BAND)).seconds > 0


def test_voices_of_a_hornpipe_swing_together() -> None:
    score = score_of("X:1\nR:hornpipe\nM:2/4\nL:1/16\nK:C\nV:1\n" + "CDEF GABc|" * 4 + "\nV:2\n" + "C2D2E2F2|" * 4)
    fast, slow = ({note.onset for note in part.notes} for part in played_piece(score).parts)
    assert slow <= fast


def test_bars_that_no_reader_takes_are_refused_with_their_place() -> None:
    for text in ("X:1\nM:1/8\nL:1/8\nK:C\nV:1\n{0}\nV:2\n{0}\n", "X:1\nM:1/8\nL:1/8\nK:C\n{0}\n"):
        [music] = parse_scores(text.format("C|" * 1200))
        with pytest.raises(RenderError, match="1,200 bars shorter than a quarter note"):
            (to_midi if isinstance(music, Score) else to_midi_of_tune)(music)
