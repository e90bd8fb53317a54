"""The octave of a tune in musical tokens that was written: the model itself knows none.

In: ids, and the key that they say. Out: the same ids with the octave in which melodies lie. This file writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from tunewright.music.tune import Key
from tunewright.tokens.degrees.opening import USUAL_OCTAVE, Slot
from tunewright.tokens.degrees.plan import CENTRE
from tunewright.tokens.degrees.scale import pitch_at
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

SETTLES = 24  # notes after which the octave of a tune is settled, where nobody asked for a range


def is_settled(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> bool:
    """Whether further notes will not change the octave any more."""
    return len(_offsets(tokenizer, ids)) >= SETTLES


def in_octave(tokenizer: DegreeTokenizer, ids: Sequence[int], key: Key) -> Sequence[int]:
    """The ids with the octave that puts their first notes nearest to the middle of melodies; as they are without."""
    offsets = _offsets(tokenizer, ids)
    if not offsets:
        return ids
    middle = [pitch_at(offset, 0, key, USUAL_OCTAVE).midi for offset in offsets]
    mean = sum(middle) / len(middle)
    octave = USUAL_OCTAVE + round((CENTRE - mean) / 12)
    home = tokenizer.ids[f"home:{min(max(octave, 1), 7)}"]
    return [*ids[: Slot.HOME], home, *ids[Slot.HOME + 1 :]]


def _offsets(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> list[int]:
    """Diatonic steps of the first notes from the home tonic."""
    return [tokenizer.pitches[sound][0] for sound in islice(pitches_in(tokenizer, ids), SETTLES)]


def pitches_in(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> Iterator[int]:
    """The ids of the pitches of notes, grace notes left out."""
    grace = False
    for number in ids:
        sound = tokenizer.timed[number][1] if number in tokenizer.timed else number
        if sound in tokenizer.pitches and not grace:
            yield sound
        grace = sound == tokenizer.ids.get("{") or (grace and sound != tokenizer.ids.get("}"))
