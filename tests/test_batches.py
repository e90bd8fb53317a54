import math
from dataclasses import replace

import pytest
import torch
from small_runs import SMALL, small_corpus

from tunewright.batches import batch_at, joined_text, share_of
from tunewright.tokens import CharTokenizer

DATA = torch.arange(1000, dtype=torch.int32)


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    first = batch_at(DATA, 7, 4, 20, seed=3)
    batch_at(DATA, 8, 4, 20, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(first, batch_at(DATA, 7, 4, 20, seed=3), strict=True))
    assert not torch.equal(first[0], batch_at(DATA, 8, 4, 20, seed=3)[0])
    assert not torch.equal(first[0], batch_at(DATA, 7, 4, 20, seed=4)[0])


def test_targets_are_the_inputs_one_place_on_and_every_place_can_be_drawn() -> None:
    inputs, targets = batch_at(DATA[:12], 0, 500, 10, seed=0)
    assert torch.equal(inputs + 1, targets)
    assert set(inputs[:, 0].tolist()) == {0, 1}


def test_a_share_of_the_windows_begins_where_a_tune_does() -> None:
    begins = torch.tensor([0, 300, 990])
    inputs, targets = batch_at(DATA, 0, 1000, 20, 1, begins, 0.4)
    first = inputs[:, 0]
    at_begin = sum(int((first == place).sum()) for place in (0, 300, len(DATA) - 21))
    assert 330 < at_begin < 470
    assert torch.equal(inputs + 1, targets)


def test_the_joined_text_separates_tunes_by_their_end() -> None:
    corpus = small_corpus()
    tokenizer = CharTokenizer.fit(corpus.train)
    data, density = joined_text(tokenizer, corpus, SMALL)
    assert int((data == tokenizer.END).sum()) == len(corpus.train) + 1
    assert density * len(data) == pytest.approx(sum(len(tune.notes) for tune in corpus.train))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 1.0])
def test_a_share_of_the_tunes_is_about_that_many_and_grows_into_the_whole(share: float) -> None:
    tunes = small_corpus().train
    chosen = share_of(tunes, share)
    assert len(chosen) == math.ceil(share * len(tunes))
    assert all(tune in share_of(tunes, min(1.0, share + 0.2)) for tune in chosen)
    assert [tune for tune in tunes if tune in chosen] == chosen


def test_a_share_of_the_training_tunes_is_learned_from() -> None:
    corpus = small_corpus()
    tokenizer = CharTokenizer.fit(corpus.train)
    data, _ = joined_text(tokenizer, corpus, replace(SMALL, train_share=0.5))
    assert int((data == tokenizer.END).sum()) == math.ceil(len(corpus.train) / 2) + 1
