"""How well a classifier tells a set of tunes from real ones, and what gives the set away.

In: tunes, and real tunes that they are to be like. Out: `TwoSample`: the area under the ROC curve (AUC) of a classifier
that is asked about tunes whose families it has not seen, 0.5 where the sets cannot be told apart, 1 where every tune
can; the same for real tunes against real tunes, without which the number has no scale; and the named traits in which
the sets differ most. Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", 2017.

What keeps it honest: both sides have as many tunes, matched in pairs by metre and by major or minor, and as far as they
go round by rhythm, mode and tonic too; tunes of one family, and the two of a pair, never lie on both sides of a fold,
so that neither a copy nor a header helps; tunes are compared as they are heard (`traits`).

This file does not say what a good number is, nor whether tunes are well formed or copied (`originality`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from tunewright.corpus.families import find_families
from tunewright.measuring.traits import SHAPES, Traits, Word, key_of_word, name_of_key, read_traits
from tunewright.music.rhythms import told_rhythm
from tunewright.music.tune import Tune

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ENOUGH = 250  # tunes a side, from which on a verdict may be given
MOST = 1000  # tunes a side that are looked at
FEWEST = 20  # tunes a side, below which there is no number
OFTEN = 5  # tunes of the training folds that have a word, for the classifier to look at it
SHAPE_WEIGHT = 0.2  # of a shape, between -1 and 1, beside the words of a kind, whose squares sum to 1
RESAMPLES = 300
DOUBT = 0.01  # how often a tell may be named, of all that could be, where there is none
MOST_TELLS = 5
ALIKE = 0.7  # rank correlation, from which on two tells say much the same
MINOR = ("minor", "dorian", "phrygian", "locrian")

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Pair = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tell:
    """A trait that tells the set from real tunes by itself."""

    key: str  # stays the same: "range", "degrees:7-b3", "interval:-5", "length:1/4"
    name: str  # in English, as in "they have more …"
    ours: float  # mean over the tunes; of degrees, intervals and lengths, the share of the notes
    real: float
    auc: float  # of the trait alone, from 0.5 on

    @property
    def direction(self) -> str:
        """Whether the set has "more" or "less" of it."""
        return "more" if self.ours > self.real else "less"


@dataclass(frozen=True, slots=True)
class Floor:
    """Real tunes against real tunes: what the test gives where there is nothing to tell apart."""

    auc: float  # mean over the splits; NaN where there are too few tunes
    splits: tuple[float, ...]  # one AUC for each random division of the families
    each_side: int  # tunes, in the smallest of them


@dataclass(frozen=True, slots=True)
class TwoSample:
    """A set of tunes against real ones; NaN where fewer than `FEWEST` tunes a side could be matched."""

    auc: float
    low: float  # bootstrap over families, 95 %
    high: float
    each_side: int  # tunes that were matched and compared
    enough: bool  # at least `ENOUGH`: with fewer, show the interval and give no verdict
    tells: tuple[Tell, ...]  # the strongest first; none that chance would name too
    floor: float  # mean AUC of real tunes against real tunes
    floors: tuple[float, ...]  # of each random division


def two_sample(
    tunes: Sequence[Tune],
    real: Sequence[Tune],
    *,
    families: Sequence[Hashable] | None = None,
    seed: int = 0,
    folds: int = 5,
    splits: int = 5,
) -> TwoSample:
    """How well `tunes` can be told from `real` ones.

    `families` are those of the real tunes, as far as known (`Corpus.families`); tunes on either side that are settings
    of one tune are found besides. `splits` random divisions of the real tunes make the floor, NaN with 0 of them.
    """
    return compare(tunes, real, _pool, families=families, seed=seed, folds=folds, splits=splits)


def compare(
    ours: Sequence[T],
    real: Sequence[T],
    read: Callable[[Sequence[T], Sequence[Hashable]], Pool],
    *,
    families: Sequence[Hashable] | None = None,
    seed: int = 0,
    folds: int = 5,
    splits: int = 5,
) -> TwoSample:
    """The same for music of any kind, of which `read` makes a `Pool`, given the families known of it."""
    assert families is None or len(families) == len(real)
    rng = np.random.default_rng(seed)
    chosen = [ours[place] for place in _kept(len(ours), rng)]
    kept = _kept(len(real), rng)
    known = [None] * len(chosen) + [families[place] if families else None for place in kept]
    pool = read([*chosen, *(real[place] for place in kept)], known)
    here, there = ([place for place in pool.usable if (place < len(chosen)) == mine] for mine in (True, False))
    tested = _test(pool, here, there, rng, folds)
    floor = _floor(pool, there, rng, folds, splits)
    return TwoSample(
        tested.auc,
        *tested.interval(rng),
        len(tested.pairs),
        len(tested.pairs) >= ENOUGH,
        tuple(_tells(pool, tested.pairs)),
        floor.auc,
        floor.splits,
    )


def real_floor(
    real: Sequence[Tune],
    *,
    families: Sequence[Hashable] | None = None,
    seed: int = 0,
    folds: int = 5,
    splits: int = 5,
) -> Floor:
    """Real tunes against real tunes of other families, `splits` times divided at random."""
    rng = np.random.default_rng(seed)
    kept = _kept(len(real), rng)
    pool = _pool([real[place] for place in kept], [families[place] if families else None for place in kept])
    return _floor(pool, pool.usable, rng, folds, splits)


def _kept(count: int, rng: np.random.Generator) -> list[int]:
    """Places of the tunes that are looked at: all, or `MOST` a side of a floor's two sides, at random."""
    return sorted(rng.permutation(count)[: 2 * MOST].tolist())


