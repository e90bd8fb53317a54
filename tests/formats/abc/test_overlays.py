"""What is laid over a voice."""

from __future__ import annotations

import pytest

from tests.support.voices import onsets, score_of
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.scores import piece_of_score
from tunewright.music.score import Score
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
