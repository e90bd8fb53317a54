"""The scorecard of a set of pieces of several parts, of files or drawn from a run, beside real pieces of a corpus.

In: pieces, or a run whose tokens spell pieces; and a `PieceYardstick`: what a corpus does how often, what its held-out
pieces share with the others, and how those measure. Out: a `Scorecard[Piece]`. Without a yardstick pieces are judged by
themselves. This file defines no measure, draws no piece itself and writes no page.

The held-out pieces are measured against the training pieces as ours are: that is the column `real`. What ours share is
looked for in the training pieces alone where a model learned from those, and in all of the corpus otherwise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tunewright.corpus.corpus import PieceCorpus
from tunewright.corpus.sources import Dropped
from tunewright.formats.validity import fault_of
from tunewright.generation.generator import Generator
from tunewright.generation.pieces import GeneratedPiece, generate_pieces
from tunewright.judging.run_scorecard import bits_of_each, held_out_likelihood
from tunewright.judging.scorecard import Certificate, Drawn, Originality, Remark, Scorecard
from tunewright.measuring.intervals import (
    Floats,
    Tally,
    Value,
    match_values,
    mean_values,
    percentile_among,
    quantile_value,
)
from tunewright.measuring.originality import COPIED, Borrowing, Resemblance
from tunewright.measuring.piece_habits import style_of, style_of_all
from tunewright.measuring.piece_originality import PieceIndex, build_piece_index, called, shared_with
from tunewright.measuring.piece_table import OF_PIECE, PIECE_MEASURES, SETS_OF_PIECES, measure_pieces
from tunewright.measuring.piece_traits import FEWEST_PIECES, compare_pieces
from tunewright.measuring.styles import Style
from tunewright.measuring.two_sample import TwoSample
from tunewright.music.piece import Piece, fingerprint
from tunewright.tokens.contract import encode_passages

MOST_REAL = 300  # held-out pieces that are measured, evenly spaced
FEW_REAL = 50  # held-out pieces below which percentiles mean little
LINE = 95.0  # percent of human borrowing
PIECES = 100  # drawn where nobody says how many
RAW = 50  # of those, at most, drawn once more without the rules

Progress = Callable[[int, int], None]


# ------------------------------------------------------------------------------------------------ what is held against


@dataclass(frozen=True, eq=False)
class PieceYardstick:
    """What of a corpus pieces are held against, counted, indexed and measured once."""

    corpus: str
    style: Style  # of the training pieces
    index: PieceIndex  # of the pieces that ours may have been copied from
    searched: tuple[Piece, ...]  # those pieces, in the order of `Shared.there`
    real: tuple[Certificate[Piece], ...]  # of held-out pieces, at most 300
    held_out: tuple[Piece, ...]  # all of them
    families: tuple[int, ...]  # of all of them

    @cached_property
    def tally(self) -> Tally:
        """What each of the held-out pieces does how often."""
        return _tally(self.real)

    @cached_property
    def lines(self) -> Borrowing:
        """What the held-out pieces share with the training pieces, line by line."""
        return Borrowing.of([one.shared.line for one in self.real if one.shared])

    @cached_property
    def beats(self) -> Borrowing:
        """What they share with all their parts."""
        return Borrowing.of([one.shared.beats for one in self.real if one.shared])

    @cached_property
    def spread(self) -> Mapping[str, Floats]:
        """The values of each measure over the held-out pieces."""
        return {name: np.array([one.measures.get(name, math.nan) for one in self.real]) for name in OF_PIECE}


def build_piece_yardstick(corpus: PieceCorpus, *, learned: bool = False) -> PieceYardstick:
    """The yardstick of a corpus; `learned` where a model learned from its training pieces and knows no others."""
    numbers = [number for number, part in enumerate(corpus.split) if part != "train"]
    count = min(MOST_REAL, len(numbers))
    chosen = [corpus.pieces[numbers[len(numbers) * place // count]] for place in range(count)]
    index = build_piece_index(corpus.train)
    whole = index if learned else build_piece_index(corpus.pieces)
    return PieceYardstick(
        corpus.name,
        style_of_all(corpus.train),
        whole,
        corpus.train if learned else corpus.pieces,
        tuple(_certify([of_file(piece) for piece in chosen], index)),
        tuple(corpus.pieces[number] for number in numbers),
        tuple(corpus.families[number] for number in numbers),
    )


def _tally(each: Iterable[Certificate[Piece]]) -> Tally:
    return Tally.of([style_of(one.music) for one in each if one.music and one.music.notes])


# ------------------------------------------------------------------------------------------------ certificates


def of_file(piece: Piece) -> Certificate[Piece]:
    """A piece of a file, of which nothing is known yet but whether it is well formed."""
    return Certificate(piece.source, called(piece), piece, fault_of(piece))


def of_run(one: GeneratedPiece) -> Certificate[Piece]:
    """A drawn piece, named as `generate` names its files."""
    bits = -one.log_likelihood_per_note / math.log(2)
    return Certificate(f"piece-{one.seed:03}", one.title, one.piece, one.error, bits_per_note=bits)


def _certify(each: Sequence[Certificate[Piece]], index: PieceIndex | None) -> list[Certificate[Piece]]:
    """The same measured and compared, without percentiles."""
    pieces = [one.music for one in each if one.music]
    measured = iter(measure_pieces(pieces))
    shared: Iterator[Resemblance | None] = iter(shared_with(pieces, index) if index else [None] * len(pieces))
    return [replace(one, measures=next(measured), shared=next(shared)) if one.music else one for one in each]


def certify_pieces(each: Sequence[Certificate[Piece]], yardstick: PieceYardstick | None) -> list[Certificate[Piece]]:
    """Certificates with measures, what is shared, and where both lie among the held-out real pieces."""
    if yardstick is None:
        return _certify(each, None)
    return [_placed(one, yardstick) for one in _certify(each, yardstick.index)]


def _placed(one: Certificate[Piece], yardstick: PieceYardstick) -> Certificate[Piece]:
    of_measures = {name: percentile_among(value, yardstick.spread[name]) for name, value in one.measures.items()}
    if one.shared is None or not one.shared.comparable:
        return replace(one, percentiles=of_measures)
    beats = one.shared.beats
    return replace(
        one,
        percentile=yardstick.lines.percentile(one.shared.line.length),
        beats_percentile=math.nan if math.isnan(beats.share) else yardstick.beats.percentile(beats.length),
        percentiles=of_measures,
    )


# ------------------------------------------------------------------------------------------------ the scorecard


def judge_pieces(
    candidates: Sequence[Certificate[Piece]],
    yardstick: PieceYardstick | None = None,
    *,
    title: str = "",
    unread: Sequence[Dropped] = (),
    remarks: Sequence[Remark] = (),
    seed: int = 0,
) -> Scorecard[Piece]:
    """The scorecard of these pieces; without a yardstick neither originality nor style is judged."""
    each = tuple(certify_pieces(candidates, yardstick))
    numbers = _numbers(each, yardstick, seed)
    test, untold = _two_sample(each, yardstick, seed)
    measured = numbers | _matches(each, yardstick, seed)
    return Scorecard(
        kind=Piece.kind,
        title=title,
        against=yardstick.corpus if yardstick else "",
        valid_rate=numbers["valid"],
        measures={name: measured[name] for name in PIECE_MEASURES},
        originality=_originality(each, yardstick, numbers, seed) if yardstick else None,
        two_sample=test,
        untold=untold,
        each=each,
        real=yardstick.real if yardstick else (),
        unread=tuple(unread),
        remarks=(*remarks, *_remarks(each, yardstick, unread)),
    )


Lines = tuple[float, float]  # notes and beats that 95 of 100 held-out pieces do not exceed

COLUMNS: Mapping[str, Callable[[Certificate[Piece], Lines], float]] = {
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


def _numbers(each: Sequence[Certificate[Piece]], yardstick: PieceYardstick | None, seed: int) -> dict[str, Value]:
    """Means over the pieces of everything that one has, by the names of `COLUMNS` and `PIECE_MEASURES`."""
    lines = (yardstick.lines.line(LINE), yardstick.beats.line(LINE)) if yardstick else (math.nan, math.nan)
    real = yardstick.real if yardstick else ()
    ours, theirs = (_table(pieces, lines) for pieces in (each, real))
    return dict(zip((*COLUMNS, *OF_PIECE), mean_values(ours, theirs, seed), strict=True))


def _table(each: Sequence[Certificate[Piece]], lines: Lines) -> Floats:
    rows = [
        [
            *(column(one, lines) for column in COLUMNS.values()),
            *(one.measures.get(name, math.nan) for name in OF_PIECE),
        ]
        for one in each
    ]
    return np.array(rows, dtype=float).reshape(len(each), len(COLUMNS) + len(OF_PIECE))


def _matches(each: Sequence[Certificate[Piece]], yardstick: PieceYardstick | None, seed: int) -> dict[str, Value]:
    ours = _tally(each)
    if yardstick is None or not ours.tunes:
        return dict.fromkeys(SETS_OF_PIECES, Value(math.nan))
    return match_values(ours, yardstick.tally, yardstick.style, SETS_OF_PIECES, seed)


def _two_sample(
    each: Sequence[Certificate[Piece]], yardstick: PieceYardstick | None, seed: int
) -> tuple[TwoSample | None, str]:
    """How well a classifier tells the pieces from held-out ones; or None, and why there is no such number."""
    if yardstick is None:
        return None, "held against no collection; name one with --against"
    pieces = [one.music for one in each if one.music and one.music.notes]
    fewest = min(len(pieces), len(yardstick.held_out))
    if fewest < FEWEST_PIECES:
        told = f"{len(pieces)} pieces and {len(yardstick.held_out)} held-out ones"
        return None, f"{told}; a classifier needs at least {FEWEST_PIECES} of each"
    found = compare_pieces(pieces, yardstick.held_out, families=yardstick.families, seed=seed)
    if math.isnan(found.auc):
        return None, "too few pieces of the two sides have a metre in common, or all are of the same few families"
    return found, ""


def _originality(
    each: Sequence[Certificate[Piece]], yardstick: PieceYardstick, numbers: Mapping[str, Value], seed: int
) -> Originality:
    shared = [one.shared for one in each if one.shared]
    of_lines = (Borrowing.of([one.line for one in shared]), yardstick.lines)
    of_beats = (Borrowing.of([one.beats for one in shared]), yardstick.beats)

    def quantile(both: tuple[Borrowing, Borrowing], which: float) -> Value:
        ours, real = (np.array(borrowing.lengths, dtype=float) for borrowing in both)
        return quantile_value(ours, real, which, seed)

    return Originality(
        copy_rate=numbers["copied"],
        median_longest=quantile(of_lines, 0.5),
        p90_longest=quantile(of_lines, 0.9),
        beyond_line=numbers["beyond"],
        near_rate=numbers["near"],
        median_beats=quantile(of_beats, 0.5),
        p90_beats=quantile(of_beats, 0.9),
        beyond_beats=numbers["beyond_beats"],
        line=yardstick.lines.line(LINE),
        beats_line=yardstick.beats.line(LINE),
        indexed=len(yardstick.searched),
    )


# ------------------------------------------------------------------------------------------------ a run


def judge_piece_run(
    generator: Generator,
    yardstick: PieceYardstick | None,
    corpus: PieceCorpus | None = None,
    *,
    pieces: int = PIECES,
    temperature: float = 1.0,
    seed: int = 0,
    remarks: Sequence[Remark] = (),
    on_progress: Progress | None = None,
) -> Scorecard[Piece]:
    """The scorecard of a run's pieces; without a corpus neither likelihood, nor originality, nor style is judged.

    Piece i is drawn with seed S+i, held to the rules; at most 50 of the same seeds are drawn without them too.
    """
    raw_count = min(pieces, RAW)

    def draw(many: int, before: int, free: bool) -> list[GeneratedPiece]:
        drawn = []
        for one in generate_pieces(generator, many, temperature=temperature, seed=seed, free=free, jobs=0):
            drawn.append(one)
            if on_progress:
                on_progress(before + len(drawn), pieces + raw_count)
        return drawn

    drawn, raw = draw(pieces, 0, False), draw(raw_count, pieces, True)
    card = judge_pieces(list(map(of_run, drawn)), yardstick, title=generator.name, seed=seed, remarks=remarks)
    removed = [one.removed_mass for one in drawn if one.removed_mass is not None]
    raw_rate, rate = (sum(one.valid for one in some) / len(some) for some in (raw, drawn))
    mass = math.fsum(removed) / len(removed) if removed else math.nan
    told = Drawn(generator.name, temperature, seed, raw_rate, raw_count, rate, mass)
    if corpus is None:
        return replace(card, drawn=told)
    uncovered = Counter[str]()
    encode_passages(generator.tokenizer, corpus.test, uncovered)
    if left := uncovered.total():
        card = replace(
            card, remarks=(*card.remarks, piece_remark("pieces_uncovered", left=left, test=len(corpus.test)))
        )
    bits, nats = held_out_likelihood(generator, corpus.test, seed)
    found = bits_of_each(generator, [one.music for one in card.real if one.music])
    real = tuple(replace(one, bits_per_note=of_one) for one, of_one in zip(card.real, found, strict=True))
    return replace(card, drawn=told, bits_per_note=bits, nats_per_token=nats, real=real)


# ------------------------------------------------------------------------------------------------ what has to be said


def _remarks(
    each: Sequence[Certificate[Piece]], yardstick: PieceYardstick | None, unread: Sequence[Dropped]
) -> Iterator[Remark]:
    """What a reader of the numbers has to know."""
    with_notes = [one for one in each if one.notes]
    if unread:
        rate = sum(one.valid for one in each) / (len(each) + len(unread))
        yield piece_remark("pieces_unread", unread=len(unread), rate=f"{100 * rate:.0f}")
    if len(with_notes) < len(each):
        yield piece_remark("pieces_silent", silent=len(each) - len(with_notes))
    if len(with_notes) == 1:
        yield piece_remark("pieces_one")
    prints = [fingerprint(one.music) for one in with_notes if one.music]
    if again := len(prints) - len(set(prints)):
        yield piece_remark("pieces_again", again=again)
    if yardstick is None:
        yield piece_remark("pieces_alone")
        return
    if len(yardstick.real) < FEW_REAL:
        yield piece_remark("pieces_few_real", real=len(yardstick.real), corpus=yardstick.corpus)
    if drums := sum(one.shared is not None and not one.shared.comparable for one in with_notes):
        yield piece_remark("pieces_uncompared", drums=drums)
    if whole := sum(one.shared is not None and one.shared.beats.share == 1 for one in each):
        yield piece_remark("pieces_contained", contained=whole, corpus=yardstick.corpus)


PIECE_REMARKS = {
    "pieces_unread": "What could not be read is not among the pieces judged: {unread}. Counted with them, {rate} % "
    "would be well formed.",
    "pieces_silent": "Pieces without a note, which are not measured: {silent}.",
    "pieces_one": "There is one piece to measure: a set of one has no interval, and no classifier can be taught by it.",
    "pieces_again": "Pieces that are one of the others once more, note for note in some key: {again}.",
    "pieces_alone": "The pieces are held against no collection: whether they are like a style, and whether they are "
    "copies, is not judged. Name one with --against.",
    "pieces_few_real": "{corpus} holds out {real} pieces: what real pieces do is known roughly at best, or not at all.",
    "pieces_uncompared": "Pieces of drums alone, or of one note, which are not compared with others: {drums}.",
    "pieces_contained": "Pieces that stand whole in {corpus}, in some key: {contained}.",
    "pieces_gone": "What the run learned from is gone ({sources}).",
    "pieces_another": "The run did not learn from {corpus} as it is divided here: likelihood and originality are of "
    "these pieces, and it may have learned some of those that are held out.",
    "pieces_changed": "{corpus} has changed since the run learned from it: it may have learned some of the pieces that "
    "are held out now.",
    "pieces_uncovered": "Held-out test pieces that the run's tokens do not cover, which its bits per note leave out: "
    "{left} of {test}.",
}


def piece_remark(key: str, **values: object) -> Remark:
    """A remark of the table `PIECE_REMARKS`, with its values filled in."""
    return Remark(key, PIECE_REMARKS[key].format_map(values), values)