# ------------------------------------------------------------------------------------------------ what is compared


@dataclass(frozen=True)
class Pool:
    """All music that is looked at, as numbers; a row of a matrix is a tune."""

    usable: tuple[int, ...]  # places of those that have traits
    headers: tuple[tuple[Hashable, ...], ...]  # from coarse to fine
    families: Places
    shapes: Numbers  # (tunes, shapes)
    shares: csr_matrix  # (tunes, words): of the words of its kind that a tune has
    keys: tuple[str, ...]  # of each word, "" for one that is not named
    named: tuple[str, ...]  # keys of the shapes
    name_of: Callable[[str], str]  # of a key, in English

    @cached_property
    def roots(self) -> csr_matrix:
        """The square roots of the shares: between such rows, distance is Hellinger's."""
        return self.shares.sqrt()

    @cached_property
    def held(self) -> csr_matrix:
        """1 where a tune has a word."""
        return (self.shares > 0).astype(np.int64)


def build_pool(
    traits: Sequence[Traits | None],
    headers: Sequence[tuple[Hashable, ...]],
    families: Sequence[Sequence[Hashable]],
    shapes: Sequence[str],
    key_of: Callable[[Word], str],
    name_of: Callable[[str], str],
) -> Pool:
    """Traits as numbers: `shapes` are the keys of their shapes, `families` what is known of which belong together.

    Headers are three for each: what pairs have to have in common, and twice what they are to have as far as it goes.
    """
    usable = tuple(place for place, one in enumerate(traits) if one is not None)
    nothing = np.zeros(len(shapes))
    table = np.array([nothing if one is None else one.shape for one in traits]).reshape(-1, len(shapes))
    joined = _joined([link for known in families for link in _links(known)], len(traits))
    return Pool(usable, tuple(headers), joined, table, *_shares(traits, key_of), tuple(shapes), name_of)


def _pool(tunes: Sequence[Tune], known: Sequence[Hashable]) -> Pool:
    """The tunes, with the families known of them; None where not known."""
    traits = [read_traits(tune) for tune in tunes]
    headers = [_headers(tune) for tune in tunes]
    return build_pool(traits, headers, (find_families(tunes), known), tuple(SHAPES), key_of_word, name_of_key)


def _headers(tune: Tune) -> tuple[Hashable, ...]:
    """What pairs have in common: metre, and whether it is minor; rhythm; mode and tonic."""
    meter = (tune.meter.length, tune.meter.compound, tune.key.mode in MINOR)
    rhythm = (*meter, told_rhythm(tune))
    return meter, rhythm, (*rhythm, tune.key.mode, tune.key.tonic)


