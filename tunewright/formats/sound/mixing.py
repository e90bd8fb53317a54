"""Timed notes of many instruments as one WAV file: all voices added, a small hall, cut and faded at the end.

In: `TimedNote`s and a SoundFont. Out: the bytes of a WAV file, 44.1 kHz, 16 bits, stereo, its peak at -1 dB. Any number
of parts and of instruments; a voice is never taken from another. This file reads no music and no SoundFont itself.
"""

from __future__ import annotations

import io
import wave
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tunewright.formats.sound.soundfonts import DRUMS, Gen, SoundFont, Zone, read_soundfont
from tunewright.formats.sound.timed_notes import SAMPLE_RATE, TAIL_SECONDS, TimedNote
from tunewright.formats.sound.voices import LOUDNESS, Samples, envelope, waveform
from tunewright.support.errors import RenderError

PEAK = 10 ** (-1 / 20)  # -1 dB of full scale
LONGEST_SECONDS = 1800  # of a piece; it is mixed in memory
SHORTEST_SECONDS = 0.02  # that a note is held
CUT_SECONDS = 0.02  # in which a drum is silenced by another, as an open hi-hat by a closed one
ROOM_SECONDS = 1.0  # in which the echo of a small hall falls by 60 dB
ROOM_LEVEL = 10 ** (-14 / 20)  # of the echo, against the instruments
SILENCE = 10 ** (-60 / 20)  # under the peak
BLOCK = 1 << 18  # samples that get their echo at a time


class Voice(NamedTuple):
    """One zone sounding for one note; times in samples."""

    held: int
    limit: int  # it is silenced after so many
    onset: int
    gain: float


def to_wav(notes: Sequence[TimedNote], soundfont: Path | None = None) -> bytes:
    """The bytes of a WAV file of these notes, as long as they last and at most `TAIL_SECONDS` longer.

    Raises `RenderError` where there are no notes, they last too long, or the SoundFont is missing, broken or has not
    the instruments.
    """
    font = read_soundfont(soundfont or default_soundfont())
    seconds = max((note.end for note in notes), default=0.0)
    if not notes:
        raise RenderError("no notes to sound; expected at least one")
    if seconds > LONGEST_SECONDS:
        raise RenderError(f"lasts {seconds / 60:,.0f} minutes; expected at most {LONGEST_SECONDS // 60} to be sounded")
    samples = _trimmed(in_a_room(mix(notes, font, seconds + TAIL_SECONDS)), seconds)
    peak = float(max(samples.max(), -samples.min()))
    if not 0 < peak < np.inf:
        programs = sorted({note.program + 1 for note in notes})
        raise RenderError(f"{font.path}: no sound (peak {peak}); expected a SoundFont with instrument {programs[0]}")
    samples *= PEAK / peak
    return as_wav(samples, SAMPLE_RATE)


def as_wav(samples: Samples, rate: int) -> bytes:
    """The bytes of a WAV file of (channels, samples) between -1 and 1, which are written over; 16 bits."""
    samples *= 32767
    frames = np.round(samples, out=samples).T.astype("<i2")  # (samples, channels)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(frames.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames.tobytes())
    return buffer.getvalue()


def default_soundfont() -> Path:
    """TimGM6mb.sf2 of the installed `pretty_midi`, found without importing it."""
    spec = find_spec("pretty_midi")
    path = Path(spec.origin).parent / "TimGM6mb.sf2" if spec and spec.origin else Path("TimGM6mb.sf2")
    if not path.is_file():
        raise RenderError(f"{path}: no SoundFont there; expected the one of pretty_midi, or name another one")
    return path


# ------------------------------------------------------------------------------------------------ voices


def mix(notes: Iterable[TimedNote], font: SoundFont, seconds: float) -> Samples:
    """All notes added, dry: (2, samples) for so many seconds, float32, at no level in particular."""
    mixed = np.zeros((2, round(seconds * SAMPLE_RATE)), np.float32)
    instruments: dict[tuple[int, bool], list[TimedNote]] = defaultdict(list)
    for note in notes:
        instruments[note.program, note.drums].append(note)
    for (program, drums), played in sorted(instruments.items()):
        zones = font.zones(*_preset(font, program, drums))
        for (number, key), voices in _voices(zones, played, drums, mixed.shape[1]).items():
            _add(mixed, font, zones[number], key, voices)
    return mixed


def _preset(font: SoundFont, program: int, drums: bool) -> tuple[int, int]:
    """The preset for a program; drums take the nearest kit below. A font of one instrument plays everything with it."""
    there = sorted(place for place in font.presets if (place[0] == DRUMS) == drums)
    what = "drum kit" if drums else f"instrument {program + 1}"
    if drums and there:
        return max((place for place in there if place[1] <= program), default=there[0])
    same = [place for place in there if place[1] == program] or (there if len(there) == 1 else [])
    if not same:
        raise RenderError(f"{font.path}: has no {what}; expected a SoundFont with all that is played (General MIDI)")
    return same[0]


def _voices(
    zones: Sequence[Zone], notes: Sequence[TimedNote], drums: bool, total: int
) -> dict[tuple[int, int], list[Voice]]:
    """What sounds, by the number of its zone and by key, which is all that a waveform depends on."""
    found: dict[tuple[int, int], list[Voice]] = defaultdict(list)
    chosen: dict[tuple[int, int], list[int]] = {}
    cuts = _cuts(zones, notes) if drums else {}
    for note in notes:
        struck = note.number, note.velocity
        if struck not in chosen:
            chosen[struck] = _sounding(zones, *struck, drums)
        onset = round(note.onset * SAMPLE_RATE)
        held = round(max(note.end - note.onset, SHORTEST_SECONDS) * SAMPLE_RATE)
        for number in chosen[struck]:
            struck_again = cuts.get(zones[number][Gen.CUTS_OFF], [])
            place = bisect_right(struck_again, onset)
            cut = struck_again[place] if place < len(struck_again) else total
            velocity = zones[number][Gen.VELOCITY] if 0 < zones[number][Gen.VELOCITY] < 128 else note.velocity
            limit = min(total, cut + round(CUT_SECONDS * SAMPLE_RATE)) - onset
            found[number, note.number].append(Voice(held, limit, onset, (velocity / 127) ** 2))
    return found


