"""When a file is better left out than guessed at: no beat, no line, or nothing that any metre or key explains.

In: what was heard, and how sure the guesses are. Out: nothing, or `ParseError` that says what was unsure, by how much,
and what was expected. Each threshold lies where `benchmarks/refusals.py` loses fewer than 1 % of real folk tunes.

How sure a guess is was learned with it (`meter_finding`, `key_finding`); this file only judges.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from tunewright.support.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tunewright.formats.midi.reader import MidiNote
    from tunewright.music.tune import Inference

FEWEST = 16  # notes from which beat and line are judged
# how much onsets keep to a grid, from 0 to 1: 99 % of real tunes played with a spread of 20 ms have 0.53 or more, of
# those played 30 ms off 0.27; 95 % of those played without a click, and of random onsets, have 0.22 or less
LEAST_EVEN = 0.25
# to a whole note: quarters, eighths, their thirds, sixteenths; and what any file keeps to that is written, not played
GRIDS = (4, 8, 12, 16, 96)
# semitones from note to note: of 12,678 tunes two have more, random pitches of two octaves 6.1 to 10
WIDEST_STEP = 6.0
# the share of the two commonest pitches in drum loops is 0.86 and more, and they are low: in the built-in tunes 50
# have as few, children's songs that stand an octave higher
FEW_PITCHES = 0.8
LOW = 52  # a median below it is low
# of all notes, those that are the highest line: chorales and quartets 0.20 and more, so this is seven voices and over
LEAST_OF_ALL = 0.15
MOST_DIGITS = 6  # after the point of a share in per cent
# how sure a guess is: 99.5 % of whole real tunes have more than 0.34 for metre and upbeat and 0.29 for the key, and of
# their first 16 notes 0.15 and 0.2; half of the tunes played without a click have less than 0.11 for the metre
LEAST_SURE = {"metre": 0.15, "key": 0.2}


def evenness(onsets: Iterable[int], whole: int) -> float:
    """How much onsets, of which a whole note has so many ticks, keep to a grid: 0 not at all, 1 exactly.

    The length of the mean of the onsets as places on a circle (Rayleigh's test), the best of five grids.
    """
    turns = np.fromiter(onsets, dtype=np.float64) / whole
    return max(abs(complex(np.exp(2j * np.pi * parts * turns).mean())) for parts in GRIDS)


def check_beat(onsets: Sequence[int], whole: int, name: str) -> None:
    """Raise `ParseError` where onsets keep no beat, as of a performance without a click."""
    if len(onsets) >= FEWEST and (even := evenness(onsets, whole)) < LEAST_EVEN:
        share, least = _told_apart(even, LEAST_EVEN)
        found = f"no beat found: the onsets keep to a grid by {share}"
        raise ParseError(f"{found}; expected at least {least}: played without a click?", name)


def check_share(chosen: int, of_all: int, name: str) -> None:
    """Raise `ParseError` where the highest notes, so many of all, are the surface of a texture and no line."""
    if chosen < LEAST_OF_ALL * of_all:
        share, least = _told_apart(chosen / of_all, LEAST_OF_ALL)
        found = f"no melody found: the highest notes are {chosen} of {of_all} ({share})"
        raise ParseError(f"{found}; expected at least {least}: --melody chooses a track", name)


def check_line(notes: Sequence[MidiNote], name: str) -> None:
    """Raise `ParseError` where the notes chosen leap about, or are two low pitches: nothing that anybody would sing."""
    tops: dict[int, int] = {}
    for onset, _, number, _ in notes:
        tops[onset] = max(number, tops.get(onset, 0))
    if len(tops) < FEWEST:
        return
    step = sum(abs(after - before) for before, after in pairwise(tops.values())) / len(tops)
    if step > WIDEST_STEP:
        found = f"no melody found: from note to note it moves {step:.1f} semitones on average"
        raise ParseError(f"{found}; expected at most {WIDEST_STEP:g}: --melody chooses a track", name)
    share = sum(count for _, count in Counter(tops.values()).most_common(2)) / len(tops)
    if share > FEW_PITCHES and median(tops.values()) < LOW:
        found_share, most = _told_apart(share, FEW_PITCHES)
        found = f"no melody found: two low pitches are {found_share} of the notes"
        raise ParseError(f"{found}; expected at most {most}: are they drums? --melody chooses a track", name)


def check_sure(inferred: Iterable[Inference], name: str) -> None:
    """Raise `ParseError` where metre or key were guessed, and the guess is next to worthless."""
    for inference in inferred:
        least = LEAST_SURE.get(inference.what, 0.0)
        if inference.confidence < least:
            sure, wanted = _told_apart(inference.confidence, least)
            found = f"no {inference.what} found: the likeliest, {inference.value}, is {sure} sure"
            raise ParseError(f"{found}; expected at least {wanted}", name)


def _told_apart(share: float, bound: float) -> tuple[str, str]:
    """A share and the bound that it is beyond in per cent, with as many digits as tell them apart.

    >>> _told_apart(0.1, 0.15), _told_apart(0.1496, 0.15)
    (('10%', '15%'), ('14.96%', '15.00%'))
    """
    written = ((f"{share:.{digits}%}", f"{bound:.{digits}%}") for digits in range(MOST_DIGITS))
    return next((pair for pair in written if pair[0] != pair[1]), (f"{share:%}", f"{bound:%}"))
