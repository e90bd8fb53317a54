import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.measuring.matching.bands import (
    CHANGED,
    GAP,
    SAME,
    SAME_PITCH,
    WANDER,
    Band,
    Lines,
    Pairs,
    Traced,
    build_lines,
)

notes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=WANDER)


def lines_of(*melodies: list[tuple[int, int]]) -> Lines:
    pitches = np.array([pitch for one in melodies for pitch, _ in one])
    rhythms = np.array([rhythm for one in melodies for _, rhythm in one])
    return build_lines(pitches, rhythms, np.array([len(one) for one in melodies]))


def aligned(one: list[tuple[int, int]], other: list[tuple[int, int]], moved: int = 0, offset: int = 0) -> Traced:
    pairs = Pairs(np.array([1]), np.array([1]), np.array([offset]), np.array([moved], dtype=np.int8))
    before, after = [(0, 0)] * 3, [(1, 1)] * 5  # neighbours that have nothing to say
    return next(iter(Band(lines_of(before, other, after), lines_of(after, one, before), pairs).trace()))


def score(one: tuple[int, int], other: tuple[int, int]) -> int:
    return (SAME if one[1] == other[1] else SAME_PITCH) if one[0] == other[0] else CHANGED


def best_by_hand(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> int:
    """Smith and Waterman, cell by cell."""
    table = np.zeros((len(one) + 1, len(other) + 1), dtype=int)
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            above, before = table[i - 1, j] + GAP, table[i, j - 1] + GAP
            table[i, j] = max(0, table[i - 1, j - 1] + score(a, b), above, before)
    return int(table.max())


@settings(max_examples=200, deadline=None)
@given(notes, notes)
def test_the_score_is_the_best_there_is(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    assert aligned(one, other).score == best_by_hand(one, other)


@settings(max_examples=200, deadline=None)
@given(notes, notes)
def test_the_notes_of_an_alignment_add_up_to_its_score(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    found = aligned(one, other)
    here, there = found.here[::-1].tolist(), found.there[::-1].tolist()
    assert sorted(set(here)) == here
    assert sorted(set(there)) == there
    assert found.same[::-1].tolist() == [one[a][0] == other[b][0] for a, b in zip(here, there, strict=True)]
    scores = [score(one[a], other[b]) for a, b in zip(here, there, strict=True)]
    if found.score:  # beyond its best ends a few notes may be taken in
        inner = [sum(scores[a:b]) for a in range(len(scores)) for b in range(a + 1, len(scores) + 1)]
        assert found.score - found.gaps * GAP in inner


def test_an_alignment_counted_by_hand() -> None:
    tune = [(pitch, 0) for pitch in (0, 4, 7, 9, 7, 4, 2, 0, 11, 9, 7, 5)]
    changed = [*tune[:5], (6, 0), *tune[6:]]
    found = aligned(changed, [(5, 0), *tune])
    assert (found.score, found.gaps) == (11 * SAME + CHANGED, 0)
    assert found.here.tolist()[::-1] == list(range(12))
    assert found.there.tolist()[::-1] == list(range(1, 13))
    longer = [*tune[:6], (1, 0), *tune[6:]]
    assert (aligned(longer, tune).score, aligned(longer, tune).gaps) == (12 * SAME + GAP, 1)
    assert (aligned(tune, longer).score, aligned(tune, longer).gaps) == (12 * SAME + GAP, 1)


def test_it_is_moved_by_an_interval_and_wanders_so_far() -> None:
    tune = [(pitch, 0) for pitch in (0, 4, 7, 9, 7, 4, 2, 0, 11, 9, 7, 5)]
    higher = [(pitch + 5, 0) for pitch, _ in tune]
    assert aligned(tune, higher, moved=5).score == 12 * SAME
    assert aligned(tune, higher).score < 6 * SAME
    late = [(1, 9)] * WANDER + tune
    assert aligned(tune, late).score == 12 * SAME
    assert aligned(tune, [(1, 9), *late]).score < 12 * SAME
    assert aligned(tune, [(1, 9), *late], offset=1).score == 12 * SAME


def test_a_changed_note_next_to_the_end_does_not_cut_it_off() -> None:
    tune = [(pitch, 0) for pitch in (0, 4, 7, 9, 7, 4, 2, 0, 11, 9, 7, 5)]
    changed = [tune[0], (3, 0), *tune[2:]]
    found = aligned(changed, tune)
    assert found.score == 10 * SAME
    assert found.here.tolist()[::-1] == list(range(12))
    assert found.same.tolist()[::-1] == [True, False] + [True] * 10
    both_gone = [(1, 0), (3, 0), *tune[2:]]
    assert aligned(both_gone, tune).here.tolist()[::-1] == list(range(2, 12))
