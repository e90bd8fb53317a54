"""Which notes a piece uses, how many sound at once, and which of its bars stood before.

In: a `Piece` or its `View`. Out: counts, shares and bits; NaN where there is nothing to count. All parts count, drums
only where it is said; every note counts once, whatever its length and how hard it is struck. Measures that muspy has
too are the same on notes that lie on its grid, but where it is said. Bars that return, their grooves and the pitch
classes in them leave out a pickup. How parts move against one another is in `voice_leading`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from tunewright.measuring.averages import mean
from tunewright.measuring.layering import GRID as PLACES
from tunewright.measuring.pieces.views import View, view
from tunewright.measuring.pitch_content import SCALES
from tunewright.measuring.repetition import runs
from tunewright.music.piece import TICKS, Piece

# ------------------------------------------------------------------------------------------------ pitches


def pitch_range(piece: Piece | View) -> float:
    """Semitones from the lowest note to the highest, 0 to 127; NaN without notes. Drums are left out. (muspy.)"""
    numbers = view(piece).pitched[:, 2]
    return float(numbers.max() - numbers.min()) if len(numbers) else math.nan


def pitches_used(piece: Piece | View) -> float:
    """Number of different pitches, 1 to 128; NaN without notes. Drums are left out. (muspy's `n_pitches_used`.)"""
    return float(len(np.unique(view(piece).pitched[:, 2]))) or math.nan


def pitch_classes_used(piece: Piece | View) -> float:
    """Number of different pitch classes, 1 to 12; NaN without notes. Drums are left out.

    As `n_pitch_classes_used` of muspy.
    """
    return float(len(np.unique(view(piece).pitched[:, 2] % 12))) or math.nan


def pitch_entropy(piece: Piece | View) -> float:
    """Entropy of the pitches in bits, 0 to 7; NaN without notes. Drums are left out. (muspy.)"""
    return _entropy(view(piece).pitched[:, 2].tolist())


def pitch_class_entropy(piece: Piece | View, bars: int = 0) -> float:
    """Entropy of the pitch classes in bits, 0 to log2 12; NaN without notes. Drums are left out.

    Of the whole piece, as muspy has it; or the mean over all stretches of so many bars that have notes, one beginning
    at every bar, as MusDr has it. A note counts in the bar where it begins.
    """
    seen = view(piece)
    if not bars:
        return _entropy((seen.pitched[:, 2] % 12).tolist())
    of_bars = [[number % 12 for _, part, number, _ in notes if part >= 0] for notes in seen.contents[seen.full]]
    return mean(_entropy([one for bar in stretch for one in bar]) for stretch in runs(of_bars, bars))


def scale_consistency(piece: Piece | View) -> float:
    """Share of the notes in the diatonic scale that holds most of them, 7/12 to 1; NaN without. Drums are left out.

    The twelve major scales, each also a natural minor one. (muspy.)
    """
    counts = Counter((view(piece).pitched[:, 2] % 12).tolist())
    best = max(sum(counts[step] for step in scale) for scale in SCALES)
    return best / counts.total() if counts else math.nan


def _entropy(things: Sequence[Hashable]) -> float:
    """In bits; NaN of nothing."""
    if not things:
        return math.nan
    counts = Counter(things)
    return math.log2(len(things)) - sum(count * math.log2(count) for count in counts.values()) / len(things)


# ------------------------------------------------------------------------------------------------ texture


def parts(piece: Piece | View) -> float:
    """Number of parts, from 1; NaN without any. A part is a track of the file that has notes; drums count."""
    return float(len(view(piece).piece.parts)) or math.nan


def instruments(piece: Piece | View) -> float:
    """Number of different instruments (General MIDI programs; all drums are one), 1 to 129; NaN without parts."""
    return float(len({(part.drums, part.program) for part in view(piece).piece.parts})) or math.nan


def polyphony(piece: Piece | View) -> float:
    """Number of different pitches that sound at once, the mean over all time when one does, from 1; NaN without.

    Drums are left out. (muspy.)
    """
    lengths, counts = _sounding(view(piece))
    sounds = lengths[counts > 0].sum()
    return float((lengths * counts).sum() / sounds) if sounds else math.nan


def polyphony_rate(piece: Piece | View, least: int = 2) -> float:
    """Share of the time, from tick 0 to the last end, when so many different pitches or more sound; NaN without notes.

    0 to 1; drums are left out. (muspy's, with its threshold of 2.)
    """
    seen = view(piece)
    lengths, counts = _sounding(seen)
    end = int(seen.pitched[:, 1].max(initial=0))
    return float(lengths[counts >= least].sum() / end) if end else math.nan


def _sounding(seen: View) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    """How many ticks so many pitches sound, stretch by stretch."""
    ticks, counts = seen.sounding
    return np.diff(ticks), counts[:-1]


def note_density(piece: Piece | View) -> float:
    """Notes of all parts that begin in a quarter note, the mean from tick 0 to the last end; NaN without notes.

    Drums count.
    """
    seen = view(piece)
    return len(seen.every) * TICKS / seen.piece.length if seen.piece.length else math.nan


def part_activity(piece: Piece | View) -> float:
    """Share of the bars in which a part sounds, the mean over the parts, 0 to 1; NaN without parts. Drums count."""
    seen = view(piece)
    starts = np.array([start for start, _ in seen.bars])
    return mean(
        _touched([note.onset for note in part.notes], [note.end for note in part.notes], starts)
        for part in seen.piece.parts
        if part.notes
    )


def empty_beat_rate(piece: Piece | View) -> float:
    """Share of the beats in which nothing sounds, 0 to 1; NaN without notes. Drums count.

    Beats are those of the metre, up to the end of the last note. Muspy's are quarter notes, and a note that ends where
    a beat begins fills that beat too; here it does not.
    """
    seen = view(piece)
    return 1 - _touched(seen.every[:, 0], seen.every[:, 1], seen.beats)


def empty_bar_rate(piece: Piece | View) -> float:
    """Share of the bars in which nothing sounds, 0 to 1; NaN without notes. Drums count.

    As `empty_measure_rate` of muspy, but a note that ends at a bar line does not fill the bar after it.
    """
    seen = view(piece)
    return 1 - _touched(seen.every[:, 0], seen.every[:, 1], np.array([start for start, _ in seen.bars]))


def _touched(onsets: Iterable[int], ends: Iterable[int], starts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Share of the stretches that begin at `starts` in which a note sounds; NaN without notes, or such a stretch."""
    first = np.searchsorted(starts, list(onsets), side="right") - 1
    last = np.searchsorted(starts, list(ends), side="left")  # past it
    if not len(first) or not len(starts):
        return math.nan
    changes = np.zeros(len(starts) + 1, dtype=np.int64)
    np.add.at(changes, first, 1)
    np.add.at(changes, last, -1)
    return float((np.cumsum(changes)[:-1] > 0).mean())


# ------------------------------------------------------------------------------------------------ rhythm


def groove_consistency(piece: Piece | View) -> float:
    """How alike the onsets of neighbouring bars are, 0 to 1; NaN with fewer than two bars or without notes.

    Each bar is cut into 48 places, and a note of any part, drums too, counts at the place where it begins; one minus
    the share of the places in which two neighbours differ, the mean over all of them. (muspy, with 48 places in
    every bar.)
    """
    grooves = _grooves(view(piece))
    return (
        mean(1 - (one ^ other).bit_count() / PLACES for one, other in pairwise(grooves)) if any(grooves) else math.nan
    )


def grooving_similarity(piece: Piece | View) -> float:
    """The same for any two bars, near or far, the mean over all pairs, 0 to 1. (MusDr.)"""
    grooves = _grooves(view(piece))
    count = len(grooves)
    if count < 2 or not any(grooves):
        return math.nan
    begun = Counter(place for groove in grooves for place in range(PLACES) if groove >> place & 1)
    differing = sum(bars * (count - bars) for bars in begun.values())  # pairs of bars, one with an onset there
    return 1 - differing / (PLACES * math.comb(count, 2))


def _grooves(seen: View) -> list[int]:
    """The onsets of each bar as bits, the first place lowest."""
    grooves = [0] * len(seen.bars)
    starts = np.array([start for start, _ in seen.bars])
    onsets = np.unique(seen.every[:, 0])
    for onset, bar in zip(onsets.tolist(), (np.searchsorted(starts, onsets, side="right") - 1).tolist(), strict=True):
        start, stop = seen.bars[bar]
        grooves[bar] |= 1 << (onset - start) * PLACES // (stop - start)
    return grooves[seen.full]


def drum_in_pattern_rate(piece: Piece | View, of_quarter: int = 4) -> float:
    """Share of the strokes of drums that lie on a fourth of a quarter note, 0 to 1; NaN without drums.

    With 3, on a third of one. (Dong, Hsiao, Yang and Yang 2018, as muspy has it, without its tolerance to either side.)
    """
    onsets = view(piece).drums[:, 0]
    return float((onsets % (TICKS // of_quarter) == 0).mean()) if len(onsets) else math.nan


def drum_pattern_consistency(piece: Piece | View) -> float:
    """The higher of the shares of strokes on fourths and on thirds of a quarter note; NaN without drums. (muspy.)"""
    return max(drum_in_pattern_rate(piece, of_quarter) for of_quarter in (4, 3))


# ------------------------------------------------------------------------------------------------ what returns


def repetition_rate(piece: Piece | View, bars: int = 1, *, transposed: bool = False) -> float:
    """Share of the phrases of so many bars that stood earlier in the piece, 0 to 1; NaN with fewer than two phrases.

    A phrase begins at every bar, so those of 2 and 4 bars overlap; those in which no note begins are left out. Two
    are equal when all their notes have the same onsets in the bar, parts, numbers and lengths, told apart to a 24th
    of a quarter note; with `transposed`, the numbers of all parts but drums may be moved alike.
    """
    seen = view(piece)
    phrases = [phrase for phrase in runs(seen.contents[seen.full], bars) if any(phrase)]
    keys: list[Hashable] = [_moved(phrase) if transposed else phrase for phrase in phrases]
    return 1 - len(set(keys)) / len(keys) if len(keys) > 1 else math.nan


def _moved(phrase: Sequence[Sequence[tuple[int, int, int, int]]]) -> Hashable:
    """A phrase with its numbers counted from its lowest note."""
    lowest = min((number for bar in phrase for _, part, number, _ in bar if part >= 0), default=0)
    return tuple(
        tuple((onset, part, number - lowest if part >= 0 else number, length) for onset, part, number, length in bar)
        for bar in phrase
    )
