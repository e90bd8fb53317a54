"""Notes in seconds, which is all that the synthesizer is told of music; and what its sound is like.

In: nothing; values only. This file loads no numpy, so that what makes these notes need not.
"""

from __future__ import annotations

from typing import NamedTuple

SAMPLE_RATE = 44_100  # samples a second
TAIL_SECONDS = 1.2  # at most this much after the last note, to die away


class TimedNote(NamedTuple):
    """A note in seconds: when it begins and ends, its MIDI number and velocity, and General MIDI's program, from 0."""

    onset: float
    end: float
    number: int
    velocity: int = 90
    program: int = 0
    drums: bool = False
