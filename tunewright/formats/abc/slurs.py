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
    else:
        _close_slur(state, here)


def _close_slur(state: State, here: int) -> None:
    """End the last slur that began before this note: "(c d (e) f g)" ends one and begins one on e."""
    last = state.open_slurs[-1]
    if last.place != here:
        _take(state, -1)
        change_slurs(state, here, closed=1)
    elif not last.on_note:  # from grace notes to their note: in the grace itself
        _take(state, -1)
        change_slurs(state, here, opened=-1)
    elif len(state.open_slurs) > 1:
        _take(state, -2)
        change_slurs(state, here, closed=1)
    else:
        _take(state, -1)
        change_slurs(state, here, opened=-1)
        state.repair("slur over one note ignored", place=here)


def _take(state: State, which: int) -> None:
    """One less of the slurs that are open."""
    slurs = state.open_slurs[which]
    if slurs.on_note:
        slurs.on_note -= 1
    else:
        slurs.on_grace -= 1
    if not slurs.on_note and not slurs.on_grace:
        del state.open_slurs[which]


def change_slurs(state: State, place: int, *, opened: int = 0, closed: int = 0) -> None:
    """Count slurs of the note at a place of the music up or down."""
    note = state.music[place]
    assert isinstance(note, Note)
    state.music[place] = replace(note, slurs_opened=note.slurs_opened + opened, slurs_closed=note.slurs_closed + closed)


def finish_slurs(state: State) -> None:
    """Those that are still open when the tune ends are none."""
    for slurs in state.open_slurs:
        for _ in range(slurs.on_grace + slurs.on_note):
            change_slurs(state, slurs.place, opened=-1)
            state.repair("slur never closed ignored", place=slurs.place)
    if state.slurs:
        state.repair("slur never closed ignored")
