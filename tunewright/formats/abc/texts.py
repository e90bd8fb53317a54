"""The texts that a tune may be learned as, and where the body of one begins.

In: `Tune`s, or their text. Out: text, or a place in it. This file knows no ids.
"""

from __future__ import annotations

from dataclasses import replace

from tunewright.formats.abc import format_abc
from tunewright.music.rhythms import told_rhythm
from tunewright.music.tune import Element, Note, Tune

HEADER = "RMLK"  # what canonical text tells before the body: given when a tune is judged, asked for when one is made


def verbatim_text(tune: Tune) -> str:
    """The tune's own text, as the lab learns it; canonical where the tune has none (from MIDI, say)."""
    return tune.text.strip() or format_abc(tune).strip()


def canonical_text(tune: Tune) -> str:
    """Rhythm, metre, unit and key, a line each, then the body in canonical ABC; no tempos, no ties within chords.

    The rhythm goes by one name, stated or inferred, so that "Reel", "REEL" and nothing at all are one thing to learn.
    """
    return format_abc(replace(tune, rhythm=told_rhythm(tune), music=_without_held(tune)), header=HEADER).strip()


def _without_held(tune: Tune) -> tuple[Element, ...]:
    if not any(isinstance(element, Note) and element.held for element in tune.music):
        return tune.music
    return tuple(replace(element, held=()) if isinstance(element, Note) else element for element in tune.music)


TEXTS = {"verbatim": verbatim_text, "canonical": canonical_text}


def body_start(text: str) -> int:
    """Where the body of a tune's text begins: after the line of its K: field; 0 where there is none.

    >>> body_start("M:6/8\\nK:D\\nABc")
    10
    """
    start = 0
    for line in text.splitlines(keepends=True):
        start += len(line)
        if line.startswith("K:"):
            return start
    return 0
