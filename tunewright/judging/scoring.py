"""The scorecard of a set of tunes or pieces, beside held-out real music of a corpus.

In: candidates, from wherever they are, and a `Yardstick`. Out: a `Scorecard`. Without a yardstick music is judged by
itself: whether it is well formed, and what can be measured of one tune or piece. This file defines no measure, draws
nothing and asks no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tunewright.corpus.sources import Dropped
from tunewright.judging.kinds import KINDS, Kind
from tunewright.judging.remarks import remarks_on
from tunewright.judging.scorecard import Certificate, Originality, Scorecard
from tunewright.judging.yardstick import Yardstick, certify, tally
from tunewright.measuring.intervals import Floats, Value, match_values, mean_values, quantile_value
from tunewright.measuring.originality import COPIED, Borrowing
from tunewright.music.kinds import M
from tunewright.music.tune import Tune

SPREAD_DRAWS = 20  # sets drawn for measures of spread, which take ten times as long


def score(
    candidates: Sequence[Certificate[M]],
    yardstick: Yardstick[M] | None = None,
    *,
    kind: str = Tune.kind,
    title: str = "",
    unread: Sequence[Dropped] = (),
    seed: int = 0,
) -> Scorecard[M]:
    """The scorecard of this music; without a yardstick, whose kind it has, neither originality nor style is judged."""
    own: Kind[M] = yardstick.kind if yardstick else KINDS[kind]
    each = tuple(certify(candidates, own, yardstick))
    numbers = _numbers(each, own, yardstick, seed)
    measured = numbers | _matches(each, own, yardstick, seed)
    test, untold = own.compare(_heard(each), yardstick.held_out, yardstick.families, seed) if yardstick else (None, "")
    return Scorecard(
        kind=own.name,
        title=title,
        against=yardstick.corpus if yardstick else "",
        valid_rate=numbers["valid"],
        measures={name: measured[name] for name in own.measures},
        originality=_originality(each, yardstick, numbers, seed) if yardstick else None,
        two_sample=test,
        untold=untold if yardstick else own.uncompared,
        each=each,
        real=yardstick.real if yardstick else (),
        unread=tuple(unread),
        remarks=tuple(remarks_on(each, own.name, yardstick, unread)),
    )


def _heard(each: Sequence[Certificate[M]]) -> list[M]:
    return [one.music for one in each if one.music and one.notes]


Lines = tuple[float, float]  # notes and beats that 95 of 100 held-out tunes or pieces do not exceed

COLUMNS: Mapping[str, Callable[[Certificate[Any], Lines], float]] = {
    "valid": lambda one, _: one.valid,
    "copied": lambda one, _: one.copied if one.shared and one.shared.comparable else math.nan,
    "beyond": lambda one, lines: (
        _beyond(one.shared.line.length, one.shared.line.share, lines[0]) if one.shared else math.nan
    ),
    "beyond_beats": lambda one, lines: (
        _beyond(one.shared.beats.length, one.shared.beats.share, lines[1]) if one.shared else math.nan
    ),
    "near": lambda one, _: (
        one.shared.near.share >= COPIED if one.shared and not math.isnan(one.shared.near.share) else math.nan
    ),
}


def _beyond(length: int, share: float, line: float) -> float:
    return math.nan if math.isnan(share + line) else length > line


def _numbers(
    each: Sequence[Certificate[M]], kind: Kind[M], yardstick: Yardstick[M] | None, seed: int
) -> dict[str, Value]:
    """Means over the music of everything that one tune or piece has, by the names of `COLUMNS` and of measures."""
    lines = (yardstick.line, yardstick.beats_line) if yardstick else (math.nan, math.nan)
    columns = [name for name in COLUMNS if name != "beyond_beats" or kind.has_beats]
    ours, theirs = (_table(some, columns, kind, lines) for some in (each, yardstick.real if yardstick else ()))
    return dict(zip((*columns, *kind.of_one), mean_values(ours, theirs, seed), strict=True))


def _table(each: Sequence[Certificate[M]], columns: Sequence[str], kind: Kind[M], lines: Lines) -> Floats:
    rows = [
        [
            *(COLUMNS[name](one, lines) for name in columns),
            *(one.measures.get(name, math.nan) for name in kind.of_one),
        ]
        for one in each
    ]
    return np.array(rows, dtype=float).reshape(len(each), len(columns) + len(kind.of_one))


def _matches(
    each: Sequence[Certificate[M]], kind: Kind[M], yardstick: Yardstick[M] | None, seed: int
) -> dict[str, Value]:
    ours = tally(kind, each)
    if yardstick is None or not ours.tunes:
        return dict.fromkeys((*kind.of_set, *kind.spreads), Value(math.nan))
    found = match_values(ours, yardstick.tally, yardstick.style, kind.of_set, seed)
    if kind.spreads:
        found |= match_values(ours, yardstick.tally, yardstick.style, kind.spreads, seed, SPREAD_DRAWS)
    return found


def _originality(
    each: Sequence[Certificate[M]], yardstick: Yardstick[M], numbers: Mapping[str, Value], seed: int
) -> Originality:
    shared = [one.shared for one in each if one.shared]

    def quantile(ours: Borrowing, real: Borrowing, which: float) -> Value:
        mine, theirs = (np.array(borrowing.lengths, dtype=float) for borrowing in (ours, real))
        return quantile_value(mine, theirs, which, seed)

    lines = (Borrowing.of([one.line for one in shared]), yardstick.lines)
    of_beats: dict[str, Any] = {}
    if yardstick.kind.has_beats:
        beats = (Borrowing.of([one.beats for one in shared]), yardstick.beats)
        of_beats = {"median_beats": quantile(*beats, 0.5), "p90_beats": quantile(*beats, 0.9)}
        of_beats |= {"beyond_beats": numbers["beyond_beats"], "beats_line": yardstick.beats_line}
    return Originality(
        copy_rate=numbers["copied"],
        median_longest=quantile(*lines, 0.5),
        p90_longest=quantile(*lines, 0.9),
        beyond_line=numbers["beyond"],
        near_rate=numbers["near"],
        line=yardstick.line,
        indexed=len(yardstick.searched),
        **of_beats,
    )
