"""How fast a performance goes, as a tune says it: so many beats of its metre to the minute, from a time on.

In: the tempo events of a file, and how long it lasts, in grains. Out: tempi by time, the first at 0; none where the
file states none. A file whose tempo follows a player from note to note has one, that which half of it is faster than.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING

from tunewright.formats.midi.listening.quantizing import WHOLE
from tunewright.music.piece import FASTEST_TEMPO, SLOWEST_TEMPO, USUAL_TEMPO
from tunewright.music.tune import Meter, Repair, Tempo

if TYPE_CHECKING:
    from collections.abc import Iterable

Tempos = list[tuple[int, Tempo]]
Events = tuple[tuple[int, int], ...]  # when, in grains, and microseconds to a quarter

MOST = 32  # changes of a tune that are written; a slowing at the end of each part takes a dozen
MINUTE = 60_000_000
DECIMALS = 3  # of beats a minute, as many as ABC is written with


def told_tempos(events: Iterable[tuple[int, int]], end: int, meter: Meter, repairs: list[Repair]) -> Tempos:
    """The tempi of a tune that lasts up to `end`, in beats of its metre."""
    at = {
        max(0, time): min(SLOWEST_TEMPO, max(FASTEST_TEMPO, tempo))
        for time, tempo in sorted(events, key=_when)
        if time < end
    }
    if at and min(at) >= WHOLE // 4:  # less is a first event that stands a little late
        at = {0: USUAL_TEMPO} | at
    found: Tempos = []
    for time, microseconds in at.items():
        tempo = _in_beats(microseconds, meter.beat)
        if not found or found[-1][1] != tempo:
            found.append((time, tempo))
    if len(found) > MOST:
        repairs.append(Repair("tempo follows the player, read as one", detail=f"{len(found)} tempi"))
        lasting: Counter[Tempo] = Counter()
        for (time, tempo), (after, _) in pairwise([*found, (end, found[-1][1])]):
            lasting[tempo] += after - time
        return [(0, _middle(lasting))]
    return [(0, found[0][1]), *found[1:]] if found else []


def _when(event: tuple[int, int]) -> int:
    return event[0]


def _middle(lasting: Counter[Tempo]) -> Tempo:
    """The tempo than which half of the time is faster."""
    left = lasting.total() / 2
    for tempo in sorted(lasting, key=lambda tempo: tempo.quarters):
        left -= lasting[tempo]
        if left <= 0:
            return tempo
    raise AssertionError


def _in_beats(microseconds: int, beat: Fraction) -> Tempo:
    """A tempo in beats a minute: with the fewest decimals that a file of whole microseconds would say so."""
    exact = Fraction(MINUTE, microseconds) / (4 * beat)
    for decimals in range(DECIMALS):
        rounded = Fraction(round(exact * 10**decimals), 10**decimals)
        if rounded and abs(MINUTE / (rounded * 4 * beat) - microseconds) <= 1:
            return Tempo(beat, _believed(rounded, beat))
    return Tempo(beat, _believed(exact, beat))


def _believed(rate: Fraction, beat: Fraction) -> Fraction:
    """Beats a minute with so many decimals as are written, and not beyond what a tempo may be by rounding alone."""
    parts = 10**DECIMALS
    slowest, fastest = (Fraction(parts * MINUTE, tempo) / (4 * beat) for tempo in (SLOWEST_TEMPO, FASTEST_TEMPO))
    return Fraction(min(floor(fastest), max(ceil(slowest), round(rate * parts))), parts)
