"""What a codec does that brings nothing of its own: ids are read alone, in the order of the corpus, and drawn freely.

In: ids, passages. Out: rows without context features, a repertoire that is the same each time through, and a writer
that lets anything through. A codec that is read so inherits `ReadAlone`; one without a line among the registry's
writers gets `PlainWriter`. This file knows none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tunewright.formats.validity import fault_of
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.contract import AnyCodec, ContextReader, Passage, Read, Rows, encode_passages
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import Request
from tunewright.tokens.settings import TokenSettings
from tunewright.tokens.writing import Beginnings, Finished, Label


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


# ------------------------------------------------------------------------------------------------ writing


class PlainWriter:
    """Writes what a codec without a grammar spells: nothing can be asked for, and anything may come."""

    rows = 64
    worth_a_process = 64
    longest = 4000  # ids

    def __init__(self, codec: AnyCodec) -> None:
        self.codec, self.masks = codec, Masks(len(codec.vocab))

    def begin(self, request: Request, seed: int, most: int) -> Beginnings[Any]:
        """What begins each, all alike; ConfigError where anything is asked for."""
        if replace(request, free=False) != Request():
            raise ConfigError(f"tokens={self.codec.kind} have no grammar, which alone can hold to what is asked for")
        return Beginnings(lambda _: PlainScript(self.codec), most)


class PlainScript:
    """A tune or piece being written by no rules."""

    in_body = True
    forced = -1
    row = 0
    bars = 0
    given_notes = 0
    again = ()

    def __init__(self, codec: AnyCodec) -> None:
        self.ids: list[int] = []
        self._codec, self._reader = codec, codec.reader()
        self.first = self._reader.read(codec.END)

    def write(self, number: int) -> tuple[int, ...]:
        """What the model reads after this id."""
        self.ids.append(number)
        return self._reader.read(number)

    def is_music(self, number: int) -> bool:
        """Whether an id is written in the music: all are."""
        return True

    def is_note(self, number: int) -> bool:
        """Whether an id may be a note: all but the end."""
        return number != self._codec.END

    def finish(self, label: Label, *, ended: bool) -> Finished[Any]:
        """What the ids spell."""
        title = f"{self._codec.kind.capitalize()} no. {label.seed}"
        return Finished(
            "", partial(_spelled, self._codec, tuple(self.ids), title, ended), title, kind=self._codec.of.kind
        )

    def so_far(self, label: Label) -> str:
        """Nothing: no id is known to be a bar line."""
        return ""


def _spelled(codec: AnyCodec, ids: Sequence[int], title: str, ended: bool) -> tuple[Any, str]:
    try:
        music = replace(codec.decode(ids), title=title)
    except TokenError as error:
        return None, str(error)
    return music, fault_of(music, ended)
