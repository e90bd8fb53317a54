import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_tunes import real_tunes

from tunewright.abcnotation import parse_abc
from tunewright.corpus import read_corpus
from tunewright.originality import (
    Match,
    Shared,
    build_index,
    build_substrings,
    build_text_index,
    copy_rate,
    longest_matches,
    longest_quantile,
    longest_shared,
    longest_shared_text,
    melody,
)
from tunewright.playing import contour, soundings
from tunewright.transposition import transpose
from tunewright.tune import Tune

IRISH = Path(__file__).parent.parent.parent / "shared" / "data" / "irish.abc"


def tune_of(body: str, header: str = "L:1/8\nK:D", title: str = "") -> Tune:
    return parse_abc(f"X:1\nT:{title}\nM:4/4\n{header}\n{body}")[0]


def longest_by_hand(sequence: object, others: object) -> int:
    """Every start against every start: what the index must find."""
    best = 0
    for other in others:  # type: ignore[attr-defined]
        before = [0] * (len(other) + 1)
        for symbol in sequence:  # type: ignore[attr-defined]
            before = [0] + [before[place] + 1 if symbol == there else 0 for place, there in enumerate(other)]
            best = max(best, *before)
    return best


texts = st.text(alphabet="ab", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5))
def test_matches_are_those_of_a_search_of_everything(indexed: list[str], queries: list[str]) -> None:
    found = longest_matches(build_substrings(indexed), queries)
    assert [match.length for match in found] == [longest_by_hand(query, indexed) for query in queries]
    for match, query in zip(found, queries, strict=True):
        if match.length:
            here = query[match.start : match.start + match.length]
            there = indexed[match.sequence][match.start_there : match.start_there + match.length]
            assert here == there
            assert query.find(here) == match.start
            assert next(number for number, text in enumerate(indexed) if here in text) == match.sequence
            assert indexed[match.sequence].find(here) == match.start_there
        else:
            assert match == Match(0, 0, -1, 0)


def test_no_match_reaches_from_one_sequence_into_the_next() -> None:
    assert longest_matches(build_substrings(["abcd", "efgh"]), ["cdef"])[0].length == 2
    assert [match.length for match in longest_matches(build_substrings(["cdef"]), ["abcd", "efgh"])] == [2, 2]


def test_real_melodies_give_what_a_search_of_everything_gives() -> None:
    tunes = real_tunes(14)
    indexed, queries = tunes[::2], tunes[1::2]
    melodies = [melody(tune) for tune in indexed]
    for found, tune in zip(longest_shared(queries, build_index(indexed)), queries, strict=True):
        pairs = longest_by_hand(melody(tune), melodies)
        assert found.length == (pairs + 1 if pairs else 0)
        assert found.of == len(soundings(tune))


def test_the_melody_is_the_contour_with_repeats_unfolded() -> None:
    for tune in real_tunes(20):
        pitches = [note.pitch.midi for note in soundings(tune)]
        assert [step for step, _ in melody(tune)] == [after - before for before, after in pairwise(pitches)]
    for tune in real_tunes(60):
        if len(soundings(tune)) == len(soundings(tune, unfold=False)):
            assert [(step, Fraction(*ratio)) for step, ratio in melody(tune)] == list(contour(tune))
    assert len(melody(tune_of("|:DEFG:|"))) == 7


def test_ties_rests_graces_and_chords_as_defined() -> None:
    plain = melody(tune_of("D2E4F2|G8|"))
    assert melody(tune_of("DzE2-E2{g}F2|[DG]8|")) == plain
    assert melody(tune_of("zD2E4F2|G8 z4|")) == plain


def test_a_planted_passage_is_found_in_another_key_and_unit() -> None:
    passage = "defg abc'd' (3c'ba f4 ge"  # 14 notes
    corpus = [tune_of("CCB,B,A,A,", title="other"), tune_of(f"D6 {passage} D6", title="planted")]
    query = tune_of(f"E5 F6 {passage} C5", "L:1/16\nK:D")
    for moved in (query, transpose(query, 3), transpose(query, -5)):
        found = longest_shared([moved], build_index(corpus))[0]
        assert (found.length, found.of) == (14, 14 + 3)
        assert (found.title, found.start, found.start_there) == ("planted", 2, 1)


def test_a_tune_of_the_corpus_is_found_whole() -> None:
    tunes = real_tunes(10)
    for found, tune in zip(longest_shared(tunes, build_index(tunes)), tunes, strict=True):
        assert found.length == found.of == len(soundings(tune))
        assert found.share == 1
        assert found.start == 0


def test_transposition_changes_nothing() -> None:
    tunes = real_tunes(8)
    index = build_index(tunes[::2])
    moved = [transpose(tune, 2) for tune in tunes]
    assert longest_shared(moved, index) == longest_shared(tunes, index)


def test_nothing_and_one_note_have_no_share() -> None:
    nothing = replace(tune_of("D"), music=())
    index = build_index([tune_of("DEFG"), nothing])
    for tune, notes in ((nothing, 0), (tune_of("D"), 1)):
        found = longest_shared([tune], index)[0]
        assert (found.length, found.of) == (0, notes)
        assert math.isnan(found.share)
    assert longest_shared([tune_of("DEFG")], build_index([]))[0] == Shared(0, 4, 0, "", "", 0)
    assert longest_shared([], index) == []


def shared(length: int, of: int) -> Shared:
    return Shared(length, of, 0, "", "", 0)


def test_a_copy_has_half_of_its_notes_in_one_passage() -> None:
    assert copy_rate([shared(5, 10), shared(4, 10), shared(10, 10), shared(0, 1)]) == pytest.approx(2 / 3)
    assert longest_quantile([shared(5, 10), shared(4, 10), shared(10, 10), shared(0, 1)], 0.5) == 5
    assert math.isnan(copy_rate([shared(0, 1)]))
    assert math.isnan(longest_quantile([], 0.9))


def test_texts_are_compared_character_by_character() -> None:
    tunes = [tune_of("DEFG", title="first"), tune_of("GFED", title="second")]
    index = build_text_index(tunes, ["D2E2|F2G2|", "abc|c'"])
    assert longest_shared_text(["xabc|d"], index) == [Shared(4, 6, 1, "second", tunes[1].source, 0)]


def test_tunes_of_the_lab_that_share_little() -> None:
    if not IRISH.exists():
        pytest.skip(f"{IRISH.name} is not here")
    corpus = read_corpus(IRISH)
    held = corpus.valid + corpus.test
    found = longest_shared(held, build_index(corpus.train))
    assert copy_rate(found) == 0  # families are kept together
    assert 8 <= longest_quantile(found, 0.5) <= 16  # below about 16 notes a shared passage is the tradition
