"""Which lines belong to which voice, and what is said of each."""

from __future__ import annotations

import pytest

from tests.support.voices import score_of
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.voices import VoiceLines, clef_of, properties, split_voices, staves_of
from tunewright.music.playing import soundings
from tunewright.music.tune import Meter


def texts(lines: list[str], declared: tuple[str, ...] = ()) -> dict[str, list[str]]:
    found = split_voices(declared, list(enumerate(lines, start=1)))
    return {voice.name: [text.strip() for _, text in voice.lines] for voice in found}


def test_fields_and_brackets_lead_from_voice_to_voice() -> None:
    lines = ["V:1", "abc|", "w: la", "V:2 bass", "CDE|", "[V:1] def|[V:2]FGA|"]
    assert texts(lines) == {"1": ["abc|", "w: la", "def|"], "2": ["CDE|", "FGA|"]}


def test_music_without_a_voice_is_of_the_first_one() -> None:
    assert texts(["abc|", "def|"]) == {"": ["abc|", "def|"]}
    assert texts(["abc|", "V:2", "def|"]) == {"": ["abc|"], "2": ["def|"]}
    assert texts(["abc|", "V:1", "def|", "V:2", "g"]) == {"1": ["abc|", "def|"], "2": ["g"]}
    assert texts(["abc|", "V:B", "def|"], ("A", "B")) == {"A": ["abc|"], "B": ["def|"]}


def test_a_part_begins_with_the_voice_that_goes_on_after_it() -> None:
    assert texts(["P:A", "[V:1] abc|", "[V:2] ABC|", "P:B", "[V:1] def|", "[V:2] DEF|"]) == {
        "1": ["P:A", "abc|", "P:B", "def|"],
        "2": ["ABC|", "DEF|"],
    }
    assert texts(["abc|", "P:B", "K:G", "def|"]) == {"": ["abc|", "P:B", "K:G", "def|"]}
    assert texts(["V:1", "P:A", "abc|", "P:B", "def|", "V:2", "P:A", "g"])["2"] == ["P:A", "g"]


def test_fields_before_all_voices_hold_for_all() -> None:
    assert texts(["M:3/4", "P:A", "V:1", "abc|", "V:2", "def|"]) == {
        "1": ["M:3/4", "P:A", "abc|"],
        "2": ["M:3/4", "def|"],
    }


def test_what_is_said_of_a_voice() -> None:
    [voice] = split_voices(['T clef=treble-8 name="Tenore\\nprimo" snm=T.', "T middle=d"], [])
    assert (voice.label, voice.short_label, voice.said["clef"]) == ("Tenore\nprimo", "T.", "treble")
    assert properties("bass nm=B") == {"clef": "bass", "nm": "B"}


@pytest.mark.parametrize(
    ("text", "clef"),
    [
        ("bass", "bass"),
        ("treble+8", "treble"),
        ("alto1", "alto"),
        ("C4", "tenor"),
        ("F", "bass"),
        ("perc", ""),
        ("", ""),
    ],
)
def test_clefs_by_their_names(text: str, clef: str) -> None:
    assert clef_of(text) == clef


@pytest.mark.parametrize(
    ("said", "octaves"),
    [
        ("clef=bass middle=d", -2),
        ("clef=bass middle=D,", 0),
        ("middle=b", -1),
        ("middle=c", 0),
        ("clef=alto middle=c", -1),
    ],
)
def test_a_middle_line_moves_what_is_written(said: str, octaves: int) -> None:
    voice = VoiceLines("1")
    voice.say(said)
    assert voice.octaves == octaves


def test_staves_as_the_score_has_them() -> None:
    names = ["S", "A", "T", "B", "X"]
    assert staves_of(["%%score [(S A) | {T B}]"], names) == [["S", "A"], ["T"], ["B"], ["X"]]
    assert staves_of(["%%staves B S", "%%score (A A) nobody"], names) == [["A"], ["S"], ["T"], ["B"], ["X"]]
    assert staves_of([], names) == [[name] for name in names]


def test_a_tie_within_a_chord_moves_with_its_voice() -> None:
    score = score_of("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nC4|C4|]\nV:2 clef=bass middle=d\n[c-e]4|[cg]4|]\n")
    assert score.tunes[1].notes[0].held == (score.tunes[1].notes[0].pitches[0],)
    assert soundings(score.tunes[1])


@pytest.mark.parametrize("fields", ["V:1 middle=B,,,,,,,,,,,,", "V:1 middle=b" + "'" * 12])
def test_what_is_farther_than_any_page_moves_nothing(fields: str) -> None:
    [tune] = parse_abc(f"X:1\nL:1/4\nK:C\n{fields}\nCDEF|]\n")
    assert [note.pitch.midi for note in tune.notes] == [60, 62, 64, 65]
    assert parse_abc(format_abc(tune)) == [tune]


def test_fields_before_all_voices_hold_for_all_in_whatever_order() -> None:
    text = "X:1\nK:C\nM:3/4\nL:1/8\nm:~G2 = GAG\nV:2\n~G2 C3|]\nV:1\n~G2 C3|]\n"
    score = score_of(text)
    assert [tune.meter for tune in score.tunes] == [Meter(3, 4)] * 2
    assert {tuple(note.pitch.midi for note in tune.notes) for tune in score.tunes} == {(67, 69, 67, 60)}


def test_a_tab_parts_a_voice_from_what_is_said_of_it() -> None:
    score = score_of('X:1\nL:1/4\nK:C\nV:T1\tclef=treble-8\tname="Tenor"\nV:B clef=bass\nV:T1\nCDEF|]\nV:B\nC4|]\n')
    assert score.voices[0].name == "Tenor"
    assert score.tunes[0].sounding == -12


def test_a_tempo_that_only_another_voice_has_is_said_to_be_left_out() -> None:
    lost = "tempo in a voice other than the melody"
    both = "X:1\nL:1/4\nK:C\nV:1\nC4|{one}D4|]\nV:2\nC4|{two}D4|]\n"
    change = "[Q:1/4=120]"
    assert dict(score_of(both.format(one="", two=change)).left_out)[lost] == 1
    assert lost not in dict(score_of(both.format(one=change, two=change)).left_out)
