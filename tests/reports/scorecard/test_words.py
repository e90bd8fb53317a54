"""What a scorecard says: the judgement follows from the numbers, and every sentence there can be is there."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from tests.support.scorecards import COPY, full_card, plain_card, told_apart
from tunewright.judging.remarks import REMARKS
from tunewright.judging.scorecard import Scorecard, Value
from tunewright.measuring.table import FAMILIES, MEASURES
from tunewright.measuring.traits import SHAPES, name_of_key
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.certificates import bars_of, fault_kind, shared_sentences, unusual, verdict
from tunewright.reports.scorecard.numbers import hundredth, measure_name, written
from tunewright.reports.scorecard.tells import tell_name, tells
from tunewright.reports.scorecard.words import BAD, GOOD, MARKS, OPEN, PARTLY, RESTATED, alike, answers, departures
from tunewright.reports.wording import Wording, read_catalogue

EN, ZH = Wording("en", "tune"), Wording("zh", "tune")


def with_form(rate: float) -> Scorecard[Tune]:
    return replace(plain_card(), valid_rate=Value(rate, rate, rate, 0.76))


def with_copies(copied: float, beyond: float) -> Scorecard[Tune]:
    found = plain_card().originality
    assert found is not None
    rates = {"copy_rate": (copied, 0.01), "beyond_line": (beyond, 0.05), "near_rate": (0.02, 0.02)}
    values = {name: Value(value, 0.0, 1.0, real) for name, (value, real) in rates.items()}
    return replace(plain_card(), originality=replace(found, **values))


@pytest.mark.parametrize(("rate", "judged"), [(1.0, GOOD), (0.95, GOOD), (0.8, PARTLY), (0.4, BAD), (math.nan, OPEN)])
def test_form_is_judged_by_the_rate(rate: float, judged: str) -> None:
    assert answers(with_form(rate), EN)[0].judged == judged


def test_form_names_its_faults_most_frequent_first() -> None:
    said = " ".join(answers(plain_card(), EN)[0].sentences)
    assert "a bar that does not add up (1)" in said
    assert said.index("(2)") < said.index("(1)")


@pytest.mark.parametrize(("auc", "judged"), [(0.52, GOOD), (0.7, PARTLY), (0.93, BAD)])
def test_style_is_judged_by_the_test_where_there_are_tunes_enough(auc: float, judged: str) -> None:
    card = replace(plain_card(), two_sample=told_apart(auc))
    answer = answers(card, EN)[1]
    assert answer.judged == judged
    assert f"in {100 * auc:.0f} of 100 cases" in answer.sentences[0]
    few = answers(replace(card, two_sample=told_apart(auc, enough=False)), EN)[1]
    assert few.judged == OPEN
    assert "no verdict" in " ".join(few.sentences)


def test_a_tell_is_named_only_where_there_is_something_to_tell() -> None:
    bad, good = (answers(replace(plain_card(), two_sample=told_apart(auc)), EN)[1] for auc in (0.9, 0.5))
    assert "gives them away" in " ".join(bad.sentences)
    assert "gives them away" not in " ".join(good.sentences)


@pytest.mark.parametrize(
    ("copied", "beyond", "judged"),
    [
        (0.0, 0.05, GOOD),
        (0.02, 0.05, GOOD),
        (0.05, 0.05, PARTLY),
        (0.0, 0.15, PARTLY),
        (0.0, 0.4, BAD),
        (0.3, 0.3, BAD),
    ],
)
def test_copies_are_judged_beside_real_tunes(copied: float, beyond: float, judged: str) -> None:
    assert answers(with_copies(copied, beyond), EN)[2].judged == judged


def test_near_copies_count_as_copies() -> None:
    card = with_copies(0.0, 0.05)
    assert card.originality is not None
    judged = []
    for rate in (0.03, 0.08, 0.4):
        found = replace(card.originality, near_rate=Value(rate, 0.0, 1.0, 0.02))
        judged.append(answers(replace(card, originality=found), EN)[2].judged)
    assert judged == [GOOD, PARTLY, BAD]


def test_nothing_is_judged_of_nothing() -> None:
    card = replace(plain_card(), valid_rate=Value(math.nan), measures={}, originality=None, each=(), against="")
    assert [answer.judged for answer in answers(card, EN)] == [OPEN] * 3
    assert departures(card, EN) == []


def test_one_tune_is_judged_by_what_it_shares() -> None:
    card = plain_card()
    alone = [replace(card, each=(card.each[place],)) for place in (0, COPY)]
    assert [answers(each, EN)[2].judged for each in alone] == [GOOD, BAD]
    shared = card.each[0].shared
    assert shared is not None
    nearly = replace(card.each[0], shared=replace(shared, near=replace(shared.near, notes=shared.near.of // 2 + 1)))
    assert answers(replace(card, each=(nearly,)), EN)[2].judged == PARTLY
    assert "With notes changed" in answers(replace(card, each=(nearly,)), EN)[2].sentences[0]
    assert "says nothing about a style" in " ".join(answers(alone[0], EN)[1].sentences)


# ------------------------------------------------------------------------------------------------ what stands out


def test_a_departure_is_more_than_chance_and_more_than_a_trifle() -> None:
    found = {
        "repetition_rate": Value(0.02, 0.01, 0.03, 0.30, 0.0),  # far off
        "bar_rhythms": Value(5.0, 4.0, 6.0, 5.1, 30.0),  # as real sets are
        "abrupt_notes": Value(0.001, 0.0, 0.002, 0.03, 0.0),  # better than real tunes
        "scale_consistency": Value(0.981, 0.98, 0.982, 0.98, 99.0),  # beyond chance, and not to be heard
        "transition_match": Value(0.6, 0.5, 0.7, 0.85, math.nan),  # of a set, without percentile
    }
    card = replace(plain_card(), measures=found)
    assert [(one.name, one.direction) for one in departures(card, EN)] == [
        ("transition_match", "less"),
        ("repetition_rate", "less"),
    ]
    assert alike(card) == ["bar_rhythms"]


def test_a_departure_says_both_numbers() -> None:
    card = replace(plain_card(), measures={"repetition_rate": Value(0.02, 0.01, 0.03, 0.3, 0.0)})
    (english,), (chinese,) = departures(card, EN), departures(card, ZH)
    assert "2.0\u00a0%" in english.sentence
    assert "30\u00a0%" in english.sentence
    assert "2.0%" in chinese.sentence


def test_of_a_family_two_stand_before_all_others() -> None:
    far = {name: Value(0.0, 0.0, 0.0, 0.5, 0.0) for name in MEASURES if MEASURES[name].family == "repetition"}
    card = replace(plain_card(), measures=far | {"leaps": Value(0.2, 0.2, 0.2, 0.1, 100.0)})
    assert "leaps" in [one.name for one in departures(card, EN)[:3]]


# ------------------------------------------------------------------------------------------------ one tune


def test_a_certificate_in_words() -> None:
    each = plain_card().each
    assert [fault_kind(one) for one in each] == [
        "none", "repair", "none", "none", "bar", "unreadable", "unreadable", "repair",
    ]  # fmt: skip
    assert verdict(each[4], EN) == "not well formed: bar 2 lasts 5/4, the metre is 1"
    said = shared_sentences(each[COPY], EN)
    assert "106 of its 106 notes" in said["shared"]
    assert "more than 100 of 100" in said["shared"]
    assert shared_sentences(each[5], EN) == {}
    assert "near" not in said  # no more than the passage shared


def test_what_is_unusual_is_at_the_ends() -> None:
    one = replace(plain_card().each[0], percentiles={"leaps": 99.0, "pitch_range": 1.0, "bar_rhythms": 50.0})
    said = unusual(one, EN)
    assert len(said) == 2
    assert all("99 of 100 real tunes" in words for words in said)
    assert {words.split(":")[0] for words in said} == {measure_name(name, EN) for name in ("leaps", "pitch_range")}


@pytest.mark.parametrize(
    ("percentile", "said"), [(0.0, "0"), (0.3, "1"), (50.0, "50"), (99.7, "99"), (100.0, "100"), (math.nan, "–")]
)
def test_a_percentile_says_neither_none_nor_all_where_that_is_not_so(percentile: float, said: str) -> None:
    assert hundredth(percentile) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("repetition_rate", 0.256, "26\u00a0%"),
        ("repetition_rate", math.nan, "–"),
        ("pitch_range", 18.0, "18 semitones"),
        ("pitch_range", 18.53, "18.5 semitones"),
        ("entropy_1_bar", 1.234, "1.23 bits"),
    ],
)
def test_values_have_their_unit(name: str, value: float, said: str) -> None:
    assert written(name, value, EN) == said


def test_a_pickup_counts_to_the_first_bar() -> None:
    tune = plain_card().each[COPY].music
    assert tune is not None
    assert bars_of(tune, [0]) == (1, 1)
    assert bars_of(tune, []) is None
    last = bars_of(tune, [len(tune.notes) - 1])
    assert last is not None
    assert last[1] == tune.measures[-1].number


# ------------------------------------------------------------------------------------------------ the catalogues


@pytest.mark.parametrize("wording", [EN, ZH], ids=["en", "zh"])
def test_every_measure_has_a_name_and_a_sentence_for_each_way_to_be_wrong(wording: Wording) -> None:
    for name, measure in MEASURES.items():
        assert measure_name(name, wording)
        ways = [way for way, good in (("more", "less"), ("less", "more")) if measure.better in ("real", good)]
        for way in ways if measure.family not in RESTATED else ():
            value = Value(0.9, 0.9, 0.9, 0.1, 100.0) if way == "more" else Value(0.1, 0.1, 0.1, 0.9, 0.0)
            far = replace(value, value=value.value * 100, real=value.real * 100) if measure.high > 1 else value
            (found,) = departures(replace(plain_card(), measures={name: far}), wording)
            assert "{" not in found.sentence


def test_names_of_measures_differ() -> None:
    for wording in (EN, ZH):
        names = [measure_name(name, wording) for name in MEASURES]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("wording", [EN, ZH], ids=["en", "zh"])
def test_every_key_that_is_put_together_is_there(wording: Wording) -> None:
    topics = {"form": MARKS, "style": MARKS, "copies": MARKS}
    keys = {f"judged.{topic}_{judged}" for topic, marks in topics.items() for judged in marks}
    keys |= {f"family.{family}" for family in FAMILIES} | {f"remark.{key}" for key in REMARKS}
    keys |= {f"tell.{shape}" for shape in SHAPES}
    assert [key for key in sorted(keys) if not wording.knows(key)] == []


def test_remarks_and_tells_say_in_english_what_they_are_made_with() -> None:
    assert [key for key, text in REMARKS.items() if read_catalogue("en")[f"remark.{key}"] != text] == []
    keys = [*SHAPES, "degree:1", "degrees:7-b3", "interval:-13", "interval:1", "interval:0", "interval:-4"]
    assert [key for key in keys if tell_name(key, EN) != name_of_key(key)] == []


def test_tells_have_their_numbers_in_percent_but_where_they_count() -> None:
    said = tells(told_apart(0.9), EN)
    assert said[0] == "more semitones from the lowest note to the highest (0.500, real tunes 0.250)"
    assert said[1] == "more steps to a neighbouring note (50\u00a0%, real tunes 25\u00a0%)"
    assert not [words for words in tells(told_apart(0.9), ZH) if re.search(r"[A-Za-z]", words)]


def test_the_answers_in_chinese_are_in_chinese() -> None:
    card = full_card()
    texts = [text for answer in answers(card, ZH) for text in (answer.question, answer.head, *answer.sentences)]
    texts += [one.sentence for one in departures(card, ZH)] + [measure_name(name, ZH) for name in MEASURES]
    assert not [text for text in texts if re.search(r"[A-Za-z]{2,}", text)]
