"""Small models of musical tokens, and real tunes for them, for the tests of control."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from tests.support.small_runs import SMALL, corpus_of
from tunewright.corpus.reading import read_corpus
from tunewright.generation.generator import Generator, load_generator
from tunewright.models.building import build_model
from tunewright.music.tune import Bar, Element, Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.training.loop import train_steps

DEGREES = SMALL.with_(tokens="degrees", embedding_dim=12, hidden_size=20, regular_only=True, told_share=0.5)


@cache
def regular_tunes() -> tuple[Tune, ...]:
    """The tunes of O'Neill's whose bars and repeats add up and that musical tokens cover."""
    tokenizer = DegreeTokenizer()
    return tuple(tune for tune in read_corpus("oneill").tunes[:500] if _is_covered(tokenizer, tune))


def _is_covered(tokenizer: DegreeTokenizer, tune: Tune) -> bool:
    try:
        return not (tune.bar_errors or tune.form_errors) and bool(tokenizer.encode(tune))
    except TokenError:
        return False


@cache
def tokenizer() -> DegreeTokenizer:
    """A tokenizer of these tunes, as a model gets it."""
    return DegreeTokenizer.fit(regular_tunes()[:150], told_rhythms=True)


@cache
def planned_tokenizer() -> DegreeTokenizer:
    """The same with a phrase plan."""
    return replace(tokenizer(), phrase_plan=True)


@cache
def wild(seed: int = 1, *, planned: bool = False) -> Generator:
    """A model that has learnt nothing but how often each token comes: it writes whatever may come."""
    torch.manual_seed(seed)
    codec = planned_tokenizer() if planned else tokenizer()
    vocab = codec.vocab
    model = build_model(DEGREES.model, len(vocab), codec.context_sizes, codec.direct).eval()
    counts = Counter(number for passage in encode_passages(codec, regular_tunes()[:150]) for number in passage.ids)
    with torch.no_grad():
        model.head.weight.mul_(10)  # so that it matters what was read
        model.head.bias.copy_(torch.tensor([math.log(counts[number] + 0.02) for number in range(len(vocab))]))
    return Generator(model, codec, "wild", "fp32", DEGREES)


@cache
def trained() -> Generator:
    """A model that has learnt a little, with notes told in half of its tunes."""
    config = DEGREES.with_(embedding_dim=24, hidden_size=48, seq_length=48, batch_size=16, learning_rate=2e-2)
    config = config.with_(num_training_iterations=60, eval_every=60)
    with tempfile.TemporaryDirectory() as folder:
        list(train_steps(corpus_of(regular_tunes()[:100], regular_tunes()[100:104]), Path(folder) / "run", config))
        return load_generator(Path(folder) / "run", precision="fp32")


def first_bars(tune: Tune, count: int) -> tuple[Element, ...]:
    """The music up to the bar line number `count`, all of it where there are not so many."""
    lines = [place for place, element in enumerate(tune.music) if isinstance(element, Bar)]
    return tune.music[: lines[count - 1] + 1] if len(lines) >= count else tune.music
