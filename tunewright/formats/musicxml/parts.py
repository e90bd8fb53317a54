"""What a page says of its staves: their names, what joins them, their clefs; and the words that stand below them.

In: the element that it stands in, and staves or a tune. Out: children of it. What stands in a staff is written in
`document`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tunewright.formats.musicxml.elements import add
from tunewright.formats.musicxml.staves import Staff
from tunewright.music.tune import Tune

CLEFS = {  # the sign, and its line from the bottom
    "treble": ("G", "2"),
    "bass": ("F", "4"),
    "alto": ("C", "3"),
    "tenor": ("C", "4"),
    "mezzosoprano": ("C", "2"),
    "soprano": ("C", "1"),
    "baritone": ("F", "3"),
}


def write_words_below(root: ET.Element, tune: Tune) -> None:
    """The words that stand below the music, as a text of the page."""
    if words := [text for letter, text in tune.fields if letter == "W"]:
        credit = add(root, "credit", page="1")
        add(credit, "credit-type", "lyrics")
        add(credit, "credit-words", "\n".join(words), valign="bottom")


def write_part_list(part_list: ET.Element, staves: Sequence[Staff]) -> None:
    """The staves with their names; several are joined by a bracket, and by their bar lines."""
    if len(staves) > 1:
        group = add(part_list, "part-group", type="start", number="1")
        add(group, "group-symbol", "bracket")
        add(group, "group-barline", "yes")
    for number, staff in enumerate(staves, start=1):
        part = add(part_list, "score-part", id=f"P{number}")
        add(part, "part-name", staff.name, **({} if staff.name else {"print-object": "no"}))
        if staff.short_name:
            add(part, "part-abbreviation", staff.short_name)
    if len(staves) > 1:
        add(part_list, "part-group", type="stop", number="1")


def write_clef(attributes: ET.Element, name: str) -> None:
    """A clef by its name, or that of the violin where it has no such name."""
    sign, line = CLEFS.get(name, CLEFS["treble"])
    clef = add(attributes, "clef")
    add(clef, "sign", sign)
    add(clef, "line", line)
