"""What sets of pieces do how often, to be compared with other sets.

In: a `Piece` or its `View`. Out: a `Style` with the counts of `COUNTED_IN_PIECES`. What is counted, for which match:

- chord (`vertical_match`): for each beat at whose beginning something but drums sounds, the pitch classes that sound,
  counted from the lowest note: inversions differ, doublings do not, and neither does the key;
- chord pair (`vertical_transition_match`): two beats in a row whose chords differ in bass or in pitch classes: both
  chords, and by how many semitones, modulo 12, the lowest note moves;
- one interval, interval (`interval_histogram_match`, `interval_match`): semitones from note to note of each part's
  line, its highest note at each onset; and pairs of these in a row;
- one length, duration (`length_histogram_match`, `duration_match`): how long each note sounds, in 24ths of a quarter;
  and pairs of these in the order of a part's notes; drums left out;
- onset (`onset_match`): where in its bar each note begins, in 24ths of a quarter, drums too;
- instrument (`instrument_match`): the program of each note, or drums; drum (`drum_match`): the number of each stroke.

No key is needed for any of them: MIDI files state none that can be relied on. This file compares nothing
(`measures.styles.match`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from tunewright.measuring.pieces.views import GRID, View, view
from tunewright.measuring.spreads import WIDTH, Spread
from tunewright.measuring.styles import Style
from tunewright.music.piece import Part, Piece

Chord = tuple[int, tuple[int, ...]]  # its lowest note, and the pitch classes above that


def chords(seen: View) -> list[Chord]:
    """What sounds on each beat, beats of silence left out: the lowest number, and semitones above it modulo 12."""
    return [(chord[0], tuple(sorted({(one - chord[0]) % 12 for one in chord}))) for chord in seen.chords if chord]


def chord_pairs(seen: View) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """Each chord and the next, where they differ: how far the lowest note moves, modulo 12, and both."""
    for (bass, chord), (then, next_chord) in pairwise(chords(seen)):
        if (bass, chord) != (then, next_chord):
            yield (then - bass) % 12, chord, next_chord


def intervals(seen: View) -> list[list[int]]:
    """Semitones from note to note of each line."""
    return [np.diff(line.numbers).tolist() for line in seen.lines]


def lengths(seen: View) -> list[list[int]]:
    """How long each note is, part by part, in twenty-fourths of a quarter note; drums left out."""
    return [[_steps(note.end - note.onset) for note in part.notes] for part in _pitched(seen)]


def onsets(seen: View) -> Iterator[int]:
    """Where in the bar each note begins, in twenty-fourths of a quarter note; drums count."""
    return (onset for bar in seen.contents for onset, *_ in bar)


def _pitched(seen: View) -> list[Part]:
    return [part for part in seen.piece.parts if not part.drums]


def _steps(ticks: int) -> int:
    return max(1, round(ticks / GRID))


def _instruments(seen: View) -> Iterator[Hashable]:
    return ("drums" if part.drums else part.program for part in seen.piece.parts for _ in part.notes)


def _pairs(of_parts: list[list[int]]) -> Iterator[Hashable]:
    return (pair for one in of_parts for pair in pairwise(one))


def _all(of_parts: list[list[int]]) -> Iterator[Hashable]:
    return (thing for one in of_parts for thing in one)


COUNTED_IN_PIECES: Mapping[str, Callable[[View], Iterator[Hashable]]] = {
    "chord": lambda seen: (chord for _, chord in chords(seen)),
    "chord pair": chord_pairs,
    "interval": lambda seen: _pairs(intervals(seen)),
    "one interval": lambda seen: _all(intervals(seen)),
    "duration": lambda seen: _pairs(lengths(seen)),
    "one length": lambda seen: _all(lengths(seen)),
    "onset": onsets,
    "instrument": _instruments,
    "drum": lambda seen: iter(seen.drums[:, 2].tolist()),
}
ONE_ROW = Spread(np.zeros((1, WIDTH), np.float32))  # a style has a row for each tune, of which nothing is asked here


def style_of(piece: Piece | View) -> Style:
    """What one piece does how often."""
    seen = view(piece)
    return Style({name: Counter(found(seen)) for name, found in COUNTED_IN_PIECES.items()}, ONE_ROW)


def style_of_all(pieces: Iterable[Piece | View]) -> Style:
    """What pieces do how often, all together; read one by one and not kept."""
    counts: dict[str, Counter[Hashable]] = {name: Counter() for name in COUNTED_IN_PIECES}
    for piece in pieces:
        for name, counter in style_of(piece).counts.items():
            counts[name].update(counter)
    return Style(counts)
