"""What a model is told of each place: against a slow reading of the same tunes, and by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import pytest

from tests.support.musical import regular_tunes, tokenizer
from tunewright.formats.abc import parse_abc
from tunewright.music.beats import WHOLE, Onset, ticks
from tunewright.music.transposing import transpose
from tunewright.music.tune import Bar, Note, Rest, Tune
from tunewright.tokens.degrees.context import Reader, begun_in, read_rows
from tunewright.tokens.degrees.features import (
    BARS_AHEAD,
    BARS_BACK,
    FAR,
    FINE,
    MOST_FINE,
    NOTHING,
    UNKNOWN,
    ContextFeatures,
    Kind,
    Sound,
)
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.degrees.vocabulary import BODY

(
    ID,
    INTO_BAR,
    BEHIND,
    AHEAD,
    SECTIONS,
    PICKUP,
    LEFT,
    DUE,
    ENDINGS,
    KIND,
    SLURS,
    TUPLET,
    IN_TUPLET,
    TIE,
    RETURNS,
    BACK,
) = range(16)
KNOWN = BACK + 2 * len(BARS_BACK)
SOME = 20


def encoded(tune: Tune) -> list[int]:
    return [DegreeTokenizer.END, *tokenizer().encode(tune)]


def whole_bars() -> list[Tune]:
    """Tunes without pickups, whose every bar is full."""
    found = [tune for tune in regular_tunes() if all(measure.full for measure in tune.measures)]
    assert len(found) >= SOME
    return found


def onsets(tune: Tune) -> Iterator[tuple[int, int, int]]:
    """Bar, ticks into it and section of each note and rest, read from the tune itself."""
    bar = section = 0
    filled = Fraction(0)
    for element in tune.music:
        if isinstance(element, Note | Rest):
            yield bar, ticks(filled), section
            filled += element.length
        elif isinstance(element, Bar) and filled:
            bar, filled, section = bar + 1, Fraction(0), section + element.ends_section


def test_rows_have_a_value_for_each_column_within_its_size() -> None:
    features = ContextFeatures(tokenizer())
    for tune in regular_tunes()[150:200]:
        for row in read_rows(features, encoded(tune)):
            assert len(row) == 1 + len(features.sizes)
            assert all(0 <= value < size for value, size in zip(row[1:], features.sizes, strict=True))
            assert 0 <= row[ID] < len(tokenizer().vocab)
            assert row[KNOWN:] == UNKNOWN


def test_notes_begin_where_the_tune_has_them() -> None:
    features = ContextFeatures(tokenizer())
    for tune in whole_bars():
        begun = begun_in(features, encoded(tune))
        assert [one.onset for one in begun] == [(bar, into) for bar, into, _ in onsets(tune)]


def test_rows_tell_bar_and_section_and_what_stood_there_before() -> None:
    features = ContextFeatures(tokenizer())
    for tune in whole_bars():
        ids = encoded(tune)
        rows, begun = read_rows(features, ids), begun_in(features, ids)
        sounds = {one.onset: one.sound for one in begun}
        sections = [section for *_, section in onsets(tune)]
        first_bars = {section: min(o[0] for o in onsets(tune) if o[2] == section) for section in sections}
        for one, section in zip(begun, sections, strict=True):
            before = rows[one.place - 1]  # of the place where the note stands
            bar, into = one.onset
            assert before[INTO_BAR] == min(into // FINE, features.sizes[0] - 1)
            assert before[BEHIND] == min(bar - first_bars[section], 32)
            back = [value for bars in BARS_BACK for value in sounds.get((bar - bars, into), NOTHING)]
            assert list(before[BACK:KNOWN]) == back
            same = [sounds.get((bar - bars, into), NOTHING)[0] == one.sound[0] for bars in BARS_BACK]
            assert rows[one.place][RETURNS] == sum(2**power for power, is_same in enumerate(same) if is_same)


def hand_made() -> tuple[ContextFeatures, list[int]]:
    [tune] = parse_abc("X:1\nM:4/4\nL:1/4\nK:C\n|:CDEF|CDGF:|CDzF|C4|E4|F4|]\n")
    spelled = DegreeTokenizer(("1:1/4", "2:1/4", "4:1/4"))
    return ContextFeatures(spelled), [DegreeTokenizer.END, *spelled.encode(tune)]


def test_by_hand() -> None:
    features, ids = hand_made()
    vocab, rows = features.vocabulary.vocab, read_rows(features, ids)
    words = [vocab[number] for number in ids]
    body = words.index(BODY)
    assert words[body - 2 : body] == ["bars:2:|", "bars:4"]
    quarter = features.lengths[features.vocabulary.ids["1/4"]][0]
    sound = {degree: features.sounds[features.vocabulary.ids[degree]] for degree in ("1", "2", "4", "5", "z")}
    place = slice(INTO_BAR, LEFT)
    assert rows[body][place] == (0, 0, 2, 2, 0)  # two bars ahead, two sections
    assert rows[body][RETURNS:KNOWN] == (0, *NOTHING * 4)
    line = words.index("|", body)
    assert rows[line][place] == (0, 1, 1, 2, 0)  # the second bar
    assert rows[line][BACK : BACK + 2] == (sound["1"], quarter)  # C stood here a bar ago
    assert rows[line][RETURNS] == 0
    assert rows[line + 1][place] == (WHOLE // 4 // FINE, 1, 1, 2, 0)
    assert rows[line + 1][BACK : BACK + 2] == (sound["2"], quarter)
    assert rows[line + 1][RETURNS] == 1  # C is written: it has come back
    fifth = words.index("5")
    assert rows[fifth - 1][place] == (WHOLE // 2 // FINE, 1, 1, 2, 0)  # only its length is written: still at its place
    assert rows[fifth][RETURNS] == 0  # G where E was
    repeat = words.index(":|")
    assert rows[repeat][place] == (0, 0, 4, 1, 0)  # a new section of four
    assert rows[repeat][RETURNS] == rows[repeat - 1][RETURNS]
    assert rows[repeat][BACK : BACK + 4] == (sound["1"], quarter) * 2  # one and two bars back
    assert rows[repeat][BACK + 4 : KNOWN] == NOTHING * 2
    assert rows[words.index("z")][RETURNS] == 0


def test_a_pickup_stands_at_the_end_of_its_bar() -> None:
    [tune] = parse_abc("X:1\nM:3/4\nL:1/4\nK:C\nG|CDE|CDG|CDE|C2|]\n")
    features = ContextFeatures(DegreeTokenizer())
    ids = [DegreeTokenizer.END, *features.vocabulary.encode(tune)]
    begun = begun_in(features, ids)
    assert [one.onset[0] for one in begun] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]
    third = next(
        row for one, row in zip(begun, rows_before(features, ids), strict=True) if one.onset == (1, WHOLE // 2)
    )
    assert third[BACK] == begun[0].sound[0]  # a bar before the third beat stood the pickup


def rows_before(features: ContextFeatures, ids: list[int]) -> list[tuple[int, ...]]:
    rows = read_rows(features, ids)
    return [rows[one.place - 1] for one in begun_in(features, ids)]


@pytest.mark.parametrize("semitones", [-5, 2, 3])
def test_a_model_reads_the_same_in_every_key(semitones: int) -> None:
    features = ContextFeatures(tokenizer())
    for tune in regular_tunes()[150:180]:
        assert read_rows(features, encoded(transpose(tune, semitones))) == read_rows(features, encoded(tune))


def test_grace_notes_and_tuplets_take_the_time_they_take() -> None:
    [tune] = parse_abc("X:1\nM:2/4\nL:1/8\nK:C\n{de}c2 (3cde|c4|{f}(3c2d2e2|c4|]\n")
    features = ContextFeatures(DegreeTokenizer())
    begun = begun_in(features, [DegreeTokenizer.END, *features.vocabulary.encode(tune)])
    third = WHOLE // 12
    into = [one.onset[1] for one in begun]
    assert into == [0, 3 * third, 4 * third, 5 * third, 0, 0, 2 * third, 4 * third, 0]


# ------------------------------------------------------------------------------------------------ what is owed


def rows_of(body: str, notes: tuple[str, ...] = ()) -> list[tuple[str, tuple[int, ...]]]:
    """The tokens of a tune in ABC, from the beginning of its music, each with its row; `notes` are one token."""
    [tune] = parse_abc(f"X:1\nM:4/4\nL:1/4\nK:C\n{body}\n")
    features = ContextFeatures(DegreeTokenizer(notes))
    ids = [DegreeTokenizer.END, *features.vocabulary.encode(tune)]
    found = [
        (features.vocabulary.vocab[number], row) for number, row in zip(ids, read_rows(features, ids), strict=True)
    ]
    return found[[token for token, _ in found].index(BODY) :]


def column(rows: list[tuple[str, tuple[int, ...]]], place: int, after: str) -> list[int]:
    """What stands in a column after each of these tokens."""
    return [row[place] for token, row in rows if token == after]


QUARTER = WHOLE // 4 // FINE


def test_the_ticks_left_and_those_to_the_end_of_a_section_by_hand() -> None:
    rows = rows_of("G|CDEF|CDE:|G|CDEF|CDE|]")
    left = [row[LEFT] // QUARTER for token, row in rows if token in ("<body>", "|", ":|", *"1234567")]
    assert left == [4, 3, 4, 3, 2, 1, 0, 4, 3, 2, 1, 1, 0, 4, 3, 2, 1, 0, 4, 3, 2, 1]
    due = [row[DUE] for _, row in rows if row[DUE] not in (0, MOST_FINE)]  # in the first bar a pickup may end anywhere
    first = [1 + QUARTER * quarters for quarters in (3, 2, 1, 0)]  # the pickup is left open
    assert list(dict.fromkeys(due)) == [*first, *(192 + ticks for ticks in first)]  # and the last bar is told apart
    assert rows[-1][0] == "|]"
    assert [row[DUE] for _, row in rows[-2:]] == [193, 0]
    assert [row[DUE] for _, row in rows[:3]] == [MOST_FINE] * 3


def test_a_repeat_that_begins_after_the_pickup_does_not_lead_back_to_it() -> None:
    rows = rows_of("G|:CDEF|CDEF:|CDEF|CDEF|]")
    assert column(rows, SECTIONS, "|:") == [2]
    assert column(rows, SECTIONS, ":|") == [1]
    assert column(rows, DUE, "|") == [1 + 4 * QUARTER, 1 + MOST_FINE + 4 * QUARTER]  # all of a bar in either section


def test_second_endings_are_no_section_of_their_own() -> None:
    rows = rows_of("|:CDEF|CDEF|[1 CDEF|C4:|[2 GFED|C4||CDEF|CDEF|]")
    assert column(rows, SECTIONS, ":|") == [2]
    assert column(rows, SECTIONS, "||") == [1]
    assert column(rows, ENDINGS, "[1") == [2 * 1 + 1]
    assert column(rows, ENDINGS, "[2") == [2 * 3 + 1]
    assert column(rows, ENDINGS, ":|") == [2 * 2 + 1]
    assert column(rows, BEHIND, "|") == [1, 2, 3, 4, 1]
    assert column(rows, AHEAD, "|") == [3, 2, 1, 1, 1]
    assert column(rows, AHEAD, "[1") == column(rows, AHEAD, "[2") == [2]  # as many bars as the first ending had
    assert column(rows, ENDINGS, "||") == [0]
    assert column(rows, BEHIND, "||") == [0]


def test_a_second_ending_begins_with_a_whole_bar_ahead() -> None:
    rows = rows_of("G|CDEF|CDEF|[1 CDEF|CDE:|[2 GFED|CDE|]")
    assert column(rows, LEFT, ":|") == [4 * QUARTER]
    assert column(rows, INTO_BAR, ":|") == [0]


def test_a_pickup_is_no_bar_of_its_section() -> None:
    rows = rows_of("G|CDEF|CDE:|G|CDEF|CDEF|CDE|]")
    assert column(rows, AHEAD, "|") == [2, 1, 3, 2, 1]


def test_slurs_ties_tuplets_and_kinds_by_hand() -> None:
    rows = rows_of("(CD) E-E|(3CDE G2 {d}A|.C (DE) F|C4|]")
    assert [row[SLURS] for token, row in rows if token in ("(", ")")] == [4, 0, 4, 0]  # one, on the next note
    first = next(place for place, (token, _) in enumerate(rows) if token == "(")
    assert [rows[first + ahead][1][SLURS] for ahead in (2, 3, 4)] == [4, 3, 3]  # then on the last note, then before it
    tie = next(place for place, (token, _) in enumerate(rows) if token == "-")
    assert [rows[tie + ahead][1][TIE] > 0 for ahead in (-1, 0, 1, 2)] == [False, True, True, False]
    tuplet = next(place for place, (token, _) in enumerate(rows) if token == "(3:2:3")
    counted = [row[TUPLET] for _, row in rows[tuplet : tuplet + 7]]
    base = counted[0] - 3
    assert counted == [base + 3, base + 3, base + 2, base + 2, base + 1, base + 1, 0]
    lengths = ContextFeatures(DegreeTokenizer()).lengths
    quarter = lengths[DegreeTokenizer().ids["1/4"]][0]
    found = [row[IN_TUPLET] for _, row in rows[tuplet : tuplet + 7]]
    assert found == [len(lengths) + 1 + 24, len(lengths) + 1 + 24, *[quarter] * 4, 0]  # a bar has room for longer ones
    brace = next(place for place, (token, _) in enumerate(rows) if token == "{")
    assert [row[KIND] for _, row in rows[brace : brace + 5]] == [
        Kind.BRACE,
        Kind.GRACE,
        Kind.UNBRACE,
        Kind.BOUND,  # a length that no rest may follow
        Kind.NOTE,
    ]


def test_slurs_are_told_alike_of_notes_that_are_one_token() -> None:
    rows = rows_of("(CD) EF|C4|C4|C4|]", ("1:1/4", "2:1/4"))
    slur = next(place for place, (token, _) in enumerate(rows) if token == "(")
    assert [token for token, _ in rows[slur : slur + 4]] == ["(", "1:1/4", "2:1/4", ")"]
    assert [row[SLURS] for _, row in rows[slur : slur + 4]] == [4, 4, 3, 0]


def test_a_tuplet_that_begins_is_told_the_room_of_each_of_its_notes() -> None:
    rows = rows_of("C>D (3E/F/G/ F|C4|]")
    assert column(rows, IN_TUPLET, "(3:2:3") == [21 + 24]
    rows = rows_of("CDE (3C/D/E/|C4|]")
    assert column(rows, IN_TUPLET, "(3:2:3") == [21 + 12]  # two eighths fit into the last quarter: three of them in it


def test_each_token_has_the_kind_that_its_name_says() -> None:
    features = ContextFeatures(tokenizer())
    kinds = dict(zip(features.vocabulary.vocab, features.kinds, strict=True))
    assert kinds["z:1/8"] == kinds["x"] == Kind.REST
    assert kinds["1:1/8"] == kinds["1"] == Kind.NOTE
    assert kinds["|"] == Kind.LINE
    assert kinds[":|"] == kinds["|]"] == Kind.DOUBLE
    assert kinds["[1"] == Kind.ENDING
    assert kinds["1/8"] == Kind.LENGTH
    assert kinds["(3:2:3"] == Kind.TUPLET
    assert kinds["("] == Kind.SLUR
    assert kinds["R:jig"] == kinds["R:"] == Kind.RHYTHM
    assert kinds["bars:?"] == Kind.NO_FORM
    assert kinds["!trill!"] == Kind.DECORATION
    assert kinds["chord:1"] == Kind.CHORD
    assert kinds["quality:m"] == Kind.QUALITY


def test_real_sections_end_where_nothing_more_is_due() -> None:
    features, due, lines, early = ContextFeatures(tokenizer()), 0, 0, 0
    for tune in regular_tunes():
        ids = encoded(tune)
        if not any(number in tokenizer().sections for number in ids):
            continue
        rows = read_rows(features, ids)
        for place, number in enumerate(ids):
            nothing_due = rows[place - 1][DUE] % MOST_FINE == 1
            ends = features.kinds[number] == Kind.DOUBLE
            lines, due = lines + ends, due + (ends and nothing_due)
            early += features.kinds[number] == Kind.LINE and nothing_due
    assert lines > 500
    assert due >= 0.93 * lines
    assert early <= 0.01 * lines


# ------------------------------------------------------------------------------------------------ what is known


def test_known_notes_are_told_where_they_are_shown_and_nowhere_else() -> None:
    features = ContextFeatures(tokenizer())
    for tune in whole_bars()[:20]:
        ids = encoded(tune)
        begun = begun_in(features, ids)
        known: dict[Onset, Sound] = {one.onset: one.sound for one in begun[1::3]}
        gaps = [
            (range(begun[2].place, begun[9].place), begun[12].onset),
            (range(begun[14].place, begun[-6].place), (0, 0)),
        ]
        plain, told = read_rows(features, ids), read_rows(features, ids, known, gaps)
        places = _onsets_after(features, ids)
        for place, (without, row) in enumerate(zip(plain, told, strict=True)):
            assert row[:KNOWN] == without[:KNOWN]
            horizon = next((horizon for gap, horizon in gaps if place + 1 in gap), None)
            if horizon is None:
                assert row == without
            else:
                left = {onset: sound for onset, sound in known.items() if onset >= horizon}
                assert list(row[KNOWN:]) == expected(left, *places[place], ticks(tune.meter.length or Fraction(0)))


def expected(known: Mapping[Onset, Sound], bar: int, into: int, full: int) -> list[int]:
    """What is told of what is known, here and later, where a bar has so many ticks."""
    there = [value for bars in BARS_AHEAD for value in known.get((bar + bars, into), NOTHING)]
    away = {(onset[0] - bar) * full + onset[1] - into: sound for onset, sound in known.items()}
    coming = [ahead for ahead in away if ahead >= 0]
    if not coming:
        return [*there, 0, 0]
    return [*there, away[min(coming)][0], min(FAR, 1 + min(coming) * 32 // WHOLE)]


def _onsets_after(features: ContextFeatures, ids: list[int]) -> list[tuple[int, int]]:
    reader, found = Reader(features), []
    for number in ids:
        reader.read(number)
        found.append(reader.onset)
    return found


def test_nothing_known_is_nothing_told() -> None:
    features, ids = hand_made()
    assert read_rows(features, ids, {}) == read_rows(features, ids)
    known = {one.onset: one.sound for one in begun_in(features, ids)}
    assert read_rows(features, ids, known, []) == read_rows(features, ids)
    assert all(told != plain for told, plain in zip(read_rows(features, ids, known)[:-2], read_rows(features, ids)))  # noqa: B905


def test_the_pickup_is_told_once_it_is_over_and_sections_are_counted_down() -> None:
    features = ContextFeatures(tokenizer())
    with_pickup = [tune for tune in regular_tunes() if tune.measures[0].number == 0 and not tune.meter.free]
    assert len(with_pickup) >= SOME
    for tune in with_pickup:
        ids = encoded(tune)
        rows = read_rows(features, ids)
        body = ids.index(tokenizer().ids["<body>"])
        assert all(row[PICKUP] == 0 for row in rows[: body + 1])
        assert rows[-1][PICKUP] == ticks(tune.measures[0].length) // FINE
        sections = sum(number in tokenizer().sections for number in ids)
        assert rows[body][SECTIONS] == min(sections, 8)
        left = [row[SECTIONS] for row in rows[body:]]
        assert left == sorted(left, reverse=True)
