"""From sign to sign of one request: header, bars, and the bar lines between them.

In: what was asked for, and the rows of masks that sets of signs have. Out: `Node`s, each a place in a text; together
with the `Measure` that it stands in (none in the header) it says what may come and where that leads. Nodes within a
bar are shared by all bars that may be filled alike; how a bar may be closed is its `Measure`'s to know.

Where little room is left in a text, only signs on a short way to the end come: `hurried`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

from tunewright.music.form import Form
from tunewright.music.tune import Key, Meter, Pitch
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar.bars import Bar, Core, Ends, Options, Point
from tunewright.tokens.characters.grammar.header import Header, Line
from tunewright.tokens.characters.grammar.measures import (
    END,
    FORMLESS_BARS,
    LINES,
    SIGNS_BEGUN,
    SLACK,
    Measure,
    Music,
)
from tunewright.tokens.characters.grammar.spelling import HIGHEST, LOWEST, WHOLE, Lengths, Pitches

NOTHING = frozenset[str]()
MOST_TRAILING = 2  # spaces after a bar line
NARROWEST = 4  # semitones: in every key a range of so many has notes
MOST_NODES = 40_000  # remembered, about 3 KB each; then they are forgotten and made anew
HEADER_SIGNS = 100  # the longest of the shortest headers


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a tune; None leaves it to the model."""

    meter: Meter | None = None
    key: Key | None = None
    rhythm: str | None = None  # "" for none
    form: Form | None = None
    low: Pitch | None = None
    high: Pitch | None = None
    max_length: int = 4000  # signs, the end not counted


class Node(Protocol):
    """A place in a text."""

    def row(self, measure: Measure | None, *, hurried: bool) -> int:
        """The row of the mask of what may come."""

    def after(self, number: int, measure: Measure | None) -> tuple[Node, Measure | None]:
        """Where an id that the mask lets through leads."""


class Walk:
    """All the places in the texts that one request lets through."""

    def __init__(
        self, request: Request, vocab: tuple[str, ...], row: Callable[[frozenset[str]], int], *, canonical: bool
    ) -> None:
        self.request, self.row = request, row
        self.sign_of = {number: sign for number, sign in enumerate(vocab) if number > 1} | {0: END}
        self.signs = frozenset(sign for sign in self.sign_of.values() if len(sign) == 1)
        self._lengths: dict[Fraction, Lengths] = {}
        self._check()
        self.header = Header(
            self.signs, self._fills, canonical=canonical, meter=request.meter, key=request.key, rhythm=request.rhythm
        )
        self._headers: dict[Line, _InHeader] = {}
        self._forget()
        hardest = max(self.lengths(unit).signs(meter) for meter, unit in self.header.pairs)
        bars = request.form.bars if request.form else FORMLESS_BARS
        self.header_needs = HEADER_SIGNS + SIGNS_BEGUN + hardest * (bars + SLACK)
        if request.max_length < self.header_needs:
            least = f"expected at least {self.header_needs}"
            raise ConfigError(
                f"a tune of at most {request.max_length} characters is too short for {bars} bars; {least}"
            )

    def _check(self) -> None:
        if not self.signs & set("CDEFGABcdefgab"):
            raise ConfigError("the vocabulary has no note; expected letters from A to G")
        if self.low + NARROWEST > self.high:
            raise ConfigError(f"the range is {self.low} to {self.high} (MIDI); expected {NARROWEST} semitones or more")

    @property
    def low(self) -> int:
        """The lowest MIDI note."""
        return self.request.low.midi if self.request.low else LOWEST

    @property
    def high(self) -> int:
        """The highest MIDI note."""
        return self.request.high.midi if self.request.high else HIGHEST

    def lengths(self, unit: Fraction) -> Lengths:
        """The lengths that can be written with a unit."""
        if unit not in self._lengths:
            self._lengths[unit] = Lengths(unit, self.signs)
        return self._lengths[unit]

    def _fills(self, meter: Meter, unit: Fraction) -> bool:
        return meter.length is not None and self.lengths(unit).fewest(int(meter.length * WHOLE)) is not None

    def start(self) -> Node:
        """The node before the first sign."""
        return self.in_header(Line())

    def in_header(self, line: Line) -> _InHeader:
        """The node of a place in the header."""
        if line not in self._headers:
            self._headers[line] = _InHeader(self, line)
        return self._headers[line]

    def first(self, line: Line) -> tuple[Node, Measure]:
        """Where the music begins, after a complete header."""
        chosen = (line.meter, line.unit, line.key)
        if chosen not in self._music:
            meter, key = self.header.meters[line.meter], self.header.keys[line.key]
            lengths, pitches = self.lengths(self.header.unit_of(line)), Pitches(key, self.signs, self.low, self.high)
            form, most_bars = self.request.form, self.request.max_length
            self._music[chosen] = Music(self.signs, lengths, pitches, meter, form, most_bars)
        measure = self._music[chosen].first()
        return self.between(measure, Core(), "line"), measure

    def _forget(self) -> None:
        """Forget all music and the nodes in it; what is being written keeps what it stands on."""
        self._music: dict[tuple[str, str, str], Music] = {}
        self._in_bars: dict[tuple[Music, Ends, Point], _InBar] = {}
        self._between: dict[tuple[Measure, Core, str, int], _Between] = {}
        self._in_lines: dict[tuple[Measure, Core, str], _InLine] = {}

    def in_bar(self, music: Music, bar: Bar, point: Point) -> _InBar:
        """The node of a place in such bars."""
        key = (music, bar.ends, point)
        if key not in self._in_bars:
            if len(self._in_bars) >= MOST_NODES:
                self._forget()
            self._in_bars[key] = _InBar(self, music, bar, point)
        return self._in_bars[key]

    def between(self, measure: Measure, core: Core, before: str, spaces: int = 0) -> _Between:
        """The node where a bar begins; `before` is the bar line just written, "line" at the start of a line."""
        key = (measure, core, before, spaces)
        if key not in self._between:
            self._between[key] = _Between(self, measure, core, before, spaces)
        return self._between[key]

    def in_line(self, measure: Measure, core: Core, text: str) -> _InLine:
        """The node within a bar line that closes a bar."""
        key = (measure, core, text)
        if key not in self._in_lines:
            self._in_lines[key] = _InLine(self, measure, core, text)
        return self._in_lines[key]


