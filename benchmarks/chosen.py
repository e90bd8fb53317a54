"""Is what a run chooses harder to tell from real tunes than what it draws?

    python benchmarks/chosen.py RUN                  # with the run's critic, or one that is taught here and not kept
    python benchmarks/chosen.py RUN --settings       # nothing chosen, at several temperatures and cuts
    python benchmarks/chosen.py RUN --settings --held-out valid      # against the tunes to choose by

Draws `--best-of` candidates for each test tune of the run's corpus, and takes one of each by several scores: the first,
the likeliest by note, the one whose plan of returning bars is likeliest after the plans of training tunes (an n-gram of
`phrases.returns`), both of these, the run's critic, and a critic that was taught with its labels shuffled, which must
gain nothing. Each set is held against the test tunes, of whose families neither the run nor any critic has heard, by
the two-sample test with its 95 % interval; beside it the real-against-real floor, how often bars, two and four bars
return, how alike plans are, and how many tunes are copies of training tunes.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from tunewright.corpus.corpus import Corpus
from tunewright.generation.critic import Critic
from tunewright.generation.decoding import Decoding
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.judging.run_scorecard import longest_of
from tunewright.judging.teaching import TUNES, corpus_of, draw, teach, teach_net, usual_scores
from tunewright.measuring.impressions import hear
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.originality import Index, copy_rate, longest_shared
from tunewright.measuring.repetition import repetition_rate
from tunewright.measuring.styles import plan_match
from tunewright.measuring.two_sample import real_floor, two_sample
from tunewright.music.features import Features, features
from tunewright.music.phrases import returns
from tunewright.music.tune import Tune
from tunewright.training.base import run_folder
from tunewright.training.run import default_temperature, load_run

MOST = 500  # a side
SETTINGS: Sequence[tuple[float, Mapping[str, float]]] = (
    *((temperature, {}) for temperature in (0.7, 0.75, 0.8, 0.9, 1.0)),
    *((1.0, {"min_p": share}) for share in (0.02, 0.05, 0.1)),
    *((1.0, {"top_p": share}) for share in (0.9, 0.95)),
)
Score = Callable[[Generated[Tune]], float]


class Plans:
    """How likely the plan of a tune is after those of other tunes: an n-gram, each bar after the three before."""

    LONGEST = 3
    UNIFORM = 1 / (1 + 2 * 32)  # new, or the same or varied since up to 32 bars

    def __init__(self, tunes: Sequence[Tune]) -> None:
        self.seen: dict[tuple[Any, ...], Counter[Any]] = defaultdict(Counter)
        for tune in tunes:
            for context, bar in self._contexts(features(tune)):
                for longest in range(len(context)):
                    self.seen[context[: longest + 1]][bar] += 1

    def score(self, drawn: Generated[Tune]) -> float:
        """Nats to a bar."""
        found = [self._log_probability(*one) for one in self._contexts(features(drawn.music))] if drawn.music else []
        return statistics.fmean(found) if found else -math.inf

    def _contexts(self, seen: Features) -> list[tuple[tuple[Any, ...], Any]]:
        """For each bar its place in the section and the bars before it, the latest first; and what it is itself."""
        plan = list(returns(seen))
        kinds = [(kind, since) for _, kind, since in plan]
        return [
            ((place, *reversed(kinds[max(0, number - self.LONGEST) : number])), kinds[number])
            for number, (place, _, _) in enumerate(plan)
        ]

    def _log_probability(self, context: tuple[Any, ...], bar: Any) -> float:
        probability = self.UNIFORM
        for longest in range(len(context)):  # Witten-Bell
            if seen := self.seen.get(context[: longest + 1]):
                probability = (seen[bar] + len(seen) * probability) / (seen.total() + len(seen))
        return math.log(probability)


@dataclass
class Judged:
    """Real tunes that sets are held against."""

    real: tuple[Tune, ...]
    families: Sequence[int]
    index: Index
    seen: list[Features] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = [features(tune) for tune in self.real]

    def floor(self) -> None:
        """The row of real tunes."""
        found = real_floor(self.real, families=self.families, splits=3)
        half = len(self.seen) // 2
        self._print(
            "real tunes", f"{found.auc:.3f}", found.each_side, self.real, plan_match(self.seen[:half], self.seen[half:])
        )

    def row(self, name: str, drawn: Sequence[Generated[Tune]]) -> None:
        """The row of a set."""
        tunes = [one.music for one in drawn if one.music]
        found = two_sample(tunes, self.real, families=self.families, splits=0)
        auc = f"{found.auc:.3f} ({found.low:.3f}–{found.high:.3f})"
        self._print(name, auc, found.each_side, tunes, plan_match(tunes, self.seen))

    def _print(self, name: str, auc: str, sides: int, tunes: Sequence[Tune], plans: float) -> None:
        rates = [[repetition_rate(tune, bars) for tune in tunes] for bars in (1, 2, 4)]
        shown = " | ".join(f"{100 * float(np.nanmean(rate)):.1f} %" for rate in rates)
        copied = copy_rate(longest_shared(tunes, self.index))
        print(f"| {name} | {auc} | {sides} | {shown} | {100 * plans:.0f} % | {100 * copied:.1f} % |", flush=True)


def candidates(generator: Generator, count: int, best_of: int, seed: int) -> list[list[Generated[Tune]]]:
    """All that `--best-of` chooses among, for each of so many tunes."""
    found: dict[int, list[Generated[Tune]]] = defaultdict(list)

    def listen(one: Generated[Tune]) -> float:
        found[one.index].append(one)
        return 0.0

    list(generator.generate(count, seed=seed, best_of=best_of, score=listen, jobs=1))
    return [found[index] for index in range(count)]


def shuffled(generator: Generator, corpus: Corpus[Tune], tunes: int) -> Critic:
    """A critic that was taught with real and drawn tunes mixed on both sides."""
    real = [heard for tune in corpus.train[:tunes] if not tune.irregular and (heard := hear(tune))]
    drawn = draw(generator, len(real), 1, longest_of(generator, corpus))
    mixed = np.random.default_rng(0).permutation(len(real) + len(drawn))
    both = [*real, *drawn]
    net = teach_net([both[place] for place in mixed[::2]], [both[place] for place in mixed[1::2]], 1)
    critic = Critic((net,), {})
    return replace(critic, usual=usual_scores(drawn, np.zeros(len(drawn))))


def choosing(judged: Judged, generator: Generator, corpus: Corpus[Tune], given: argparse.Namespace) -> None:
    """A row for each way to choose."""
    critic = generator.critic
    if critic is None:
        taught = teach(generator, corpus, tunes=given.tunes)
        critic = taught.critic
    plans = Plans(corpus.train)
    scores: dict[str, Score] = {
        "likelihood": lambda one: one.log_likelihood_per_note,
        "plan": plans.score,
        "likelihood and plan": lambda one: one.log_likelihood_per_note + plans.score(one),
        "critic with shuffled labels": shuffled(generator, corpus, given.tunes // 3),
        "critic": critic,
    }
    drawn = candidates(generator, min(MOST, len(judged.real)), given.best_of, given.seed)
    judged.row("nothing chosen", [each[0] for each in drawn])
    for name, score in scores.items():
        marks = [[score(one) if one.valid else -math.inf for one in each] for each in drawn]
        for best_of in (2, 4, 8, 16, 32) if name == "critic" else (given.best_of,):
            if best_of <= given.best_of:
                best = [int(np.argmax(each[:best_of])) for each in marks]
                judged.row(f"best of {best_of} by {name}", [each[b] for each, b in zip(drawn, best, strict=True)])
    print(f"\nThe critic tells held-out real tunes from new ones: AUC {critic.facts['auc']:.3f}.", flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?")
    parser.add_argument("--best-of", type=int, default=8)
    parser.add_argument("--tunes", type=int, default=TUNES, help="that a critic learns from, where the run has none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--settings", action="store_true")
    parser.add_argument("--held-out", choices=("test", "valid"), default="test", help="valid: the tunes to choose by")
    given = parser.parse_args()
    if given.run is None:
        print("skipped: it takes a trained run whose tunes are still there")
        return
    torch.set_num_threads(1)
    run = load_run(run_folder(given.run))
    corpus = corpus_of(run)
    generator = replace(load_generator(run), usual=Decoding.of(default_temperature(run.path)))
    families = [family for family, part in zip(corpus.families, corpus.split, strict=True) if part == given.held_out]
    judged = Judged(getattr(corpus, given.held_out), families, kept_index(corpus.train))
    print("| tunes | told from real, AUC | a side | bars return | two bars | four bars | plans alike | copies |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    judged.floor()
    if not given.settings:
        choosing(judged, generator, corpus, given)
        return
    count = min(MOST, len(judged.real))
    for temperature, cut in SETTINGS:
        decoding = Decoding.of(temperature, **cut)  # type: ignore[arg-type]
        name = ", ".join([f"temperature {temperature:g}", *(f"{what} {share:g}" for what, share in cut.items())])
        judged.row(name, list(generator.generate(count, decoding=decoding, seed=given.seed, best_of=1)))


if __name__ == "__main__":
    main()
