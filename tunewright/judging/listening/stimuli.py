"""Tunes as they are heard in a test: nothing of their sound tells where they are from.

In: tunes. Out: excerpts, and their sound. All are cut after as many bars, each strain played once; what one notation
has and another has not (ornaments, grace notes, chords, slurs, a tempo of its own, titles) is left out. All are played
on one instrument, as fast as their rhythm says, equally loud. This file chooses no tune.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tunewright.formats.sound import tunes as sounding
from tunewright.formats.sound.loudness import equally_loud
from tunewright.formats.sound.timed_notes import SAMPLE_RATE
from tunewright.music.playing import played_places
from tunewright.music.rhythms import known_rhythm, told_rhythm
from tunewright.music.tune import Bar, Element, KeyChange, MeterChange, Note, Rest, Tune

RATE = 22_050  # Hz; what a small SoundFont has above 11 kHz is not missed
FADE_SECONDS = 0.4  # at the end
FEWEST_BARS, MOST_BARS, USUAL_BARS = 2, 64, 16

Floats = NDArray[np.float64]


# ------------------------------------------------------------------------------------------------ what is played


def excerpt(tune: Tune, bars: int) -> Tune | None:
    """The first so many bars of a tune, each strain once, bare of all but its melody; None where they cannot be had.

    That is where it has fewer, its metre changes, it is free, a bar of these does not add up, or all are silent.
    """
    if tune.meter.length is None or any(isinstance(element, MeterChange) for element in tune.music):
        return None
    bare = Tune(tuple(_bare(_once(tune), tune.meter.length)), key=tune.key, meter=tune.meter, rhythm=_rhythm(tune))
    measures = bare.measures
    last = next((number for number, one in enumerate(measures) if one.number == bars), None)
    if last is None or not all(one.full or one.number == 0 for one in measures[:last]):
        return None
    upbeat = measures[0].length if measures[0].number == 0 else Fraction(0)
    if measures[last].length not in (tune.meter.length, tune.meter.length - upbeat):  # the upbeat may complete it
        return None
    music = bare.music[: measures[last].stop]
    if not any(isinstance(element, Note) for element in music):
        return None
    return replace(bare, music=(*_untied(music), Bar("|]")))


def _once(tune: Tune) -> list[Element]:
    """What is played, each strain the last time it is; as written where a strain comes back later."""
    places = list(played_places(tune))
    kept: list[int] = []
    for place in reversed(places):
        if not kept or place < kept[-1]:
            kept.append(place)
    whole = len(kept) * 2 > len(set(places))
    return [tune.music[place] for place in (reversed(kept) if whole else places)]


def _bare(music: Sequence[Element], whole: Fraction) -> Iterator[Element]:
    """Melody notes, rests, bar lines without repeats, changes of key.

    Where two strains meet, the end of one and the upbeat of the next make one bar of length `whole`.
    """
    length, begun = Fraction(0), False
    for element in music:
        if isinstance(element, Bar):
            if length and (length >= whole or not begun):
                yield Bar("||" if element.ends_section else "|")
                length, begun = Fraction(0), True
        elif isinstance(element, Note):
            tied = element.tied or element.pitch in element.held
            length += element.length
            yield Note((element.pitch,), element.length, tied)
        elif isinstance(element, Rest):
            length += element.length
            yield element
        elif isinstance(element, KeyChange):
            yield element


def _untied(music: Sequence[Element]) -> list[Element]:
    """The same, its last note held no further."""
    last = music[-1]
    return [*music[:-1], replace(last, tied=False) if isinstance(last, Note) else last]


def _rhythm(tune: Tune) -> str:
    known = known_rhythm(told_rhythm(tune))
    return known.name if known else ""


# ------------------------------------------------------------------------------------------------ how it sounds


def sounds(excerpts: Sequence[Tune], on_progress: Callable[[int], None] = lambda _: None) -> list[Floats]:
    """Each of them as samples of one channel at `RATE`, full scale 1, all equally loud; counted as they are made."""
    made = []
    for number, tune in enumerate(excerpts, 1):
        made.append(_one(tune))
        on_progress(number)
    return equally_loud(made, RATE)


def _one(tune: Tune) -> Floats:
    with wave.open(io.BytesIO(sounding.to_wav(tune)), "rb") as sound:
        channels = sound.getnchannels()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(float) / 32768
    mono = resampled(samples.reshape(-1, channels).mean(axis=1), SAMPLE_RATE, RATE)
    fade = min(len(mono), round(FADE_SECONDS * RATE))
    mono[len(mono) - fade :] *= np.linspace(1, 0, fade)
    return mono


def resampled(samples: Floats, rate: int, to: int) -> Floats:
    """Samples at a lower rate: every frequency below half of it is kept, and nothing above."""
    if to >= rate:
        return samples
    from scipy.signal import resample_poly  # noqa: PLC0415 - takes a second to load

    ratio = Fraction(to, rate)
    found: Floats = resample_poly(samples, ratio.numerator, ratio.denominator)
    return found


def as_wav(samples: Floats, rate: int = RATE) -> bytes:
    """A WAV file of one channel and 16 bits, with nothing in it but sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2").tobytes())
    return file.getvalue()


def read_wav(content: bytes) -> tuple[Floats, int]:
    """The samples of such a file, and their rate."""
    with wave.open(io.BytesIO(content), "rb") as sound:
        rate = sound.getframerate()
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(float) / 32767, rate