# ------------------------------------------------------------------------------------------------ nodes


class _InHeader:
    """A place in the header."""

    def __init__(self, walk: Walk, line: Line) -> None:
        self._walk, self._line = walk, line
        self._rows: dict[bool, int] = {}
        self._next: dict[int, _InHeader] = {}

    def row(self, _measure: Measure | None, *, hurried: bool) -> int:
        if hurried not in self._rows:
            self._rows[hurried] = self._walk.row(self._walk.header.options(self._line, shortest=hurried))
        return self._rows[hurried]

    def after(self, number: int, _measure: Measure | None) -> tuple[Node, Measure | None]:
        if number not in self._next:
            line = self._walk.header.after(self._line, self._walk.sign_of[number])
            if line.complete:
                return self._walk.first(line)
            self._next[number] = self._walk.in_header(line)
        return self._next[number], None


class _InBar:
    """A place in all the bars that may be filled alike."""

    def __init__(self, walk: Walk, music: Music, bar: Bar, point: Point) -> None:
        self._walk, self._music, self._bar, self._point = walk, music, bar, point
        self._options = bar.options(point)
        whole = point if point.phase == "open" or not self._options.closable else bar.done(point)
        self._core = whole.core  # where it may be closed
        self._rows: dict[frozenset[str], int] = {}
        self._next: dict[int, _InBar] = {}

    def row(self, measure: Measure | None, *, hurried: bool) -> int:
        assert measure is not None
        if hurried:
            return self._hurried_row(measure)
        closing = measure.closing(self._core) if self._options.closable else NOTHING
        if closing not in self._rows:
            self._rows[closing] = self._walk.row(self._options.signs | self._lines(self._options, closing))
        return self._rows[closing]

    def _lines(self, options: Options, closing: frozenset[str]) -> frozenset[str]:
        return closing if options.colon else closing - {":"}

    def _hurried_row(self, measure: Measure) -> int:
        options = self._bar.shortest(self._point, measure.target)
        signs = options.signs
        if options.closable:
            signs |= self._lines(options, measure.closing(self._core, hurried=True))
        if not signs and not options.colon:
            signs = frozenset(" ")  # a letter and a colon have to be kept apart
        return self._walk.row(signs)

    def after(self, number: int, measure: Measure | None) -> tuple[Node, Measure | None]:
        if number in self._next:
            return self._next[number], measure
        assert measure is not None
        sign = self._walk.sign_of[number]
        if sign == END:
            return _Over(self._walk), measure
        if sign in "|:":
            return self._walk.in_line(measure, self._core, sign), measure
        self._next[number] = self._walk.in_bar(self._music, self._bar, self._bar.after(self._point, sign))
        return self._next[number], measure


