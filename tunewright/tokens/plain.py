"""What a codec does whose ids are read alone, one tune or piece after another as the corpus has them.

In: ids, passages. Out: rows without context features, and a repertoire that is the same each time through. A codec that
is read so inherits `ReadAlone`; this file knows none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tunewright.tokens.contract import ContextReader, Passage, Read, Rows, encode_passages
from tunewright.tokens.settings import TokenSettings


class InOrder:
    """A repertoire of passages in their own order, the same each time through."""

    varies = False

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages
        self.ids = sum(len(passage.ids) - 1 for passage in passages)
        self.notes = sum(passage.notes for passage in passages)

    def time_through(self, rng: np.random.Generator) -> Iterator[Read]:
        """The passages, without their last end."""
        for passage in self.passages:
            ids = np.array(passage.ids[:-1], np.int32)
            yield ids, None if passage.rows is None else passage.rows[:-1]


class ReadAlone:
    """The part of a codec that says what is read beside ids: nothing."""

    context_sizes: tuple[int, ...] = ()
    direct = 0

    def reader(self) -> ContextReader:
        """What tells the row of an id: the id alone, wherever it stands."""
        return _ALONE

    def context(self, ids: Sequence[int]) -> Rows:
        """The ids (T, 1)."""
        return np.array(ids, np.int16)[:, None]

    def repertoire(self: Any, music: Sequence[Any], settings: TokenSettings, refused: Counter[str]) -> InOrder:
        """The music in the order of the corpus, as the lab reads it."""
        return InOrder(encode_passages(self, music, refused))


class _Alone:
    def read(self, number: int) -> tuple[int, ...]:
        return (number,)


_ALONE = _Alone()
