"""The scorecard of a run: music drawn from it and judged, and how well it foresees music that it has never seen.

In: a trained run, its corpus and the yardstick of that. Out: a `Scorecard`. Number i is drawn with seed S+i as
`generate` draws it, held to the grammar; some are drawn without it too, so that it does not hide what the model
has learnt. Likelihood is of the test music, which nothing was chosen by. This file judges nothing itself (`scoring`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic

import numpy as np

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.sources import BUILT_IN, there
from tunewright.generation.decoding import Decoding
from tunewright.generation.foresight import bits_of_each, foresight_interval, left_out
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator
from tunewright.judging.kinds import KINDS
from tunewright.judging.remarks import remark
from tunewright.judging.scorecard import Certificate, Drawn, Remark, Scorecard
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import Yardstick
from tunewright.measuring.intervals import Value
from tunewright.music.kinds import M, Music
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.requests import Request
from tunewright.training.run import read_record, read_split

LONGER = 3  # times what 99 of 100 held-out tunes need: where a tune that does not end is cut

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sampled(Generic[M]):
    """Music of one setting of a run: as `generate` draws it, and some without the grammar."""

    music: tuple[Generated[M], ...]
    raw: tuple[Generated[M], ...]

    @property
    def candidates(self) -> list[Certificate[M]]:
        """The music as it is to be judged, named as `generate` names its files."""
        return [drawn_candidate(one) for one in self.music]

    @property
    def masked_rate(self) -> float:
        """Share of the music that is strictly well formed."""
        return _share(self.music)

    @property
    def raw_rate(self) -> float:
        """The same without the grammar."""
        return _share(self.raw)

    @property
    def removed_mass(self) -> float:
        """Probability that the grammar took away, mean over the music."""
        removed = [one.removed_mass for one in self.music if one.removed_mass is not None]
        return math.fsum(removed) / len(removed) if removed else math.nan


def drawn_candidate(one: Generated[M]) -> Certificate[M]:
    """What was drawn as it is to be judged."""
    bits = -one.log_likelihood_per_note / math.log(2)
    text = KINDS[one.kind].drawn_text(one)
    return Certificate(f"{one.kind}-{one.seed:03}", one.title, one.music, one.error, text, bits_per_note=bits)


def _share(drawn: Sequence[Generated[M]]) -> float:
    return sum(one.valid for one in drawn) / len(drawn) if drawn else math.nan


def sample_run(
    generator: Generator,
    count: int,
    temperature: float = 1.0,
    *,
    seed: int = 0,
    best_of: int = 1,
    longest: int | None = None,
    on_progress: Progress | None = None,
) -> Sampled[Any]:
    """`count` tunes or pieces, and some of the same seeds without the grammar, cut after `longest` ids.

    Each is the best of `best_of` drawings; without the grammar nothing is chosen.
    """
    kind = generator.tokenizer.of.kind
    raw_count = min(count, KINDS[kind].drawn_freely)
    decoding = Decoding.of(temperature)

    def draw(many: int, before: int, free: bool) -> tuple[Generated[Any], ...]:
        drawn = []
        cut = longest if free else None
        how: dict[str, Any] = {"seed": seed, "best_of": 1 if free else best_of, "max_length": cut, "jobs": 0}
        for one in generator.generate(many, Request(free=free), decoding, **how):
            drawn.append(one)
            if on_progress:
                on_progress(before + len(drawn), count + raw_count)
        return tuple(drawn)

    return Sampled(draw(count, 0, False), draw(raw_count, count, True))


def judge_run(
    generator: Generator,
    yardstick: Yardstick[M] | None,
    corpus: Corpus[M] | None = None,
    *,
    count: int = 0,
    temperature: float = 1.0,
    best_of: int = 1,
    seed: int = 0,
    remarks: Sequence[Remark] = (),
    on_progress: Progress | None = None,
) -> Scorecard[M]:
    """The scorecard of a run's music; without a corpus neither likelihood, nor originality, nor style is judged.

    `count` 0 is 300 tunes, or 100 pieces. ConfigError for a temperature out of range.
    """
    kind = generator.tokenizer.of.kind
    longest = longest_of(generator, corpus)
    count = count or KINDS[kind].drawn
    how: dict[str, Any] = {"seed": seed, "best_of": best_of, "longest": longest, "on_progress": on_progress}
    sampled = sample_run(generator, count, temperature, **how)
    card = score(sampled.candidates, yardstick, kind=kind, title=generator.name, seed=seed)
    rates = (sampled.raw_rate, len(sampled.raw), sampled.masked_rate, sampled.removed_mass)
    drawn = Drawn(generator.name, temperature, seed, *rates, best_of, generator.chooser)
    card = replace(card, remarks=(*remarks, *card.remarks), drawn=drawn)
    if corpus is None:
        return card
    found = bits_of_each(generator, [one.music for one in card.real if one.music])
    real = tuple(replace(one, bits_per_note=bits) for one, bits in zip(card.real, found, strict=True))
    bits, nats = held_out_likelihood(generator, corpus.test, seed)
    card = replace(card, bits_per_note=bits, nats_per_token=nats, real=real)
    if left := left_out(generator, corpus.test):
        card = replace(card, remarks=(*card.remarks, remark(kind, "uncovered", left=left, test=len(corpus.test))))
    return card


# ------------------------------------------------------------------------------------------------ likelihood


def held_out_likelihood(generator: Generator, music: Sequence[Music], seed: int = 0) -> tuple[Value, Value]:
    """Bits per note, and nats per token, of the music that the tokens cover, with intervals over tunes or pieces."""
    found, low, high = foresight_interval(generator, music, seed)
    return (
        Value(found.bits_per_note, low.bits_per_note, high.bits_per_note),
        Value(found.nats_per_character, low.nats_per_character, high.nats_per_character),
    )


def longest_of(generator: Generator, corpus: Corpus[M] | None) -> int | None:
    """Where a tune that does not end is cut: three times what 99 of 100 held-out tunes need.

    None without any, and for pieces, whose writer knows how long they are.
    """
    known = corpus is not None and KINDS[generator.tokenizer.of.kind].cut_by_corpus
    held_out = (corpus.valid + corpus.test) if corpus and known else ()
    lengths = [len(passage.ids) for passage in encode_passages(generator.tokenizer, held_out)]
    return LONGER * math.ceil(np.quantile(lengths, 0.99)) if lengths else None


# ------------------------------------------------------------------------------------------------ the corpus of a run


def sources_of(run: Path) -> list[str]:
    """The sources that a run learned from, as far as all of them are still there; otherwise none.

    Where it does not say which they were, those of its corpus's name, if that names built-in collections.
    """
    said = [str(source) for source in read_record(run).get("sources", ())]
    named = [name for name in str(read_split(run).get("corpus", "")).split() if not said]
    return [*said, *named] if there(said) and set(named) <= set(BUILT_IN) else []


def learned_from(run: Path, corpus: Corpus[Any]) -> bool:
    """Whether a run learned from exactly this corpus, divided in this way."""
    return bool(read_split(run).get("fingerprint") == corpus.fingerprint)
