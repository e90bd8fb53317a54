"""Beams of written notes: by the beat, and by quarters where notes are short.

In: the notes of a measure in order, each an element with its place in the bar. Out: `beam` elements within them.
Where the beats of a metre lie is `notation`'s to say.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tunewright.formats.musicxml.notation import beat_group_of, beat_groups
from tunewright.music.tune import Meter


@dataclass(slots=True)
class Beamed:
    """A written note that may get beams."""

    element: ET.Element
    flags: int
    position: Fraction
    tuplet: int  # the number of the tuplet it is in; 0 for none


def write_beams(notes: Sequence[Beamed | None], meter: Meter) -> None:
    """Write the beams of a measure; None (a rest or an unflagged note) breaks them."""
    lengths = beat_groups(meter)
    group: list[Beamed] = []
    for note in (*notes, None):
        if note and group:
            together = note.tuplet == group[0].tuplet
            if together and beat_group_of(note.position, lengths) == beat_group_of(group[0].position, lengths):
                group.append(note)
                continue
        for part in _by_quarters(group):
            join_by_beams(part)
        group = [note] if note else []


def _by_quarters(group: Sequence[Beamed]) -> Iterator[list[Beamed]]:
    """A group of eighths stays whole; with shorter notes in it, it breaks at quarter notes."""
    part: list[Beamed] = []
    shorter = any(note.flags > 1 for note in group) and group[-1].position - group[0].position >= Fraction(1, 4)
    start = group[0].position - group[0].position % Fraction(1, 4) if group else Fraction(0)
    for note in group:
        whole = shorter and (note.position - start) // Fraction(1, 4) != (
            (part[0].position - start) // Fraction(1, 4) if part else (note.position - start) // Fraction(1, 4)
        )
        if whole:
            yield part
            part = []
        part.append(note)
    yield part


def join_by_beams(group: Sequence[Beamed]) -> None:
    """Write the beams of notes that stand together, as many at each as it has flags; a note alone keeps its flags."""
    if len(group) < 2:
        return
    for index, note in enumerate(group):
        for level in range(1, note.flags + 1):
            before = index > 0 and group[index - 1].flags >= level
            after = index + 1 < len(group) and group[index + 1].flags >= level
            hook = "backward hook" if index else "forward hook"
            text = {(True, True): "continue", (False, True): "begin", (True, False): "end"}.get((before, after), hook)
            beam = ET.Element("beam", number=str(level))
            beam.text = text
            # beams stand before notations and words in the order that the schema fixes
            later = (place for place, child in enumerate(note.element) if child.tag in ("notations", "lyric"))
            note.element.insert(next(later, len(note.element)), beam)
