"""Where bar lines may stand: the metre, the pickups and the bars that complete them, repeats, endings and sections.

In: a metre, the form that was asked for if any, and one after another the lengths, bar lines and endings that are
written. Out: a `Place`, which says what may still come. Whatever a `Place` lets through adds up by `Tune.bar_errors`,
is balanced by `Tune.form_errors`, and is right for abc2midi, whose rules are stricter in one point: what is short at
the end of a section has to be made up for on every way that playing goes on, back to the repeat and onwards.

This file knows lengths and bar lines only: no pitch, no spelling, and not which lengths there are to fill a bar with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tunewright.music.tune import Bar, Ending, Measure, Meter, MeterChange, Tune

FEWEST_BARS = 4  # a tune of fewer bars is not counted as well formed
MOST_BARS = 96  # of a tune whose form nobody said
MOST_SECTION_BARS = 64
MOST_SECTIONS = 12
SECOND_ENDING_BARS = 8  # the longest second ending, where a form is followed
Length = Fraction | int  # in whole notes, or in ticks
SHORT = 32  # a whole note has so many of what a pickup is a multiple of
NEAR = 4  # bars, of which it makes no difference whether there are more
ZERO, ONE = 0, 1
NO_ENDING, FIRST, AWAITED, SECOND = range(4)  # where we stand in the endings of a section
DOUBLE = ("||", "|]", "[|")
_LINES = {line: Bar(line) for line in ("|", *DOUBLE, "|:", ":|", "::")}


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between two double bars or repeat signs.

    `bars` are its full bars as written: a pickup is not counted, the bar that completes it is, a second ending is not.
    """

    bars: int
    repeated: bool  # whether it ends with a repeat sign


