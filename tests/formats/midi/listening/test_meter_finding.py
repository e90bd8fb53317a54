"""Metre and upbeat are found in real tunes that state none, and in any transposition."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.listening.meter_finding import GAPS, METERS, UNIT, Melody, evidence, find_meter
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.tune import Meter, MeterChange, Tune


def melody(tune: Tune) -> Melody:
    notes = sorted(written(tune), key=lambda note: note.onset)
    onsets = np.array([round(note.onset / UNIT) for note in notes])
    gaps = np.append(np.diff(onsets), round(notes[-1].length / UNIT))
    return Melody(onsets, gaps, np.array([note.number for note in notes]))


JIG = parse_abc("X:1\nM:6/8\nL:1/8\nK:G\nD|GAB cBA|GBd gdB|cec BdB|AGF E2D|GAB cBA|GBd gdB|cec BAF|G3 G2:|\n")[0]


def test_a_jig_with_an_upbeat() -> None:
    found = find_meter(melody(JIG))
    assert found is not None
    assert (found.meter, found.upbeat) == (Meter(6, 8), Fraction(1, 8))


def test_the_stated_metre_is_kept() -> None:
    found = find_meter(melody(JIG), Meter(4, 4))
    assert found is not None
    assert found.meter == Meter(4, 4)
    assert find_meter(melody(JIG), Meter(5, 4)) is None


def test_transposition_changes_nothing() -> None:
    plain = melody(JIG)
    higher = replace(plain, numbers=plain.numbers + 5)
    assert find_meter(plain) == find_meter(higher)


def test_a_later_beginning_changes_nothing() -> None:
    plain = melody(JIG)
    assert find_meter(plain) == find_meter(replace(plain, onsets=plain.onsets + 7 * 48))


def test_the_evidence_of_a_melody_counted_by_hand() -> None:
    quarters = Melody(np.arange(8) * 12, np.full(8, 12), np.array([60, 67, 60, 62, 60, 67, 60, 62]))
    found = evidence(quarters)[METERS.index(Meter(4, 4))]
    assert found.cells[:, :10].sum() == 1  # each note is in one class of gaps
    assert [int(8 * share) for share in found.cells[::4, 5]] == [2, 2, 2, 2]  # two quarters on each beat of two bars
    assert found.last == (12, 5)
    assert found.whole[0] == 1  # each comes back after a bar
    assert found.ends[0].sum() == 0  # two bars end with the melody, so no phrase ends before
    of_two = evidence(quarters)[METERS.index(Meter(2, 4))]
    assert of_two.ends[0][4, 5] == 1  # before the third of these bars a quarter, on the second beat of its bar
    assert [int(8 * share) for share in found.cells[::4, GAPS]] == [0, 0, 0, 2]  # of degrees above the final the first


def test_most_real_tunes_are_barred_as_written() -> None:
    right = []
    for tune in real_tunes(25):
        if tune.irregular or any(isinstance(element, MeterChange) for element in tune.music) or tune.meter.free:
            continue
        first = tune.measures[0]
        found = find_meter(melody(tune))
        assert found is not None
        right.append(found.meter.length == tune.meter.length and found.upbeat == (0 if first.number else first.length))
    assert sum(right) >= 0.8 * len(right) > 40


def test_probabilities_are_how_often_it_is_right() -> None:
    sure = []
    for tune in real_tunes(80):
        if tune.irregular or any(isinstance(element, MeterChange) for element in tune.music) or tune.meter.free:
            continue
        first = tune.measures[0]
        found = find_meter(melody(tune))
        assert found is not None
        upbeat = 0 if first.number else first.length
        sure.append((found.probability, found.meter.length == tune.meter.length and found.upbeat == upbeat))
    said, right = (sum(column) / len(sure) for column in zip(*sure, strict=True))
    assert said == pytest.approx(right, abs=0.06)


@pytest.mark.parametrize("meter", ["5/4", "7/8", "6/4", "3/2", "9/8", "2/2", "12/8"])
def test_a_metre_that_the_file_states_stands(meter: str) -> None:
    numerator, denominator = map(int, meter.split("/"))
    bars = [
        " ".join("DEFGAGFE"[(place + bar) % 8] + str(8 // denominator) for place in range(numerator))
        for bar in range(8)
    ]
    tune = parse_abc(f"X:1\nM:{meter}\nL:1/8\nK:D\n{'|'.join(bars)}|\n")[0]
    read = parse_midi(to_midi(tune, performance=False), "x.mid")
    assert read.meter == Meter(numerator, denominator)
    assert not read.irregular
    assert {measure.length for measure in read.measures} == {Meter(numerator, denominator).length}


def test_the_evidence_of_some_metres_is_that_of_all() -> None:
    for tune in real_tunes(3):
        everything = evidence(melody(tune))
        for index in range(len(METERS)):
            alone = evidence(melody(tune), [index])[0]
            assert alone.last == everything[index].last
            for name in ("cells", "ends", "whole"):
                assert np.array_equal(getattr(alone, name), getattr(everything[index], name))