class _InLine:
    """A place in a bar line that closes its measure; what has been written of it may be all."""

    def __init__(self, walk: Walk, measure: Measure, core: Core, text: str) -> None:
        self._walk, self._measure, self._core, self._text = walk, measure, core, text
        self._lines = measure.lines(core.filled)
        if core.owes or not core.filled:
            only = "|" if core.owes else "|:"
            self._lines = {only: self._lines[only]}
        self._texts = {t: line for t, line in LINES.items() if line in self._lines and walk.signs.issuperset(t)}
        self._longer = {t[len(text)] for t in self._texts if t != text and t.startswith(text)}

    @cached_property
    def _done(self) -> tuple[_Between, Measure]:
        following = self._measure.music.measure(self._lines[self._texts[self._text]])
        core = Core(slurs=self._core.slurs + self._core.fresh, tie=self._core.tie)
        return self._walk.between(following, core, self._text), following

    def row(self, _measure: Measure | None, *, hurried: bool) -> int:
        if hurried and not self._core.owes:
            return self._walk.row(self._hurried())
        signs = frozenset(self._longer)
        return self._walk.row(signs | self._done[0].signs(hurried=hurried) if self._text in self._texts else signs)

    def _hurried(self) -> frozenset[str]:
        lines = self._measure.quickest(self._core.filled)
        best = [t for t, line in self._texts.items() if line in lines and t.startswith(self._text)]
        if self._text in best:
            return self._done[0].signs(hurried=True)
        texts = best or [t for t in self._texts if t.startswith(self._text)]
        if self._text in texts:
            return self._done[0].signs(hurried=True)
        return frozenset(t[len(self._text)] for t in texts)

    def after(self, number: int, _measure: Measure | None) -> tuple[Node, Measure | None]:
        sign = self._walk.sign_of[number]
        if sign in self._longer:
            return self._walk.in_line(self._measure, self._core, self._text + sign), self._measure
        node, following = self._done
        return node.after(number, following)


class _Between:
    """A place between two bars: the beginning of a measure, and of its line where `before` is "line".

    `before` is else the bar line just written, "!" the old sign of a line's end, "[" that of an ending.
    """

    def __init__(self, walk: Walk, measure: Measure, core: Core, before: str, spaces: int) -> None:
        self._walk, self._measure, self._core, self._before, self._spaces = walk, measure, core, before, spaces
        self._point = Point("open", core, "line" if before == "line" else "bar")
        self._rows: dict[bool, int] = {}

    def row(self, _measure: Measure | None, *, hurried: bool) -> int:
        if hurried not in self._rows:
            self._rows[hurried] = self._walk.row(self.signs(hurried=hurried))
        return self._rows[hurried]

    def signs(self, *, hurried: bool) -> frozenset[str]:
        """What may come."""
        if self._before == "[":
            return frozenset(self._endings)
        place, core = self._measure.place, self._core
        ends = frozenset([END]) if place.may_end and not core.owes and self._before != "line" else frozenset[str]()
        if hurried and ends:
            return ends
        bar = self._measure.bar
        if self._before == "!":
            return ends | ({"\n"} if self._goes_on else set())
        signs = set(ends)
        if self._measure.totals:
            options = bar.shortest(self._point, self._measure.target) if hurried else bar.options(self._point)
            signs |= options.signs - {" "}
            if hurried:
                return frozenset(signs)
        signs |= self._before_notes()
        return frozenset(signs) if hurried else frozenset(signs | self._blanks())

    @property
    def _endings(self) -> set[str]:
        numbers = () if self._core.tie else self._measure.place.endings
        return {str(number) for number in numbers} & self._walk.signs

    @property
    def _goes_on(self) -> bool:
        """Whether music may follow after a space or on a new line, where an ending needs its bracket."""
        bracketed = self._endings and "[" in self._walk.signs
        return bool(self._measure.totals or bracketed or "|:" in self._measure.lines(0))

    def _before_notes(self) -> set[str]:
        """The beginnings of an ending or of a repeat."""
        signs = set[str]()
        if self._endings and "[" in self._walk.signs:
            signs.add("[")
        if self._tight:
            signs |= self._endings
        apart = self._spaces or self._before == "line"
        if apart and not self._core.owes and "|:" in self._measure.lines(0):
            signs.add("|")
        return signs

    @property
    def _tight(self) -> bool:
        """Whether the number of an ending may stand right here."""
        return self._before in ("|", ":|") and not self._spaces

    def _blanks(self) -> set[str]:
        signs = set[str]()
        if self._before != "line" and (self._goes_on or self._measure.place.may_end):
            if self._spaces < MOST_TRAILING:
                signs.add(" ")
            signs |= {"!"} & self._walk.signs
            if self._goes_on:
                signs.add("\n")
        return signs

    def after(self, number: int, _measure: Measure | None) -> tuple[Node, Measure | None]:
        walk, measure = self._walk, self._measure
        sign = walk.sign_of[number]
        if sign == END:
            return _Over(walk), measure
        if sign == "\n":
            return walk.between(measure, self._core, "line"), measure
        if sign == " ":
            return walk.between(measure, self._core, self._before, self._spaces + 1), measure
        if sign in "![":
            return walk.between(measure, self._core, sign), measure
        if sign in self._endings and (self._before == "[" or self._tight):
            following = measure.music.measure(measure.place.with_ending(int(sign)))
            return walk.in_bar(following.music, following.bar, Point("open", self._core, "ending")), following
        if sign == "|":
            return walk.in_line(measure, self._core, sign), measure
        return walk.in_bar(measure.music, measure.bar, measure.bar.after(self._point, sign)), measure


class _Over:
    """After the end."""

    def __init__(self, walk: Walk) -> None:
        self._row = walk.row(frozenset([END]))

    def row(self, _measure: Measure | None, *, hurried: bool) -> int:
        return self._row

    def after(self, _number: int, measure: Measure | None) -> tuple[Node, Measure | None]:
        return self, measure
