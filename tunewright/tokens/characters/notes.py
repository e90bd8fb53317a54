"""Which signs of a tune's text say each of its notes.

In: ABC. Out: places in it: of a note's accidental, letter, octave, length and tie, the tuplet sign before it and the
broken rhythm after it. That a note is as short as its letter alone says, the sign after it tells, which is not its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunewright.formats.abc.signs import NOTE_SIGN, SIGNS, is_music
from tunewright.formats.abc.splitting import FIELD_LINE, strip_comment
from tunewright.formats.abc.texts import body_start


def note_spans(text: str) -> Iterator[tuple[int, ...]]:
    """The places in a tune's text of the signs of each of its notes, in order; rests and grace notes have none."""
    signs = [(sign.lastgroup, start + sign.start(), sign[0]) for start, line in _music(text) for sign in _signs(line)]
    tuplet: tuple[int, ...] = ()  # places of the tuplet sign that the next note has
    span: tuple[int, ...] = ()
    for kind, start, sign in signs:
        places = tuple(range(start, start + len(sign)))
        if kind in ("note", "chord", "rest") and span:
            yield span
            span = ()
        if kind == "note" or (kind == "chord" and NOTE_SIGN.search(sign)):
            tuplet, span = (), tuplet + places
        elif kind == "rest":
            tuplet = ()
        elif kind == "tuplet":
            tuplet = places
        elif kind in ("tie", "broken") and span:
            span += places
    if span:
        yield span


def _music(text: str) -> Iterator[tuple[int, str]]:
    """The lines of music after the header, without comments, and where each begins in the text."""
    start = body_start(text)
    for line in text[start:].splitlines(keepends=True):
        plain = strip_comment(line)
        field = FIELD_LINE.match(plain)
        if not field or is_music(field):
            yield start, plain
        start += len(line)


def _signs(line: str) -> Iterator[re.Match[str]]:
    return SIGNS.finditer(line)
