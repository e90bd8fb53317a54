"""The scorecard of a run: tunes drawn from it and judged, and how well it foresees tunes that it has never seen.

In: a trained run, its corpus and the yardstick of that. Out: a `Scorecard`. Tune i is drawn with seed S+i as
`generate` draws it, held to the grammar; some are drawn without it too, so that it does not hide what the model
has learnt. Likelihood is of the test tunes, which nothing was chosen by. This file judges no tune itself (`judging`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.sources import BUILT_IN, there
from tunewright.generation.surprise import forward
from tunewright.generation.tunes import Generated, Generator, generate
from tunewright.judging.certificate import Yardstick, judge_tunes
from tunewright.judging.scorecard import Certificate, Drawn, Remark, Scorecard
from tunewright.measuring.intervals import Value
from tunewright.models.likelihood import likelihood_interval, token_losses
from tunewright.music.kinds import Music
from tunewright.music.tune import Tune
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.training.run import read_record, read_split

TUNES = 300  # drawn where nobody says how many: enough for a classifier to be asked
RAW = 100  # of those, at most, drawn once more without the grammar
LONGER = 3  # times what 99 of 100 held-out tunes need: where a tune that does not end is cut

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Tunes of one setting of a run: as `generate` draws them, and some without the grammar."""

    tunes: tuple[Generated, ...]
    raw: tuple[Generated, ...]

    @property
    def candidates(self) -> list[Certificate[Tune]]:
        """The tunes as they are to be judged, named as `generate` names their files."""
        return [_candidate(one) for one in self.tunes]

    @property
    def masked_rate(self) -> float:
        """Share of the tunes that are strictly well formed."""
        return _share(self.tunes)

    @property
    def raw_rate(self) -> float:
        """The same without the grammar."""
        return _share(self.raw)

    @property
    def removed_mass(self) -> float:
        """Probability that the grammar took away, mean over the tunes."""
        removed = [one.removed_mass for one in self.tunes if one.removed_mass is not None]
        return math.fsum(removed) / len(removed) if removed else math.nan


def _candidate(one: Generated) -> Certificate[Tune]:
    bits = -one.log_likelihood_per_note / math.log(2)
    title = one.tune.title if one.tune else ""
    return Certificate(f"tune-{one.seed:03}", title, one.tune, one.error, one.text, bits_per_note=bits)


def _share(drawn: Sequence[Generated]) -> float:
    return sum(one.valid for one in drawn) / len(drawn) if drawn else math.nan


def sample_run(
    generator: Generator,
    count: int,
    temperature: float = 1.0,
    *,
    seed: int = 0,
    longest: int | None = None,
    on_progress: Progress | None = None,
) -> Sampled:
    """`count` tunes, and at most 100 of the same seeds without the grammar, cut after `longest` ids."""
    raw_count = min(count, RAW)

    def draw(many: int, before: int, free: bool) -> tuple[Generated, ...]:
        drawn = []
        cut = longest if free else None
        for one in generate(generator, many, temperature=temperature, seed=seed, free=free, max_length=cut, jobs=0):
            drawn.append(one)
            if on_progress:
                on_progress(before + len(drawn), count + raw_count)
        return tuple(drawn)

    return Sampled(draw(count, 0, False), draw(raw_count, count, True))


def judge_run(
    generator: Generator,
    yardstick: Yardstick | None,
    corpus: Corpus[Tune] | None = None,
    *,
    tunes: int = TUNES,
    temperature: float = 1.0,
    seed: int = 0,
    remarks: Sequence[Remark] = (),
    on_progress: Progress | None = None,
) -> Scorecard[Tune]:
    """The scorecard of a run's tunes; without a corpus neither likelihood, nor originality, nor style is judged.

    ConfigError for a temperature out of range.
    """
    longest = longest_of(generator, corpus)
    sampled = sample_run(generator, tunes, temperature, seed=seed, longest=longest, on_progress=on_progress)
    card = judge_tunes(sampled.candidates, yardstick, title=generator.name, seed=seed)
    rates = (sampled.raw_rate, len(sampled.raw), sampled.masked_rate, sampled.removed_mass)
    real = card.real
    if corpus is not None:
        found = bits_of_each(generator, [one.music for one in real if one.music])
        real = tuple(replace(one, bits_per_note=bits) for one, bits in zip(real, found, strict=True))
    bits, nats = held_out_likelihood(generator, corpus.test, seed) if corpus else (None, None)
    return replace(
        card,
        bits_per_note=bits,
        nats_per_token=nats,
        real=real,
        remarks=(*remarks, *card.remarks),
        drawn=Drawn(generator.name, temperature, seed, *rates),
    )


# ------------------------------------------------------------------------------------------------ likelihood


def held_out_likelihood(generator: Generator, tunes: Sequence[Music], seed: int = 0) -> tuple[Value, Value]:
    """Bits per note, and nats per token, of the tunes that the tokens cover, with intervals over tunes."""
    device = next(generator.model.parameters()).device
    passages = encode_passages(generator.tokenizer, tunes)
    found, low, high = likelihood_interval(forward(generator), passages, device, seed)
    return (
        Value(found.bits_per_note, low.bits_per_note, high.bits_per_note),
        Value(found.nats_per_character, low.nats_per_character, high.nats_per_character),
    )


def bits_of_each(generator: Generator, tunes: Sequence[Music]) -> list[float]:
    """Bits per note of each tune; NaN where the tokens do not cover it, or it has no notes."""
    read = [encode_passages(generator.tokenizer, [tune]) for tune in tunes]
    bits = iter(_bits(generator, [passage for passages in read for passage in passages]))
    return [next(bits) / max(passages[0].notes, 1) if passages else math.nan for passages in read]


def _bits(generator: Generator, passages: Sequence[Passage]) -> list[float]:
    """Bits of the body and end of each passage."""
    device = next(generator.model.parameters()).device
    losses = token_losses(forward(generator), passages, device)
    return [float(nats[passage.body - 1 :].sum()) / math.log(2) for nats, passage in zip(losses, passages, strict=True)]


def longest_of(generator: Generator, corpus: Corpus[Tune] | None) -> int | None:
    """Where a tune that does not end is cut: three times what 99 of 100 held-out tunes need; None without any."""
    held_out = (corpus.valid + corpus.test) if corpus else ()
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
