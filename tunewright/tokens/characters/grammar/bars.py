"""Inside a bar: which sign may come next, so that the bar is filled exactly and every sign is whole.

In: what a bar may be filled to (`Ends`), the lengths, pitches and chord symbols that can be written, and sign after
sign. Out: `Point`s, where writing stands in a bar, and their `Options`. Bar lines, endings and the end of the tune
are in `grammar`; here it is only said where a bar line may begin.

Some of the rules are abc2midi's, which finds more wrong than the standard does: no roll beside grace notes or in a
tuplet; no decoration before a tie, and none but a dot after it; no dot, and no roll longer than the unit, on the first
note of a pair in broken rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tunewright.tokens.characters.grammar.spelling import Lengths, Pitches

TUPLETS = {"2": 3, "3": 2, "4": 3, "6": 2}  # notes, and in the time of how many
MOST_SLURS = 2  # open at once
MOST_DECORATIONS = 2  # on one note
MOST_GRACES = 4
MOST_SPACES = 2  # in a row
DECORATIONS = ".~TMuv"  # a fermata (H) is left out: abc2midi holds the note, and the bar is too long for it
FAR = 1000  # notes: more than any bar holds

Ends = tuple[tuple[int, bool], ...]  # what a bar may be filled to, in ticks, and whether music may go on past a "|"


class Core(NamedTuple):
    """What stands in a bar so far, as far as it matters for what may come."""

    filled: int = 0  # ticks
    sounded: bool = False  # whether it has a note
    altered: tuple[tuple[str, int], ...] = ()  # by accidentals in this bar
    slurs: int = 0  # open, and begun before the last note
    fresh: int = 0  # begun on the last note
    tie: str = ""  # the note, as written, that has to come next
    left: int = 0  # notes that a tuplet still wants
    ratio: tuple[int, int] = (1, 1)  # of the tuplet: what a note lasts, as a fraction of what is written
    inside: int = 0  # ticks of the tuplet so far
    pair: int = 0  # ticks, as written, of the first of a pair in broken rhythm whose second has to come
    chord: bool = False  # from here on: what stands before a note that has to come
    grace: bool = False
    opening: int = 0
    signs: str = ""

    @property
    def owes(self) -> bool:
        """Whether another note has to come, in this bar or the next one."""
        return bool(self.tie or self.slurs or self.fresh)


class Point(NamedTuple):
    """Where writing stands in a bar."""

    phase: str
    core: Core
    sign: str = ""  # an accidental; in the phase "open": what was written last
    pitch: str = ""  # letter and octave marks
    text: str = ""  # a length, or a chord symbol, as far as it is written
    number: int = 0  # spaces, or grace notes
    first: bool = False  # the first sign of its line, and that a single letter; a colon after it would make a field


@dataclass(frozen=True, slots=True)
class Options:
    """What may come next: signs, and a bar line (or the end) where the bar may be closed."""

    signs: frozenset[str]
    closable: bool = False
    colon: bool = True  # whether a bar line may begin with a colon


@dataclass(frozen=True)
class Writing:
    """What can be written: the tables of a tune."""

    signs: frozenset[str]
    lengths: Lengths
    pitches: Pitches
    chords: tuple[str, ...]
    decorations: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """The automaton of one kind of bar."""

    writing: Writing
    full: int  # ticks
    ends: Ends
    _lengths: dict[tuple[object, ...], tuple[tuple[str, int], ...]] = field(default_factory=dict)
    _tuplets_fit: dict[tuple[object, ...], bool] = field(default_factory=dict)

    # -------------------------------------------------------------------------------------------- what fits

    def fits(self, filled: int, *, owes: bool = False, silent: bool = False) -> bool:
        """Whether the bar can still be filled; one that owes a note is not full unless the music goes on after it."""
        fewest = self.writing.lengths.fewest
        return any(
            (total > filled and fewest(total - filled) is not None)
            or (total == filled and (onward or not owes) and not (silent and self._needs_a_note(total)))
            for total, onward in self.ends
        )

    def _needs_a_note(self, total: int) -> bool:
        """Whether a bar that is closed here may not be all rests: a pickup may be, and what completes one may not."""
        return 2 * total >= self.full

    def _tuplet_fits(self, core: Core, inside: int, left: int) -> bool:
        """Whether the bar can be filled where so many notes of a tuplet are still to come."""
        key = (core.filled, core.ratio, inside, left)
        if key not in self._tuplets_fit:
            if left:
                after = {inside + lasts for lasts in self._in_tuplet(core).values()}
                room = max((total for total, _ in self.ends), default=0) - core.filled
                found = any(self._tuplet_fits(core, total, left - 1) for total in after if total <= room)
            else:
                found = self.fits(core.filled + inside)
            self._tuplets_fit[key] = found
        return self._tuplets_fit[key]

    def _in_tuplet(self, core: Core) -> dict[str, int]:
        """What each written length lasts, within the tuplet where there is one."""
        top, bottom = core.ratio
        ticks = self.writing.lengths.ticks
        return {text: value * top // bottom for text, value in ticks.items() if value * top % bottom == 0}

    def texts(self, core: Core, *, rest: bool = False) -> tuple[tuple[str, int], ...]:
        """The lengths that the next note may have, as written, and what each lasts."""
        silent, owes = rest and not core.sounded, core.opening > 0
        key = (core.filled, core.left, core.ratio, core.inside, core.pair, silent, owes)
        if key not in self._lengths:
            self._lengths[key] = tuple(self._texts(core, silent=silent, owes=owes))
        return self._lengths[key]

    def _texts(self, core: Core, *, silent: bool, owes: bool) -> list[tuple[str, int]]:
        ticks = self.writing.lengths.ticks
        if core.pair:
            return [(text, value) for text, value in ticks.items() if value == core.pair]
        if not core.left:
            return [(t, v) for t, v in ticks.items() if self.fits(core.filled + v, owes=owes, silent=silent)]
        fitting = []
        for text, lasts in self._in_tuplet(core).items():
            inside = core.inside + lasts
            if core.left > 1:
                fits = self._tuplet_fits(core, inside, core.left - 1)
            else:
                fits = self.fits(core.filled + inside, owes=owes, silent=silent)
            if fits:
                fitting.append((text, lasts))
        return fitting

    # -------------------------------------------------------------------------------------------- what may come

    def options(self, point: Point) -> Options:
        """What may come next."""
        if point.phase == "open":
            return self._open(point)
        if point.phase in ("note", "rest"):
            return self._timed(point)
        signs = {"accidental": self._after_accidental, "paren": self._after_paren, "grace": self._in_grace}
        return Options(frozenset(signs.get(point.phase, self._in_chord)(point)))

    def _open(self, point: Point) -> Options:
        core, signs = point.core, set[str]()
        waiting = bool(core.opening or core.signs or core.grace)
        if self.texts(core):
            signs |= self._note_begins(core)
            if not (core.tie or core.pair):
                signs |= self._before_note(point)
        if not (waiting or core.pair or core.owes) and self.texts(core, rest=True):
            signs |= {"z"} & self.writing.signs
        if not (waiting or core.chord or core.pair) and core.slurs and core.sounded and point.sign != "sign":
            signs |= {")"} & self.writing.signs
        if not (waiting or core.pair or point.sign in ("sign", "line")) and point.number < MOST_SPACES:
            signs.add(" ")
        whole = not (waiting or core.chord or core.pair or core.left)
        return Options(frozenset(signs), whole and (core.sounded or 0 < 2 * core.filled < self.full))

    def _note_begins(self, core: Core) -> set[str]:
        if core.tie:
            return {core.tie[0]} | ({"."} & set(self.writing.decorations) if not core.signs else set())
        pitches = self.writing.pitches
        accidentals = {sign for sign in pitches.accidentals if pitches.possible(sign, core.altered)}
        return accidentals.union(pitches.possible("", core.altered))

    def _before_note(self, point: Point) -> set[str]:
        """What may stand before a note that can come: chord symbol, grace notes, slur or tuplet, decorations."""
        core, signs = point.core, set[str]()
        if len(core.signs) < MOST_DECORATIONS:
            signs |= set(self.writing.decorations) - set(core.signs) - ({"~"} if core.grace or core.left else set())
            signs -= {"."} if point.sign == "ending" else set()
        if core.signs:
            return signs
        if not core.grace and self.writing.signs.issuperset("{}"):
            signs.add("{")
        if self._slur_may_begin(core) or self._tuplets(core):
            signs.add("(")
        if not (core.opening or core.grace or core.chord) and self.writing.chords:
            signs.add('"')
        return signs

    def _slur_may_begin(self, core: Core) -> bool:
        few = core.slurs + core.fresh + core.opening < MOST_SLURS
        return few and self.writing.signs.issuperset("()") and bool(self.texts(core._replace(opening=1)))

    def _tuplets(self, core: Core) -> set[str]:
        if core.left or core.grace or "(" not in self.writing.signs:
            return set()
        begun = ((p, core._replace(left=int(p), ratio=(q, int(p)))) for p, q in TUPLETS.items())
        return {p for p, after in begun if p in self.writing.signs and self._tuplet_fits(after, 0, after.left)}

    def _after_accidental(self, point: Point) -> set[str]:
        return set(self.writing.pitches.possible(point.sign, point.core.altered))

    def _after_paren(self, point: Point) -> set[str]:
        signs = self._tuplets(point.core)
        if self._slur_may_begin(point.core):
            slurred = Point("open", point.core._replace(opening=point.core.opening + 1), "sign")
            signs |= self._open(slurred).signs
        return signs

    def _in_grace(self, point: Point) -> set[str]:
        pitches, core = self.writing.pitches, point.core
        if point.sign and not point.pitch:
            return set(pitches.possible(point.sign, core.altered))
        signs = self._more_octaves(point)
        if point.pitch and not self._sounds(point):
            return signs
        if point.number:
            signs.add("}")
        if point.number < MOST_GRACES:
            altered = self._altered(point) if point.pitch else core.altered
            signs |= {sign for sign in pitches.accidentals if pitches.possible(sign, altered)}
            signs.update(pitches.possible("", altered))
        return signs

    def _in_chord(self, point: Point) -> set[str]:
        going_on = {text[len(point.text)] for text in self.writing.chords if _longer(text, point.text)}
        return going_on | ({'"'} if point.text in self.writing.chords else set())

    def _marks(self, point: Point) -> frozenset[str]:
        """The octave marks that the letter of a point may have."""
        if point.core.tie:
            return frozenset((point.core.tie[1:],))
        pitches, letter = self.writing.pitches, point.pitch[0]
        return pitches.octaves(letter, pitches.alteration(letter, point.sign, point.core.altered))

    def _more_octaves(self, point: Point) -> set[str]:
        if not point.pitch or point.text:
            return set()
        marks = point.pitch[1:]
        return {text[len(marks)] for text in self._marks(point) if _longer(text, marks)}

    def _sounds(self, point: Point) -> bool:
        return point.pitch[1:] in self._marks(point)

    def _timed(self, point: Point) -> Options:
        """After a note or rest, or within one: more of it, or what comes after it."""
        note = point.phase == "note"
        signs = self._more_octaves(point) if note else set[str]()
        if note and not self._sounds(point):
            return Options(frozenset(signs))
        texts = dict(self.texts(point.core, rest=not note))
        signs |= {text[len(point.text)] for text in texts if _longer(text, point.text)}
        if point.text not in texts:
            return Options(frozenset(signs))
        after = self._open(self.done(point))
        if note:
            signs |= self._after_note(point)
        return Options(after.signs | signs, after.closable, not point.first or bool(point.text or point.pitch[1:]))

    def _after_note(self, point: Point) -> set[str]:
        core, signs = point.core, set[str]()
        ticks = self.writing.lengths.ticks[point.text]
        even = "." not in core.signs and not ("~" in core.signs and point.text)
        if even and not (core.left or core.pair) and self.fits(core.filled + 2 * ticks):
            signs |= {"<", ">"} & self.writing.signs
        after = self.done(point).core
        if not core.signs and (after.left or self.fits(after.filled, owes=True)):
            signs |= {"-"} & self.writing.signs
        return signs

    # -------------------------------------------------------------------------------------------- going on

    def after(self, point: Point, sign: str) -> Point:
        """Where writing stands after a sign that may come; bar lines are not among those."""
        core = point.core
        if point.phase in ("note", "rest"):
            return self._after_timed(point, sign)
        if point.phase == "accidental":
            return point._replace(phase="note", pitch=sign)
        if point.phase == "paren":
            if sign in TUPLETS:
                core = core._replace(left=int(sign), ratio=(TUPLETS[sign], int(sign)), inside=0)
                return Point("open", core, "sign")
            slurred = core._replace(opening=core.opening + 1)
            return self._after_open(Point("open", slurred, "sign"), sign)
        if point.phase == "grace":
            return self._after_grace(point, sign)
        if point.phase == "chord":
            if sign == '"':
                return Point("open", core._replace(chord=True))
            return point._replace(text=point.text + sign)
        return self._after_open(point, sign)

    def _after_open(self, point: Point, sign: str) -> Point:
        core, first = point.core, point.sign == "line"
        if sign == " ":
            kept = point.sign if point.sign == "ending" else ""
            return Point("open", core, kept, number=point.number + 1)
        if sign in self.writing.pitches.accidentals:
            return Point("accidental", core, sign)
        if sign == ")":
            return Point("open", core._replace(slurs=core.slurs - 1))
        if sign in self.writing.decorations:
            return Point("open", core._replace(signs=core.signs + sign), "sign")
        phases = {"(": "paren", "{": "grace", '"': "chord", "z": "rest"}
        if sign in phases:
            return Point(phases[sign], core, first=first and sign == "z")
        return Point("note", core, pitch=sign, first=first)

    def _after_timed(self, point: Point, sign: str) -> Point:
        if sign in "'," and sign in self._more_octaves(point):
            return point._replace(pitch=point.pitch + sign)
        longer = point.text + sign
        if any(text.startswith(longer) for text, _ in self.texts(point.core, rest=point.phase == "rest")):
            return point._replace(text=longer)
        done = self.done(point)
        if sign == "-":
            return Point("open", done.core._replace(tie=point.pitch))
        if sign in "<>":
            ticks = self.writing.lengths.ticks[point.text]
            return Point("open", done.core._replace(filled=point.core.filled, pair=ticks), "sign")
        return self._after_open(done, sign)

    def _after_grace(self, point: Point, sign: str) -> Point:
        if point.pitch and sign in "',":
            return point._replace(pitch=point.pitch + sign)
        core = point.core._replace(altered=self._altered(point)) if point.pitch else point.core
        if sign == "}":
            return Point("open", core._replace(grace=True), "sign")
        if sign in self.writing.pitches.accidentals:
            return Point("grace", core, sign, number=point.number)
        return Point("grace", core, "" if point.pitch else point.sign, sign, number=point.number + 1)

    def _altered(self, point: Point) -> tuple[tuple[str, int], ...]:
        if not point.sign:
            return point.core.altered
        step = point.pitch[0].upper()
        alteration = self.writing.pitches.alteration(step, point.sign, ())
        return tuple(sorted((dict(point.core.altered) | {step: alteration}).items()))

    def done(self, point: Point) -> Point:
        """The point after a whole note or rest."""
        core, lasts = point.core, dict(self.texts(point.core, rest=point.phase == "rest"))[point.text]
        if core.left:
            inside, left = core.inside + lasts, core.left - 1
            core = core._replace(left=left, inside=inside if left else 0, ratio=core.ratio if left else (1, 1))
            core = core if left else core._replace(filled=core.filled + inside)
        else:
            core = core._replace(filled=core.filled + (2 * lasts if core.pair else lasts), pair=0)
        core = core._replace(chord=False, tie="")
        if point.phase == "rest":
            return Point("open", core)
        altered, slurs = self._altered(point), core.slurs + core.fresh
        core = core._replace(sounded=True, altered=altered, slurs=slurs, fresh=core.opening)
        return Point("open", core._replace(opening=0, signs="", grace=False))

    # -------------------------------------------------------------------------------------------- the shortest way

    def shortest(self, point: Point, target: int) -> Options:
        """What may come next on a short way to the end of the bar: to `target` ticks, or else to any other end.

        A part of `options`, never empty where those are not.
        """
        options = self.options(point)
        if point.phase == "open":
            return self._shortest_open(point, options, target)
        if point.phase in ("note", "rest"):
            return self._shortest_timed(point, options, target)
        for closing in ("}", '"'):
            if closing in options.signs:
                return Options(frozenset(closing))
        return Options(frozenset(self._plain(options.signs)))

    def _plain(self, signs: frozenset[str]) -> frozenset[str]:
        letters = signs & set(self.writing.pitches.letters)
        return letters or signs & set(TUPLETS) or signs

    def _shortest_open(self, point: Point, options: Options, target: int) -> Options:
        filled, totals = point.core.filled, dict(self.ends)
        on_the_way = filled < target and target in totals and self.writing.lengths.fills(target - filled)
        if options.closable and filled in totals and not on_the_way:
            closing = options.signs & {")"}
            if closing or totals[filled] or not point.core.owes:
                return Options(closing, not closing)
        return Options(self._plain(options.signs))

    def _cost(self, core: Core, text: str, lasts: int, target: int) -> int:
        """How many notes it takes from here to the end of the bar, with a note of this length as the next one."""
        if core.left > 1:
            return len(text)
        filled = core.filled + (core.inside + lasts if core.left else 2 * lasts if core.pair else lasts)
        fewest = self.writing.lengths.fewest(target - filled)
        if fewest is not None:
            return fewest
        others = [self.writing.lengths.fewest(total - filled) for total, _ in self.ends]
        return FAR + min((count for count in others if count is not None), default=FAR)

    def _shortest_timed(self, point: Point, options: Options, target: int) -> Options:
        if point.phase == "note" and not self._sounds(point):
            return Options(frozenset(self._more_octaves(point)))
        costs = {
            text: self._cost(point.core, text, lasts, target)
            for text, lasts in self.texts(point.core, rest=point.phase == "rest")
            if text.startswith(point.text)
        }
        least = min(costs.values())
        best = [text for text, cost in costs.items() if cost == least]
        if point.text not in best:
            return Options(frozenset(text[len(point.text)] for text in best))
        after = self._shortest_open(self.done(point), self._open(self.done(point)), target)
        return Options(after.signs, after.closable, options.colon)


def _longer(text: str, start: str) -> bool:
    return text != start and text.startswith(start)
