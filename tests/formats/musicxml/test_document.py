"""MusicXML that another program reads as the same music."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.musicxml.document import to_musicxml
from tunewright.music.playing import soundings
from tunewright.music.tune import Key, Meter, Note, Pitch, Tune
from tunewright.support.errors import RenderError


def xml_of(body: str, header: str = "M:4/4\nL:1/8\n", key: str = "C") -> ET.Element:
    return ET.fromstring(to_musicxml(parse_abc(f"X:1\nT:t\n{header}K:{key}\n{body}\n")[0]))


def texts(root: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(f".//{path}")]


def read_by_music21(text: str) -> list[tuple[Fraction, Fraction, tuple[str, ...]]]:
    """Onset, length and pitches of every note, ties joined: music21's reader shares no code with our writer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from music21 import converter, harmony

        score = converter.parseData(text, format="musicxml")
    heard: list[tuple[Fraction, Fraction, tuple[str, ...]]] = []
    time = Fraction(0)
    for note in score.parts[0].recurse().notesAndRests:
        if note.duration.isGrace or isinstance(note, harmony.Harmony):
            continue
        length = Fraction(note.quarterLength) / 4
        if not note.isRest:
            pitches = tuple(sorted(pitch.nameWithOctave.replace("-", "b") for pitch in note.pitches))
            if note.tie and note.tie.type in ("stop", "continue") and heard and heard[-1][2] == pitches:
                heard[-1] = (heard[-1][0], heard[-1][1] + length, pitches)
            else:
                heard.append((time, length, pitches))
        time += length
    return heard


def test_music21_reads_the_same_pitches_and_lengths() -> None:
    for tune in real_tunes(8):
        heard = read_by_music21(to_musicxml(tune))
        expected = [
            (note.onset, note.length, tuple(sorted(map(str, note.pitches)))) for note in soundings(tune, unfold=False)
        ]
        assert [pitches for _, _, pitches in heard] == [pitches for _, _, pitches in expected], tune.source
        for (onset, length, _), (true_onset, true_length, _) in zip(heard, expected, strict=True):
            # music21 keeps thirds as fractions with a limited denominator
            assert abs(onset - true_onset) < Fraction(1, 2000), tune.source
            assert abs(length - true_length) < Fraction(1, 2000), tune.source


def test_tuplets_have_brackets_and_true_lengths() -> None:
    root = xml_of("(3cde f2 c4|")
    assert texts(root, "actual-notes") == ["3"] * 3
    assert [element.get("type") for element in root.iter("tuplet")] == ["start", "stop"]
    assert int(texts(root, "duration")[0]) * 3 == int(texts(root, "duration")[3])


def test_bar_lines_repeats_and_endings() -> None:
    root = xml_of("|: c8 |1 d8 :|2 e8 || f8 |]")
    assert [element.get("direction") for element in root.iter("repeat")] == ["forward", "backward"]
    assert [(e.get("number"), e.get("type")) for e in root.iter("ending")] == [
        ("1", "start"),
        ("1", "stop"),
        ("2", "start"),
        ("2", "discontinue"),
    ]
    assert texts(root, "bar-style") == ["heavy-light", "light-heavy", "light-light", "light-heavy"]


def test_a_pickup_is_implicit() -> None:
    assert [(m.get("number"), m.get("implicit")) for m in xml_of("G | c8 |]").iter("measure")] == [
        ("0", "yes"),
        ("1", None),
    ]


def test_accidentals_are_printed_once_a_bar_and_warned_of_in_other_octaves() -> None:
    assert texts(xml_of("^F ^F ^f F|"), "accidental") == ["sharp", "sharp"]
    assert texts(xml_of("^F F _B B | F4 B4 |"), "accidental") == ["sharp", "flat"]
    assert texts(xml_of("F =F F ^F|", key="D"), "accidental") == ["natural", "sharp"]


def test_beams_follow_the_beat() -> None:
    def begins(body: str, meter: str) -> int:
        return texts(xml_of(body, f"M:{meter}\nL:1/8\n"), "beam[@number='1']").count("begin")

    assert begins("cdef gabc'|", "4/4") == 2
    assert begins("cdefga|", "6/8") == 2
    assert begins("cdefga|", "3/4") == 3
    assert begins("c/d/e/f/g/a/b/c'/ c4|", "4/4") == 2


def test_chord_symbols_are_harmony_and_other_text_is_text() -> None:
    root = xml_of('"F#m7/C#"c4 "Bb"d4|')
    assert texts(root, "root-step") == ["F", "B"]
    assert texts(root, "root-alter") == ["1", "-1"]
    assert texts(root, "kind") == ["minor-seventh", "major"]
    assert texts(root, "bass-step") == ["C"]


def test_ties_slurs_graces_and_marks() -> None:
    root = xml_of("(c2{ag}.d2 Te2)f2-|f8|")
    assert [element.get("type") for element in root.iter("slur")] == ["start", "stop"]
    assert [element.get("type") for element in root.iter("tied")] == ["start", "stop"]
    assert len(list(root.iter("grace"))) == 2
    assert root.find(".//staccato") is not None
    assert root.find(".//trill-mark") is not None


