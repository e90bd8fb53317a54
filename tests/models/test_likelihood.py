import math

import pytest
import torch
from torch import Tensor

from tests.support.small_runs import SMALL, real_tunes
from tunewright.formats.abc.texts import body_start, canonical_text
from tunewright.models.building import build_model
from tunewright.models.contract import State
from tunewright.models.likelihood import CUT_PIECE, PIECE, bits_per_note_by_context, likelihood, likelihood_interval
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

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
    model = build_model(SMALL.model, len(tokenizer.vocab)).eval()
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


def test_perplexity_is_how_many_ids_are_left_to_choose_from() -> None:
    assert likelihood(uniform, [Passage((0, 2, 3, 0), body=1, notes=1)], CPU).perplexity == pytest.approx(4)
    assert math.isnan(likelihood(uniform, [], CPU).perplexity)


def test_the_interval_is_of_tunes_drawn_again() -> None:
    # two tunes of one note, with one and three ids of body, two bits each: a draw gives 2, 4 or 6 bits per note
    passages = [Passage((0, 0), body=1, notes=1), Passage((0, 2, 3, 0), body=1, notes=1)]
    found, low, high = likelihood_interval(uniform, passages, CPU)
    assert found == likelihood(uniform, passages, CPU)
    assert (low.bits_per_note, found.bits_per_note, high.bits_per_note) == pytest.approx((2, 4, 6))
    assert low.nats_per_character == pytest.approx(math.log(4))  # the same for every tune
    assert low.perplexity == pytest.approx(high.perplexity)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_tunes_have_no_interval(count: int) -> None:
    _, low, high = likelihood_interval(uniform, [Passage((0, 2, 0), body=1, notes=1)] * count, CPU)
    assert math.isnan(low.bits_per_note)
    assert math.isnan(high.perplexity)


def test_musical_tokens_are_never_unknown() -> None:
    passages = encode_passages(DegreeTokenizer(), real_tunes()[:3])
    assert likelihood(lambda rows, _: (torch.zeros(*rows.shape[:2], 1000), ()), passages, CPU).unseen == 0


def test_a_context_longer_than_every_tune_is_no_cut() -> None:
    tunes = real_tunes()[:5]
    tokenizer = CharTokenizer.fit(tunes)
    passages = encode_passages(tokenizer, tunes)
    model = build_model(SMALL.model, len(tokenizer.vocab)).eval()
    ordinary = likelihood(model, passages, CPU).bits_per_note
    longest = max(len(passage.ids) for passage in passages)
    for positions in (10**6, 40):
        assert bits_per_note_by_context(model, passages, [longest], CPU, positions) == [pytest.approx(ordinary)]


@pytest.mark.parametrize("context", [1, 3, CUT_PIECE, CUT_PIECE + 1, 2 * CUT_PIECE + 5])
def test_a_cut_context_is_that_many_characters_read_alone(context: int) -> None:
    tunes = real_tunes()[:3]
    tokenizer = CharTokenizer.fit(tunes)
    passages = encode_passages(tokenizer, tunes)
    model = build_model(SMALL.model, len(tokenizer.vocab)).eval()
    nats = 0.0
    for passage in passages:
        for place in range(passage.body, len(passage.ids)):
            before = torch.tensor([passage.ids[max(0, place - context) : place]])
            nats -= float(torch.log_softmax(model(before)[0][0, -1], 0)[passage.ids[place]].detach())
    expected = nats / math.log(2) / sum(len(tune.notes) for tune in tunes)
    assert bits_per_note_by_context(model, passages, [context], CPU, 10**6) == [pytest.approx(expected, rel=1e-5)]


def alternating(ids: Tensor, state: State | None) -> tuple[Tensor, State]:
    """Expects ids 2 and 3 in turn, but only where it has seen an end: after anything else all four alike."""
    started = torch.zeros(len(ids), 1, dtype=torch.bool) if state is None else state[0]
    seen = torch.cat([started, ids == 0], 1).long().cumsum(1)[:, 1:] > 0
    following = torch.where(ids == 2, 3, 2)
    return torch.nn.functional.one_hot(following, 4) * 30.0 * seen[..., None], (seen[:, -1:],)


def test_what_is_out_of_reach_cannot_help() -> None:
    passage = Passage((0, 2, 3, 2, 3, 2, 3, 2, 3), body=1, notes=8)
    near, far = bits_per_note_by_context(alternating, [passage], [4, 100], CPU)
    assert far == pytest.approx(0, abs=1e-6)
    assert near == pytest.approx(2 * 4 / 8)  # the last four of eight cannot see the beginning, and cost two bits each


def test_a_cut_context_without_notes_is_not_a_number() -> None:
    assert all(math.isnan(bits) for bits in bits_per_note_by_context(uniform, [], [10, 20], CPU))
    assert math.isnan(bits_per_note_by_context(uniform, [Passage((0, 2, 0), body=1, notes=0)], [10], CPU)[0])
