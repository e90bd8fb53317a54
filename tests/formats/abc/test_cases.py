"""ABC as it is found: small texts, each with the notes that are right, as `onset in quarters:MIDI number`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest

from tests.support.places import CASES
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.reading import decode_abc
from tunewright.formats.midi.performance import speeds, written
from tunewright.music.playing import fingerprint, soundings
from tunewright.music.tune import Key, Meter, Tempo, Tune
from tunewright.support.errors import ParseError

HEAD = "X:1\nT:t\nM:4/4\nL:1/4\n"


def read(text: str | bytes) -> list[Tune]:
    """The tunes of a text; each comes back from its canonical text, whatever was repaired."""
    content = text if isinstance(text, bytes) else text.encode()
    tunes = [music for music, _ in decode_abc(content, "x.abc") if isinstance(music, Tune)]
    for tune in tunes:
        [again] = parse_abc(format_abc(tune))
        assert (again, again.tempos, again.sounding, again.title) == (tune, tune.tempos, tune.sounding, tune.title)
    return tunes


def dropped(text: str) -> list[str]:
    """Why tunes of a text cannot be read, with file and line."""
    return [str(error) for error, _ in decode_abc(text.encode(), "x.abc") if isinstance(error, ParseError)]


def notes(tune: Tune) -> str:
    """Every note as it sounds, repeats unfolded, played straight."""
    return " ".join(f"{float(note.onset * 4):g}:{note.number}" for note in written(tune))


def repairs(tune: Tune) -> list[str]:
    return [repair.what for repair in tune.repairs]


@dataclass(frozen=True)
class Case:
    """A text, the notes of its tunes, and the repairs of the first."""

    text: str
    notes: tuple[str, ...]
    repairs: tuple[str, ...] = ()


FOUND = {
    "a clef alone changes no key": Case(
        HEAD + "K:A\nCDEF|[K:bass]C,D,E,F,|\nK:clef=treble\nc4|]\n",
        ("0:61 1:62 2:64 3:66 4:49 5:50 6:52 7:54 8:73",),
    ),
    "a clef before the first note, and its octave": Case(HEAD + "K:D\n[K:treble-8]FGAB|]\n", ("0:54 1:55 2:57 3:59",)),
    "octave= moves what sounds": Case(HEAD + "K:C octave=-1\ncdef|]\n", ("0:60 1:62 2:64 3:65",)),
    "transpose= moves what sounds": Case(HEAD + "K:C transpose=-2\ncdef|]\n", ("0:70 1:72 2:74 3:75",)),
    "the clef of the only voice": Case(HEAD + "V:1 clef=treble+8\nK:C\nCDEF|]\n", ("0:72 1:74 2:76 3:77",)),
    "the clef of a voice in the music": Case(HEAD + "K:C\nV:1 treble-8\ncdef|]\n", ("0:60 1:62 2:64 3:65",)),
    "sound= of abcm2ps": Case(HEAD + "K:C sound=_B\nccde|]\n", ("0:70 1:70 2:72 3:74",)),
    "explicit accidentals without blanks": Case(HEAD + "K:Dexp^f_b\nFBCc|]\n", ("0:66 1:70 2:60 3:72",)),
    "a hyphen before the mode": Case(HEAD + "K:D-mix\nFGcd|]\n", ("0:66 1:67 2:72 3:74",)),
    "a key in small letters": Case(HEAD + "K:em\nEFGA|]\n", ("0:64 1:66 2:67 3:69",), ("key in small letters",)),
    "a block of text": Case(HEAD + "K:C\n%%begintext\nA bad cab.\n\n%%endtext\nCDEF|]\n", ("0:60 1:62 2:64 3:65",)),
    "a block of any name": Case(
        HEAD + "K:C\nCDEF|\n%%beginps\nc d e f|\nX:9\n%%endps\nG4|]\n", ("0:60 1:62 2:64 3:65 4:67",)
    ),
    "free text between tunes": Case(
        HEAD + "K:C\nC4|]\n\nA tune of the Abbey. Sung in G:\n\nX:2\nL:1/4\nK:C\nG4|]\n", ("0:60", "0:67")
    ),
    "HTML after a tune": Case(HEAD + "K:C\nC4|]\n</pre>\n</body></html>\n", ("0:60",)),
    "an empty line within the music": Case(
        HEAD + "K:C\nCDEF|\n\nG4|]\n", ("0:60 1:62 2:64 3:65 4:67",), ("empty line within the music",)
    ),
    "every line doubled": Case(
        "\n\n".join([*HEAD.split("\n")[:-1], "K:C", "CDEF|", "G4|]", ""]),
        ("0:60 1:62 2:64 3:65 4:67",),
        ("every line followed by an empty one",),
    ),
    "a first tune without X:": Case(
        "T:one\nL:1/4\nK:D\nDF|\n\nX:2\nL:1/4\nK:C\nCF|]\n", ("0:62 1:66", "0:60 1:65"), ("no X: field",)
    ),
    "tunes without X:, a blank before each length": Case(
        "M:4/4\nL:1/4\nK:C\nC 2 D E | F 4 |\n\nM:3/4\nL:1/4\nK:G\nF /2 G /2 A B | [Gd] 3 |\n",
        ("0:60 2:62 3:64 4:65", "0:66 0.5:67 1:69 2:71 3:67 3:74"),
        ("no X: field", "blank before a length", "blank before a length"),
    ),
    "a key before X:": Case("K:D\nX:1\nL:1/4\nK:F\nBF|]\n", ("0:70 1:65",)),
    "a decoration with spaces": Case(
        HEAD + "K:G\n!D.C. al Fine!GABc|d4 !D.S. al Coda!|]\n", ("0:67 1:69 2:71 3:72 4:74",)
    ),
    "decorations that are not known": Case(
        HEAD + "K:C\n!fade!C!bead cab!D!8va(!E+fine+F|]\n", ("0:60 1:62 2:64 3:65",)
    ),
    "an old chord with a space": Case(HEAD + "K:C\n+C2 E2 +G2|]\n", ("0:60 0:64 2:67",), ("chord in plus signs",)),
    "a metre between K: and the music": Case(
        "X:1\nL:1/8\nK:D\nM:6/8\n|:dAF DFA:|\n",
        ("0:74 0.5:69 1:66 1.5:62 2:66 2.5:69 3:74 3.5:69 4:66 4.5:62 5:66 5.5:69",),
    ),
    "a second half without its sign": Case(
        HEAD + "K:C\n|:CDEF|1 G4:|2 c4|d4|e4:|\n",
        ("0:60 1:62 2:64 3:65 4:67 8:60 9:62 10:64 11:65 12:72 16:74 20:76 24:74 28:76",),
    ),
    "a second half without its sign, with endings of its own": Case(
        HEAD + "K:C\n|:C4|1 D4:|2 E4|F4|1 G4:|2 A4|]\n", ("0:60 4:62 8:60 12:64 16:65 20:67 24:65 28:69",)
    ),
    "a sign that closes the last ending": Case(
        HEAD + "K:C\n|:C4|1 D4:|2 E4:|\n",
        ("0:60 4:62 8:60 12:64",),
        ("repeat sign that closes the last ending passed over",),
    ),
    "a list of endings in quotation marks": Case(
        HEAD + 'K:C\n|:C4|["1.-3." D4:|[4 E4|]\n', ("0:60 4:62 8:60 12:62 16:60 20:62 24:60 28:64",)
    ),
    "a word between parts": Case("X:1\nL:1/4\nP:AB\nK:C\nP:A\nC4|\n[P:segno]D4|\nP:B\nE4|]\n", ("0:60 4:62 8:64",)),
    "a tie into the second ending": Case(HEAD + "K:C\n|:C4-|1 D4:|2 C4|]\n", ("0:60 4:62 8:60",), ()),
    "a tie of one note of a chord": Case(HEAD + "K:C\n[CE-G]2[DEA]2|G4|]\n", ("0:60 0:64 0:67 2:62 2:69 4:67",)),
    "a tie of a chord into a larger one": Case(HEAD + "K:C\n[CE]2-[CEG]2|G4|]\n", ("0:60 0:64 2:67 4:67",)),
    "a continued field": Case("X:1\nT:A long\n+:title\nL:1/4\nC:One\n+:and all\nK:C\nC4|]\n", ("0:60",)),
    "macros and signs that a user defines": Case(
        HEAD + "m:~n2 = n{o}n\nm:Q = C4|\nU:W = !D.C. al Fine!\nK:C\nQ~G2~d2|WC4|]\n",
        ("0:60 4:67 5:67 6:74 7:74 8:60",),
    ),
    "a metre of one number": Case(
        "X:1\nM:2\nL:1/4\nK:C\nCD|]\n", ("0:60 1:62",), ("metre without its lower number counted in quarters",)
    ),
    "a sum of metres": Case(
        "X:1\nM:3/4+2/4\nL:1/4\nK:C\nCDEFG|]\n", ("0:60 1:62 2:64 3:65 4:67",), ("sum of metres read as one",)
    ),
    "a unit of one number": Case("X:1\nL:8\nK:C\nCD|]\n", ("0:60 0.5:62",), ("unit length without its upper number",)),
    "a unit of whole notes": Case("X:1\nL:16/4\nK:C\nC/D/|]\n", ("0:60 8:62",)),
    "an empty unit": Case("X:1\nM:4/4\nL:\nK:C\nCD|]\n", ("0:60 0.5:62",), ("empty unit length left to the metre",)),
    "a tuplet of one": Case(HEAD + "K:C\n(1:2:2CD|]\n", ("0:60 2:62",), ("tuplet of one read as longer notes",)),
    "a chord of length 0": Case(
        HEAD + "K:C\n[CE]0D|]\n", ("0:60 0:64 1:62",), ("chord of length 0 as long as its notes",)
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_notes_are_those_that_are_meant(name: str) -> None:
    case = FOUND[name]
    tunes = read(case.text)
    assert tuple(map(notes, tunes)) == case.notes
    assert tuple(repairs(tunes[0])) == case.repairs
    assert not dropped(case.text)


SHARED_CASES = {
    "clef_keeps_key": ["0:62 1:64 2:66 3:67 4:50 5:52 6:54 7:49 8:66 9:67 10:73 11:78"],
    "text_block": ["0:60 1:62 2:64 3:65 4:67"],
    "decoration_with_spaces": ["0:67 1:69 2:71 3:72 4:74"],
    "first_tune_without_x": ["0:62 0.5:66 1:69 1.5:74", "0:67 0.5:69 1:71 1.5:72 2:74"],
    "no_x_at_all": [
        "0:67 1:72 1.5:72 2:74 2.5:76 3:74 4:71 4.5:67",
        "0:72 1.5:74 2:72 3:70 3.5:67 4:67 6:65",
    ],
    "explicit_key": ["0:62 1:63 2:66 3:70 4:72 5:74 6:75 7:78"],
    "sounding_octave": ["0:60 1:62 2:64 3:65 4:67"],
    "repeat_after_second_ending": [
        "0:60 1:62 2:64 3:65 4:67 8:60 9:62 10:64 11:65 12:72 "
        "16:67 17:69 18:71 19:72 20:76 24:67 25:69 26:71 27:72 28:76"
    ],
    "partial_tie": ["0:60 0:64 0:67 2:62 2:69 4:67"],
    "double_spaced": ["0:60 1:62 2:64 3:65 4:67 5:69 6:71 7:72"],
    "zero_in_chord": ["0:60", "0:67"],
    "two_voices": ["0:60 1:62 2:64 3:65 4:67"],
}


@pytest.mark.parametrize("name", SHARED_CASES)
def test_the_shared_cases(name: str) -> None:
    path = CASES / f"{name}.abc"
    if not path.exists():
        pytest.skip(f"../shared/cases/{name}.abc is missing")
    assert [notes(tune) for tune in read(path.read_bytes())] == SHARED_CASES[name]


# ------------------------------------------------------------------------------------------------ keys and clefs


@pytest.mark.parametrize(
    "key", ["C treble-8", "C clef=treble-8", "C octave=-1", "Ctreble-8", "C octave=1 clef=bass-15"]
)
def test_what_is_written_stays_as_it_is(key: str) -> None:
    [plain], [moved] = read(f"{HEAD}K:C\ncdef|]\n"), read(f"{HEAD}K:{key}\ncdef|]\n")
    assert moved == plain
    assert moved.sounding == -12
    assert fingerprint(moved) == fingerprint(plain)


def test_the_pipes_have_their_signature_and_do_not_draw_it() -> None:
    [great], [small] = read(HEAD + "K:HP\nFGcd|]\n"), read(HEAD + "K:Hp\nFGcd|]\n")
    assert notes(great) == notes(small) == "0:66 1:67 2:73 3:74"
    assert (great.key.drawn, small.key.drawn) == (False, True)
    assert "\nK:HP\n" in format_abc(great)


@pytest.mark.parametrize("text", ["clef=bass middle=d", "treble", "bass3", "octave=-1", "perc stafflines=1"])
def test_settings_of_the_staff_name_no_key(text: str) -> None:
    [tune] = read(f"{HEAD}K:Eb\nE4|[K:{text}]E4|]\n")
    assert tune.key == Key("Eb")
    assert [type(element).__name__ for element in tune.music] == ["Note", "Bar", "Note", "Bar"]


def test_a_clef_of_another_octave_within_the_tune_is_said() -> None:
    [tune] = read(HEAD + "K:C\nc4|[K:treble-8]c4|]\n")
    assert dict(tune.left_out) == {"change of what sounds within the tune": 1}


@pytest.mark.parametrize(("field", "wanted"), [("M:6/8", Meter(6, 8)), ("M:C|", Meter(2, 2, "C|"))])
def test_fields_before_the_first_note_hold_from_the_start(field: str, wanted: Meter) -> None:
    [tune] = read(f"X:1\nK:C\n{field}\nL:1/16\nK:G\nQ:1/4=70\n|:FGAB|]\n")
    assert (tune.meter, tune.unit, tune.key) == (wanted, Fraction(1, 16), Key("G"))
    assert tune.tempos == ((0, Tempo(Fraction(1, 4), Fraction(70))),)


# ------------------------------------------------------------------------------------------------ tempo


def test_tempos_hold_from_where_they_stand() -> None:
    [tune] = read(HEAD + "Q:1/4=100\nK:G\nQ:1/4=70\nGABc|[Q:1/4=140]dcBA|G4|]\n")
    assert [(float(onset * 4), int(quarters)) for onset, quarters in speeds(tune)] == [(0, 70), (4, 140)]
    assert [(float(onset * 4), int(quarters)) for onset, quarters in speeds(tune, 35)] == [(0, 35), (4, 70)]
    assert "[Q:1/4=140]" in format_abc(tune)
    assert "Q:" not in format_abc(tune, header="RMLK")


def test_a_repeat_is_as_fast_as_it_was() -> None:
    [tune] = read(HEAD + "Q:1/4=60\nK:C\n|:C4|[Q:1/4=90]D4:|\n")
    assert [(float(onset * 4), int(quarters)) for onset, quarters in speeds(tune)] == [
        (0, 60),
        (4, 90),
        (8, 60),
        (12, 90),
    ]


def test_words_for_a_tempo_are_kept_in_the_header_and_said_in_the_music() -> None:
    [tune] = read(HEAD + 'Q:"Andante"\nK:C\nC4|[Q:"più mosso"]D4|]\n')
    assert tune.tempos == ()
    assert tune.header("Q") == '"Andante"'
    assert dict(tune.left_out) == {"tempo in words": 1}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Q:1/4=90\n", ""),
        ('Q:"Andante" 1/4=90\n', '"Andante" 1/4=90'),
        ('Q:1/4=90\nQ:"Andante"\n', '"Andante" 1/4=90'),
    ],
)
def test_a_tempo_is_the_tune_s_and_words_beside_it_a_field(header: str, field: str) -> None:
    [tune] = read(HEAD + header + "K:C\nC4|]\n")
    assert tune.tempos == ((0, Tempo(Fraction(1, 4), Fraction(90))),)
    assert tune.header("Q") == field
    [again] = parse_abc(format_abc(tune))
    assert again.fields == tune.fields


# ------------------------------------------------------------------------------------------------ text and files


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"B&eacute;al \'E \"Osterlund \`a", "Béal É Österlund à"),
        (r"\AA\aa \ss \/o \cC \vS \~n \=o \Ho \uA \,c \;a", "Åå ß ø Ç Š ñ ō ő Ă ç ą"),
        (r"&#233;&#xe9;\u00e9 &amp; \& \\ 50\%", r"ééé & & \ 50%"),
        (r"R&B; C:\dir \q &nosuch; &#27;", r"R&B; C:\dir \q &nosuch; &#27;"),
    ],
)
def test_accents(written: str, meant: str) -> None:
    [tune] = read(f"X:1\nT:{written}\nC:{written}\nK:C\nC|]\n")
    assert tune.title == tune.header("C") == meant


@pytest.mark.parametrize("title", ["100% <b>", "%%x", "a\\b", "R&B;", "&amp;", "it's 5 \\% off", "\\'e"])
def test_a_title_comes_back_whatever_it_is(title: str) -> None:
    [tune] = read("X:1\nK:C\nC|]\n")
    [again] = parse_abc(format_abc(Tune(tune.music, title=title, fields=(("C", title),))))
    assert again.title == again.header("C") == title


@pytest.mark.parametrize(
    "content",
    [
        "T:Dave’s “Reel” – café\n".encode("cp1252"),
        "%%abc-charset utf-8\nT:Dave’s “Reel” – café\n".encode(),
        "I:abc-charset windows-1252\nT:Dave’s “Reel” – café\n".encode("cp1252"),
        "T:Dave’s “Reel” – café\n".encode("utf-8-sig"),
        "T:Dave’s “Reel” – café\n".encode("utf-16"),
        "T:Dave’s “Reel” – café\n".encode("utf-16-be"),
    ],
)
def test_encodings(content: bytes) -> None:
    wide = b"\0" in content
    mark, code = (content[:2], "utf-16-le" if content[:2] == b"\xff\xfe" else "utf-16-be") if wide else (b"", "ascii")
    head, tail = "X:1\n".encode(code), "K:C\nC4|]\n".encode(code)
    if wide and content[:2] == b"\xff\xfe":
        content = mark + head + content[2:] + tail
    elif content[:3] == b"\xef\xbb\xbf":
        content = content[:3] + head + content[3:] + tail
    else:
        content = head + content + tail
    [tune] = read(content)
    assert tune.title == "Dave’s “Reel” – café"


def test_files_that_were_put_together_have_marks_within() -> None:
    one, two = ("\ufeffX:1\r\nK:C\r\nC4|]\r\n", "\ufeffX:2\r\nK:C\r\nG4|]\r\n")
    assert [notes(tune) for tune in read((one + "\r\n" + two).encode())] == ["0:60", "0:67"]
    assert len(parse_abc(one + two)) == 2


def test_a_file_says_its_own_encoding() -> None:
    [tune] = read("%%abc-charset iso-8859-2\nX:1\nT:Żółw\nK:C\nC|]\n".encode("iso-8859-2"))
    assert tune.title == "Żółw"


def test_all_titles_and_composers_are_kept() -> None:
    [tune] = read("X:1\nT:one\nT:two\nC:Words: A\nC:B\nK:C\nC|]\n")
    assert (tune.title, tune.headers("T"), tune.headers("C")) == ("one", ("two",), ("Words: A", "B"))


def test_the_head_of_a_file_renames_no_tune_and_drops_none() -> None:
    first, second = read("T:My book\nM:6/8\nM:is for metre\nK:D\n\nX:1\nT:a\nK:C\nF3|]\n\nX:2\nK:C\nG3|]\n")
    assert [tune.title for tune in (first, second)] == ["a", ""]
    assert first.meter == second.meter == Meter(6, 8)
    assert [(repair.what, repair.line) for repair in second.repairs] == [
        ("field of the file's head that says nothing ignored", 3)
    ]
    assert dict(first.left_out) == {"field of the file's head that holds for no tune": 2}


def test_music_after_free_text_is_said() -> None:
    [tune] = read(HEAD + "K:C\nC4|]\n\nVariation by hand:\n\nD4|E4|]\n")
    assert dict(tune.left_out) == {"line of music after free text": 1}


# ------------------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[C/0E] C4|", "x.abc:8: bar 1: note length"),
        ("C9" + "9" * 4301 + "|", "x.abc:8: bar 1: note length"),
        ("(" + "3" * 4301 + "CDE|", "x.abc:8: bar 1: a number of 4,301 digits"),
        ("Z" + "1" * 4301 + "|", "x.abc:8: bar 1: a number of 4,301 digits"),
        ("C|[" + "1" * 4301 + " D|", "x.abc:8: bar 2: a number of 4,301 digits"),
        ("L:1/" + "1" * 4301, "x.abc:8: bar 1: a number of 4,301 digits"),
        ("M:" + "1" * 4301 + "/4", "x.abc:8: bar 1: a number of"),
    ],
)
def test_a_mistake_in_one_tune_costs_that_tune(line: str, reason: str) -> None:
    text = f"X:1\nK:C\nC4|\n\nX:2\nL:1/8\nK:C\n{line}\nC|\n\nX:3\nK:C\nG4|\n"
    assert [notes(tune) for tune in read(text)] == ["0:60", "0:67"]
    [told] = dropped(text)
    assert told.startswith(reason)


@pytest.mark.parametrize("field", ["X:" + "1" * 4301, "Q:1/4=" + "1" * 4301, "Q:" + "1" * 4301])
def test_long_numbers_where_no_music_needs_one(field: str) -> None:
    assert (
        len(read(f"X:1\nK:C\nC4|\n\nX:2\n{field}\nK:C\nD4|\n\nX:3\nK:C\nG4|\n")) + len(dropped(f"X:1\n{field}\nK:C\nC"))
        > 1
    )


def test_a_lone_surrogate_is_refused_with_its_line() -> None:
    with pytest.raises(ParseError, match="2: a lone surrogate U\\+D800"):
        parse_abc("X:1\nT:\ud800\nK:C\nC|]\n")


def test_a_mistake_of_ours_costs_one_tune(monkeypatch: pytest.MonkeyPatch) -> None:
    from tunewright.formats.abc import reading

    plain = reading.read_music

    def broken(state: reading.State) -> None:
        if state.header.number == 2:
            raise KeyError("x")
        plain(state)

    monkeypatch.setattr(reading, "read_music", broken)
    text = "X:1\nK:C\nC4|\n\nX:2\nK:C\nD4|\n\nX:3\nK:C\nG4|\n"
    assert [notes(tune) for tune in read(text)] == ["0:60", "0:67"]
    assert dropped(text) == ["x.abc:5: a mistake in tunewright (KeyError: 'x'): please report it, with this file"]


def test_a_held_note_of_a_chord_sounds_on() -> None:
    [tune] = read(HEAD + "K:C\n[CE-G]2[DEA]2|G4|]\n")
    first = soundings(tune)[0]
    assert [(str(pitch), first.length_of(pitch)) for pitch in first.pitches] == [
        ("C4", Fraction(1, 2)),
        ("E4", Fraction(1)),
        ("G4", Fraction(1, 2)),
    ]
    assert "[CE-G]2" in format_abc(tune)
