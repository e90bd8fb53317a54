"""A tune without chord symbols, with those that its bars imply.

In: a `Tune`. Out: the same tune with a chord symbol before each bar whose harmony is not that of the bar before. One
triad for each bar, from the melody alone, is what a player who hears a tune for the first time strums at best. Which
triad that is, `harmony` says.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tunewright.music.beats import ticks
from tunewright.music.elements import SEMITONES, STEPS, accidental_sign
from tunewright.music.harmony import Harmony, implied_harmony, tonic_class
from tunewright.music.tune import ChordSymbol, Element, Key, KeyChange, Measure, Meter, MeterChange, Note, Rest, Tune

DIMINISHED = 6  # semitones of a fifth


def with_implied_chords(tune: Tune) -> Tune:
    """The tune with a symbol wherever the implied chord changes; as it is where its keys claim no tonic.

    Chord symbols, words and texts that it has already are gone.
    """
    symbols = _symbols(tune)
    music: list[Element] = []
    places: list[int] = []  # where each element went
    for place, element in enumerate(tune.music):
        if place in symbols:
            music.append(ChordSymbol(symbols[place]))
        places.append(len(music))
        if not isinstance(element, ChordSymbol):
            music.append(element)
    tempos = tuple((places[place] if place else 0, tempo) for place, tempo in tune.tempos)
    return replace(tune.with_music(tuple(music)), tempos=tempos)


def implies_chords(tune: Tune) -> bool:
    """Whether any chord follows from its notes."""
    return bool(_symbols(tune))


def _symbols(tune: Tune) -> dict[int, str]:
    """The chords by the places that they stand before: those of the first notes or rests of bars."""
    found: dict[int, str] = {}
    before = ""
    key, meter, place = tune.key, tune.meter, 0
    for measure in tune.measures:
        for element in tune.music[place : measure.stop]:
            key = element.key if isinstance(element, KeyChange) else key
            meter = element.meter if isinstance(element, MeterChange) else meter
        place = measure.stop
        pickup = measure.number == 0 or (measure.expected is not None and measure.length * 2 < measure.expected)
        harmony = None if pickup else _harmony(tune, measure, key, meter)
        text = _name(harmony, key) if harmony else ""
        if text and text != before:
            found[_first_sound(tune, measure)] = before = text
        ends = measure.closing is not None and measure.closing.ends_section
        before = "" if ends else before  # where play may jump, it is said again
    return found


def _first_sound(tune: Tune, measure: Measure) -> int:
    places = range(measure.start, measure.stop)
    return next(place for place in places if isinstance(tune.music[place], Note | Rest))


def _harmony(tune: Tune, measure: Measure, key: Key, meter: Meter) -> Harmony | None:
    strong: list[int] = []
    lengths: list[tuple[int, int]] = []
    time = Fraction(0)
    for element in tune.music[measure.start : measure.stop]:
        if isinstance(element, Note):
            sounds = element.pitch.midi % 12
            lengths.append((sounds, ticks(element.length)))
            if time % meter.beat == 0:
                strong.append(sounds)
        if isinstance(element, Note | Rest):
            time += element.length
    return implied_harmony(strong, lengths, key)


def _name(harmony: Harmony, key: Key) -> str:
    """A chord as it is written over the music; for a diminished one the seventh chord that it is the top of."""
    tonic = tonic_class(key)
    assert tonic is not None
    root, kind = (tonic + harmony[0]) % 12, "m" if harmony[1] == "minor" else ""
    scale = [(SEMITONES[step] + key.signature[step]) % 12 for step in STEPS]
    place = scale.index(root)
    if (scale[(place + 4) % 7] - root) % 12 == DIMINISHED:
        place, kind = place - 2, "7"
    step = STEPS[place]
    return f"{step}{accidental_sign(key.signature[step])}{kind}"
