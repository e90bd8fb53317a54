"""Bars of one metre, unit and key: how each may be filled and closed, and the shortest way to the end of the tune.

In: the metre, the lengths and pitches that can be written, and the form that was asked for. Out: `Measure`s, each a
bar at its place in the tune: what it may be filled to, the bar lines that may close it, and where each leads. The
signs within a bar are `bars`'s to say, those between bars `walking`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from tunewright.music.form import FEWEST_BARS, Form, Place, begin
from tunewright.music.tune import Meter
from tunewright.tokens.characters.grammar.bars import DECORATIONS, Bar, Core, Writing
from tunewright.tokens.characters.grammar.spelling import WHOLE, Lengths, Pitches, chord_texts

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
SLACK = 4  # bars that a sign which may come can add to the shortest way to the end
FORMLESS_BARS = 6  # the longest of the shortest ways to an end, where no form was asked for
SIGNS_BEGUN = 60  # of what may have been begun where the short way starts


class Music:
    """The bars that music of one metre, unit and key can have."""

    def __init__(
        self, signs: frozenset[str], lengths: Lengths, pitches: Pitches, meter: Meter, form: Form | None, most_bars: int
    ) -> None:
        assert meter.length is not None
        self.signs, self.lengths, self.form, self.full = signs, lengths, form, int(meter.length * WHOLE)
        self.bar_signs = lengths.signs(meter)
        self.accompanied = '"' in signs and str(meter) in ACCOMPANIED
        chords = chord_texts(signs) if self.accompanied else ()
        self._writing = Writing(signs, lengths, pitches, chords, tuple(signs & set(DECORATIONS)))
        endings = form is None and signs.issuperset("12")
        self._place = begin(meter, form, most_bars=most_bars, endings=endings)
        self._bars: dict[tuple[tuple[int, bool], ...], Bar] = {}
        self._measures: dict[Place, Measure] = {}

    def first(self) -> Measure:
        """The bar where the music begins."""
        return self.measure(self._place)

    def measure(self, place: Place) -> Measure:
        """The measure that begins at a place; where no form was asked for, it is the same wherever bars go on alike.

        The tune's length is then bounded by its signs, and not by its bars.
        """
        if self.form is None:
            place = replace(place, section=0, bar=min(place.bar, 1), bars=min(place.bars, FEWEST_BARS))
        if place not in self._measures:
            self._measures[place] = Measure(self, place)
        return self._measures[place]

    def bar(self, ends: tuple[tuple[int, bool], ...]) -> Bar:
        """The automaton of bars that may be filled so."""
        if ends not in self._bars:
            self._bars[ends] = Bar(self._writing, self.full, ends)
        return self._bars[ends]


class Measure:
    """A bar at its place in the tune: how it may be filled, and closed."""

    def __init__(self, music: Music, place: Place) -> None:
        self.music, self.place = music, place
        self._lines: dict[int, dict[str, Place]] = {}
        self._onward: dict[int, bool] = {}
        self._closing: dict[tuple[int, bool, bool], frozenset[str]] = {}
        bars = music.form.bars if music.form else FORMLESS_BARS
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
        signs = {text[0] for text, line in LINES.items() if line in lines and self.music.signs.issuperset(text)}
        if core.filled and self.place.with_length(Fraction(core.filled, WHOLE)).may_end:
            signs = {END} if hurried else signs | {END}
        return frozenset(signs)

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
