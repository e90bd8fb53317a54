import hashlib
import math
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.musical import DEGREES, regular_tunes, tokenizer
from tests.support.real_pieces import chorales, songs
from tests.support.small_runs import SMALL, corpus_of, small_corpus
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.split import share_of
from tunewright.formats.abc import parse_abc
from tunewright.music.beats import metrical_level
from tunewright.support.errors import CorpusError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.degrees.augmentation import ToldTunes, told_notes
from tunewright.tokens.degrees.context import read_rows
from tunewright.tokens.registry import fit_codec
from tunewright.training.batches import Windows, build_windows, window_starts
from tunewright.training.config import Config


def starts(step: int, seed: int, **options: object) -> Tensor:
    return window_starts(1000, step, 4, 20, seed, **options)  # type: ignore[arg-type]


def test_where_windows_begin_depends_on_seed_and_step_alone() -> None:
    first = starts(7, 3)
    starts(8, 3)
    assert torch.equal(first, starts(7, 3))
    assert not torch.equal(first, starts(8, 3))
    assert not torch.equal(first, starts(7, 4))


def test_every_place_can_be_drawn() -> None:
    assert set(window_starts(12, 0, 500, 10, seed=0).tolist()) == {0, 1}


def test_a_share_of_the_windows_begins_where_a_tune_does() -> None:
    first = window_starts(1000, 0, 1000, 20, 1, torch.tensor([0, 300, 990]), 0.4)
    at_begin = sum(int((first == place).sum()) for place in (0, 300, 1000 - 21))
    assert 330 < at_begin < 470


def text_windows(config: Config = SMALL) -> Windows:
    corpus = small_corpus()
    return build_windows(CharTokenizer.fit(corpus.train), corpus, config)


def test_text_is_one_row_with_an_end_between_tunes() -> None:
    windows = text_windows()
    joined, tunes = windows.joined(0), small_corpus().train
    assert joined.rows is None
    assert joined.begins.tolist() == (joined.ids == CharTokenizer.END).nonzero()[:-1, 0].tolist()
    assert len(joined.begins) == len(tunes)
    assert windows.density * len(joined.ids) == pytest.approx(sum(len(tune.notes) for tune in tunes))


def test_text_is_foreseen_a_place_later() -> None:
    inputs, targets = text_windows().batch(3)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])


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
    joined = build_windows(tokenizer, corpus, SMALL.with_(train_share=0.5)).joined(0)
    assert len(joined.begins) == math.ceil(len(corpus.train) / 2)


# ------------------------------------------------------------------------------------------------ musical tokens


def told_tunes(share: float = 1.0) -> ToldTunes:
    return ToldTunes(tokenizer().features, encode_passages(tokenizer(), regular_tunes()[:20]), share)


def windows(**settings: object) -> Windows:
    config = DEGREES.with_(**{"seq_length": 40, "told_share": 0.0, **settings})
    return Windows(told_tunes(config.tokens.told_share), config)


@pytest.mark.parametrize("told", [0.0, 0.5, 1.0])
def test_windows_of_tunes_depend_on_the_step_alone(told: float) -> None:
    one, other = windows(told_share=told), windows(told_share=told)
    later = one.steps + 3
    first = one.batch(2)
    assert all(torch.equal(a, b) for a, b in zip(other.batch(later), one.batch(later), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first, other.batch(2), strict=True))


@pytest.mark.parametrize("told", [0.0, 1.0])
def test_windows_read_what_they_foresee_a_place_later(told: float) -> None:
    seen = tokenizer().features.as_read
    for step in range(12):
        inputs, targets = windows(told_share=told).batch(step)
        assert inputs.shape == (*targets.shape, 1 + len(tokenizer().context_sizes))
        read = torch.tensor(seen)[targets]
        assert torch.equal(inputs[:, 1:, 0], read[:, :-1])


def test_each_time_through_has_every_tune_once_in_another_order() -> None:
    found = windows(start_share=1.0)
    orders = []
    for time in range(2):
        joined = found.joined(time)
        begins = [*joined.begins.tolist(), len(joined.ids) - 1]
        tunes = [tuple(joined.ids[a:b].tolist()) for a, b in pairwise(begins)]
        assert sorted(tunes) == sorted(passage.ids[:-1] for passage in told_tunes().passages)
        orders.append(tunes)
    assert orders[0] != orders[1]
    inputs, _ = found.batch(0)
    assert int((inputs[:, 0, 0] == tokenizer().END).sum()) >= len(inputs) - 1  # all but windows moved from the very end


