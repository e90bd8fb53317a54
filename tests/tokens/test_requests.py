"""What is asked of a tune: words become a request, and what cannot be had is refused before anything is drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.musical import regular_tunes
from tunewright.formats.abc import parse_abc
from tunewright.music.form import FEWEST_BARS, MOST_SECTION_BARS, MOST_SECTIONS, Form, Section, form_of
from tunewright.music.rhythms import RHYTHMS, told_rhythm
from tunewright.music.tune import Key, Meter, Pitch
from tunewright.support.errors import ConfigError
from tunewright.tokens.requests import (
    LONGEST_START,
    MOST_BARS,
    Request,
    as_in,
    build_request,
    check_request,
    usual_form,
)


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ({}, Request()),
        ({"key": "e dor"}, Request(key=Key("E", "dorian"))),
        ({"key": "B♭"}, Request(key=Key("Bb"))),
        ({"key": "F#m"}, Request(key=Key("F#", "minor"))),
        ({"key": "Amix"}, Request(key=Key("A", "mixolydian"))),
        ({"key": "G Major"}, Request(key=Key("G"))),
        ({"meter": "6/8", "rhythm": "Double Jig"}, Request(meter=Meter(6, 8), rhythm="jig")),
        ({"meter": "C|"}, Request(meter=Meter(2, 2, "C|"))),
        ({"bars": "24"}, Request(bars=24)),
        ({"parts": "AABB"}, Request(form=Form((Section(8, True), Section(8, True))))),
        ({"parts": "aab", "bars": "8,16"}, Request(form=Form((Section(8, True), Section(16, False))))),
        ({"parts": "ABC", "bars": "4"}, Request(form=Form((Section(4, False),) * 3))),
        ({"bars": "8+8"}, Request(form=Form((Section(8, False),) * 2))),
        ({"pitch_range": "D4-b5"}, Request(low=Pitch("D", 0, 4), high=Pitch("B", 0, 5))),
        ({"pitch_range": "F#3 - Eb5"}, Request(low=Pitch("F", 1, 3), high=Pitch("E", -1, 5))),
    ],
)
def test_words_become_a_request(words: dict[str, str], request_: Request) -> None:
    assert build_request(**words) == request_


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"meter": "9/8", "rhythm": "reel"}, r"a reel in 9/8 .* expected one of its metres: 4/4"),
        ({"meter": "3/4", "rhythm": "jig"}, "a jig in 3/4"),
        ({"bars": "5.5"}, r"5\.5 bars .* whole number"),
        ({"bars": "-8"}, "whole number"),
        ({"bars": "eight"}, "whole number"),
        ({"bars": "0"}, "whole number"),
        ({"bars": "8,", "parts": "AB"}, "whole number"),
        ({"bars": "3"}, "expected 4 to 256"),
        ({"bars": "700"}, "expected 4 to 256"),
        ({"bars": "12345678901234567890"}, "whole number"),
        ({"bars": "100", "parts": "AABB"}, "at most 64"),
        ({"bars": "8,8,8", "parts": "AABB"}, "there are 2"),
        ({"bars": "1", "parts": "AAB"}, "at least 4"),
        ({"parts": "AAAB"}, "part A is played 3 times"),
        ({"parts": "ABA"}, "part A comes back"),
        ({"parts": "A A"}, "expected letters"),
        ({"parts": "A2B2"}, "expected letters"),
        ({"parts": "ABCDEFGHIJKLM"}, "13 parts"),
        ({"rhythm": "tango"}, r"'tango'; known: reel, jig"),
        ({"key": "H"}, "expected a tonic and a mode"),
        ({"key": "G# major"}, "8 sharps"),
        ({"key": "A# major"}, "10 sharps"),
        ({"key": "Fb"}, "8 flats"),
        ({"key": "D cheerful"}, "expected a tonic and a mode"),
        ({"key": "D exp ^f"}, "expected a tonic and a mode"),
        ({"meter": "none"}, "that bars can fill"),
        ({"meter": "0/4"}, "metre"),
        ({"meter": "4/0"}, "metre"),
        ({"meter": "waltz"}, "metre"),
        ({"pitch_range": "B5-D4"}, "lower note first"),
        ({"pitch_range": "D4-G4"}, "narrower than a fifth"),
        ({"pitch_range": "D4"}, "expected two notes"),
        ({"pitch_range": "D4-H5"}, "expected two notes"),
    ],
)
def test_impossible_requests_are_refused_with_the_reason(words: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        build_request(**words)
    assert "\n" not in str(caught.value)


def test_every_rhythm_goes_with_its_own_metres_and_no_others() -> None:
    metres = {meter for rhythm in RHYTHMS.values() for meter in rhythm.meters}
    for name, rhythm in RHYTHMS.items():
        for meter in metres:
            if meter in rhythm.meters:
                assert build_request(rhythm=name, meter=meter).rhythm == name
            else:
                with pytest.raises(ConfigError, match=f"a {name} in"):
                    build_request(rhythm=name, meter=meter)


def test_every_tonic_and_mode_within_seven_sharps_or_flats_can_be_asked_for() -> None:
    for mode in ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian"):
        asked = 0
        for tonic in (step + sign for step in "CDEFGAB" for sign in ("", "#", "b")):
            key = Key(tonic, mode)
            if abs(key.sharps) <= 7:
                assert build_request(key=str(key)).key == key
                asked += 1
            else:
                with pytest.raises(ConfigError, match="expected a key of at most 7"):
                    build_request(key=str(key))
        assert asked == 15


def test_the_usual_form_has_as_many_bars_as_were_asked_for() -> None:
    for bars in range(FEWEST_BARS, MOST_BARS + 1):
        form = usual_form(bars)
        assert form.bars == bars
        assert len(form.sections) <= MOST_SECTIONS
        assert all(section.bars <= MOST_SECTION_BARS for section in form.sections)


def test_like_asks_for_what_the_tune_has() -> None:
    for tune in regular_tunes():
        found = as_in(tune, Request())
        assert (found.key, found.meter, found.form) == (tune.key, tune.meter, form_of(tune))
        assert found.rhythm in ("", told_rhythm(tune))
        assert found.low is not None
        assert found.high is not None
        assert all(found.low.midi <= note.pitch.midi <= found.high.midi for note in tune.notes)
        check_request(found)


def test_like_leaves_what_was_asked_for() -> None:
    asked = build_request(key="A", meter="3/4", rhythm="waltz", parts="AAB", pitch_range="C4-C6")
    assert as_in(regular_tunes()[0], asked) == asked
    moved = as_in(regular_tunes()[0], Request(key=Key("A", "minor")))
    assert (moved.low, moved.high) == (None, None)  # the range would be that of another key
    other = as_in(regular_tunes()[0], build_request(meter="5/4"))
    assert (str(other.meter), other.rhythm) == ("5/4", "")


def test_what_a_request_says_in_the_notes_of_a_tune() -> None:
    asked = build_request(key="E dorian", meter="6/8", rhythm="jig", parts="AAB", bars="8", pitch_range="D4-B5")
    assert str(asked) == "key E dorian, meter 6/8, rhythm jig, parts 8 twice 8, range D4-B5"
    assert str(Request()) == ""
    [tune] = parse_abc(f"X:1\nN:{asked}\nM:6/8\nL:1/8\nK:Edor\nE6|F6|G6|E6|]\n")
    assert not tune.repairs


def test_half_a_range_is_not_checked_against_nothing() -> None:
    check_request(replace(Request(), low=Pitch("D", 0, 4)))


def test_a_metre_is_asked_for_as_it_is_however_it_was_written() -> None:
    [reel] = parse_abc("X:1\nT:x\nR:reel\nM:C\nL:1/8\nK:D\nDEFG ABcd|DEFG ABcd|DEFG ABcd|d8|]\n")
    assert as_in(reel, build_request(meter="4/4")).rhythm == "reel"
    assert as_in(reel, build_request(meter="2/2")).rhythm == ""


def test_a_start_without_end_is_refused() -> None:
    assert Request(start="A" * LONGEST_START).start
    with pytest.raises(ConfigError, match="the start has 10,001 signs; expected at most 10,000"):
        Request(start="A" * (LONGEST_START + 1))
