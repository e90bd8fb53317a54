"""The dances: the names that mean the same, their metres, how fast they go and how they swing.

Tempi are quarter notes per minute, whatever the beat is; the figures are ours, chosen within the ranges that
session players and dance teachers give.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tunewright.music.tune import Meter, Tune


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A dance or kind of tune."""

    name: str
    meters: tuple[str, ...]  # the metres it is written in, the usual first
    quarters_per_minute: int
    lilt: Fraction = Fraction(1, 2)  # the share of a pair of eighths that its first note takes
    aliases: tuple[str, ...] = ()


RHYTHMS = {
    rhythm.name: rhythm
    for rhythm in (
        Rhythm("reel", ("4/4", "C|", "C", "2/2", "2/4"), 200, Fraction(13, 25)),
        Rhythm("jig", ("6/8",), 174, aliases=("double jig", "single jig", "irish jig", "jigg")),
        Rhythm("slip jig", ("9/8",), 180, aliases=("slipjig", "hop jig", "slip-jig")),
        Rhythm("slide", ("12/8", "6/8"), 195),
        Rhythm("hornpipe", ("4/4", "C|", "C", "2/4"), 152, Fraction(3, 5), ("clog", "horn pipe")),
        Rhythm("polka", ("2/4",), 126, Fraction(13, 25)),
        Rhythm("strathspey", ("4/4", "C"), 126, aliases=("highland fling", "fling", "schottische")),
        Rhythm("march", ("4/4", "2/4", "6/8", "C|"), 108, aliases=("quick step", "quickstep", "quick march")),
        Rhythm("waltz", ("3/4",), 138),
        Rhythm("mazurka", ("3/4",), 138),
        Rhythm("minuet", ("3/4",), 116, aliases=("menuet",)),
        Rhythm("air", ("3/4", "4/4", "C", "6/8"), 76, aliases=("slow air", "song", "lied")),
        Rhythm("set dance", ("4/4", "6/8", "C|"), 132, Fraction(3, 5), ("long dance", "set tune")),
        Rhythm("barndance", ("4/4", "C"), 160, Fraction(3, 5), ("barn dance", "walkaround")),
        Rhythm("gavotte", ("4/4", "C|", "2/2"), 126),
    )
}
_NAMES = {alias: rhythm.name for rhythm in RHYTHMS.values() for alias in (rhythm.name, *rhythm.aliases)}
_WITHOUT_RHYTHM = {"2/4": 100, "6/8": 150, "9/8": 160, "12/8": 170, "3/4": 120, "3/8": 130, "C|": 160, "2/2": 150}


def known_rhythm(written: str) -> Rhythm | None:
    """The rhythm that a file's `R:` means, or None where the table has none.

    >>> known_rhythm("Double Jig").name
    'jig'
    """
    words = re.sub(r"[^a-z -]", "", written.lower()).strip()
    for candidate in (words, words.removesuffix("s")):
        if candidate in _NAMES:
            return RHYTHMS[_NAMES[candidate]]
    return None


def told_rhythm(tune: Tune) -> str:
    """The one name for the rhythm that a tune states, or for the one inferred where it states none; "" for neither.

    A stated rhythm that the table does not have stays as it is written.
    """
    known = known_rhythm(tune.rhythm)
    if tune.rhythm:
        return known.name if known else tune.rhythm
    return next((inference.value for inference in tune.inferred if inference.what == "rhythm"), "")


def quarters_per_minute(tune: Tune) -> int:
    """How fast to play a tune that does not say: by its rhythm, else by its metre."""
    rhythm = known_rhythm(tune.rhythm)
    return rhythm.quarters_per_minute if rhythm else _by_meter(tune.meter)


def _by_meter(meter: Meter) -> int:
    return _WITHOUT_RHYTHM.get(str(meter), 120)


def lilt(tune: Tune) -> Fraction:
    """The share of a pair of eighth notes that the first one takes: 1/2 is straight, 3/5 a hornpipe's swing."""
    rhythm = known_rhythm(tune.rhythm)
    return rhythm.lilt if rhythm and not tune.meter.compound else Fraction(1, 2)
