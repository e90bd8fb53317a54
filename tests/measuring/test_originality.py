import math
from dataclasses import replace

import pytest

from tests.support.places import IRISH
from tests.support.real_tunes import real_tunes
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import parse_abc
from tunewright.measuring.matching.melodies import melody
from tunewright.measuring.originality import (
    Borrowing,
    Shared,
    build_index,
    build_text_index,
    copy_rate,
    longest_quantile,
    longest_shared,
    longest_shared_text,
    near_passages,
    nearest,
    shared_passages,
)
from tunewright.music.playing import soundings
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune


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


def test_real_melodies_give_what_a_search_of_everything_gives() -> None:
    tunes = real_tunes(14)
    indexed, queries = tunes[::2], tunes[1::2]
    melodies = [melody(tune) for tune in indexed]
    for found, tune in zip(longest_shared(queries, build_index(indexed)), queries, strict=True):
        pairs = longest_by_hand(melody(tune), melodies)
        assert found.length == (pairs + 1 if pairs else 0)
        assert found.of == len(soundings(tune))


def test_a_planted_passage_is_found_in_another_key_and_unit() -> None:
    passage = "defg abc'd' (3c'ba f4 ge"  # 14 notes
    corpus = [tune_of("CCB,B,A,A,", title="other"), tune_of(f"D6 {passage} D6", title="planted")]
    query = tune_of(f"E5 F6 {passage} C5", "L:1/16\nK:D")
    for moved in (query, transpose(query, 3), transpose(query, -5)):
        found = longest_shared([moved], build_index(corpus))[0]
        assert (found.length, found.of) == (14, 14 + 3)
        assert (found.title, found.start, found.start_there) == ("planted", 2, 1)
        assert (found.there, found.tunes) == (1, 1)
        assert (found.notes, found.notes_there) == (tuple(range(2, 16)), tuple(range(1, 15)))


def test_the_marked_notes_are_the_passage() -> None:
    tunes = real_tunes(16)
    indexed, queries = tunes[::2], tunes[1::2]
    index = build_index(indexed)
    for tune, found, more in zip(
        queries, longest_shared(queries, index), shared_passages(queries, index, 6), strict=True
    ):
        there = indexed[found.there]
        assert found.source == there.source
        heard, heard_there = soundings(tune), soundings(there)
        for k in range(found.length):
            moved = heard[found.start + k].pitch.midi - heard_there[found.start_there + k].pitch.midi
            assert moved == heard[found.start].pitch.midi - heard_there[found.start_there].pitch.midi
        pitches = {note.pitch.midi for note in heard[found.start : found.start + found.length]}
        assert {tune.notes[note].pitch.midi for note in found.notes} == pitches
        pitches = {note.pitch.midi for note in heard_there[found.start_there : found.start_there + found.length]}
        assert {there.notes[note].pitch.midi for note in found.notes_there} == pitches
        assert found in more or found.length < 6
        assert [one.length for one in more] == sorted((one.length for one in more), reverse=True)


def test_a_repeated_passage_is_marked_once() -> None:
    index = build_index([tune_of("d2f2a2d'2|", title="arpeggio"), tune_of("B,4C4|", title="other")])
    found = longest_shared([tune_of("|:D2F2A2d2:|")], index)[0]
    assert (found.length, found.of, found.notes, found.notes_there) == (4, 8, (0, 1, 2, 3), (0, 1, 2, 3))
    index = build_index([tune_of("d2f2a2d'2|d2f2a2d'2|")])
    found = longest_shared([tune_of("|:D2F2A2d2:|")], index)[0]
    assert (found.length, found.notes, found.notes_there) == (8, (0, 1, 2, 3), tuple(range(8)))


PASSAGE = "DEFG ABc'd' (3c'ba f4 ge dBAF EDB,D"


def test_every_passage_of_a_tune_is_found() -> None:
    corpus = [tune_of("B,2 dfaf gabc' |", title="one"), tune_of("d4 BAGE cded |", title="two"), tune_of("DEFG")]
    query = tune_of("D3 dfaf gabc' A,7 BAGE cded E5")
    found = shared_passages([transpose(query, -2)], build_index(corpus), 7)[0]
    assert [(one.title, one.length, one.start, one.start_there) for one in found] == [
        ("one", 8, 1, 1),
        ("two", 8, 10, 1),
    ]
    assert shared_passages([tune_of("D2")], build_index(corpus), 5) == [()]


