"""One note of one zone: its samples at the right pitch, filtered, and how loud they are from beginning to end.

In: a `Zone`, a key, lengths in samples. Out: a waveform, which is the same for every note of that key in that zone, and
the envelope of one note. What happens to pitch and filter after a note is let go is left out. This file mixes nothing
(`mixing`).

Source: SoundFont Technical Specification 2.04, sections 8 and 9; the filter is the low-pass of R. Bristow-Johnson's
cookbook formulae.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tunewright.formats.sound.soundfonts import Gen, SoundFont, Zone
from tunewright.formats.sound.timed_notes import SAMPLE_RATE as RATE

Samples = np.ndarray[Any, Any]

CONTROL = 64  # samples for which pitch and filter stay as they are
BLOCK = 1 << 16  # samples made at a time, so that long notes take no more memory than their sound
FRAME = 1024  # samples that are filtered alike, overlapping by half
HIGHEST_RATIO = 64.0  # of a sample's own pitch; beyond this nothing is heard
CUTOFF_STEP = 10  # cents by which cutoffs are told apart
OPEN = 13_500  # cents above 8.176 Hz: a filter that lets everything through
LOUDNESS = 0.4  # of the attenuation that a file states: what the EMU8000 did, and files are made for it
SILENT = 960.0  # centibels under full
SHORTEST_RELEASE = 0.01  # seconds, against clicks


def seconds(timecents: int) -> float:
    """Timecents as seconds."""
    return float(2.0 ** (timecents / 1200))


# ------------------------------------------------------------------------------------------------ the waveform


def waveform(font: SoundFont, zone: Zone, key: int, count: int) -> Samples:
    """The sound of a zone at a key as if held for ever: `count` samples, float32, or fewer where the sample ends."""
    key = zone[Gen.KEY] if 0 <= zone[Gen.KEY] < 128 else key
    steps = _steps(zone, key, count)
    sound = _resampled(font, zone, steps, count)
    cutoffs = _cutoffs(zone, len(sound))
    if cutoffs.min(initial=OPEN) < OPEN or zone[Gen.RESONANCE] > 0:
        sound = _lowpass(sound, cutoffs, zone[Gen.RESONANCE] / 10)
    if trembling := min(max(zone[Gen.LFO_TO_VOLUME], -960), 960):  # centibels, as far as the standard allows
        level = 10 ** (trembling * _wave(zone, Gen.LFO_DELAY, Gen.LFO_RATE, _times(len(sound))) / 200)
        sound *= np.repeat(level, CONTROL)[: len(sound)].astype(np.float32)
    return sound


def _times(count: int) -> Samples:
    """The time in seconds of every `CONTROL`-th of so many samples."""
    return np.arange(-(-count // CONTROL)) * (CONTROL / RATE)


def _steps(zone: Zone, key: int, count: int) -> Samples:
    """How many samples of the file pass in one of ours; one number for each `CONTROL` samples."""
    root = zone[Gen.ROOT] if 0 <= zone[Gen.ROOT] < 128 else zone.sample.key
    tuned = 100 * zone[Gen.COARSE_TUNE] + zone[Gen.FINE_TUNE] + zone.sample.correction
    cents = np.full(-(-count // CONTROL), (key - root) * zone[Gen.SCALE] + tuned, float)
    times = _times(count)
    if zone[Gen.VIBRATO_TO_PITCH]:
        cents += zone[Gen.VIBRATO_TO_PITCH] * _wave(zone, Gen.VIBRATO_DELAY, Gen.VIBRATO_RATE, times)
    if zone[Gen.LFO_TO_PITCH]:
        cents += zone[Gen.LFO_TO_PITCH] * _wave(zone, Gen.LFO_DELAY, Gen.LFO_RATE, times)
    if zone[Gen.SHAPE_TO_PITCH]:
        cents += zone[Gen.SHAPE_TO_PITCH] * _shape(zone, times)
    steps: Samples = 2 ** (np.minimum(cents, 12_000) / 1200) * (zone.sample.rate / RATE)
    return np.minimum(steps, HIGHEST_RATIO)


def _wave(zone: Zone, delay: Gen, rate: Gen, times: Samples) -> Samples:
    """A triangle between -1 and 1 that begins at 0, after its delay."""
    turns = np.maximum(times - seconds(zone[delay]), 0) * (8.176 * seconds(zone[rate]))
    wave: Samples = np.abs((turns + 0.75) % 1 - 0.5) * 4 - 1
    return wave


def _shape(zone: Zone, times: Samples) -> Samples:
    """The envelope between 0 and 1 that pitch and filter follow."""
    parts = (Gen.SHAPE_DELAY, Gen.SHAPE_ATTACK, Gen.SHAPE_HOLD, Gen.SHAPE_DECAY)
    corners = np.cumsum([seconds(zone[part]) for part in parts])
    sustain = 1 - min(max(zone[Gen.SHAPE_SUSTAIN], 0), 1000) / 1000
    corners[3] = corners[2] + (corners[3] - corners[2]) * (1 - sustain)  # the time stated is that of the whole way
    return np.interp(times, corners, [0, 1, 1, sustain])


def _resampled(font: SoundFont, zone: Zone, steps: Samples, count: int) -> Samples:
    """The samples of the file read at these steps, by cubic interpolation; looped where they have a loop."""
    sample = zone.sample
    loop = sample.loop_end - sample.loop_start
    needed = int(steps.sum() * CONTROL) + 8
    data = font.samples(sample.start, min(needed, sample.loop_end - sample.start))
    turn = len(data) if loop and len(data) == sample.loop_end - sample.start else 0  # where the loop begins again
    if turn:
        data = np.concatenate([data, np.resize(data[turn - loop :], 4)])
    else:
        count = min(count, int(np.searchsorted(np.cumsum(steps * CONTROL), len(data))) * CONTROL)
        data = np.concatenate([data, np.zeros(int(HIGHEST_RATIO) * CONTROL + 4, np.float32)])
    sound = np.empty(count, np.float32)
    place = 0.0
    for start in range(0, count, BLOCK):
        walked = np.repeat(steps[start // CONTROL : (start + BLOCK) // CONTROL], CONTROL)[: count - start]
        places = place + np.cumsum(walked) - walked
        place = float(places[-1] + walked[-1])
        whole = places.astype(np.int64)
        between = (places - whole).astype(np.float32)
        if turn:
            over = whole >= turn
            whole[over] = turn - loop + (whole[over] - turn) % loop
        sound[start : start + BLOCK] = _cubic(data, whole, between)
    return sound


def _cubic(data: Samples, whole: Samples, between: Samples) -> Samples:
    """Values between the second and third of four neighbours (Catmull and Rom 1974), so a sample late."""
    a, b, c, d = (data[whole + k] for k in range(4))
    third = (3 * (b - c) + d - a) * between
    values: Samples = b + 0.5 * between * (c - a + between * (2 * a - 5 * b + 4 * c - d + third))
    return values


# ------------------------------------------------------------------------------------------------ the filter


def _cutoffs(zone: Zone, count: int) -> Samples:
    """The cutoff of the filter, in cents above 8.176 Hz, for each frame of so many samples."""
    times = np.arange(count // (FRAME // 2) + 2) * (FRAME / 2 / RATE)
    cents = np.full(len(times), float(zone[Gen.CUTOFF]))
    if zone[Gen.SHAPE_TO_CUTOFF]:
        cents += zone[Gen.SHAPE_TO_CUTOFF] * _shape(zone, times)
    if zone[Gen.LFO_TO_CUTOFF]:
        cents += zone[Gen.LFO_TO_CUTOFF] * _wave(zone, Gen.LFO_DELAY, Gen.LFO_RATE, times)
    clipped: Samples = np.clip(cents, 1500, OPEN)
    return clipped


def _lowpass(sound: Samples, cutoffs: Samples, resonance: float) -> Samples:
    """The sound through a low-pass of two poles; `resonance` in dB.

    Frames that overlap by half are filtered each at its own cutoff and added: their windows add up to one.
    """
    hop = FRAME // 2
    padded = np.zeros((len(cutoffs) + 1) * hop + FRAME, np.float32)  # half a frame before the first sample
    padded[hop : hop + len(sound)] = sound
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::hop][: len(cutoffs)]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    out = np.zeros(len(padded) + 2 * FRAME, np.float32)
    for first in range(0, len(frames), 256):  # some at a time, for memory
        spectra = np.fft.rfft(frames[first : first + 256] * window, 2 * FRAME).astype(np.complex64, copy=False)
        different, which = np.unique(np.round(cutoffs[first : first + 256] / CUTOFF_STEP), return_inverse=True)
        spectra *= _response(different * CUTOFF_STEP, resonance)[which]
        for number, frame in enumerate(np.fft.irfft(spectra, 2 * FRAME), start=first):
            out[number * hop : number * hop + 2 * FRAME] += frame
    filtered: Samples = out[hop : hop + len(sound)]
    return filtered


def _response(cutoffs: Samples, resonance: float) -> Samples:
    """What the filter does to each frequency: (cutoffs, frequencies), complex64."""
    turn = np.minimum(2 * np.pi * 8.176 * 2 ** (cutoffs / 1200) / RATE, 0.9 * np.pi)[:, None]
    quality = 10 ** ((max(resonance, 0.0) - 3.01) / 20)
    alpha, cosine = np.sin(turn) / (2 * quality), np.cos(turn)
    z = np.exp(-1j * np.pi * np.arange(FRAME + 1) / FRAME)
    above = (1 - cosine) / 2 * (1 + z) ** 2
    below = (1 + alpha) - 2 * cosine * z + (1 - alpha) * z**2
    response: Samples = above / below / np.sqrt(max(quality, 1.0))
    return response.astype(np.complex64)


# ------------------------------------------------------------------------------------------------ the envelope


class Envelope(NamedTuple):
    """How loud the notes of one zone are at one key: in seconds, and in centibels under full."""

    delay: float
    attack: float
    hold: float
    decay: float  # all the way to silence
    sustain: float
    release: float  # all the way

    def lasts(self, held: int) -> int:
        """After how many samples a note has died away that is held for `held` samples."""
        return int((held / RATE + self.release * max(SILENT - self._level(held / RATE), 0) / 1000) * RATE) + 1

    def samples(self, held: int, count: int) -> Samples:
        """The first `count` samples of a note that is held for `held` of them: float32 between 0 and 1."""
        times = np.arange(count, dtype=np.float32) / np.float32(RATE)
        held_here = min(held, count)
        fall = np.empty(count, np.float32)
        fall[:held_here] = np.interp(times[:held_here], *self._corners)
        fall[held_here:] = self._level(held / RATE) + (times[held_here:] - held / RATE) * (1000 / self.release)
        loud: Samples = np.exp2(fall * np.float32(-np.log2(10) / 200))
        rising = min(held_here, int((self.delay + self.attack) * RATE))
        loud[:rising] *= np.clip((times[:rising] - self.delay) / self.attack, 0, 1)
        return loud

    @property
    def _corners(self) -> tuple[Samples, Samples]:
        top = self.delay + self.attack
        ways = top, top + self.hold, top + self.hold + self.decay * self.sustain / 1000
        return np.array(ways), np.array([0, 0, self.sustain])

    def _level(self, held: float) -> float:
        """How far under full a note is at the end of so many seconds; it rises evenly, and falls evenly in decibels."""
        if held >= self.delay + self.attack:
            return float(np.interp(held, *self._corners))
        return min(-200 * float(np.log10(max((held - self.delay) / self.attack, 1e-5))), SILENT)


def envelope(zone: Zone, key: int) -> Envelope:
    """The envelope of the notes of a zone at a key."""
    shift = 60 - key
    return Envelope(
        delay=seconds(zone[Gen.VOLUME_DELAY]),
        attack=seconds(zone[Gen.VOLUME_ATTACK]),
        hold=seconds(zone[Gen.VOLUME_HOLD] + shift * zone[Gen.HOLD_BY_KEY]),
        decay=seconds(zone[Gen.VOLUME_DECAY] + shift * zone[Gen.DECAY_BY_KEY]),
        sustain=float(min(max(zone[Gen.VOLUME_SUSTAIN], 0), 1000)),
        release=max(seconds(zone[Gen.VOLUME_RELEASE]), SHORTEST_RELEASE),
    )
