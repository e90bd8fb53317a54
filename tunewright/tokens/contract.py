"""What every codec does: music as numbers and back, and as a model reads and foresees it.

A codec of music M, tunes or pieces of several parts, is a package of `tokens` and a line in `registry`. In: music.
Out: ids, *context features* (small integers that are read beside an id and follow from the ids before it), and
`Passage`s, which say where the body begins that is scored. This file knows no codec by name, and no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from tunewright.music.kinds import M, Music
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.settings import TokenSettings

Rows = npt.NDArray[np.int16]
Read = tuple[npt.NDArray[Any], Rows | None]  # ids (T,), and the rows (T, 1 + K) that are read for them


@dataclass(frozen=True, slots=True)
class Passage:
    """Music as scored: its ids with the end before and after, where its body begins, how many notes it has.

    `rows` (T, 1 + K) are what is read for each id: the id and its context features; None where that is the id alone.
    """

    ids: tuple[int, ...]
    body: int  # place in `ids` of the first one of the body
    notes: int
    rows: Rows | None = field(default=None, compare=False)
    unseen: int = 0  # ids that stand for what training never saw


class ContextReader(Protocol):
    """Reads the ids of one tune or piece, from its beginning on."""

    def read(self, number: int) -> tuple[int, ...]:
        """The row (1 + K) of this id: what a model reads for it, then its context features."""


class Repertoire(Protocol):
    """What a model learns from, as its codec has it read each time through."""

    ids: int  # of a time through, the end before each tune or piece counted, not the one after all
    notes: int
    varies: bool  # whether a time through differs from the one before

    def time_through(self, rng: np.random.Generator) -> Iterator[Read]:
        """The tunes or pieces once, in some order, each with the end before it."""


class Codec(Protocol[M]):
    """Music M as ids of a vocabulary, id 0 its end; frozen once it is fitted, so that many may use it at once."""

    END: ClassVar[int]
    of: ClassVar[type[Music]]
    unit: ClassVar[str]  # what an id is, in words: "character" or "token"

    @property
    def kind(self) -> str:
        """By what name the registry, settings and tokenizer.json know it."""

    @property
    def text(self) -> str:
        """As what text that music is compared whose text it writes: "verbatim" or "canonical" ABC; "" for none."""

    @property
    def vocab(self) -> tuple[str, ...]:
        """Every id in words."""

    @property
    def never(self) -> tuple[int, ...]:
        """The ids that stand for nothing that could be written, and so are never drawn."""

    @property
    def context_sizes(self) -> tuple[int, ...]:
        """How many values each context feature has; () where ids are read alone."""

    @property
    def direct(self) -> int:
        """How many of the first context features say what may follow, and so speak to the logits themselves."""

    @classmethod
    def from_settings(cls, settings: TokenSettings, music: Sequence[M], /) -> Codec[M]:
        """The codec fitted on training music; ConfigError where the settings ask for what it cannot have."""

    def encode(self, music: M, /) -> list[int]:
        """The ids, without end; TokenError, with the reason, for music that the vocabulary does not cover."""

    def decode(self, ids: Sequence[int], /) -> M:
        """The music that the ids spell, up to the first end; TokenError where they spell none."""

    def passage(self, music: M, /) -> Passage:
        """The music as scored; TokenError as in `encode`."""

    def reader(self) -> ContextReader:
        """A reader at the beginning of a tune or piece."""

    def context(self, ids: Sequence[int], /) -> Rows:
        """The row (T, 1 + K) of every id, read from the beginning."""

    def note_bits(self, music: M, passage: Passage, bits: Sequence[float], /) -> list[float]:
        """The bits of each note, from the bits of each id of its passage; NaN where ids cannot be told apart by note.

        What belongs to no note (bar lines, ornaments) is left out, so that the sum is at most that of the ids.
        """

    def repertoire(self, music: Sequence[M], settings: TokenSettings, refused: Counter[str], /) -> Repertoire:
        """What is learned from, of the music that the vocabulary covers; the reasons for the rest are counted."""

    def to_json(self) -> str:
        """The codec as JSON, with its `kind`, which `from_json` reads back."""

    @classmethod
    def from_json(cls, text: str, /) -> Codec[M]:
        """The codec that `to_json` wrote; TokenError for anything else."""


AnyCodec = Codec[Any]
_OTHERS = {  # what is said of music of another kind than the one expected
    "tune": "pieces of several parts; expected tunes, or tokens that spell pieces, as in tokens=remi",
    "piece": "tunes; expected pieces, as read_pieces reads them, for tokens of music of several parts",
}


def expect_kind(of: type[Music], music: Sequence[Any]) -> list[Any]:
    """The music; ConfigError where some of it is of another kind, which tokens of this kind cannot spell."""
    if any(one.kind != of.kind for one in music):
        raise ConfigError(_OTHERS[of.kind])
    return list(music)


def encode_passages(codec: Codec[M], music: Sequence[M], refused: Counter[str] | None = None) -> list[Passage]:
    """One `Passage` per tune or piece that the codec covers; the reasons for the others are counted in `refused`."""
    passages = []
    for one in music:
        try:
            passages.append(codec.passage(one))
        except TokenError as error:
            if refused is not None:
                refused[str(error)] += 1
    return passages


def framed(codec: AnyCodec, ids: Sequence[int]) -> tuple[int, ...]:
    """The ids with an end before and after."""
    return (codec.END, *ids, codec.END)


def decoded_ids(ids: Sequence[int], codec: AnyCodec) -> list[int]:
    """The ids up to the first end; TokenError for one outside the vocabulary."""
    for number in ids:
        if not 0 <= number < len(codec.vocab):
            raise TokenError(f"id {number} is outside the vocabulary; expected 0 to {len(codec.vocab) - 1}")
    found = list(ids)
    return found[: found.index(codec.END)] if codec.END in found else found
