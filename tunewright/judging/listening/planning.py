"""Which tunes are heard, beside which, and in which order each rater hears them.

In: the kind of a test, how many sources and items, chance. Out: items as slots to be filled with tunes, and `Sheet`s:
an order for each rater. This file knows no music.

Balance. Sources take part equally often, as far as the numbers divide. Tunes that stand for different sources at the
same place of their lists have the same profile, so that metres and keys are balanced too. Orders are the rows of a
square in which each item stands at each place equally often, and follows each other item equally often (Williams,
Experimental designs balanced for the estimation of residual effects of treatments, Australian Journal of Scientific
Research A2, 1949). In pairs each source is first as often as second, but for one where the number is odd; each sheet
has a twin in which every pair is turned round. Orders are made of items alone, and say nothing of sources.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from tunewright.judging.listening.questions import MACHINE, PAIRS
from tunewright.support.errors import ConfigError

FEWEST, MOST = 2, 60  # items of a test; an hour of listening is more than anybody gives
MOST_SOURCES = 12


class Slot(NamedTuple):
    """A tune that is to be found: of which source, and with which of the profiles."""

    source: int
    profile: int


class Place(NamedTuple):
    """What a rater hears at one place of an order: an item, and whether the second tune of a pair comes first."""

    item: int
    turned: bool = False


Item = tuple[Slot, ...]
Sheet = tuple[Place, ...]


def plan_items(kind: str, sources: int, items: int, real: int | None = None) -> list[Item]:
    """The slots of each item; `real` is the source of real tunes, which makes half of a "machine" test.

    ConfigError for numbers with which there is nothing to compare.
    """
    if not FEWEST <= items <= MOST:
        raise ConfigError(f"a test of {items} items; expected {FEWEST} to {MOST}")
    if not 1 <= sources <= MOST_SOURCES:
        raise ConfigError(f"a test of {sources} sources; expected at most {MOST_SOURCES}")
    if kind == PAIRS:
        return _pairs(sources, items)
    if kind == MACHINE:
        return _machines(sources, items, real)
    return [(Slot(number % sources, number // sources),) for number in range(items)]


def _pairs(sources: int, items: int) -> list[Item]:
    """Every two sources against one another equally often, each time with two new tunes of one profile."""
    if sources < 2:
        raise ConfigError("pairs of one source; expected two sources at least, to be held against one another")
    both = list(combinations(range(sources), 2))
    if items < len(both):
        raise ConfigError(f"{items} pairs of {sources} sources; expected {len(both)} at least, one for every two")
    ends = oriented([both[number % len(both)] for number in range(items)])
    return [(Slot(first, number), Slot(second, number)) for number, (first, second) in enumerate(ends)]


def _machines(sources: int, items: int, real: int | None) -> list[Item]:
    """Half of the tunes real, the others of all other sources in turn."""
    others = [source for source in range(sources) if source != real]
    if real is None or not others:
        raise ConfigError("machine or not: expected real tunes, and a run or files to be told from them")
    half = (items + 1) // 2
    machines = [(Slot(others[number % len(others)], number),) for number in range(items - half)]
    return [*((Slot(real, number),) for number in range(half)), *machines]


def oriented(edges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same pairs, each so turned that everything is first as often as second, or once more or less.

    Along closed trails everything is entered as often as it is left; an extra node joins what has an odd number.
    """
    extra = -1
    at: dict[int, list[int]] = defaultdict(list)
    whole = list(edges)
    for number, (first, second) in enumerate(whole):
        at[first].append(number)
        at[second].append(number)
    for node in [node for node, touching in sorted(at.items()) if len(touching) % 2]:
        at[node].append(len(whole))
        at[extra].append(len(whole))
        whole.append((node, extra))
    found: list[tuple[int, int] | None] = [None] * len(whole)
    for start in sorted(at):
        node = start
        while at[node]:
            number = at[node].pop()
            if found[number] is None:
                first, second = whole[number]
                following = second if node == first else first
                found[number] = (node, following)
                node = following
    return [pair for pair in found[: len(edges)] if pair is not None]


# ------------------------------------------------------------------------------------------------ orders


def williams(count: int) -> list[list[int]]:
    """Orders of `count` things: each at each place equally often, each right after each other one equally often.

    `count` orders where that is even, else twice as many.

    >>> williams(4)
    [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]]
    """
    first = [0] + [(place + 1) // 2 if place % 2 else count - place // 2 for place in range(1, count)]
    rows = [[(thing + shift) % count for thing in first] for shift in range(count)]
    return rows if count % 2 == 0 else [*rows, *(row[::-1] for row in rows)]


def plan_sheets(kind: str, items: int, chance: random.Random) -> list[Sheet]:
    """The orders of a test, by chance; of pairs each stands there twice, the second time with every pair turned."""
    names = list(range(items))
    chance.shuffle(names)
    rows = [[names[thing] for thing in row] for row in williams(items)]
    chance.shuffle(rows)
    turns = (False, True) if kind == PAIRS else (False,)
    return [tuple(Place(item, turned) for item in row) for row in rows for turned in turns]
