"""What ABC music carries from one sign to the next, and the music read so far.

In: a `Header`, then what `music` and the files beside it read. Out: elements, the source line of each, repairs and what
was left out. Nothing is read here.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from tunewright.formats.abc.header import Header
from tunewright.music.tune import Bar, Element, Note, Pitch, Rest, Tempo

BAR_AT_LINE_END = "bar closed at a line end"


class State:
    """Music as it is read; `lines` holds the source line of each element of `music`."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.line = 0
        self.meter, self.unit = header.meter, header.unit
        self.tempos: list[tuple[int, Tempo]] = [(0, header.tempo)] if header.tempo else []
        self.key, self.signature = header.key, header.key.signature
        self.music: list[Element] = []
        self.lines: list[int] = []
        self.repairs: list[tuple[str, int, str]] = []  # what, place in the music, detail
        self.left_out: Counter[str] = Counter()
        self.in_bar: dict[str, int] = {}  # accidentals until the bar line, by step
        self.bar_start = 0
        self.grace: list[Pitch] = []
        self.decorations: list[str] = []
        self.slurs = self.slurs_to_grace = 0  # "(" met before the next note, and before its grace notes
        self.open_slurs: list[tuple[int, bool]] = []  # place of the first note, whether it began on grace notes
        self.broken: Fraction | None = None  # what the next note's length is multiplied by
        self.tuplet_left, self.tuplet_ratio = 0, Fraction(1)
        self.tuplet_place: int | None = 0  # None for one that is no tuplet in the music
        self.last_note: int | None = None  # place of the last note or rest
        self.without_length: int | None = None  # place of a note on this line that no length was written after
        self.close_bar = False  # a full bar met the end of its line
        self.last_sign = ""  # the kind of the last sign of a line that was no space
        self.voice: str | None = None
        self.muted = False  # in another voice than the first
        self.overlaid = False

    def repair(self, what: str, detail: str = "", place: int | None = None) -> None:
        """Record that something was not as the standard has it, here or at a place in the music."""
        self.repairs.append((what, len(self.music) if place is None else place, detail))

    def add(self, element: Element) -> None:
        """Put an element into the music; first the bar line that a line end stood for."""
        if self.close_bar:
            self.close_bar = False
            if not isinstance(element, Bar):
                self.music.append(Bar("|"))
                self.lines.append(self.lines[-1])
                self.repair(BAR_AT_LINE_END, place=len(self.music) - 1)
                self.bar_start = len(self.music)
        self.music.append(element)
        self.lines.append(self.line)

    def end_line(self) -> None:
        """A full bar that meets the end of its line is closed there; its accidentals live on."""
        if self.meter.length is not None and not self.muted:
            self.close_bar = self.bar_length() == self.meter.length

    def bar_length(self) -> Fraction:
        """Of the notes and rests since the last bar line, in whole notes."""
        notes = (element.length for element in self.music[self.bar_start :] if isinstance(element, Note | Rest))
        return sum(notes, Fraction(0))

    def bar_number(self) -> int:
        """The number of the bar that is being read, from 1."""
        return 1 + sum(isinstance(element, Bar) for element in self.music)
