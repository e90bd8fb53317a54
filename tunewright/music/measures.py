"""The bars of a tune: what stands between two bar lines, which do not add up, and what is unbalanced in its form.

In: the elements of a tune and its metre. Out: `Measure`s, `BarError`s, and words for repeats and endings. How repeats
are played is in `playing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tunewright.music.elements import Bar, Element, Ending, Meter, MeterChange, Note, Rest, join_bars


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


def measures_of(music: Sequence[Element], meter: Meter) -> Iterator[Measure]:
    """What stands between the bar lines, empty measures (two lines side by side) left out."""
    start, length, opening, opens_ending, sounding, number, begun = 0, Fraction(0), None, False, False, 1, False
    for index, element in enumerate((*music, Bar("|]"))):
        if isinstance(element, MeterChange):
            meter = element.meter
        elif isinstance(element, Note | Rest):
            length += element.length
            sounding = True
        elif isinstance(element, Ending):
            opens_ending = True
        elif isinstance(element, Bar):
            closing = element if index < len(music) else None
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


def bar_errors_of(measures: Sequence[Measure], lines: Sequence[int]) -> Iterator[BarError]:
    """The measures that do not add up, with their lines in the source where those are known."""
    starts = _repeat_starts(measures)
    for index, measure in enumerate(measures):
        if measure.expected is None or _adds_up(measures, index, starts[index]):
            continue
        line = lines[index] if index < len(lines) else 0
        yield BarError(measure.number, measure.length, measure.expected, line)


def _adds_up(measures: Sequence[Measure], index: int, start: int) -> bool:
    """Whether a bar fills the metre, alone or together with what is played before or after it.

    A repeat sign after it leads back to bar `start`.

    The tune may begin with a pickup. Where a section ends, the bar before and the pickup after make one bar; so do
    the bar before a repeat sign and the pickup that it leads back to. The last bar completes the first pickup.
    """
    measure = measures[index]
    assert measure.expected is not None
    if measure.length > measure.expected:
        return False
    if measure.closing is not None and measure.closing.ends_repeat:
        back_to = measures[start]
        if not back_to.full or not measure.full:
            return measure.length + back_to.length == measure.expected
    if measure.full or index == 0:
        return True
    neighbours = (*_played_before(measures, index), *_played_after(measures, index, start))
    return any(measure.length + neighbour.length == measure.expected for neighbour in neighbours)


def _played_before(measures: Sequence[Measure], index: int) -> Iterator[Measure]:
    """The bar before one that opens a section."""
    opening = measures[index].opening
    if opening is not None and opening.ends_section:
        yield measures[index - 1]


def _played_after(measures: Sequence[Measure], index: int, start: int) -> Iterator[Measure]:
    """The bars that can follow one that closes a section, or stands before an ending."""
    measure = measures[index]
    if index + 1 == len(measures):
        yield measures[0]
        yield measures[start]
    elif (measure.closing is not None and measure.closing.ends_section) or measures[index + 1].opens_ending:
        yield measures[index + 1]


def _repeat_starts(measures: Sequence[Measure]) -> list[int]:
    """The bar that a repeat sign after each of the bars leads back to: as `played` has it."""
    section, explicit, in_ending = 0, False, False
    starts = [0] * len(measures)
    endings = [0] if measures and measures[0].opens_ending else []
    for start in range(1, len(measures)):
        starts[start] = section
        opening = measures[start].opening
        over = in_ending or measures[start - 1].opens_ending or not explicit
        in_ending = (in_ending or measures[start - 1].opens_ending) and not (opening and opening.ends_section)
        further = (
            opening.ends_repeat and measures[start].opens_ending and not opening.starts_repeat if opening else True
        )
        # a further ending belongs to the section that is being repeated
        if (
            opening
            and not further
            and (opening.starts_repeat or opening.ends_repeat or (opening.ends_section and over))
        ):
            section, explicit, endings = start, opening.starts_repeat, []
        endings += [start] * measures[start].opens_ending
        past = endings[-1] + endings[1] - endings[0] if len(endings) > 1 else section  # the last as long as the first
        starts[start] = past if past <= start else section
    return starts


def form_errors_of(music: Sequence[Element]) -> Iterator[str]:
    """Repeats that open and never close, endings that stand alone or skip a time."""
    open_at, bar = 0, 1
    times: set[int] = set()  # of the endings met in this section
    awaited = 1  # the least time that none of them is for
    for element in music:
        if isinstance(element, Ending):
            if min(element.numbers) != awaited:
                yield f"bar {bar}: ending {min(element.numbers)} stands where ending {awaited} was expected"
            times |= set(element.numbers)
            while awaited in times:
                awaited += 1
        elif isinstance(element, Bar):
            bar += 1
            if open_at and element.line == "|:":
                yield f"bar {open_at}: the repeat that begins here never ends"
            if element.starts_repeat or element.ends_repeat:
                open_at = bar if element.starts_repeat else 0
            if element.ends_section and not element.ends_repeat and times == {1}:
                yield f"bar {bar}: a first ending without a second"
            if element.ends_section and times != {1}:
                times, awaited = set(), 1
    if open_at:
        yield f"bar {open_at}: the repeat that begins here never ends"
    if times == {1}:
        yield f"bar {bar}: a first ending without a second"
