"""Which pitches a tune uses, and how evenly: entropies, the scale that fits best, the range.

In: a `Tune` or its `Features`. Out: bits, shares, semitones; NaN without notes. Every note counts once, whatever its
length, ties joined. What is played on which instrument is `playability`'s.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable

from tunewright.measuring.averages import mean
from tunewright.measuring.repetition import runs
from tunewright.music.features import Features, features
from tunewright.music.tune import SEMITONES, Tune

SCALES = tuple(frozenset((root + step) % 12 for step in SEMITONES.values()) for root in range(12))


def pitch_class_entropy(tune: Tune | Features, bars: int = 1) -> float:
    """Entropy of the pitch classes in so many bars, in bits, 0 to log2 12; the mean over all such stretches.

    A stretch begins at every bar; notes count where they begin, whatever their length. Stretches without notes are
    left out; NaN where none is left. (Wu and Yang 2020.)
    """
    stretches = runs([bar.classes for bar in features(tune).bars], bars)
    counts = (Counter(pitch for classes in stretch for pitch in classes) for stretch in stretches)
    return mean(_entropy(count) for count in counts if count)


def pitch_entropy(tune: Tune | Features) -> float:
    """Entropy of the pitches of a tune in bits, 0 (one pitch only) to 7 (all 128 alike); NaN without notes.

    Octaves are told apart. As `pitch_entropy` of muspy (Dong et al. 2020) on the same notes.
    """
    counts = Counter(note.pitch for note in features(tune).melody)
    return _entropy(counts) if counts else math.nan


def scale_consistency(tune: Tune | Features) -> float:
    """Share of the notes that lie in the diatonic scale that holds most of them, 0 to 1; NaN without notes.

    The twelve major scales, each also a natural minor one. As `scale_consistency` of muspy (Dong et al.
    2020). The least possible is 7 of 12: even chromatic music has so much.
    """
    counts = Counter(note.pitch % 12 for note in features(tune).melody)
    best = max(sum(counts[step] for step in scale) for scale in SCALES)
    return best / counts.total() if counts else math.nan


def pitch_range(tune: Tune | Features) -> float:
    """Semitones from the lowest note to the highest, 0 to 127; NaN without notes.

    As `pitch_range` of muspy, but for chords, whose top note alone counts here.
    """
    pitches = [note.pitch for note in features(tune).melody]
    return float(max(pitches) - min(pitches)) if pitches else math.nan


def _entropy(counts: Counter[Hashable] | Counter[int]) -> float:
    total = counts.total()
    return math.log2(total) - sum(count * math.log2(count) for count in counts.values()) / total
