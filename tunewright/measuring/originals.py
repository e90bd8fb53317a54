"""Which drawn tunes are original enough: those that share no more with the training tunes than real tunes do.

In: a corpus, and a percentage of its held-out tunes. Out: an `OriginalityLine`, which tells a tune that lies above it.
This file draws nothing, and what is shared is `originality`'s to find.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tunewright.corpus.corpus import Corpus
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.originality import Borrowing, Index, longest_shared
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError

MOST_TIMES = 20  # that a tune is drawn until it is original enough
MOST_HELD_OUT = 500  # tunes that the line is drawn by, evenly spaced


@dataclass(frozen=True, slots=True, eq=False)
class OriginalityLine:
    """The longest passage that a tune may share with the training tunes, in any key."""

    percent: float  # of the held-out tunes that do not go beyond it
    length: int  # notes
    index: Index  # of the training tunes

    def allows(self, tune: Tune) -> bool:
        """Whether the tune does not go beyond it."""
        return longest_shared([tune], self.index)[0].length <= self.length

    def __str__(self) -> str:
        return f"original {self.percent:g}"


def originality_line(corpus: Corpus[Tune], percent: float) -> OriginalityLine:
    """The line that `percent` of 100 held-out tunes do not go beyond in what they share with the training tunes.

    ConfigError for a percentage that is none, and where no tunes are held out, which alone can tell borrowing from
    copying.
    """
    if not 0 <= percent <= 100:
        raise ConfigError(f"original is {percent:g}; expected 0 to 100, percent of the held-out tunes")
    held_out = corpus.valid + corpus.test
    count = min(MOST_HELD_OUT, len(held_out))
    index = kept_index(corpus.train)
    chosen = [held_out[len(held_out) * place // count] for place in range(count)]
    line = Borrowing.of(longest_shared(chosen, index)).line(percent)
    if math.isnan(line):
        raise ConfigError(f"{corpus.name}: no tunes are held out, so nothing says how much real tunes share")
    return OriginalityLine(percent, int(line), index)
