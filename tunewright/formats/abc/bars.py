"""Bar lines and endings: what they mean however they are put together.

In: the text of one sign, and the `State` that it is read in. Out: elements added to that. How repeats are played is in
`music.playing`.
"""

from __future__ import annotations

from dataclasses import replace

from tunewright.formats.abc.fields import parse_ending
from tunewright.formats.abc.signs import bar_line
from tunewright.formats.abc.state import State
from tunewright.music.tune import Bar, Ending, Note, join_bars


def read_bar(state: State, text: str) -> None:
    """Add a bar line; what holds until a bar line ends."""
    if text in (":", ":]"):
        text = _repeat_sign(state, text)
    line = bar_line(text.lstrip("."))
    ends, starts = line in (":|", "::"), line in ("|:", "::")
    if text.count(":") > 2 or (text.count(":") == 2 and not (ends and starts)):
        state.repair("repeat of more than two times read as two", text)
    if state.decorations:
        _end_hairpins(state)
        state.left_out["decoration on a bar line"] += len(state.decorations)
        state.decorations = []
    state.measures_read += state.sounds()
    _add_bar(state, Bar(line))
    state.bar_start, state.in_bar = len(state.music), {}


def _end_hairpins(state: State) -> None:
    """Give what ends at a bar line, as `!<)!` does, to the note before it."""
    last = state.music[-1] if state.music else None
    if isinstance(last, Note):
        ends = tuple(name for name in state.decorations if name.endswith(")"))
        state.music[-1] = replace(last, decorations=(*last.decorations, *ends))
        state.decorations = [name for name in state.decorations if name not in ends]


def _add_bar(state: State, bar: Bar) -> None:
    """Put a bar line into the music; with nothing between them, two act as one."""
    state.close_bar = False
    if state.music and isinstance(before := state.music[-1], Bar):
        state.music[-1] = join_bars(before, bar)
    else:
        state.add(bar)


def _repeat_sign(state: State, text: str) -> str:
    """A colon without its bar line: a repeat begins where a bar does, and ends where one ends."""
    state.repair("repeat sign without its bar line", text)
    return ":|" if text == ":]" or state.bar_length() else "|:"


def read_ending(state: State, text: str) -> None:
    """Add an ending, as in "[1,3" or, after a bar line, "1"; one in words is left out."""
    numbers = parse_ending(text)
    if numbers:
        state.add(Ending(numbers))
    else:
        state.left_out["ending in words"] += 1
