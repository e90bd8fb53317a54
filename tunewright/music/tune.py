"""Exact music as a frozen value: what every format is read into and written from.

In: `elements`, and what was said of them. Out: `Tune`, its measures, and which of them do not add up. All that its
elements are made of can be had from here.

This file does not read or write any format (`formats`), and knows no corpus. How a tune is played is in
`playing`, how it moves to another key in `transposing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from tunewright.music import showing
from tunewright.music.elements import (
    BAR_LINES,
    C_MAJOR,
    COMMON_TIME,
    FIFTHS,
    FREE,
    MODES,
    ORDER_OF_SHARPS,
    SEMITONES,
    STEPS,
    Bar,
    ChordSymbol,
    Element,
    Ending,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Part,
    Pitch,
    Rest,
    Tempo,
    Tuplet,
    accidental_sign,
    join_bars,
    tonic_fifths,
)
from tunewright.music.measures import BarError, Measure, bar_errors_of, form_errors_of, measures_of

__all__ = [
    "BAR_LINES",
    "COMMON_TIME",
    "C_MAJOR",
    "FIFTHS",
    "FREE",
    "MODES",
    "ORDER_OF_SHARPS",
    "SEMITONES",
    "STEPS",
    "Bar",
    "BarError",
    "ChordSymbol",
    "Element",
    "Ending",
    "Inference",
    "Key",
    "KeyChange",
    "Measure",
    "Meter",
    "MeterChange",
    "Note",
    "Part",
    "Pitch",
    "Repair",
    "Rest",
    "Tempo",
    "Tune",
    "Tuplet",
    "accidental_sign",
    "join_bars",
    "tonic_fifths",
]


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that was not as the standard has it, and how it was read: `what` names the kind, for counting."""

    what: str
    line: int = 0  # in the source file, from 1
    bar: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Inference:
    """What a file does not say and its notes tell, with the probability that it is right.

    `what` is "mode" or "rhythm" of a tune in ABC (`inference`), and of one in MIDI (`listening`) "key", "metre", whose
    value has the upbeat too, or "upbeat" where the metre is stated. Of a tune of several voices it is "voice" too:
    which of them this is.
    """

    what: str
    value: str
    confidence: float


@dataclass(frozen=True)
class Tune:
    """One tune. Two are equal when music, key, metre, rhythm and form are; text, titles and source do not count."""

    kind: ClassVar[str] = "tune"
    music: tuple[Element, ...]
    key: Key = C_MAJOR
    meter: Meter = COMMON_TIME
    rhythm: str = ""
    parts: str = ""  # the order of the parts, as in "AABB"
    tempos: tuple[tuple[int, Tempo], ...] = field(default=(), compare=False)  # each from `music[place]` on
    lyrics: tuple[tuple[str, ...], ...] = field(default=(), compare=False)  # verses: a syllable for each note, or ""
    annotations: tuple[tuple[int, str], ...] = field(default=(), compare=False)  # before `music[place]`, as written
    sounding: int = field(default=0, compare=False)  # semitones from what is written to what sounds
    unit: Fraction = field(default=Fraction(1, 8), compare=False)
    title: str = field(default="", compare=False)
    number: int = field(default=1, compare=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # the other header fields
    text: str = field(default="", compare=False)  # verbatim
    source: str = field(default="", compare=False)  # "file:line"
    lines: tuple[int, ...] = field(default=(), compare=False)  # the source line of each measure
    repairs: tuple[Repair, ...] = field(default=(), compare=False)
    left_out: tuple[tuple[str, int], ...] = field(default=(), compare=False)  # what is not melody: name, count
    inferred: tuple[Inference, ...] = field(default=(), compare=False)

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """Its bars, empty ones (two lines side by side) left out."""
        return tuple(measures_of(self.music, self.meter))

    @cached_property
    def bar_errors(self) -> tuple[BarError, ...]:
        """The bars that do not add up; empty for a regular tune."""
        return tuple(bar_errors_of(self.measures, self.lines))

    @cached_property
    def irregular(self) -> bool:
        """Whether some bar does not add up, after the recorded repairs."""
        return bool(self.bar_errors)

    @cached_property
    def form_errors(self) -> tuple[str, ...]:
        """What is unbalanced in its repeats and endings; empty for a tune of sound form."""
        return tuple(form_errors_of(self.music))

    @property
    def tunes(self) -> tuple[Tune, ...]:
        """What is written in it as tunes: itself."""
        return (self,)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Its notes, as written, repeats not unfolded."""
        return tuple(element for element in self.music if isinstance(element, Note))

    def with_music(self, music: tuple[Element, ...]) -> Tune:
        """The same tune of other elements; what was said of single places of the old ones is gone."""
        tempos = tuple((place, tempo) for place, tempo in self.tempos if place == 0)
        return replace(self, music=music, tempos=tempos, lyrics=(), annotations=(), text="", lines=(), repairs=())

    def header(self, letter: str) -> str:
        """The first value of another header field ("Q", "C", …), or ""."""
        return next((value for name, value in self.fields if name == letter), "")

    def headers(self, letter: str) -> tuple[str, ...]:
        """All values of another header field, as of several composers."""
        return tuple(value for name, value in self.fields if name == letter)

    def _repr_svg_(self) -> str:
        """Sheet music, for a notebook."""
        return showing.to_svg(self)

    def _repr_html_(self) -> str:
        """Sheet music over a player, for a notebook."""
        return showing.to_html(self)

    def __str__(self) -> str:
        about = ", ".join(filter(None, (self.rhythm, str(self.meter), str(self.key), f"{len(self.notes)} notes")))
        return f"{self.title or 'Untitled'} ({about})"
