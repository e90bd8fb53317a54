"""What drawn music is measured by for a comparison of runs: the training music of a corpus, and real held-out music.

In: a corpus; then music, drawn or real, as `Judged`. Out: `References`, and values by the names of `Sample.values`. The
held-out music is measured against the training music as what runs draw is: without that, no number has a scale. Tunes
and pieces are measured by other measures, of which each kind has one class here. This file asks no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tunewright.corpus.corpus import Corpus
from tunewright.formats.abc.texts import TEXTS, body_start
from tunewright.formats.abc.validity import judge
from tunewright.formats.validity import fault_of
from tunewright.judging.yardstick import LINE
from tunewright.measuring.averages import mean
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.originality import (
    COPIED,
    Borrowing,
    Index,
    Shared,
    TextIndex,
    build_text_index,
    copy_rate,
    longest_quantile,
    longest_shared,
    longest_shared_text,
)
from tunewright.measuring.pieces.habits import style_of_all
from tunewright.measuring.pieces.originality import PieceIndex, build_piece_index, longest_shared_of_pieces
from tunewright.measuring.pieces.table import OF_PIECE, SETS_OF_PIECES, measure_pieces
from tunewright.measuring.table import Habits, Style, fit_habits, measure_tunes
from tunewright.music.features import features
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune

MOST = 200  # held-out tunes or pieces that are measured


@dataclass(frozen=True, slots=True)
class Judged:
    """A tune or a piece, drawn or real, that is to be measured."""

    text: str  # of a tune; "" of a piece
    music: Any  # None where there is none
    valid: bool

    @property
    def read(self) -> bool:
        """Whether there is music to measure."""
        return self.music is not None and bool(self.music.notes)


class Reference(Protocol):
    """The training music of a corpus, counted and indexed once."""

    @property
    def most_drawn(self) -> int:
        """How many are drawn at a temperature, at most."""

    def values(self, judged: Sequence[Judged], text: str) -> dict[str, float]:
        """The values of a `Sample`; the text of tunes is compared with training tunes as text of this kind."""

    def longest(self, text: str) -> int | None:
        """After how many ids what is drawn is cut; None for what its writer thinks fit."""


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """What of a corpus the measures compare with, and what real music gives.

    `real` has the names of `Sample.values`, for the held-out music (at most 200, evenly spaced) against the training
    music; NaN where nothing is held out. Its `verbatim_` values are of the tunes' own text.
    """

    fingerprint: str  # of the corpus
    training: Reference
    real: Mapping[str, float]


def build_references(corpus: Corpus[Any]) -> References:
    """The references of a corpus."""
    return _BUILT[corpus.kind](corpus)


def _evenly(music: Sequence[M]) -> list[M]:
    count = min(MOST, len(music))
    return [music[len(music) * number // count] for number in range(count)]


def _beyond(shared: Sequence[Shared], line: float) -> float:
    """Share of tunes with a longer passage than this many notes; NaN without a line, or tunes to compare."""
    lengths = Borrowing.of(shared).lengths
    return math.nan if math.isnan(line) else _share(sum(length > line for length in lengths), len(lengths))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


# ------------------------------------------------------------------------------------------------ tunes


@dataclass(frozen=True)
class Texts:
    """The training tunes as text of one kind, for what a model writes in that kind."""

    bodies: TextIndex
    longest: int  # characters after which a drawn tune is cut: three times what 99 of 100 training tunes need


@dataclass(frozen=True, eq=False)
class Training:
    """The training tunes of a corpus; regular and irregular ones alike."""

    tunes: tuple[Tune, ...]
    style: Style
    habits: Habits
    melodies: Index
    borrowing: Borrowing  # what held-out tunes share with these
    most_drawn: int = 200

    @cached_property
    def verbatim(self) -> Texts:
        """In their own words."""
        return _texts("verbatim", self.tunes)

    @cached_property
    def canonical(self) -> Texts:
        """In canonical ABC."""
        return _texts("canonical", self.tunes)

    def texts(self, kind: str) -> Texts:
        """As the text that a tokenizer of this kind learns."""
        return self.canonical if kind == "canonical" else self.verbatim

    def longest(self, text: str) -> int:
        """After how many characters a drawn tune is cut; a musical token is never shorter than a character."""
        return self.texts(text).longest

    def values(self, judged: Sequence[Judged], text: str) -> dict[str, float]:
        """The values of a `Sample`."""
        read = [one for one in judged if one.read]
        tunes: list[Tune] = [one.music for one in read]
        melodies = longest_shared(tunes, self.melodies)
        texts = longest_shared_text([bare_body(one.text) for one in read], self.texts(text).bodies)
        return {
            "valid_rate": _share(sum(one.valid for one in judged), len(judged)),
            "read_rate": _share(len(read), len(judged)),
            **measure_tunes(tunes, self.style, self.habits),
            "copy_rate": copy_rate(melodies),
            "median_longest": longest_quantile(melodies, 0.5),
            "p90_longest": longest_quantile(melodies, 0.9),
            "beyond_line": _beyond(melodies, self.borrowing.line(LINE)),
            "verbatim_copy_rate": copy_rate(texts),
            "verbatim_median_longest": longest_quantile(texts, 0.5),
        }


def _of_tunes(corpus: Corpus[Tune]) -> References:
    read = [features(tune) for tune in corpus.train]
    held_out, index = corpus.valid + corpus.test, kept_index(corpus.train)
    borrowing = Borrowing.of(longest_shared(held_out, index))
    training = Training(corpus.train, Style.of(read), fit_habits(read), index, borrowing)
    texts = [TEXTS["verbatim"](tune) for tune in _evenly(held_out)]
    judged = [Judged(text, tune, not error) for text in texts for tune, error in (judge(text),)]
    return References(corpus.fingerprint, training, training.values(judged, "verbatim"))


def _texts(kind: str, tunes: Sequence[Tune]) -> Texts:
    texts = [TEXTS[kind](tune) for tune in tunes]
    longest = 3 * math.ceil(np.quantile([len(text) for text in texts], 0.99)) if texts else 1
    return Texts(build_text_index(tunes, [bare_body(text) for text in texts]), longest)


def bare_body(text: str) -> str:
    """The text after its header, white space left out: what shared passages of text are counted in.

    >>> bare_body("X:1\\nM:6/8\\nK:D\\nABc d2e|\\nf3 d3|]")
    'ABcd2e|f3d3|]'
    """
    return "".join(text[body_start(text) :].split())


# ------------------------------------------------------------------------------------------------ pieces


@dataclass(frozen=True, eq=False)
class PieceTraining:
    """The training pieces of a corpus."""

    style: Style
    index: PieceIndex
    borrowing: Borrowing  # what lines of held-out pieces share with these
    most_drawn: int = 50

    def longest(self, text: str) -> None:
        """What the writer thinks fit: twice the longest training piece."""

    def values(self, judged: Sequence[Judged], text: str) -> dict[str, float]:
        """The values of a `Sample`."""
        pieces: list[Piece] = [one.music for one in judged if one.read]
        shared, own, each = longest_shared_of_pieces(pieces, self.index), style_of_all(pieces), measure_pieces(pieces)
        lines = [line for line, _, _ in shared]
        copies = [
            any(one.share >= COPIED for one in (top, beats))
            for line, top, beats in shared
            if not math.isnan(line.share)
        ]
        return {
            "valid_rate": _share(sum(one.valid for one in judged), len(judged)),
            "read_rate": _share(len(pieces), len(judged)),
            **{name: measure.of_set(own, self.style) for name, measure in SETS_OF_PIECES.items() if measure.of_set},
            **{name: mean(values[name] for values in each) for name in OF_PIECE},
            "copy_rate": _share(sum(copies), len(copies)),
            "median_longest": longest_quantile(lines, 0.5),
            "p90_longest": longest_quantile(lines, 0.9),
            "beyond_line": _beyond(lines, self.borrowing.line(LINE)),
        }


def _of_pieces(corpus: Corpus[Piece]) -> References:
    held_out, index = corpus.valid + corpus.test, build_piece_index(corpus.train)
    borrowing = Borrowing.of([line for line, _, _ in longest_shared_of_pieces(held_out, index)])
    training = PieceTraining(style_of_all(corpus.train), index, borrowing)
    judged = [Judged("", piece, not fault_of(piece)) for piece in _evenly(held_out)]
    return References(corpus.fingerprint, training, training.values(judged, ""))


_BUILT: Mapping[str, Callable[[Corpus[Any]], References]] = {Tune.kind: _of_tunes, Piece.kind: _of_pieces}
