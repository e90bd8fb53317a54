"""What a tune asks of a player: leaps, breath, and the notes of some instruments.

In: a `Tune` or its `Features`. Out: shares, semitones, bars; NaN without notes. How far a tune reaches is
`pitch_range` in `pitch_content`; tempo is not looked at, nor are fingerings from note to note.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tunewright.music.features import Features, features, pairs
from tunewright.music.tune import Pitch, Tune

FIFTH = 7  # semitones
EXACT = 1e-9  # whole notes: sums of floats that should be equal differ by less


def leaps(tune: Tune | Features) -> float:
    """Share of the melodic intervals that are wider than a perfect fifth, 0 to 1; NaN with fewer than two notes."""
    intervals = _intervals(tune)
    return sum(interval > FIFTH for interval in intervals) / len(intervals) if intervals else math.nan


def widest_leap(tune: Tune | Features) -> float:
    """Semitones of the widest melodic interval, 0 to 127; NaN with fewer than two notes."""
    return float(max(_intervals(tune), default=math.nan))


def _intervals(tune: Tune | Features) -> list[int]:
    return [abs(other.pitch - one.pitch) for one, other in pairs(features(tune))]


def longest_run(tune: Tune | Features) -> float:
    """Bars of the longest stretch without a rest, more than 0; NaN without notes.

    As written, repeats not unfolded: where a tune has no rest, its whole length, for a player with breath to find
    places for it. Each note counts as the share of its bar that it lasts; in free metre, a whole note counts as a bar.
    """
    return max(_stretches(features(tune)), default=math.nan)


def _stretches(seen: Features) -> Iterator[float]:
    """The length in bars of each stretch of notes without a rest."""
    bars, end = 0.0, 0.0
    for note in seen.melody:
        if note.onset > end + EXACT:
            yield bars
            bars = 0.0
        bars += note.length / _bar_length(note.place.meter)
        end = note.onset + note.length
    if seen.melody:
        yield bars


@cache
def _bar_length(meter: str) -> float:
    numerator, denominator = map(int, meter.split("/"))
    return numerator / denominator or 1.0


# ------------------------------------------------------------------------------------------------ instruments


@dataclass(frozen=True, slots=True)
class Instrument:
    """The notes that lie under the fingers, at written pitch, and by which steps a tune may be moved to reach them.

    Half-holing, keys and other positions give more notes to those who master them; here they do not count.
    """

    name: str
    notes: frozenset[int]  # MIDI numbers
    step: int  # semitones: 12 where a player may take another octave but not another key
    reference: str


ALL = frozenset(range(12))
WHISTLE = frozenset({2, 4, 6, 7, 9, 11, 1, 0})  # D major, and C natural
PIPES = frozenset({9, 11, 1, 2, 4, 6, 7})  # A mixolydian


def _from_to(lowest: Pitch, highest: Pitch, classes: frozenset[int] = ALL) -> frozenset[int]:
    return frozenset(pitch for pitch in range(lowest.midi, highest.midi + 1) if pitch % 12 in classes)


INSTRUMENTS: Mapping[str, Instrument] = {
    "tin_whistle": Instrument(
        "tin whistle, low whistle or keyless flute in D",
        _from_to(Pitch("D", 0, 4), Pitch("B", 0, 5), WHISTLE),
        12,
        "two octaves, written an octave below a tin whistle's sound; C natural is cross-fingered, other notes need "
        "half holes (Music Stack Exchange, tag penny-whistle; The Chieftains, Instruments: Flute)",
    ),
    "uilleann_pipes": Instrument(
        "uilleann pipes, chanter in D without keys",
        _from_to(Pitch("D", 0, 4), Pitch("D", 0, 6), WHISTLE),
        12,
        "two octaves of D major and a C natural (Folkipedia and kids.net.au Encyclopedia, Uilleann pipes)",
    ),
    "highland_pipes": Instrument(
        "Great Highland bagpipe",
        _from_to(Pitch("G", 0, 4), Pitch("A", 0, 5), PIPES),
        12,
        "nine notes, written G4 to A5 with F sharp and C sharp (J. Campin, Scales and Modes in Scottish Traditional "
        "Music)",
    ),
    "fiddle": Instrument(
        "fiddle or mandolin in first position",
        _from_to(Pitch("G", 0, 3), Pitch("B", 0, 5)),
        12,
        "from the open G string to the fourth finger on the E string (Wikipedia, Violin: Positions)",
    ),
    "recorder": Instrument(
        "descant recorder",
        _from_to(Pitch("C", 0, 4), Pitch("D", 0, 6)),
        12,
        "the normal range, written an octave below its sound (Wikipedia, Soprano recorder)",
    ),
    "voice": Instrument(
        "untrained voices, in any key",
        _from_to(Pitch("A", 0, 3), Pitch("D", 0, 5)),
        1,
        "A3 to D5, as congregations sing without strain (Trio, Watch your tone!)",
    ),
}


def fit(tune: Tune | Features, instrument: str) -> float:
    """Share of the notes that lie under the fingers of a player of an instrument, 0 to 1; NaN without notes.

    The whole tune may be played in another octave: the one in which most notes can be played counts. For the voice it
    may be sung in any key. KeyError for an instrument that is not in `INSTRUMENTS`. It changes with the key.
    """
    counts = Counter(note.pitch for note in features(tune).melody)
    if not counts:
        return math.nan
    of = INSTRUMENTS[instrument]
    lowest, highest = min(counts) - max(of.notes), max(counts) - min(of.notes)
    moves = range(lowest - lowest % of.step, highest + 1, of.step)
    best = max(sum(count for pitch, count in counts.items() if pitch - move in of.notes) for move in moves)
    return best / counts.total()
