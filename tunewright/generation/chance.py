"""The random numbers of one tune, bar by bar.

In: a seed. Out: numbers in [0, 1). Every bar has numbers of its own, so that what is drawn in one does not move what
chance has in store for the next.
"""

from __future__ import annotations

import numpy as np

AT_ONCE = 64  # numbers that each bar has; one that needs more gets them from a source of its own


class Chance:
    """The random numbers of one tune, or of one candidate for it."""

    def __init__(self, seed: int, candidate: int = 0) -> None:
        self._seed = (seed % 2**63, candidate)
        self._source = np.random.default_rng(self._seed)
        self._bar, self._more = -1, 0
        self._numbers: list[float] = []

    def next(self, bar: int) -> float:
        """The next number of this bar; bars come in order."""
        if bar != self._bar:
            self._begin(bar)
        if not self._numbers:
            self._more += 1
            self._numbers = np.random.default_rng((*self._seed, bar, self._more)).random(AT_ONCE).tolist()
        return self._numbers.pop()

    def _begin(self, bar: int) -> None:
        """Take the numbers of a bar; those of bars that were left out go by."""
        assert bar > self._bar
        numbers = self._source.random((bar - self._bar, AT_ONCE))[-1]
        self._bar, self._more, self._numbers = bar, 0, numbers.tolist()
