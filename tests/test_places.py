"""What a model is told of each place: against a slow reading of the same tunes, and by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import pytest
from musical import regular_tunes, tokenizer

from tunewright.abcnotation import parse_abc
from tunewright.degrees import BODY, DegreeTokenizer
from tunewright.places import (
    BARS_AHEAD,
    BARS_BACK,
    FAR,
    FINE,
    NOTHING,
    UNKNOWN,
    WHOLE,
    Columns,
    Onset,
    Reader,
    Sound,
    begun_in,
    read_rows,
    ticks,
)
from tunewright.transposition import transpose
from tunewright.tune import Bar, Note, Rest, Tune

ID, INTO_BAR, BEHIND, AHEAD, SECTIONS, PICKUP, RETURNS, BACK = range(8)
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
    columns = Columns(tokenizer())
    for tune in regular_tunes()[150:200]:
        for row in read_rows(columns, encoded(tune)):
            assert len(row) == 1 + len(columns.sizes)
            assert all(0 <= value < size for value, size in zip(row[1:], columns.sizes, strict=True))
            assert 0 <= row[ID] < len(tokenizer().vocab)
            assert row[KNOWN:] == UNKNOWN


def test_notes_begin_where_the_tune_has_them() -> None:
    columns = Columns(tokenizer())
    for tune in whole_bars():
        begun = begun_in(columns, encoded(tune))
        assert [one.onset for one in begun] == [(bar, into) for bar, into, _ in onsets(tune)]


def test_rows_tell_bar_and_section_and_what_stood_there_before() -> None:
    columns = Columns(tokenizer())
    for tune in whole_bars():
        ids = encoded(tune)
        rows, begun = read_rows(columns, ids), begun_in(columns, ids)
        sounds = {one.onset: one.sound for one in begun}
        sections = [section for *_, section in onsets(tune)]
        first_bars = {section: min(o[0] for o in onsets(tune) if o[2] == section) for section in sections}
        for one, section in zip(begun, sections, strict=True):
            before = rows[one.place - 1]  # of the place where the note stands
            bar, into = one.onset
            assert before[INTO_BAR] == min(into // FINE, columns.sizes[0] - 1)
            assert before[BEHIND] == min(bar - first_bars[section], 32)
            back = [value for bars in BARS_BACK for value in sounds.get((bar - bars, into), NOTHING)]
            assert list(before[BACK:KNOWN]) == back
            same = [sounds.get((bar - bars, into), NOTHING)[0] == one.sound[0] for bars in BARS_BACK]
            assert rows[one.place][RETURNS] == sum(2**power for power, is_same in enumerate(same) if is_same)


def hand_made() -> tuple[Columns, list[int]]:
    [tune] = parse_abc("X:1\nM:4/4\nL:1/4\nK:C\n|:CDEF|CDGF:|CDzF|C4|E4|F4|]\n")
    spelled = DegreeTokenizer(("1:1/4", "2:1/4", "4:1/4"))
    return Columns(spelled), [DegreeTokenizer.END, *spelled.encode(tune)]


def test_by_hand() -> None:
    columns, ids = hand_made()
    vocab, rows = columns.tokenizer.vocab, read_rows(columns, ids)
    words = [vocab[number] for number in ids]
    body = words.index(BODY)
    assert words[body - 2 : body] == ["bars:2:|", "bars:4"]
    quarter = columns.lengths[columns.tokenizer.ids["1/4"]][0]
    sound = {degree: columns.sounds[columns.tokenizer.ids[degree]] for degree in ("1", "2", "4", "5", "z")}
    assert rows[body][1:KNOWN] == (0, 0, 2, 2, 0, 0, *NOTHING * 4)  # two bars ahead, two sections
    line = words.index("|", body)
    assert rows[line][1 : BACK + 2] == (0, 1, 1, 2, 0, 0, sound["1"], quarter)  # the second bar: C stood here a bar ago
    assert rows[line + 1][1 : BACK + 2] == (
        WHOLE // 4 // FINE,
        1,
        1,
        2,
        0,
        1,
        sound["2"],
        quarter,
    )  # C is written: it has come back
    fifth = words.index("5")
    assert rows[fifth - 1][1:BACK] == (
        WHOLE // 2 // FINE,
        1,
        1,
        2,
        0,
        1,
    )  # only its length is written: still at its place
    assert rows[fifth][RETURNS] == 0  # G where E was
    repeat = words.index(":|")
    assert rows[repeat][1:BACK] == (0, 0, 4, 1, 0, rows[repeat - 1][RETURNS])  # a new section of four
    assert rows[repeat][BACK : BACK + 4] == (sound["1"], quarter) * 2  # one and two bars back
    assert rows[repeat][BACK + 4 : KNOWN] == NOTHING * 2
    assert rows[words.index("z")][RETURNS] == 0


def test_a_pickup_stands_at_the_end_of_its_bar() -> None:
    [tune] = parse_abc("X:1\nM:3/4\nL:1/4\nK:C\nG|CDE|CDG|CDE|C2|]\n")
    columns = Columns(DegreeTokenizer())
    ids = [DegreeTokenizer.END, *columns.tokenizer.encode(tune)]
    begun = begun_in(columns, ids)
    assert [one.onset[0] for one in begun] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]
    third = next(row for one, row in zip(begun, rows_before(columns, ids), strict=True) if one.onset == (1, WHOLE // 2))
    assert third[BACK] == begun[0].sound[0]  # a bar before the third beat stood the pickup


def rows_before(columns: Columns, ids: list[int]) -> list[tuple[int, ...]]:
    rows = read_rows(columns, ids)
    return [rows[one.place - 1] for one in begun_in(columns, ids)]


@pytest.mark.parametrize("semitones", [-5, 2, 3])
def test_a_model_reads_the_same_in_every_key(semitones: int) -> None:
    columns = Columns(tokenizer())
    for tune in regular_tunes()[150:180]:
        assert read_rows(columns, encoded(transpose(tune, semitones))) == read_rows(columns, encoded(tune))


def test_grace_notes_and_tuplets_take_the_time_they_take() -> None:
    [tune] = parse_abc("X:1\nM:2/4\nL:1/8\nK:C\n{de}c2 (3cde|c4|{f}(3c2d2e2|c4|]\n")
    columns = Columns(DegreeTokenizer())
    begun = begun_in(columns, [DegreeTokenizer.END, *columns.tokenizer.encode(tune)])
    third = WHOLE // 12
    into = [one.onset[1] for one in begun]
    assert into == [0, 3 * third, 4 * third, 5 * third, 0, 0, 2 * third, 4 * third, 0]


# ------------------------------------------------------------------------------------------------ what is known


def test_known_notes_are_told_where_they_are_shown_and_nowhere_else() -> None:
    columns = Columns(tokenizer())
    for tune in whole_bars()[:20]:
        ids = encoded(tune)
        begun = begun_in(columns, ids)
        known: dict[Onset, Sound] = {one.onset: one.sound for one in begun[1::3]}
        gaps = [
            (range(begun[2].place, begun[9].place), begun[12].onset),
            (range(begun[14].place, begun[-6].place), (0, 0)),
        ]
        plain, told = read_rows(columns, ids), read_rows(columns, ids, known, gaps)
        places = _onsets_after(columns, ids)
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


def _onsets_after(columns: Columns, ids: list[int]) -> list[tuple[int, int]]:
    reader, found = Reader(columns), []
    for number in ids:
        reader.read(number)
        found.append(reader.onset)
    return found


def test_nothing_known_is_nothing_told() -> None:
    columns, ids = hand_made()
    assert read_rows(columns, ids, {}) == read_rows(columns, ids)
    known = {one.onset: one.sound for one in begun_in(columns, ids)}
    assert read_rows(columns, ids, known, []) == read_rows(columns, ids)
    assert all(told != plain for told, plain in zip(read_rows(columns, ids, known)[:-2], read_rows(columns, ids)))  # noqa: B905


def test_the_pickup_is_told_once_it_is_over_and_sections_are_counted_down() -> None:
    columns = Columns(tokenizer())
    with_pickup = [tune for tune in regular_tunes() if tune.measures[0].number == 0 and not tune.meter.free]
    assert len(with_pickup) >= SOME
    for tune in with_pickup:
        ids = encoded(tune)
        rows = read_rows(columns, ids)
        body = ids.index(tokenizer().ids["<body>"])
        assert all(row[PICKUP] == 0 for row in rows[: body + 1])
        assert rows[-1][PICKUP] == ticks(tune.measures[0].length) // FINE
        sections = sum(number in tokenizer().sections for number in ids)
        assert rows[body][SECTIONS] == min(sections, 8)
        left = [row[SECTIONS] for row in rows[body:]]
        assert left == sorted(left, reverse=True)
