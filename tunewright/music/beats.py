"""How strong a place in the bar is.

In: onsets and a metre. Out: levels, and notes in order of strength. The levels are those of a metrical grid: the
downbeat, the half of an even bar, the beat, and halves of it (Lerdahl and Jackendoff 1983). This file knows no tune.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from tunewright.music.tune import Meter

WHOLE = 6720  # ticks of a whole note: 64ths, triplets, quintuplets and septuplets are whole numbers of them
NOISE = 1.0  # levels by which chance may move a note

Onset = tuple[int, int]  # bar, and ticks into it


def ticks(length: Fraction) -> int:
    """A length in ticks."""
    return length.numerator * WHOLE // length.denominator


def metrical_level(into_bar: int, meter: Meter) -> int:
    """How strong a place is, by its ticks into the bar: 5 on the downbeat, down to 0 off every grid.

    4 is the middle of a bar of an even number of beats, 3 another beat, 2 a half of a simple beat or a third of a
    compound one, 1 half of that.
    """
    beat = ticks(meter.beat)
    part = beat // (3 if meter.compound else 2)
    bar = ticks(meter.length or Fraction(1))
    beats = bar // beat
    if into_bar % bar == 0:
        return 5
    if beats % 2 == 0 and into_bar % (bar // 2) == 0:
        return 4
    grid = ((beat, 3), (part, 2), (part // 2, 1))
    return next((level for length, level in grid if length and into_bar % length == 0), 0)


def by_strength(onsets: Sequence[Onset], meter: Meter, rng: np.random.Generator) -> list[int]:
    """Places in `onsets`, the strongest first, moved a little by chance."""
    chance = rng.random(len(onsets)) * NOISE
    strength = [metrical_level(onset, meter) + chance[place] for place, (_, onset) in enumerate(onsets)]
    return sorted(range(len(onsets)), key=lambda place: -strength[place])
