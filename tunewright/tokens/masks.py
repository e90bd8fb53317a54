"""Rows of what may come next: equal masks share one row, so that a batch of states is one look-up in a table.

In: masks, one bool per token. Out: the number of the row that holds it. The table only grows, so that whoever keeps
a copy of it elsewhere, on a device or as numbers to add, copies the new rows only. This file knows no grammar.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Masks:
    """A growing table of masks over `width` tokens, each of them once; row 0 lets anything through."""

    def __init__(self, width: int) -> None:
        self._rows: dict[bytes, int] = {}
        self._table: Mask = np.zeros((64, width), dtype=np.bool_)
        self.add(np.ones(width, dtype=np.bool_))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def table(self) -> Mask:
        """The masks by row; (n, width)."""
        return self._table[: len(self._rows)]

    def add(self, mask: Mask) -> int:
        """The row of this mask, a new one where no row holds it; one token at least may come."""
        assert mask.any(), "a dead end"
        key = mask.tobytes()
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = len(self._rows)
            if row == len(self._table):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._table[row] = mask
        return row
