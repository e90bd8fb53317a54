"""How loud a sound is to people, and several sounds made equally loud.

In: samples of one channel, full scale 1. Out: loudness in LUFS as ITU-R BS.1770-4 (2015) has it: weighted by two
filters, over blocks of 0.4 s, quiet blocks left out. The filters are worked out for the rate at hand from the analogue
ones that the standard's coefficients at 48 kHz come from. This file makes no sound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK_SECONDS, STEP_SECONDS = 0.4, 0.1
SILENCE = -70.0  # LUFS, below which a block is silence
GATE = -10.0  # LU under the mean of the others, below which a block is left out
OFFSET = -0.691  # so that a full-scale sine of 997 Hz in one channel is -3.01 LUFS
CEILING = -1.0  # dB of full scale, above which no peak goes

Floats = NDArray[np.float64]


def loudness(samples: Floats, rate: int) -> float:
    """The loudness of a sound, in LUFS; minus infinity for silence, and for less than a block."""
    block, step = round(BLOCK_SECONDS * rate), round(STEP_SECONDS * rate)
    if len(samples) < block:
        return -math.inf
    power = np.concatenate([[0.0], np.cumsum(_weighted(samples, rate) ** 2)])
    starts = np.arange(0, len(samples) - block + 1, step)
    blocks = (power[starts + block] - power[starts]) / block
    kept = blocks[blocks > 10 ** ((SILENCE - OFFSET) / 10)]
    if not len(kept):
        return -math.inf
    kept = kept[kept > kept.mean() * 10 ** (GATE / 10)]
    return float(OFFSET + 10 * math.log10(kept.mean()))


def equally_loud(sounds: Sequence[Floats], rate: int) -> list[Floats]:
    """The same sounds, all as loud as the one that could be made least loud without a peak above the ceiling.

    What is silent stays so.
    """
    heard = [loudness(samples, rate) for samples in sounds]
    peaks = [20 * math.log10(max(float(np.abs(samples).max(initial=0)), 1e-9)) for samples in sounds]
    levels = [one + CEILING - peak for one, peak in zip(heard, peaks, strict=True) if math.isfinite(one)]
    target = min(levels, default=0.0)
    return [
        samples * 10 ** ((target - one) / 20) if math.isfinite(one) else samples
        for samples, one in zip(sounds, heard, strict=True)
    ]


def _weighted(samples: Floats, rate: int) -> Floats:
    """The samples as the ear weighs them: high ones raised by 4 dB, very low ones left out."""
    from scipy.signal import lfilter  # noqa: PLC0415 - takes a second to load

    for numerator, denominator in (_shelf(rate), _high_pass(rate)):
        samples = lfilter(numerator, denominator, samples)
    return samples


def _shelf(rate: int) -> tuple[list[float], list[float]]:
    """A second-order shelf of 4 dB at 1.68 kHz."""
    gain, quality, tangent = 10 ** (3.999843853973347 / 20), 0.7071752369554196, _tangent(1681.974450955533, rate)
    middle = gain**0.4996667741545416
    scale = 1 + tangent / quality + tangent**2
    return [
        (gain + middle * tangent / quality + tangent**2) / scale,
        2 * (tangent**2 - gain) / scale,
        (gain - middle * tangent / quality + tangent**2) / scale,
    ], [1.0, 2 * (tangent**2 - 1) / scale, (1 - tangent / quality + tangent**2) / scale]


def _high_pass(rate: int) -> tuple[list[float], list[float]]:
    """A second-order high pass at 38 Hz."""
    quality, tangent = 0.5003270373238773, _tangent(38.13547087602444, rate)
    scale = 1 + tangent / quality + tangent**2
    return [1.0, -2.0, 1.0], [1.0, 2 * (tangent**2 - 1) / scale, (1 - tangent / quality + tangent**2) / scale]


def _tangent(frequency: float, rate: int) -> float:
    return math.tan(math.pi * frequency / rate)
