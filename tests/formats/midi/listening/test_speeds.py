"""How fast a MIDI file goes, and that the tune read from it goes as fast."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.midi.test_reader import END, SCALE, line, midi
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.midi.listening.quantizing import WHOLE
from tunewright.formats.midi.listening.speeds import MOST, told_tempos
from tunewright.formats.midi.performance import speeds
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.tune import Meter, Repair, Tempo, Tune

QUARTER = WHOLE // 4


def read(tune: Tune, *, performance: bool = False) -> Tune:
    return parse_midi(to_midi(tune, performance=performance), "x.mid")


def tune_of(body: str, header: str) -> Tune:
    return parse_abc(f"X:1\n{header}\n{body}\n")[0]


@given(st.integers(40, 400))
def test_a_tempo_in_whole_beats_is_told_as_it_was_meant(rate: int) -> None:
    for microseconds in (60_000_000 // rate, round(60_000_000 / rate)):
        assert told_tempos([(0, microseconds)], WHOLE, Meter(), []) == [(0, Tempo(Fraction(1, 4), Fraction(rate)))]


@given(st.integers(20, 300))
def test_dotted_beats(rate: int) -> None:
    microseconds = round(60_000_000 * 2 / (3 * rate))
    assert told_tempos([(0, microseconds)], WHOLE, Meter(6, 8), []) == [(0, Tempo(Fraction(3, 8), Fraction(rate)))]


@given(
    st.lists(st.tuples(st.integers(0, 10 * WHOLE), st.integers(0, 2**24 - 1)), max_size=20), st.integers(0, 10 * WHOLE)
)
def test_tempi_are_in_order_within_the_tune_and_change(events: list[tuple[int, int]], end: int) -> None:
    found = told_tempos(events, end, Meter(3, 4), [])
    assert [time for time, _ in found] == sorted({time for time, _ in found})
    assert all(before[1] != after[1] for before, after in itertools.pairwise(found))
    assert all(10 <= tempo.quarters <= 1000 for _, tempo in found)
    assert not found or found[0][0] == 0


def test_a_player_who_is_followed_note_by_note_has_one_tempo() -> None:
    repairs: list[Repair] = []
    events = [(n * QUARTER, 500_000 + 1000 * (n % 7 - 3)) for n in range(200)]
    assert told_tempos(events, 200 * QUARTER, Meter(), repairs) == [(0, Tempo(Fraction(1, 4), Fraction(120)))]
    assert [repair.what for repair in repairs] == ["tempo follows the player, read as one"]
    assert len(told_tempos(events[:MOST], 200 * QUARTER, Meter(), repairs)) == MOST


@pytest.mark.parametrize("rate", ["1/4=72", "3/8=40", "1/2=63", "1/4=97.5"])
@pytest.mark.parametrize("meter", ["4/4", "6/8", "3/4"])
def test_a_tune_is_as_fast_as_its_file(rate: str, meter: str) -> None:
    tune = tune_of("DEF GAB | c3 d3 | edc BAG | D6 |]", f"M:{meter}\nL:1/8\nQ:{rate}\nK:D")
    for performance in (False, True):
        back = read(tune, performance=performance)
        assert float(speeds(back)[0][1]) == pytest.approx(float(speeds(tune)[0][1]), abs=0.01)
        assert parse_abc(format_abc(back))[0].tempos == back.tempos


def test_changes_of_tempo_come_back_where_they_were() -> None:
    tune = tune_of("CDEF GABc | [Q:1/4=60] cBAG FEDC | [Q:1/4=90] C8 |]", "M:4/4\nL:1/8\nQ:1/4=120\nK:C")
    back = read(tune)
    assert speeds(back) == speeds(tune)
    assert parse_abc(format_abc(back))[0].tempos == back.tempos
    again = read(back)
    assert again.tempos == back.tempos


def test_a_section_that_is_faster_the_second_time_is_no_repeat() -> None:
    strain = "CDEF GABc | dcBA GFED | EGCG EGCG | C4 G4 |"
    bars = f"{strain} {strain.replace('G4', 'C4')}"
    plain = read(tune_of(f"{bars} {bars}]", "M:4/4\nL:1/8\nQ:1/4=120\nK:C"))
    faster = read(tune_of(f"{bars} [Q:1/4=160] {bars}]", "M:4/4\nL:1/8\nQ:1/4=120\nK:C"))
    assert ":|" in format_abc(plain)
    assert ":|" not in format_abc(faster)
    assert [quarters for _, quarters in speeds(faster)] == [120, 160]


def test_keys_and_tempi_go_with_the_music_where_silence_before_it_is_dropped() -> None:
    bar = b"\x8f\x00"  # 1,920 ticks
    events = b"\0\xff\x58\x04\x04\x02\x18\x08\0\xff\x59\x02\0\0\0\xff\x51\3\7\xa1\x20"
    later = bar * 1 + b"\xff\x01\0" + bar + b"\xff\x01\0" + bar + b"\xff\x59\x02\2\0\0\xff\x51\3\x0a\x2c\x2a"
    notes = bar + b"\x90\x3c\x50\x83\x60\x80\x3c\0" + line(SCALE[1:] + SCALE)
    tune = parse_midi(midi(events + later + END, notes), "x.mid")
    text = format_abc(tune)
    assert "silence at the beginning dropped" in {repair.what for repair in tune.repairs}
    assert [onset for onset, _ in speeds(tune)] == [0, 2]
    assert text.index("[Q:1/4=90") < text.index("[K:D]")
    assert text.count("|", 0, text.index("[K:D]")) == 2


def test_a_file_that_states_no_tempo_has_none() -> None:
    assert parse_midi(midi(line(SCALE)), "x.mid").tempos == ()


@pytest.mark.parametrize("rate", [20, 200, 209])
def test_a_tempo_that_looks_like_mail_is_one(rate: int) -> None:
    tune = tune_of(f"CDEF GABc | [Q:1/4={rate}] cBAG FEDC |]", "M:4/4\nL:1/8\nQ:1/4=120\nK:C")
    assert [tempo.per_minute for _, tempo in tune.tempos] == [120, rate]
    assert parse_abc(format_abc(read(tune)))[0].tempos == read(tune).tempos


def test_a_file_goes_at_the_usual_speed_up_to_its_first_tempo() -> None:
    repairs: list[Repair] = []
    found = told_tempos([(WHOLE, 300_000)], 8 * WHOLE, Meter(), repairs)
    assert [float(tempo.quarters) for _, tempo in found] == [120, 200]
    assert [float(tempo.quarters) for _, tempo in told_tempos([(3, 300_000)], 8 * WHOLE, Meter(), repairs)] == [200]
