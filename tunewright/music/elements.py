"""What music is made of, as frozen values: pitches, keys, metres, notes, and the signs that stand between them.

In: nothing but numbers and names. Out: the `Element`s of a `Tune`. Lengths are `Fraction`s of a whole note; pitch is
spelled, octave 4 begins at middle C. What a tune is beside its elements is in `tune`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

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
    drawn: bool = field(
        default=True, compare=False, repr=False
    )  # whether its signature stands on the page; pipers leave it out

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


C_MAJOR = Key()


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
COMMON_TIME = Meter()


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
    held: tuple[Pitch, ...] = ()  # of a chord that is not tied as a whole: the pitches that are

    @property
    def tied_pitches(self) -> tuple[Pitch, ...]:
        """Those that go on into the next note: all where it is tied."""
        return self.pitches if self.tied else self.held

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


SLOWEST, FASTEST = 10, 1000  # quarter notes a minute that are believed, of a file or a user


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast: beats of this length, in whole notes, so many to the minute."""

    beat: Fraction
    per_minute: Fraction

    @property
    def quarters(self) -> Fraction:
        """Quarter notes a minute.

        >>> Tempo(Fraction(3, 8), Fraction(100)).quarters
        Fraction(150, 1)
        """
        return self.per_minute * self.beat * 4


Element = Note | Rest | Bar | Ending | Tuplet | ChordSymbol | KeyChange | MeterChange | Part
