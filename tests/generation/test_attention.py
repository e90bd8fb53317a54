"""Where a run looks back: weights of ids come together as shares of notes, whatever the tokens are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.small_runs import SMALL, real_tunes, small
from tests.support.toy_model import ToyModel
from tunewright.formats.abc import parse_abc
from tunewright.generation.attention import Look, looks, note_shares
from tunewright.generation.generator import Generator
from tunewright.models.building import build_model
from tunewright.music.tune import Key
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

FOUR_BARS = parse_abc("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|cBAG|FEDC|]\n")[0]
TOKENIZERS = {"characters": CharTokenizer.fit, "degrees": DegreeTokenizer.fit}
EACH = pytest.mark.parametrize("kind", TOKENIZERS)


class Looking(ToyModel):
    """It looks so many ids back from the id that it is about to write; 0: at all before alike."""

    back = 0

    def attention(self, ids: Tensor) -> Tensor:
        length = ids.shape[1]
        about = torch.arange(1, length + 1)[:, None]  # the id that is about to be written
        weights = (torch.arange(length) == about - self.back) if self.back else (torch.arange(length) < about)
        weights[: self.back, 0] = True
        return (weights / weights.sum(1, keepdim=True))[None, None].expand(2, 3, length, length)


def looking(tokenizer: AnyCodec, back: int) -> Generator:
    model = Looking(len(tokenizer.vocab), tokenizer.context_sizes)
    model.back = back
    return Generator(model, tokenizer, "looking", "fp32", SMALL)


@EACH
def test_a_model_that_looks_a_bar_back_is_seen_to_do_so(kind: str) -> None:
    tokenizer = TOKENIZERS[kind]([FOUR_BARS])
    ids = tokenizer.passage(FOUR_BARS).ids
    lines = [place for place, number in enumerate(ids) if number == tokenizer.vocab.index("|")]
    found = looks(looking(tokenizer, lines[1] - lines[0]), FOUR_BARS)
    assert sorted((look.note, look.back_to) for look in found) == [(note, note - 4) for note in range(4, 16)]
    assert all(look.share == pytest.approx(1) for look in found)
    assert [look.times for look in found] == sorted((look.times for look in found), reverse=True)


@EACH
def test_an_even_look_stands_out_nowhere(kind: str) -> None:
    for tune in real_tunes()[1:4]:
        tokenizer = TOKENIZERS[kind]([tune])
        shares, even = note_shares(looking(tokenizer, 0), tune)
        assert shares.shape == even.shape == (len(tune.notes), len(tune.notes))
        past = np.tril(np.ones_like(shares), -1) > 0
        assert np.allclose(shares[past], even[past], rtol=0.1)
        assert bool((shares.sum(1) <= 1 + 1e-9).all())


@pytest.mark.parametrize("cell", ["attentive-lstm", "transformer"])
@EACH
def test_shares_of_real_models_are_shares(kind: str, cell: str) -> None:
    tunes = real_tunes()[1:4]
    tokenizer = TOKENIZERS[kind](tunes)
    model = build_model(small(cell).model, len(tokenizer.vocab), tokenizer.context_sizes, tokenizer.direct).eval()
    generator = Generator(model, tokenizer, cell, "fp32", small(cell))
    for tune in tunes:
        shares, _ = note_shares(generator, tune)
        assert bool((shares >= 0).all())
        assert bool((shares.sum(1) <= 1 + 1e-6).all())
        assert not np.triu(shares, 1).any()
        found = looks(generator, tune)
        assert all(isinstance(look, Look) and 0 <= look.back_to < look.note for look in found)


def test_what_does_not_attend_and_what_tokens_do_not_cover_is_refused() -> None:
    tokenizer = DegreeTokenizer.fit([FOUR_BARS])
    sizes = (len(tokenizer.vocab), tokenizer.context_sizes, tokenizer.direct)
    with pytest.raises(ConfigError, match="plain: its cell lstm does not attend"):
        looks(Generator(build_model(SMALL.model, *sizes), tokenizer, "plain", "fp32", SMALL), FOUR_BARS)
    with pytest.raises(TokenError):
        looks(looking(tokenizer, 1), replace(FOUR_BARS, key=Key(None)))


def test_a_tune_that_is_too_long_is_refused() -> None:
    long = replace(FOUR_BARS, music=FOUR_BARS.music[:-1] * 300)
    with pytest.raises(ConfigError, match="expected at most 2,048"):
        looks(looking(CharTokenizer.fit([long]), 1), long)
