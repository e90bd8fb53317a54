"""What a set of tunes or of pieces is worth: the scorecard of the set, and a certificate for each, as values and JSON.

In: nothing; `scoring` and `frontier` make these values. Out: the same as plain data for `evaluate --json`. Every
number stands beside the same number for real music that was held out of the corpus. What exists for one kind of music
alone is empty for the other; the JSON of pieces says why under `not_applicable`. This file measures nothing, and has
no words for anybody: those are in `reports`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from tunewright.corpus.sources import Dropped
from tunewright.measuring.intervals import UNDEFINED, Value
from tunewright.measuring.originality import Resemblance, Shared
from tunewright.measuring.pieces.table import NOT_FOR_PIECES
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.numbers import without_nan

if TYPE_CHECKING:
    from tunewright.measuring.two_sample import TwoSample

_NOTES: Mapping[str, Callable[[Any], int]] = {Tune.kind: lambda tune: len(tune.notes), Piece.kind: lambda it: it.notes}


@dataclass(frozen=True, slots=True, eq=False)
class Certificate(Generic[M]):
    """What is known of one tune or piece; before it is judged, no more than whether it is well formed.

    `percentile` is where its longest shared passage of one line lies among those of the held-out real music, 0 to 100,
    the higher the more it shares; `beats_percentile` the same of beats of all parts. NaN where there is nothing to
    compare with.
    """

    name: str  # "file:line" for music of a file, "tune-SEED", "piece-SEED" for what was drawn
    title: str
    music: M | None  # None where a text cannot be read, or what was drawn spells no piece
    problem: str  # why it is not strictly well formed, and where; "" where it is
    text: str = ""  # ABC of a tune
    shared: Resemblance | None = None  # None without a corpus, or without music
    percentile: float = math.nan
    beats_percentile: float = math.nan  # of pieces alone
    measures: Mapping[str, float] = field(default_factory=dict)  # those that one tune or piece has, by name
    percentiles: Mapping[str, float] = field(default_factory=dict)  # of each among the held-out real music, 0 to 100
    bits_per_note: float = math.nan  # how surprising the run finds it; NaN without a run

    @property
    def valid(self) -> bool:
        """Whether it is strictly well formed."""
        return not self.problem

    @property
    def copied(self) -> bool:
        """Whether half or more of it stands in one passage of the corpus."""
        return self.shared is not None and self.shared.copied

    @property
    def notes(self) -> int:
        """Written notes of a tune; notes of all parts of a piece."""
        return _NOTES[self.music.kind](self.music) if self.music else 0


@dataclass(frozen=True, slots=True)
class Originality:
    """What a set shares with a corpus. Lengths in notes of one line, or in beats; rates from 0 to 1.

    A tune has one line; of a piece, a copy has half or more of its beats, or of its top line, in one passage.
    """

    copy_rate: Value  # of tunes with half or more of their notes in one shared passage
    median_longest: Value
    p90_longest: Value
    beyond_line: Value  # of tunes whose longest passage is longer than `line`
    near_rate: Value  # of tunes with half or more of their top line in a passage of which a few notes were changed
    line: float  # notes: what 95 of 100 held-out tunes do not exceed; NaN without any
    indexed: int  # tunes compared with
    # of beats of all parts, of pieces alone
    median_beats: Value = UNDEFINED
    p90_beats: Value = UNDEFINED
    beyond_beats: Value = UNDEFINED  # of pieces whose longest run of beats is longer than `beats_line`
    beats_line: float = math.nan


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the music of a run was drawn, and what the grammar did; rates of strictly well formed tunes, 0 to 1."""

    run: str
    temperature: float
    seed: int  # of the first tune
    raw_rate: float  # without the grammar
    raw_tunes: int  # drawn for that
    masked_rate: float  # with it
    removed_mass: float  # probability that the grammar took away, mean over the tunes
    best_of: int = 1  # drawings, of which each is the best
    chosen_by: str = "likelihood"  # or the run's "critic"


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
    style: Value  # mean of the matches by which the style of its kind of music is judged, 0 to 1
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
class Scorecard(Generic[M]):
    """What a set of music of one kind is worth, beside held-out real music of the corpus `against`.

    `measures` are by the names in the table of measures. `real` are certificates of the held-out music.
    """

    kind: str  # of music: "tune" or "piece"
    title: str
    against: str  # name of the corpus; "" without one
    valid_rate: Value
    measures: Mapping[str, Value]
    originality: Originality | None  # None without a corpus
    two_sample: TwoSample | None  # None without a corpus, or where too little was given
    each: tuple[Certificate[M], ...]  # those without music too; what could not be read is in `unread`
    real: tuple[Certificate[M], ...] = ()
    unread: tuple[Dropped, ...] = ()
    remarks: tuple[Remark, ...] = ()
    untold: str = ""  # why `two_sample` is None
    bits_per_note: Value | None = None  # of the run on held-out test music; None without a run
    nats_per_token: Value | None = None  # of the same, header and all: in the lab's unit, of a character or token
    drawn: Drawn | None = None  # None without a run
    frontier: tuple[FrontierPoint, ...] = ()  # by temperature, or by step
    knee: int | None = None  # which of `frontier`

    @property
    def count(self) -> int:
        """How many tunes or pieces were judged."""
        return len(self.each)


def perplexity(nats: Value) -> Value:
    """Among how many tokens, on the mean, the run is undecided: e to the nats per token."""
    return Value(math.exp(nats.value), math.exp(nats.low), math.exp(nats.high))


# ------------------------------------------------------------------------------------------------ as data

