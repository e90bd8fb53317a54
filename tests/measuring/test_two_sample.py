"""The two-sample test: blind to copies, headers and handwriting; it sees what was spoilt, and says what."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.support.short_tunes import SILENCE, read
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.measuring.traits import name_of_key
from tunewright.measuring.two_sample import ENOUGH, FEWEST, _Tested, real_floor, two_sample
from tunewright.music.transposing import transpose
from tunewright.music.tune import STEPS, Element, Key, Note, Pitch, Tune

Halves = tuple[list[Tune], list[Tune]]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_corpus("ryan")


@pytest.fixture(scope="module")
def halves(corpus: Corpus) -> Halves:
    """Real tunes of two sets of families."""
    families = np.random.default_rng(1).permutation(sorted(set(corpus.families)))
    first = set(families[: len(families) // 2].tolist())
    members = list(zip(corpus.tunes, corpus.families, strict=True))
    sides = [[tune for tune, family in members if (family in first) == mine] for mine in (True, False)]
    return sides[0][:100], sides[1][:100]


def moved(tune: Tune, chosen: Callable[[int], bool]) -> Tune:
    """The chosen of its notes a step higher."""
    number = -1

    def change(element: Element) -> Element:
        nonlocal number
        if not isinstance(element, Note):
            return element
        number += 1
        return replace(element, pitches=(step_up(element.pitch, tune.key),)) if chosen(number) else element

    return replace(tune, music=tuple(change(element) for element in tune.music))


def step_up(pitch: Pitch, key: Key) -> Pitch:
    octave, step = divmod(7 * pitch.octave + STEPS.index(pitch.step) + 1, 7)
    return Pitch(STEPS[step], key.signature[STEPS[step]], octave)


def test_real_tunes_are_not_told_from_real_tunes(corpus: Corpus) -> None:
    floor = real_floor(corpus.tunes[:640], families=corpus.families[:640], splits=2)
    assert floor.each_side >= ENOUGH
    assert 0.45 <= floor.auc <= 0.55
    assert floor.auc == pytest.approx(sum(floor.splits) / 2)


def test_the_interval_of_real_tunes_holds_one_half_and_nothing_gives_them_away(halves: Halves) -> None:
    found = two_sample(*halves, splits=0)
    assert found.low <= 0.5 <= found.high
    assert found.low < found.auc < found.high
    assert found.tells == ()
    assert not found.enough
    assert math.isnan(found.floor)


def test_tunes_with_wrong_notes_are_told(halves: Halves) -> None:
    spoilt = [moved(tune, lambda number: number % 4 == 1) for tune in halves[0]]
    found = two_sample(spoilt, halves[1], splits=0)
    assert found.low > 0.8
    assert found.tells


def test_what_gives_them_away_is_named(halves: Halves) -> None:
    ends_wrong = [moved(tune, (len(tune.notes) - 1).__eq__) for tune in halves[0]]
    (tell, *_) = two_sample(ends_wrong, halves[1], splits=0).tells
    assert (tell.key, tell.name, tell.direction) == ("ends_on_tonic", name_of_key("ends_on_tonic"), "less")
    assert tell.ours < 0.2 < 0.6 < tell.real
    # a trait that is 1 or 0 tells as well as the two shares differ
    assert tell.auc == pytest.approx(0.5 + (tell.real - tell.ours) / 2)


def test_copies_help_nobody_whatever_their_key(halves: Halves) -> None:
    copies = [transpose(tune, 2) for tune in halves[0]]
    found = two_sample(copies, halves[0], splits=0)
    assert found.each_side == len(halves[0])
    assert found.auc == pytest.approx(0.5)


def test_another_mixture_of_metres_gives_nothing_away(halves: Halves) -> None:
    ours = sorted(halves[0], key=lambda tune: not tune.meter.compound)[:60]
    compound = sum(tune.meter.compound for tune in ours), sum(tune.meter.compound for tune in halves[1])
    found = two_sample(ours, halves[1], splits=0)
    assert found.each_side <= min(compound) + 60 - compound[0]
    assert found.low < 0.55


def test_the_same_seed_gives_the_same(halves: Halves) -> None:
    ours, real = halves[0][:50], halves[1]
    found = two_sample(ours, real, splits=1)
    assert not math.isnan(found.floor)
    assert found == two_sample(ours, real, splits=1)
    assert found.auc != two_sample(ours, real, splits=1, seed=1).auc


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_tunes_give_no_number(halves: Halves, count: int) -> None:
    for ours, real in ((halves[0][:count], halves[1][:30]), (halves[0][:30], halves[1][:count])):
        found = two_sample(ours, real, families=range(len(real)))
        assert all(map(math.isnan, (found.auc, found.low, found.high)))
        assert found.each_side <= count
        assert not found.enough
        assert found.tells == ()
    assert math.isnan(real_floor(halves[0][:count]).auc)


def test_tunes_without_notes_are_left_out(halves: Halves) -> None:
    nothing = [SILENCE, read("C8|")]
    found = two_sample([*nothing, *halves[0][:40]], [*halves[1][:40], *nothing], splits=1)
    assert 0 < found.each_side <= 40


def test_the_area_is_that_of_each_fold_and_counted_by_hand() -> None:
    none = np.zeros(4, np.int64)
    tested = _Tested([(0, 0)] * 2, np.array([3.0, 1.0, 2.0, 1.0]), np.arange(4), none)
    assert tested.auc == (2 + 0.5) / 4  # 3 beats 2 and 1, 1 ties with 1 and loses to 2
    rng = np.random.default_rng(0)
    scores, fold = rng.normal(size=80), np.repeat(np.arange(4), 10)
    labels = np.arange(80) < 40
    fold = np.concatenate([fold, fold])
    expected = np.mean([roc_auc_score(labels[fold == one], scores[fold == one]) for one in range(4)])
    tested = _Tested([(0, 0)] * 40, scores, np.arange(80), fold)
    assert tested.auc == pytest.approx(expected)
    low, high = tested.interval(rng)
    assert low < tested.auc < high