def _shares(traits: Sequence[Traits | None], key_of: Callable[[Word], str]) -> tuple[csr_matrix, tuple[str, ...]]:
    from scipy.sparse import csr_matrix

    numbers: dict[Word, int] = {}
    rows, columns, values = list[int](), list[int](), list[float]()
    for row, one in enumerate(traits):
        words = one.words if one else {}
        totals: dict[Hashable, int] = {}
        for word, count in words.items():
            totals[word[0]] = totals.get(word[0], 0) + count
        for word, count in words.items():
            rows.append(row)
            columns.append(numbers.setdefault(word, len(numbers)))
            values.append(count / totals[word[0]])
    shape = (len(traits), len(numbers))
    return csr_matrix((values, (rows, columns)), shape=shape), tuple(key_of(word) for word in numbers)


def _links(names: Sequence[Hashable]) -> Iterator[Pair]:
    """Each place with the first that has the same name; None is no name."""
    first: dict[Hashable, int] = {}
    for place, name in enumerate(names):
        if name is not None:
            yield first.setdefault(name, place), place


def _joined(links: Sequence[Pair], count: int) -> Places:
    """A number for each place, equal where links lead from one to the other."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    ones, others = [one for one, _ in links], [other for _, other in links]
    graph = csr_matrix((np.ones(len(links)), (ones, others)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _matched(pool: Pool, ours: Sequence[int], real: Sequence[int], rng: np.random.Generator) -> list[Pair]:
    """As many pairs as there are with the same metre, of the same rhythm, mode and tonic as far as that goes."""
    left, right = ([side[place] for place in rng.permutation(len(side))] for side in (ours, real))
    pairs: list[Pair] = []
    for level in (2, 1, 0):
        waiting: dict[Hashable, list[int]] = {}
        for place in right:
            waiting.setdefault(pool.headers[place][level], []).append(place)
        found = [(place, there.pop()) for place in left if (there := waiting.get(pool.headers[place][level]))]
        pairs += found
        done = {place for pair in found for place in pair}
        left, right = ([place for place in side if place not in done] for side in (left, right))
    return [pairs[place] for place in rng.permutation(len(pairs))[:MOST]]


# ------------------------------------------------------------------------------------------------ the test


@dataclass(frozen=True)
class _Tested:
    """What a classifier that had not seen their families made of pairs of tunes."""

    pairs: Sequence[Pair]
    scores: Numbers  # (2 n): of ours, then of the real ones in the same order
    groups: Places  # (2 n): what stays together
    fold: Places  # (2 n)

    @cached_property
    def auc(self) -> float:
        """Mean over the folds, each by its size; NaN without pairs."""
        return float(self._aucs(np.ones((1, len(self.scores))))[0]) if self.pairs else math.nan

    def interval(self, rng: np.random.Generator) -> tuple[float, float]:
        """Of the AUC, 95 %: what stays together is drawn again, with replacement."""
        if not self.pairs:
            return math.nan, math.nan
        weights = np.zeros((RESAMPLES, len(self.scores)))
        for fold in np.unique(self.fold):
            names, numbers = np.unique(self.groups[self.fold == fold], return_inverse=True)
            drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
            weights[:, self.fold == fold] = drawn[:, numbers]
        low, high = np.quantile(self._aucs(weights), (0.025, 0.975))
        return float(low), float(high)

    def _aucs(self, weights: Numbers) -> Numbers:
        """AUC for each row of weights (rows, 2 n)."""
        ours = np.arange(len(self.scores)) < len(self.pairs)
        won, pairs = np.zeros(len(weights)), np.zeros(len(weights))
        for fold in np.unique(self.fold):
            here, there = (np.flatnonzero((self.fold == fold) & side) for side in (ours, ~ours))
            margin = self.scores[here][:, None] - self.scores[there]
            wins = (margin > 0) + 0.5 * (margin == 0)  # (ours, real)
            size = weights[:, here].sum(1) * weights[:, there].sum(1)
            won += np.einsum("rw,wv,rv->r", weights[:, here], wins, weights[:, there]) / np.maximum(size, 1) * len(here)
            pairs += len(here)
        return won / pairs


def _test(pool: Pool, ours: Sequence[int], real: Sequence[int], rng: np.random.Generator, folds: int) -> _Tested:
    from sklearn.model_selection import GroupKFold

    pairs = _matched(pool, ours, real, rng)
    places = np.array([one for one, _ in pairs] + [other for _, other in pairs], dtype=np.int64)
    together = [*_links(pool.families[places].tolist()), *((place, place + len(pairs)) for place in range(len(pairs)))]
    groups = _joined(together, len(places))
    if len(pairs) < FEWEST or len(np.unique(groups)) < folds:
        return _Tested((), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    groups = rng.permutation(len(places))[groups]  # folds of another seed are other folds
    labels = np.arange(len(places)) < len(pairs)
    scores, fold = np.zeros(len(places)), np.zeros(len(places), np.int64)
    for number, (learn, test) in enumerate(GroupKFold(folds).split(places, groups=groups)):
        scores[test] = _scores(pool, places[learn], labels[learn], places[test])
        fold[test] = number
    return _Tested(pairs, scores, groups, fold)


def _scores(pool: Pool, learn: Places, labels: npt.NDArray[np.bool_], test: Places) -> Numbers:
    """How much each of `test` looks like one of ours, to a logistic regression that learned from the others."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import QuantileTransformer

    known = np.flatnonzero(np.asarray(pool.held[learn].sum(0)).ravel() >= OFTEN)
    scale = QuantileTransformer(n_quantiles=min(50, len(learn))).fit(pool.shapes[learn])
    rows = [
        hstack(
            [pool.roots[places][:, known], csr_matrix(SHAPE_WEIGHT * (2 * scale.transform(pool.shapes[places]) - 1))]
        )
        for places in (learn, test)
    ]
    model = LogisticRegression(solver="liblinear", max_iter=1000).fit(rows[0].tocsr(), labels)
    return np.asarray(model.decision_function(rows[1].tocsr()), dtype=np.float64)