def _sounding(zones: Sequence[Zone], key: int, velocity: int, drums: bool) -> list[int]:
    """The zones that a note sounds: those for its key and velocity, else those of the nearest key.

    A drum that a kit has not stays silent: its neighbour is another drum.
    """
    right = [number for number, zone in enumerate(zones) if velocity in zone.velocities] or list(range(len(zones)))
    away = {number: zones[number].keys.away(key) for number in right}
    nearest = 0 if drums else min(away.values(), default=0)
    return [number for number in right if away[number] == nearest]


def _cuts(zones: Sequence[Zone], notes: Iterable[TimedNote]) -> dict[int, list[int]]:
    """When, in samples, each class of drums that silence one another is struck."""
    classes: dict[int, set[int]] = defaultdict(set)  # key -> classes
    for zone in zones:
        if zone[Gen.CUTS_OFF]:
            for key in range(zone.keys.low, min(zone.keys.high, 127) + 1):
                classes[key].add(zone[Gen.CUTS_OFF])
    times: dict[int, set[int]] = defaultdict(set)
    for note in notes:
        for number in classes.get(note.number, ()):
            times[number].add(round(note.onset * SAMPLE_RATE))
    return {number: sorted(struck) for number, struck in times.items()}


def _add(mixed: Samples, font: SoundFont, zone: Zone, key: int, voices: Sequence[Voice]) -> None:
    """Add every voice of one zone at one key: their waveform is made once."""
    loudness = 10 ** (-LOUDNESS * max(zone[Gen.ATTENUATION], 0) / 200)
    angle = (min(max(zone[Gen.PAN], -500), 500) / 1000 + 0.5) * np.pi / 2
    sides = np.cos(angle), np.sin(angle)
    shape = envelope(zone, key)
    heard = sorted(voice for voice in voices if voice.limit > 0)
    counts = [min(shape.lasts(voice.held), voice.limit) for voice in heard]
    sound = waveform(font, zone, key, max(counts, default=0))
    lengths = None
    for (held, limit, onset, gain), count in zip(heard, counts, strict=True):
        count = min(count, len(sound))
        if lengths != (held, count):
            lengths = held, count
            note = sound[:count] * shape.samples(held, count)
            _fade(note[None], CUT_SECONDS if count == limit else 0.0)
        for channel, side in enumerate(sides):
            mixed[channel, onset : onset + count] += note * np.float32(side * gain * loudness)


def _fade(samples: Samples, seconds: float) -> None:
    """Let the end of (channels, samples) fade out, in place."""
    count = min(round(seconds * SAMPLE_RATE), samples.shape[1])
    if count:
        samples[:, -count:] *= np.linspace(1, 0, count, dtype=np.float32)


# ------------------------------------------------------------------------------------------------ the room


def in_a_room(samples: Samples) -> Samples:
    """The samples with the echo of a small hall, in place: noise that decays, another one in each ear (Moorer 1979).

    A SoundFont's samples have none, and without it every note ends like a switch.
    """
    seconds = np.arange(int(ROOM_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(1).standard_normal((len(samples), len(seconds)))  # the same room every time
    echo = np.cumsum(noise, axis=1)
    echo[:, 12:] -= echo[:, :-12].copy()  # the mean of 12 samples: walls swallow high notes first
    echo *= 10 ** (-3 * seconds / ROOM_SECONDS)
    echo *= ROOM_LEVEL / np.sqrt((echo**2).sum(axis=1, keepdims=True))
    for channel, kernel in zip(samples, echo, strict=True):
        rest = np.zeros(len(kernel), np.float32)
        for start, wet in _convolved(channel, kernel):
            wet[: len(rest)] += rest
            part = channel[start : start + BLOCK]
            rest = wet[BLOCK : BLOCK + len(kernel)].copy()
            part += wet[: len(part)]
    return samples


def _convolved(samples: Samples, kernel: Samples) -> Iterator[tuple[int, Samples]]:
    """Each block of the samples with its whole echo, which goes on into the next one."""
    block = min(BLOCK, len(samples))
    size = 1 << (block + len(kernel) - 1).bit_length()
    heard = np.fft.rfft(kernel, size)
    for start in range(0, len(samples), BLOCK):
        spectrum = np.fft.rfft(samples[start : start + BLOCK], size)
        wet = np.fft.irfft(spectrum * heard, size).astype(np.float32)
        yield start, wet


def _trimmed(samples: Samples, seconds: float) -> Samples:
    """The samples up to where the last note has died away, faded out at the end."""
    last = samples[:, int(seconds * SAMPLE_RATE) :]
    peak = float(max(samples.max(initial=0), -samples.min(initial=0)))
    loud = np.flatnonzero(np.abs(last).max(axis=0, initial=0) > SILENCE * peak)
    stop = int(seconds * SAMPLE_RATE) + (int(loud[-1]) + 1 if len(loud) else 0)
    samples = samples[:, :stop]
    _fade(samples, CUT_SECONDS)  # so that a cut makes no click
    return samples
