"""How the parts of a piece move, each by itself and against the others.

In: a `Piece` or its `View`. Out: semitones, shares and counts per bar; NaN where there is nothing to count. Drums are
left out. A part's line is its highest note at each onset, each up to the next one: what two parts do is read from
their lines, so that a part of chords counts as its top. These are facts of theory, no rules: what is forbidden in a
chorale is the sound of a rock band, and only real pieces of the same kind say how much is usual.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from tunewright.measuring.pieces.views import SILENT, Ints, Line, View, view
from tunewright.music.piece import Piece

FIFTH, OCTAVE = 7, 0
DISSONANT = (1, 2, 6, 10, 11)  # semitones modulo 12; a fourth counts as consonant whatever lies below it
WIDE = 7  # semitones: wider intervals are leaps
DOUBLED = 0.5  # share of the moments of two parts in octaves or unisons, beyond which one doubles the other


def mean_leap(piece: Piece | View) -> float:
    """Semitones from a note of a line to the next, whichever way, the mean over all lines; NaN without two notes."""
    intervals = _intervals(view(piece))
    return float(np.abs(intervals).mean()) if len(intervals) else math.nan


def leaps(piece: Piece | View) -> float:
    """Share of the intervals in all lines that are wider than a fifth, 0 to 1; NaN without two notes in a line."""
    intervals = _intervals(view(piece))
    return float((np.abs(intervals) > WIDE).mean()) if len(intervals) else math.nan


def _intervals(seen: View) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *(np.diff(line.numbers) for line in seen.lines)])


def crossing_rate(piece: Piece | View) -> float:
    """Share of beats at which the lower of two neighbouring parts sounds above the other, 0 to 1; NaN without two.

    Parts are ordered by the mean number of their lines' notes; each part and the next one above it are looked at, at
    the beginning of every beat at which both sound.
    """
    seen = view(piece)
    order = sorted((line for line in seen.lines if len(line.numbers)), key=lambda line: float(line.numbers.mean()))
    crossed = both = 0
    for low, high in pairwise(order):
        below, above = low.at(seen.beats), high.at(seen.beats)
        sounding = (below != SILENT) & (above != SILENT)
        both += int(sounding.sum())
        crossed += int((sounding & (below > above)).sum())
    return crossed / both if both else math.nan


def parallel_fifths(piece: Piece | View) -> float:
    """Parallel perfect fifths in a bar, from 0; the mean over the bars; NaN with fewer than two parts.

    Two parts that stand a fifth apart, octaves between them or none, and both move in one direction to another fifth,
    are one such case. They are looked at wherever one of them begins a note, each place beside the one before it;
    where one is silent, nothing is counted. Parts that double one another, being octaves or unisons apart at more
    than half of these places, are left out as pairs.
    """
    return _parallels(view(piece), FIFTH)


def parallel_octaves(piece: Piece | View) -> float:
    """Parallel octaves and unisons in a bar, counted as `parallel_fifths` are; NaN with fewer than two parts."""
    return _parallels(view(piece), OCTAVE)


def _parallels(seen: View, interval: int) -> float:
    pairs = [pair for pair in combinations(seen.lines, 2) if len(pair[0].onsets) and len(pair[1].onsets)]
    if not pairs:
        return math.nan
    return sum(int(_parallel(moments, interval).sum()) for moments in _moments(pairs)) / len(seen.bars)


def _moments(pairs: list[tuple[Line, Line]]) -> Iterator[Ints]:
    """What both parts of a pair sound wherever one begins a note, (moments, 2); none of those that double."""
    for one, other in pairs:
        times = np.union1d(one.onsets, other.onsets)
        sounding = np.stack([one.at(times), other.at(times)], axis=1)
        both = sounding[(sounding != SILENT).all(1)]
        doubled = (both[:, 0] - both[:, 1]) % 12 == 0
        if len(both) and doubled.mean() <= DOUBLED:
            yield sounding


def _parallel(moments: Ints, interval: int) -> NDArray[np.bool_]:
    """At which moments both parts have moved in one direction from the interval to the interval: (moments - 1,)."""
    apart = np.abs(moments[:, 0] - moments[:, 1]) % 12 == interval
    there = apart & (moments != SILENT).all(1)
    steps = np.sign(np.diff(moments, axis=0))
    found: NDArray[np.bool_] = there[:-1] & there[1:] & (steps.prod(1) > 0)
    return found


def dissonance_rate(piece: Piece | View) -> float:
    """Share of the intervals between all that sounds on a beat that are dissonant, 0 to 1; NaN where no two notes do.

    Looked at are all pairs of different numbers that sound at the beginning of each beat. Dissonant are seconds,
    sevenths and the tritone, octaves between them or none.
    """
    found = [(high - low) % 12 for chord in view(piece).chords for low, high in combinations(chord, 2)]
    return sum(interval in DISSONANT for interval in found) / len(found) if found else math.nan
