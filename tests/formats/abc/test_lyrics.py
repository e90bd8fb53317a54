"""Words and the notes that they are sung to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.corpus.packing import TunePacker, TuneUnpacker
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.lyrics import TOO_MANY, words_line
from tunewright.formats.abc.texts import canonical_text
from tunewright.music.lyrics import HELD, HYPHEN, JOINED
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune

SONG = """C2 D2 E2 F2|G4 A4|
w: My bon-nie lies o-ver
w: * Oh, bring back, bring
c2 B2 A2 G2|{d}[CE]8|
w: the o-cean, my_"""


def song(body: str) -> Tune:
    [tune] = parse_abc(f"X:1\nT:t\nM:4/4\nL:1/4\nK:C\n{body}\n")
    return tune


def verse(body: str) -> list[str]:
    tune = song(body)
    return list(tune.lyrics[0]) if tune.lyrics else []


@pytest.mark.parametrize(
    ("words", "syllables"),
    [
        ("syll-a-ble to", ["syll-", "a-", "ble", "to"]),
        ("syll-a--ble", ["syll-", "a-", "-", "ble"]),
        ("syll-a -ble", ["syll-", "a", "-", "ble"]),
        ("time__ and", ["time", "_", "_", "and"]),
        ("of~the day * I", ["of the", "day", "", "I"]),
        (r"x\-ray two", [f"x{HYPHEN}ray", "two", "", ""]),
        ("", []),
        ("* * * *", []),
    ],
)
def test_syllables_come_to_notes_as_the_standard_has_it(words: str, syllables: list[str]) -> None:
    assert verse(f"CDEF|\nw: {words}") == syllables


def test_a_bar_line_goes_on_to_the_next_bar_where_syllables_are_few() -> None:
    assert verse("CDEF|GABc|\nw: a b | c d") == ["a", "b", "", "", "c", "d", "", ""]
    assert verse("CDEF|GABc|\nw: a b c d | e f") == ["a", "b", "c", "d", "e", "f", "", ""]
    assert verse("C2z2|z4|E4|F4|\nw: a | | b | c") == ["a", "b", "c"]


def test_only_notes_are_sung_and_each_of_them_tied_or_not() -> None:
    assert verse("{d}C-C z x (E/F/) y [CEG]|\nw: a b c d e") == ["a", "b", "c", "d", "e"]


def test_lines_side_by_side_are_verses_and_those_apart_go_on() -> None:
    tune = song(SONG)
    assert tune.lyrics == (
        ("My", "bon-", "nie", "lies", "o-", "ver", "the", "o-", "cean,", "my", "_"),
        ("", "Oh,", "bring", "back,", "bring", "", "", "", "", "", ""),
    )
    assert not tune.repairs
    assert not tune.left_out
    assert verse("CDEF|\nGABc|\nw: a b c d e f g h") == list("abcdefgh")


def test_more_syllables_than_notes_are_a_repair_and_fewer_are_none() -> None:
    [repair] = song("CDEF|\nw: a b c d e f\nGABc|").repairs
    assert (repair.what, repair.line, repair.bar) == (TOO_MANY, 6, 1)
    assert not song("CDEF|\nw: a\nGABc|").repairs


def test_words_survive_writing_packing_and_transposition() -> None:
    tune = song(SONG)
    [again] = parse_abc(format_abc(tune))
    assert again == tune
    assert again.lyrics == tune.lyrics
    assert format_abc(again) == format_abc(tune)
    assert TuneUnpacker().unpack(TunePacker().pack(tune)).lyrics == tune.lyrics
    assert transpose(tune, 3).lyrics == tune.lyrics


def test_words_below_are_kept_with_their_empty_lines() -> None:
    tune = song("CDEF|\nW:One\nW:\nGABc|\nW: two")
    assert [text for letter, text in tune.fields if letter == "W"] == ["One", "", "two"]
    assert len(tune.notes) == 8
    assert [text for letter, text in parse_abc(format_abc(tune))[0].fields if letter == "W"] == ["One", "", "two"]


def test_what_is_learned_has_no_words() -> None:
    assert canonical_text(song(SONG)) == canonical_text(song("C2D2E2F2|G4A4|c2B2A2G2|{d}[CE]8|"))


LETTERS = st.characters(exclude_categories=["C", "Z"], exclude_characters=JOINED) | st.sampled_from(f"{HYPHEN}~%&;'")
SYLLABLES = st.text(LETTERS, min_size=1, max_size=6).filter(lambda text: not text.endswith("\\"))
VERSE = st.lists(st.one_of(st.just(""), st.just(HELD), st.just(JOINED), SYLLABLES), min_size=24, max_size=24)


@given(st.lists(VERSE, min_size=1, max_size=3))
def test_any_words_that_are_written_are_read_again(verses: list[list[str]]) -> None:
    tune = song("CDEF|GABc|cBAG||FEDC|CDEF|GABc|")
    lyrics = tuple(map(tuple, verses))
    [again] = parse_abc(format_abc(replace(tune, lyrics=lyrics)))
    assert again.lyrics == tuple(verse for verse in lyrics if any(verse))
    assert not [repair for repair in again.repairs if repair.what == TOO_MANY]


def test_a_line_of_words_ends_with_its_last_syllable() -> None:
    assert words_line(["a-", "b", "", HELD, "", ""]) == "w: a-b * _"
    assert words_line(["", ""]) == ""


def test_words_below_the_music_are_the_last_fields_wherever_they_stand() -> None:
    [tune] = parse_abc("X:1\nW:first\nT:x\nB:a book\nK:C\nCDEF|\nW:second\n")
    assert tune.fields == (("B", "a book"), ("W", "first"), ("W", "second"))
    [again] = parse_abc(format_abc(tune))
    assert again.fields == tune.fields
