"""Designs are balanced: whatever the numbers, no source has an advantage of place, side or number."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.judging.listening.planning import FEWEST, MOST, oriented, plan_items, plan_sheets, williams
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.support.errors import ConfigError


@given(st.integers(2, 40))
def test_each_thing_is_at_each_place_and_after_each_other_equally_often(count: int) -> None:
    rows = williams(count)
    places = Counter((place, thing) for row in rows for place, thing in enumerate(row))
    followed = Counter(pair for row in rows for pair in pairwise(row))
    assert all(sorted(row) == list(range(count)) for row in rows)
    assert len(places) == count**2
    assert len(set(places.values())) == 1
    assert len(followed) == count * (count - 1)
    assert len(set(followed.values())) == 1


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] != pair[1]), max_size=60))
def test_everything_is_first_as_often_as_second_but_for_one(edges: list[tuple[int, int]]) -> None:
    found = oriented(edges)
    assert [set(pair) for pair in found] == [set(pair) for pair in edges]
    for node in range(7):
        first = sum(pair[0] == node for pair in found)
        second = sum(pair[1] == node for pair in found)
        assert abs(first - second) <= (first + second) % 2


@given(st.integers(2, 6), st.integers(FEWEST, MOST))
@settings(deadline=None)
def test_pairs_are_of_every_two_sources_equally_often_and_of_one_profile(sources: int, items: int) -> None:
    both = sources * (sources - 1) // 2
    if items < both:
        with pytest.raises(ConfigError, match="one for every two"):
            plan_items(PAIRS, sources, items)
        return
    planned = plan_items(PAIRS, sources, items)
    met = Counter(frozenset(slot.source for slot in item) for item in planned)
    assert len(planned) == items
    assert len(met) == both
    assert max(met.values()) - min(met.values()) <= 1
    assert all(first.profile == second.profile for first, second in planned)
    assert len({slot for item in planned for slot in item}) == 2 * items  # no tune is heard twice


@given(st.integers(1, 6), st.integers(FEWEST, MOST))
def test_rated_sources_have_as_many_tunes_of_the_same_profiles(sources: int, items: int) -> None:
    slots = [item[0] for item in plan_items(RATING, sources, items)]
    counts = Counter(slot.source for slot in slots)
    assert max(counts.values()) - min(counts.get(source, 0) for source in range(sources)) <= 1
    for source in range(sources):
        own = [slot.profile for slot in slots if slot.source == source]
        assert own == list(range(len(own)))


@given(st.integers(2, 6), st.integers(FEWEST, MOST), st.integers(0, 5))
def test_half_of_machine_or_not_is_real(sources: int, items: int, real: int) -> None:
    real %= sources
    slots = [item[0] for item in plan_items(MACHINE, sources, items, real)]
    counts = Counter(slot.source for slot in slots)
    assert counts[real] == (items + 1) // 2
    machines = [counts.get(source, 0) for source in range(sources) if source != real]
    assert sum(machines) == items // 2
    assert max(machines) - min(machines) <= 1


@given(st.sampled_from((PAIRS, RATING)), st.integers(2, 20), st.integers(0, 99))
@settings(deadline=None)
def test_sheets_are_balanced_and_each_pair_is_turned_in_half_of_them(kind: str, items: int, seed: int) -> None:
    sheets = plan_sheets(kind, items, random.Random(seed))
    places = Counter((number, place.item) for sheet in sheets for number, place in enumerate(sheet))
    assert len(places) == items**2
    assert len(set(places.values())) == 1
    turned = Counter(place.item for sheet in sheets for place in sheet if place.turned)
    if kind == PAIRS:
        assert turned == dict.fromkeys(range(items), len(sheets) // 2)
        for one, twin in zip(sheets[::2], sheets[1::2], strict=True):  # raters take them in turn
            assert [(place.item, not place.turned) for place in one] == [tuple(place) for place in twin]
    else:
        assert not turned


def test_each_source_is_first_as_often_as_second_within_a_sheet() -> None:
    for sources, items in ((2, 12), (3, 12), (4, 18), (3, 13)):
        planned = plan_items(PAIRS, sources, items)
        for sheet in plan_sheets(PAIRS, items, random.Random(1)):
            heard = [planned[place.item][:: -1 if place.turned else 1] for place in sheet]
            for source in range(sources):
                first = sum(item[0].source == source for item in heard)
                second = sum(item[1].source == source for item in heard)
                assert abs(first - second) <= (first + second) % 2


@pytest.mark.parametrize(
    ("kind", "sources", "items", "real"),
    [(PAIRS, 1, 12, None), (RATING, 3, 1, None), (RATING, 3, MOST + 1, None), (RATING, 13, 20, None),
     (RATING, 0, 4, None), (MACHINE, 2, 12, None), (MACHINE, 1, 12, 0)],
)  # fmt: skip
def test_what_compares_nothing_is_refused(kind: str, sources: int, items: int, real: int | None) -> None:
    with pytest.raises(ConfigError, match="expected"):
        plan_items(kind, sources, items, real)