@dataclass(frozen=True, slots=True)
class Form:
    """The sections of a tune, in the order in which they are written."""

    sections: tuple[Section, ...]

    @property
    def bars(self) -> int:
        """The bars of all of its sections."""
        return sum(section.bars for section in self.sections)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What holds for the whole tune."""

    full: Length | None
    short: Length  # what pickups, and sections that end short, are multiples of
    form: Form | None
    exact: bool
    most_bars: int
    endings: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tune stands: what is in this bar so far, and what the bars before have left to be done."""

    rules: _Rules
    filled: Length = ZERO  # what stands in this bar so far
    section: int = 0
    bar: int = 0  # bars of this section that are closed, a pickup not counted
    begun: bool = False  # whether any bar of this section is closed, its pickup too
    bars: int = 0  # bars of the tune that are closed, pickups and all; with a form, counted up to `FEWEST_BARS` only
    line: str = ""  # the bar line just written
    led_in: bool = False  # whether the tune began with a bar line
    carry: Length = ZERO  # how much of a full bar the bar before had, where it ended a section short
    back: Length = ZERO  # the same at the place that a repeat sign leads back to
    origin: Length | None = ZERO  # the same where abc2midi goes back to: past double bars; None after a repeat sign
    unopened: bool = False  # whether the last repeat has ended and none was begun with a sign of its own
    after_endings: bool = False  # whether a section with endings has ended, and no repeat since
    pickup: Length = ZERO  # length of the tune's first bar, where that is not a full one
    sound: bool = True  # whether a tune may end with the last bar: it is full, or completes a pickup
    opened: bool = False  # whether a repeat was begun with a sign of its own
    ending: int = NO_ENDING
    ending_bars: int = 0  # bars closed in a second ending, with a form
    ending_opened: bool = False  # an ending was opened and nothing stands in it yet

    # -------------------------------------------------------------------------------------------- what may come

    @property
    def full(self) -> Length | None:
        """Length of a full bar; None in free metre."""
        return self.rules.full

    @property
    def at_start(self) -> bool:
        """Whether nothing but bar lines has been written."""
        return not self.bars and not self.filled

    @property
    def room(self) -> Length | None:
        """The most that may still be written in this bar: 0 where it is full or the tune is over; None in free metre.

        In free metre `goes_on` says whether anything may be written.
        """
        if self.rules.full is None:
            return None
        return max(self.needs(), default=self.filled) - self.filled

    @property
    def goes_on(self) -> bool:
        """Whether a note may come, in this bar or because another one begins."""
        return self._begins if self.rules.full is None else bool(self.room)

    @property
    def _begins(self) -> bool:
        """Whether this bar may have anything in it."""
        if self.filled:
            return True
        if self.ending == AWAITED:
            return False
        form = self.rules.form
        if not form:
            return self.bars < self.rules.most_bars
        if not self._form_is_open:
            return False
        section = form.sections[self.section]
        if not section.repeated or self.ending != NO_ENDING or not self._leads_elsewhere:
            return True
        return self.after_endings and not self.rules.exact and self.rules.endings and self.bar + 1 < section.bars

    @property
    def _leads_elsewhere(self) -> bool:
        """Whether a repeat sign needs a beginning of its own, or endings, so as not to lead back to another place."""
        return self.origin not in (None, self.back) and bool(self.bars)

    def needs(self) -> frozenset[Length]:
        """The totals that this bar can be filled to and closed at, what stands in it already included.

        One of them can always be reached. A section may end short at other places too: `lines` says so there.
        Empty in free metre, and where nothing may be written.
        """
        full = self.rules.full
        if full is None or not self._begins:
            return frozenset()
        wanted = {full, self.back, full - self.pickup if self.pickup else full}
        totals = {full - self.carry} if self.carry else wanted
        return frozenset(t for t in totals if t and t >= self.filled and self._can_close(t))

    def _can_close(self, total: Length) -> bool:
        filled = replace(self, filled=total, line="", ending_opened=False)
        return bool(filled.lines) or filled.may_end

    @property
    def lines(self) -> frozenset[str]:
        """The bar lines that may come now."""
        return frozenset(line for line in _LINES if self._allows(line))

    @property
    def endings(self) -> frozenset[int]:
        """The endings that may be opened now."""
        if self.filled or self.ending_opened:
            return frozenset()
        if self.ending == AWAITED:
            return frozenset((2,))
        form, begun = self.rules.form, self.ending == NO_ENDING and self.bar > 0 and self.line == "|"
        if not begun or not self.rules.endings or (form and self.rules.exact):
            return frozenset()
        if self.unopened or not (self.origin in (None, self.back) or self.after_endings):
            return frozenset()
        if form:
            fits = self.section < len(form.sections) and form.sections[self.section].repeated
        else:
            fits = self.bars + 2 <= self.rules.most_bars
        return frozenset((1,)) if fits else frozenset()

    @property
    def may_end(self) -> bool:
        """Whether the tune may end here."""
        if self.opened or self.ending in (FIRST, AWAITED) or self.ending_opened:
            return False
        if not self.filled:
            enough = self.bars >= FEWEST_BARS and bool(self.line)
            return enough and not self._form_is_open and self.sound
        if self.bars + 1 < FEWEST_BARS:
            return False
        form = self.rules.form
        if form and not (self.section == len(form.sections) - 1 and self._closes_section(repeated=False)):
            return False
        return self._may_be_last()

    @property
    def _form_is_open(self) -> bool:
        return self.rules.form is not None and self.section < len(self.rules.form.sections)

    def _may_be_last(self) -> bool:
        """Whether a tune may end with this bar as it stands."""
        full = self.rules.full
        if full is None:
            return True
        if self.rules.form and self.rules.exact:
            return self.filled == (self.back or full)
        lacking = full - self.carry - self.filled
        return not lacking or (self.begun and lacking in (self.pickup, full - self.back if self.back else ZERO))

    # -------------------------------------------------------------------------------------------- bar lines

    def _allows(self, line: str) -> bool:
        if not self.filled:
            return self._may_open() if line == "|:" else line in ("|", *DOUBLE) and self._may_lead_in()
        if not self._adds_up(line) or (self.rules.form and not self._suits_form(line)):
            return False
        if line == "|:" and self.opened:
            return False
        if self.ending == FIRST and line not in ("|", ":|"):
            return False
        if line == "::" and (self.ending == SECOND or self.unopened or self.after_endings):
            return False
        if line == ":|" and self.ending == SECOND and self.back:
            return False
        return self.rules.form is not None or self._in_time(line)

    def _may_open(self) -> bool:
        """Whether a repeat may begin with a sign: before the first bar only, for lines side by side are read as one."""
        form = self.rules.form
        return self.at_start and not self.line and not (form and not form.sections[0].repeated)

    def _may_lead_in(self) -> bool:
        """Whether a bar line may stand before the first bar."""
        form = self.rules.form
        return self.at_start and not self.line and not (form and (self.rules.exact or form.sections[0].repeated))

    def _adds_up(self, line: str) -> bool:
        """Whether the bar may be closed by this line, as far as its length goes."""
        full, bar = self.rules.full, _LINES[line]
        if full is None:
            return True
        if self.opened and line in DOUBLE and (self.carry + self.filled) % full != self.back:
            return False  # the repeat must not depend on whether it leads back past this line
        if self.carry:
            return not bar.ends_repeat and self.carry + self.filled == full
        if bar.ends_repeat:
            back = self.origin in (None, self.back) or (self.after_endings and self.ending == FIRST)
            return back and self.filled == (self.back or full)
        if self.filled == full:
            return True
        if self.filled > full or self.filled % self.rules.short:
            return False
        if not self.bars:
            return line == "|" or not self.opened
        return bar.ends_section and self.begun

    def _suits_form(self, line: str) -> bool:
        """Whether the form that was asked for has such a bar line here."""
        assert self.rules.form is not None
        sections, bar = self.rules.form.sections, _LINES[line]
        if self._is_pickup:
            apart = not (self.carry or self.rules.exact) and not bar.ends_repeat  # a sign that the pickup stands before
            return line == "|" or (apart and sections[0].repeated == bar.starts_repeat)
        section = sections[self.section]
        if line == "|":
            if self.ending == SECOND:
                return self.ending_bars + 1 < SECOND_ENDING_BARS
            return self.bar + 1 < section.bars
        repeated = section.repeated and self.ending != SECOND
        if bar.ends_repeat != repeated or not self._closes_section(repeated=repeated):
            return False
        following = sections[self.section + 1] if self.section + 1 < len(sections) else None
        if self.ending != FIRST and bar.starts_repeat and not (following and following.repeated):
            return False
        if following is not None and self.ending != FIRST and not self.with_line(line)._begins:
            return False
        exact = not self.rules.exact or self.filled == (self.back or self.rules.full)
        return exact and (following is not None or bar.ends_repeat or self._may_be_last())

    @property
    def _is_pickup(self) -> bool:
        """Whether this bar, if closed now, is the pickup of its section."""
        if self.rules.full is None or self.bar or self.ending != NO_ENDING:
            return False
        return bool(self.carry) or (not self.bars and self.filled < self.rules.full)

    def _closes_section(self, *, repeated: bool) -> bool:
        """Whether this bar is the last that the form has for the section."""
        assert self.rules.form is not None
        section = self.rules.form.sections[self.section]
        if self.ending == SECOND:
            return not repeated
        return not self._is_pickup and self.bar + 1 == section.bars and section.repeated == repeated

    def _in_time(self, line: str) -> bool:
        """Whether the tune can still be brought to an end within its greatest number of bars."""
        after = self.with_line(line)
        return after.bars + after._least() <= self.rules.most_bars

    def _least(self) -> int:
        """How many more bars it takes to end the tune, from the beginning of a bar on."""
        if self.ending in (FIRST, AWAITED):
            return 2 if self.ending == FIRST else 1
        needed = (1 if self.opened else 0) + (1 if self.carry and (self.opened or not self.may_end) else 0)
        return max(needed, 0 if self.may_end else 1, FEWEST_BARS - self.bars)

    # -------------------------------------------------------------------------------------------- going on

    def reduced(self) -> Place:
        """The place without what no longer makes a difference: from both on, the same may come.

        Sections that have ended are left out, and of the bars of this one that are closed all but one.
        """
        form, bar = self.rules.form, min(self.bar, 1)
        if form is None:
            return replace(self, section=0, bar=bar)
        left = form.sections[self.section :]
        if left:
            left = (Section(left[0].bars - (self.bar - bar), left[0].repeated), *left[1:])
        return replace(self, rules=replace(self.rules, form=Form(left)), section=0, bar=bar)

    def near(self) -> Place:
        """A place at which the same may come until this bar is closed: what lies further ahead is left out."""
        form, rules = self.rules.form, self.rules
        if form is None:
            far = FEWEST_BARS < self.bars < rules.most_bars - NEAR
            return replace(self, bars=FEWEST_BARS) if far else self
        first, *later = form.sections[self.section : self.section + 3] or (None,)
        if first is None:
            return self
        here = Section(min(first.bars, self.bar + NEAR), first.repeated)
        following = (Section(min(section.bars, NEAR), section.repeated) for section in later)
        return replace(self, rules=replace(rules, form=Form((here, *following))), section=0)

    def with_length(self, length: Length) -> Place:
        """The place after a note or rest of this length."""
        return replace(self, filled=self.filled + length, line="", ending_opened=False)

    def with_ending(self, number: int) -> Place:
        """The place after the beginning of an ending."""
        if number == 1:
            return replace(self, ending=FIRST, ending_opened=True, line="")
        return replace(self, ending=SECOND, ending_opened=True, ending_bars=0, line="", carry=ZERO)

    def with_line(self, line: str) -> Place:
        """The place after a bar line."""
        if not self.filled:
            if line != "|:":
                return replace(self, line=line, led_in=True)
            return replace(self, line=line, opened=True, origin=self.carry, back=self.carry, unopened=False)
        bar, after = _LINES[line], self._with_bar_closed(line)
        if not bar.ends_section:
            return after
        if bar.ends_repeat and self.ending == FIRST:
            return replace(after, ending=AWAITED, opened=False)
        carry = self._carried(bar)
        signed = bar.starts_repeat or bar.ends_repeat
        keeps = self.opened and not signed  # a double bar within a repeat ends nothing
        only_pickup = not self.bars and after.pickup
        origin = after.origin
        if self.ending == SECOND:
            origin = (
                -ONE if carry or after.origin else ZERO
            )  # it goes back to here or further, and forgets what was short
        return replace(
            after,
            section=self.section + (0 if only_pickup else 1),
            bar=0,
            begun=False,
            ending=NO_ENDING,
            ending_bars=0,
            opened=bar.starts_repeat or keeps,
            carry=carry,
            back=self.back if keeps else carry,
            origin=carry if bar.starts_repeat else None if bar.ends_repeat else origin,
            unopened=not bar.starts_repeat and (bar.ends_repeat or self.unopened),
            after_endings=(self.ending == SECOND or self.after_endings) and not signed,
        )

    def _with_bar_closed(self, line: str) -> Place:
        """The place after a bar line that ends no section."""
        full, form = self.rules.full, self.rules.form
        counted = 0 if self._is_pickup else 1
        begins = not self.bars and full is not None and self.filled < full
        back = self.back
        if begins and line == "|" and full is not None:
            back = full - self.filled
        return replace(
            self,
            filled=ZERO,
            line=line,
            carry=ZERO,
            begun=True,
            bar=self.bar + (0 if self.ending == SECOND else counted),
            bars=min(self.bars + 1, FEWEST_BARS) if form else self.bars + 1,
            back=back,
            origin=self._origin(full - self.filled) if begins and full is not None else self.origin,
            pickup=self.filled if begins else self.pickup,
            sound=begins or self._may_be_last(),
            ending_bars=self.ending_bars + 1 if form and self.ending == SECOND else 0,
        )

    def _origin(self, carry: Length) -> Length:
        """What a pickup leaves to be done where the tune begins; after a bar line, no repeat may lead back to it."""
        return carry if self.opened or not self.led_in else -ONE

    def _carried(self, bar: Bar) -> Length:
        """How much of a full bar stands before the first bar of the section that begins after this line."""
        if self.rules.full is None or not self.bars:
            return ZERO  # a pickup before the sign is not judged, and a repeat that it begins does not lead back to it
        return ZERO if self.carry + self.filled == self.rules.full else self.carry + self.filled


