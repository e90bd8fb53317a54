"""Which stretches of a melody are played twice in a row, note for note: what a repeat sign would say.

In: pieces that fill the time. Out: sections, in grains. This file writes no bar lines (`transcription`).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunewright.listening.quantizing import Piece

BARS = (8, 16, 4, 12, 6, 10, 14, 20, 24, 32)  # of a section, the likeliest first


@dataclass(frozen=True, slots=True)
class Section:
    """Played from `start` to `middle`, and again until `stop`."""

    start: int
    middle: int
    stop: int


def sections(pieces: Sequence[Piece], bar: int, end: int) -> list[Section]:
    """The sections that are played twice in a row, each a whole number of bars of so many grains from the first note.

    So a section begins where the tune does in the bar: with its upbeat.
    """
    onsets = [piece.onset for piece in pieces]
    found: list[Section] = []
    time = 0
    while time + 2 * min(BARS) * bar <= end:
        for bars in BARS:
            middle, stop = time + bars * bar, time + 2 * bars * bar
            if stop <= end and _same(pieces, onsets, time, middle, stop):
                found.append(Section(time, middle, stop))
                time = stop
                break
        else:
            time += bar
    return found


def _same(pieces: Sequence[Piece], onsets: Sequence[int], start: int, middle: int, stop: int) -> bool:
    """Whether the pieces up to `middle` are those up to `stop`, and none sounds over either."""
    first, second, third = (bisect_left(onsets, time) for time in (start, middle, stop))
    if second - first != third - second or first == second:
        return False
    if pieces[first].onset != start or pieces[second - 1].end != middle or pieces[third - 1].end != stop:
        return False
    shift = middle - start
    return all(
        replace(one, onset=one.onset + shift) == other
        for one, other in zip(pieces[first:second], pieces[second:third], strict=True)
    )
