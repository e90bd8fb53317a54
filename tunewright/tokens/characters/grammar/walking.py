"""From sign to sign of one request: header, bars, and the bar lines between them.

In: what was asked for, and the rows of masks that sets of signs have. Out: `Node`s, each a place in a text; together
with the `Measure` that it stands in (none in the header) it says what may come and where that leads. Nodes within a
bar are shared by all bars that may be filled alike; a `Measure` knows how its own bar may be closed.

Where little room is left in a text, only signs on a short way to the end come: `hurried`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Protocol

from tunewright.music.form import FEWEST_BARS, Form, Place, begin
from tunewright.music.tune import Key, Meter, Pitch
from tunewright.support.errors import ConfigError
from tunewright.tokens.characters.grammar.bars import DECORATIONS, Bar, Core, Options, Point, Writing
from tunewright.tokens.characters.grammar.header import Header, Line
from tunewright.tokens.characters.grammar.spelling import HIGHEST, LOWEST, WHOLE, Lengths, Pitches, chord_texts

END = "\n\n"  # the end of a tune among signs: no sign is spelled so
LINES = {  # how they are spelled; not as ":|:" and ":||", which abc2midi takes for other lines
    "|": "|",
    "||": "||",
    "|]": "|]",
    "|:": "|:",
    ":|": ":|",
    ":|]": ":|",
    "::": "::",
    ":||:": "::",
}
ACCOMPANIED = ("C", "C|", "2/2", "4/4", "2/4", "3/4", "3/8", "6/8", "9/8", "12/8", "3/2")  # metres with chord symbols
NOTHING = frozenset[str]()
MOST_TRAILING = 2  # spaces after a bar line
NARROWEST = 4  # semitones: in every key a range of so many has notes
MOST_NODES = 40_000  # remembered, about 3 KB each; then they are forgotten and made anew
SLACK = 4  # bars that a sign which may come can add to the shortest way to the end
FORMLESS_BARS = 6  # the longest of the shortest ways to an end, where no form was asked for
HEADER_SIGNS = 100  # the longest of the shortest headers
SIGNS_BEGUN = 60  # of what may have been begun where the short way starts


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
        self._music: dict[tuple[str, str, str], Music] = {}
        self.nodes = 0  # remembered ones, within bars
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

    def tidy(self) -> None:
        """Forget all music where too much is remembered; what is being written keeps what it stands on."""
        if self.nodes > MOST_NODES:
            self._music, self.nodes = {}, 0

    def first(self, line: Line) -> tuple[Node, Measure]:
        """Where the music begins, after a complete header."""
        chosen = (line.meter, line.unit, line.key)
        if chosen not in self._music:
            meter, key = self.header.meters[line.meter], self.header.keys[line.key]
            self._music[chosen] = Music(self, meter, self.header.unit_of(line), key)
        return self._music[chosen].first()


class Music:
    """The places in music of one metre, unit and key."""

    def __init__(self, walk: Walk, meter: Meter, unit: Fraction, key: Key) -> None:
        assert meter.length is not None
        self.walk, self.lengths, self.full = walk, walk.lengths(unit), int(meter.length * WHOLE)
        self.bar_signs = self.lengths.signs(meter)
        signs, request = walk.signs, walk.request
        self.accompanied = '"' in signs and str(meter) in ACCOMPANIED
        chords = chord_texts(signs) if self.accompanied else ()
        pitches = Pitches(key, signs, walk.low, walk.high)
        self._writing = Writing(signs, self.lengths, pitches, chords, tuple(signs & set(DECORATIONS)))
        endings = request.form is None and signs.issuperset("12")
        self._place = begin(meter, request.form, most_bars=request.max_length, endings=endings)
        self._bars: dict[tuple[tuple[int, bool], ...], Bar] = {}
        self._measures: dict[Place, Measure] = {}
        self._nodes: dict[tuple[object, ...], _InBar] = {}

    def first(self) -> tuple[Node, Measure]:
        """Where the music begins."""
        measure = self.measure(self._place)
        return measure.between(Core(), "line"), measure

    def measure(self, place: Place) -> Measure:
        """The measure that begins at a place; where no form was asked for, it is the same wherever bars go on alike.

        The tune's length is then bounded by its signs, and not by its bars.
        """
        if self.walk.request.form is None:
            place = replace(place, section=0, bar=min(place.bar, 1), bars=min(place.bars, FEWEST_BARS))
        if place not in self._measures:
            self.walk.tidy()
            self._measures[place] = Measure(self, place)
        return self._measures[place]

    def bar(self, ends: tuple[tuple[int, bool], ...]) -> Bar:
        """The automaton of bars that may be filled so."""
        if ends not in self._bars:
            self._bars[ends] = Bar(self._writing, self.full, ends)
        return self._bars[ends]

    def in_bar(self, bar: Bar, point: Point) -> _InBar:
        """The node of a place in such bars."""
        key = (bar.ends, point)
        if key not in self._nodes:
            self.walk.nodes += 1
            self._nodes[key] = _InBar(self, bar, point)
        return self._nodes[key]


class Measure:
    """A bar at its place in the tune: how it may be filled, and closed."""

    def __init__(self, music: Music, place: Place) -> None:
        self.music, self.place = music, place
        self._lines: dict[int, dict[str, Place]] = {}
        self._onward: dict[int, bool] = {}
        self._closing: dict[tuple[int, bool, bool], frozenset[str]] = {}
        self._nodes: dict[tuple[object, ...], Node] = {}
        form = music.walk.request.form
        bars = form.bars if form else FORMLESS_BARS
        self.ample = SIGNS_BEGUN + music.bar_signs * (bars + 2 * SLACK)  # signs: with more there is no hurry

    @cached_property
    def needed(self) -> int:
        """The signs that have to be left so that the tune can be ended from here."""
        return SIGNS_BEGUN + self.music.bar_signs * (self._shortest[1] + SLACK)

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """What it may be filled to, in ticks."""
        totals = (int(total * WHOLE) for total in self.place.needs())
        return tuple(total for total in sorted(totals) if self.music.lengths.fills(total))

    @cached_property
    def bar(self) -> Bar:
        """The automaton of what stands in it."""
        return self.music.bar(tuple((total, self.onward(total)) for total in self.totals))

    def lines(self, filled: int) -> dict[str, Place]:
        """The bar lines that may come where so many ticks are filled, and the place after each."""
        if filled not in self._lines:
            self._lines[filled] = dict(self._possible(filled))
        return self._lines[filled]

    def _possible(self, filled: int) -> Iterator[tuple[str, Place]]:
        if filled and not self.music.lengths.fills(self.music.full - filled):
            return  # the rest of the bar could not be made up for later
        short = filled and filled != self.music.full
        if short and self.music.accompanied and filled % (WHOLE // 8):
            return  # abc2midi plays chords in eighths, and its last one would sound on past the end
        if filled and self.place.bars and self.place.rules.form and filled not in self.totals:
            return  # in a form only the first bar is shorter than it has to be
        here = self.place.with_length(Fraction(filled, WHOLE)) if filled else self.place
        for line in here.lines:
            yield line, here.with_line(line)

    def onward(self, filled: int) -> bool:
        """Whether music has to go on past a plain bar line here."""
        if filled not in self._onward:
            after = self.lines(filled).get("|")
            self._onward[filled] = after is not None and bool(self.music.measure(after).totals)
        return self._onward[filled]

    def closing(self, core: Core, *, hurried: bool = False) -> frozenset[str]:
        """The signs with which this bar may be closed, the end of the tune among them."""
        key = (core.filled, core.owes, hurried)
        if key not in self._closing:
            self._closing[key] = self._closed(core, hurried=hurried)
        return self._closing[key]

    def _closed(self, core: Core, *, hurried: bool) -> frozenset[str]:
        if core.owes:
            return frozenset("|") if self.onward(core.filled) else frozenset()
        lines = self.quickest(core.filled) if hurried else self.lines(core.filled)
        signs = {text[0] for text, line in LINES.items() if line in lines and self.music.walk.signs.issuperset(text)}
        if core.filled and self.place.with_length(Fraction(core.filled, WHOLE)).may_end:
            signs = {END} if hurried else signs | {END}
        return frozenset(signs)

    def between(self, core: Core, before: str, spaces: int = 0) -> _Between:
        """The node where this bar begins; `before` is the bar line just written, "line" at the start of a line."""
        key = (core, before, spaces)
        if key not in self._nodes:
            self._nodes[key] = _Between(self, core, before, spaces)
        node = self._nodes[key]
        assert isinstance(node, _Between)
        return node

    def in_line(self, core: Core, text: str) -> Node:
        """The node within a bar line that closes this bar."""
        key = (core, text)
        if key not in self._nodes:
            self._nodes[key] = _InLine(self, core, text)
        return self._nodes[key]

    # -------------------------------------------------------------------------------------------- the shortest way

    @cached_property
    def _shortest(self) -> tuple[int, int]:
        """The total to fill this bar to, and the number of bars to the end: in bars the shortest way."""
        if self.place.may_end:
            return 0, 0
        reached, bars = [(measure, 0) for measure in self._beginnings()], 0
        met = {measure.place for measure, _ in reached}
        while reached:
            bars, following = bars + 1, []
            for measure, aim in reached:
                for total in measure.totals:
                    if measure.place.with_length(Fraction(total, WHOLE)).may_end:
                        return aim or total, bars
                    for after in measure.lines(total).values():
                        if after.may_end:
                            return aim or total, bars
                        for beginning in self.music.measure(after)._beginnings():
                            if beginning.place not in met:
                                met.add(beginning.place)
                                following.append((beginning, aim or total))
            reached = following
        raise AssertionError("a tune without an end")

    def _beginnings(self) -> Iterator[Measure]:
        """This measure, or those that the endings or the bar lines before it lead to where it cannot begin as it is."""
        if self.totals:
            yield self
            return
        for number in self.place.endings:
            yield self.music.measure(self.place.with_ending(number))
        if "|:" in self.lines(0):
            yield self.music.measure(self.lines(0)["|:"])

    def quickest(self, filled: int) -> tuple[str, ...]:
        """Of the bar lines that may come, those nearest to the end."""
        bars = {line: self.music.measure(after)._shortest[1] for line, after in self.lines(filled).items()}
        return tuple(line for line, count in bars.items() if count == min(bars.values()))

    @property
    def target(self) -> int:
        """The total to fill this bar to, on the shortest way."""
        return self._shortest[0]


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

    def __init__(self, music: Music, bar: Bar, point: Point) -> None:
        self._music, self._bar, self._point = music, bar, point
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
            self._rows[closing] = self._music.walk.row(self._options.signs | self._lines(self._options, closing))
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
        return self._music.walk.row(signs)

    def after(self, number: int, measure: Measure | None) -> tuple[Node, Measure | None]:
        if number in self._next:
            return self._next[number], measure
        assert measure is not None
        sign = self._music.walk.sign_of[number]
        if sign == END:
            return _Over(self._music.walk), measure
        if sign in "|:":
            return measure.in_line(self._core, sign), measure
        self._next[number] = self._music.in_bar(self._bar, self._bar.after(self._point, sign))
        return self._next[number], measure


class _InLine:
    """A place in a bar line that closes its measure; what has been written of it may be all."""

    def __init__(self, measure: Measure, core: Core, text: str) -> None:
        self._measure, self._text, walk = measure, text, measure.music.walk
        self._lines = measure.lines(core.filled)
        if core.owes or not core.filled:
            only = "|" if core.owes else "|:"
            self._lines = {only: self._lines[only]}
        self._core, self._walk = core, walk
        self._texts = {t: line for t, line in LINES.items() if line in self._lines and walk.signs.issuperset(t)}
        self._longer = {t[len(text)] for t in self._texts if t != text and t.startswith(text)}

    @cached_property
    def _done(self) -> tuple[_Between, Measure]:
        following = self._measure.music.measure(self._lines[self._texts[self._text]])
        core = Core(slurs=self._core.slurs + self._core.fresh, tie=self._core.tie)
        return following.between(core, self._text), following

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
            return self._measure.in_line(self._core, self._text + sign), self._measure
        node, following = self._done
        return node.after(number, following)


class _Between:
    """A place between two bars: the beginning of a measure, and of its line where `before` is "line".

    `before` is else the bar line just written, "!" the old sign of a line's end, "[" that of an ending.
    """

    def __init__(self, measure: Measure, core: Core, before: str, spaces: int) -> None:
        self._measure, self._core, self._before, self._spaces = measure, core, before, spaces
        self._walk = measure.music.walk
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
        sign, measure = self._walk.sign_of[number], self._measure
        if sign == END:
            return _Over(self._walk), measure
        if sign == "\n":
            return measure.between(self._core, "line"), measure
        if sign == " ":
            return measure.between(self._core, self._before, self._spaces + 1), measure
        if sign in "![":
            return measure.between(self._core, sign), measure
        if sign in self._endings and (self._before == "[" or self._tight):
            following = measure.music.measure(measure.place.with_ending(int(sign)))
            return following.music.in_bar(following.bar, Point("open", self._core, "ending")), following
        if sign == "|":
            return measure.in_line(self._core, sign), measure
        bar = measure.bar
        return measure.music.in_bar(bar, bar.after(self._point, sign)), measure


class _Over:
    """After the end."""

    def __init__(self, walk: Walk) -> None:
        self._row = walk.row(frozenset([END]))

    def row(self, _measure: Measure | None, *, hurried: bool) -> int:
        return self._row

    def after(self, _number: int, measure: Measure | None) -> tuple[Node, Measure | None]:
        return self, measure