def begin(
    meter: Meter,
    form: Form | None = None,
    *,
    exact: bool = True,
    most_bars: int = MOST_BARS,
    endings: bool = True,
    whole: int | None = None,
) -> Place:
    """The place before the first sign of a tune, its lengths in whole notes, or in ticks of which `whole` make one.

    With a `form` exactly its sections come out: where `exact`, without endings and with every pickup completed, so
    that each section lasts as many bars as it has; otherwise as real tunes have it, whose last bar may leave the
    pickup open. Without a form the tune ends within `most_bars`; `endings` says whether endings may be opened.
    """
    assert form is None or (form.bars >= FEWEST_BARS and all(section.bars > 0 for section in form.sections))
    assert most_bars >= 2 * FEWEST_BARS
    full, short = meter.length, Fraction(1, SHORT)
    if whole is None:
        return Place(_Rules(full, short, form, exact, most_bars, endings))
    in_ticks = None if full is None else int(full * whole)  # whole numbers are many times as fast as fractions
    return Place(_Rules(in_ticks, whole // SHORT, form, exact, most_bars, endings))


# ------------------------------------------------------------------------------------------------ the form of a tune


def form_of(tune: Tune) -> Form | None:
    """The form of a tune; None where it has none that can be said.

    That is: free or changing metre, bars or repeats that do not add up, a repeat around several sections, endings
    beyond the second, sections without a full bar, and more or longer sections than the limits of this file.
    """
    changing = any(isinstance(element, MeterChange) for element in tune.music)
    if tune.meter.free or changing or tune.bar_errors or tune.form_errors:
        return None
    sections, measures = [], _Listed(tune)
    while measures.left:
        section = measures.section()
        if section is None:
            return None
        sections.append(section)
    form = Form(tuple(sections))
    return form if len(sections) <= MOST_SECTIONS and form.bars >= FEWEST_BARS else None


class _Listed:
    """The measures of a tune, taken section by section."""

    def __init__(self, tune: Tune) -> None:
        self._tune, self.left = tune, list(tune.measures[::-1])

    def section(self) -> Section | None:
        """The next section; None where it cannot be said in one."""
        bars, repeated, ending, begun = 0, False, NO_ENDING, False
        opened = False
        while self.left:
            measure = self.left.pop()
            opened = opened or (measure.opening is not None and measure.opening.starts_repeat)
            for number in self._endings(measure):
                if number != (SECOND - 1 if ending == AWAITED else 1) or ending in (FIRST, SECOND):
                    return None
                ending = FIRST if number == 1 else SECOND
            pickup = not begun and not measure.full
            begun = True
            bars += ending != SECOND and not pickup
            closing = measure.closing
            if closing is None or not closing.ends_section:
                continue
            if ending == FIRST and closing.ends_repeat:
                repeated, ending, opened = True, AWAITED, False
                continue
            if pickup and measure.number == 0:
                continue  # the pickup of the tune stands before a sign of its own
            repeated = repeated or closing.ends_repeat
            opened = opened and not closing.ends_repeat
            break
        return None if opened or not 0 < bars <= MOST_SECTION_BARS else Section(bars, repeated)

    def _endings(self, measure: Measure) -> list[int]:
        elements = self._tune.music[measure.start : measure.stop]
        return [number for element in elements if isinstance(element, Ending) for number in element.numbers]
