"""Metre and key events a little beside the bar lines that they mean."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.midi.test_reader import END, SCALE, line, midi
from tunewright.formats.midi.bar_events import at_bar_lines
from tunewright.formats.midi.pieces import parse_piece
from tunewright.formats.midi.tunes import parse_midi

TICKS = 480
BAR = 4 * TICKS
QUARTERS = list(range(0, 16 * BAR, TICKS))


def meters(*events: tuple[int, int, int], onsets: list[int] = QUARTERS) -> list[tuple[int, int, int]]:
    return at_bar_lines(events, (), onsets, TICKS).meters


@pytest.mark.parametrize("late", [1, 5, 7, 15, 119])
def test_an_event_a_little_after_a_bar_line_belongs_to_it(late: int) -> None:
    assert meters((late, 3, 4)) == [(0, 3, 4)]
    assert meters((0, 4, 4), (2 * BAR + late, 3, 4)) == [(0, 4, 4), (2 * BAR, 3, 4)]
    assert meters((0, 4, 4), (2 * BAR - late, 3, 4)) == [(0, 4, 4), (2 * BAR, 3, 4)]
    assert at_bar_lines([(0, 4, 4)], [(BAR + late, 2, False)], QUARTERS, TICKS).keys == [(BAR, 2, False)]


def test_an_event_inside_a_bar_or_where_a_note_begins_stays() -> None:
    assert meters((0, 4, 4), (240, 4, 4)) == [(0, 4, 4), (240, 4, 4)]
    assert meters((0, 4, 4), (BAR - 60, 4, 4), onsets=[0, BAR - 60]) == [(0, 4, 4), (BAR - 60, 4, 4)]


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([1, 2, 4, 8, 16, 64])), max_size=8),
    st.integers(1, 1000),
)
def test_events_stay_in_order_and_move_by_less_than_a_sixteenth(events: list[tuple[int, int, int]], ticks: int) -> None:
    found = at_bar_lines(events, (), [], ticks).meters
    assert [event[1:] for event in found] == [event[1:] for event in sorted(events, key=lambda event: event[0])]
    assert all(
        4 * abs(a[0] - b[0]) < ticks for a, b in zip(found, sorted(events, key=lambda event: event[0]), strict=True)
    )


@pytest.mark.parametrize("late", [1, 5, 7, 15])
def test_a_late_first_metre_breaks_no_bar(late: int) -> None:
    content = midi(bytes([0x00 | late]) + b"\xff\x58\x04\x03\x02\x18\x08" + END, line(SCALE * 3))
    tune = parse_midi(content, "x.mid")
    assert not tune.irregular
    assert {note.length for note in tune.notes} == {Fraction(1, 4)}
    assert str(tune.meter) == "3/4"
    assert parse_piece(content, "x.mid").meters == ((0, 3, 4),)
    assert "metre or key events a little beside a bar line moved to it" in {repair.what for repair in tune.repairs}


@given(
    st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 12), st.sampled_from([1, 2, 4, 8, 16, 64])), max_size=8),
    st.lists(st.tuples(st.integers(0, 30_000), st.integers(-7, 7), st.booleans()), max_size=4),
    st.lists(st.integers(0, 30_000), max_size=20),
)
def test_done_again_it_changes_nothing(
    events: list[tuple[int, int, int]], keys: list[tuple[int, int, bool]], onsets: list[int]
) -> None:
    once = at_bar_lines(events, keys, sorted(onsets), TICKS)
    again = at_bar_lines(once.meters, once.keys, sorted(onsets), TICKS)
    assert (again.meters, again.keys, again.repairs) == (once.meters, once.keys, ())
