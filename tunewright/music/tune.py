"""Exact music as frozen values: what every format is read into and written from.

In: nothing but numbers and names. Out: `Tune` and its parts, its measures, and which of them do not add up. Lengths
are `Fraction`s of a whole note; pitch is spelled, octave 4 begins at middle C.

This file does not read or write any format (`formats`), and knows no corpus. How a tune is played is in
`playing`, how it moves to another key in `transposing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

from tunewright.music import showing

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = "CDEFGAB"
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}  # place on the line of fifths
MODES = {  # sharps relative to the major key on the same tonic
    "major": 0,
    "minor": -3,
    "dorian": -2,
    "phrygian": -4,
    "lydian": 1,
    "mixolydian": -1,
    "locrian": -5,
}
ORDER_OF_SHARPS = "FCGDAEB"


@dataclass(frozen=True, slots=True, order=True)
class Pitch:
    """A spelled pitch: `Pitch("F", 1, 4)` is the F sharp above middle C."""

    step: str
    alter: int = 0
    octave: int = 4

    @property
    def midi(self) -> int:
        """MIDI note number; middle C is 60.

        >>> Pitch("B", -1, 4).midi
        70
        """
        return 12 * (self.octave + 1) + SEMITONES[self.step] + self.alter

    def __str__(self) -> str:
        """Scientific pitch notation, as in D4 or Bb5."""
        return f"{self.step}{accidental_sign(self.alter)}{self.octave}"


def accidental_sign(alter: int) -> str:
    """The letters that follow a note name: "" for 0, "#" or "##" upwards, "b" or "bb" downwards."""
    return "#" * alter if alter > 0 else "b" * -alter


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic ("F#", "Bb", or None where a tune claims none), a mode, and what departs from its signature."""

    tonic: str | None = "C"
    mode: str = "major"
    accidentals: tuple[tuple[str, int], ...] = ()

    @property
    def sharps(self) -> int:
        """Sharps (positive) or flats (negative) of the plain signature, `accidentals` apart."""
        return 0 if self.tonic is None else tonic_fifths(self.tonic) + MODES[self.mode]

    @property
    def signature(self) -> dict[str, int]:
        """The alteration of each of the seven steps.

        >>> Key("E", "dorian").signature["C"]
        1
        """
        return dict(_signature(self))

    def __str__(self) -> str:
        extra = "".join(f" {'^=_'[1 - alter]}{step.lower()}" for step, alter in self.accidentals if abs(alter) < 2)
        return f"{self.tonic} {self.mode}{extra}" if self.tonic else f"none{extra}"


@lru_cache(maxsize=1024)
def _signature(key: Key) -> tuple[tuple[str, int], ...]:
    altered = {
        step: (key.sharps - place + 6) // 7 if key.sharps > 0 else -((-key.sharps - (6 - place) + 6) // 7)
        for place, step in enumerate(ORDER_OF_SHARPS)
    }
    return tuple((altered | dict(key.accidentals)).items())


def tonic_fifths(tonic: str) -> int:
    """Place of a tonic on the line of fifths: C 0, G 1, Bb -2."""
    return FIFTHS[tonic[0]] + 7 * (tonic.count("#") - tonic.count("b"))


@dataclass(frozen=True, slots=True)
class Meter:
    """A metre; `symbol` is "C" or "C|" where it was so written, `groups` the parts of an additive one.

    `Meter.FREE` (numerator 0) has no bars to fill.
    """

    numerator: int = 4
    denominator: int = 4
    symbol: str = ""
    groups: tuple[int, ...] = ()

    @property
    def free(self) -> bool:
        """Whether bars may have any length."""
        return self.numerator == 0

    @property
    def length(self) -> Fraction | None:
        """Length of a full bar, in whole notes; None in free metre."""
        return None if self.free else Fraction(self.numerator, self.denominator)

    @property
    def plain(self) -> Meter:
        """The same however it was written: 4/4 for C, 2/2 for C|."""
        return replace(self, symbol="") if self.symbol else self

    @property
    def compound(self) -> bool:
        """Whether beats are dotted: 6/8, 9/8, 12/8 and the like."""
        return self.numerator > 3 and self.numerator % 3 == 0 and self.denominator >= 8 and not self.groups

    @property
    def beat(self) -> Fraction:
        """Length of one beat, in whole notes: 3/8 in 6/8, 1/2 in C|, 1/4 in 4/4."""
        if self.free:
            return Fraction(1, 4)
        if self.compound:
            return Fraction(3, self.denominator)
        return Fraction(1, self.denominator)

    def __str__(self) -> str:
        if self.free:
            return "none"
        top = "+".join(map(str, self.groups)) if self.groups else str(self.numerator)
        return self.symbol or f"{top}/{self.denominator}"


FREE = Meter(0, 1)


