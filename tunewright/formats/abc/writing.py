"""Exact music to canonical ABC: the one text of a tune, which reads back as the same tune.

In: a `Tune`. Out: text, ending in a newline. Nothing is repaired or left out here: what the tune holds is written.
Lines break after every fourth bar and at the end of a section; notes are grouped by the beat.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from tunewright.formats.abc.accents import TEXT_FIELDS, encode_text
from tunewright.formats.abc.fields import ALTERATIONS, format_key
from tunewright.formats.abc.lyrics import NO_WORDS, words_line
from tunewright.formats.abc.shorthand import SHORTHAND
from tunewright.formats.abc.tempos import format_tempo, parse_tempo
from tunewright.formats.abc.tuplets import usual_q
from tunewright.music.tune import (
    Bar,
    ChordSymbol,
    Element,
    Ending,
    KeyChange,
    Measure,
    Meter,
    MeterChange,
    Note,
    Part,
    Pitch,
    Rest,
    Tune,
    Tuplet,
)

BARS_PER_LINE = 4
NO_TUPLET = Tuplet(1, 1, 0)
_SIGN_OF = {alter: sign for sign, alter in ALTERATIONS.items()}
_SHORT = {name: sign for sign, name in reversed(SHORTHAND.items())}
_HEADER: dict[str, Callable[[Tune], str]] = {
    "X": lambda tune: str(tune.number),
    "T": lambda tune: tune.title,
    "R": lambda tune: tune.rhythm,
    "M": lambda tune: str(tune.meter),
    "L": lambda tune: f"{tune.unit.numerator}/{tune.unit.denominator}",
    "P": lambda tune: tune.parts,
    "K": lambda tune: format_key(tune.key),
}


def format_abc(tune: Tune, header: str | None = None) -> str:
    """Canonical ABC of a tune: all its header fields, or those whose letters `header` names, in that order.

    `parse_abc(format_abc(tune)) == [tune]`. Fields with nothing to say are left out, but for X. With all fields stand
    also its words and texts, how fast it goes and how far from what is written it sounds; without, music alone.

    >>> print(format_abc(Tune((Note((Pitch("D"),), Fraction(1, 4)), Bar("|]"))), header="MLK"), end="")
    M:4/4
    L:1/8
    K:C
    D2 |]
    """
    if header is not None:
        return "\n".join([*format_fields(tune, header), *(line for line, _ in _lines(tune, whole=False))]) + "\n"
    return "\n".join([*format_fields(tune), *format_music(tune), *words_below(tune)]) + "\n"


def format_fields(tune: Tune, header: str | None = None) -> list[str]:
    """The header of a tune, a line for each field, K: the last of them."""
    named = _whole_header(tune) if header is None else [(letter, _HEADER[letter](tune)) for letter in header]
    fields = [(letter, encode_text(value) if letter in TEXT_FIELDS else value) for letter, value in named]
    fields = [(letter, value) for letter, value in fields if value or letter in "XT"]
    return [f"{letter}:{' ' * value.startswith((':', '|'))}{value}" for letter, value in fields]


def format_music(tune: Tune) -> Iterator[str]:
    """The lines of a tune's music, each followed by its words."""
    sung, last = 0, _last_sung(tune)
    for line, notes in _lines(tune, whole=True):
        yield line
        verses = [words_line(verse[sung : sung + notes]) for verse in tune.lyrics]
        while verses and not verses[-1]:
            verses.pop()
        if notes and sung < last:  # where a line has no words, those of the next one would begin at it
            yield from (words or NO_WORDS for words in verses or [""])
        sung += notes


def words_below(tune: Tune) -> list[str]:
    """The fields of the words that stand below the music."""
    return [f"W:{encode_text(value)}" for letter, value in tune.fields if letter == "W"]


def _last_sung(tune: Tune) -> int:
    """How many notes there are up to the last one with a syllable."""
    return max((place + 1 for verse in tune.lyrics for place, syllable in enumerate(verse) if syllable), default=0)


def _whole_header(tune: Tune) -> Iterator[tuple[str, str]]:
    """All that is known of a tune before its music: what sounds and how fast, too, which canonical text leaves out."""
    for letter in "XT":
        yield letter, _HEADER[letter](tune)
    tempo = next((tempo for place, tempo in tune.tempos if place == 0), None)
    fields = [field for field in tune.fields if field[0] != "W"]  # those words stand below the music
    if tempo is not None and parse_tempo(tune.header("Q"), tune.unit) != tempo:
        fields = [*(field for field in fields if field[0] != "Q"), ("Q", format_tempo(tempo))]
    further = next((place for place, (letter, _) in enumerate(fields) if letter == "R"), len(fields))
    yield from fields[:further]
    yield "R", tune.rhythm  # before any other: the first one that is read is the rhythm
    yield from fields[further:]
    for letter in "MLP":
        yield letter, _HEADER[letter](tune)
    key = format_key(tune.key) if tune.key.drawn else "HP"
    yield "K", f"{key} transpose={tune.sounding}" if tune.sounding else key


