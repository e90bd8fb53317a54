"""Teaching a run to tell its own tunes from real ones, so that it can choose among what it draws.

In: a trained run's generator and its corpus. Out: a `Critic`, and how well it tells tunes apart that it has not heard,
real ones of the families that were held out to choose by, and newly drawn ones. Of the test tunes nothing is heard
here: by them the two-sample test may judge what a critic has chosen (`benchmarks/chosen.py`), and that test counts
other things and is another kind of classifier. Of each metre the critic hears as many real tunes as drawn ones, by
weight, and what it says of a tune is counted from what it says of drawn tunes of that metre: it is to choose the better
jig, not a jig for a reel. This file judges no run and knows no command.

Source of the idea: Azadi et al., "Discriminator Rejection Sampling", 2019.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.generation.critic import Critic, new_net, save_critic, score_each, side_by_side
from tunewright.generation.decoding import Decoding
from tunewright.generation.generator import Generator, load_generator
from tunewright.judging.run_scorecard import longest_of, sources_of
from tunewright.measuring.impressions import METER_COLUMN, METERS, Impression, hear
from tunewright.measuring.intervals import Value
from tunewright.models.critic import CriticNet
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, CorpusError, RunError
from tunewright.support.threads import one_thread
from tunewright.training.base import refuse_to_change
from tunewright.training.run import MOST_CANDIDATES, Run, default_temperature, forget_critic, save_default_best_of

TUNES = 1500  # a side that are heard, where nobody says how many
FEWEST = 20  # real tunes to learn from
FEWEST_HELD_OUT = 5  # real tunes to try the critic on
MOST_HELD_OUT = 400
FAR = 2**40  # seeds from here on: nobody is shown the tunes that a critic has learned from

BATCH = 64
EPOCHS = (6, 12)  # at least and at most: as many as make about so many steps
STEPS = 300
RATE, WARMUP, LAST_RATE = 2e-3, 20, 0.02  # AdamW; the rate falls to this share of it, as a cosine does
DECAY = 0.02
SMOOTHING = 0.05  # what is taken from each label: no tune is certainly real
MOST_WEIGHT = 4.0  # of a tune of a metre that its side has little of
RESAMPLES = 300

Floats = npt.NDArray[np.float64]
Count = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A critic, and how well it tells real tunes of families that it has not heard from newly drawn ones."""

    critic: Critic
    auc: Value  # with an interval over tunes; 0.5: not at all
    real: int  # tunes that it learned from
    drawn: int
    tried_on: int  # real tunes held out, beside as many drawn or more

    @property
    def tells(self) -> bool:
        """Whether it can tell tunes apart at all, so that choosing by it is better than chance."""
        return self.auc.low > 0.5


def corpus_of(run: Run, read: Callable[[list[str]], Corpus[Any]] | None = None) -> Corpus[Any]:
    """The tunes that a run learned from; RunError where they are gone, or it draws pieces of several parts."""
    if run.config.music != Tune.kind:
        raise RunError(f"{run.path}: draws pieces of several parts; expected a run of tunes to teach a critic")
    sources = sources_of(run.path)
    if not sources:
        raise RunError(f"{run.path}: its tunes are gone, and without them nobody can tell what real ones are like")
    return read(sources) if read else read_corpus(*sources, melody=run.config.data.melody)


def teach_run(
    run: Run,
    corpus: Corpus[Tune],
    *,
    tunes: int = TUNES,
    best_of: int = 0,
    seed: int = 0,
    on_progress: Count | None = None,
) -> Taught:
    """Teach a run a critic and keep it in its folder, where it can tell tunes apart at all; one of before goes.

    With `best_of` that many are drawn of each tune from now on, where nobody says how many. Raises what `teach` raises,
    ConfigError for the model in the box, RunError where the run cannot be drawn from, OutputError where nothing can be
    written.
    """
    refuse_to_change(run.path)
    if best_of and not 1 <= best_of <= MOST_CANDIDATES:
        raise ConfigError(f"best_of is {best_of}; expected 1 to {MOST_CANDIDATES}")
    generator = replace(load_generator(run), usual=Decoding.of(default_temperature(run.path)))
    taught = teach(generator, corpus, tunes=tunes, seed=seed, on_progress=on_progress)
    if taught.tells:
        save_critic(run.path, taught.critic)
        if best_of:
            save_default_best_of(run.path, best_of)
    else:
        forget_critic(run.path)  # one of before heard other tunes, and perhaps other weights
    return taught


def teach(
    generator: Generator, corpus: Corpus[Tune], *, tunes: int = TUNES, seed: int = 0, on_progress: Count | None = None
) -> Taught:
    """A critic that has heard `tunes` real training tunes, or all there are, and as many as drawn by the run.

    Same seed, same critic. ConfigError for a run of pieces, and for fewer tunes than `FEWEST`; CorpusError where the
    corpus has too few to learn from or to try it on.
    """
    if generator.tokenizer.of is not Tune:
        raise ConfigError(f"{generator.name}: draws pieces of several parts; expected a run of tunes to teach a critic")
    if tunes < FEWEST:
        raise ConfigError(f"a critic is to hear {tunes} tunes; expected at least {FEWEST}")
    real, held_out = (_heard(part) for part in (_some(corpus.train, tunes, seed), corpus.valid[:MOST_HELD_OUT]))
    for found, least, what in ((real, FEWEST, "to learn from"), (held_out, FEWEST_HELD_OUT, "held out to try it on")):
        if len(found) < least:
            raise CorpusError(f"{corpus.name}: {len(found)} well-formed tunes {what}; expected at least {least}")
    trial = max(len(held_out), FEWEST)
    heard = draw(generator, len(real) + trial, seed, longest_of(generator, corpus), on_progress)
    if len(heard) < FEWEST + FEWEST_HELD_OUT:
        told = (
            f"drew {len(heard)} well-formed tunes of {len(real) + trial}; expected at least {FEWEST + FEWEST_HELD_OUT}"
        )
        raise RunError(f"{generator.name}: {told}, to learn from and to try a critic on: train it further")
    trial = min(trial, len(heard) - FEWEST)
    drawn, new = heard[:-trial], heard[-trial:]
    with one_thread():
        net = teach_net(real, drawn, seed)
        untold = Critic((net,), {})
        ours, theirs = score_each(untold, new), score_each(untold, held_out)
    critic = Critic((net,), {"tunes": len(real), "seed": seed}, usual_scores(new, ours))
    auc = auc_value(theirs, ours, seed)
    return Taught(critic.knowing(auc=auc.value, low=auc.low, high=auc.high), auc, len(real), len(drawn), len(held_out))


