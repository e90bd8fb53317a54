"""The random numbers of one tune, bar by bar.

In: a seed. Out: numbers in [0, 1). Every bar has numbers of its own, so that what is drawn in one does not move what
chance has in store for the next.
"""

from __future__ import annotations

import numpy as np

AT_ONCE = 64


class Chance:
    """The random numbers of one tune, or of one candidate for it."""

    def __init__(self, seed: int, candidate: int = 0) -> None:
        self._seed, self._candidate, self._bar = seed % 2**63, candidate, -1
        self._numbers: list[float] = []

    def next(self, bar: int) -> float:
        """The next number of this bar; bars come in order."""
        if bar != self._bar:
            self._bar, self._numbers = bar, []
            self._source = np.random.default_rng((self._seed, self._candidate, bar))
        if not self._numbers:
            self._numbers = self._source.random(AT_ONCE).tolist()[::-1]
        return self._numbers.pop()
