"""Results say of simulated raters what they were made of: order, intervals that cover, nothing where nothing is."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest

from tests.support.blind_tests import invented, simulated
from tunewright.judging.listening import agreement, correlating, ranking
from tunewright.judging.listening.correlating import correlations, spearman
from tunewright.judging.listening.questions import MACHINE, PAIRS, RATING
from tunewright.judging.listening.ranking import strengths
from tunewright.judging.listening.raw_data import raw_data
from tunewright.judging.listening.results import describe_results, find_results
from tunewright.support.errors import ConfigError

STRENGTHS = (0.9, -0.1, -0.8)


def test_strengths_are_those_of_the_model() -> None:
    """Of so many expected wins the strengths come back; they are what scipy finds by maximizing the likelihood."""
    true = np.array([1.0, 0.3, -1.3])
    odds = 1 / (1 + np.exp(true[None, :] - true[:, None]))
    assert strengths(1e6 * odds * (1 - np.eye(3))) == pytest.approx(true, abs=1e-4)
    assert strengths(np.array([[0.0, 12.0], [0.0, 0.0]])) == pytest.approx([math.log(25) / 2, -math.log(25) / 2])
    assert strengths(np.zeros((4, 4))) == pytest.approx([0, 0, 0, 0])


@pytest.mark.parametrize("kind", [PAIRS, RATING])
def test_the_order_of_sources_is_found(kind: str) -> None:
    test = invented(kind, items=24)
    found = find_results(test, simulated(test, STRENGTHS, 14, of_tunes=0.3, of_raters=0.3))
    assert [one.name for one in found.sources] == ["real", "base", "mine"]
    assert found.sources[0].strength is not None
    assert found.sources[0].strength.best > 0.9
    for one in found.sources:
        assert one.strength is not None
        assert one.strength.logits.low < one.strength.logits.value < one.strength.logits.high
        for mean in one.means.values():
            assert mean.low <= mean.value <= mean.high


def coverage(kind: str, tests: int, broken: bool = False) -> float:
    """How often the difference of the two outer sources lies within its interval."""
    covered = []
    for seed in range(tests):
        test = invented(kind, sources=2, items=16, seed=seed)
        raters = simulated(test, (0.5, -0.5), 12, seed, of_tunes=0.5, of_raters=0.4)
        found = find_results(test, raters)
        own = next(one for one in found.sources if one.name == "real")
        assert own.strength is not None
        interval = own.strength.logits
        covered.append(interval.low <= (-TRUE if broken else TRUE) <= interval.high)
    return float(np.mean(covered))


TRUE = 0.44  # of 0.5: chance of tunes and tastes draws the odds of the average towards even ones


@pytest.mark.slow
def test_intervals_cover_about_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ranking, agreement, correlating):
        monkeypatch.setattr(module, "DRAWS", 200)
    assert 0.88 <= coverage(PAIRS, 60) <= 1.0
    assert coverage(PAIRS, 20, broken=True) < 0.5  # sides mixed up would be found out


def test_raters_who_answer_by_chance_agree_in_nothing() -> None:
    for kind in (PAIRS, RATING, MACHINE):
        test = invented(kind, items=30)
        found = find_results(test, simulated(test, (0.0, 0.0, 0.0), 20, seed=4))
        for agreed in found.agreement.values():
            assert abs(agreed.value) < 0.06
            assert agreed.low < 0.06
        assert "low_agreement" in found.cautions


def test_machine_or_not_is_held_against_chance() -> None:
    test = invented(MACHINE, sources=2, items=24)
    guessing = find_results(test, simulated(test, (0.0, 0.0), 15, seed=1))
    knowing = find_results(test, simulated(test, (2.0, -2.0), 15, seed=1))
    assert guessing.accuracy is not None
    assert knowing.accuracy is not None
    assert guessing.chance == 0.5
    assert guessing.accuracy.low < 0.5 < guessing.accuracy.high
    assert knowing.accuracy.low > 0.7
    assert [one.name for one in knowing.sources] == ["real", "base"]
    machine = {one.name: one.means["machine"].value for one in knowing.sources}
    assert machine["base"] > 0.7 > 0.3 > machine["real"]


def test_a_measure_that_hears_what_raters_hear_is_found() -> None:
    for kind in (PAIRS, RATING, MACHINE):
        test = invented(kind, sources=3, items=24)
        found = find_results(test, simulated(test, (1.5, 0.0, -1.5), 20, seed=2))
        by_name = {one.measure: one for one in found.correlations}
        assert by_name["its_source"].rho.high < -0.3, kind  # the later the source, the weaker
        assert abs(by_name["chance"].rho.value) < 0.5
        assert set(by_name) == {"its_source", "chance"}  # nothing is said of what is the same, or undefined
        assert found.correlations[0].measure == "its_source"


def test_spearman_is_scipys_and_does_not_depend_on_sides() -> None:
    from scipy.stats import spearmanr

    chance = np.random.default_rng(0)
    sample = np.round(chance.normal(size=(20, 2)), 1)
    assert spearman(sample[None])[0] == pytest.approx(spearmanr(*sample.T).statistic)
    turned = sample * np.where(chance.random(20) < 0.5, 1, -1)[:, None]
    assert spearman(turned[None], paired=True)[0] == pytest.approx(spearman(sample[None], paired=True)[0])


def test_few_tunes_say_nothing_of_measures() -> None:
    assert correlations([{"a": 1.0}, {"a": 2.0}], [1.0, 2.0]) == []


def test_what_is_not_to_be_believed_is_said() -> None:
    test = invented(items=6)
    [rater] = simulated(test, STRENGTHS, 1)
    found = find_results(test, [rater])
    assert {"one_rater", "few_tunes"} <= set(found.cautions)
    assert "few_raters" in find_results(test, simulated(test, STRENGTHS, 3)).cautions
    with pytest.raises(ConfigError, match="nobody has answered"):
        find_results(test, [])


def test_results_are_plain_data_and_the_same_every_time() -> None:
    test = invented(RATING)
    raters = simulated(test, STRENGTHS, 4)
    found = describe_results(find_results(test, raters))
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(
        json.dumps(describe_results(find_results(test, raters)))
    )


@pytest.mark.parametrize("kind", [PAIRS, RATING, MACHINE])
def test_raw_data_has_every_answer_with_its_source(kind: str) -> None:
    test = invented(kind)
    raters = simulated(test, STRENGTHS, 3)
    rows = list(csv.DictReader(io.StringIO(raw_data(test, raters))))
    assert len(rows) == 3 * len(test.items) * len(test.questions)
    assert [int(row["place"]) for row in rows if row["question"] == test.questions[0]] == [*range(1, 13)] * 3
    if kind == PAIRS:
        won = sum((row["first_source"] if row["value"] == "1" else row["second_source"]) == "real" for row in rows)
        of_real = sum("real" in (row["first_source"], row["second_source"]) for row in rows)
        share = next(one.means["prefer"].value for one in find_results(test, raters).sources if one.name == "real")
        assert won / of_real == pytest.approx(share)
