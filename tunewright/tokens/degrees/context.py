"""Context features of musical tokens: what a model is told of each place in a tune, beside the token that it has read.

In: the ids of `DegreeTokenizer`, one after the other, and, where a tune is filled in or varied, the notes that are
already known of what is to come. Out: for each id a row of small integers about the place after it, where the next
token will stand. 0 always stands for nothing. A row tells:

- where that is: how far into the bar, how many bars of the section are behind and ahead, how many sections are left,
  how long the pickup was that last bars leave room for;
- what is still owed there: of what kind the last token was, slurs, notes of a tuplet and how long they are, a tie, the
  ticks left in the bar and, in the last bar of a section, up to where it should end, the repeat and its endings;
- with a phrase plan, what this measure is to be, and what the one that it returns has at this place; which returns
  stood before it (`returns`);
- where that is asked for, the last notes: the pitch of the last one, by how many steps the melody moved to it, both
  together, and its length; the move before, and the pitch that its bar began with;
- what stood at the same place some bars before, and whether the last note was the one that stood at its place then,
  as in the Lookback RNN (Waite 2016);
- of the known notes which begins here, which some bars later, which comes next and when.

Nothing here is new to who has read all ids before: it saves the model the counting. This file knows no model: a row is
read beside its id. It forbids nothing either: that is `grammar`'s.
"""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tunewright.music.beats import WHOLE, Onset
from tunewright.music.form import AWAITED, FIRST, NO_ENDING, SECOND, Section
from tunewright.music.tune import Tuplet
from tunewright.tokens.degrees.features import (
    BARS_AHEAD,
    BARS_BACK,
    BARS_COUNTED,
    BEFORE_A_NOTE,
    FAR,
    FINE,
    HEIGHTS,
    LOWEST,
    MOST_FINE,
    MOST_ROOM,
    MOST_SLURS,
    MOST_STEPS,
    MOVES,
    MUSIC,
    NOTHING,
    SECTIONS_COUNTED,
    UNKNOWN,
    ContextFeatures,
    Kind,
    Sound,
)
from tunewright.tokens.degrees.returns import NEW, Return, Returning