@dataclass(frozen=True, slots=True)
class Note:
    """One note or chord: its pitches from low to high, and how long it sounds."""

    pitches: tuple[Pitch, ...]
    length: Fraction
    tied: bool = False  # to the next note
    grace: tuple[Pitch, ...] = ()
    slurs_opened: int = 0
    slurs_closed: int = 0
    decorations: tuple[str, ...] = ()

    @property
    def pitch(self) -> Pitch:
        """The top pitch: the melody note of a chord."""
        return self.pitches[-1]


@dataclass(frozen=True, slots=True)
class Rest:
    """A silence; an invisible one (ABC `x`) takes time and is not drawn."""

    length: Fraction
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar line, one of `BAR_LINES`."""

    line: str = "|"

    @property
    def ends_repeat(self) -> bool:
        """Whether what stands before is played again."""
        return self.line in (":|", "::")

    @property
    def starts_repeat(self) -> bool:
        """Whether a later repeat sign leads back here."""
        return self.line in ("|:", "::")

    @property
    def ends_section(self) -> bool:
        """Whether a section may end here: every bar line but the plain one."""
        return self.line != "|"


def join_bars(first: Bar | None, second: Bar) -> Bar:
    """The one bar line that two with nothing between them act as.

    >>> join_bars(Bar(":|"), Bar("|:")).line
    '::'
    """
    if first is None:
        return second
    ends, starts = first.ends_repeat or second.ends_repeat, first.starts_repeat or second.starts_repeat
    if ends or starts:
        return Bar("::" if ends and starts else ":|" if ends else "|:")
    return second if second.ends_section else first


BAR_LINES = ("|", "||", "|]", "[|", "|:", ":|", "::")


@dataclass(frozen=True, slots=True)
class Ending:
    """The start of an ending, played the given times through."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tuplet:
    """`r` notes follow, `p` in the time of `q`. The lengths of those notes are what sounds, not what is written."""

    p: int
    q: int
    r: int


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """An accompaniment chord, as written: "Am7"."""

    text: str


@dataclass(frozen=True, slots=True)
class KeyChange:
    """From here on, another key."""

    key: Key


@dataclass(frozen=True, slots=True)
class MeterChange:
    """From here on, another metre."""

    meter: Meter


@dataclass(frozen=True, slots=True)
class Part:
    """The start of a lettered part; `Tune.parts` says in which order they are played."""

    label: str


Element = Note | Rest | Bar | Ending | Tuplet | ChordSymbol | KeyChange | MeterChange | Part


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
    value has the upbeat too, or "upbeat" where the metre is stated.
    """

    what: str
    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What stands between two bar lines of a tune: `music[start:stop]`."""

    number: int  # from 1; a pickup at the very beginning is 0
    start: int
    stop: int
    length: Fraction  # of its notes and rests, in whole notes
    expected: Fraction | None  # by the metre; None in free metre
    opening: Bar | None  # the line before it; None at the beginning
    closing: Bar | None  # the line after it; None where the tune ends without one
    opens_ending: bool = False

    @property
    def full(self) -> bool:
        """Whether it adds up to the metre."""
        return self.expected is None or self.length == self.expected


@dataclass(frozen=True, slots=True)
class BarError:
    """A bar that neither adds up nor is a pickup or completes one."""

    number: int
    length: Fraction
    expected: Fraction
    line: int = 0

    def __str__(self) -> str:
        return f"bar {self.number} lasts {self.length}, the metre is {self.expected}"


@dataclass(frozen=True)
class Tune:
    """One tune. Two are equal when music, key, metre, rhythm and form are; text, titles and source do not count."""

    kind: ClassVar[str] = "tune"
    music: tuple[Element, ...]
    key: Key = Key()
    meter: Meter = Meter()
    rhythm: str = ""
    parts: str = ""  # the order of the parts, as in "AABB"
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
        return tuple(_measures(self))

    @cached_property
    def bar_errors(self) -> tuple[BarError, ...]:
        """The bars that do not add up; empty for a regular tune."""
        return tuple(_bar_errors(self))

    @cached_property
    def irregular(self) -> bool:
        """Whether some bar does not add up, after the recorded repairs."""
        return bool(self.bar_errors)

    @cached_property
    def form_errors(self) -> tuple[str, ...]:
        """What is unbalanced in its repeats and endings; empty for a tune of sound form."""
        return tuple(_form_errors(self.music))

    @property
    def notes(self) -> tuple[Note, ...]:
        """Its notes, as written, repeats not unfolded."""
        return tuple(element for element in self.music if isinstance(element, Note))

    def header(self, letter: str) -> str:
        """The first value of another header field ("Q", "C", …), or ""."""
        return next((value for name, value in self.fields if name == letter), "")

    def _repr_svg_(self) -> str:
        """Sheet music, for a notebook."""
        return showing.to_svg(self)

    def _repr_html_(self) -> str:
        """Sheet music over a player, for a notebook."""
        return showing.to_html(self)

    def __str__(self) -> str:
        about = ", ".join(filter(None, (self.rhythm, str(self.meter), str(self.key), f"{len(self.notes)} notes")))
        return f"{self.title or 'Untitled'} ({about})"


