"""Places in the scale: what a pitch is to a key, and the pitch that it is.

In: pitches and keys. Out: diatonic steps from the tonic, and alterations against the signature. No tokens here.
"""

from __future__ import annotations

from tunewright.music.tune import STEPS, Key, Pitch, Tune
from tunewright.support.errors import TokenError


def home_octave(tune: Tune) -> int:
    """The octave of the tonic nearest to the last note: what offsets are counted from. TokenError without notes."""
    if not tune.notes:
        raise TokenError("a tune without notes; expected at least one")
    assert tune.key.tonic is not None
    final = tune.notes[-1].pitch
    return round((_diatonic(final) - STEPS.index(tune.key.tonic[0])) / 7)


def _diatonic(pitch: Pitch) -> int:
    return 7 * pitch.octave + STEPS.index(pitch.step)


def offset_of(pitch: Pitch, key: Key, home: int) -> tuple[int, int]:
    """Diatonic steps of a pitch from the tonic in octave `home`, and its alteration against the signature.

    >>> offset_of(Pitch("C", 1, 5), Key("D"), 4), offset_of(Pitch("C", 0, 5), Key("D"), 4)
    ((6, 0), (6, -1))
    """
    assert key.tonic is not None
    return _diatonic(pitch) - 7 * home - STEPS.index(key.tonic[0]), pitch.alter - key.signature[pitch.step]


def pitch_at(offset: int, alter: int, key: Key, home: int) -> Pitch:
    """The pitch that `offset_of` gives these numbers.

    >>> str(pitch_at(6, -1, Key("D"), 4))
    'C5'
    """
    assert key.tonic is not None
    octave, step = divmod(offset + 7 * home + STEPS.index(key.tonic[0]), 7)
    return Pitch(STEPS[step], key.signature[STEPS[step]] + alter, octave)