class Reader:
    """Reads the ids of one tune, from its beginning, and tells the row of each.

    `known` are notes that are given, by where they begin; while `shown` is set, those are told that begin at `horizon`
    or later.
    """

    def __init__(self, features: ContextFeatures, known: Mapping[Onset, Sound] | None = None) -> None:
        self.features = features
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
        self._notes = (
            0,
            0,
            0,
            0,
            0,
            0,
        )  # the last: pitch, with its move, length; move, the one before, bar's first pitch
        self.returning = Returning(features.vocabulary) if features.vocabulary.phrase_plan else None
        self._moved()

    @property
    def onset(self) -> Onset:
        """The place where the next token will stand."""
        return self.bar, self.filled

    def read(self, number: int) -> tuple[int, ...]:
        """The row of this id."""
        features, returning = self.features, self.returning
        kind = features.kinds[number]
        onset = self.bar, self.filled
        act = ACTS[kind]
        if act is not None:
            kind = act(self, number, kind)
        self._kind = kind
        if returning is not None and kind in MUSIC:
            begun = self.last[0] if kind == Kind.NOTE and (self.bar, self.filled) != onset else 0
            returning.read(number, onset, begun, after=kind in (Kind.TIE, Kind.UNSLUR))
        left, told = self._left, features.vocabulary.last_notes
        row = (
            features.as_read[number],
            *self._place,
            kind,
            MOST_SLURS * self._slurs + self._fresh,
            self._tuplet_base + left if left else 0,
            self._tuplet_length() if left else 0,
            self._tie,
            *(() if returning is None else (returning.number, returning.due(self.filled))),
            *(self._notes[:2] if told else ()),
            self._returns,
            *(() if returning is None else (returning.kept(), *returning.before((self.bar, self.filled)))),
            *(self._notes[2:] if told else ()),
            *self._back,
        )
        return row + self._expected() if self.shown else row + UNKNOWN

    def as_whole(self, measure: Sequence[int]) -> Return:
        """What a measure is, given as all of its ids, that begins here; new while this may be the tune's pickup."""
        assert self.returning is not None
        ahead, start = copy.copy(self), self.onset
        ahead.returning, ahead._begun = self.returning.apart(), {}
        for number in measure:
            ahead.read(number)
        ahead.returning.close(ahead.filled)
        if start not in ahead.returning.measures:
            return NEW
        return ahead.returning.told(start)

    # -------------------------------------------------------------------------------------------- kinds of tokens

    def _read_meter(self, number: int, kind: Kind) -> Kind:
        self.bar_ticks = self.features.meters[number]
        return kind

    def _read_section(self, number: int, kind: Kind) -> Kind:
        section: Section = self.features.vocabulary.sections[number]
        self.sections.append(section.bars)
        self._repeated.append(section.repeated)
        return kind

    def _read_body(self, number: int, kind: Kind) -> Kind:
        self._moved()
        return kind

    def _read_return(self, number: int, kind: Kind) -> Kind:
        assert self.returning is not None
        self.returning.begin(self.onset, self.features.returns[number])
        return kind

    def _read_end(self, number: int, kind: Kind) -> Kind:
        if self.returning is not None:
            self.returning.close(self.filled)
        return kind

    def _read_sound(self, number: int, kind: Kind) -> Kind:
        if self._kind in (Kind.BRACE, Kind.GRACE):
            return Kind.GRACE
        features, onset = self.features, (self.bar, self.filled)
        timed = features.timed.get(number)
        sound, length, written = timed if timed else (features.sounds[number], *self._length)
        returns, begun = 0, self._begun
        for power, place in enumerate(range(0, 2 * len(BARS_BACK), 2)):
            if self._back[place] == sound:
                returns |= 1 << power
        self._returns = returns
        self.last = begun[onset] = (sound, length)
        if kind == Kind.NOTE:
            self._follow(sound, length)
        if self._left:
            written = written * self._tuplet.q // self._tuplet.p
            self._left -= 1
        self.filled += written
        self._sounding, self._tie = True, 0
        if self._kind not in BEFORE_A_NOTE:
            self._fresh = 0
        self._moved()
        return kind

    def _follow(self, sound: int, length: int) -> None:
        """A note that follows the last one."""
        before, moved, _, _, _, first = self._notes
        steps = self.features.steps
        here, there = steps[sound], steps[before]
        move = 0 if here is None or there is None else 1 + MOST_STEPS + max(-MOST_STEPS, min(here - there, MOST_STEPS))
        height = 0 if here is None else max(0, min(here - LOWEST, HEIGHTS - 1))
        both = 1 + height * MOVES + move
        self._notes = (sound, move, both, length, moved, first if self.filled else sound)

    def _read_length(self, number: int, kind: Kind) -> Kind:
        self._length = self.features.lengths[number]
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
        self._tuplet, self._tuplet_base = self.features.tuplets[number]
        self._left = self._tuplet.r
        return kind

    def _read_ending(self, number: int, kind: Kind) -> Kind:
        if self.features.vocabulary.endings[number] == 1:
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
            if self.returning is not None:
                self.returning.close(filled, (0, shift))
            self._begun = {(0, onset + shift): sound for (_, onset), sound in self._begun.items()}
            self.bar, self.filled = 1, 0
            if kind == Kind.DOUBLE:  # a repeat that begins here does not lead back to the pickup
                self._open, self._sounding = 0, False
        else:
            if self.returning is not None:
                self.returning.close(filled)
            if filled and filled >= full:
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
        return len(self.features.lengths) + 1 + max(0, min(room, MOST_ROOM))

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
        Kind.END: Reader._read_end,
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
        Kind.PLAN: Reader._read_return,
    }.get(kind)
    for kind in Kind
)  # what a reader does with each kind of token, and as what kind it then counts


@dataclass(frozen=True, slots=True)
class Begun:
    """A note or rest of a tune: its place in the ids, where it begins, and what it is."""

    place: int
    onset: Onset
    sound: Sound


def begun_in(features: ContextFeatures, ids: Sequence[int]) -> list[Begun]:
    """Every note and rest of a tune, grace notes left out, by the onset that a `Reader` is at before it."""
    reader, found = Reader(features), []
    for place, number in enumerate(ids):
        before = reader.onset
        reader.read(number)
        if reader.onset != before and (number in features.timed or number in features.sounds):
            found.append(Begun(place, before, reader.last))
    return found


def read_rows(
    features: ContextFeatures,
    ids: Sequence[int],
    known: Mapping[Onset, Sound] | None = None,
    gaps: Sequence[tuple[range, Onset]] | None = None,
) -> list[tuple[int, ...]]:
    """The row of every id; what is `known` is told everywhere, or for the tokens to come that stand in one of `gaps`.

    A gap is a range of places in `ids`, in order, and the onset from which on notes are told within it.
    """
    reader = Reader(features, known)
    if gaps is None:
        return [reader.read(number) for number in ids]
    horizons = {place: horizon for gap, horizon in gaps for place in gap}
    rows = []
    for place, number in enumerate(ids):
        reader.shown = place + 1 in horizons
        reader.horizon = horizons.get(place + 1, reader.horizon)
        rows.append(reader.read(number))
    return rows
