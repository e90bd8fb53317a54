"""What judging asks of each kind of music: a table, so that tunes and pieces of several parts are judged in one way.

In: nothing. Out: `KINDS`, by `music.kind`. How a number is taken is `measuring`'s to say; what is done with it is said
in `yardstick`, `scoring`, `frontier` and `remarks`, which ask this table and no type.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from tunewright.formats.abc import format_abc
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.intervals import SetMeasure
from tunewright.measuring.originality import Resemblance, longest_shared, nearest
from tunewright.measuring.pieces.habits import style_of, style_of_all
from tunewright.measuring.pieces.originality import build_piece_index, called, shared_with
from tunewright.measuring.pieces.table import OF_PIECE, PIECE_MEASURES, SETS_OF_PIECES, measure_pieces
from tunewright.measuring.pieces.traits import FEWEST_PIECES, compare_pieces
from tunewright.measuring.styles import Style, match, transition_match
from tunewright.measuring.table import MEASURES, Habits, Measure, fit_habits, measure_each
from tunewright.measuring.two_sample import FEWEST, TwoSample, two_sample
from tunewright.music import piece as pieces
from tunewright.music import playing
from tunewright.music.features import features
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune

Told = tuple[TwoSample | None, str]  # what a classifier found; or None, and why there is no such number
Families = Sequence[Hashable]


@dataclass(frozen=True)
class Kind(Generic[M]):
    """How music of one kind is measured, compared and drawn for a scorecard."""

    name: str
    # how many
    most_real: int  # of held-out music that is measured, evenly spaced
    drawn: int  # from a run, where nobody says how many
    drawn_freely: int  # of those, at most, once more without the grammar
    cut_by_corpus: bool  # whether the corpus says when one is too long; else its writer does
    # words
    title: Callable[[M], str]
    text: Callable[[M], str]  # ABC; "" where there is none
    metre: Callable[[M], str]  # the first that it has
    drawn_text: Callable[[Any], str]  # of what was drawn, read or not
    fingerprint: Callable[[M], Hashable]  # the same for the same music in any key
    # numbers
    measures: tuple[str, ...]  # in their order
    of_one: tuple[str, ...]  # those that one has
    of_set: Mapping[str, SetMeasure]  # those of a set against a style
    spreads: Mapping[str, SetMeasure]  # of those, the ones that take ten times as long
    movement: Mapping[str, SetMeasure]  # the one measure of style that settings of a run are held against
    learn: Callable[[Sequence[M]], tuple[Style, Any]]  # what a corpus does how often, and its habits
    measure: Callable[[Iterable[M], Any], list[dict[str, float]]]  # with the habits of a corpus, or None
    style: Callable[[M], Style]
    # copies
    index: Callable[[Sequence[M]], Any]
    resemblances: Callable[[Sequence[M], Any], list[Resemblance]]
    has_beats: bool  # whether passages of all parts are looked for too
    has_score: bool  # whether the bits of each note can be shown on one
    # a classifier
    compare: Callable[[Sequence[M], Sequence[M], Families, int], Told]
    uncompared: str  # why there is none without a corpus


# ------------------------------------------------------------------------------------------------ tunes

_SETS_OF_TUNES = {name: measure for name, measure in MEASURES.items() if measure.of_set is not None}


def _learn_tunes(tunes: Sequence[Tune]) -> tuple[Style, Habits]:
    read = [features(tune) for tune in tunes]
    return Style.of(read), fit_habits(read)


def _resemblances(tunes: Sequence[Tune], index: Any) -> list[Resemblance]:
    found = zip(longest_shared(tunes, index), nearest(tunes, index), strict=True)
    return [Resemblance(shared, shared, near) for shared, near in found]


def _compare_tunes(ours: Sequence[Tune], real: Sequence[Tune], families: Families, seed: int) -> Told:
    if min(len(ours), len(real)) < FEWEST:
        return None, ""
    return two_sample(ours, real, families=families, seed=seed), ""


def _movement_of(style_match: Callable[[Style, Style], float]) -> dict[str, SetMeasure]:
    return {"style": Measure("how alike it moves", "match", 1, "more", "style", style_match, None, style_match)}


def _tunes_move_alike(ours: Style, real: Style) -> float:
    """The mean of the matches of degree, length and interval transitions, 0 to 1; NaN where one is undefined."""
    return statistics.fmean(transition_match(ours, real, of) for of in ("degree", "duration", "interval"))


TUNES: Kind[Tune] = Kind(
    Tune.kind,
    most_real=500,
    drawn=300,  # enough for a classifier to be asked
    drawn_freely=100,
    cut_by_corpus=True,
    title=lambda tune: tune.title,
    text=lambda tune: tune.text or format_abc(tune),
    drawn_text=lambda drawn: drawn.text,
    metre=lambda tune: str(tune.meter.plain),
    fingerprint=playing.fingerprint,
    measures=tuple(MEASURES),
    of_one=tuple(name for name, measure in MEASURES.items() if measure.of_tune is not None),
    of_set={name: measure for name, measure in _SETS_OF_TUNES.items() if measure.family != "spread"},
    spreads={name: measure for name, measure in _SETS_OF_TUNES.items() if measure.family == "spread"},
    movement=_movement_of(_tunes_move_alike),
    learn=_learn_tunes,
    measure=lambda tunes, habits: measure_each(tunes, habits or fit_habits([])),
    style=lambda tune: Style.of([tune]),
    index=kept_index,
    resemblances=_resemblances,
    has_beats=False,
    has_score=True,
    compare=_compare_tunes,
    uncompared="",
)


# ------------------------------------------------------------------------------------------------ pieces


def _compare_pieces(ours: Sequence[Piece], real: Sequence[Piece], families: Families, seed: int) -> Told:
    if min(len(ours), len(real)) < FEWEST_PIECES:
        told = f"{len(ours)} pieces and {len(real)} held-out ones"
        return None, f"{told}; a classifier needs at least {FEWEST_PIECES} of each"
    found = compare_pieces(ours, real, families=families, seed=seed)
    if math.isnan(found.auc):
        return None, "too few pieces of the two sides have a metre in common, or all are of the same few families"
    return found, ""


def _pieces_move_alike(ours: Style, real: Style) -> float:
    """The mean of the matches of pairs of chords, lengths and intervals, 0 to 1; NaN where one is undefined."""
    return statistics.fmean(match(ours, real, of) for of in ("chord pair", "duration", "interval"))


PIECES: Kind[Piece] = Kind(
    Piece.kind,
    most_real=300,
    drawn=100,
    drawn_freely=50,
    cut_by_corpus=False,
    title=called,
    text=lambda _: "",
    drawn_text=lambda _: "",
    metre=lambda piece: f"{piece.meters[0].numerator}/{piece.meters[0].denominator}" if piece.meters else "",
    fingerprint=pieces.fingerprint,
    measures=tuple(PIECE_MEASURES),
    of_one=tuple(OF_PIECE),
    of_set=SETS_OF_PIECES,
    spreads={},
    movement=_movement_of(_pieces_move_alike),
    learn=lambda learned: (style_of_all(learned), None),
    measure=lambda measured, _: measure_pieces(measured),
    style=style_of,
    index=build_piece_index,
    resemblances=shared_with,
    has_beats=True,
    has_score=False,
    compare=_compare_pieces,
    uncompared="held against no collection; name one with --against",
)
KINDS: Mapping[str, Kind[Any]] = {kind.name: kind for kind in (TUNES, PIECES)}
