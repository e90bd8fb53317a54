"""Chord symbols: what of a text over the music names a chord, and which notes that chord has.

In: the text, as in "Am7/G" or "G(add9)". Out: a `Chord`, or None for other words. Every reading goes through the text
once, from left to right. Written are roots in English, and H for B natural where a quality or a bass note follows (an H
alone stands for other things in old collections); accidentals in ASCII or Unicode; qualities in words or signs
(maj, mi, -, °, ø, Δ, +); sevenths to thirteenths, sixths, added, suspended, altered and left out notes, with or without
brackets; a bass note after a slash; N.C. for no chord. Of several, as in "G; D", the first one counts.

This file does not know where a chord stands (`features`) nor how it is played (`accompaniment`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tunewright.music.elements import SEMITONES

LONGEST = 40  # characters; the longest real symbols have about 20
_ROOT = re.compile(r"([A-H])([#b♯♭]?)")
_BASS = re.compile(r"/([A-Ha-h])([#b♯♭]?)(?![A-Za-z])")
_END = re.compile(r"[;,]|\s*/|$")
_NO_CHORD = re.compile(r"\(?(?:N\.? ?C\.?|n\.c\.?|(?i:no chord|tacet))\)?$")
_QUALITY = re.compile(
    r"(?P<major>[Mm]aj(?:or)?|MAJ|Ma|ma|M|[Δ∆△])"
    r"|(?P<minor>[Mm]in(?:or)?|MIN|mi|m)"
    r"|(?P<diminished>dim|[°º]|o)"
    r"|(?P<half_diminished>[øØ])"
    r"|(?P<augmented>aug)"
    r"|(?P<suspended>sus[24]?)"
    r"|(?P<left_out>(?:no|omit)[135])"
    r"|(?P<added>add[#b♯♭]?\d{1,2})"
    r"|(?P<altered>alt)"
    r"|(?P<sixth_and_ninth>6/9)"
    r"|(?P<sign>[#b♯♭+-])?(?P<number>1[13]|[24-79])"
    r"|(?P<alone>[+-])"
    r"|(?P<joint>[(),]| (?=\())"
)
_STEPS = {2: 2, 4: 5, 5: 7, 6: 9, 7: 10, 9: 14, 11: 17, 13: 21}  # semitones of a number above the root
_RAISED = {"#": 1, "♯": 1, "+": 1, "b": -1, "♭": -1, "-": -1}


@dataclass(frozen=True, slots=True)
class Chord:
    """The notes of a chord: its root and bass as pitch classes, C 0 to B 11, and semitones above the root.

    `SILENT` (no notes) is what N.C. asks for.
    """

    root: int
    intervals: tuple[int, ...]
    bass: int

    @property
    def silent(self) -> bool:
        """Whether it asks for no chord at all."""
        return not self.intervals

    @property
    def minor(self) -> bool:
        """Whether it has a minor third and no major one."""
        return 3 in self.intervals and 4 not in self.intervals

    @property
    def pitch_classes(self) -> frozenset[int]:
        """All its notes, that of the bass too."""
        notes = {(self.root + interval) % 12 for interval in self.intervals}
        return frozenset(notes if self.silent else notes | {self.bass})


SILENT = Chord(0, (), 0)


@lru_cache(maxsize=4096)
def parse_chord(text: str) -> Chord | None:
    """The chord that a text names; None where it is something else.

    >>> parse_chord("Bb/D")
    Chord(root=10, intervals=(0, 4, 7), bass=2)
    >>> sorted(parse_chord("G7sus4").pitch_classes), parse_chord("N.C.").silent, parse_chord("Fine")
    ([0, 2, 5, 7], True, None)
    """
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if _NO_CHORD.match(text):
        return SILENT
    bracketed = text.startswith("(")
    begins = _ROOT.match(text, bracketed)
    if not begins:
        return None
    notes, place = _qualities(text, begins.end())
    if bracketed and text[place : place + 1] == ")":
        place += 1
    root, bass = _pitch_class(*begins.groups()), None
    slash = _BASS.match(text, place)
    if slash and _END.match(text, slash.end() + (bracketed and text[slash.end() : slash.end() + 1] == ")")):
        bass, place = _pitch_class(*slash.groups()), slash.end()
    if bracketed and text[place : place + 1] == ")":
        place += 1
    named = begins[1] != "H" or place > begins.end()
    if not named or not _END.match(text, place) or notes is None:
        return None
    return Chord(root, notes, root if bass is None else bass)


def is_chord(text: str) -> bool:
    """Whether a text names a chord, or asks for none."""
    return parse_chord(text) is not None


def _pitch_class(letter: str, sign: str) -> int:
    step = "B" if letter in "Hh" else letter.upper()
    return (SEMITONES[step] + _RAISED.get(sign, 0)) % 12


class _Notes:
    """A chord as it is put together."""

    def __init__(self) -> None:
        self.steps = {3: 4, 5: 7}  # number: semitones above the root
        self.major_seventh = self.numbered = self.named = False
        self.depth = 0  # of open brackets

    def major(self, _: str) -> None:
        self.major_seventh = self.named = True

    def minor(self, _: str) -> None:
        self.steps[3], self.named = 3, True

    def diminished(self, _: str) -> None:
        self.steps |= {3: 3, 5: 6}
        self.named = True

    def half_diminished(self, _: str) -> None:
        self.steps |= {3: 3, 5: 6, 7: 10}
        self.named = True

    def augmented(self, _: str) -> None:
        self.steps[5], self.named = 8, True

    def suspended(self, text: str) -> None:
        self.steps.pop(3, None)
        number = int(text[3:] or 4)
        self.steps[number] = _STEPS[number]

    def left_out(self, text: str) -> None:
        self.steps.pop(int(text[-1]), None)

    def added(self, text: str) -> None:
        sign, number = (text[3], text[4:]) if text[3] in _RAISED else ("", text[3:])
        if int(number) in _STEPS:
            self.steps[int(number)] = _STEPS[int(number)] + _RAISED.get(sign, 0)

    def altered(self, _: str) -> None:
        self.steps |= {5: 8, 7: 10, 9: 13}

    def sixth_and_ninth(self, _: str) -> None:
        self.steps |= {6: 9, 9: 14}
        self.numbered = True

    def alone(self, text: str) -> None:
        if text == "+":
            self.augmented(text)
        else:
            self.minor(text)

    def joint(self, text: str) -> None:
        self.depth += (text == "(") - (text == ")")

    def numbers(self, sign: str, number: int) -> None:
        """A number: an alteration with its sign; else it builds the chord up to there, a plain 5 without its third."""
        if sign in ("+", "-") and not self.numbered and not self.depth:  # C-7 is minor, C7-9 has a flat ninth
            self.alone(sign)
            sign = ""
        if sign:
            self.steps[number] = _STEPS[number] + _RAISED[sign]
        elif number == 5 and not self.named:
            self.steps.pop(3, None)
        elif number in (2, 4, 5, 6) or (number, 6 in self.steps) == (9, True):  # a sixth and ninth has no seventh
            self.steps[number] = self.steps.get(5, 7) if number == 5 else _STEPS[number]
        else:
            self._stack(number)
        self.numbered = True

    def _stack(self, number: int) -> None:
        diminished = self.steps.get(5) == 6 and self.steps.get(3) == 3 and 7 not in self.steps
        self.steps.setdefault(7, 11 if self.major_seventh else 9 if diminished and number == 7 else 10)
        for above in (9, 11, 13):
            if above <= number and (above, number) != (11, 13):  # a thirteenth leaves out the eleventh
                self.steps.setdefault(above, _STEPS[above])

    def intervals(self) -> tuple[int, ...]:
        """Semitones above the root, from low to high."""
        return tuple(sorted({0, *self.steps.values()}))


def _qualities(text: str, place: int) -> tuple[tuple[int, ...] | None, int]:
    """The notes that stand after a root, and where what says so ends; None for brackets that do not match."""
    notes = _Notes()
    signed_major = False
    while found := _QUALITY.match(text, place):
        kind = found.lastgroup or ""
        if kind == "joint" and not _goes_on(text, place, notes.depth):
            break
        if found["number"]:
            notes.numbers(found["sign"] or "", int(found["number"]))
        else:
            getattr(notes, kind)(found[0])
        signed_major = signed_major or found[0] in "Δ∆△"
        place = found.end()
    if signed_major:
        notes.steps.setdefault(7, 11)
    return (None if notes.depth else notes.intervals()), place


def _goes_on(text: str, place: int, depth: int) -> bool:
    """Whether a bracket or comma belongs to the chord: a bracket that opens, or what stands within one."""
    return depth > 0 or text[place] in "( "