def beat_group(meter: Meter) -> Fraction:
    """The length that one group of notes without a space fills: half a bar of 4/4, a dotted quarter of 6/8."""
    if meter.length == 1 and not meter.groups:
        return Fraction(1, 2)
    return max(meter.beat, Fraction(1, 4)) if not meter.compound else meter.beat


@dataclass
class _State:
    """What a reader of the text knows at a point of it; lengths are in ticks, whole numbers, which are quick."""

    whole: int  # ticks of a whole note
    unit: int
    signature: dict[str, int]
    meter: Meter
    pairs: dict[int, int]  # where a pair in broken rhythm begins: the length that both are written with
    group: int  # what one group of notes without a space fills
    in_bar: dict[str, int] = field(default_factory=dict)
    position: int = 0  # from the beginning of the bar; a pickup begins late in it
    tuplet_left: int = 0
    tuplet: Tuplet = NO_TUPLET

    def ticks(self, length: Fraction) -> int:
        """A length in ticks."""
        return length.numerator * (self.whole // length.denominator)

    def change(self, meter: Meter) -> None:
        """Go on in another metre."""
        self.meter, self.group = meter, self.ticks(beat_group(meter))


def _lines(tune: Tune, *, whole: bool) -> Iterator[tuple[str, int]]:
    """The music, line by line, with changes of tempo and texts or without; of each line how many notes it has."""
    state = _begin(tune)
    before = _before(tune) if whole else {}
    starts = {measure.start: measure for measure in tune.measures}
    line: list[str] = []
    bars = notes = 0
    for index, element in enumerate(tune.music):
        if index in starts:
            late = _begins_late(starts[index])
            state.position = state.ticks(late) if late else 0
            bars += not late
        sign = _sign(tune.music, index, state)
        if index in before:
            sign = _after(before[index], sign, element)
        if line and sign.startswith(" "):
            line[-1] = line[-1].rstrip()
        line.append(sign)
        notes += isinstance(element, Note)
        after = tune.music[index + 1] if index + 1 < len(tune.music) else None
        if isinstance(element, Bar) and after is not None and not isinstance(after, Bar | Ending):
            line.append(" ")
            if bars >= BARS_PER_LINE or element.line not in ("|", "|:"):
                yield "".join(line).strip(), notes
                line, bars, notes = [], 0, 0
    if line or len(tune.music) in before:
        yield "".join([*line, before.get(len(tune.music), "")]).strip(), notes


def _before(tune: Tune) -> dict[int, str]:
    """The changes of tempo and the texts over the music as they are written, by their places."""
    before = {place: f" [Q:{format_tempo(tempo)}] " for place, tempo in tune.tempos if place}
    for place, text in tune.annotations:
        before[place] = f'{before.get(place, "")}"{text}"'
    return before


def _after(before: str, sign: str, element: Element) -> str:
    """A sign after what stands before it; the number of an ending, right after no bar line then, in its bracket."""
    if isinstance(element, Ending):
        return f" {before.strip()} [{sign.strip(' [')} "
    return f" {before.strip()}{sign}" if sign.startswith(" ") else f"{before}{sign}"


def _begin(tune: Tune) -> _State:
    """The state before the music, with ticks so short that every length, and the half of every pair, is whole."""
    meters = (tune.meter, *(element.meter for element in tune.music if isinstance(element, MeterChange)))
    parts = {element.length.denominator for element in tune.music if isinstance(element, Note | Rest)}
    parts |= {beat_group(meter).denominator for meter in meters} | {meter.denominator for meter in meters}
    whole = 2 * math.lcm(tune.unit.denominator, *parts)
    state = _State(whole, 0, tune.key.signature, tune.meter, {}, 0)
    state.unit = state.ticks(tune.unit)
    state.pairs = _broken_pairs(tune.music, state)
    state.change(tune.meter)
    return state


def _begins_late(measure: Measure) -> Fraction:
    """How far into its bar a pickup begins: that of the tune, or of a section; 0 for any other bar."""
    opens = measure.opening is None or measure.opening.ends_section
    if not opens or measure.expected is None:
        return Fraction(0)
    return max(Fraction(0), measure.expected - measure.length)


def _sign(music: Sequence[Element], index: int, state: _State) -> str:
    """The text of one element, with the space around it."""
    element = music[index]
    if isinstance(element, Note | Rest):
        return _timed(element, index, state)
    if isinstance(element, Bar):
        state.in_bar, state.position = {}, 0
        return f" {element.line}"
    if isinstance(element, Ending):
        numbers = ",".join(map(str, element.numbers))
        return f"{numbers} " if index and isinstance(music[index - 1], Bar) else f" [{numbers} "
    if isinstance(element, Tuplet):
        state.tuplet_left, state.tuplet = element.r, element
        return f"({element.p}" if _plain(element, state.meter) else f"({element.p}:{element.q}:{element.r}"
    if isinstance(element, ChordSymbol):
        return f'"{element.text}"'
    if isinstance(element, KeyChange):
        state.signature, state.in_bar = element.key.signature, {}
        return f" [K:{format_key(element.key)}] "
    if isinstance(element, MeterChange):
        state.change(element.meter)
        return f" [M:{element.meter}] "
    assert isinstance(element, Part)
    return f" [P:{element.label}] "


def _plain(tuplet: Tuplet, meter: Meter) -> bool:
    return tuplet.r == tuplet.p and tuplet.q == usual_q(tuplet.p, meter)


def _timed(element: Note | Rest, index: int, state: _State) -> str:
    """A note or rest, and a space where a beat ends with it."""
    ticks = written = state.ticks(element.length)
    broken = ""
    if index in state.pairs:
        written = state.pairs[index]
        broken = ">" if ticks > written else "<"
    elif index - 1 in state.pairs:
        written = state.pairs[index - 1]
    ends_tuplet = state.tuplet_left == 1
    if state.tuplet_left:
        length = _length(written * state.tuplet.p, state.unit * state.tuplet.q)
        state.tuplet_left -= 1
    else:
        length = _length(written, state.unit)
    text = _note(element, length, state) if isinstance(element, Note) else ("z" if element.visible else "x") + length
    state.position += ticks
    at_beat = state.position % state.group == 0
    return text + broken + (" " if ends_tuplet or (at_beat and not broken and not state.tuplet_left) else "")


def _note(note: Note, length: str, state: _State) -> str:
    grace = "{" + "".join(_pitch(pitch, state) for pitch in note.grace) + "}" if note.grace else ""
    decorations = "".join(_SHORT.get(name) or f"!{name}!" for name in note.decorations)
    pitches = "".join(_pitch(pitch, state) + "-" * (pitch in note.held) for pitch in note.pitches)
    if len(note.pitches) > 1:
        pitches = f"[{pitches}]"
    after = "-" * note.tied + ")" * note.slurs_closed
    return f"{grace}{'(' * note.slurs_opened}{decorations}{pitches}{length}{after}"


def _pitch(pitch: Pitch, state: _State) -> str:
    sign = ""
    if pitch.alter != state.in_bar.get(pitch.step, state.signature[pitch.step]):
        sign = _SIGN_OF[pitch.alter]
        state.in_bar[pitch.step] = pitch.alter
    if pitch.octave >= 5:
        return sign + pitch.step.lower() + "'" * (pitch.octave - 5)
    return sign + pitch.step + "," * (4 - pitch.octave)


@lru_cache(maxsize=4096)
def _length(length: int, unit: int) -> str:
    """The number after a note, of so many units."""
    units = Fraction(length, unit)
    if units == 1:
        return ""
    top = str(units.numerator) if units.numerator != 1 else ""
    if units.denominator == 1:
        return top
    return f"{top}/" if units.denominator == 2 else f"{top}/{units.denominator}"


def _broken_pairs(music: Sequence[Element], state: _State) -> dict[int, int]:
    """Where a pair in broken rhythm begins, and the length that both its notes are written with.

    Pairs stand outside tuplets, with nothing between their two notes (abc2midi stumbles on decorations there); they
    are written at most one unit each.
    """
    pairs: dict[int, int] = {}
    in_tuplet, paired = 0, False
    for index, (first, second) in enumerate(pairwise(music)):
        if isinstance(first, Tuplet):
            in_tuplet = first.r
        if not isinstance(first, Note | Rest):
            paired = False
            continue
        paired = not in_tuplet and not paired and _is_pair(first, second)  # the second of a pair begins none
        in_tuplet -= in_tuplet > 0
        if paired and isinstance(first, Note) and isinstance(second, Note) and _is_plain(first, second):
            both = state.ticks(first.length) + state.ticks(second.length)
            if both <= 2 * state.unit:
                pairs[index] = both // 2
    return pairs


def _is_pair(first: Element, second: Element) -> bool:
    if not isinstance(first, Note) or not isinstance(second, Note):
        return False
    one = first.length.numerator * second.length.denominator
    other = second.length.numerator * first.length.denominator
    return one == 3 * other or other == 3 * one


def _is_plain(first: Note, second: Note) -> bool:
    """Whether nothing has to be written between two notes; abc2midi reads no `>` after a staccato note."""
    between = (
        first.tied or first.held or first.slurs_closed or second.grace or second.slurs_opened or second.decorations
    )
    return not between and "staccato" not in first.decorations