def _floor(pool: Pool, real: Sequence[int], rng: np.random.Generator, folds: int, splits: int) -> Floor:
    """Families divided into two halves at random, and one held against the other."""
    tested = [_test(pool, *_halves(pool, real, rng), rng, folds) for _ in range(splits)]
    each_side = min((len(one.pairs) for one in tested), default=0)
    aucs = tuple(one.auc for one in tested)
    return Floor(float(np.mean(aucs)) if aucs else math.nan, aucs, each_side)


def _halves(pool: Pool, places: Sequence[int], rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Two halves of the tunes, families whole."""
    families = rng.permutation(np.unique(pool.families[list(places)])) if places else np.zeros(0)
    first = set(families[: len(families) // 2].tolist())
    return [p for p in places if pool.families[p] in first], [p for p in places if pool.families[p] not in first]


# ------------------------------------------------------------------------------------------------ what gives it away


def _tells(pool: Pool, pairs: Sequence[Pair]) -> Iterator[Tell]:
    """The strongest tells of matched tunes, but none that says much the same as a stronger one."""
    from scipy.stats import norm, rankdata

    if not pairs:
        return
    places = np.array([one for one, _ in pairs] + [other for _, other in pairs])
    keys, values = _candidates(pool, places)
    ranks = rankdata(values, axis=0)  # (2 n, candidates)
    aucs = (ranks[: len(pairs)].mean(0) - (len(pairs) + 1) / 2) / len(pairs)
    chance = norm.isf(DOUBT / 2 / len(keys)) * math.sqrt((2 * len(pairs) + 1) / 12) / len(pairs)
    named: list[int] = []
    for number in np.argsort(-abs(aucs - 0.5)):
        ours, real = values[: len(pairs), number].mean(), values[len(pairs) :, number].mean()
        if len(named) == MOST_TELLS or abs(aucs[number] - 0.5) < chance:
            return
        alike = (abs(np.corrcoef(ranks[:, number], ranks[:, other])[0, 1]) > ALIKE for other in named)
        if (ours > real) == (aucs[number] > 0.5) and not any(alike):
            named.append(number)
            auc = float(max(aucs[number], 1 - aucs[number]))
            yield Tell(keys[number], pool.name_of(keys[number]), float(ours), float(real), auc)


def _candidates(pool: Pool, places: Places) -> tuple[list[str], Numbers]:
    """Keys and values (tunes, candidates) of all that could be named and is not the same everywhere."""
    often = np.asarray(pool.held[places].sum(0)).ravel() >= max(OFTEN, len(places) // 20)
    words = [number for number, key in enumerate(pool.keys) if key and often[number]]
    keys = [*pool.named, *(pool.keys[number] for number in words)]
    values = np.hstack([pool.shapes[places], pool.shares[places][:, words].toarray()])
    varied = np.ptp(values, axis=0) > 0
    return [key for key, one in zip(keys, varied, strict=True) if one], values[:, varied]