SEVERAL_PARTS = "a piece of several parts"
NOT_DONE: Mapping[str, str] = {
    "abc": f"{SEVERAL_PARTS} is MIDI; ABC here is one melody",
    "score": f"{SEVERAL_PARTS} is drawn as a piano roll: its file says nothing of spelling, ties and staves",
    "mode": "MIDI files state no mode that can be relied on",
    "rhythm": "dances are of tunes",
    "form": "a MIDI file has no repeat signs, endings or double bars",
    "surprise": "bits of single notes are of runs of tunes alone",
}
"""What else a scorecard of tunes has, and why one of pieces has it not."""

OF_LINES = ("copy_rate", "median_longest", "p90_longest", "beyond_line", "near_rate")
OF_BEATS = ("median_beats", "p90_beats", "beyond_beats")


@dataclass(frozen=True, slots=True)
class _Described:
    """What the JSON of one kind of music has of its own."""

    head: Mapping[str, str]
    of_sets: tuple[str, ...]  # fields of `Originality`
    lines: tuple[str, ...]  # fields of `Originality` that are no `Value`s
    lacks: Mapping[str, str]  # measures of the other kind, and why they are not of this one
    tail: Callable[[Scorecard[Any]], Mapping[str, Any]]


def _not_applicable(card: Scorecard[Any]) -> Mapping[str, Any]:
    untold = {"two_sample_auc": card.untold} if card.untold else {}
    return {"not_applicable": {**NOT_FOR_PIECES, **NOT_DONE, **untold}}


_DESCRIBED: Mapping[str, _Described] = {
    Tune.kind: _Described({}, OF_LINES, ("line",), {}, lambda _: {}),
    Piece.kind: _Described(
        {"kind": "pieces"}, OF_LINES + OF_BEATS, ("line", "beats_line"), NOT_FOR_PIECES, _not_applicable
    ),
}


def describe_scorecard(card: Scorecard[Any]) -> dict[str, Any]:
    """The scorecard as plain data for JSON, None where a number is undefined or not of that kind of music."""
    own, test = _DESCRIBED[card.kind], card.two_sample
    told: dict[str, Any] = {
        **own.head,
        "title": card.title,
        "against": card.against,
        "tunes": card.count,
        "valid_rate": card.valid_rate.value,
        "well_formed": asdict(card.valid_rate),
        "measures": {name: asdict(value) for name, value in card.measures.items()}
        | {name: asdict(UNDEFINED) for name in own.lacks},
        "originality": _originality(card.originality, own),
        "two_sample_auc": test.auc if test else None,
        "two_sample": asdict(test) if test else None,
        "each": [_CERTIFICATES[card.kind](one) for one in card.each],
        "unread": [asdict(one) for one in card.unread],
        "remarks": [one.text for one in card.remarks],
        **own.tail(card),
    }
    if card.drawn is not None:
        told["bits_per_note"] = asdict(card.bits_per_note or UNDEFINED)
        nats = card.nats_per_token or UNDEFINED
        told["nats_per_token"] = asdict(nats)
        told["perplexity"] = asdict(perplexity(nats))
        told["drawn"] = asdict(card.drawn)
    if card.frontier:
        told["frontier"] = [asdict(point) for point in card.frontier]
        told["knee"] = card.knee
    plain: dict[str, Any] = without_nan(told)
    return plain


def _originality(found: Originality | None, own: _Described) -> dict[str, Any]:
    """Each rate and length as a number, and beside it that of real music; all None without a corpus."""
    values = {name: getattr(found, name, UNDEFINED) for name in own.of_sets}
    numbers = {name: value.value for name, value in values.items()}
    numbers |= {f"real_{name}": value.real for name, value in values.items()}
    return {
        **numbers,
        **{name: getattr(found, name, None) for name in own.lines},
        "indexed": found.indexed if found else None,
        "intervals": {name: asdict(value) for name, value in values.items()},
    }


def _of_tune(one: Certificate[Tune]) -> dict[str, Any]:
    return {**_known(one), **_line(one), **_rest(one)}


def _of_piece(one: Certificate[Piece]) -> dict[str, Any]:
    piece, shared = one.music, one.shared
    return {
        **_known(one),
        "parts": len(piece.parts) if piece else 0,
        "bars": len(piece.bar_lines) if piece else 0,
        "seconds": piece.seconds if piece else 0.0,
        **_line(one, {"shared_part": _part(shared.line) if shared else None}),
        "top_line": _passage(shared.top) if shared else None,
        "beats": _passage(shared.beats) | {"percentile": one.beats_percentile} if shared else None,
        **_rest(one),
    }


_CERTIFICATES: Mapping[str, Callable[[Certificate[Any]], dict[str, Any]]] = {
    Tune.kind: _of_tune,
    Piece.kind: _of_piece,
}


def _known(one: Certificate[Any]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("name", "title", "valid", "problem", "notes")}


def _line(one: Certificate[Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    line = one.shared.line if one.shared else None
    return {
        "longest_shared": line.length if line else None,
        "shared_with": line.title if line else None,
        "shared_source": line.source if line else None,
        "share": line.share if line else None,
        **(more or {}),
        "percentile": one.percentile,
        "copied": one.copied,
    }


def _rest(one: Certificate[Any]) -> dict[str, Any]:
    near = one.shared.near if one.shared else None
    return {
        "near": {"identity": near.identity, "notes": near.notes, "title": near.title, "source": near.source}
        if near and near.notes
        else None,
        "bits_per_note": one.bits_per_note,
        "measures": dict(one.measures),
        "percentiles": dict(one.percentiles),
    }


def _part(line: Shared) -> int | None:
    """The part that a passage stands in, from 1; None for the top line of all."""
    return line.part + 1 if line.length and line.part >= 0 else None


def _passage(one: Shared) -> dict[str, Any]:
    return {"length": one.length, "of": one.of, "share": one.share, "title": one.title, "source": one.source}
