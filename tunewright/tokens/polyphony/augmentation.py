"""The pieces as MidiTok's vocabularies have them read: in a new order each time through, each moved by some semitones.

In: pieces, and how far they may be moved. Out: ids and rows. This file trains nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from tunewright.music.piece import Piece, transposed, transpositions
from tunewright.support.errors import TokenError
from tunewright.tokens.contract import Codec, Read, Rows

MOST_KEPT = 10_000_000  # rows of pieces that are kept, in every transposition: 220 MB


class MovedPieces:
    """A repertoire in another order each time through, each piece up to `semitones` higher or lower."""

    varies = True

    def __init__(self, codec: Codec[Piece], pieces: Sequence[Piece], semitones: int, refused: Counter[str]) -> None:
        self.codec, self.semitones = codec, semitones
        self.pieces: list[Piece] = []
        self._encoded: dict[tuple[int, int], Rows] = {}  # of piece and semitones
        self._kept = 0
        for piece in pieces:
            try:
                rows = self._rows(piece, 0)
            except TokenError as error:
                refused[str(error)] += 1
                continue
            self._keep(len(self.pieces), 0, rows)
            self.pieces.append(piece)
        self.ids = self._kept
        self.notes = sum(piece.notes for piece in self.pieces)

    def time_through(self, rng: np.random.Generator) -> Iterator[Read]:
        """Every piece once."""
        for number in rng.permutation(len(self.pieces)).tolist():
            ways = transpositions(self.pieces[number], self.semitones)
            rows = self._moved(number, ways[int(rng.integers(len(ways)))])
            yield rows[:, 0], rows

    def _moved(self, number: int, semitones: int) -> Rows:
        """The rows of a piece so many semitones higher, after an end."""
        rows = self._encoded.get((number, semitones))
        if rows is None:
            rows = self._rows(self.pieces[number], semitones)
            if self._kept < MOST_KEPT:
                self._keep(number, semitones, rows)
        return rows

    def _rows(self, piece: Piece, semitones: int) -> Rows:
        return self.codec.context([self.codec.END, *self.codec.encode(transposed(piece, semitones))])

    def _keep(self, number: int, semitones: int, rows: Rows) -> None:
        self._encoded[number, semitones] = rows
        self._kept += len(rows)