@pytest.mark.parametrize(
    ("changed", "notes"),
    [
        ("DEFG ABc'd' (3c'ba f4 ge dBAF EDB,D", 22),
        ("DEFG AFc'd' (3c'ba f4 ge dBAF EDB,D", 21),  # a pitch
        ("DEFG ABcd' (3c'ba f4 ge dBAF EDB,D", 22),  # another octave
        ("DEF>G ABc'd' c'ba f2 ge dBAF EDB,D", 22),  # other lengths
        ("DEFG AABc'd' (3c'ba f4 ge dBAF EDB,D", 22),  # a note more
        ("DEFG ABc'd' (3c'ba f4 g dBAF EDB,D", 21),  # a note less
        ("DEFG AGc'd' (3c'ba e4 ge dBAF EDB,D", 20),
    ],
)
def test_a_near_copy_is_found_in_another_key_and_unit(changed: str, notes: int) -> None:
    corpus = [tune_of("CCB,B,A,A, DFA d4", title="other"), tune_of(f"D6 {PASSAGE} D6", title="planted")]
    query = tune_of(f"E5 F6 {changed} C5", "L:1/16\nK:D")
    for moved in (query, transpose(query, 3), transpose(query, -5)):
        found = nearest([moved], build_index(corpus))[0]
        assert (found.title, found.there) == ("planted", 1)
        assert found.notes in (notes, notes + 1)  # the note before or after may agree by chance
        assert set(range(2, len(moved.notes) - 1)) <= set(found.notes_of)
        assert set(range(1, 23)) <= set(found.notes_there)
        assert len(found.changed) == len(found.notes_of) - found.notes


def test_the_nearest_to_a_tune_of_the_corpus_is_itself() -> None:
    tunes = real_tunes(14)
    for found, tune in zip(nearest([transpose(tune, 2) for tune in tunes], build_index(tunes)), tunes, strict=True):
        if len(soundings(tune)) > 12:
            assert (found.notes, found.identity, found.source) == (len(soundings(tune)), 1, tune.source)
            assert found.share == 1
            assert found.changed == found.changed_there == ()


def test_near_passages_say_what_agrees() -> None:
    tunes = real_tunes(30)
    for passages in near_passages(tunes[1::2], build_index(tunes[::2]), 4):
        assert len(passages) <= 4
        for one in passages:
            assert 0 < one.identity <= 1
            assert 0 < one.notes <= one.of
            assert set(one.changed) <= set(one.notes_of)
            assert set(one.changed_there) <= set(one.notes_there)


def test_free_metre_and_other_kinds_of_tune_are_compared() -> None:
    odd = ["[CEG]2[DFA]2[EGB]2c2[ceg]2 z4 c2 d2", "{abc}DEFGABcd", "zzzz D"]
    tunes = [*(tune_of(body, "M:none\nK:C") for body in odd), replace(tune_of("D"), music=())]
    index = build_index(tunes)
    for tune, shared_one, near in zip(tunes, longest_shared(tunes, index), nearest(tunes, index), strict=True):
        heard = len(soundings(tune))
        assert (shared_one.of, near.of) == (heard, heard)
        assert shared_one.length == (heard if heard > 1 else 0)
    assert nearest([], index) == []
    assert near_passages(tunes, build_index([]), 3) == [()] * len(tunes)


def test_human_borrowing_is_a_scale() -> None:
    scale = Borrowing.of([shared(length, 40) for length in (12, 8, 10, 30, 10)] + [shared(0, 1)])
    assert scale.lengths == (8, 10, 10, 12, 30)
    assert [scale.percentile(length) for length in (0, 8, 10, 11, 30, 31)] == [0, 10, 40, 60, 90, 100]
    assert [scale.line(percent) for percent in (0, 20, 21, 60, 80, 95, 100)] == [8, 8, 10, 10, 12, 30, 30]
    for percent in (10, 50, 75, 95):
        assert sum(length <= scale.line(percent) for length in scale.lengths) >= percent / 100 * 5
    nobody = Borrowing.of([])
    assert math.isnan(nobody.percentile(10))
    assert math.isnan(nobody.line(95))


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
    near = nearest([nothing, tune_of("D"), tune_of("DE")], index)
    assert [(one.notes, one.of, one.title, one.there) for one in near] == [(0, of, "", -1) for of in (0, 1, 2)]
    assert all(math.isnan(one.identity) for one in near)
    assert copy_rate(near) == 0
    assert math.isnan(copy_rate(near[:2]))


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
    assert longest_shared_text(["xabc|d"], index) == [Shared(4, 6, 1, "second", tunes[1].source, 0, 1, 1)]
    assert longest_shared_text(["x", ""], index) == [Shared(0, 1, 0, "", "", 0), Shared(0, 0, 0, "", "", 0)]


def test_tunes_of_the_lab_that_share_little() -> None:
    if not IRISH.exists():
        pytest.skip(f"{IRISH.name} is not here")
    corpus = read_corpus(IRISH)
    held = corpus.valid + corpus.test
    found = longest_shared(held, build_index(corpus.train))
    assert copy_rate(found) == 0  # families are kept together
    assert 8 <= longest_quantile(found, 0.5) <= 16  # below about 16 notes a shared passage is the tradition
