"""Tuplets: where they begin, and what becomes of one that is cut short.

In: the text of a sign, and the `State` that it is read in. Out: an element added to that; `notes` makes the notes
after it shorter.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tunewright.formats.abc.numbers import parse_number
from tunewright.formats.abc.state import State
from tunewright.music.tune import Bar, Meter, Tuplet, join_bars
from tunewright.support.errors import ParseError

_STANDARD_Q = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


def usual_q(p: int, meter: Meter) -> int:
    """In the time of how many notes `p` notes are where nothing is said (ABC 2.1, section 4.13)."""
    return _STANDARD_Q.get(p) or (3 if meter.compound else 2)


def read_tuplet(state: State, text: str) -> None:
    """Begin a tuplet, as in "(3" or "(5:4:6"."""
    finish_tuplet(state)
    p, q, r = (parse_number(number) if number else 0 for number in (text[1:] + "::").split(":")[:3])
    if not 1 <= p <= 15 or q > 32 or r > 64:
        raise ParseError(f"tuplet {text[:20]!r} is outside (2 to (15")
    if p == 1:  # no tuplet that could be drawn: its notes are longer
        state.repair("tuplet of one read as longer notes", text)
        state.tuplet_left, state.tuplet_ratio, state.tuplet_place = r or 1, Fraction(q or 1), None
        return
    q = q or usual_q(p, state.meter)
    r = r or p
    state.add(Tuplet(p, q, r))
    state.tuplet_left, state.tuplet_ratio, state.tuplet_place = r, Fraction(q, p), len(state.music) - 1


def finish_tuplet(state: State) -> None:
    """A tuplet that the tune (or the next tuplet) cuts short has as many notes as it got."""
    if not state.tuplet_left:
        return
    if state.tuplet_place is None:
        state.tuplet_left = 0
        return
    tuplet = state.music[state.tuplet_place]
    assert isinstance(tuplet, Tuplet)
    state.repair("tuplet with too few notes", f"({tuplet.p}", place=state.tuplet_place)
    if state.tuplet_left < tuplet.r:
        state.music[state.tuplet_place] = replace(tuplet, r=tuplet.r - state.tuplet_left)
    else:  # no note at all: an empty one would change the notes after it
        _remove(state, state.tuplet_place)
    state.tuplet_left = 0


def _remove(state: State, place: int) -> None:
    """Take an element out; two bar lines between which it stood become one."""
    state.remove(place)
    around = state.music[max(place - 1, 0) : place + 1]
    if len(around) > 1 and isinstance(around[0], Bar) and isinstance(around[1], Bar):
        state.music[place - 1] = join_bars(around[0], around[1])
        _remove(state, place)
