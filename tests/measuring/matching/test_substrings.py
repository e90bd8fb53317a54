import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.measuring.matching.substrings import (
    END,
    NONE,
    Match,
    build_substrings,
    every_match,
    longest_matches,
    search,
    suffix_array,
)


def common(one: str, other: str) -> int:
    return next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def lengths_by_hand(query: str, indexed: list[str]) -> list[int]:
    """Every start against every start: what the index must find."""
    others = [text[start:] for text in indexed for start in range(len(text))]
    return [max((common(query[start:], other) for other in others), default=0) for start in range(len(query))]


texts = st.lists(st.text(alphabet="ab", max_size=12), max_size=5)
queries = st.lists(st.text(alphabet="abc", max_size=12), max_size=5)


@settings(max_examples=300, deadline=None)
@given(texts, queries)
def test_matches_are_those_of_a_search_of_everything(indexed: list[str], queries: list[str]) -> None:
    found = longest_matches(build_substrings(indexed), queries)
    for match, query in zip(found, queries, strict=True):
        assert match.length == max(lengths_by_hand(query, indexed), default=0)
        if match.length:
            here = query[match.start : match.start + match.length]
            assert query.find(here) == match.start
            assert next(number for number, text in enumerate(indexed) if here in text) == match.sequence
            assert indexed[match.sequence].find(here) == match.start_there
            assert match.sequences == sum(here in text for text in indexed)
        else:
            assert match == NONE


@settings(max_examples=200, deadline=None)
@given(texts, queries, st.integers(1, 4))
def test_every_match_is_no_part_of_a_longer_one(indexed: list[str], queries: list[str], shortest: int) -> None:
    found = every_match(build_substrings(indexed), queries, shortest)
    for matches, query in zip(found, queries, strict=True):
        lengths = lengths_by_hand(query, indexed)
        whole = [start for start, length in enumerate(lengths) if not start or lengths[start - 1] <= length]
        expected = [(start, lengths[start]) for start in whole if lengths[start] >= shortest]
        assert [(match.start, match.length) for match in matches] == expected


@settings(max_examples=200, deadline=None)
@given(texts)
def test_the_order_is_that_of_what_begins_at_each_place(indexed: list[str]) -> None:
    index = build_substrings(indexed)
    text = "".join(chr(symbol) for symbol in index.text)
    ordered = [text[place:].split(chr(END))[0] for place in index.order]
    assert ordered == sorted(ordered)
    assert sorted(index.order) == [place for place, symbol in enumerate(index.text) if symbol]


def test_all_places_of_a_match_are_found() -> None:
    index = build_substrings(["abcab", "xab"])
    found = search(index, ["ab"])
    assert index.starts.tolist() == [0, 6]
    assert found.found(0).tolist() == [0, 3, 7]
    assert index.sequence_of(found.found(0)).tolist() == [0, 0, 1]


def test_no_match_reaches_from_one_sequence_into_the_next() -> None:
    assert longest_matches(build_substrings(["abcd", "efgh"]), ["cdef"])[0].length == 2
    assert [match.length for match in longest_matches(build_substrings(["cdef"]), ["abcd", "efgh"])] == [2, 2]


def test_long_repeats_are_sorted_and_found() -> None:
    indexed = ["ab" * 500, "ab" * 300 + "c" + "ab" * 300]
    assert longest_matches(build_substrings(indexed), ["b" + "ab" * 250 + "c"])[0] == Match(502, 0, 1, 99, 1)
    assert longest_matches(build_substrings(indexed), ["ab" * 600])[0].length == 1000


def test_more_symbols_than_16_bits_hold() -> None:
    index = build_substrings([range(70_000), range(69_990, 70_020)])
    assert index.text.dtype == np.uint32
    assert longest_matches(index, [[-1, *range(69_980, 70_005)]])[0] == Match(20, 1, 0, 69_980, 1)
    assert longest_matches(index, [range(69_995, 70_020)])[0] == Match(25, 0, 1, 5, 1)


def test_nothing_is_in_nothing() -> None:
    assert longest_matches(build_substrings([]), ["ab", ""]) == [NONE, NONE]
    assert longest_matches(build_substrings(["", ""]), ["ab"]) == [NONE]
    assert longest_matches(build_substrings(["ab"]), []) == []
    assert every_match(build_substrings([]), ["ab"], 1) == [()]
    assert len(suffix_array(np.zeros(0, dtype=np.uint16))) == 0
