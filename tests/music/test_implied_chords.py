"""Chords that bars imply, in tunes whose harmony every player knows."""

from __future__ import annotations

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import read
from tunewright.formats.midi.accompaniment import accompaniment
from tunewright.formats.midi.performance import performed
from tunewright.music.chord_symbols import parse_chord
from tunewright.music.implied_chords import implies_chords, with_implied_chords
from tunewright.music.tune import ChordSymbol, Tune


def chords(tune: Tune) -> list[str]:
    return [element.text for element in with_implied_chords(tune).music if isinstance(element, ChordSymbol)]


def test_plain_bars_imply_their_triads() -> None:
    assert chords(read("CEGE CEGE|FAcA FAcA|GBdB GBdB|CEGE C4|")) == ["C", "F", "G", "C"]
    assert chords(read("A,CEC A,CEC|DFAF DFAF|A,CEC A,4|", "Am")) == ["Am", "Dm", "Am"]
    assert chords(read("DFA dAF|GBd gdB|Ace aec|dAF D3|", "D", "6/8")) == ["D", "G", "A", "D"]


def test_a_diminished_triad_is_the_top_of_a_seventh_chord() -> None:
    assert chords(read("BdfB dfBd|c8|")) == ["G7", "C"]
    assert chords(read("^cega ^ceg^c|d8|", "D")) == ["A7", "D"]
    assert chords(read("cegc egce|d8|", "D")) == ["A7", "D"]


def test_a_pickup_has_none_and_the_same_chord_is_said_once_until_a_repeat() -> None:
    assert chords(read("G|CEGE CEGE|CEGE CEGE:|CEGE CEGE|")) == ["C", "C"]


def test_a_key_without_a_tonic_implies_nothing() -> None:
    tune = read("CEGE CEGE|", "none")
    assert not implies_chords(tune)
    assert with_implied_chords(tune).music == tune.music


def test_real_tunes_are_played_the_same_with_them_and_all_are_chords() -> None:
    for tune in real_tunes(15):
        named = with_implied_chords(tune)
        assert all(parse_chord(text) for text in chords(tune))
        assert performed(named) == performed(tune)
        assert named.notes == tune.notes
        assert bool(accompaniment(named)) == implies_chords(tune)
