"""A collection of music as a value: what was read, how it is divided, what was left out and why.

In: what `reading` puts together. Out: `Corpus`, of tunes or of pieces of several parts. This file reads nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from tunewright.corpus.sources import Dropped
from tunewright.music.kinds import Music, music_id
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune

M_co = TypeVar("M_co", bound=Music, covariant=True)


@dataclass(frozen=True)
class Corpus(Generic[M_co]):
    """Tunes or pieces in the order read, duplicates merged; `split` and `families` have one entry for each.

    A family's number is the place of its first member. `duplicates` are (source left out, source kept).
    """

    name: str
    music: tuple[M_co, ...]
    split: tuple[str, ...]
    families: tuple[int, ...]
    dropped: tuple[Dropped, ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()  # on how it was read: nothing that changes it
    others: tuple[tuple[str, int], ...] = ()  # files of other kinds beside them, which are not read: ending, count
    sources: tuple[str, ...] = field(default=(), compare=False)  # what was read, named so that it is found again

    @property
    def kind(self) -> str:
        """Of what it is, "tune" or "piece"; "tune" where it is empty."""
        return next((music.kind for music in self.music), Tune.kind)

    @property
    def tunes(self) -> tuple[M_co, ...]:
        """The music of a corpus of tunes."""
        return self.music

    @property
    def pieces(self) -> tuple[M_co, ...]:
        """The music of a corpus of pieces."""
        return self.music

    @property
    def read(self) -> int:
        """Tunes or pieces read, duplicates counted."""
        return len(self.music) + len(self.duplicates)

    @cached_property
    def train(self) -> tuple[M_co, ...]:
        """The music to learn from."""
        return self._part("train")

    @cached_property
    def valid(self) -> tuple[M_co, ...]:
        """The music that decides when to stop and what is best."""
        return self._part("valid")

    @cached_property
    def test(self) -> tuple[M_co, ...]:
        """The music for published figures."""
        return self._part("test")

    def _part(self, name: str) -> tuple[M_co, ...]:
        return tuple(music for music, part in zip(self.music, self.split, strict=True) if part == name)

    @cached_property
    def irregular(self) -> int:
        """How much of it has a bar that does not add up."""
        return sum(music.irregular for music in self.music)

    @cached_property
    def repairs(self) -> tuple[tuple[str, int], ...]:
        """How often each kind of repair was made, the most frequent first."""
        return tuple(Counter(repair.what for music in self.music for repair in music.repairs).most_common())

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """What each is known by, whatever else is in the collection (`music_id`)."""
        return tuple(map(music_id, self.music))

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that any change of the music or of the split changes."""
        digest = hashlib.sha256()
        for known_as, part in zip(self.ids, self.split, strict=True):
            digest.update(f"{known_as} {part}\n".encode())
        return digest.hexdigest()[:16]


PieceCorpus = Corpus[Piece]
