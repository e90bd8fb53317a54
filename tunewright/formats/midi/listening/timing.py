"""What is the same all through a performance, and is no rhythm: that it begins late, and how long notes are held.

In: the notes of a melody in time. Out: the same where they were meant, each thing that was changed a `Repair`. A file
whose onsets all lie beside the grid by the same time was recorded late; notes that are all held for the same part of
the time until the next one are articulated, as of an organ or a drawn piano roll, and fill their place on the page.
Onsets that are spread by chance are `quantizing`'s.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tunewright.formats.midi.listening.quantizing import EXACT, WHOLE
from tunewright.music.tune import Repair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunewright.formats.midi.listening.quantizing import TimedNote

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CELL = WHOLE // 16  # a melody is late by less than that
THIRD, EIGHTH = WHOLE // 24, WHOLE // 8
MOST_TRIED = 12  # times by which all may be late
FEWEST = 8  # notes from which either is told
LATE = 0.5  # the share of onsets on the grid once they are moved
BESIDE = 0.35  # the share of onsets in the middle of eighths from which they are meant on eighths
ON_TIME = 0.1  # the share of onsets on the grid from which nothing is late
HELD = (Fraction(3, 5), Fraction(6, 7))  # of its place: shorter is staccato, longer a breath
ALIKE = 0.8  # of the notes are held for about the same part of their place
SPREAD, PLAYED_SPREAD = 0.03, 0.12  # how far from that part, in a file as written and as played
FINEST_PART = 12


def lateness(onsets: Sequence[int]) -> int:
    """By how much all notes are later than the grid of sixteenths and their thirds; below 0 earlier; 0 where not.

    Looks at onsets that lie beside the grid, mostly by one and the same time, or all a sixteenth beside the beats. What
    begins at once is not late.
    """
    if len(onsets) < FEWEST:
        return 0
    times = np.asarray(onsets)
    if _on_grid(times, 0) > ON_TIME:
        if onsets[0] < CELL - EXACT:
            return 0
        beside = _on_grid(times, CELL, EIGHTH)
        return _typical(times % EIGHTH) if beside >= max(BESIDE, 1.3 * _on_grid(times, 0, EIGHTH)) else 0
    residues = np.bincount(times % CELL, minlength=CELL)
    near = np.convolve(np.concatenate([residues[-EXACT:], residues, residues[:EXACT]]), np.ones(2 * EXACT + 1), "valid")
    likely = sorted(set((times % CELL).tolist()), key=lambda by: (-near[by], by))[:MOST_TRIED]
    best = max(_on_grid(times, by) for by in likely)
    if best < LATE:
        return 0
    good = [by for by in likely if _on_grid(times, by) > 0.98 * best]
    possible = [by for by in (*good, *(by - CELL for by in good)) if by <= onsets[0] + EXACT]
    return int(max(possible, key=lambda by: _on_beats(times, by)))


def beside_grid(time: int) -> bool:
    """Whether a time lies on no sixteenth."""
    return EXACT < time % CELL < CELL - EXACT


def _typical(over: Ints) -> int:
    return int(np.median(over[_near(over, CELL) & (over > EXACT) & (over < EIGHTH - EXACT)]))


def _on_grid(onsets: Ints, late: int, *parts: int) -> float:
    """The share of onsets that lie on a grid of such parts, sixteenths and their thirds, if all are so late."""
    on = [_near(onsets - late, part) for part in parts or (CELL, THIRD)]
    return float(np.logical_or.reduce(on).mean())


def _on_beats(onsets: Ints, late: int) -> float:
    return _on_grid(onsets, late, WHOLE // 4) + _on_grid(onsets, late, EIGHTH)


def _near(times: Ints, part: int) -> Bools:
    over = times % part
    return (over <= EXACT) | (over >= part - EXACT)


def filled(notes: Sequence[TimedNote], repairs: list[Repair]) -> Sequence[TimedNote]:
    """The notes as long as their place, where nearly all are held for one and the same part of it.

    A note before a rest is as much longer as the others.
    """
    ends: dict[int, int] = {}
    for note in sorted(notes):
        ends[note.onset] = max(note.end, ends.get(note.onset, 0))
    following = dict(pairwise(ends))
    held = [Fraction(ends[onset] - onset, after - onset) for onset, after in following.items()]
    part = _common_part(held, exact=_on_grid(np.asarray([*ends]), 0) >= ALIKE)
    if part is None:
        return notes
    repairs.append(Repair("notes held for a part of their place written whole", detail=str(part)))

    def whole(note: TimedNote) -> TimedNote:
        length = round(note.length / part)
        until = following.get(note.onset, note.onset + 2 * length) - note.onset
        near = until * (1 - float(part)) / 2
        return replace(note, length=until if length > until - near else length)

    return [whole(note) for note in notes]


def _common_part(held: Sequence[Fraction], *, exact: bool) -> Fraction | None:
    """The part of its place that nearly every note is held for; None where there is none, or it is no articulation."""
    if len(held) < FEWEST:
        return None
    part = median(held)
    if not HELD[0] <= part <= HELD[1]:
        return None
    spread = SPREAD if exact else PLAYED_SPREAD
    if sum(abs(one - part) <= spread for one in held) < ALIKE * len(held):
        return None
    return Fraction(part).limit_denominator(FINEST_PART)
