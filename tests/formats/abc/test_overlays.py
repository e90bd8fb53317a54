"""What is laid over a voice."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from shutil import which

import pytest

from tests.support.voices import by_abc2midi, onsets, score_of
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.overlays import BEYOND, TOO_MANY
from tunewright.formats.abc.scores import format_score, parse_scores
from tunewright.formats.midi.scores import piece_of_score
from tunewright.music.score import Score
from tunewright.music.tune import KeyChange, MeterChange, Tuplet
from tunewright.support.errors import ParseError


def laid(body: str) -> Score:
    return score_of(f"X:1\nM:4/4\nL:1/4\nK:C\n{body}\n")


def heard(body: str) -> list[list[tuple[float, int]]]:
    score = piece_of_score(laid(body))
    return [[(note.onset / 480, note.number) for note in part.notes] for part in score.parts]


def test_an_overlay_sounds_from_the_beginning_of_its_bar() -> None:
    assert heard("C4|D2E2&F4|G4|]") == [[(0, 60), (4, 62), (6, 64), (8, 67)], [(4, 65)]]


def test_one_after_a_bar_line_goes_back_over_it_and_several_signs_over_several() -> None:
    assert heard("C4|D4|\n&F4|G4|]") == [[(0, 60), (4, 62), (8, 67)], [(4, 65)]]
    assert heard("C4|D4|\n&&E2E2|F4|G4|]") == [[(0, 60), (4, 62), (8, 67)], [(0, 64), (2, 64), (4, 65)]]


def test_several_over_one_bar_are_as_many_voices() -> None:
    assert heard("C4&E4&\\\nG4|c4&e4|]") == [[(0, 60), (4, 72)], [(0, 64), (4, 76)], [(0, 67)]]


def test_they_are_repeated_with_the_voice() -> None:
    assert heard("|:C4&E4|1D4:|2F4&A4|]") == [
        [(0, 60), (4, 62), (8, 60), (12, 65)],
        [(0, 64), (8, 64), (12, 69)],
    ]


def test_they_keep_key_and_unit_but_not_the_accidentals_of_the_voice() -> None:
    assert heard("[K:D][L:1/2]^D2&DF|]")[1] == [(0, 62), (2, 66)]


def test_words_come_to_the_notes_in_the_order_of_the_code() -> None:
    score = laid("G2F2|E3E|\n&&D4|C3C|\nw: ha-la-|lu-yoh lu-|-yoh")
    assert [voice.tune.lyrics for voice in score.voices] == [(("ha-", "la-", "lu-", "yoh"),), (("lu-", "-", "yoh"),)]


def test_the_melody_alone_has_none_and_says_so() -> None:
    [tune] = parse_abc("X:1\nM:4/4\nL:1/4\nK:C\nC4|D2E2&F4&A4|G4|]\n")
    assert [note.pitch.step for note in tune.notes] == list("CDEG")
    assert dict(tune.left_out) == {"voice overlay": 2}
    assert onsets(piece_of_score(laid("C4|D2E2&F4&A4|G4|]"))).total() == 6


def test_absurdly_many_are_a_mistake() -> None:
    with pytest.raises(ParseError, match="more than 10,000 voice overlays"):
        parse_abc("X:1\nK:C\nC8" + "&C" * 10_001 + "|\n")
    with pytest.raises(ParseError, match="bars of rest"):
        parse_abc("X:1\nK:C\nC8" + "&Z100" * 50 + "|\n")


def comes_back(body: str) -> Score:
    score = laid(body)
    assert parse_scores(format_score(score)) == [score]
    return score


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("C4|F4&&(3CD|EF2|", [2, 1]),  # over a bar line, with silence before it
        ("G4&&(5c|dG", [1]),  # into a bar that the voice has not
        ("C4&(3:2:9EE|F4|", [2]),  # into one that nothing is laid over
        ("C4|D4&&(3|EFG|", [3]),  # begun before the bar line
        ("C4|f4&&a(5Z4de|f", [1, 1]),
    ],
)
def test_a_tuplet_ends_with_its_bar(body: str, counts: list[int]) -> None:
    music = comes_back(body).voices[1].tune.music
    assert [element.r for element in music if isinstance(element, Tuplet)] == counts


def test_what_changes_before_its_first_note_holds_from_the_start() -> None:
    for body in (":A4[K:G]&d4|", "|F4[K:G]&a4|", "[2d4[K:G]&a4|", "[P:A]F4[K:G]&a4|"):
        layer = comes_back(body).voices[1].tune
        assert (layer.key.tonic, [one for one in layer.music if isinstance(one, KeyChange)]) == ("G", [])
    layer = comes_back("|C4[M:3/4]&F4|C3|").voices[1].tune
    assert (str(layer.meter), [one for one in layer.music if isinstance(one, MeterChange)]) == ("3/4", [])


@pytest.mark.parametrize("body", ["d/653B4/3&c|c4|", "B/3Zd/653&f|", "A4&(15:32:2d/65536>>>d|", "d/653B/3|C4&D4|"])
def test_silence_beside_it_lasts_as_long_as_can_be_written(body: str) -> None:
    own, layer = (sum((bar.length for bar in voice.tune.measures), Fraction(0)) for voice in comes_back(body).voices)
    assert abs(own - layer) < Fraction(len(body), 2**20)


@pytest.mark.parametrize("body", ['D4&e4|:"D"|:G4[1|A4', "A4[1|g4&e4:(2[|e4", "g2f2:(2&a4:A4[9"])
def test_it_is_in_step_where_chords_stand_between_two_bar_lines(body: str) -> None:
    assert "repeats" not in str(comes_back(body).repairs)


def test_a_tie_goes_on_over_the_bar_line() -> None:
    assert [note.tied for note in comes_back("C4&E4-|C4&E4|").voices[1].tune.notes] == [True, False]
    score = comes_back("C4|\nC4&E4-|C4|")
    assert [note.tied for note in score.voices[1].tune.notes] == [False]
    assert [(one.what, one.line, one.bar) for one in score.repairs] == [("tie to no note ignored", 6, 2)]


def test_what_is_lost_of_it_is_said() -> None:
    assert dict(laid("C4&E4@!p!|").left_out) == {"sign '@'": 1, "decoration without a note": 1}
    assert [(one.what, one.line) for one in laid("C4|\nC4&E2>>>>E2|").repairs] == [
        ("broken rhythm without two notes ignored", 6)
    ]
    assert dict(laid("C4&&&D4|E4|z4|").left_out) == {BEYOND: 1}
    assert dict(laid("C4" + "&C4" * 11 + "|").left_out) == {TOO_MANY: 3}


OWN_FIELDS = ("C4&[K:D]F4|F4|", "C4&[L:1/8]F8|F4|", "C2&C2[K:D]F2|F4|G4|", "C4&[K:D]C4|F4&F4|F4|", "C4[K:D]&F4|F4|")


@pytest.mark.skipif(which("abc2midi") is None, reason="abc2midi is not installed")
@pytest.mark.parametrize("body", OWN_FIELDS)
def test_key_and_unit_within_it_end_with_it_as_abc2midi_has_them(body: str, tmp_path: Path) -> None:
    assert onsets(piece_of_score(laid(body))) == by_abc2midi(f"X:1\nM:4/4\nL:1/4\nK:C\n{body}\n", tmp_path)


def test_key_metre_and_unit_within_it_end_with_it() -> None:
    assert heard("C4&[K:D][L:1/8][M:2/4]F8|F4|") == [[(0, 60), (4, 65)], [(0, 66)]]
    score = comes_back("C4&[K:D bass-8]F4|F4|")
    assert (score.melody.key.tonic, score.melody.sounding) == ("C", 0)
    assert dict(score.left_out) == {"change of what sounds within the tune": 1}
