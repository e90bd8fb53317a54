import random

import numpy as np
import pytest

from tunewright.measuring.matching import alignment
from tunewright.measuring.matching.alignment import _apart, align
from tunewright.measuring.matching.bands import Lines, Traced, build_lines


def lines_of(*melodies: list[int]) -> Lines:
    pitches = np.array([pitch for one in melodies for pitch in one], dtype=np.int64)
    return build_lines(pitches, np.zeros(len(pitches), dtype=np.int64), np.array([len(one) for one in melodies]))


def random_melodies(count: int, seed: int) -> list[list[int]]:
    """Walks up and down a scale, of lengths from 0 on."""
    rng = random.Random(seed)
    scale = [octave + step for octave in (60, 72) for step in (0, 2, 4, 5, 7, 9, 11)]
    melodies = []
    for _ in range(count):
        place, one = 7, []
        for _ in range(rng.randrange(120)):
            place = min(max(place + rng.choice((-2, -1, -1, 0, 1, 1, 2, 3)), 0), 13)
            one.append(scale[place])
        melodies.append(one)
    return melodies


def test_passages_with_changed_notes_are_found_where_they_are() -> None:
    melodies, hosts = random_melodies(300, 1), random_melodies(60, 2)
    rng = random.Random(3)
    planted = []
    for host in hosts:
        number = rng.choice([k for k, one in enumerate(melodies) if len(one) > 40])
        start = rng.randrange(len(melodies[number]) - 32)
        passage = [pitch + 3 for pitch in melodies[number][start : start + 32]]
        for block in range(0, 32, 8):
            passage[block + rng.randrange(8)] += rng.choice((-2, -1, 1, 2))
        at = rng.randrange(len(host) + 1)
        planted.append((number, start, at, [*host[:at], *passage, *host[at:]]))
    found = align(lines_of(*melodies), lines_of(*(one for *_, one in planted)), 3)
    right = 0
    for ones, (number, start, at, _) in zip(found, planted, strict=True):
        for one in ones:
            covered = min(one.stop, at + 32) - max(one.start, at)
            there = min(one.stop_there, start + 32) - max(one.start_there, start)
            right += one.melody == number and covered >= 29 and there >= 29
    assert right >= 57


def test_an_alignment_says_what_agrees() -> None:
    melodies = random_melodies(60, 4)
    found = align(lines_of(*melodies[::2]), lines_of(*melodies[1::2]), 4)
    assert sum(map(len, found)) > 30
    for ones, melody in zip(found, melodies[1::2], strict=True):
        assert [one.score for one in ones] == sorted((one.score for one in ones), reverse=True)
        for one in ones:
            other = melodies[::2][one.melody]
            assert len({(melody[a] - other[b]) % 12 for a, b in one.alike}) == 1
            assert 0 <= one.start < one.stop <= len(melody)
            assert 0 <= one.start_there < one.stop_there <= len(other)
            assert max(one.stop - one.start, one.stop_there - one.start_there) <= one.columns
            assert len(one.alike) <= min(one.stop - one.start, one.stop_there - one.start_there)


def test_a_further_alignment_is_about_other_notes() -> None:
    def traced(score: int, melody: int, start: int, stop: int) -> Traced:
        notes = np.arange(start, stop)[::-1]
        return Traced(score, melody, notes, notes, np.ones(len(notes), dtype=bool), 0)

    whole, half, more, apart, nothing = (traced(*one) for one in BY_HAND)
    assert _apart([nothing, apart, more, half, whole], 5) == [whole, half, apart]
    assert _apart([apart, whole], 1) == [whole]
    assert _apart([nothing], 3) == []


BY_HAND = ((60, 1, 0, 20), (50, 2, 10, 30), (40, 3, 11, 20), (30, 0, 40, 45), (0, 4, 0, 0))


def test_a_melody_is_most_like_itself() -> None:
    melodies = random_melodies(60, 5)
    long = {number: len(melody) for number, melody in enumerate(melodies) if len(melody) > 20}
    found = align(lines_of(*melodies), lines_of(*melodies))
    assert len(long) > 20
    for number, length in long.items():
        (one,) = found[number]
        assert (one.melody, one.start, one.stop, one.columns) == (number, 0, length, length)


def test_in_parts_it_is_the_same_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    indexed, new = lines_of(*random_melodies(80, 6)), lines_of(*random_melodies(40, 7))
    at_once = align(indexed, new, 3)
    monkeypatch.setattr(alignment, "NOTES", 150)
    monkeypatch.setattr(alignment, "CELLS", 20_000)
    assert align(indexed, new, 3) == at_once


def test_nothing_is_like_nothing() -> None:
    melodies = random_melodies(3, 8)
    assert align(lines_of(), lines_of(*melodies)) == [()] * 3
    assert align(lines_of(*melodies), lines_of()) == []
    assert align(lines_of(*melodies), lines_of([], [60], [60, 62, 64, 65, 67])) == [()] * 3
