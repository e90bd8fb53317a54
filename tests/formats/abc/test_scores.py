"""Tunes of several voices, read whole and written back."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.real_tunes import real_tunes
from tests.support.voices import BAND, CHOIR, by_abc2midi, onsets, score_of, whole
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.joining import TIE_AS_SLUR
from tunewright.formats.abc.scores import LEFT_OUT, OUT_OF_STEP, decode_scores, format_score, parse_scores
from tunewright.formats.midi.scores import piece_of_score
from tunewright.music.score import Score
from tunewright.music.tune import ChordSymbol, Tune
from tunewright.support.errors import ParseError, RenderError

CASES = Path(__file__).parents[4] / "shared" / "cases"


def test_every_voice_is_read_with_its_name_its_clef_and_its_words() -> None:
    score = score_of(BAND)
    assert [(voice.name, voice.short_name, voice.clef) for voice in score.voices] == [
        ("Violin", "Vl.", ""),
        ("Viola", "", "alto"),
        ("Piano", "", "treble"),
        ("", "", "bass"),
    ]
    assert score.staves == ((0,), (1,), (2,), (3,))
    assert score.melody.lyrics[0][:4] == ("O sing", "with", "me", "a")
    assert not score.left_out
    assert not score.repairs
    assert score_of(CHOIR).staves == ((0, 1), (2, 3))


def test_the_melody_is_the_tune_as_before_and_says_which_voice_it_is() -> None:
    [tune] = parse_abc(BAND)
    assert tune == score_of(BAND).melody
    assert dict(tune.left_out) == {"line of another voice": 3}
    assert [(one.what, one.value) for one in tune.inferred] == [("voice", "Vl")]


def test_the_melody_is_the_first_voice_that_has_notes() -> None:
    [tune] = parse_abc("X:1\nL:1/4\nK:C\nV:1\nz4|z4|\nV:2\nCDEF|G4|\n")
    assert len(tune.notes) == 5
    assert tune.inferred[0].value == "2"


@pytest.mark.parametrize("text", [BAND, CHOIR])
def test_a_score_that_is_written_is_read_again(text: str) -> None:
    score = score_of(text)
    again = score_of(format_score(score))
    assert again == score
    assert [voice.tune.lyrics for voice in again.voices] == [voice.tune.lyrics for voice in score.voices]
    assert format_score(again) == format_score(score)
    assert piece_of_score(again) == piece_of_score(score)


def test_a_tune_of_one_voice_is_that_tune() -> None:
    for tune in real_tunes(20):
        music = whole(tune.text)
        assert isinstance(music, Score) == bool({"line of another voice", "voice overlay"} & dict(tune.left_out).keys())
        assert (music.melody if isinstance(music, Score) else music) == tune


def test_a_voice_without_the_repeats_of_the_melody_gets_them() -> None:
    score = score_of("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nP:A\n|:CDEF|1G4:|2c4|]\nV:2\nC,4|G,4|E,4|]\n")
    assert [repair.what for repair in score.repairs] == [OUT_OF_STEP]
    low = [note for part in piece_of_score(score).parts[1:] for note in part.notes]
    assert [(note.onset // 1920, note.number) for note in low] == [(0, 48), (1, 55), (2, 48), (3, 52)]


def test_a_voice_that_cannot_be_read_costs_itself_alone() -> None:
    score = score_of("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nCDEF|\nV:2\nC,D,E,F,|\nV:3\nC0|\n")
    assert len(score.voices) == 2
    [repair] = score.repairs
    assert repair.what == LEFT_OUT
    assert "3" in repair.detail


def test_voices_beyond_all_measure_are_left_out_and_counted() -> None:
    score = score_of("X:1\nL:1/4\nK:C\n" + "".join(f"V:{number}\nCDEF|\n" for number in range(200)))
    assert len(score.voices) == 64
    assert [(repair.what, repair.detail) for repair in score.repairs] == [(LEFT_OUT, "136 beyond 64")]


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is missing")
def test_the_case_of_two_voices() -> None:
    text = (CASES / "two_voices.abc").read_text(encoding="utf-8")
    score = score_of(text)
    parts = [[(note.onset // 480, note.number) for note in part.notes] for part in piece_of_score(score).parts]
    assert parts == [[(0, 60), (1, 62), (2, 64), (3, 65), (4, 67)], [(0, 48), (2, 55), (4, 48)]]
    assert score.voices[1].tune.lyrics == (("la", "la", "la"),)


@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi is not installed")
@pytest.mark.parametrize("text", [BAND, CHOIR.replace("middle=d ", "").replace("z2B2 e2A2 | B8", "z2B,2 E2A,2 | B,8")])
def test_voices_sound_as_abc2midi_has_them(text: str, tmp_path: Path) -> None:
    assert onsets(piece_of_score(score_of(text))) == by_abc2midi(text, tmp_path)


@given(
    st.lists(st.sampled_from(["V:1\n", "V:2\n", "[V:1]", "[V:3]", "&", "&&", "C", "D2", "z4", "|", ":|", "|:", "\n"]))
    | st.lists(st.sampled_from(["[V:2]", "&", "C", "D2-", "E/15", "z4", "|", ":|", "[1", "(3", "[K:G]", '"Am"', "[|"]))
)
def test_no_text_of_voices_breaks_the_reader(signs: list[str]) -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\n" + "".join(signs) + "\n"
    for music, _ in decode_scores(text.encode(), "x.abc"):
        if isinstance(music, Score):
            with contextlib.suppress(RenderError):  # where an ending that is never played holds all its notes
                piece_of_score(music)
            assert parse_scores(format_score(music)) == [music]
            assert format_score(score_of(format_score(music))) == format_score(music)
        elif isinstance(music, ParseError):
            assert music.reason


def test_an_overlay_of_chord_symbols_alone_is_no_voice_and_is_counted() -> None:
    [tune] = parse_scores('X:1\nM:4/4\nL:1/4\nK:C\nC4|D4&"Am"z4|E4|]\n')
    assert isinstance(tune, Tune)
    assert dict(tune.left_out)["chord symbol over an empty overlay"] == 1


def test_texts_of_a_voice_with_other_repeats_are_counted() -> None:
    [score] = parse_scores('X:1\nM:4/4\nL:1/4\nK:C\nV:1\n|:C4|G4:|\nV:2\n"^pizz"C2E2|"^arco"G2c2|\n')
    assert dict(score.left_out)["text over the music of a voice with other repeats"] == 2


def test_a_tie_that_endings_held_is_settled_again_without_them() -> None:
    score = score_of("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nC4|D4|C4|]\nV:2\nC4-|1D4:|2C4|]\n")
    assert parse_scores(format_score(score)) == [score]
    assert [repair.what for repair in score.repairs] == [OUT_OF_STEP, TIE_AS_SLUR]
    assert [note.tied for note in score.voices[1].tune.notes] == [False] * 3


def test_tempos_of_a_voice_with_other_repeats_are_counted_and_what_ends_it_is_kept() -> None:
    score = score_of('X:1\nM:4/4\nL:1/4\nK:C\nV:1\nC4|:D4:|\nV:2\nC4|[Q:1/4=80]D4|"Am"')
    assert dict(score.left_out)["tempo in a voice other than the melody"] == 1
    assert score.voices[1].tune.music[-1] == ChordSymbol("Am")
    assert parse_scores(format_score(score)) == [score]


def test_a_plain_bar_line_at_the_head_of_a_section_is_no_repeat() -> None:
    assert not score_of("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nC4|[|D4|\nV:2\nC4|D4|\n").repairs
