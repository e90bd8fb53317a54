"""Slurs: which note each begins and ends on.

In: "(" or ")", and the `State` that it is read in. Out: the slurs of notes that are in the music already changed, and
those to begin on the next note counted.
"""

from __future__ import annotations

from dataclasses import replace

from tunewright.formats.abc.state import State
from tunewright.music.tune import Note


def read_slur(state: State, text: str) -> None:
    """Begin a slur on the next note, or end one on the last."""
    if text != ")":
        state.slurs += 1
        return
    here = state.last_note
    if not state.open_slurs or here is None or not isinstance(state.music[here], Note):
        state.repair("slur that was never opened ignored")
    elif state.open_slurs[-1] == (here, True):  # from grace notes to their note: in the grace itself
        state.open_slurs.pop()
        change_slurs(state, here, opened=-1)
    else:
        _close_slur(state, here)


def _close_slur(state: State, here: int) -> None:
    """End the last slur that began before this note: "(c d (e) f g)" ends one and begins one on e."""
    last = len(state.open_slurs) - 1
    while last >= 0 and state.open_slurs[last][0] == here:
        last -= 1
    if last >= 0:
        del state.open_slurs[last]
        change_slurs(state, here, closed=1)
    else:
        state.open_slurs.pop()
        change_slurs(state, here, opened=-1)
        state.repair("slur over one note ignored", place=here)


def change_slurs(state: State, place: int, *, opened: int = 0, closed: int = 0) -> None:
    """Count slurs of the note at a place of the music up or down."""
    note = state.music[place]
    assert isinstance(note, Note)
    state.music[place] = replace(note, slurs_opened=note.slurs_opened + opened, slurs_closed=note.slurs_closed + closed)


def finish_slurs(state: State) -> None:
    """Those that are still open when the tune ends are none."""
    for place, _ in state.open_slurs:
        change_slurs(state, place, opened=-1)
        state.repair("slur never closed ignored", place=place)
    if state.slurs:
        state.repair("slur never closed ignored")
