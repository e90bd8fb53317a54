"""Tunes engraved and sounded by a process that has verovio and a SoundFont at hand.

In: ABC. Out: pictures, sounds, files of every format. This file stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tunewright.formats.abc import parse_abc
from tunewright.formats.engraving import to_svg
from tunewright.studio.work import notebook
from tunewright.support.errors import ParseError


def warm() -> None:
    """Have verovio at hand."""
    engrave("X:1\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n")


def engrave(abc: str) -> str:
    """The score of the first tune of a text, as SVG."""
    tunes = parse_abc(abc)
    if not tunes:
        raise ParseError("there is no tune; expected ABC, with X: or K: and notes")
    return to_svg(tunes[0])


TASKS: Mapping[str, Callable[..., Any]] = {"engrave": engrave, **notebook.TASKS}
