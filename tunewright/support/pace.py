"""With how many threads like steps go quickest just now: all that a process has, or one.

In: how many there are at most, and how long each step took for its work. Out: how many to take for the next.

Threads that compute one product together wait for the last of them. Where other programs take the cores that one often
does not run, and ten steps with two threads take as long as a hundred with one (`benchmarks/LOG.md`). How busy a
machine is no two systems say alike, so both ways are tried now and then, and soon when steps take longer or shorter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tunewright.support.threads import Threads

TRYING = 0.02  # the share of the time that may go into trying the other way
TRYING_SOON = 0.2  # the same once the pace has changed
CHANGED = 1.3  # times as long or as short is another pace
RECENT = 0.3  # the weight of the newest step in the pace
ALIKE = 1.03  # the way that is kept may be so much slower: it is not left for chance


class Pace:
    """Steps of like work, each with one thread or with all; for one caller at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 1  # of the way that is kept; one thread is never slow beyond measure
        self._took: dict[int, float] = {}  # seconds for work of 1, by number of threads: recent steps the most
        self._since = 0.0  # seconds in steps since the other way was tried
        self._then = 0.0  # the pace then
        self._begun = False

    @contextmanager
    def step(self, work: float = 1) -> Iterator[None]:
        """One step, which does so much; the caller is not to be suspended within it."""
        count = self._next(work)
        begun = time.monotonic()
        with Threads(count):
            yield
        self._learn(count, time.monotonic() - begun, work)

    def _next(self, work: float) -> int:
        other = 1 if self.count > 1 else self.most
        if other == self.count or self.count not in self._took:
            return self.count
        if other not in self._took:
            return other
        now = self._took[self.count]
        changed = not now / CHANGED <= self._then <= now * CHANGED
        return other if self._since * (TRYING_SOON if changed else TRYING) >= self._took[other] * work else self.count

    def _learn(self, count: int, seconds: float, work: float) -> None:
        if not self._begun:  # the first step makes room, and is no measure
            self._begun = True
            return
        tried = count != self.count
        took = seconds / work
        before = took if tried else self._took.get(count, took)  # what the other way took long ago tells nothing
        self._took[count] = before + RECENT * (took - before)
        self._since += seconds
        if tried:
            self.count = count if took * ALIKE < self._took[self.count] else self.count
            self._since, self._then = 0.0, self._took[self.count]