def test_keys_beyond_seven_sharps_and_explicit_ones() -> None:
    assert texts(xml_of("c8|", key="G#"), "fifths") == ["7"]
    assert texts(xml_of("c8|", key="D exp _e ^f"), "key-step") == ["F", "E"]


def test_text_that_xml_forbids_is_left_out() -> None:
    tune = parse_abc("X:1\nT:a\x0b<&>b\nK:C\nc8|\n")[0]
    title = ET.fromstring(to_musicxml(tune)).findtext(".//work-title") or ""
    assert "<&>" in title


def test_a_tune_without_anything_cannot_be_written() -> None:
    with pytest.raises(RenderError, match="nothing to draw"):
        to_musicxml(Tune(()))


def test_some_notes_have_a_colour() -> None:
    [tune] = parse_abc("X:1\nM:4/4\nL:1/8\nK:C\n{b}c2 [CE]5 z|d8|\n")
    root = ET.fromstring(to_musicxml(tune, colours={1: "#d0006f", 2: "#a06a00"}).partition('dtd">\n')[2])
    notes = [(note.findtext("pitch/step"), note.get("color")) for note in root.iter("note")]
    chord = [("C", "#d0006f"), ("E", "#d0006f")]  # both notes of the chord, and what is tied on to write its length
    assert notes == [("B", None), ("C", None), *chord, *chord, (None, None), ("D", "#a06a00")]
    assert "color" not in to_musicxml(tune)


def test_a_colour_for_no_note() -> None:
    [tune] = parse_abc("X:1\nK:C\nCDEF|\n")
    with pytest.raises(RenderError, match="a colour for note 4; expected 0 to 3"):
        to_musicxml(tune, colours={4: "#d0006f"})


def test_lengths_that_no_reader_could_count_are_refused() -> None:
    primes = [number for number in range(3, 400) if all(number % by for by in range(2, number))]
    notes = tuple(Note((Pitch("C"),), Fraction(1, prime)) for prime in primes)
    with pytest.raises(RenderError, match="more than 16,777,216 parts"):
        to_musicxml(Tune(notes, Key("C"), Meter(4, 4)))


def test_tempos_are_drawn_where_they_begin() -> None:
    root = xml_of("c8 | [Q:1/4=90] f8 |", 'M:4/4\nL:1/8\nQ:"Andante" 3/8=60\n')
    assert texts(root, "metronome/beat-unit") == ["quarter", "quarter"]
    assert texts(root, "metronome/per-minute") == ["60", "90"]
    assert len(root.findall(".//beat-unit-dot")) == 1
    assert texts(root, "words") == ["Andante"]
    assert [sound.get("tempo") for sound in root.iter("sound")] == ["90", "90"]
    [first, second] = root.iter("measure")
    assert (len(first.findall("direction")), len(second.findall("direction"))) == (1, 1)


@pytest.mark.parametrize(
    ("key", "moved"),
    [
        ("C", []),
        ("C treble-8", ["0", "0", "-1"]),
        ("C transpose=-2", ["-1", "-2"]),
        ("C transpose=15", ["2", "3", "1"]),
    ],
)
def test_what_sounds_is_said_and_what_is_written_drawn(key: str, moved: list[str]) -> None:
    root = xml_of("c8|", key=key)
    assert [element.text for transpose in root.iter("transpose") for element in transpose] == moved
    assert texts(root, "pitch/octave") == ["5"]


def test_the_pipers_signature_is_not_printed() -> None:
    assert [key.get("print-object") for key in xml_of("c8|", key="HP").iter("key")] == ["no"]
    assert [key.get("print-object") for key in xml_of("c8|", key="Hp").iter("key")] == [None]


def test_a_tie_in_a_chord_is_of_its_own_note() -> None:
    root = xml_of("[CE-G]4[DEA]4|")
    tied = [(note.findtext("pitch/step"), tie.get("type")) for note in root.iter("note") for tie in note.iter("tied")]
    assert tied == [("E", "start"), ("E", "stop")]


def test_everybody_who_is_named_and_every_title() -> None:
    root = xml_of("c8|", "T:second\nC:Words: A\nC:B\nM:4/4\nL:1/8\n")
    assert [(one.get("type"), one.text) for one in root.iter("creator")] == [
        ("lyricist", "Words: A"),
        ("composer", "B"),
    ]
    assert texts(root, "credit-words") == ["second"]


def test_hairpins_arpeggios_and_fermatas() -> None:
    root = xml_of("!<(!c2 !<)!d2 !arpeggio![ceg]2 !invertedfermata!!>!e2|")
    assert [wedge.get("type") for wedge in root.iter("wedge")] == ["crescendo", "stop"]
    assert len(list(root.iter("arpeggiate"))) == 3
    assert [fermata.get("type") for fermata in root.iter("fermata")] == ["inverted"]
    assert len(list(root.iter("accent"))) == 1
