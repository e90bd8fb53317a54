"""What a set of pieces of several parts is worth: the scorecard of the set, and a certificate for each piece.

In: nothing; `piece_judging` makes these values. Out: the same as plain data for `evaluate --json`, with the keys that
the scorecard of tunes has. What exists for tunes alone is null there, and `not_applicable` says why. Every number
stands beside the same number for real pieces that were held out. This file measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tunewright.corpus.sources import Dropped
from tunewright.judging.scorecard import Drawn, Remark, Value, perplexity
from tunewright.measuring.piece_originality import PieceShared, SharedBeats, SharedLine
from tunewright.measuring.piece_table import NOT_FOR_PIECES
from tunewright.music.piece import Piece
from tunewright.support.numbers import without_nan

if TYPE_CHECKING:
    from tunewright.measuring.two_sample import TwoSample

SEVERAL_PARTS = "a piece of several parts"
NOT_DONE: Mapping[str, str] = {
    "abc": f"{SEVERAL_PARTS} is MIDI; ABC here is one melody",
    "score": f"{SEVERAL_PARTS} is drawn as a piano roll: its file says nothing of spelling, ties and staves",
    "mode": "MIDI files state no mode that can be relied on",
    "rhythm": "dances are of tunes",
    "form": "a MIDI file has no repeat signs, endings or double bars",
    "frontier": "settings are held against one another for runs of tunes alone",
    "surprise": "bits of single notes are of runs of tunes alone",
}
"""What else a scorecard of tunes has, and why one of pieces has it not."""


@dataclass(frozen=True, slots=True, eq=False)
class PieceCertificate:
    """What is known of one piece.

    `percentile` is where its longest shared passage of one line lies among those of the held-out real pieces, 0 to
    100, the higher the more it shares; `beats_percentile` the same of beats of all parts. NaN where there is nothing
    to compare with.
    """

    name: str  # "file:1" for a piece of a file, "piece-SEED" for a drawn one
    title: str
    piece: Piece | None  # None where what was drawn spells none
    problem: str  # why it is not well formed; "" where it is
    shared: PieceShared | None = None  # None without a corpus, or without a piece
    percentile: float = math.nan
    beats_percentile: float = math.nan
    measures: Mapping[str, float] = field(default_factory=dict)  # by the names in `PIECE_MEASURES`
    percentiles: Mapping[str, float] = field(default_factory=dict)  # of each among the held-out real pieces, 0 to 100
    bits_per_note: float = math.nan  # how surprising the run finds it; NaN without a run

    @property
    def valid(self) -> bool:
        """Whether it is well formed."""
        return not self.problem

    @property
    def copied(self) -> bool:
        """Whether half or more of its beats, or of its top line, stand in one passage of another piece."""
        return self.shared is not None and self.shared.copied

    @property
    def notes(self) -> int:
        """Notes of all parts."""
        return self.piece.notes if self.piece else 0


@dataclass(frozen=True, slots=True)
class PieceOriginality:
    """What a set of pieces shares with a corpus; rates from 0 to 1."""

    copy_rate: Value  # of pieces with half or more of their beats, or of their top line, in one passage
    median_longest: Value  # notes of the longest passage of a line
    p90_longest: Value
    beyond_line: Value  # of pieces whose longest passage of a line is longer than `line`
    near_rate: Value  # of pieces with half or more of their top line in a passage of which a few notes were changed
    median_beats: Value  # beats of the longest run with all parts
    p90_beats: Value
    beyond_beats: Value  # of pieces whose longest run is longer than `beats_line`
    line: float  # notes: what 95 of 100 held-out pieces do not exceed; NaN without any
    beats_line: float  # beats: the same
    indexed: int  # pieces compared with


OF_SETS = (
    "copy_rate",
    "median_longest",
    "p90_longest",
    "beyond_line",
    "near_rate",
    "median_beats",
    "p90_beats",
    "beyond_beats",
)


@dataclass(frozen=True, slots=True, eq=False)
class PieceScorecard:
    """What a set of pieces is worth, beside held-out real pieces of the corpus `against`."""

    title: str
    against: str  # name of the corpus; "" without one
    valid_rate: Value
    measures: Mapping[str, Value]  # by the names in `PIECE_MEASURES`
    originality: PieceOriginality | None  # None without a corpus
    two_sample: TwoSample | None  # None where `untold` says why
    untold: str
    each: tuple[PieceCertificate, ...]
    real: tuple[PieceCertificate, ...] = ()
    unread: tuple[Dropped, ...] = ()
    remarks: tuple[Remark, ...] = ()
    bits_per_note: Value | None = None  # of the run on held-out test pieces; None without a run
    nats_per_token: Value | None = None  # of the same
    drawn: Drawn | None = None  # None without a run

    @property
    def pieces(self) -> int:
        """How many were judged."""
        return len(self.each)


# ------------------------------------------------------------------------------------------------ as data


def describe_pieces_scorecard(card: PieceScorecard) -> dict[str, Any]:
    """The scorecard as plain data for JSON, None where a number is undefined or not of pieces."""
    found, test = card.originality, card.two_sample
    values = {name: getattr(found, name) if found else Value(math.nan) for name in OF_SETS}
    told: dict[str, Any] = {
        "kind": "pieces",
        "title": card.title,
        "against": card.against,
        "tunes": card.pieces,
        "valid_rate": card.valid_rate.value,
        "well_formed": asdict(card.valid_rate),
        "measures": {name: asdict(value) for name, value in card.measures.items()}
        | {name: asdict(Value(math.nan)) for name in NOT_FOR_PIECES},
        "originality": {name: value.value for name, value in values.items()}
        | {f"real_{name}": value.real for name, value in values.items()}
        | {
            "line": found.line if found else None,
            "beats_line": found.beats_line if found else None,
            "indexed": found.indexed if found else None,
            "intervals": {name: asdict(value) for name, value in values.items()},
        },
        "two_sample_auc": test.auc if test else None,
        "two_sample": asdict(test) if test else None,
        "each": [_certificate(one) for one in card.each],
        "unread": [asdict(one) for one in card.unread],
        "remarks": [one.text for one in card.remarks],
        "not_applicable": {**NOT_FOR_PIECES, **NOT_DONE, **({"two_sample_auc": card.untold} if card.untold else {})},
    }
    if card.drawn is not None:
        nats = card.nats_per_token or Value(math.nan)
        told["bits_per_note"] = asdict(card.bits_per_note or Value(math.nan))
        told["nats_per_token"] = asdict(nats)
        told["perplexity"] = asdict(perplexity(nats))
        told["drawn"] = asdict(card.drawn)
    plain: dict[str, Any] = without_nan(told)
    return plain


def _certificate(one: PieceCertificate) -> dict[str, Any]:
    shared = one.shared
    return {
        "name": one.name,
        "title": one.title,
        "valid": one.valid,
        "problem": one.problem,
        "notes": one.notes,
        "parts": len(one.piece.parts) if one.piece else 0,
        "bars": len(one.piece.bar_lines) if one.piece else 0,
        "seconds": one.piece.seconds if one.piece else 0.0,
        "longest_shared": shared.line.length if shared else None,
        "shared_with": shared.line.title if shared else None,
        "shared_source": shared.line.source if shared else None,
        "share": shared.line.share if shared else None,
        "shared_part": _part(shared.line) if shared else None,
        "percentile": one.percentile,
        "copied": one.copied,
        "top_line": _passage(shared.top) if shared else None,
        "beats": _passage(shared.beats) | {"percentile": one.beats_percentile} if shared else None,
        "near": {"identity": near.identity, "notes": near.notes, "title": near.title, "source": near.source}
        if shared and (near := shared.near).notes
        else None,
        "bits_per_note": one.bits_per_note,
        "measures": dict(one.measures),
        "percentiles": dict(one.percentiles),
    }


def _part(line: SharedLine) -> int | None:
    """The part that a passage stands in, from 1; None for the top line of all."""
    return line.part + 1 if line.length and line.part >= 0 else None


def _passage(one: SharedLine | SharedBeats) -> dict[str, Any]:
    return {"length": one.length, "of": one.of, "share": one.share, "title": one.title, "source": one.source}
