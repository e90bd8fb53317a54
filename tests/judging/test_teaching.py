"""Teaching a critic: it tells spoilt tunes from real ones, the same with the same seed, and nothing from nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from tests.support.musical import regular_tunes, trained
from tests.support.small_runs import corpus_of
from tunewright.generation.critic import Critic, score_each
from tunewright.judging.teaching import auc_value, teach, teach_net, usual_scores
from tunewright.measuring.impressions import METERS, Impression, hear
from tunewright.music.tune import Note, Tune
from tunewright.support.errors import ConfigError, CorpusError


def spoilt(tune: Tune) -> Tune:
    """Its notes with their pitches in another order: nothing returns any more."""
    places = [place for place, element in enumerate(tune.music) if isinstance(element, Note)]
    music = list(tune.music)
    for place, other in zip(places, np.random.default_rng(len(places)).permutation(places), strict=True):
        note, taken = music[place], tune.music[other]
        assert isinstance(note, Note)
        assert isinstance(taken, Note)
        music[place] = replace(note, pitches=taken.pitches, tied=False)
    return replace(tune, music=tuple(music))


@cache
def heard(spoil: bool, start: int, stop: int) -> list[Impression]:
    tunes = regular_tunes()[start:stop]
    return [found for tune in tunes if (found := hear(spoilt(tune) if spoil else tune))]


def value(real: list[Impression], drawn: list[Impression]) -> float:
    critic = Critic((teach_net(real, drawn, 1),), {})
    return auc_value(score_each(critic, heard(False, 100, 150)), score_each(critic, heard(True, 100, 150))).value


def test_real_tunes_are_told_from_spoilt_ones_but_not_by_labels_at_random() -> None:
    real, drawn = heard(False, 0, 100), heard(True, 0, 100)
    assert value(real, drawn) > 0.85
    mixed = [one for pair in zip(real, drawn, strict=True) for one in pair]
    order = np.random.default_rng(3).permutation(len(mixed))
    sides = [[mixed[place] for place in order[half::2]] for half in (0, 1)]
    assert 0.25 < value(*sides) < 0.75


def test_the_same_seed_teaches_the_same_and_leaves_the_random_numbers_alone() -> None:
    real, drawn = heard(False, 0, 20), heard(True, 0, 20)
    before = torch.get_rng_state()
    first, again, other = (teach_net(real, drawn, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_what_is_usual_is_counted_by_metre_and_never_without_spread() -> None:
    drawn = heard(False, 0, 60)
    found = usual_scores(drawn, np.arange(len(drawn), dtype=float))
    assert found.shape == (len(METERS) + 1, 2)
    assert (found[:, 1] > 0).all()
    assert (usual_scores(drawn, np.zeros(len(drawn)))[:, 1] > 0).all()
    assert np.isfinite(usual_scores(drawn, np.full(len(drawn), -np.inf))).all()


def test_a_run_is_taught_by_its_corpus() -> None:
    tunes = regular_tunes()
    corpus = corpus_of(tunes[:60], tunes[60:75], tunes[75:80])
    taught = teach(trained(), corpus, tunes=20)
    assert (taught.real, taught.tried_on) == (20, 15)
    assert taught.auc.low <= taught.auc.value <= taught.auc.high
    assert taught.tells == (taught.auc.low > 0.5)
    again = teach(trained(), corpus, tunes=20)
    assert [taught.critic.score(tune) for tune in tunes[:5]] == [again.critic.score(tune) for tune in tunes[:5]]


def test_too_little_to_learn_from_is_one_line() -> None:
    tunes = regular_tunes()
    with pytest.raises(CorpusError, match=r"19 well-formed tunes to learn from; expected at least 20"):
        teach(trained(), corpus_of(tunes[:19], tunes[20:40]))
    with pytest.raises(CorpusError, match="held out to try it on"):
        teach(trained(), corpus_of(tunes[:40], tunes[40:43]))
    with pytest.raises(ConfigError, match="to hear 3 tunes"):
        teach(trained(), corpus_of(tunes[:40], tunes[40:60]), tunes=3)