# ------------------------------------------------------------------------------------------------ measures


def _measures(tune: Tune) -> Iterator[Measure]:
    meter = tune.meter
    start, length, opening, opens_ending, sounding, number, begun = 0, Fraction(0), None, False, False, 1, False
    for index, element in enumerate((*tune.music, Bar("|]"))):
        if isinstance(element, MeterChange):
            meter = element.meter
        elif isinstance(element, Note | Rest):
            length += element.length
            sounding = True
        elif isinstance(element, Ending):
            opens_ending = True
        elif isinstance(element, Bar):
            closing = element if index < len(tune.music) else None
            if sounding:
                if not begun and meter.length is not None and length < meter.length:
                    number = 0
                yield Measure(number, start, index, length, meter.length, opening, closing, opens_ending)
                number, begun = number + 1, True
                opens_ending = False
                opening = element
            elif opening is None or element.ends_section:
                opening = join_bars(opening, element)
            start, length, sounding = index + 1, Fraction(0), False


def _bar_errors(tune: Tune) -> Iterator[BarError]:
    measures = tune.measures
    for index, measure in enumerate(measures):
        if measure.expected is None or _adds_up(measures, index):
            continue
        line = tune.lines[index] if index < len(tune.lines) else 0
        yield BarError(measure.number, measure.length, measure.expected, line)


def _adds_up(measures: Sequence[Measure], index: int) -> bool:
    """Whether a bar fills the metre, alone or together with what is played before or after it.

    The tune may begin with a pickup. Where a section ends, the bar before and the pickup after make one bar; so do
    the bar before a repeat sign and the pickup that it leads back to. The last bar completes the first pickup.
    """
    measure = measures[index]
    assert measure.expected is not None
    if measure.length > measure.expected:
        return False
    if measure.closing is not None and measure.closing.ends_repeat:
        back_to = measures[_repeat_start(measures, index)]
        if not back_to.full or not measure.full:
            return measure.length + back_to.length == measure.expected
    if measure.full or index == 0:
        return True
    neighbours = (*_played_before(measures, index), *_played_after(measures, index))
    return any(measure.length + neighbour.length == measure.expected for neighbour in neighbours)


def _played_before(measures: Sequence[Measure], index: int) -> Iterator[Measure]:
    """The bar before one that opens a section."""
    opening = measures[index].opening
    if opening is not None and opening.ends_section:
        yield measures[index - 1]


def _played_after(measures: Sequence[Measure], index: int) -> Iterator[Measure]:
    """The bars that can follow one that closes a section, or stands before an ending."""
    measure = measures[index]
    if index + 1 == len(measures):
        yield measures[0]
        yield measures[_repeat_start(measures, index)]
    elif (measure.closing is not None and measure.closing.ends_section) or measures[index + 1].opens_ending:
        yield measures[index + 1]


def _repeat_start(measures: Sequence[Measure], index: int) -> int:
    """The bar that a repeat sign after bar `index` leads back to: as `played` has it."""
    section, explicit, in_ending = 0, False, False
    for start in range(1, index + 1):
        opening = measures[start].opening
        over = in_ending or measures[start - 1].opens_ending or not explicit
        in_ending = (in_ending or measures[start - 1].opens_ending) and not (opening and opening.ends_section)
        if opening is None or (opening.ends_repeat and measures[start].opens_ending and not opening.starts_repeat):
            continue  # a further ending belongs to the section that is being repeated
        if opening.starts_repeat or opening.ends_repeat or (opening.ends_section and over):
            section, explicit = start, opening.starts_repeat
    return section


def _form_errors(music: Sequence[Element]) -> Iterator[str]:
    """Repeats that open and never close, endings that stand alone or skip a time."""
    open_at, bar = 0, 1
    times: set[int] = set()  # of the endings met in this section
    for element in music:
        if isinstance(element, Ending):
            awaited = next(time for time in range(1, len(times) + 2) if time not in times)
            if min(element.numbers) != awaited:
                yield f"bar {bar}: ending {min(element.numbers)} stands where ending {awaited} was expected"
            times |= set(element.numbers)
        elif isinstance(element, Bar):
            bar += 1
            if open_at and element.line == "|:":
                yield f"bar {open_at}: the repeat that begins here never ends"
            if element.starts_repeat or element.ends_repeat:
                open_at = bar if element.starts_repeat else 0
            if element.ends_section and not element.ends_repeat and times == {1}:
                yield f"bar {bar}: a first ending without a second"
            if element.ends_section and times != {1}:
                times = set()
    if open_at:
        yield f"bar {open_at}: the repeat that begins here never ends"
    if times == {1}:
        yield f"bar {bar}: a first ending without a second"
