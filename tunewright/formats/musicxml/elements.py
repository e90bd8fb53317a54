"""The elements of single signs: pitches, decorations, dynamics and words over the staff, chord symbols.

In: the element that they stand in, and the sign. Out: children of it. Nothing is remembered from one to the next:
what a sign means at its place in a tune is `document`'s to know.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tunewright.music.chord_symbols import parse_chord
from tunewright.music.tune import Pitch

# decoration: the group it stands in, and its element
NOTATIONS = {
    "staccato": ("articulations", "staccato"),
    "accent": ("articulations", "accent"),
    "emphasis": ("articulations", "accent"),
    "tenuto": ("articulations", "tenuto"),
    "marcato": ("articulations", "strong-accent"),
    "wedge": ("articulations", "staccatissimo"),
    "breath": ("articulations", "breath-mark"),
    "slide": ("articulations", "scoop"),
    "roll": ("ornaments", "turn"),
    "turn": ("ornaments", "turn"),
    "invertedturn": ("ornaments", "inverted-turn"),
    "trill": ("ornaments", "trill-mark"),
    "lowermordent": ("ornaments", "mordent"),
    "mordent": ("ornaments", "mordent"),
    "uppermordent": ("ornaments", "inverted-mordent"),
    "pralltriller": ("ornaments", "inverted-mordent"),
    "upbow": ("technical", "up-bow"),
    "downbow": ("technical", "down-bow"),
    "open": ("technical", "open-string"),
    "thumb": ("technical", "thumb-position"),
    "snap": ("technical", "snap-pizzicato"),
    "plus": ("technical", "stopped"),
    "+": ("technical", "stopped"),
    ">": ("articulations", "accent"),
    "^": ("articulations", "strong-accent"),
}
DYNAMICS = ("pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz")
SIGNS = ("segno", "coda")
WORDS = {"fine": "Fine", "D.C.": "D.C.", "D.S.": "D.S.", "dacapo": "Da Capo", "dacoda": "Da Coda"}

WEDGES = {  # hairpins, and whether they stand before the note or after it
    "crescendo(": ("crescendo", False),
    "<(": ("crescendo", False),
    "diminuendo(": ("diminuendo", False),
    ">(": ("diminuendo", False),
    "crescendo)": ("stop", True),
    "<)": ("stop", True),
    "diminuendo)": ("stop", True),
    ">)": ("stop", True),
}

LONGEST_TEXT = 80  # characters over the music

CHORD = re.compile(r"([A-G])([#b♯♭]?)([^/]*)(?:/([A-Ga-g])([#b♯♭]?))?")
ALTERS = {"#": "1", "♯": "1", "b": "-1", "♭": "-1"}
KINDS = {  # the semitones above the root: the kind that MusicXML has for them
    (0, 4, 7): "major",
    (0, 3, 7): "minor",
    (0, 4, 7, 10): "dominant",
    (0, 4, 7, 11): "major-seventh",
    (0, 3, 7, 10): "minor-seventh",
    (0, 3, 6): "diminished",
    (0, 3, 6, 9): "diminished-seventh",
    (0, 3, 6, 10): "half-diminished",
    (0, 4, 8): "augmented",
    (0, 4, 8, 10): "augmented-seventh",
    (0, 3, 7, 11): "major-minor",
    (0, 5, 7): "suspended-fourth",
    (0, 2, 7): "suspended-second",
    (0, 4, 7, 9): "major-sixth",
    (0, 3, 7, 9): "minor-sixth",
    (0, 4, 7, 10, 14): "dominant-ninth",
    (0, 3, 7, 10, 14): "minor-ninth",
    (0, 4, 7, 11, 14): "major-ninth",
    (0, 4, 7, 10, 14, 17): "dominant-11th",
    (0, 4, 7, 10, 14, 21): "dominant-13th",
    (0, 7): "power",
}


def add(parent: ET.Element, tag: str, text: str = "", /, **attributes: str) -> ET.Element:
    """A new last child; characters that XML 1.0 forbids are left out of its text."""
    child = ET.SubElement(parent, tag, attributes)
    if text:
        child.text = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    return child


def attributes_of(measure: ET.Element, tag: str) -> ET.Element:
    """Where a change of key or time goes: key and time side by side in one element, key first."""
    last = measure[-1] if len(measure) else None
    if last is None or last.tag != "attributes" or tag == "key" or last.find(tag) is not None:
        return add(measure, "attributes")
    return last


def notations_of(note: ET.Element) -> ET.Element:
    """Where the ties, slurs and decorations of a note go."""
    found = note.find("notations")
    return add(note, "notations") if found is None else found


def write_pitch(note: ET.Element, pitch: Pitch) -> None:
    """Step, alteration where there is one, and octave."""
    element = add(note, "pitch")
    add(element, "step", pitch.step)
    if pitch.alter:
        add(element, "alter", str(pitch.alter))
    add(element, "octave", str(pitch.octave))


def write_decorations(note: ET.Element, decorations: Sequence[str]) -> None:
    """What stands at the note, articulations, ornaments and technical signs each in their group."""
    for name in decorations:
        if name in ("fermata", "invertedfermata"):
            add(notations_of(note), "fermata", type="upright" if name == "fermata" else "inverted")
        elif name in NOTATIONS:
            group, tag = NOTATIONS[name]
            notations = notations_of(note)
            found = notations.find(group)
            add(add(notations, group) if found is None else found, tag)


def write_directions(measure: ET.Element, decorations: Sequence[str], *, after: bool = False) -> None:
    """What stands by the staff rather than at the note: hairpins, and before the note dynamics, segno, coda, Fine.

    Before a note, or `after` it, where hairpins end.
    """
    for name in decorations:
        wedge, ends = WEDGES.get(name, ("", after))
        if wedge and ends == after:
            kind = add(add(measure, "direction", placement="below"), "direction-type")
            add(kind, "wedge", type=wedge)
        if after or (name not in DYNAMICS and name not in SIGNS and name not in WORDS):
            continue
        place = "below" if name in DYNAMICS else "above"
        kind = add(add(measure, "direction", placement=place), "direction-type")
        if name in DYNAMICS:
            add(add(kind, "dynamics"), name)
        elif name in SIGNS:
            add(kind, name)
        else:
            add(kind, "words", WORDS[name])


def write_annotation(measure: ET.Element, text: str) -> None:
    """A text at the music, as ABC has it (2.1, 4.19): its first sign may say where, "_" below, others above."""
    words = (text[1:] if text[:1] in "^_<>@" else text).strip()
    words = re.sub(r"^-?[\d.]+,-?[\d.]+\s*", "", words) if text.startswith("@") else words  # so far from the note
    if words:
        kind = add(add(measure, "direction", placement="below" if text.startswith("_") else "above"), "direction-type")
        add(kind, "words", words if len(words) <= LONGEST_TEXT else words[: LONGEST_TEXT - 1] + "…")


def write_chord_symbol(measure: ET.Element, text: str) -> None:
    """An accompaniment chord; what MusicXML has no root for, as N.C. and brackets, is printed as it stands."""
    match, chord = CHORD.fullmatch(text.strip()), parse_chord(text)
    if not match or chord is None:
        kind = add(add(measure, "direction", placement="above"), "direction-type")
        add(kind, "words", text, **{"font-style": "normal"})
        return
    step, sign, kind_text, bass, bass_sign = match.groups()
    harmony = add(measure, "harmony")
    root = add(harmony, "root")
    add(root, "root-step", step)
    if sign:
        add(root, "root-alter", ALTERS[sign])
    add(harmony, "kind", KINDS.get(chord.intervals, "other"), text=kind_text)
    if bass:
        element = add(harmony, "bass")
        add(element, "bass-step", bass.upper())
        if bass_sign:
            add(element, "bass-alter", ALTERS[bass_sign])
