"""What a set of tunes is worth: the scorecard of the set, and a certificate for each tune, as values and as JSON.

In: nothing; `judging` and `frontier` make these values. Out: the same as plain data for `evaluate --json`. Every number
stands beside the same number for real tunes that were held out of the corpus. This file measures nothing, and has no
words for anybody: those are in `console` and on the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tunewright.corpus.sources import Dropped
from tunewright.measuring.originality import Near, Shared
from tunewright.music.tune import Tune
from tunewright.support.numbers import without_nan

if TYPE_CHECKING:
    from tunewright.measuring.two_sample import TwoSample


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a set of tunes, with its bootstrap 95 % interval over the tunes, beside that of real tunes.

    `real` is the mean over real sets of as many held-out tunes; `percentile` is where `value` lies among those sets, 0
    to 100, ties counting half. NaN for what is undefined: the measure itself, the interval of fewer than two tunes,
    or everything real where nothing is compared with.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    real: float = math.nan
    percentile: float = math.nan
    spread: float = math.nan  # standard deviation of those real sets


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """What is known of one tune.

    `percentile` is where its longest shared passage lies among those of the held-out real tunes, 0 to 100, the higher
    the more it shares; NaN where there is nothing to compare with. `copied`: half or more of it stands in one passage.
    """

    name: str  # "file:line" for a tune of a file, "no. SEED" for a drawn one
    title: str
    text: str  # ABC
    tune: Tune | None  # None where the text cannot be read
    valid: bool  # strictly well formed
    problem: str  # what is wrong, and where; "" where it is valid
    shared: Shared | None = None  # None without a corpus, or without a tune
    near: Near | None = None
    percentile: float = math.nan
    copied: bool = False
    measures: Mapping[str, float] = field(default_factory=dict)  # those of one tune, by the names in `MEASURES`
    percentiles: Mapping[str, float] = field(default_factory=dict)  # of each among the held-out real tunes, 0 to 100
    bits_per_note: float = math.nan  # how surprising the run finds it; NaN without a run

    @property
    def notes(self) -> int:
        """Written notes."""
        return len(self.tune.notes) if self.tune else 0


@dataclass(frozen=True, slots=True)
class Originality:
    """What a set of tunes shares with a corpus. Lengths in notes, rates from 0 to 1."""

    copy_rate: Value  # of tunes with half or more of their notes in one shared passage
    median_longest: Value
    p90_longest: Value
    beyond_line: Value  # of tunes whose longest passage is longer than `line`
    near_rate: Value  # of tunes with half or more of their notes in one passage of which a few notes were changed
    line: float  # notes: what 95 of 100 held-out tunes do not exceed; NaN without any
    indexed: int  # tunes compared with


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the tunes of a run were drawn, and what the grammar did; rates of strictly well formed tunes, 0 to 1."""

    run: str
    temperature: float
    seed: int  # of the first tune
    raw_rate: float  # without the grammar
    raw_tunes: int  # drawn for that
    masked_rate: float  # with it
    removed_mass: float  # probability that the grammar took away, mean over the tunes


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """A setting of a run: a temperature of its best weights, or a checkpoint at a temperature.

    All but `raw_rate` is of tunes drawn as `generate` draws them, held to the grammar.
    """

    temperature: float
    checkpoint: str  # file in the run folder
    step: int  # training steps behind it
    tunes: int
    valid_rate: Value
    raw_rate: float  # strictly well formed without the grammar, 0 to 1: what the model itself has learnt
    removed_mass: float  # probability that the grammar took away, mean over the tunes
    style: Value  # mean of the matches of degree, length and interval transitions, 0 to 1
    originality: Value  # 1 less the mean percentile of human borrowing, 0 to 1; real tunes have one half
    copy_rate: Value
    median_longest: Value
    shortfall: float  # of the worst of validity, style and originality, in standard deviations of real sets
    worst: str  # which of them: "valid_rate", "style" or "originality"; "" where none falls short of real tunes


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader of the numbers has to know; `key` and `values` say it in another language."""

    key: str
    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, eq=False)
class Scorecard:
    """What a set of tunes is worth, beside held-out real tunes of the corpus `against`.

    `measures` are by the names in `MEASURES`. `real` are certificates of the held-out tunes, for distributions.
    """

    title: str
    against: str  # name of the corpus; "" without one
    tunes: int  # judged; those that could not be read are in `unread`, or in `each` without a tune where drawn
    valid_rate: Value
    measures: Mapping[str, Value]
    originality: Originality | None  # None without a corpus
    two_sample: TwoSample | None  # None without a corpus, or where too few tunes were given
    bits_per_note: Value | None  # of the run on held-out test tunes; None without a run
    each: tuple[Certificate, ...]
    real: tuple[Certificate, ...] = ()
    unread: tuple[Dropped, ...] = ()
    remarks: tuple[Remark, ...] = ()
    drawn: Drawn | None = None  # None without a run
    frontier: tuple[FrontierPoint, ...] = ()  # by temperature, or by step
    knee: int | None = None  # which of `frontier`
    nats_per_token: Value | None = None  # of the same tunes, header and all: in the lab's unit, of a character or token


def perplexity(nats: Value) -> Value:
    """Among how many tokens, on the mean, the run is undecided: e to the nats per token."""
    return Value(math.exp(nats.value), math.exp(nats.low), math.exp(nats.high))


# ------------------------------------------------------------------------------------------------ as data


def describe_scorecard(card: Scorecard) -> dict[str, Any]:
    """The scorecard as plain data for JSON, None where a number is undefined."""
    found, test = card.originality, card.two_sample
    told: dict[str, Any] = {
        "title": card.title,
        "against": card.against,
        "tunes": card.tunes,
        "valid_rate": card.valid_rate.value,
        "well_formed": asdict(card.valid_rate),
        "measures": {name: asdict(value) for name, value in card.measures.items()},
        "originality": _originality(found),
        "two_sample_auc": test.auc if test else None,
        "two_sample": asdict(test) if test else None,
        "each": [_certificate(one) for one in card.each],
        "unread": [asdict(one) for one in card.unread],
        "remarks": [one.text for one in card.remarks],
    }
    if card.drawn is not None:
        told["bits_per_note"] = asdict(card.bits_per_note or Value(math.nan))
        nats = card.nats_per_token or Value(math.nan)
        told["nats_per_token"] = asdict(nats)
        told["perplexity"] = asdict(perplexity(nats))
        told["drawn"] = asdict(card.drawn)
    if card.frontier:
        told["frontier"] = [asdict(point) for point in card.frontier]
        told["knee"] = card.knee
    plain: dict[str, Any] = without_nan(told)
    return plain


def _originality(found: Originality | None) -> dict[str, Any]:
    """Each rate and length as a number, and beside it that of real tunes; all None without a corpus."""
    values = {name: getattr(found, name, Value(math.nan)) for name in OF_SETS}
    numbers = {name: value.value for name, value in values.items()}
    numbers |= {f"real_{name}": value.real for name, value in values.items()}
    return numbers | {
        "line": found.line if found else None,
        "indexed": found.indexed if found else None,
        "intervals": {name: asdict(value) for name, value in values.items()},
    }


OF_SETS = ("copy_rate", "median_longest", "p90_longest", "beyond_line", "near_rate")


def _certificate(one: Certificate) -> dict[str, Any]:
    shared, near = one.shared, one.near
    return {
        "name": one.name,
        "title": one.title,
        "valid": one.valid,
        "problem": one.problem,
        "notes": one.notes,
        "longest_shared": shared.length if shared else None,
        "shared_with": shared.title if shared else None,
        "shared_source": shared.source if shared else None,
        "share": shared.share if shared else None,
        "percentile": one.percentile,
        "copied": one.copied,
        "near": {"identity": near.identity, "notes": near.notes, "title": near.title, "source": near.source}
        if near and near.notes
        else None,
        "bits_per_note": one.bits_per_note,
        "measures": dict(one.measures),
        "percentiles": dict(one.percentiles),
    }
