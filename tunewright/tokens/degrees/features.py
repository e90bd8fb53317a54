"""The context features of musical tokens: what there is to tell beside a token, and how many values it has.

In: a `DegreeVocabulary`. Out: the sizes of the features, in the order of a row, and tables that a reader of ids needs.
0 always stands for nothing. What the features say of a tune is `context`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from functools import cached_property

from tunewright.music.beats import ticks
from tunewright.music.form import SECOND
from tunewright.music.tune import Tuplet
from tunewright.tokens.degrees.returns import BACK, COUNTED, RETURNS
from tunewright.tokens.degrees.vocabulary import BODY, NO_FORM, DegreeVocabulary

FINE = 70  # ticks that a model cannot tell apart: a 96th
MOST_FINE = 192
BARS_COUNTED, SECTIONS_COUNTED = 33, 9
MOST_SLURS, MOST_LEFT = 3, 7  # open slurs, and notes of a tuplet to come, that are told apart
MOST_ROOM = 24  # for each note of a tuplet that begins, likewise: a quarter
BARS_BACK = (1, 2, 4, 8)
BARS_AHEAD = (0, 1, 2, 4, 8)
FAR = 96  # 32nds to the next known note, at most

MOST_STEPS = 8  # between two notes, that are told apart
MOVES = 2 * MOST_STEPS + 2  # that are: none at all, and from so many steps down to so many up
LOWEST, HEIGHTS = -9, 25  # steps from the home tonic to the lowest note that is told with the move to it; how many are

DIRECT = 13  # features, the place and what is owed there, that rule tokens out whatever the melody is

Sound = tuple[int, int]  # numbers of pitch or rest, and of written length
NOTHING = (0, 0)
UNKNOWN = NOTHING * (len(BARS_AHEAD) + 1)


class Kind(IntEnum):
    """What kind a token is of."""

    END = 0
    RHYTHM = 1
    METER = 2
    MODE = 3
    TONIC = 4
    HOME = 5
    SECTION = 6
    NO_FORM = 7
    BODY = 8
    LINE = 9  # within a section
    DOUBLE = 10  # the end of a section
    ENDING = 11
    TUPLET = 12
    LENGTH = 13
    NOTE = 14
    REST = 15
    TIE = 16
    SLUR = 17
    UNSLUR = 18
    DECORATION = 19
    BRACE = 20  # grace notes begin
    GRACE = 21
    UNBRACE = 22
    CHORD = 23
    QUALITY = 24
    BASS = 25
    BOUND = 26  # a length after what belongs to a note: no rest may come
    PLAN = 27  # what the measure is to be, in tunes with a phrase plan


MUSIC = frozenset(range(Kind.TUPLET, Kind.PLAN))  # what measures are made of
BEFORE_A_NOTE = (Kind.SLUR, Kind.DECORATION, Kind.UNBRACE, Kind.BOUND)


@dataclass(frozen=True)
class ContextFeatures:
    """How ids become rows: the id, then each context feature of the place after it."""

    vocabulary: DegreeVocabulary

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values each feature has."""
        sounds = len(self.sounds) + 1
        place = (MOST_FINE, BARS_COUNTED, BARS_COUNTED, SECTIONS_COUNTED, MOST_FINE)
        bar = (MOST_FINE, 2 * MOST_FINE, 2 * (SECOND + 1))
        tuplet = (1 + MOST_LEFT * len(self.vocabulary.tuplets), len(self.lengths) + MOST_ROOM + 2)
        planned = self.vocabulary.phrase_plan
        owed = (len(Kind) if planned else len(Kind) - 1, (MOST_SLURS + 1) * MOST_SLURS, *tuplet, sounds)
        looks = (sounds, len(self.lengths) + 1) * (len(BARS_BACK) + len(BARS_AHEAD))
        returns: tuple[int, ...] = (len(RETURNS) + 1, len(self.vocabulary.vocab)) if planned else ()
        told = (1 + (COUNTED + 1) ** 2, *(len(RETURNS) + 1,) * (1 + len(BACK))) if planned else ()
        told_notes = self.vocabulary.last_notes
        last: tuple[int, ...] = (sounds, MOVES) if told_notes else ()
        before: tuple[int, ...] = (HEIGHTS * MOVES + 1, len(self.lengths) + 1, MOVES, sounds) if told_notes else ()
        return (*place, *bar, *owed, *returns, *last, 2 ** len(BARS_BACK), *told, *before, *looks, sounds, FAR + 1)

    @cached_property
    def direct(self) -> int:
        """How many of the first features say what may follow: the place, what is owed, returns, the last notes."""
        return DIRECT + 2 * self.vocabulary.phrase_plan + 2 * self.vocabulary.last_notes

    @cached_property
    def sounds(self) -> dict[int, int]:
        """Numbers, from 1, of the ids of pitches and rests."""
        return {token: number for number, token in enumerate((*self.vocabulary.pitches, *self.vocabulary.rests), 1)}

    @cached_property
    def lengths(self) -> dict[int, tuple[int, int]]:
        """Numbers, from 1, and ticks of the ids of lengths."""
        written = enumerate(self.vocabulary.lengths.items(), 1)
        return {token: (number, ticks(length)) for number, (token, length) in written}

    @cached_property
    def timed(self) -> dict[int, tuple[int, int, int]]:
        """Of notes and rests that are one id: numbers of sound and of length, and ticks."""
        timed = self.vocabulary.timed.items()
        return {token: (self.sounds[sound], *self.lengths[length]) for token, (length, sound) in timed}

    @cached_property
    def as_read(self) -> tuple[int, ...]:
        """The id that a model reads for each id: all tonics look the same to it, and so do their octaves.

        That makes a tune the same in every key.
        """
        tonic, home = min(self.vocabulary.tonics), min(self.vocabulary.homes)
        seen = dict.fromkeys(self.vocabulary.tonics, tonic) | dict.fromkeys(self.vocabulary.homes, home)
        return tuple(seen.get(number, number) for number in range(len(self.vocabulary.vocab)))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each id."""
        found = self._kinds()
        return tuple(found.get(number, Kind.RHYTHM) for number in range(len(self.vocabulary.vocab)))

    def _kinds(self) -> dict[int, Kind]:
        vocabulary, rests = self.vocabulary, self.vocabulary.rests
        named = {BODY: Kind.BODY, NO_FORM: Kind.NO_FORM, "-": Kind.TIE, "(": Kind.SLUR, ")": Kind.UNSLUR}
        signs = named | {"|": Kind.LINE, "{": Kind.BRACE, "}": Kind.UNBRACE}
        by_prefix = {"chord:": Kind.CHORD, "quality:": Kind.QUALITY, "bass:": Kind.BASS}
        prefixed = {
            n: kind
            for token, n in vocabulary.ids.items()
            for start, kind in by_prefix.items()
            if token.startswith(start)
        }
        timed = {n: Kind.REST if sound in rests else Kind.NOTE for n, (_, sound) in vocabulary.timed.items()}
        return {
            vocabulary.END: Kind.END,
            **dict.fromkeys(vocabulary.meters, Kind.METER),
            **dict.fromkeys(vocabulary.modes, Kind.MODE),
            **dict.fromkeys(vocabulary.tonics, Kind.TONIC),
            **dict.fromkeys(vocabulary.homes, Kind.HOME),
            **dict.fromkeys(vocabulary.sections, Kind.SECTION),
            **dict.fromkeys(vocabulary.bar_lines, Kind.DOUBLE),
            **dict.fromkeys(vocabulary.endings, Kind.ENDING),
            **dict.fromkeys(vocabulary.tuplets, Kind.TUPLET),
            **dict.fromkeys(vocabulary.lengths, Kind.LENGTH),
            **dict.fromkeys(vocabulary.pitches, Kind.NOTE),
            **dict.fromkeys(rests, Kind.REST),
            **dict.fromkeys(vocabulary.decorations, Kind.DECORATION),
            **dict.fromkeys(vocabulary.returns, Kind.PLAN),
            **prefixed,
            **timed,
            **{vocabulary.ids[sign]: kind for sign, kind in signs.items() if sign in vocabulary.ids},
        }

    @cached_property
    def returns(self) -> dict[int, int]:
        """Numbers, from 1, of the ids of returns."""
        return {token: number for number, token in enumerate(self.vocabulary.returns, 1)}

    @cached_property
    def steps(self) -> tuple[int | None, ...]:
        """Diatonic steps from the home tonic of the sounds by their numbers; None for rests, and for no sound."""
        tokens = {number: token for token, number in self.sounds.items()}
        return tuple(self.vocabulary.steps(tokens[n]) if n in tokens else None for n in range(len(tokens) + 1))

    @cached_property
    def meters(self) -> dict[int, int]:
        """Ticks of a bar of each metre; 0 for the free one."""
        return {number: ticks(meter.length or Fraction(0)) for number, meter in self.vocabulary.meters.items()}

    @cached_property
    def tuplets(self) -> dict[int, tuple[Tuplet, int]]:
        """The tuplets, each with what its feature counts the notes to come from."""
        numbered = enumerate(self.vocabulary.tuplets.items())
        return {token: (tuplet, MOST_LEFT * number) for number, (token, tuplet) in numbered}
