"""What ties mean, which takes both of their ends; and bar lines side by side.

In: music as read sign by sign. Out: the same with every tie between equal pitches, and the repairs that took, each
with its place in the music. Slurs are paired where they are read, in `music`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tunewright.music.tune import Bar, Element, Note, Rest, join_bars

TIE_AS_SLUR = "tie between different pitches read as a slur"
TIE_TO_NOTHING = "tie to no note ignored"


def resolve_ties(music: list[Element]) -> list[tuple[str, int]]:
    """Keep ties that join equal pitches; between different ones it is a slur in meaning, before a rest nothing.

    Changes `music`; returns the repairs as (what, place).
    """
    repairs: list[tuple[str, int]] = []
    places = [place for place, element in enumerate(music) if isinstance(element, Note | Rest)]
    if not places:
        return []
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
        elif not set(note.pitches) & set(following.pitches):
            music[place] = replace(note, tied=False, slurs_opened=note.slurs_opened + 1)
            music[after] = replace(following, slurs_closed=following.slurs_closed + 1)
            repairs.append((TIE_AS_SLUR, place))
    return repairs


def bars_joined(music: Iterable[Element]) -> list[Element]:
    """The same with every two bar lines that nothing stands between as one."""
    joined: list[Element] = []
    for element in music:
        if isinstance(element, Bar) and joined and isinstance(last := joined[-1], Bar):
            joined[-1] = join_bars(last, element)
        else:
            joined.append(element)
    return joined
