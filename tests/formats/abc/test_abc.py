"""Reading and writing ABC: each construct against values worked out by hand, then properties on many tunes."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.places import IRISH
from tests.support.real_tunes import collection
from tunewright.formats.abc import decode_text, format_abc, parse_abc, parse_tune, split_tunes
from tunewright.music.playing import soundings
from tunewright.music.tune import (
    FREE,
    Bar,
    ChordSymbol,
    Element,
    Ending,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Part,
    Pitch,
    Rest,
    Tune,
    Tuplet,
)
from tunewright.support.errors import ParseError

CORPORA = ("oneills1850", "ryansMammoth", "airdsAirs", "essenFolksong")


def read(music: str, key: str = "C", meter: str = "4/4", more: str = "") -> Tune:
    [tune] = parse_abc(f"X:1\nT:t\n{more}M:{meter}\nL:1/8\nK:{key}\n{music}\n")
    return tune


def lengths(music: str, **header: str) -> list[Fraction]:
    """In eighths."""
    return [e.length * 8 for e in read(music, **header).music if isinstance(e, Note | Rest)]


def pitches(music: str, **header: str) -> list[str]:
    return [str(note.pitch) for note in read(music, **header).notes]


def bars(music: str) -> list[str]:
    return [element.line for element in read(music).music if isinstance(element, Bar)]


def repairs(music: str, **header: str) -> set[str]:
    return {repair.what for repair in read(music, **header).repairs}


# ------------------------------------------------------------------------------------------------ lengths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A A2 A/ A/2 A3/2 A// A/4 A3", [1, 2, "1/2", "1/2", "3/2", "1/4", "1/4", 3]),
        ("A>B", ["3/2", "1/2"]),
        ("A<B", ["1/2", "3/2"]),
        ("A>>B", ["7/4", "1/4"]),
        ("A<<B", ["1/4", "7/4"]),
        ("A2>B2", [3, 1]),
        ("A > B", ["3/2", "1/2"]),
        ("A>z", ["3/2", "1/2"]),
        ("(A>.B)", ["3/2", "1/2"]),
        ("(3ABc", ["2/3"] * 3),
        ("(2AB", ["3/2"] * 2),
        ("(4ABcd", ["3/4"] * 4),
        ("(5ABcde", ["2/5"] * 5),
        ("(6ABcdef", ["1/3"] * 6),
        ("(3:2:2A2B c", ["4/3", "2/3", 1]),
        ("(3:2A B c d", ["2/3"] * 3 + [1]),
        ("(3::2A B c", ["2/3", "2/3", 1]),
        ("(3A>Bc", ["1", "1/3", "2/3"]),
        ("[CEG]2 [C2E2G2] [C/E/]4", [2, 2, 2]),
        ("Z A8", [8, 8]),
        ("Z2", [8, 8]),
        ("z2 x", [2, 1]),
        ("y A", [1]),
    ],
)
def test_lengths(text: str, expected: list[str | int]) -> None:
    music = text if any(letter in text for letter in "ABCDEFGabcdefg") else text + "|A8"
    assert lengths(music)[: len(expected)] == [Fraction(length) for length in expected]


def test_five_in_compound_metre_takes_the_time_of_three() -> None:
    assert lengths("(5ABcde", meter="6/8") == [Fraction(3, 5)] * 5


def test_rests_invisible_and_for_whole_bars() -> None:
    tune = read("x2 z2 | Z2 | X | A")
    rests = [element for element in tune.music if isinstance(element, Rest)]
    assert [rest.visible for rest in rests] == [False, True, True, True, False]
    assert len(tune.measures) == 5


# ------------------------------------------------------------------------------------------------ pitch


@pytest.mark.parametrize(
    ("music", "key", "expected"),
    [
        ("C, C c c' B,,", "C", ["C3", "C4", "C5", "C6", "B2"]),
        ("F f c", "D", ["F#4", "F#5", "C#5"]),
        ("^F F f | F", "C", ["F#4", "F#4", "F#5", "F4"]),  # in every octave, to the bar line (2.1, 11.3)
        ("=F F | F", "G", ["F4", "F4", "F#4"]),
        ("^^F __B _E", "C", ["F##4", "Bbb4", "Eb4"]),
        ("^c4- | c4 c4", "C", ["C#5", "C#5", "C5"]),  # a tie carries its accidental over the bar line
        ("{^f}g f", "C", ["G5", "F#5"]),
        ("^F [K:G] F [K:C] F", "C", ["F#4", "F#4", "F4"]),
    ],
)
def test_pitch(music: str, key: str, expected: list[str]) -> None:
    assert pitches(music, key=key)[: len(expected)] == expected


def test_accidental_outlives_a_bar_line_that_only_a_line_end_stands_for() -> None:
    assert pitches("^F8\nF8 | F8") == ["F#4", "F#4", "F4"]


@pytest.mark.parametrize(
    ("text", "expected", "sharps"),
    [
        ("G", Key("G", "major"), 1),
        ("Gmaj", Key("G", "major"), 1),
        ("Em", Key("E", "minor"), 1),
        ("E minor", Key("E", "minor"), 1),
        ("Aaeo", Key("A", "minor"), 0),
        ("Cion", Key("C", "major"), 0),
        ("Edor", Key("E", "dorian"), 2),
        ("DMix", Key("D", "mixolydian"), 1),
        ("Flydian", Key("F", "lydian"), 0),
        ("E Phrygian", Key("E", "phrygian"), 0),
        ("Bloc", Key("B", "locrian"), 0),
        ("Bb", Key("Bb", "major"), -2),
        ("F#m", Key("F#", "minor"), 3),
        ("EM", Key("E", "minor"), 1),  # "capitalisation is ignored for the modes"
        ("HP", Key("A", "mixolydian"), 2),
        ("Hp", Key("A", "mixolydian"), 2),
        ("none", Key(None), 0),
        ("", Key(None), 0),
        ("D Phr ^f", Key("D", "phrygian", (("F", 1),)), -2),
        ("D exp _b ^f", Key("D", "major", (("C", 0), ("B", -1))), 2),
        ("G treble", Key("G", "major"), 1),
    ],
)
def test_keys(text: str, expected: Key, sharps: int) -> None:
    key = read("A", key=text).key
    assert (key.tonic, key.mode, dict(key.accidentals)) == (expected.tonic, expected.mode, dict(expected.accidentals))
    assert key.sharps == sharps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C", Meter(4, 4, "C")),
        ("C|", Meter(2, 2, "C|")),
        ("6/8", Meter(6, 8)),
        ("none", FREE),
        ("2+3/8", Meter(5, 8, "", (2, 3))),
        ("(2+2+3)/8", Meter(7, 8, "", (2, 2, 3))),
    ],
)
def test_metres(text: str, expected: Meter) -> None:
    assert read("A", meter=text).meter == expected


def test_unit_left_out_is_a_sixteenth_in_short_metres() -> None:
    [short, long] = parse_abc("X:1\nM:2/4\nK:C\nA\n\nX:2\nM:3/4\nK:C\nA\n")
    assert (short.unit, long.unit) == (Fraction(1, 16), Fraction(1, 8))


# ------------------------------------------------------------------------------------------------ signs


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("A|A||A|]A", ["|", "||", "|]"]),
        ("[|A", ["[|"]),
        ("|:A:|A::A:|:A:||:A", ["|:", ":|", "::", "::", "::"]),
        ("A|\n|A", ["|"]),
        ("A:|\n|:A", ["::"]),
        ("A||\n|A", ["||"]),
        ("A[|]:|A", [":|"]),
        ("A[|]A", ["|"]),
        ("A.|A", ["|"]),
        ("|:::A:::|", ["|:", ":|"]),
    ],
)
def test_bar_lines(music: str, expected: list[str]) -> None:
    assert bars(music) == expected


@pytest.mark.parametrize("music", ["A|1B:|2c|]", "A|[1B:|[2c|]", "A[1B:|[2c|]", "A| 1B:|2 c|]"])
def test_endings(music: str) -> None:
    endings = [element.numbers for element in read(music).music if isinstance(element, Ending)]
    assert endings in ([(1,), (2,)], [(2,)] if music == "A| 1B:|2 c|]" else [])


def test_lists_of_endings() -> None:
    music = read("|:A|[1,3 B:|[2,4-6 c:|]").music
    assert [e.numbers for e in music if isinstance(e, Ending)] == [(1, 3), (2, 4, 5, 6)]


def test_chords_have_pitches_from_low_to_high() -> None:
    [note] = read("[dAF]2").notes
    assert [str(pitch) for pitch in note.pitches] == ["F4", "A4", "D5"]
    assert note.length == Fraction(1, 4)


def test_chord_symbols_and_annotations() -> None:
    tune = read('"Am7"A "^slowly"B "D/F#"c')
    assert [e.text for e in tune.music if isinstance(e, ChordSymbol)] == ["Am7", "D/F#"]
    assert [text for _, text in tune.annotations] == ["^slowly"]
    assert not tune.left_out


def test_decorations_graces_ties() -> None:
    first, second, third = read("!trill!~{cd}A2- A2 .B").notes
    assert first.decorations == ("trill", "roll")
    assert [str(pitch) for pitch in first.grace] == ["C5", "D5"]
    assert (first.tied, second.tied) == (True, False)
    assert third.decorations == ("staccato",)


@pytest.mark.parametrize(
    ("music", "opened", "closed"),
    [
        ("(AB)c", [1, 0, 0], [0, 1, 0]),
        ("(A(B)c)", [1, 1, 0], [0, 1, 1]),  # one ends and one begins on B (2.1, 4.11)
        ("((AB)c)", [2, 0, 0], [0, 1, 1]),
        ("({B}A)Bc", [0, 0, 0], [0, 0, 0]),  # from the grace note to its note
        ("(A({c}B)c)", [1, 0, 0], [0, 0, 1]),
    ],
)
def test_slurs(music: str, opened: list[int], closed: list[int]) -> None:
    notes = read(music).notes
    assert ([n.slurs_opened for n in notes], [n.slurs_closed for n in notes]) == (opened, closed)
    assert not repairs(music)


def test_fields_inline_and_between_lines() -> None:
    music = read("A4 [M:3/4] A2 | [L:1/4] A3 |\nK:G\nM:6/8\nF F/ |").music
    assert [e.meter for e in music if isinstance(e, MeterChange)] == [Meter(3, 4), Meter(6, 8)]
    assert [e.key for e in music if isinstance(e, KeyChange)] == [Key("G")]
    assert [e.length for e in music if isinstance(e, Note)] == [
        Fraction(1, 2),
        Fraction(1, 4),
        Fraction(3, 4),
        Fraction(1, 4),
        Fraction(1, 8),
    ]


def test_a_field_between_the_halves_of_a_continued_line_holds_from_there() -> None:
    music = read("A8 | \\\nM:3/4\nA6 |").music
    assert [type(e).__name__ for e in music] == ["Note", "Bar", "MeterChange", "Note", "Bar"]


def test_parts_and_their_order() -> None:
    tune = read("P:A\nA8|\n[P:B]B8|", more="P:ABA\n")
    assert tune.parts == "ABA"
    assert [e.label for e in tune.music if isinstance(e, Part)] == ["A", "B"]
    assert [str(heard.pitch) for heard in soundings(tune)] == ["A4", "B4", "A4"]


def test_continued_lines_are_one_and_keep_their_numbers() -> None:
    tune = read("ABcd \\\nefga | A8 |")
    assert not tune.repairs
    assert tune.lines == (7, 7)


def test_a_full_bar_closes_at_a_line_end_and_is_recorded() -> None:
    tune = read("ABcdefga\nABcd efga | A8")
    assert [measure.length for measure in tune.measures] == [1, 1, 1]
    assert [repair.what for repair in tune.repairs] == ["bar closed at a line end"]


def test_old_line_breaks_and_comments() -> None:
    assert lengths("AB ! cd % E F G\n% all of it\nef") == [1] * 6
    assert lengths("A2!B2 c2!d2") == [2] * 4


def test_a_tie_between_different_pitches_is_a_slur() -> None:
    first, second = read("G3-A").notes
    assert (first.tied, first.slurs_opened, second.slurs_closed) == (False, 1, 1)
    assert repairs("G3-A") == {"tie between different pitches read as a slur"}


def test_what_is_not_melody_is_named() -> None:
    tune = read("V:1\nAB\nw:la la\nV:2\nCD\nV:1\ncd & ef | g2\nW:more\nN:words")
    named = dict(tune.left_out)
    assert pitches("V:1\nAB\nV:2\nCD\nV:1\ncd & ef | g2") == ["A4", "B4", "C5", "D5", "G5"]
    assert named["voice overlay"] == named["note in words"] == named["line of another voice"] == 1
    assert tune.lyrics == (("la", "la", "", "", ""),)
    assert ("W", "more") in tune.fields


def test_verbatim_text_is_kept() -> None:
    text = "X:1\nT:t\nK:C\nAB % why\nw:la la"
    assert parse_abc(text + "\n\nnot of the tune")[0].text == text


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize(
    "data",
    [
        "X:1\nT:Café\nK:C\nA\n".encode(),
        "X:1\nT:Café\nK:C\nA\n".encode("latin-1"),
        "X:1\r\nT:Café\r\nK:C\r\nA\r\n".encode("utf-8-sig"),
        "X:1\nT:Café\nK:C\nA\n".encode("utf-16"),
    ],
)
def test_encodings(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.abc").write_bytes(data)
    [tune] = parse_abc(tmp_path / "t.abc")
    assert (tune.title, len(tune.notes), tune.source) == ("Café", 1, "t.abc:1")


def test_binary_is_refused() -> None:
    with pytest.raises(ParseError, match="zero bytes"):
        decode_text(b"\x89PNG\0\0", "x.abc")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X:1\nT:t\nM:4/4\nAB|\n", "f.abc:1: no K: field"),
        ("X:1\nM:7/0\nK:C\nA\n", "f.abc:2: unknown metre '7/0'"),
        ("X:1\nL:0\nK:C\nA\n", "f.abc:2: unknown unit length"),
        ("X:1\nM:4/4\nK:C\nA8|\nB0|\n", "f.abc:5: bar 2: note length '0'"),
        ("X:1\nK:C\nA" + "/" * 9999 + "\n", "f.abc:3: bar 1: note length"),
        ("X:1\nK:C\nA|(99B|\n", "f.abc:3: bar 2: tuplet"),
        ("X:1\nK:C\nA,,,,,,,,,\n", "f.abc:3: bar 1: pitch"),
        ("X:1\nK:C\n\n", "f.abc:1: no notes found|f.abc:2: no notes found"),
        ("nothing here", "f.abc: no tune found"),
    ],
)
def test_errors_name_file_line_and_bar(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "f.abc"
    path.write_text(text)
    with pytest.raises(ParseError, match=message.replace("(", r"\(")):
        parse_abc(path)


def test_file_header_holds_for_every_tune() -> None:
    first, second = parse_abc("M:6/8\nL:1/16\n\nX:1\nK:C\nA\n\nX:2\nL:1/8\nK:C\nA\n")
    assert (first.meter, first.unit, second.unit) == (Meter(6, 8), Fraction(1, 16), Fraction(1, 8))


# ------------------------------------------------------------------------------------------------ writing


def test_canonical_text_is_good_to_look_at() -> None:
    tune = read("|:d2|cBAG FEDC|c>d (3efg a4|a6:|\n|:e2|c8|[1 d6:|[2 d8|]", key="G", meter="C|")
    assert format_abc(tune, header="MLK").split("\n") == [
        "M:C|",
        "L:1/8",
        "K:G",
        "|: d2 | cBAG FEDC | c>d(3efg a4 | a6 ::",
        "e2 | c8 |1 d6 :|2 d8 |]",
        "",
    ]


def corpus_texts(folder: str) -> list[Path]:
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        pytest.skip("music21, which holds the corpora, is not installed")
    return sorted((Path(spec.origin).parent / "corpus" / folder).glob("*.abc"))


def corpus_tunes(folder: str, count: int) -> list[Tune]:
    """Some tunes, drawn with a fixed seed."""
    sources = [
        source
        for path in corpus_texts(folder)
        for source in split_tunes(decode_text(path.read_bytes(), path.name), path.name)
    ]
    return [parse_tune(source) for source in random.Random(7).sample(sources, count)]


@pytest.mark.parametrize("folder", CORPORA)
def test_round_trip_of_real_tunes(folder: str) -> None:
    for tune in corpus_tunes(folder, 100):
        text = format_abc(tune)
        assert parse_abc(text) == [tune], tune.source
        assert format_abc(parse_abc(text)[0]) == text, tune.source


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("oneill", 2000), ("ryan", 1000), ("aird", 1100), ("essen", 8000)])
def test_round_trip_of_every_tune(name: str, least: int) -> None:
    tunes = collection(name)
    assert len(tunes) > least
    assert [tune.source for tune in tunes if parse_abc(format_abc(tune)) != [tune]] == []


@pytest.mark.slow
def test_round_trip_of_the_lab_s_tunes() -> None:
    path = IRISH
    if not path.exists():
        pytest.skip("../shared/data/irish.abc is missing")
    tunes = parse_abc(path)
    assert len(tunes) > 800
    assert all(parse_abc(format_abc(tune)) == [tune] for tune in tunes)


UNITS = st.sampled_from([Fraction(1, 4), Fraction(1, 8), Fraction(1, 16), Fraction(1, 32)])
LENGTHS = st.sampled_from([Fraction(n, 32) for n in (1, 2, 3, 4, 6, 7, 8, 12, 16)])
PITCHES = st.builds(Pitch, st.sampled_from("CDEFGAB"), st.integers(-2, 2), st.integers(2, 7))
KEYS = st.builds(
    Key,
    st.sampled_from(["C", "G", "F#", "Bb", "E", "Ab"]),
    st.sampled_from(["major", "minor", "dorian", "mixolydian", "locrian"]),
)
METERS = st.sampled_from([Meter(4, 4), Meter(4, 4, "C"), Meter(2, 2, "C|"), Meter(6, 8), Meter(5, 8, "", (2, 3)), FREE])
NOTES = st.builds(
    Note,
    st.sets(PITCHES, min_size=1, max_size=3).map(lambda s: tuple(sorted(s, key=lambda p: (p.midi, p.step)))),
    LENGTHS,
    grace=st.lists(PITCHES, max_size=2).map(tuple),
    decorations=st.lists(st.sampled_from(["trill", "staccato", "roll", "coda"]), max_size=2).map(tuple),
)


@st.composite
def bar_music(draw: st.DrawFn) -> list[Element]:
    """Some notes, rests, a tuplet, a change of key or metre."""
    music: list[Element] = []
    for kind in draw(st.lists(st.sampled_from(["note"] * 6 + ["rest", "tuplet", "chord", "key", "slur"]), max_size=7)):
        if kind == "rest":
            music.append(Rest(draw(LENGTHS), draw(st.booleans())))
        elif kind == "tuplet":
            p, q = draw(st.sampled_from([(3, 2), (2, 3), (5, 4), (7, 2)]))
            notes = draw(st.lists(NOTES, min_size=2, max_size=4))
            music += [Tuplet(p, q, len(notes)), *(replace(n, length=n.length * q / p) for n in notes)]
        elif kind == "chord":
            music.append(ChordSymbol(draw(st.sampled_from(["Am", "D7", "G/B"]))))
        elif kind == "key":
            music.append(KeyChange(draw(KEYS)))
        elif kind == "slur":
            first, middle, last = draw(NOTES), draw(NOTES), draw(NOTES)
            both = draw(st.booleans())
            music += [replace(first, slurs_opened=1), replace(middle, slurs_opened=both, slurs_closed=both)]
            music.append(replace(last, slurs_closed=1))
        else:
            note = draw(NOTES)
            tied = draw(st.booleans())
            music += [replace(note, tied=True), replace(note, grace=())] if tied else [note]
    return music


@st.composite
def tunes(draw: st.DrawFn) -> Tune:
    key = draw(KEYS)
    music: list[Element] = [draw(NOTES)]
    for _ in range(draw(st.integers(0, 5))):
        music.append(Bar(draw(st.sampled_from(["|", "||", "|]", "|:", ":|", "::"]))))
        music += [Ending(draw(st.sampled_from([(1,), (2,), (1, 3)])))] if draw(st.booleans()) else []
        music += draw(bar_music())
        music.append(draw(NOTES))
    return Tune(_changes_only(music, key), key, draw(METERS), draw(st.sampled_from(["", "reel"])), unit=draw(UNITS))


def _changes_only(music: list[Element], key: Key) -> tuple[Element, ...]:
    """A change to the key that holds already says nothing, and reading drops it."""
    kept = []
    for element in music:
        if isinstance(element, KeyChange):
            if element.key == key:
                continue
            key = element.key
        kept.append(element)
    return tuple(kept)


@settings(max_examples=150, deadline=None)
@given(tunes())
def test_round_trip_of_any_tune(tune: Tune) -> None:
    text = format_abc(tune)
    [again] = parse_abc(text)
    assert again == tune
    assert format_abc(again) == text


# ------------------------------------------------------------------------------------------------ fuzz


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_abc(decode_text(b"X:1\nK:C\n" + data))
    except ParseError:
        return


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ABcd^_=,'/23456[]()|:{}<>-!+\"zZxy~.&[K:M:]%\\ \nPV", max_size=120))
def test_random_signs_are_read_and_written_back_or_refused(music: str) -> None:
    try:
        found = parse_abc("X:1\nM:4/4\nL:1/8\nK:G\n" + music)
    except ParseError:
        return
    for tune in found:
        assert parse_abc(format_abc(tune)) == [tune]


def test_bar_lines_around_a_tuplet_of_nothing_become_one() -> None:
    [tune] = parse_abc("X:1\nM:4/4\nL:1/8\nK:G\n2A:(2|")
    assert [element.line for element in tune.music if isinstance(element, Bar)] == [":|"]
    assert parse_abc(format_abc(tune)) == [tune]


def test_mutations_of_real_tunes_are_read_and_written_back_or_refused() -> None:
    chance = random.Random(3)
    for tune in corpus_tunes("ryansMammoth", 80):
        text = list(tune.text)
        for _ in range(12):
            place = chance.randrange(len(text))
            text[place] = chance.choice(['"', "[", "]", "(", ")", ":", "|", "!", "\n", "3", "A", "", "{", "-", ">"])
        try:
            found = parse_abc("".join(text))
        except ParseError:
            continue
        for mutant in found:
            assert parse_abc(format_abc(mutant)) == [mutant], "".join(text)


@pytest.mark.parametrize("sign", ["[", '"', ":", "(", "{", "!", "+", "(A", ")", "[A", "A(", "(3", "|", "-", "&", "[K:"])
def test_long_nonsense_is_read_or_refused(sign: str) -> None:
    with pytest.raises(ParseError, match=r"no notes found|bar 1") if "A" not in sign else _nothing():
        parse_abc("X:1\nM:4/4\nL:1/8\nK:C\n" + sign * 20_000 + ("A" if "A" in sign else ""))


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_a_hairpin_that_ends_at_a_bar_line_ends_at_the_note_before_it() -> None:
    [tune] = parse_abc("X:1\nL:1/4\nK:C\n!<(!CDE!<)!F!>(!|GABc!>)!!D.C.!|]\n")
    assert [note.decorations for note in tune.notes if note.decorations] == [("<(",), ("<)",), (">)",)]
    assert dict(tune.left_out) == {"decoration on a bar line": 2}
    assert parse_abc(format_abc(tune)) == [tune]


TUNE = "X:1\nK:C\nCDEF|]\n"


def test_text_and_continued_fields_in_the_head_of_a_file_leave_the_rest_of_it_in_force() -> None:
    for between in ("H:one\n+:two\n", "A tune book of mine\n"):
        [tune] = parse_abc(f"M:3/4\nL:1/16\nR:waltz\n{between}\n{TUNE}")
        assert (tune.meter, tune.unit, tune.rhythm) == (Meter(3, 4), Fraction(1, 16), "waltz")


def test_the_rhythm_of_a_file_gives_way_to_that_of_a_tune() -> None:
    jig, reel = parse_abc(f"R:reel\n\nX:1\nR:jig\nK:C\nCDEF|]\n\n{TUNE}")
    assert (jig.rhythm, reel.rhythm) == ("jig", "reel")
    assert not jig.fields


def test_macros_leave_texts_alone() -> None:
    [tune] = parse_abc('X:1\nm:T = !trill!\nL:1/4\nK:C\n"^Tempo"TC DEF|]\n')
    assert tune.annotations == ((0, "^Tempo"),)
    assert tune.notes[0].decorations == ("trill",)


def test_words_of_a_tempo_within_a_tune_are_said_to_be_left_out() -> None:
    [tune] = parse_abc('X:1\nL:1/4\nK:C\nCD[Q:"rit." 1/4=60]EF|]\n')
    assert len(tune.tempos) == 1
    assert sum(dict(tune.left_out).values()) == 1


def test_a_forte_between_plus_signs_is_no_chord() -> None:
    [tune] = parse_abc("X:1\nL:1/4\nK:C\n+f+C +ff+D +CE+ F|]\n")
    assert [len(note.pitches) for note in tune.notes] == [1, 1, 2, 1]
