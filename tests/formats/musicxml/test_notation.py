"""What a page needs to know: measures, note values, beats."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.musicxml.notation import (
    MOST_ON_LINE,
    beat_group_of,
    beat_groups,
    own_ratio,
    sheets,
    written_values,
)
from tunewright.music.tune import Meter, Note, Rest, Tune


def tune_of(body: str, meter: str = "4/4") -> Tune:
    return parse_abc(f"X:1\nT:t\nM:{meter}\nL:1/8\nK:C\n{body}\n")[0]


def test_measures_hold_every_note_and_number_whole_bars() -> None:
    for tune in real_tunes(20):
        page = list(sheets(tune))
        timed = [element for sheet in page for element in sheet.elements if isinstance(element, Note | Rest)]
        assert timed == [element for element in tune.music if isinstance(element, Note | Rest)]
        counted = [int(sheet.number) for sheet in page if not sheet.implicit]
        assert counted == list(range(1, len(counted) + 1))


def test_a_bar_split_by_a_repeat_counts_once() -> None:
    page = list(sheets(tune_of("G | c8 | d7 :| e | f8 | g7 |]")))
    assert [sheet.number for sheet in page] == ["0", "1", "2", "X3", "3", "4"]
    assert [sheet.offset for sheet in page] == [Fraction(7, 8), 0, 0, Fraction(7, 8), 0, 0]


def test_endings_run_to_the_next_one_or_the_end_of_the_section() -> None:
    page = list(sheets(tune_of("|: c8 |1 d8 | e8 :|2 d8 | f8 || g8 |]")))
    assert [(sheet.ending, sheet.ending_stops) for sheet in page] == [
        ((), False),
        ((1,), False),
        ((), True),
        ((2,), False),
        ((), True),
        ((), False),
    ]


def test_lines_have_four_bars_and_never_too_many_notes() -> None:
    page = list(sheets(tune_of("c8 | " * 12)))
    assert [sheet.number for sheet in page if sheet.new_line] == ["5", "9"]
    dense = list(sheets(tune_of("c/d/e/f/ g/a/b/c'/ c/d/e/f/ g/a/b/c'/ | " * 8)))
    assert [sheet.number for sheet in dense if sheet.new_line] == ["3", "5", "7"]


def test_an_endless_measure_comes_in_pieces() -> None:
    page = list(sheets(tune_of("cdefgab " * 30, "none")))
    assert len(page) > 10
    assert any(sheet.new_line for sheet in page)
    assert all(len(sheet.elements) <= MOST_ON_LINE for sheet in page)
    assert [sheet.continued for sheet in page] == [True] * (len(page) - 1) + [False]


@given(st.integers(1, 5000), st.sampled_from((1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32, 48, 64, 96, 1024, 2048)))
def test_values_add_up_to_the_length(numerator: int, denominator: int) -> None:
    length = Fraction(numerator, denominator * 16)
    values = list(written_values(length, Fraction(*own_ratio(length))))
    assert sum(value.length for value in values) == length
    assert values


def test_values_of_common_lengths() -> None:
    def names(length: Fraction) -> list[tuple[str, int]]:
        return [(value.kind, value.dots) for value in written_values(length, Fraction(1))]

    assert names(Fraction(3, 8)) == [("quarter", 1)]
    assert names(Fraction(7, 8)) == [("half", 2)]
    assert names(Fraction(5, 8)) == [("half", 0), ("eighth", 0)]
    assert names(Fraction(1, 32)) == [("32nd", 0)]


def test_beats() -> None:
    assert beat_groups(Meter(6, 8)) == [Fraction(3, 8)]
    assert beat_groups(Meter()) == [Fraction(1, 2)]
    assert beat_groups(Meter(3, 4)) == [Fraction(1, 4)]
    assert beat_groups(Meter(5, 8, groups=(3, 2))) == [Fraction(3, 8), Fraction(1, 4)]
    assert [beat_group_of(Fraction(n, 8), [Fraction(3, 8), Fraction(1, 4)]) for n in range(6)] == [0, 0, 0, 1, 1, 2]
