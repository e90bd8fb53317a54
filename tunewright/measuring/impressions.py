"""A tune as a critic hears it: its notes one by one, and for each bar what it has in common with those before it.

In: a `Tune`. Out: an `Impression`: rows of small integers for the notes, rows of numbers for the bars. All of it is as
written, without pickups and in no key: the degree of a note, the step that led to it, its length and its place in the
bar; whether a bar is the same as the one so many bars back, has its notes, its rhythm or its steps. How it is spelled,
and what its header says but the metre, is not heard.

The two-sample test (`two_sample`) looks at other things, and at the tune with its repeats played out (`traits`): a
critic that learned from what the test counts would be the test once more. This file judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tunewright.music.features import Features, MelodyBar, features
from tunewright.music.harmony import tonic_class
from tunewright.music.phrases import PHRASE_BARS, returns
from tunewright.music.tune import Meter, Tune

BACK = 16  # bars, up to which a bar is held against each one before it
MOST_BARS = 256  # that are heard of one tune
MOST_NOTES = 4096
FEWEST_NOTES = 8  # below which there is nothing to hear

_GRID = 48  # parts of a whole note in which lengths and places are heard
_NOTHING = 12  # the degree of a rest
_WIDEST = 13  # semitones; wider leaps count as this
_LEADS_NOWHERE = 2 * _WIDEST + 1
_LONGEST, _LAST_PLACE = 96, 143  # parts; longer and later ones count as these
METERS = ("2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8", "3/2", "6/4")
_KINDS = ("new", "same", "varied")

NOTE_SIZES = (_NOTHING + 1, _LEADS_NOWHERE + 1, _LONGEST + 1, _LAST_PLACE + 1)  # degree, step, length, place
BAR_SIZES = (len(METERS) + 1, PHRASE_BARS, len(_KINDS), BACK + 2, 3)  # metre, place, return, since when, from the end
METER_COLUMN = 0  # of the bars: place in `METERS`, or after them for another one
LIKENESSES = ("same", "notes", "rhythm", "steps")  # of a bar to each of those before it

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """What was heard of one tune."""

    notes: Integers  # (notes, len(NOTE_SIZES)), rests among them
    heights: Floats  # (notes,): octaves above the last note, 0 for a rest
    bar_of: Integers  # (notes,): the bar that each is in
    bars: Integers  # (bars, len(BAR_SIZES))
    likeness: Floats  # (bars, BACK * len(LIKENESSES)), 0 to 1, the bar before it first


def hear(tune: Tune) -> Impression | None:
    """What a critic hears of a tune; None for one of fewer than eight notes, or without a whole bar."""
    seen = features(tune)
    bars = seen.bars[:MOST_BARS]
    pitches = [pitch for bar in bars for pitch, _ in bar.signs if pitch is not None]
    if len(pitches) < FEWEST_NOTES:
        return None
    tonic = tonic_class(tune.key)
    rows = list(_notes(bars, seen.ticks, pitches[-1] if tonic is None else tonic))[:MOST_NOTES]
    heights = [0.0 if pitch is None else (pitch - pitches[-1]) / 12 for bar in bars for pitch, _ in bar.signs]
    places = [number for number, bar in enumerate(bars) for _ in bar.signs]
    return Impression(
        np.array(rows, dtype=np.int64),
        np.array(heights[:MOST_NOTES], dtype=np.float32),
        np.array(places[:MOST_NOTES], dtype=np.int64),
        np.array(list(_bars(seen, tune.meter, len(bars))), dtype=np.int64),
        _likeness(bars),
    )


def _notes(bars: Sequence[MelodyBar], ticks: int, tonic: int) -> Iterator[tuple[int, int, int, int]]:
    """Degree, step from the note before, length and place of each note and rest."""
    before: int | None = None
    for bar in bars:
        begun = 0
        for pitch, length in bar.signs:
            degree = _NOTHING if pitch is None else (pitch - tonic) % 12
            step = _LEADS_NOWHERE
            if pitch is not None and before is not None:
                step = min(max(pitch - before, -_WIDEST), _WIDEST) + _WIDEST
            yield degree, step, min(_parts(length, ticks), _LONGEST), min(_parts(begun, ticks), _LAST_PLACE)
            before = before if pitch is None else pitch
            begun += length


def _parts(length: int, ticks: int) -> int:
    return round(_GRID * length / ticks)


def _bars(seen: Features, meter: Meter, count: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Metre, place in the section, how and since when it returns, and whether the tune ends with it or the next."""
    name = f"{meter.numerator}/{meter.denominator}"
    number = METERS.index(name) if name in METERS else len(METERS)
    for index, (place, kind, since) in zip(range(count), returns(seen), strict=False):
        yield number, place, _KINDS.index(kind), min(since, BACK + 1), min(count - 1 - index, 2)


def _likeness(bars: Sequence[MelodyBar]) -> Floats:
    """How much each bar has in common with each of the `BACK` bars before it."""
    found = np.zeros((len(bars), BACK, len(LIKENESSES)), dtype=np.float32)
    onsets = [bar.onsets for bar in bars]
    rhythms = [bar.rhythm for bar in bars]
    steps = [_steps(bar) for bar in bars]
    for now, bar in enumerate(bars):
        for back in range(1, min(BACK, now) + 1):
            then = now - back
            common = len(onsets[now] & onsets[then]) / max(1, len(onsets[now] | onsets[then]))
            alike = rhythms[now] == rhythms[then]
            found[now, back - 1] = bar.signs == bars[then].signs, common, alike, alike and steps[now] == steps[then]
    return found.reshape(len(bars), BACK * len(LIKENESSES))


def _steps(bar: MelodyBar) -> tuple[int, ...]:
    pitches = [pitch for pitch, _ in bar.signs if pitch is not None]
    return tuple(after - before for before, after in pairwise(pitches))
