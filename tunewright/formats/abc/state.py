"""What ABC music carries from one sign to the next, and the music read so far.

In: a `Header`, then what `music` and the files beside it read. Out: elements, the source line of each, repairs and what
was left out. Nothing is read here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

from tunewright.formats.abc.header import Header
from tunewright.formats.abc.lyrics import Words
from tunewright.music.tune import Bar, Element, Note, Pitch, Rest, Tempo
from tunewright.support.errors import ParseError

MOST_ELEMENTS = 2**17  # of a tune, as many as are played: what is made of each takes about a second for so many
BAR_AT_LINE_END = "bar closed at a line end"


@dataclass(slots=True)
class OpenSlurs:
    """The slurs that began on one note and are open still."""

    place: int
    on_grace: int  # those that began on its grace notes
    on_note: int


class State:
    """Music as it is read; `lines` holds the source line of each element of `music`."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.line = 0
        self.meter, self.unit = header.meter, header.unit
        self.lengths: dict[str, Fraction] = {}  # those that are written with this unit, by their text
        self.tempos: list[tuple[int, Tempo]] = [(0, header.tempo)] if header.tempo else []
        self.key, self.signature = header.key, header.key.signature
        self.music: list[Element] = []
        self.lines: list[int] = []
        self.repairs: list[tuple[str, int, str]] = []  # what, place in the music, detail
        self.left_out: Counter[str] = Counter()
        self.in_bar: dict[str, int] = {}  # accidentals until the bar line, by step
        self.bar_start = 0
        self._summed = (0, 0, Fraction(0))  # the length of music[start:stop], start being that of a bar
        self.bars_of_rest = 0
        self.expanded = 0  # characters that macros wrote out
        self.grace: list[Pitch] = []
        self.decorations: list[str] = []
        self.slurs = self.slurs_to_grace = 0  # "(" met before the next note, and before its grace notes
        self.open_slurs: list[OpenSlurs] = []  # by the places of their first notes
        self.broken: Fraction | None = None  # what the next note's length is multiplied by
        self.tuplet_left, self.tuplet_ratio = 0, Fraction(1)
        self.tuplet_place: int | None = 0  # None for one that is no tuplet in the music
        self.last_note: int | None = None  # place of the last note or rest
        self.without_length: int | None = None  # place of a note on this line that no length was written after
        self.close_bar = False  # a full bar met the end of its line
        self.last_sign = ""  # the kind of the last sign of a line that was no space
        self.measures_read = 0  # bars with notes or rests that a bar line has ended
        self.overlay: Overlay | None = None  # that is being read in place of the voice
        self.overlays: list[Overlay] = []
        self.words: list[Words] = []
        self.annotations: list[tuple[int, str]] = []

    def repair(self, what: str, detail: str = "", place: int | None = None) -> None:
        """Record that something was not as the standard has it, here or at a place in the music."""
        self.repairs.append((what, len(self.music) if place is None else place, detail))

    def add(self, element: Element) -> None:
        """Put an element into the music; first the bar line that a line end stood for.

        ParseError for more of them than a tune may have.
        """
        if len(self.music) >= MOST_ELEMENTS:
            raise ParseError(f"more than {MOST_ELEMENTS:,} notes, bar lines and other signs; expected one tune")
        if self.close_bar:
            self.close_bar = False
            if not isinstance(element, Bar):
                self.music.append(Bar("|"))
                self.lines.append(self.lines[-1])
                self.repair(BAR_AT_LINE_END, place=len(self.music) - 1)
                self.bar_start = len(self.music)
                self.measures_read += 1
        self.music.append(element)
        self.lines.append(self.line)

    def end_line(self) -> None:
        """A full bar that meets the end of its line is closed there; its accidentals live on."""
        if self.meter.length is not None:
            self.close_bar = self.bar_length() == self.meter.length

    def sounds(self) -> bool:
        """Whether a note or rest has come since the last bar line."""
        return self.last_note is not None and self.last_note >= self.bar_start

    def bar_length(self) -> Fraction:
        """Of the notes and rests since the last bar line, in whole notes; each is counted once, however often asked."""
        start, stop, length = self._summed
        if start != self.bar_start:
            stop, length = self.bar_start, Fraction(0)
        notes = (element.length for element in self.music[stop:] if isinstance(element, Note | Rest))
        length = sum(notes, length)
        self._summed = (self.bar_start, len(self.music), length)
        return length

    def change_length(self, place: int, length: Fraction) -> None:
        """Give the note or rest at a place another length."""
        element = self.music[place]
        assert isinstance(element, Note | Rest)
        self.music[place] = replace(element, length=length)
        start, stop, summed = self._summed
        if start <= place < stop:
            self._summed = (start, stop, summed + length - element.length)

    def remove(self, place: int) -> None:
        """Take out an element that has no length; places after it are one less."""
        del self.music[place], self.lines[place]
        start, stop, summed = self._summed
        self._summed = (start - (start > place), stop - (stop > place), summed)
        self.bar_start -= self.bar_start > place
        self.tempos = [(at - (at > place), tempo) for at, tempo in self.tempos]
        self.annotations = [(at - (at > place), text) for at, text in self.annotations]
        if self.last_note is not None:
            self.last_note -= self.last_note > place
        for slurs in reversed(self.open_slurs):
            if slurs.place <= place:
                break
            slurs.place -= 1

    def bar_number(self) -> int:
        """The number of the bar that is being read, from 1."""
        return 1 + sum(isinstance(element, Bar) for element in self.music)


@dataclass
class Overlay:
    """Music laid over a voice from a measure on, by its place among those of the voice, as it is read."""

    first: int
    place: int  # in the music of the voice, where it stands in the code
    bars_left: int
    state: State
    within: bool  # whether the voice had music in the bar before it
