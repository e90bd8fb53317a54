"""Scorecards as plain data and as text: what was promised is there, and nothing that is no number."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import replace

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.small_runs import corpus_of
from tunewright.judging.scorecard import Certificate, Drawn, FrontierPoint, Scorecard, Value, describe_scorecard
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import Yardstick, build_yardstick, candidate
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.text import WIDTH, scorecard_text

HALF = Value(0.5, 0.4, 0.6, 0.7, 12.0, 0.1)
POINT = FrontierPoint(0.8, "model.safetensors", 400, 9, HALF, 0.25, 0.1, HALF, HALF, HALF, Value(7), 1.5, "style")
FREE = replace(POINT, temperature=1.2, shortfall=0.0, worst="", style=Value(math.nan))


@pytest.fixture(scope="module")
def yardstick() -> Yardstick:
    tunes = [tune for tune in real_tunes(20) if len(tune.notes) > 20]
    return build_yardstick(corpus_of(tunes[:30], tunes[30:40], tunes[40:]))


@pytest.fixture(scope="module")
def card(yardstick: Yardstick) -> Scorecard[Tune]:
    """Real tunes, one of them a training tune, and one that cannot be read."""
    tunes = [one.music for one in yardstick.real if one.music][:14]
    broken = Certificate("tune-007", "", None, "cannot be read: no K: field", "X:1\n")
    found = score([candidate(tune) for tune in tunes] + [broken], yardstick, title="some tunes")
    return replace(found, drawn=Drawn("run", 1.0, 0, 0.25, 8, 1.0, 0.1), bits_per_note=HALF)


def test_the_keys_of_the_contract(card: Scorecard) -> None:
    told = json.loads(json.dumps(describe_scorecard(card), allow_nan=False))
    assert told["tunes"] == 15
    assert 0 <= told["valid_rate"] <= 1
    for value in told["measures"].values():
        assert {"value", "low", "high", "real"} <= value.keys()
    assert {"copy_rate", "median_longest", "p90_longest", "real_median_longest"} <= told["originality"].keys()
    assert "two_sample_auc" in told
    assert {name: told["bits_per_note"][name] for name in ("value", "low", "high")} == {
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
    }
    for one in told["each"]:
        assert {"name", "valid", "longest_shared", "shared_with", "percentile"} <= one.keys()
    assert told["each"][-1]["valid"] is False
    assert told["each"][-1]["longest_shared"] is None


def test_without_a_corpus_or_tunes_the_same_keys_are_there() -> None:
    for tunes in ([], [candidate(real_tunes(2)[0])]):
        told = json.loads(json.dumps(describe_scorecard(score(tunes)), allow_nan=False))
        assert told["originality"]["copy_rate"] is None
        assert told["originality"]["real_median_longest"] is None
        assert told["two_sample_auc"] is None
        assert "bits_per_note" not in told
        assert told["remarks"]


def test_numbers_are_those_of_the_certificates(card: Scorecard) -> None:
    told = describe_scorecard(card)
    shared = [one["longest_shared"] for one in told["each"] if one["longest_shared"] is not None]
    assert told["originality"]["median_longest"] == statistics.median(shared)
    assert told["originality"]["copy_rate"] == pytest.approx(sum(one["copied"] for one in told["each"]) / len(shared))
    assert told["valid_rate"] == pytest.approx(sum(one["valid"] for one in told["each"]) / 15)


def test_settings_and_the_knee_are_told(card: Scorecard) -> None:
    told = describe_scorecard(replace(card, frontier=(POINT, FREE), knee=1))
    assert told["knee"] == 1
    assert told["frontier"][0]["temperature"] == 0.8
    assert told["frontier"][1]["style"]["value"] is None


# ------------------------------------------------------------------------------------------------ as text


def test_the_text_says_every_number_beside_real_tunes(card: Scorecard) -> None:
    text = scorecard_text(card)
    lines = text.splitlines()
    assert lines[0].startswith("some tunes: 15 tunes, drawn at temperature 1; against small")
    assert all(len(line) <= WIDTH for line in lines)
    copies = next(line for line in lines if line.startswith("copies"))
    assert copies.count("%") >= 3
    assert "tune-007: cannot be read: no K: field" in text
    assert "nan" not in text.lower().split()


def test_a_few_tunes_each_have_their_certificate(yardstick: Yardstick) -> None:
    tunes = [one.music for one in yardstick.real if one.music][:2]
    text = scorecard_text(score([candidate(tune) for tune in tunes], yardstick, title="two"))
    for tune in tunes:
        assert tune.title in text
    assert "a copy by the rule" in text


def test_settings_are_a_table_with_the_knee_marked(card: Scorecard) -> None:
    text = scorecard_text(replace(card, frontier=(POINT, FREE), knee=0))
    cold = next(line for line in text.splitlines() if line.startswith("temperature 0.8, step 400"))
    assert cold.endswith("1.5 sd: style   <- knee")
    assert next(line for line in text.splitlines() if line.startswith("temperature 1.2")).endswith("in nothing")


def test_nothing_to_judge_is_said_in_words() -> None:
    assert "no tune to judge" in scorecard_text(score([], title="nothing"))
