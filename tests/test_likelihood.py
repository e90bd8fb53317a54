import math

import pytest
import torch
from small_runs import SMALL, real_tunes
from torch import Tensor

from tunewright.likelihood import PIECE, Passage, encode_passages, likelihood
from tunewright.models import State, build_model
from tunewright.tokens import CharTokenizer, body_start, canonical_text

CPU = torch.device("cpu")


def uniform(ids: Tensor, state: State | None) -> tuple[Tensor, State]:
    """A model of four ids that expects nothing in particular."""
    return torch.zeros(*ids.shape, 4), ()


def test_a_model_that_knows_nothing_needs_two_bits_for_one_of_four() -> None:
    found = likelihood(uniform, [Passage((0, 2, 2, 3, 0), body=3, notes=1), Passage((0, 3, 0), body=1, notes=3)], CPU)
    assert found.nats_per_character == pytest.approx(math.log(4))
    assert found.body_nats_per_character == pytest.approx(math.log(4))
    assert found.characters == 4 + 2
    assert found.bits_per_note == pytest.approx(2 * (2 + 2) / 4)  # two body ids each, four notes


def test_the_header_is_not_scored_and_the_end_is() -> None:
    tunes = real_tunes()[:5]
    tokenizer = CharTokenizer.fit(tunes)
    for tune, passage in zip(tunes, encode_passages(tokenizer, tunes), strict=True):
        text = canonical_text(tune)
        assert tokenizer.decode_text(passage.ids[passage.body :]) == text[body_start(text) :] + "\n\n"
        assert passage.notes == len(tune.notes)


def test_tunes_are_scored_one_by_one_whatever_the_batch() -> None:
    tunes = real_tunes()[:9]
    tokenizer = CharTokenizer.fit(tunes)
    model = build_model(SMALL, len(tokenizer.vocab)).eval()
    passages = encode_passages(tokenizer, tunes)
    assert max(len(passage.ids) for passage in passages) > PIECE
    together = likelihood(model, passages, CPU)
    alone = [likelihood(model, [passage], CPU) for passage in passages]
    total = sum(one.nats_per_character * one.characters for one in alone)
    assert together.nats_per_character == pytest.approx(total / together.characters, rel=1e-5)
    assert together.notes == sum(one.notes for one in alone)


def test_characters_that_training_never_saw_are_counted() -> None:
    tokenizer = CharTokenizer(("\n\n", "\N{REPLACEMENT CHARACTER}", "A"))
    tune = real_tunes()[0]
    found = likelihood(lambda ids, _: (torch.zeros(*ids.shape, 3), ()), encode_passages(tokenizer, [tune]), CPU)
    assert found.unseen == sum(sign != "A" for sign in canonical_text(tune))


def test_nothing_to_score_is_not_a_number() -> None:
    found = likelihood(uniform, [], CPU)
    assert math.isnan(found.nats_per_character)
    assert math.isnan(found.bits_per_note)
    assert found.notes == 0
