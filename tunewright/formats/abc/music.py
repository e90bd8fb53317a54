"""The music of a tune, sign by sign: what ABC carries from one sign to the next is the state of `MusicReader`.

In: a `Header` and its lines of music. Out: elements, the source line of each, repairs and what was left out.
What ties and slurs mean is settled in `joining`. Source: the ABC standard 2.1, section 4.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from tunewright.formats.abc.fields import ALTERATIONS, parse_ending, parse_key, parse_meter, parse_unit
from tunewright.formats.abc.header import FIELD_NAMES, Header, define_symbol
from tunewright.formats.abc.signs import (
    CHORD_SYMBOL,
    NOTE_LETTERS,
    NOTE_SIGN,
    SIGNS,
    bar_line,
    is_music,
    parse_length,
)
from tunewright.formats.abc.splitting import FIELD_LINE, goes_on
from tunewright.music.tune import (
    Bar,
    ChordSymbol,
    Element,
    Ending,
    KeyChange,
    MeterChange,
    Note,
    Part,
    Pitch,
    Rest,
    Tuplet,
    join_bars,
)
from tunewright.support.errors import ParseError

_STANDARD_Q = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
_LONGEST_NOTE = 64  # whole notes
_FINEST_NOTE = 2**16  # parts of a whole note

BAR_AT_LINE_END = "bar closed at a line end"


class MusicReader:
    """Reads lines of music into `music`; `lines` holds the source line of each element."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.line = 0
        self.meter, self.unit, self.octave = header.meter, header.unit, header.octave
        self.key, self.signature = header.key, header.key.signature
        self.music: list[Element] = []
        self.lines: list[int] = []
        self.repairs: list[tuple[str, int, str]] = []  # what, place in the music, detail
        self.left_out: Counter[str] = Counter()
        self.in_bar: dict[str, int] = {}  # accidentals until the bar line, by step
        self.bar_start = 0
        self.grace: list[Pitch] = []
        self.decorations: list[str] = []
        self.slurs = self.slurs_to_grace = 0  # "(" met before the next note, and before its grace notes
        self.open_slurs: list[tuple[int, bool]] = []  # place of the first note, whether it began on grace notes
        self.broken: Fraction | None = None  # what the next note's length is multiplied by
        self.tuplet_left, self.tuplet_ratio, self.tuplet_place = 0, Fraction(1), 0
        self.last_note: int | None = None  # place of the last note or rest
        self.close_bar = False  # a full bar met the end of its line
        self.after_bar = False  # the last sign was a bar line
        self.voice: str | None = None
        self.muted = False  # in another voice than the first
        self.overlaid = False

    def read(self) -> None:
        """Read all lines; ParseError, its bar named, where the music makes no sense or holds no note."""
        for number, text in self.header.music:
            self.line = number
            self._read_line(text)
        if not any(isinstance(element, Note) for element in self.music):
            raise ParseError("no notes found, expected music after K:")
        self._finish_tuplet()
        if self.grace:
            self.repair("grace notes before no note ignored")
        for place, _ in self.open_slurs:
            self._change_slurs(place, opened=-1)
            self.repair("slur never closed ignored", place=place)
        if self.slurs:
            self.repair("slur never closed ignored")
        if self.decorations:
            self.left_out["decoration without a note"] += len(self.decorations)

    def repair(self, what: str, detail: str = "", place: int | None = None) -> None:
        """Record that something was not as the standard has it, here or at a place in the music."""
        self.repairs.append((what, len(self.music) if place is None else place, detail))

    # -------------------------------------------------------------------------------------------- lines

    def _read_line(self, text: str) -> None:
        field = FIELD_LINE.match(text)
        if field and not is_music(field):
            self._body_field(field[1], field[2].strip())
            return
        text, continued = goes_on(text)
        for sign in SIGNS.finditer(text):
            kind = sign.lastgroup or ""
            if kind == "space":
                continue
            if (self.muted or self.overlaid) and kind not in ("field", "bar"):
                continue
            if self.muted and kind == "bar":
                continue
            _READERS[kind](self, sign[0])
            self.after_bar = kind == "bar"
        if not continued:
            self._end_line()

    def _end_line(self) -> None:
        """A full bar that meets the end of its line is closed there; its accidentals live on."""
        if self.meter.length is not None and not self.muted:
            self.close_bar = self._bar_length() == self.meter.length

    def _bar_length(self) -> Fraction:
        notes = (element.length for element in self.music[self.bar_start :] if isinstance(element, Note | Rest))
        return sum(notes, Fraction(0))

    def _body_field(self, letter: str, value: str) -> None:
        if letter == "V":
            self._set_voice(value)
        elif self.muted:
            return
        elif letter == "K":
            self._change_key(value)
        elif letter == "M":
            self._change_meter(value)
        elif letter == "L":
            self.unit = parse_unit(value)
        elif letter == "P" and value:
            self.add(Part(" ".join(value.replace("]", " ").split())))
        elif letter == "U":
            define_symbol(self.header.symbols, value)
        else:
            self.left_out[FIELD_NAMES.get(letter, "text field in the music")] += 1

    def _change_key(self, value: str) -> None:
        key, self.octave, repair = parse_key(value)
        if repair:
            self.repair(repair, value)
        self.signature, self.in_bar = key.signature, {}
        if key != self.key:
            self.key = key
            self.add(KeyChange(key))

    def _change_meter(self, value: str) -> None:
        meter, repair = parse_meter(value)
        if repair:
            self.repair(repair, value)
        if meter != self.meter:
            self.meter = meter
            self.add(MeterChange(meter))

    def _set_voice(self, value: str) -> None:
        name = value.split()[0] if value.split() else ""
        if self.voice is None and self.last_note is None:
            self.voice = name
        elif self.voice is None:
            self.voice = ""
        self.muted = name != self.voice
        if self.muted:
            self.left_out["line of another voice"] += 1

    # -------------------------------------------------------------------------------------------- signs

    def add(self, element: Element) -> None:
        """Put an element into the music; first the bar line that a line end stood for."""
        if self.close_bar:
            self.close_bar = False
            if not isinstance(element, Bar):
                self.music.append(Bar("|"))
                self.lines.append(self.lines[-1])
                self.repair(BAR_AT_LINE_END, place=len(self.music) - 1)
                self.bar_start = len(self.music)
        self.music.append(element)
        self.lines.append(self.line)

    def _length(self, text: str) -> Fraction:
        try:
            length = parse_length(text) * self.unit
        except (ZeroDivisionError, ValueError):
            length = Fraction(0)
        if not 0 < length <= _LONGEST_NOTE or length.denominator > _FINEST_NOTE:
            raise ParseError(
                f"bar {self._bar_number()}: note length {text[:20]!r} is not between 1/65536 and 64 whole notes"
            )
        if self.broken is not None:
            length *= self.broken
            self.broken = None
        if self.tuplet_left:
            length *= self.tuplet_ratio
            self.tuplet_left -= 1
        return length

    def _bar_number(self) -> int:
        return 1 + sum(isinstance(element, Bar) for element in self.music)

    def _pitch(self, sign: re.Match[str]) -> Pitch:
        accidental, micro, letter, octaves, _ = sign.groups()
        step = letter.upper()
        octave = 4 + letter.islower() + octaves.count("'") - octaves.count(",") + self.octave
        if not -1 <= octave <= 9:
            raise ParseError(f"bar {self._bar_number()}: pitch {sign[0][:20]!r} is outside octaves -1 to 9")
        if micro:
            self.repair("microtone rounded to a semitone", sign[0])
        if accidental:
            self.in_bar[step] = ALTERATIONS[accidental]
        elif (tied := self._tied_alteration(step, octave)) is not None:
            return Pitch(step, tied, octave)
        return Pitch(step, self.in_bar.get(step, self.signature[step]), octave)

    def _tied_alteration(self, step: str, octave: int) -> int | None:
        """A tie carries its accidental over the bar line."""
        last = self.music[self.last_note] if self.last_note is not None else None
        if not isinstance(last, Note) or not last.tied or step in self.in_bar:
            return None
        return next((pitch.alter for pitch in last.pitches if (pitch.step, pitch.octave) == (step, octave)), None)

    def _add_note(self, pitches: tuple[Pitch, ...], length: Fraction, tied: bool) -> None:
        note = Note(pitches, length, tied, tuple(self.grace), self.slurs, 0, tuple(self.decorations))
        to_grace, opened = self.slurs_to_grace, self.slurs
        self.grace, self.decorations, self.slurs, self.slurs_to_grace = [], [], 0, 0
        self.add(note)
        self.last_note = len(self.music) - 1
        self.open_slurs += [(self.last_note, number < to_grace) for number in range(opened)]

    def _read_note(self, text: str) -> None:
        sign = NOTE_SIGN.fullmatch(text)
        assert sign is not None
        pitch = self._pitch(sign)
        self._add_note((pitch,), self._length(sign[5]), tied=False)

    def _read_chord(self, text: str) -> None:
        inside, _, outside = text[1:].rpartition("]")
        signs = list(NOTE_SIGN.finditer(re.sub(r'"[^"]*"|![^!]*!', "", inside)))
        if not signs:
            self.left_out["brackets without notes"] += 1
            return
        pitches = tuple(sorted({self._pitch(sign) for sign in signs}, key=lambda pitch: (pitch.midi, pitch.step)))
        if len({sign[5] for sign in signs}) > 1:
            self.repair("chord of unequal lengths takes its first", text)
        if len(pitches) < len(signs):
            self.repair("unison in a chord read as one note", text)
        length = self._length(outside) * parse_length(signs[0][5] or "1")
        if not 0 < length <= _LONGEST_NOTE or length.denominator > _FINEST_NOTE:
            raise ParseError(
                f"bar {self._bar_number()}: note length in {text[:20]!r} is not between 1/65536 and 64 whole notes"
            )
        self._add_note(pitches, length, tied="-" in inside)

    def _read_rest(self, text: str) -> None:
        letter, length = text[0], text[1:]
        if letter == "y":
            return
        if letter in "ZX":
            self._read_bars_of_rest(letter, length)
            return
        self.add(Rest(self._length(length), visible=letter == "z"))
        self.last_note = len(self.music) - 1

    def _read_bars_of_rest(self, letter: str, length: str) -> None:
        bars = int(length) if length.isdigit() else 1
        if not 0 < bars <= 100:
            raise ParseError(f"bar {self._bar_number()}: {letter + length!r} is not a rest of 1 to 100 bars")
        for bar in range(bars):
            if bar:
                self._read_bar("|")
            self.add(Rest(self.meter.length or Fraction(1), visible=letter == "Z"))
            self.last_note = len(self.music) - 1

    def _read_grace(self, text: str) -> None:
        self.slurs_to_grace = self.slurs
        self.grace += [self._pitch(sign) for sign in NOTE_SIGN.finditer(text.strip("{}/"))]

    def _read_bar(self, text: str) -> None:
        if text in (":", ":]"):
            text = self._repeat_sign(text)
        line = bar_line(text.lstrip("."))
        ends, starts = line in (":|", "::"), line in ("|:", "::")
        if text.count(":") > 2 or (text.count(":") == 2 and not (ends and starts)):
            self.repair("repeat of more than two times read as two", text)
        if self.decorations:
            self.left_out["decoration on a bar line"] += len(self.decorations)
            self.decorations = []
        self._add_bar(Bar(line))
        self.bar_start, self.in_bar, self.overlaid = len(self.music), {}, False

    def _add_bar(self, bar: Bar) -> None:
        """Put a bar line into the music; with nothing between them, two act as one."""
        self.close_bar = False
        if self.music and isinstance(before := self.music[-1], Bar):
            self.music[-1] = join_bars(before, bar)
        else:
            self.add(bar)

    def _repeat_sign(self, text: str) -> str:
        """A colon without its bar line: a repeat begins where a bar does, and ends where one ends."""
        self.repair("repeat sign without its bar line", text)
        return ":|" if text == ":]" or self._bar_length() else "|:"

    def _read_ending(self, text: str) -> None:
        numbers = parse_ending(text)
        if numbers:
            self.add(Ending(numbers))
        else:
            self.left_out["ending in words"] += 1

    def _read_number(self, text: str) -> None:
        if self.after_bar and (numbers := parse_ending(text)):
            self.add(Ending(numbers))
        else:
            self.left_out["number without a note"] += 1

    def _read_tuplet(self, text: str) -> None:
        self._finish_tuplet()
        p, q, r = (int(number) if number else 0 for number in (text[1:] + "::").split(":")[:3])
        if not 2 <= p <= 15 or q > 32 or r > 64:
            raise ParseError(f"bar {self._bar_number()}: tuplet {text!r} is outside (2 to (15")
        q = q or _STANDARD_Q.get(p) or (3 if self.meter.compound else 2)
        r = r or p
        self.add(Tuplet(p, q, r))
        self.tuplet_left, self.tuplet_ratio, self.tuplet_place = r, Fraction(q, p), len(self.music) - 1

    def _finish_tuplet(self) -> None:
        """A tuplet that the tune (or the next tuplet) cuts short has as many notes as it got."""
        if not self.tuplet_left:
            return
        tuplet = self.music[self.tuplet_place]
        assert isinstance(tuplet, Tuplet)
        self.repair("tuplet with too few notes", f"({tuplet.p}", place=self.tuplet_place)
        if self.tuplet_left < tuplet.r:
            self.music[self.tuplet_place] = replace(tuplet, r=tuplet.r - self.tuplet_left)
        else:  # no note at all: an empty one would change the notes after it
            self._remove(self.tuplet_place)
        self.tuplet_left = 0

    def _remove(self, place: int) -> None:
        """Take an element out; two bar lines between which it stood become one."""
        del self.music[place], self.lines[place]
        self.bar_start -= self.bar_start > place
        if self.last_note is not None:
            self.last_note -= self.last_note > place
        self.open_slurs = [(slur - (slur > place), grace) for slur, grace in self.open_slurs]
        around = self.music[max(place - 1, 0) : place + 1]
        if len(around) > 1 and isinstance(around[0], Bar) and isinstance(around[1], Bar):
            self.music[place - 1] = join_bars(around[0], around[1])
            self._remove(place)

    def _read_broken(self, text: str) -> None:
        last = self.music[self.last_note] if self.last_note is not None else None
        if not isinstance(last, Note | Rest) or self.broken is not None or len(text) > 3:
            self.repair("broken rhythm without two notes ignored", text)
            return
        short = Fraction(1, 2 ** len(text))
        mine, self.broken = (2 - short, short) if text[0] == ">" else (short, 2 - short)
        assert self.last_note is not None
        self.music[self.last_note] = replace(last, length=last.length * mine)

    def _read_slur(self, text: str) -> None:
        if text != ")":
            self.slurs += 1
            return
        here = self.last_note
        if not self.open_slurs or here is None or not isinstance(self.music[here], Note):
            self.repair("slur that was never opened ignored")
        elif self.open_slurs[-1] == (here, True):  # from grace notes to their note: in the grace itself
            self.open_slurs.pop()
            self._change_slurs(here, opened=-1)
        else:
            self._close_slur(here)

    def _close_slur(self, here: int) -> None:
        """End the last slur that began before this note: "(c d (e) f g)" ends one and begins one on e."""
        last = len(self.open_slurs) - 1
        while last >= 0 and self.open_slurs[last][0] == here:
            last -= 1
        if last >= 0:
            del self.open_slurs[last]
            self._change_slurs(here, closed=1)
        else:
            self.open_slurs.pop()
            self._change_slurs(here, opened=-1)
            self.repair("slur over one note ignored", place=here)

    def _change_slurs(self, place: int, *, opened: int = 0, closed: int = 0) -> None:
        note = self.music[place]
        assert isinstance(note, Note)
        self.music[place] = replace(
            note, slurs_opened=note.slurs_opened + opened, slurs_closed=note.slurs_closed + closed
        )

    def _read_tie(self, _text: str) -> None:
        last = self.music[self.last_note] if self.last_note is not None else None
        if isinstance(last, Note) and self.last_note is not None:
            self.music[self.last_note] = replace(last, tied=True)
        else:
            self.repair("tie without a note ignored")

    def _read_decoration(self, text: str) -> None:
        name = text[1:-1]
        if text[0] == "+" and NOTE_LETTERS.fullmatch(name):
            self.repair("chord in plus signs", text)  # as ABC 1.6 wrote it
            self._read_chord(f"[{name}]")
        elif text[0] == "!" and NOTE_LETTERS.fullmatch(name) and not re.fullmatch(r"[0-5f]{1,4}", name):
            self._read_signs(name)  # music between two old line breaks
        else:
            self.decorations.append(name)

    def _read_signs(self, text: str) -> None:
        for sign in SIGNS.finditer(text):
            _READERS[sign.lastgroup or ""](self, sign[0])

    def _read_symbol(self, text: str) -> None:
        if text in self.header.symbols:
            self.decorations.append(self.header.symbols[text])
        else:
            self.left_out[f"sign {text!r}"] += 1

    def _read_quoted(self, text: str) -> None:
        if not text.endswith('"') or len(text) < 2:
            self.repair("quotation mark never closed", text[:20])
        words = text.strip('"').strip()
        if CHORD_SYMBOL.match(words):
            self.add(ChordSymbol(words))
        elif words:
            self.left_out["annotation"] += 1

    def _read_field(self, text: str) -> None:
        self._body_field(text[1], text[3:].rstrip("]").strip())

    def _read_overlay(self, _text: str) -> None:
        self.left_out["voice overlay"] += 1
        self.overlaid = True

    def _read_linebreak(self, _text: str) -> None:
        self._end_line()

    def _read_unknown(self, text: str) -> None:
        self.left_out[f"sign {text!r}"] += 1


_READERS: dict[str, Callable[[MusicReader, str], None]] = {
    "quoted": MusicReader._read_quoted,
    "field": MusicReader._read_field,
    "ending": MusicReader._read_ending,
    "bar": MusicReader._read_bar,
    "chord": MusicReader._read_chord,
    "grace": MusicReader._read_grace,
    "tuplet": MusicReader._read_tuplet,
    "note": MusicReader._read_note,
    "rest": MusicReader._read_rest,
    "decoration": MusicReader._read_decoration,
    "slur": MusicReader._read_slur,
    "tie": MusicReader._read_tie,
    "broken": MusicReader._read_broken,
    "number": MusicReader._read_number,
    "symbol": MusicReader._read_symbol,
    "overlay": MusicReader._read_overlay,
    "linebreak": MusicReader._read_linebreak,
    "unknown": MusicReader._read_unknown,
}
