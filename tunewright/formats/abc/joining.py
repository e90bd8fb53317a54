"""What ties mean, which takes both of their ends; and bar lines side by side.

In: music as read sign by sign. Out: the same with every tie between equal pitches, and the repairs that took, each
with its place in the music. Slurs are paired where they are read, in `slurs`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tunewright.music.tune import Bar, Element, Ending, Note, Pitch, Rest, join_bars

TIE_AS_SLUR = "tie between different pitches read as a slur"
TIE_TO_NOTHING = "tie to no note ignored"
MOST_ENDINGS = 16  # of one section that are looked at


def resolve_ties(music: list[Element]) -> list[tuple[str, int]]:
    """Keep ties that join equal pitches; between different ones it is a slur in meaning, before a rest nothing.

    Changes `music`; returns the repairs as (what, place).
    """
    repairs: list[tuple[str, int]] = []
    places = [place for place, element in enumerate(music) if isinstance(element, Note | Rest)]
    if not places:
        return []
    later = _LaterEndings(music, places)
    for place, after in zip(places, [*places[1:], -1], strict=True):
        note, following = music[place], music[after]
        if not isinstance(note, Note) or not (note.tied or note.held):
            continue
        if after < 0 or not isinstance(following, Note):
            music[place] = replace(note, tied=False, held=())
            repairs.append((TIE_TO_NOTHING, place))
        elif note.held:
            held = tuple(pitch for pitch in note.held if pitch in following.pitches)
            music[place] = replace(note, held=held)
            repairs += [(TIE_TO_NOTHING, place)] * (len(held) < len(note.held))
        elif not set(note.pitches) & set(following.pitches) and not later.begin_with(note.pitches, place, after):
            music[place] = replace(note, tied=False, slurs_opened=note.slurs_opened + 1)
            music[after] = replace(following, slurs_closed=following.slurs_closed + 1)
            repairs.append((TIE_AS_SLUR, place))
    return repairs


class _LaterEndings:
    """Which notes a tie before a first ending may lead to beside the next one: the first of each later ending."""

    def __init__(self, music: Sequence[Element], places: Sequence[int]) -> None:
        self._music, self._places = music, places
        self._endings = [place for place, element in enumerate(music) if isinstance(element, Ending)]

    def begin_with(self, pitches: Sequence[Pitch], place: int, after: int) -> bool:
        """Whether one of them has such a pitch, for a note that stands right before an ending."""
        here = bisect_left(self._endings, place)
        if here == len(self._endings) or self._endings[here] > after:
            return False
        for ending in self._endings[here + 1 : here + MOST_ENDINGS]:
            numbers = self._music[ending]
            if isinstance(numbers, Ending) and 1 in numbers.numbers:
                return False  # of the next section
            begins = bisect_left(self._places, ending)
            note = self._music[self._places[begins]] if begins < len(self._places) else None
            if isinstance(note, Note) and set(pitches) & set(note.pitches):
                return True
        return False


def bars_joined(music: Iterable[Element]) -> list[Element]:
    """The same with every two bar lines that nothing stands between as one."""
    joined: list[Element] = []
    for element in music:
        if isinstance(element, Bar) and joined and isinstance(last := joined[-1], Bar):
            joined[-1] = join_bars(last, element)
        else:
            joined.append(element)
    return joined