def test_what_is_told_is_true_and_tells_nothing_else() -> None:
    plain, told = windows().joined(0), told_tunes()
    [tune], [begun] = encode_passages(tokenizer(), regular_tunes()[:1]), told.begun[:1]
    assert plain.rows is not None
    assert int(plain.rows[:, -12:].abs().sum()) == 0
    sounds = {one.onset: one.sound for one in begun}
    rng, gaps = np.random.default_rng(1), 0
    for _ in range(40):
        known, shown = told_notes(told.features, tune.ids, begun, rng)
        assert set(known.items()) <= set(sounds.items())
        rows = np.array(read_rows(told.features, tune.ids, known, shown))
        assert tune.rows is not None
        assert np.array_equal(rows[:, :-12], tune.rows[:, :-12])
        for gap, horizon in shown or ():
            gaps += 1
            inside = [one for one in begun if one.place in gap]
            assert all(one.onset < horizon for one in inside)  # what is to be filled in is never told
            assert horizon == min(one.onset for one in begun if one.place >= gap.stop)
    assert gaps > 20


def test_a_share_of_notes_is_told_strong_ones_first() -> None:
    found, shares = told_tunes(), []
    begun, ids = found.begun[0], found.passages[0].ids
    meter = regular_tunes()[0].meter
    rng = np.random.default_rng(2)
    for _ in range(60):
        known, shown = told_notes(found.features, ids, begun, rng)
        if shown is None:
            shares.append(len(known) / len(begun))
            told = [metrical_level(into, meter) for _, into in known]
            others = [metrical_level(one.onset[1], meter) for one in begun if one.onset not in known]
            assert max(others, default=0) <= min(told, default=5) + 1
    assert 15 < len(shares) < 45
    assert min(shares) < 0.2
    assert max(shares) > 0.8


def test_tunes_that_tokens_do_not_cover_are_counted_and_none_at_all_is_an_error() -> None:
    [chord] = parse_abc("X:1\nM:4/4\nL:1/8\nK:D\n[DF]8|D8|D8|D8|]\n")
    refused: Counter[str] = Counter()
    found = build_windows(tokenizer(), corpus_of([chord, *regular_tunes()[:3]]), DEGREES, refused)
    assert len(found.joined(0).begins) == 3
    assert refused.total() == 1
    with pytest.raises(CorpusError, match="no tune to train on that the tokens cover"):
        build_windows(tokenizer(), corpus_of([chord]), DEGREES)


# ------------------------------------------------------------------------------------------------ the same as ever

FROZEN = {  # SHA-256 of the first 40 batches: a run of an earlier version that goes on reads what it would have read
    "verbatim text": "5befba6babf906a1",
    "some of the canonical text": "0ebe1257ad03bac4",
    "degrees": "a77aece776d2e1b8",
    "degrees, notes told": "55bf2b8b15c0d6ca",
    "remi, transposed": "2ac37b58f316edec",
}


def frozen_settings() -> dict[str, tuple[Config, Corpus[Any]]]:
    text, tunes = small_corpus(), corpus_of(regular_tunes()[:30])
    pieces: Corpus[Any] = corpus_of([*songs()[:6], *chorales()[:2]])  # type: ignore[list-item]
    degrees = SMALL.with_(tokens="degrees", start_share=0.2)
    return {
        "verbatim text": (SMALL.with_(text="verbatim", start_share=0.3), text),
        "some of the canonical text": (SMALL.with_(train_share=0.6, regular_only=True), text),
        "degrees": (degrees, tunes),
        "degrees, notes told": (degrees.with_(told_share=0.5), tunes),
        "remi, transposed": (SMALL.with_(tokens="remi", transpose=2, start_share=0.4), pieces),
    }


@pytest.mark.parametrize("name", FROZEN)
def test_batches_are_those_that_there_have_always_been(name: str) -> None:
    config, corpus = frozen_settings()[name]
    found = build_windows(fit_codec(config.tokens, corpus.train), corpus, config)
    digest = hashlib.sha256()
    for step in range(40):
        for tensor in found.batch(step):
            digest.update(tensor.contiguous().numpy().tobytes() + str(tensor.shape).encode())
    assert digest.hexdigest()[:16] == FROZEN[name]
