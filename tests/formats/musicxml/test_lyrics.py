"""Words in MusicXML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.support.voices import BAND, CHOIR, score_of
from tunewright.formats.abc import parse_abc
from tunewright.formats.musicxml.document import DOCTYPE, to_musicxml
from tunewright.music.score import Score
from tunewright.music.tune import Tune


def root_of(music: Tune | Score) -> ET.Element:
    return ET.fromstring(to_musicxml(music).removeprefix(DOCTYPE))


def words(note: ET.Element) -> list[tuple[str, str, str]]:
    """The number, place in the word and text of each syllable of a note, or the kind of its line."""
    found = []
    for lyric in note.iter("lyric"):
        extend = lyric.find("extend")
        line = extend.get("type", "") if extend is not None else ""
        found.append((lyric.get("number", ""), lyric.findtext("syllabic", line), lyric.findtext("text", "")))
    return found


def test_each_syllable_says_where_in_its_word_it_stands() -> None:
    [tune] = parse_abc("X:1\nT:t\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\nw: hal-le-lu-jah a x\\-ray__\nw: * one\nW:more\n")
    root = root_of(tune)
    assert [words(note) for note in root.iter("note")] == [
        [("1", "begin", "hal")],
        [("1", "middle", "le"), ("2", "single", "one")],
        [("1", "middle", "lu")],
        [("1", "end", "jah")],
        [("1", "single", "a")],
        [("1", "single", "x-ray")],
        [("1", "continue", "")],
        [("1", "stop", "")],
    ]
    assert root.findtext("credit/credit-words") == "more"


def test_a_syllable_stands_once_under_a_chord_and_a_note_that_is_written_as_several() -> None:
    [tune] = parse_abc("X:1\nT:t\nM:5/4\nL:1/4\nK:C\n[CEG]5|\nw: oh\n")
    assert [words(note) for note in root_of(tune).iter("note") if words(note)] == [[("1", "single", "oh")]]


def test_what_a_note_holds_stands_in_the_order_of_the_schema() -> None:
    order = ("grace", "chord", "pitch", "duration", "tie", "voice", "type", "dot", "accidental", "time-modification")
    order = (*order, "beam", "notations", "lyric")
    [tune] = parse_abc("X:1\nT:t\nM:4/4\nL:1/8\nK:C\n{c}(^C-C) D/E/F .G2(3ABc|\nw: a__ b c d e f g h\n")
    for note in root_of(tune).iter("note"):
        places = [order.index(child.tag) for child in note]
        assert places == sorted(places)


def test_voices_on_one_staff_have_their_words_one_below_the_other() -> None:
    numbers = {lyric.get("number") for lyric in root_of(score_of(CHOIR)).iter("lyric")}
    assert numbers == {"1", "2"}
    assert {lyric.get("number") for lyric in root_of(score_of(BAND)).iter("lyric")} == {"1", "2"}
