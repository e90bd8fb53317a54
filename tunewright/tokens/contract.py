"""A tune as a model reads and foresees it, whichever tokens it is written in.

In: a tokenizer and tunes, or pieces of several parts. Out: `Passage`s: ids, the rows that a model reads, and where the
body begins that is scored; also which tokenizer a config asks for and a run folder holds. This file knows no model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tunewright.music.kinds import Music
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.characters.tokenizer import CharTokenizer, body_start
from tunewright.tokens.degrees.context import Columns, read_rows
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.polyphony.context import PiecePlaces, read_piece_rows
from tunewright.tokens.polyphony.tokenizer import VOCABULARIES, PieceTokenizer
from tunewright.training.config import Config

Tokenizer = CharTokenizer | DegreeTokenizer | PieceTokenizer
Rows = npt.NDArray[np.int16]


class Collection(Protocol):
    """What training asks of a corpus, of tunes or of pieces."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def fingerprint(self) -> str:
        """What any change of it changes."""

    @property
    def train(self) -> Sequence[Music]:
        """What is learned from."""

    @property
    def valid(self) -> Sequence[Music]:
        """What decides when to stop and what is best."""

    @property
    def test(self) -> Sequence[Music]:
        """What figures are published of."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A tune as scored: its ids with the end before and after, where its body begins, how many notes it has.

    `rows` (T, 1 + K) are what is read for each id; None where that is the id alone.
    """

    ids: tuple[int, ...]
    body: int  # place in `ids` of the first one of the body
    notes: int
    rows: Rows | None = field(default=None, compare=False)


def only_tunes(music: Sequence[Music]) -> list[Tune]:
    """The tunes; ConfigError for pieces, which musical tokens and characters cannot spell."""
    tunes = [one for one in music if isinstance(one, Tune)]
    if len(tunes) != len(music):
        raise ConfigError("pieces of several parts; expected tunes, or tokens that spell pieces, as in tokens=remi")
    return tunes


def only_pieces(music: Sequence[Music]) -> list[Piece]:
    """The pieces; ConfigError for tunes, which have to be made pieces first."""
    pieces = [one for one in music if isinstance(one, Piece)]
    if len(pieces) != len(music):
        raise ConfigError("tunes; expected pieces, as read_pieces reads them, for tokens of music of several parts")
    return pieces


def fit_tokenizer(config: Config, music: Sequence[Music]) -> Tokenizer:
    """The tokenizer that a config asks for, fitted on training tunes, or pieces."""
    if config.tokens in VOCABULARIES:
        pieces = only_pieces(music)
        return PieceTokenizer.fit(config.tokens, pieces, bpe=config.bpe, transposed_by=config.transpose)
    tunes = only_tunes(music)
    if config.tokens == "degrees":
        kept = {"graces": config.grace_notes, "chords": config.chord_symbols}
        return DegreeTokenizer.fit(tunes, **kept, told_rhythms=True)
    return CharTokenizer.fit(tunes, config.text)


def tokenizer_from_json(text: str) -> Tokenizer:
    """The tokenizer that `to_json` wrote; TokenError for anything else."""
    try:
        stored = json.loads(text)
    except ValueError:
        stored = None
    kind = stored.get("kind") if isinstance(stored, dict) else None
    if kind in VOCABULARIES:
        return PieceTokenizer.from_json(text)
    return DegreeTokenizer.from_json(text) if kind == "degrees" else CharTokenizer.from_json(text)


def place_sizes(tokenizer: Tokenizer) -> tuple[int, ...]:
    """How many values each thing has that is read beside an id; none for characters."""
    if isinstance(tokenizer, PieceTokenizer):
        return PiecePlaces.sizes
    return Columns(tokenizer).sizes if isinstance(tokenizer, DegreeTokenizer) else ()


def encode_passages(tokenizer: Tokenizer, music: Sequence[Music], refused: Counter[str] | None = None) -> list[Passage]:
    """One `Passage` per tune or piece that the tokens cover; the reasons for the others are counted in `refused`."""
    passages = []
    for one in music:
        try:
            passages.append(_encode(tokenizer, one))
        except TokenError as error:
            if refused is not None:
                refused[str(error)] += 1
    return passages


def _encode(tokenizer: Tokenizer, music: Music) -> Passage:
    if isinstance(tokenizer, PieceTokenizer):
        assert isinstance(music, Piece)
        ids = (tokenizer.END, *tokenizer.encode(music), tokenizer.END)
        return Passage(ids, 1, music.notes, np.array(read_piece_rows(PiecePlaces(tokenizer), ids), np.int16))
    assert isinstance(music, Tune)
    tune = music
    if isinstance(tokenizer, CharTokenizer):
        text = tokenizer.text_of(tune)
        ids = (tokenizer.END, *tokenizer.encode_text(text), tokenizer.END)
        return Passage(ids, 1 + body_start(text), len(tune.notes))
    ids = (tokenizer.END, *tokenizer.encode(tune), tokenizer.END)
    rows = np.array(read_rows(Columns(tokenizer), ids), np.int16)
    body = 1 + len(tokenizer.encode_header(tokenizer.prepared(tune)))
    return Passage(ids, body, len(tune.notes), rows)