def draw(
    generator: Generator, count: int, seed: int, longest: int | None, on_progress: Count | None = None
) -> list[Impression]:
    """What is heard of so many tunes, as the run draws them usually but with nothing chosen, cut after `longest` ids.

    Those that are not well formed are left out.
    """
    found = []
    how: dict[str, Any] = {"seed": FAR + seed, "best_of": 1, "max_length": longest, "jobs": 0}
    for number, one in enumerate(generator.generate(count, **how), start=1):
        if one.valid and one.music is not None and (heard := hear(one.music)):
            found.append(heard)
        if on_progress:
            on_progress(number, count)
    return found


def _some(tunes: Sequence[Tune], count: int, seed: int) -> list[Tune]:
    places = np.random.default_rng(seed).permutation(len(tunes))
    well_formed = (tunes[place] for place in places if not tunes[place].irregular)
    return [tune for tune, _ in zip(well_formed, range(count), strict=False)]


def _heard(tunes: Sequence[Tune]) -> list[Impression]:
    """What is heard of those whose bars and repeats add up, as those of drawn tunes do."""
    return [heard for tune in tunes if not tune.irregular and (heard := hear(tune))]


# ------------------------------------------------------------------------------------------------ one network


def teach_net(real: Sequence[Impression], drawn: Sequence[Impression], seed: int = 0) -> CriticNet:
    """A network that has learned to give real tunes more than drawn ones."""
    heard = [*real, *drawn]
    is_real = np.arange(len(heard)) < len(real)
    labels = torch.from_numpy(np.where(is_real, 1 - SMOOTHING, SMOOTHING).astype(np.float32))
    weights = torch.from_numpy(_weights(heard, is_real))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = new_net().train()
        optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
        batches = list(_batches(heard, np.random.default_rng(seed)))
        for step, places in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = _rate(step, len(batches))
            said = net(side_by_side([heard[place] for place in places]))
            optimiser.zero_grad()
            loss = F.binary_cross_entropy_with_logits(said, labels[places], weights[places])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
    return net.eval()


def _rate(step: int, steps: int) -> float:
    falling = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
    return RATE * falling * min(1.0, (step + 1) / WARMUP)


def _batches(heard: Sequence[Impression], rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Places of tunes of much the same length, every tune once in each of the epochs."""
    sizes = np.array([len(one.notes) for one in heard])
    least, most = EPOCHS
    for _ in range(min(most, max(least, STEPS * BATCH // len(heard)))):
        order = np.argsort(sizes * np.exp(rng.normal(0, 0.15, len(sizes))), kind="stable")
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        yield from (batches[place] for place in rng.permutation(len(batches)))


def _weights(heard: Sequence[Impression], is_real: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Of each metre as much real as drawn; nothing of one that one side has not."""
    kinds = list(zip(map(_meter, heard), is_real.tolist(), strict=True))
    counts = Counter(kinds)
    found = [
        (counts[kind] + counts[meter, not real]) / (2 * counts[kind]) if counts[meter, not real] else 0.0
        for kind in kinds
        for meter, real in (kind,)
    ]
    return np.minimum(found, MOST_WEIGHT).astype(np.float32)


def _meter(heard: Impression) -> int:
    return int(heard.bars[0, METER_COLUMN])


# ------------------------------------------------------------------------------------------------ what it is worth


def usual_scores(drawn: Sequence[Impression], scores: Floats) -> Floats:
    """(metres, 2): mean and spread of what a critic says of drawn tunes, metre by metre.

    A metre of which there are few has the mean and the spread of all beside its own, as if `FEWEST` more of those.
    """
    finite, meters = np.isfinite(scores), np.array([_meter(one) for one in drawn])
    mean, variance = (scores[finite].mean(), scores[finite].var()) if finite.any() else (0.0, 1.0)
    found = np.empty((len(METERS) + 1, 2))
    for meter in range(len(found)):
        own = scores[finite & (meters == meter)]
        share = len(own) / (len(own) + FEWEST)
        centre = share * (own.mean() if len(own) else 0) + (1 - share) * mean
        spread = share * (own.var() if len(own) else 0) + (1 - share) * variance
        found[meter] = centre, max(math.sqrt(spread), 1e-3)
    return found


def auc_value(real: Floats, drawn: Floats, seed: int = 0) -> Value:
    """How often a real tune is given more than a drawn one, with an interval from resampled tunes."""
    wins = (real[:, None] > drawn) + 0.5 * (real[:, None] == drawn)
    rng = np.random.default_rng(seed)
    sides = [rng.multinomial(size, np.full(size, 1 / size), RESAMPLES) / size for size in wins.shape]
    low, high = np.quantile(np.einsum("rw,wv,rv->r", sides[0], wins, sides[1], optimize=True), (0.025, 0.975))
    return Value(float(wins.mean()), float(low), float(high))
