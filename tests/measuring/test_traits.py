"""What a tune could be told by is what is heard of it, whatever its key and however it is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.real_tunes import collection
from tests.support.short_tunes import SILENCE, read
from tunewright.measuring.traits import SHAPES, key_of_word, name_of_key, read_traits
from tunewright.music.playing import played
from tunewright.music.transposing import transpose
from tunewright.music.tune import Bar, ChordSymbol, Ending, Note, Tune


def shape_of(tune: Tune) -> dict[str, float]:
    traits = read_traits(tune)
    assert traits is not None
    return dict(zip(SHAPES, traits.shape, strict=True))


def words_of(tune: Tune) -> Counter[str]:
    traits = read_traits(tune)
    assert traits is not None
    named = Counter[str]()
    for word, count in traits.words.items():
        named[key_of_word(word)] += count
    return named


def test_a_tune_small_enough_to_count() -> None:
    shape = shape_of(read("|:C2 D2 E2 c2|c2 ^F2 z2 C2:|"))  # heard twice: 14 notes, 4 bars
    assert (shape["notes"], shape["bars"], shape["notes_per_bar"]) == (14, 4, 3.5)
    assert (shape["range"], shape["top"], shape["bottom"]) == (12, 12, 0)
    assert shape["uneven_bars"] == 0.5
    assert shape["climax"] == pytest.approx(3 / 14)
    # intervals: 2 2 8 0 -6 -6 | 0 | 2 2 8 0 -6 -6
    assert shape["steps"] == pytest.approx(4 / 13)
    assert shape["same_pitch"] == pytest.approx(3 / 13)
    assert shape["wide_leaps"] == pytest.approx(2 / 13)
    assert shape["interval_size"] == pytest.approx(48 / 13)
    assert shape["outside"] == pytest.approx(2 / 14)
    assert shape["tonic"] == pytest.approx(8 / 14)
    assert shape["rests"] == pytest.approx(2 / 16)
    assert (shape["ends_on_tonic"], shape["last_length"], shape["wrong_bars"], shape["not_eights"]) == (1, 0.25, 0, 1)
    assert (shape["same_1"], shape["same_2"], shape["like_2"]) == (0, 1, 1)
    assert shape["bar_rhythms"] == 0.5
    assert shape["turns"] == pytest.approx(3 / 9)  # up up up down down up up up down down


def test_words_are_named_and_counted() -> None:
    words = words_of(read("C2 D2 E2 c2|"))
    assert words["degree:1"] == 2
    assert words["degrees:1-2"] == words["degrees:3-1"] == words["interval:8"] == 1
    assert words["length:1/4"] == 4


def test_what_is_heard_is_the_same_in_another_key_unit_and_writing() -> None:
    tunes = [tune for tune in collection("oneill")[200:260] if not tune.irregular and tune.key.tonic]
    assert len(tunes) > 40
    for tune in tunes:
        music = (element for element in played(tune) if not isinstance(element, Ending | ChordSymbol))
        lines = tuple(Bar("||") if isinstance(one, Bar) and one.ends_section else one for one in music)
        bare = tuple(replace(one, grace=(), decorations=()) if isinstance(one, Note) else one for one in lines)
        other = transpose(replace(tune, music=bare, parts="", unit=Fraction(1, 16), title="x"), 5)
        ours, theirs = read_traits(tune), read_traits(other)
        assert ours is not None
        assert theirs is not None
        assert ours.words == theirs.words
        assert [*shape_of(tune).items()] == [*(shape_of(other) | {"wrong_bars": 0.0}).items()]


def test_a_tune_of_one_note_or_none_has_no_traits() -> None:
    assert read_traits(SILENCE) is None
    assert read_traits(read("C8|")) is None
    assert read_traits(read("C4 C4|")) is not None


def test_every_key_has_a_name() -> None:
    names = [name_of_key(key) for key in SHAPES]
    assert len(set(names)) == len(names)
    for tune in collection("oneill")[:20]:
        assert all(name_of_key(key) for key in words_of(tune) if key)
