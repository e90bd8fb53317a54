"""Measures return what they are said to return: read from real tunes, and from tunes small enough to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.musical import planned_tokenizer, regular_tunes, tokenizer
from tunewright.formats.abc import parse_abc
from tunewright.support.errors import TokenError
from tunewright.tokens.degrees.context import Reader
from tunewright.tokens.degrees.features import DIRECT, MOST_STEPS, MOVES
from tunewright.tokens.degrees.returns import RETURNS, Return, Way, keeps
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

TUNES = regular_tunes()[:120]


def returns_of(abc: str) -> str:
    """The returns of the measures of a tune in C major and 2/4, in words."""
    tune = parse_abc(f"X:1\nM:2/4\nL:1/8\nK:C\n{abc}\n")[0]
    return " ".join(str(planned_tokenizer().returns[n]) for n in planned_tokenizer().encode(tune) if _is_return(n))


def _is_return(number: int) -> bool:
    return number in planned_tokenizer().returns


@pytest.mark.parametrize(
    ("abc", "expected"),
    [
        ("CDEF|GEAc|CDEF|GEAc|]", "new new =2 =2"),
        ("CDEF|GEAc|CDEG|CDEF|]", "new new ~2 =3"),
        ("CDEF|DEFG|EFGA|CDEF|]", "new ^1 ^1 =3"),
        ("CDE2|C2D2|CDE2|c4|]", "new new =2 new"),
        ("CDEF|(CDEF)|CDEF|(CDEF)|]", "new ~1 =2 =2"),  # ornaments make another measure
        ("(CDE|F2)E2|(CDEF|G2)E2|]", "new new new ~2"),
        ("C2E2|G4-|G2E2|C2E2-|E2E2|]", "new new ~1 =3 ~1"),  # a tie that leads on does not
        ("G|CDEF|GEAc|CDEF|GEA|]", "new new new =2 ~2"),  # a pickup is a measure
        ("(3CDECD|(3DEFDE|(3CDECD|]", "new ^1 =2"),
        ("c|CDEF|GEA:|c|CDEF|GEA:|]", "new new new =2 =2 =2"),
        ("CDEF|GEAc|[1BcBA:|[2Bcc2|]", "new new new ~1"),
    ],
)
def test_what_returns_what(abc: str, expected: str) -> None:
    assert returns_of(abc) == expected


def test_a_plan_is_said_and_nothing_else_is_changed() -> None:
    for tune in TUNES:
        planned = planned_tokenizer().encode(tune)
        assert [n for n in planned if not _is_return(n)] == tokenizer().encode(tune)
        assert planned_tokenizer().decode(planned) == planned_tokenizer().prepared(tune)


def test_every_measure_has_one_return_and_is_what_it_says() -> None:
    ways = set()
    for tune in TUNES:
        reader = Reader(planned_tokenizer().features)
        returning, said = reader.returning, None
        assert returning
        for number in (0, *planned_tokenizer().encode(tune), 0):
            known = set(returning.measures)
            said = planned_tokenizer().returns.get(number, said)
            reader.read(number)
            for start in set(returning.measures) - known:
                assert said is not None
                assert keeps(said, returning.measures[start], start, returning.measures, planned_tokenizer())
                ways.add(said.way)
                said = None
    assert ways == set(Way)


def test_what_a_measure_that_returns_has_at_each_place_is_told() -> None:
    """In rows, the id that is due: always what comes in a measure that is the same, mostly in one that is varied."""
    came, varied = 0, []
    for tune in TUNES:
        passage = planned_tokenizer().passage(tune)
        assert passage.rows is not None
        for place in range(passage.body, len(passage.ids) - 1):
            number, due = (int(passage.rows[place, 1 + DIRECT + which]) for which in (0, 1))
            way = RETURNS[number - 1].way if number else Way.NEW
            if way in (Way.SAME, Way.MOVED) and due:
                assert passage.ids[place + 1] == due
                came += 1
            elif way == Way.VARIED and due:
                varied.append(passage.ids[place + 1] == due)
    assert came > 1000
    assert sum(varied) > len(varied) / 2


def test_a_tokenizer_with_a_plan_is_kept_and_one_without_is_as_before() -> None:
    assert DegreeTokenizer.from_json(planned_tokenizer().to_json()) == planned_tokenizer()
    assert "phrase_plan" not in tokenizer().to_json()
    assert len(planned_tokenizer().context_sizes) == len(tokenizer().context_sizes) + 6
    changed = planned_tokenizer().to_json().replace('"plan:new"', '"plan:old"')
    with pytest.raises(TokenError, match="another version"):
        DegreeTokenizer.from_json(changed)


def test_the_last_notes_are_told_beside_each_token() -> None:
    """Read from the tune itself: its notes in steps of the scale, and how long they are."""
    told = replace(planned_tokenizer(), last_notes=True)
    pitch, move = (1 + DIRECT + 2 + which for which in range(2))  # after the return, and what is due
    columns = told.features
    both = 1 + told.direct + 5  # after those of returns that are not direct
    length = both + 1
    assert told.direct == DIRECT + 4
    assert len(told.context_sizes) == len(planned_tokenizer().context_sizes) + 6
    for tune in TUNES[:60]:
        passage = told.passage(tune)
        assert passage.rows is not None
        assert (passage.rows[:, 1:] < told.context_sizes).all()
        last = previous = None
        for number, row in zip(passage.ids, passage.rows, strict=True):
            if number in told.timed and told.timed[number][1] in told.pitches:
                previous, last = last, told.timed[number]
            elif number in told.pitches or number in told.lengths:
                break  # spelled, or a grace note: told otherwise
            if last is None:
                assert row[pitch] == row[move] == row[length] == 0
                continue
            assert row[pitch] == columns.sounds[last[1]]
            assert row[length] == columns.lengths[last[0]][0]
            here = told.pitches[last[1]][0]
            there = None if previous is None else told.pitches[previous[1]][0]
            moved = 0 if there is None else 1 + MOST_STEPS + max(-MOST_STEPS, min(here - there, MOST_STEPS))
            assert row[move] == moved
            assert (row[both] - 1) % MOVES == moved


def test_returns_in_words() -> None:
    assert [str(Return(Way.NEW, 0)), str(Return(Way.SAME, 4)), str(Return(Way.MOVED, 1))] == ["new", "=4", "^1"]
    assert len(set(map(str, RETURNS))) == len(RETURNS)
