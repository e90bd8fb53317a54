"""The chords of a tune as they are played: the bass on strong beats and the chord on weak ones, as the metre has it.

In: a `Tune` with chord symbols. Out: notes in whole notes from the beginning, as `performance` gives those of the
melody, and quieter than they are. A chord goes on until the next symbol; before the first one, and after N.C., nothing
is played. The patterns are those that players of ABC have (the gchord of abc2midi): f the bass, c the chord, b both, z
nothing, each an equal share of the bar. In free metre a chord is struck where its symbol stands, and held.

This file does not know which notes a symbol means (`chord_symbols`), writes no format and makes no sound.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from tunewright.formats.midi.performance import MetricalBar, Played, metrical_bars
from tunewright.music.chord_symbols import Chord, parse_chord
from tunewright.music.piece import LONGEST
from tunewright.music.playing import played
from tunewright.music.tune import ChordSymbol, Meter, Note, Rest, Tune
from tunewright.support.errors import RenderError

GUITAR = 24  # General MIDI's with nylon strings, from 0
NAME = "Chords"  # of their track
BASS_VELOCITY, CHORD_VELOCITY = 64, 52
LOWEST_BASS, LOWEST_ROOT = 36, 48  # the octaves above these Cs
PATTERNS = {
    "2/2": "fzczfzcz",
    "4/4": "fzczfzcz",
    "2/4": "fzcz",
    "3/4": "fzczcz",
    "3/8": "fzczcz",
    "6/8": "fzcfzc",
    "9/8": "fzcfzcfzc",
    "12/8": "fzcfzcfzcfzc",
    "6/4": "fzczfzczfzcz",
    "5/4": "fzbcz",
    "5/8": "fzbcz",
    "7/4": "fzbczcz",
    "7/8": "fzbczcz",
}


def has_chords(tune: Tune) -> bool:
    """Whether some chord of a tune can be played."""
    symbols = (element for element in tune.music if isinstance(element, ChordSymbol))
    return any((chord := parse_chord(symbol.text)) and not chord.silent for symbol in symbols)


def accompaniment(tune: Tune) -> list[Played]:
    """The chords of a tune, repeats unfolded; empty where it has none. RenderError for a tune of absurd length."""
    symbols = _symbols(tune)
    times = [time for time, _ in symbols]
    notes: list[Played] = []
    bars = metrical_bars(tune) if symbols else []
    if bars and bars[-1].stop > LONGEST:
        where = tune.source or tune.title or "tune"
        raise RenderError(
            f"{where}: lasts {int(bars[-1].stop):,} whole notes; chords are played in at most {LONGEST:,}"
        )
    for bar in bars:
        for struck, length, sign in _struck(bar, times):
            place = bisect_right(times, struck) - 1
            if place >= 0:
                notes += _notes(symbols[place][1], tune.sounding, struck, length, sign)
    return notes


def _symbols(tune: Tune) -> list[tuple[Fraction, Chord]]:
    """The chords with when they begin, as played."""
    symbols: list[tuple[Fraction, Chord]] = []
    time = Fraction(0)
    for element in played(tune):
        if isinstance(element, Note | Rest):
            time += element.length
        elif isinstance(element, ChordSymbol) and (chord := parse_chord(element.text)):
            symbols.append((time, chord))
    return symbols


def _struck(bar: MetricalBar, symbols: Sequence[Fraction]) -> Iterator[tuple[Fraction, Fraction, str]]:
    """When something is struck in a bar, for how long, and whether that is the bass, the chord or both."""
    if bar.meter.length is None:
        inside = [time for time in symbols if bar.start < time < bar.stop]
        for time, until in pairwise([bar.start, *inside, bar.stop]):
            yield time, until - time, "b"
        return
    signs = pattern(bar.meter)
    share = bar.meter.length / len(signs)
    first = int((bar.start - bar.origin) / share)
    for number in range(first, int((bar.stop - bar.origin) / share) + 1):
        time, sign = bar.origin + number * share, signs[number % len(signs)]
        if sign != "z" and bar.start <= time < bar.stop:
            yield time, min(share, bar.stop - time), sign


def pattern(meter: Meter) -> str:
    """What is struck in a bar of a metre, in equal shares of it.

    >>> pattern(Meter(3, 4)), pattern(Meter(8, 8, groups=(3, 3, 2)))
    ('fzczcz', 'fccfccfc')
    """
    if meter.groups:
        return "".join("f" + "c" * (group - 1) for group in meter.groups)
    if known := PATTERNS.get(str(meter.plain)):
        return known
    if meter.compound:
        return "fzc" * (meter.numerator // 3)
    return "fzcz" * (meter.numerator // 2) if meter.numerator % 2 == 0 else "fz" + "cz" * (meter.numerator - 1)


def _notes(chord: Chord, sounding: int, onset: Fraction, length: Fraction, sign: str) -> Iterator[Played]:
    """What is struck; it moves with what the melody sounds, within the octave."""
    if chord.silent:
        return
    if sign in "fb":
        yield Played(onset, length, LOWEST_BASS + (chord.bass + sounding) % 12, BASS_VELOCITY)
    if sign in "cb":
        for interval in chord.intervals:
            yield Played(onset, length, LOWEST_ROOT + (chord.root + sounding) % 12 + interval, CHORD_VELOCITY)
