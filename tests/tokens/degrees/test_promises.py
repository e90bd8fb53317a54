"""What a phrase plan promises is what comes out, whatever the model would have; and what is asked for comes out too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import pytest

from tests.support.musical import planned_tokenizer, regular_tunes, tokenizer, wild
from tunewright.formats.abc import parse_abc
from tunewright.generation.decoding import Decoding
from tunewright.generation.generator import Generator
from tunewright.music.phrases import PhrasePlan, phrase_plan
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError
from tunewright.tokens.degrees.context import Reader
from tunewright.tokens.degrees.returns import NEW, Way, keeps
from tunewright.tokens.requests import Infill, Request, Variation

PLANS = ("A B A C A B A D", "AA'BA' C.C'D", "A.......A", "ABCDABCD EFGHABCD", "A A A A", "ABA'B'", "AB|AB|")


def promises_in(ids: Sequence[int]) -> list[tuple[Way, bool]]:
    """The way of each measure of a tune, and whether it is what that says."""
    reader, found = Reader(planned_tokenizer().features), list[tuple[Way, bool]]()
    returning, said = reader.returning, None
    assert returning
    for number in (0, *ids, 0):
        known = set(returning.measures)
        said = planned_tokenizer().returns.get(number, said)
        reader.read(number)
        for start in set(returning.measures) - known:
            said = said or NEW  # a model without the grammar may say nothing
            found.append((said.way, keeps(said, returning.measures[start], start, returning.measures, tokenizer())))
    return found


def test_what_a_plan_promises_comes_out() -> None:
    found = [
        pair
        for seed in range(3)
        for one in wild(seed, planned=True).generate(40, seed=seed)
        for pair in promises_in(one.ids)
        if one.valid or pytest.fail(one.invalid_because)
    ]
    assert all(kept for _, kept in found)
    assert {way for way, _ in found} == set(Way)


def test_without_the_grammar_promises_are_broken() -> None:
    """Or the test above could not fail: this model knows nothing of what it promises."""
    drawn = wild(1, planned=True).generate(20, Request(free=True))
    assert not all(kept for one in drawn for _, kept in promises_in(one.ids))


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_that_is_asked_for_comes_out(plan: str) -> None:
    asked = PhrasePlan.parse(plan)
    for one in wild(2, planned=True).generate(8, Request(plan=asked, meter="6/8")):
        assert one.valid
        assert isinstance(one.music, Tune)
        assert all(measure.full for measure in one.music.measures)
        has = PhrasePlan.of(one.music)
        assert len(has.bars) == max(len(asked.bars), 4)
        for place, label in enumerate(asked.bars):
            returned = asked.ways(place)
            if label is not None and returned and returned[0] == "same":
                assert has.bars[place] == has.bars[returned[1]]
            elif label is not None and returned:
                assert has.bars[place][0] == has.bars[returned[1]][0] or _half(one.music, place, returned[1])


def _half(tune: Tune, place: int, other: int) -> bool:
    """Whether half of two bars is in common: a bar may vary one that is itself a variation of another letter."""
    from tunewright.music.features import features

    one, two = (features(tune).bars[at].onsets for at in (place, other))
    return 4 * len(one & two) >= len(one) + len(two)


def test_more_bars_than_the_plan_names_are_the_models() -> None:
    asked = Request(plan="ABAB", bars=12)
    for one in wild(1, planned=True).generate(6, asked):
        assert isinstance(one.music, Tune)
        labels = phrase_plan(one.music)
        assert len(labels) == 12
        assert labels[0] == labels[2]
        assert labels[1] == labels[3]


def test_a_plan_like_a_tunes() -> None:
    tunes = [tune for tune in regular_tunes()[:40] if "A" in phrase_plan(tune)[1:]]
    for tune in tunes[:6]:
        request = Request.parse(plan_like=tune)
        one = next(iter(wild(1, planned=True).generate(1, request)))
        assert isinstance(one.music, Tune)
        like, has = PhrasePlan.of(tune), PhrasePlan.of(one.music)
        for place in range(len(like.bars)):
            returned = like.ways(place)
            if returned and returned[0] == "same":
                assert has.bars[place] == has.bars[returned[1]]


def test_music_to_begin_with_is_planned_as_it_is() -> None:
    start = "GABc dedB|dedB dedB|GABc dedB|"
    for one in wild(3, planned=True).generate(5, Request(start=start, meter="C|", key="G")):
        ways = [way for way, _ in promises_in(one.ids)]
        assert all(held for _, held in promises_in(one.ids))
        assert ways[:3] == [Way.NEW, Way.VARIED, Way.SAME]
        assert one.valid


@pytest.mark.parametrize("number", range(3))
def test_filling_in_and_varying_keep_what_they_kept(number: int) -> None:
    tune = [tune for tune in regular_tunes() if len(tune.measures) >= 16 and tune.measures[0].number][number]
    model = wild(1, planned=True)
    first = tune.measures[0].number
    for one in model.generate(3, Request(given=Infill(tune, first + 4, first + 5))):
        assert isinstance(one.music, Tune)
        assert [m.length for m in one.music.measures] == [m.length for m in tune.measures]
        begin, end = tune.measures[4].start, tune.measures[5].stop
        assert one.music.music[:begin] == tune.music[:begin]
        assert one.music.music[-(len(tune.music) - end) :] == tune.music[end:]
    same = next(iter(model.generate(1, Request(given=Variation(tune, 0)))))
    assert same.music == tune
    assert next(iter(model.generate(1, Request(given=Variation(tune, 0.5))))).valid


def test_a_bar_stands_no_more_often_in_a_row_than_it_may() -> None:
    often = 0
    for one in wild(1, planned=True).generate(40, Request(), Decoding.of(0.7, repeats=1)):
        assert isinstance(one.music, Tune)
        bars = [tuple(one.music.music[measure.start : measure.stop]) for measure in one.music.measures]
        often += sum(a == b and len(a) > 1 for a, b in zip(bars, islice(bars, 1, None), strict=False))
    assert often == 0


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("A ?", "'\\?' at sign 3"),
        ("A' B", "bar 1 of the plan is A'; expected A before it"),
        ("", "names no bar"),
        ("A B A B A", "5 bars of 4"),
        (f"A {'. ' * 40}A", "bar 42 of the plan returns bar 1; expected one at most 32"),
    ],
)
def test_plans_that_cannot_be_had(plan: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Request.parse(plan=plan, bars="4" if "A B A B A" in plan else "") if plan else PhrasePlan.parse(plan)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(plan="ABAB", free=True), "expected no --free"),
        (Request(plan="ABAB", start="G|GABc dedB|"), "pickup"),
        (Request(plan="AAAA", start="GABc d2d2|GABc d2d2|abag", meter="C|"), "ends within bar 3"),
        (Request(plan="AAAB", start="GABc dedB|dedB GABc|", meter="C|"), "bar 2 of the start"),
    ],
)
def test_plans_that_do_not_go_with_what_else_is_asked(request_: Request, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        wild(1, planned=True).generate(1, request_)


def test_a_model_without_plans_refuses_one() -> None:
    model: Generator = wild(1)
    with pytest.raises(ConfigError, match="phrase_plan=true"):
        model.generate(1, Request(plan="ABAB"))


@pytest.mark.parametrize("plan", ["A B A' C A B A' D", "A A' B B' A A' B B'", "AA'"])
def test_what_is_asked_to_be_varied_is_not_the_same(plan: str) -> None:
    asked, same, varied = PhrasePlan.parse(plan), 0, 0
    for one in wild(2, planned=True).generate(12, Request(plan=asked, meter="4/4")):
        assert one.valid
        assert isinstance(one.music, Tune)
        assert all(kept for _, kept in promises_in(one.ids))
        has = PhrasePlan.of(one.music).bars
        for place in range(len(asked.bars)):
            returned = asked.ways(place)
            if returned and returned[0] == "varied":
                varied += 1
                same += has[place] == has[returned[1]]
    assert varied >= 12
    assert same <= varied / 20  # a bar of one note can only be kept


@pytest.mark.parametrize("abc", ["CDEFGABc|]", "CDEFGABc|cBAGFEDC|]"])
def test_a_plan_like_that_of_a_tune_of_few_bars(abc: str) -> None:
    (tune,) = parse_abc(f"X:1\nM:4/4\nL:1/8\nK:C\n{abc}\n")
    (one,) = wild(1, planned=True).generate(1, Request.parse(plan_like=tune))
    assert one.valid


def test_a_start_with_a_plan_keeps_its_bars() -> None:
    """In a metre with longer ones, a whole bar of it would be a pickup, and all labels a bar late."""
    asked = PhrasePlan.parse("ABACABAD")
    for one in wild(3, planned=True).generate(12, Request(start="CDEF GABc|", plan=asked)):
        assert isinstance(one.music, Tune)
        assert one.music.measures[0].full
        has = PhrasePlan.of(one.music).bars
        assert has[0] == has[2] == has[4] == has[6]
        assert has[1] == has[5]


def test_of_what_is_varied_the_nearest_is_returned() -> None:
    assert PhrasePlan.parse("A B A C A'").ways(4) == ("varied", 2)
    assert PhrasePlan.parse("A A' B A''").ways(3) == ("varied", 0)
