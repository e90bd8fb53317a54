"""The musical tokens there are, and what each of them says.

In: the notes that are one token, and what is kept of tunes. Out: the tokens by id, and tables of what the ids mean, for
whoever reads or writes them. This file encodes nothing (`tokenizer`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import ClassVar

from tunewright.formats.abc.fields import parse_meter
from tunewright.music.form import MOST_SECTION_BARS, Section
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import BAR_LINES, MODES, STEPS, Meter, Tuplet, accidental_sign
from tunewright.tokens.degrees.returns import RETURNS, Return

METERS = (
    *("C", "C|", "2/2", "3/2", "4/2", "6/2", "2/1", "3/1", "4/1", "1/4", "2/4", "3/4", "4/4", "5/4", "6/4", "7/4"),
    *("9/4", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8", "9/8", "12/8", "15/8", "3/16", "6/16", "none"),
)
LENGTHS = tuple(  # plain, dotted and doubly dotted, from a 64th to four whole notes
    sorted(Fraction(dots, 64) * 2**power for dots, powers in ((1, 9), (3, 7), (7, 4)) for power in range(powers))
)
OFFSETS = range(-19, 21)  # diatonic steps from the home tonic
ALTERATIONS = {0: "", 1: "#", -1: "b"}
TUPLETS = ((2, 3, 2), (3, 2, 3), (4, 3, 4), (5, 4, 5), (6, 4, 6), (7, 4, 7), (3, 2, 2), (3, 2, 4), (6, 6, 6))
DECORATIONS = (
    *("staccato", "trill", "upbow", "downbow", "roll", "fermata", "lowermordent", "uppermordent", "accent", "tenuto"),
    *("turn", "coda", "segno", "slide", "sf", "p", "mp", "mf", "f", "ff", "0", "1", "2", "3", "4", "8va("),
)
QUALITIES = ("", "m", "7", "m7", "maj7", "dim", "dim7", "aug", "sus4", "sus2", "6", "m6", "9", "m7b5", "7sus4", "5")
HOMES = range(1, 8)
SIGNS = tuple(map(chr, range(32, 256)))
END_TOKEN, NO_FORM = "<end>", "bars:?"
BODY = "<body>"
PLAIN, SPELLED = "R:", 'R:"'  # no rhythm; one that the table lacks, letter by letter
_PITCH = re.compile(r"(#|b|)([1-7])('*)(,*)")


def pitch_token(offset: int, alter: int) -> str:
    """A pitch so many steps from the home tonic: "#5'"."""
    octave, degree = divmod(offset, 7)
    return f"{ALTERATIONS[alter]}{degree + 1}{chr(39) * octave}{',' * -octave}"


@lru_cache(maxsize=4096)
def read_pitch(token: str) -> tuple[int, int] | None:
    """The offset and alteration of a pitch token; None for any other token."""
    found = _PITCH.fullmatch(token)
    if not found:
        return None
    sign, degree, up, down = found.groups()
    return int(degree) - 1 + 7 * (len(up) - len(down)), {"": 0, "#": 1, "b": -1}[sign]


def length_token(length: Fraction) -> str:
    """A length as written, in whole notes: "1/8"."""
    return f"{length.numerator}/{length.denominator}"


def tuplet_token(tuplet: Tuplet) -> str:
    """A tuplet: "(3:2:3"."""
    return f"({tuplet.p}:{tuplet.q}:{tuplet.r}"


def section_token(section: Section) -> str:
    """A section of the form: "bars:8:|"."""
    return f"bars:{section.bars}{':|' if section.repeated else ''}"


LENGTHS_BY_TOKEN = {length_token(length): length for length in LENGTHS}


@dataclass(frozen=True)
class DegreeVocabulary:
    """Musical tokens; `vocab[0]` is the end of a tune.

    All collections have the same tokens but for `notes`: pitches and rests, with lengths, that are one token. With
    `told_rhythms`, what a model should learn from, a tune goes by the one name of its rhythm, stated or
    inferred, or by none; otherwise any rhythm is spelled exactly as it stands.
    """

    notes: tuple[str, ...] = ()  # as in "5:1/8": a pitch or rest, and its length as written
    graces: bool = True  # whether grace notes are kept; without them a tune is encoded as if it had none
    chords: bool = True  # whether chord symbols are
    told_rhythms: bool = False
    phrase_plan: bool = False  # whether a token before each measure says which earlier one it returns, and how
    last_notes: bool = False  # whether the last notes are told beside each token: their pitches, and how they moved

    END: ClassVar[int] = 0

    @cached_property
    def vocab(self) -> tuple[str, ...]:
        """Every token, by id."""
        return tuple(self._tokens())

    def _tokens(self) -> Iterator[str]:
        yield from (END_TOKEN, PLAIN, *(f"R:{name}" for name in RHYTHMS))
        if not self.told_rhythms:
            yield from (SPELLED, *(f"text:{sign}" for sign in SIGNS))
        yield from (f"M:{meter}" for meter in METERS)
        yield from (f"mode:{mode}" for mode in MODES)
        yield from (f"tonic:{step}{accidental_sign(alter)}" for step in STEPS for alter in (0, 1, -1))
        yield from (f"home:{octave}" for octave in HOMES)
        yield from (f"bars:{bars}{sign}" for bars in range(1, MOST_SECTION_BARS + 1) for sign in ("", ":|"))
        yield from (NO_FORM, BODY, *BAR_LINES, "[1", "[2", "[3", "[4")
        yield from map(length_token, LENGTHS)
        yield from (tuplet_token(Tuplet(*numbers)) for numbers in TUPLETS)
        yield from (pitch_token(offset, alter) for offset in OFFSETS for alter in ALTERATIONS)
        yield from ("z", "x", *self.notes, "-", "(", ")", *(f"!{name}!" for name in DECORATIONS))
        if self.graces:
            yield from ("{", "}")
        if self.chords:
            roots = [pitch_token(degree, alter) for degree in range(7) for alter in ALTERATIONS]
            yield from (f"chord:{root}" for root in roots)
            yield from (f"quality:{quality}" for quality in QUALITIES if quality)
            yield from (f"bass:{root}" for root in roots)
        if self.phrase_plan:
            yield from (f"plan:{one}" for one in RETURNS)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every token."""
        return {token: number for number, token in enumerate(self.vocab)}

    # -------------------------------------------------------------------------------------------- tables for others

    def _named(self, prefix: str) -> dict[int, str]:
        """What stands after the prefix in every token that begins with it."""
        named = ((number, token) for token, number in self.ids.items() if token.startswith(prefix))
        return {number: token.removeprefix(prefix) for number, token in named}

    @cached_property
    def rhythms(self) -> dict[int, str]:
        """The rhythms that are one token; "" for none."""
        return {self.ids[f"R:{name}"]: name for name in ("", *RHYTHMS)}

    @cached_property
    def meters(self) -> dict[int, Meter]:
        """The metres."""
        return {number: parse_meter(text)[0] for number, text in self._named("M:").items()}

    @cached_property
    def modes(self) -> dict[int, str]:
        """The modes."""
        return self._named("mode:")

    @cached_property
    def tonics(self) -> dict[int, str]:
        """The tonics."""
        return self._named("tonic:")

    @cached_property
    def homes(self) -> dict[int, int]:
        """The octaves in which the tonic may stand that offsets are counted from."""
        return {number: int(octave) for number, octave in self._named("home:").items()}

    @cached_property
    def sections(self) -> dict[int, Section]:
        """The sections that a form is said with."""
        listed = ((bars, repeated) for bars in range(1, MOST_SECTION_BARS + 1) for repeated in (False, True))
        return {self.ids[section_token(Section(*section))]: Section(*section) for section in listed}

    @cached_property
    def returns(self) -> dict[int, Return]:
        """What measures are to be: new, or which earlier one they return, and how; none without a phrase plan."""
        return {self.ids[f"plan:{one}"]: one for one in RETURNS} if self.phrase_plan else {}

    @cached_property
    def bar_lines(self) -> dict[int, str]:
        """The bar lines."""
        return {self.ids[line]: line for line in BAR_LINES}

    @cached_property
    def endings(self) -> dict[int, int]:
        """The endings."""
        return {self.ids[f"[{number}"]: number for number in (1, 2, 3, 4)}

    @cached_property
    def lengths(self) -> dict[int, Fraction]:
        """The lengths as written, in whole notes."""
        return {self.ids[length_token(length)]: length for length in LENGTHS}

    @cached_property
    def tuplets(self) -> dict[int, Tuplet]:
        """The tuplets."""
        return {self.ids[tuplet_token(Tuplet(*numbers))]: Tuplet(*numbers) for numbers in TUPLETS}

    @cached_property
    def pitches(self) -> dict[int, tuple[int, int]]:
        """The pitches: diatonic steps from the home tonic, and alteration against the signature."""
        return {self.ids[pitch_token(offset, alter)]: (offset, alter) for offset in OFFSETS for alter in ALTERATIONS}

    @cached_property
    def rests(self) -> dict[int, bool]:
        """The rests: whether they are visible."""
        return {self.ids["z"]: True, self.ids["x"]: False}

    @cached_property
    def timed(self) -> dict[int, tuple[int, int]]:
        """The notes and rests that are one token: the ids of length and pitch, or length and rest, that spell them."""
        apart = {note: note.split(":") for note in self.notes}
        return {self.ids[note]: (self.ids[length], self.ids[sound]) for note, (sound, length) in apart.items()}

    @cached_property
    def decorations(self) -> dict[int, str]:
        """The decorations."""
        return {self.ids[f"!{name}!"]: name for name in DECORATIONS}

    # -------------------------------------------------------------------------------------------- on other steps

    @cached_property
    def trailing(self) -> frozenset[int]:
        """What may lead on from the end of a measure, or end there: ties, and the ends of slurs."""
        return frozenset((self.ids["-"], self.ids[")"]))

    def steps(self, number: int) -> int | None:
        """Diatonic steps of a pitch, alone or with a length, from the home tonic; None for an id without one."""
        found = self._steps.get(number)
        return found[1] if found else None

    def moved(self, number: int, steps: int) -> int:
        """The id of the same, so many steps higher; itself where it has no pitch, 0 where no one id says that."""
        found = self._steps.get(number)
        if found is None:
            return number
        length, offset, alter = found
        return self._by_steps.get((length, offset + steps, alter), 0)

    @cached_property
    def _steps(self) -> dict[int, tuple[int, int, int]]:
        """Of ids with a pitch: the id of their length, 0 for none, diatonic steps from the home tonic, alteration."""
        timed = {
            n: (length, *self.pitches[sound]) for n, (length, sound) in self.timed.items() if sound in self.pitches
        }
        return {n: (0, *pitch) for n, pitch in self.pitches.items()} | timed

    @cached_property
    def _by_steps(self) -> dict[tuple[int, int, int], int]:
        return {what: number for number, what in self._steps.items()}
