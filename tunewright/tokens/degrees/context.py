"""What a model is told of each place in a tune, beside the token that it has read.

In: the ids of `DegreeTokenizer`, one after the other, and, where a tune is filled in or varied, the notes that are
already known of what is to come. Out: for each id a row of small integers about the place after it, where the next
token will stand. 0 always stands for nothing. A row tells:

- where that is: how far into the bar, how many bars of the section are behind and ahead, how many sections are left,
  how long the pickup was that last bars leave room for;
- what is still owed there: of what kind the last token was, slurs, notes of a tuplet and how long they are, a tie, the
  ticks left in the bar and, in the last bar of a section, up to where it should end, the repeat and its endings;
- what stood at the same place some bars before, and whether the last note was the one that stood at its place then,
  as in the Lookback RNN (Waite 2016);
- of the known notes which begins here, which some bars later, which comes next and when.

Nothing here is new to who has read all ids before: it saves the model the counting. This file knows no model: a row is
what `RecurrentModel` adds up embeddings of. It forbids nothing either: that is `grammar`'s.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from functools import cached_property

from tunewright.music.beats import WHOLE, Onset, ticks
from tunewright.music.form import AWAITED, FIRST, NO_ENDING, SECOND, Section
from tunewright.music.tune import Tuplet
from tunewright.tokens.degrees.tokenizer import BODY, NO_FORM, DegreeTokenizer

FINE = 70  # ticks that a model cannot tell apart: a 96th
MOST_FINE = 192
BARS_COUNTED, SECTIONS_COUNTED = 33, 9
MOST_SLURS, MOST_LEFT = 3, 7  # open slurs, and notes of a tuplet to come, that are told apart
MOST_ROOM = 24  # for each note of a tuplet that begins, likewise: a quarter
BARS_BACK = (1, 2, 4, 8)
BARS_AHEAD = (0, 1, 2, 4, 8)
FAR = 96  # 32nds to the next known note, at most

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


BEFORE_A_NOTE = (Kind.SLUR, Kind.DECORATION, Kind.UNBRACE, Kind.BOUND)


@dataclass(frozen=True)
class Columns:
    """How ids become rows: a column for the id, then one for each thing that is told of the place."""

    tokenizer: DegreeTokenizer

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values each column has, that of the id left out."""
        sounds = len(self.sounds) + 1
        place = (MOST_FINE, BARS_COUNTED, BARS_COUNTED, SECTIONS_COUNTED, MOST_FINE)
        bar = (MOST_FINE, 2 * MOST_FINE, 2 * (SECOND + 1))
        tuplet = (1 + MOST_LEFT * len(self.tokenizer.tuplets), len(self.lengths) + MOST_ROOM + 2)
        owed = (len(Kind), (MOST_SLURS + 1) * MOST_SLURS, *tuplet, sounds)
        looks = (sounds, len(self.lengths) + 1) * (len(BARS_BACK) + len(BARS_AHEAD))
        return (*place, *bar, *owed, 2 ** len(BARS_BACK), *looks, sounds, FAR + 1)

    @cached_property
    def sounds(self) -> dict[int, int]:
        """Numbers, from 1, of the ids of pitches and rests."""
        return {token: number for number, token in enumerate((*self.tokenizer.pitches, *self.tokenizer.rests), 1)}

    @cached_property
    def lengths(self) -> dict[int, tuple[int, int]]:
        """Numbers, from 1, and ticks of the ids of lengths."""
        written = enumerate(self.tokenizer.lengths.items(), 1)
        return {token: (number, ticks(length)) for number, (token, length) in written}

    @cached_property
    def timed(self) -> dict[int, tuple[int, int, int]]:
        """Of notes and rests that are one id: numbers of sound and of length, and ticks."""
        timed = self.tokenizer.timed.items()
        return {token: (self.sounds[sound], *self.lengths[length]) for token, (length, sound) in timed}

    @cached_property
    def as_read(self) -> tuple[int, ...]:
        """The id that a model reads for each id: all tonics look the same to it, and so do their octaves.

        That makes a tune the same in every key.
        """
        tonic, home = min(self.tokenizer.tonics), min(self.tokenizer.homes)
        seen = dict.fromkeys(self.tokenizer.tonics, tonic) | dict.fromkeys(self.tokenizer.homes, home)
        return tuple(seen.get(number, number) for number in range(len(self.tokenizer.vocab)))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each id."""
        found = self._kinds()
        return tuple(found.get(number, Kind.RHYTHM) for number in range(len(self.tokenizer.vocab)))

    def _kinds(self) -> dict[int, Kind]:
        tokenizer, rests = self.tokenizer, self.tokenizer.rests
        named = {BODY: Kind.BODY, NO_FORM: Kind.NO_FORM, "-": Kind.TIE, "(": Kind.SLUR, ")": Kind.UNSLUR}
        signs = named | {"|": Kind.LINE, "{": Kind.BRACE, "}": Kind.UNBRACE}
        by_prefix = {"chord:": Kind.CHORD, "quality:": Kind.QUALITY, "bass:": Kind.BASS}
        prefixed = {
            n: kind
            for token, n in tokenizer.ids.items()
            for start, kind in by_prefix.items()
            if token.startswith(start)
        }
        timed = {n: Kind.REST if sound in rests else Kind.NOTE for n, (_, sound) in tokenizer.timed.items()}
        return {
            tokenizer.END: Kind.END,
            **dict.fromkeys(tokenizer.meters, Kind.METER),
            **dict.fromkeys(tokenizer.modes, Kind.MODE),
            **dict.fromkeys(tokenizer.tonics, Kind.TONIC),
            **dict.fromkeys(tokenizer.homes, Kind.HOME),
            **dict.fromkeys(tokenizer.sections, Kind.SECTION),
            **dict.fromkeys(tokenizer.bar_lines, Kind.DOUBLE),
            **dict.fromkeys(tokenizer.endings, Kind.ENDING),
            **dict.fromkeys(tokenizer.tuplets, Kind.TUPLET),
            **dict.fromkeys(tokenizer.lengths, Kind.LENGTH),
            **dict.fromkeys(tokenizer.pitches, Kind.NOTE),
            **dict.fromkeys(rests, Kind.REST),
            **dict.fromkeys(tokenizer.decorations, Kind.DECORATION),
            **prefixed,
            **timed,
            **{tokenizer.ids[sign]: kind for sign, kind in signs.items() if sign in tokenizer.ids},
        }

    @cached_property
    def meters(self) -> dict[int, int]:
        """Ticks of a bar of each metre; 0 for the free one."""
        return {number: ticks(meter.length or Fraction(0)) for number, meter in self.tokenizer.meters.items()}

    @cached_property
    def tuplets(self) -> dict[int, tuple[Tuplet, int]]:
        """The tuplets, each with what its column counts the notes to come from."""
        numbered = enumerate(self.tokenizer.tuplets.items())
        return {token: (tuplet, MOST_LEFT * number) for number, (token, tuplet) in numbered}


class Reader:
    """Reads the ids of one tune, from its beginning, and tells the row of each.

    `known` are notes that are given, by where they begin; while `shown` is set, those are told that begin at `horizon`
    or later.
    """

    def __init__(self, columns: Columns, known: Mapping[Onset, Sound] | None = None) -> None:
        self.columns = columns
        self.known: Mapping[Onset, Sound] = known or {}
        self.shown, self.horizon = bool(known), (0, 0)
        self._coming = sorted(self.known)
        self.bar = self.filled = self.bar_ticks = 0
        self.sections: list[int] = []  # bars of each
        self._repeated: list[bool] = []  # whether each is
        self.section = self.behind = self.ahead = 0
        self._pickup = 0  # of the tune
        self._open = 0  # ticks of a pickup that the last bar of this section leaves open
        self._joined = self._sounding = False  # this bar began with the last bar's; a note stands in this section
        self._ending = NO_ENDING
        self._ending_bars = 0  # behind in this ending; of the first one, while the second is written
        self._kind = Kind.END
        self._slurs = self._fresh = 0  # open, and of them those that begin on the last note or the next one
        self._tie = 0  # the number of the sound that has to come again
        self._length = (0, 0)  # said for the next note: number, and ticks as written
        self.last: Sound = NOTHING  # the last note or rest
        self._returns = 0  # in how many bars back, a bit each, that note stood at its place too
        self._tuplet, self._left = Tuplet(1, 1, 0), 0  # and how many of its notes are to come
        self._tuplet_base = 0
        self._begun: dict[Onset, Sound] = {}
        self._place: tuple[int, ...] = ()  # what is told of bar and section, while that does not change
        self._back: tuple[int, ...] = NOTHING * len(BARS_BACK)
        self._moved()

    @property
    def onset(self) -> Onset:
        """The place where the next token will stand."""
        return self.bar, self.filled

    def read(self, number: int) -> tuple[int, ...]:
        """The row of this id."""
        columns = self.columns
        kind = columns.kinds[number]
        act = ACTS[kind]
        if act is not None:
            kind = act(self, number, kind)
        self._kind = kind
        left = self._left
        row = (
            columns.as_read[number],
            *self._place,
            kind,
            MOST_SLURS * self._slurs + self._fresh,
            self._tuplet_base + left if left else 0,
            self._tuplet_length() if left else 0,
            self._tie,
            self._returns,
            *self._back,
        )
        return row + self._expected() if self.shown else row + UNKNOWN

    # -------------------------------------------------------------------------------------------- kinds of tokens

    def _read_meter(self, number: int, kind: Kind) -> Kind:
        self.bar_ticks = self.columns.meters[number]
        return kind

    def _read_section(self, number: int, kind: Kind) -> Kind:
        section: Section = self.columns.tokenizer.sections[number]
        self.sections.append(section.bars)
        self._repeated.append(section.repeated)
        return kind

    def _read_body(self, number: int, kind: Kind) -> Kind:
        self._moved()
        return kind

    def _read_sound(self, number: int, kind: Kind) -> Kind:
        if self._kind in (Kind.BRACE, Kind.GRACE):
            return Kind.GRACE
        columns, onset = self.columns, (self.bar, self.filled)
        timed = columns.timed.get(number)
        sound, length, written = timed if timed else (columns.sounds[number], *self._length)
        returns, begun = 0, self._begun
        for power, place in enumerate(range(0, 2 * len(BARS_BACK), 2)):
            if self._back[place] == sound:
                returns |= 1 << power
        self._returns = returns
        self.last = begun[onset] = (sound, length)
        if self._left:
            written = written * self._tuplet.q // self._tuplet.p
            self._left -= 1
        self.filled += written
        self._sounding, self._tie = True, 0
        if self._kind not in BEFORE_A_NOTE:
            self._fresh = 0
        self._moved()
        return kind

    def _read_length(self, number: int, kind: Kind) -> Kind:
        self._length = self.columns.lengths[number]
        if self._kind in BEFORE_A_NOTE:
            return Kind.BOUND
        self._fresh = 0
        return kind

    def _read_tie(self, number: int, kind: Kind) -> Kind:
        self._tie = self.last[0]
        return kind

    def _read_slur(self, number: int, kind: Kind) -> Kind:
        fresh = self._fresh if self._kind in BEFORE_A_NOTE else 0
        self._slurs, self._fresh = min(self._slurs + 1, MOST_SLURS), min(fresh + 1, MOST_SLURS - 1)
        return kind

    def _read_unslur(self, number: int, kind: Kind) -> Kind:
        self._slurs = max(self._slurs - 1, 0)
        return kind

    def _read_before(self, number: int, kind: Kind) -> Kind:
        """A decoration or a brace, before the next note."""
        if self._kind not in BEFORE_A_NOTE:
            self._fresh = 0
        return kind

    def _read_tuplet(self, number: int, kind: Kind) -> Kind:
        self._tuplet, self._tuplet_base = self.columns.tuplets[number]
        self._left = self._tuplet.r
        return kind

    def _read_ending(self, number: int, kind: Kind) -> Kind:
        if self.columns.tokenizer.endings[number] == 1:
            self._ending, self._ending_bars = FIRST, 0
        else:
            self._ending = SECOND
        self._moved()
        return kind

    def _read_line(self, number: int, kind: Kind) -> Kind:
        """A short bar and the pickup after it count as one; a tune's first pickup stands at the end of its bar."""
        filled, full = self.filled, self.bar_ticks
        if self.bar == 0 and 0 < filled < full:
            self._pickup = self._open = filled
            shift = full - filled
            self._begun = {(0, onset + shift): sound for (_, onset), sound in self._begun.items()}
            self.bar, self.filled = 1, 0
            if kind == Kind.DOUBLE:  # a repeat that begins here does not lead back to the pickup
                self._open, self._sounding = 0, False
        elif filled and filled >= full:
            self._close_bar()
        if kind == Kind.DOUBLE and self._sounding:
            self._close_section()
        self._moved()
        return kind

    def _close_bar(self) -> None:
        self.bar, self.filled = self.bar + 1, 0
        if not self._joined:
            self.behind += self._ending != SECOND
            self._ending_bars += {FIRST: 1, SECOND: -1}.get(self._ending, 0)
        self._joined = False

    def _close_section(self) -> None:
        self._sounding = False
        if self._ending == FIRST:  # the second one begins where the first did
            if self.filled:
                self._joined = False
                self._close_bar()
            self._ending = AWAITED
            return
        self.section, self.behind, self._ending, self._ending_bars = self.section + 1, 0, NO_ENDING, 0
        self._joined = self.filled > 0
        self._open = self.bar_ticks - self.filled if self.filled else 0

    # -------------------------------------------------------------------------------------------- what is told

    def _moved(self) -> None:
        """Tell anew of bar and section, and of what stood there before."""
        bar, filled, begun, section = self.bar, self.filled, self._begun, self.section
        inside = section < len(self.sections)
        ahead = 0
        if self._ending in (AWAITED, SECOND):
            ahead = self._ending_bars
        elif inside:
            ahead = self.sections[section] - self.behind
        left = self.bar_ticks - filled
        due = 0
        if ahead == 1 and not self._joined:
            due = max(1, min((left - self._open) // FINE + 1, MOST_FINE - 1))
            due += MOST_FINE if section + 1 == len(self.sections) else 0
        elif not bar:
            due = MOST_FINE  # nothing that we know of: a pickup may end anywhere
        self._place = (
            min(filled // FINE, MOST_FINE - 1),
            min(self.behind, BARS_COUNTED - 1),
            max(0, min(ahead, BARS_COUNTED - 1)),
            max(0, min(len(self.sections) - section, SECTIONS_COUNTED - 1)),
            min(self._pickup // FINE, MOST_FINE - 1),
            max(0, min(left // FINE, MOST_FINE - 1)),
            due,
            2 * self._ending + (inside and self._repeated[section]),
        )
        back: tuple[int, ...] = ()
        for bars in BARS_BACK:
            back += begun.get((bar - bars, filled), NOTHING)
        self._back = back

    def _tuplet_length(self) -> int:
        """The length of the last note of the tuplet that we are in, before the first one what there is room for."""
        if self._left < self._tuplet.r:
            return self.last[1]
        room = (self.bar_ticks - self.filled) // (self._tuplet.q * FINE) if self.bar_ticks else MOST_ROOM
        return len(self.columns.lengths) + 1 + max(0, min(room, MOST_ROOM))

    def _expected(self) -> tuple[int, ...]:
        """What is known of here and later."""
        bar, filled, known, horizon = self.bar, self.filled, self.known, self.horizon
        row: tuple[int, ...] = ()
        for bars in BARS_AHEAD:
            onset = (bar + bars, filled)
            row += known.get(onset, NOTHING) if onset >= horizon else NOTHING
        place = bisect_left(self._coming, max((bar, filled), horizon))
        if place == len(self._coming):
            return row + NOTHING
        onset = self._coming[place]
        away = (onset[0] - bar) * self.bar_ticks + onset[1] - filled
        return (*row, known[onset][0], max(1, min(FAR, away * 32 // WHOLE + 1)))


ACTS: tuple[Callable[[Reader, int, Kind], Kind] | None, ...] = tuple(
    {
        Kind.METER: Reader._read_meter,
        Kind.SECTION: Reader._read_section,
        Kind.BODY: Reader._read_body,
        Kind.LINE: Reader._read_line,
        Kind.DOUBLE: Reader._read_line,
        Kind.ENDING: Reader._read_ending,
        Kind.TUPLET: Reader._read_tuplet,
        Kind.LENGTH: Reader._read_length,
        Kind.NOTE: Reader._read_sound,
        Kind.REST: Reader._read_sound,
        Kind.TIE: Reader._read_tie,
        Kind.SLUR: Reader._read_slur,
        Kind.UNSLUR: Reader._read_unslur,
        Kind.DECORATION: Reader._read_before,
        Kind.BRACE: Reader._read_before,
    }.get(kind)
    for kind in Kind
)  # what a reader does with each kind of token, and as what kind it then counts


@dataclass(frozen=True, slots=True)
class Begun:
    """A note or rest of a tune: its place in the ids, where it begins, and what it is."""

    place: int
    onset: Onset
    sound: Sound


def begun_in(columns: Columns, ids: Sequence[int]) -> list[Begun]:
    """Every note and rest of a tune, grace notes left out, by the onset that a `Reader` is at before it."""
    reader, found = Reader(columns), []
    for place, number in enumerate(ids):
        before = reader.onset
        reader.read(number)
        if reader.onset != before and (number in columns.timed or number in columns.sounds):
            found.append(Begun(place, before, reader.last))
    return found


def read_rows(
    columns: Columns,
    ids: Sequence[int],
    known: Mapping[Onset, Sound] | None = None,
    gaps: Sequence[tuple[range, Onset]] | None = None,
) -> list[tuple[int, ...]]:
    """The row of every id; what is `known` is told everywhere, or for the tokens to come that stand in one of `gaps`.

    A gap is a range of places in `ids`, in order, and the onset from which on notes are told within it.
    """
    reader = Reader(columns, known)
    if gaps is None:
        return [reader.read(number) for number in ids]
    horizons = {place: horizon for gap, horizon in gaps for place in gap}
    rows = []
    for place, number in enumerate(ids):
        reader.shown = place + 1 in horizons
        reader.horizon = horizons.get(place + 1, reader.horizon)
        rows.append(reader.read(number))
    return rows
