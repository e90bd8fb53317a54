import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.measuring.matching.seeds import PATTERNS, SHORTEST, Line, build_seeds, find_seeds

melodies = st.lists(st.lists(st.integers(0, 2), max_size=14), max_size=4)


def line_of(*tunes: list[int]) -> Line:
    pitches = np.array([pitch % 12 for tune in tunes for pitch in tune], dtype=np.int8)
    return Line(pitches, np.append(0, np.cumsum([len(tune) for tune in tunes], dtype=np.int64)).astype(np.int64))


def looked_at(tune: list[int], start: int, pattern: str) -> list[int]:
    """The first notes that a pattern looks at from there on, as intervals from the first; fewer at the end."""
    places = [start + k for k in range(40) if pattern[k % len(pattern)] == "1"][:SHORTEST]
    return [(tune[place] - tune[start]) % 12 for place in places if place < len(tune)]


@settings(max_examples=150, deadline=None)
@given(melodies, melodies)
def test_seeds_are_those_of_a_search_of_everything(indexed: list[list[int]], new: list[list[int]]) -> None:
    index, line = line_of(*indexed), line_of(*new)
    here, there = find_seeds(build_seeds(index), line)
    found = set(zip(here.tolist(), there.tolist(), strict=True))
    expected = set()
    for pattern in PATTERNS:
        for number, tune in enumerate(new):
            for place in range(len(tune)):
                mine = looked_at(tune, place, pattern)
                for other, theirs in enumerate(indexed):
                    for at in range(len(theirs)):
                        if len(mine) == SHORTEST and mine == looked_at(theirs, at, pattern):
                            expected.add((int(line.starts[number]) + place, int(index.starts[other]) + at))
    assert found <= expected
    if sum(map(len, indexed)) <= 16:  # so few that all stand next to each place in order
        assert found == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_passage_with_one_in_eight_changed_has_a_seed(seed: int) -> None:
    rng = random.Random(seed)
    tunes = [[rng.randrange(12) for _ in range(90)] for _ in range(200)]
    index = line_of(*tunes)
    seeds = build_seeds(index)
    for number in range(40):
        passage = tunes[number][30:54]
        for block in range(0, 24, 8):
            passage[block + rng.randrange(8)] += rng.randrange(1, 12)
        moved = [pitch + 7 for pitch in passage]
        here, there = find_seeds(seeds, line_of(moved))
        assert (there - here == index.starts[number] + 30).any()


def test_the_nearest_in_order_come_out_of_many() -> None:
    scale = [0, 2, 4, 5, 7, 9, 11, 12, 14, 16]
    common = [scale[:8] for _ in range(500)]
    index = line_of(*common, scale, *common)
    here, there = find_seeds(build_seeds(index), line_of(scale))
    assert int(index.starts[500]) in there[here == 0].tolist()
    assert len(here) < 500


def test_nothing_has_no_seeds() -> None:
    here, there = find_seeds(build_seeds(line_of()), line_of([0, 2, 4, 5, 7, 9, 11]))
    assert len(here) == len(there) == 0
    here, there = find_seeds(build_seeds(line_of([0, 2, 4, 5, 7, 9, 11])), line_of([], [0]))
    assert len(here) == len(there) == 0
