"""Tunes as musical tokens: a note is one token, its pitch a degree of the scale; form stands before music.

In: `Tune`s. Out: lists of ids, and back: `decode(encode(tune)) == tune`, or a `TokenError` that says what the tokens
do not cover. A note is a degree, an octave and an alteration against the signature, so that a tune is the same ids in
every key but for its header; the header says rhythm, metre, mode, tonic, the octave of the tonic and the form. Notes
that training tunes have often are one token each, with their length; any other is spelled as a length and a pitch
(benchmarks/tokens.py compares other spellings).

This file knows no model. What may follow what is `grammar`'s, what a model is told of a place `places`'.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tunewright.formats.abc.fields import default_unit, parse_meter
from tunewright.music.form import MOST_SECTION_BARS, Section, form_of
from tunewright.music.rhythms import RHYTHMS, told_rhythm
from tunewright.music.tune import (
    BAR_LINES,
    MODES,
    STEPS,
    Bar,
    ChordSymbol,
    Element,
    Ending,
    Key,
    Meter,
    Note,
    Part,
    Pitch,
    Rest,
    Tune,
    Tuplet,
    accidental_sign,
)
from tunewright.support.errors import TokenError

if TYPE_CHECKING:
    from tunewright.tokens.degrees.writer import DegreeWriter

METERS = (
    *("C", "C|", "2/2", "3/2", "4/2", "6/2", "2/1", "3/1", "4/1", "1/4", "2/4", "3/4", "4/4", "5/4", "6/4", "7/4"),
    *("9/4", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8", "9/8", "12/8", "15/8", "3/16", "6/16", "none"),
)
LENGTHS = tuple(  # plain, dotted and doubly dotted, from a 64th to four whole notes
    sorted(Fraction(dots, 64) * 2**power for dots, powers in ((1, 9), (3, 7), (7, 4)) for power in range(powers))
)
OFFSETS = range(-19, 21)  # diatonic steps from the home tonic
ALTERATIONS = {0: "", 1: "#", -1: "b"}
TUPLETS = ((2, 3, 2), (3, 2, 3), (4, 3, 4), (5, 4, 5), (6, 4, 6), (7, 4, 7), (3, 2, 2), (3, 2, 4), (6, 6, 6))
DECORATIONS = (
    *("staccato", "trill", "upbow", "downbow", "roll", "fermata", "lowermordent", "uppermordent", "accent", "tenuto"),
    *("turn", "coda", "segno", "slide", "sf", "p", "mp", "mf", "f", "ff", "0", "1", "2", "3", "4", "8va("),
)
QUALITIES = ("", "m", "7", "m7", "maj7", "dim", "dim7", "aug", "sus4", "sus2", "6", "m6", "9", "m7b5", "7sus4", "5")
OFTEN = 3  # times that training tunes have a note or rest of some length for it to be one token
HOMES = range(1, 8)
SIGNS = tuple(map(chr, range(32, 256)))
END_TOKEN, NO_FORM = "<end>", "bars:?"
BODY = "<body>"
PLAIN, SPELLED = "R:", 'R:"'  # no rhythm; one that the table lacks, letter by letter


@dataclass(frozen=True)
class DegreeTokenizer:
    """Musical tokens; `vocab[0]` is the end of a tune.

    All collections have the same tokens but for `notes`: pitches and rests, with lengths, that are one token. With
    `told_rhythms`, what a model should learn from, a tune goes by the one name of its rhythm, stated or
    inferred, or by none; otherwise any rhythm is spelled exactly as it stands.
    """

    notes: tuple[str, ...] = ()  # as in "5:1/8": a pitch or rest, and its length as written
    graces: bool = True  # whether grace notes are kept; without them a tune is encoded as if it had none
    chords: bool = True  # whether chord symbols are
    told_rhythms: bool = False

    END = 0

    @classmethod
    def fit(
        cls, tunes: Iterable[Tune], *, graces: bool = True, chords: bool = True, told_rhythms: bool = False
    ) -> DegreeTokenizer:
        """The tokenizer whose `notes` are those that these tunes have at least `OFTEN` times; others do not count."""
        plain = cls(graces=graces, chords=chords, told_rhythms=told_rhythms)
        counts: Counter[str] = Counter()
        for tune in tunes:
            with contextlib.suppress(TokenError):  # counted where they are encoded
                counts.update(_notes_in(plain, plain.encode(tune)))
        notes = sorted(note for note, count in counts.items() if count >= OFTEN)
        return replace(plain, notes=tuple(notes))

    @cached_property
    def vocab(self) -> tuple[str, ...]:
        """Every token, by id."""
        return tuple(self._tokens())

    def _tokens(self) -> Iterator[str]:
        yield from (END_TOKEN, PLAIN, *(f"R:{name}" for name in RHYTHMS))
        if not self.told_rhythms:
            yield from (SPELLED, *(f"text:{sign}" for sign in SIGNS))
        yield from (f"M:{meter}" for meter in METERS)
        yield from (f"mode:{mode}" for mode in MODES)
        yield from (f"tonic:{step}{accidental_sign(alter)}" for step in STEPS for alter in (0, 1, -1))
        yield from (f"home:{octave}" for octave in HOMES)
        yield from (f"bars:{bars}{sign}" for bars in range(1, MOST_SECTION_BARS + 1) for sign in ("", ":|"))
        yield from (NO_FORM, BODY, *BAR_LINES, "[1", "[2", "[3", "[4")
        yield from map(_length_token, LENGTHS)
        yield from (_tuplet_token(Tuplet(*numbers)) for numbers in TUPLETS)
        yield from (_pitch_token(offset, alter) for offset in OFFSETS for alter in ALTERATIONS)
        yield from ("z", "x", *self.notes, "-", "(", ")", *(f"!{name}!" for name in DECORATIONS))
        if self.graces:
            yield from ("{", "}")
        if self.chords:
            roots = [_pitch_token(degree, alter) for degree in range(7) for alter in ALTERATIONS]
            yield from (f"chord:{root}" for root in roots)
            yield from (f"quality:{quality}" for quality in QUALITIES if quality)
            yield from (f"bass:{root}" for root in roots)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of every token."""
        return {token: number for number, token in enumerate(self.vocab)}

    # -------------------------------------------------------------------------------------------- tables for others

    def _named(self, prefix: str) -> dict[int, str]:
        """What stands after the prefix in every token that begins with it."""
        named = ((number, token) for token, number in self.ids.items() if token.startswith(prefix))
        return {number: token.removeprefix(prefix) for number, token in named}

    @cached_property
    def rhythms(self) -> dict[int, str]:
        """The rhythms that are one token; "" for none."""
        return {self.ids[f"R:{name}"]: name for name in ("", *RHYTHMS)}

    @cached_property
    def meters(self) -> dict[int, Meter]:
        """The metres."""
        return {number: parse_meter(text)[0] for number, text in self._named("M:").items()}

    @cached_property
    def modes(self) -> dict[int, str]:
        """The modes."""
        return self._named("mode:")

    @cached_property
    def tonics(self) -> dict[int, str]:
        """The tonics."""
        return self._named("tonic:")

    @cached_property
    def homes(self) -> dict[int, int]:
        """The octaves in which the tonic may stand that offsets are counted from."""
        return {number: int(octave) for number, octave in self._named("home:").items()}

    @cached_property
    def sections(self) -> dict[int, Section]:
        """The sections that a form is said with."""
        listed = ((bars, repeated) for bars in range(1, MOST_SECTION_BARS + 1) for repeated in (False, True))
        return {self.ids[_section_token(Section(*section))]: Section(*section) for section in listed}

    @cached_property
    def bar_lines(self) -> dict[int, str]:
        """The bar lines."""
        return {self.ids[line]: line for line in BAR_LINES}

    @cached_property
    def endings(self) -> dict[int, int]:
        """The endings."""
        return {self.ids[f"[{number}"]: number for number in (1, 2, 3, 4)}

    @cached_property
    def lengths(self) -> dict[int, Fraction]:
        """The lengths as written, in whole notes."""
        return {self.ids[_length_token(length)]: length for length in LENGTHS}

    @cached_property
    def tuplets(self) -> dict[int, Tuplet]:
        """The tuplets."""
        return {self.ids[_tuplet_token(Tuplet(*numbers))]: Tuplet(*numbers) for numbers in TUPLETS}

    @cached_property
    def pitches(self) -> dict[int, tuple[int, int]]:
        """The pitches: diatonic steps from the home tonic, and alteration against the signature."""
        return {self.ids[_pitch_token(offset, alter)]: (offset, alter) for offset in OFFSETS for alter in ALTERATIONS}

    @cached_property
    def rests(self) -> dict[int, bool]:
        """The rests: whether they are visible."""
        return {self.ids["z"]: True, self.ids["x"]: False}

    @cached_property
    def timed(self) -> dict[int, tuple[int, int]]:
        """The notes and rests that are one token: the ids of length and pitch, or length and rest, that spell them."""
        apart = {note: note.split(":") for note in self.notes}
        return {self.ids[note]: (self.ids[length], self.ids[sound]) for note, (sound, length) in apart.items()}

    @cached_property
    def decorations(self) -> dict[int, str]:
        """The decorations."""
        return {self.ids[f"!{name}!"]: name for name in DECORATIONS}

    # -------------------------------------------------------------------------------------------- tune -> ids

    def encode(self, tune: Tune) -> list[int]:
        """The ids of a tune, without end; TokenError, saying why, for a tune that these tokens do not cover."""
        tune = self.prepared(tune)
        return [*self.encode_header(tune), *self.encode_form(tune), self.ids[BODY], *self.encode_music(tune)]

    def prepared(self, tune: Tune) -> Tune:
        """The tune as these tokens have it: once through, without what is left out, its rhythm by its one name."""
        music = tuple(self._kept(element) for element in tune.music if self.chords or type(element) is not ChordSymbol)
        tune = tune if music == tune.music else replace(tune, music=music, text="")
        tune = _once_through(tune)
        told = told_rhythm(tune)
        return replace(tune, rhythm=told if told in RHYTHMS else "") if self.told_rhythms else tune

    def _kept(self, element: Element) -> Element:
        return replace(element, grace=()) if isinstance(element, Note) and not self.graces else element

    def encode_header(self, tune: Tune) -> list[int]:
        """The ids of what is given when a tune is asked for: rhythm, metre, mode and tonic."""
        if tune.key.tonic is None or tune.key.accidentals:
            raise TokenError(f"the key is {tune.key}; expected a tonic and a mode, no accidentals of its own")
        if tune.parts:
            raise TokenError(f"the parts are played in the order {tune.parts!r}; expected none to be said")
        known = tune.rhythm == "" or tune.rhythm in RHYTHMS
        rhythm = [f"R:{tune.rhythm}"] if known else [SPELLED, *(f"text:{sign}" for sign in tune.rhythm)]
        return self._ids([*rhythm, f"M:{tune.meter}", f"mode:{tune.key.mode}", f"tonic:{tune.key.tonic}"])

    def encode_form(self, tune: Tune) -> list[int]:
        """The ids of where the melody lies and how the tune is built: its home octave, and its sections."""
        form = form_of(tune)
        said = [_section_token(section) for section in form.sections] if form else [NO_FORM]
        return self._ids([f"home:{home_octave(tune)}", *said])

    def encode_music(self, tune: Tune, start: int = 0, stop: int | None = None, home: int | None = None) -> list[int]:
        """The ids of `tune.music[start:stop]`, offsets counted from the tonic in octave `home`, or its own."""
        home = home_octave(tune) if home is None else home
        return self._ids(_spell(tune.music[start:stop], tune.key, home, self._one_token))

    def encode_signs(self, signs: Iterable[Bar | Ending]) -> list[int]:
        """The ids of bar lines and endings."""
        return self._ids(token for sign in signs for token in _spell_sign(sign, Key()))

    @cached_property
    def _one_token(self) -> frozenset[str]:
        return frozenset(self.notes)

    def _ids(self, tokens: Iterable[str]) -> list[int]:
        try:
            return [self.ids[token] for token in tokens]
        except KeyError as error:
            raise TokenError(
                f"there is no token {error.args[0]!r}; expected music that the vocabulary covers"
            ) from None

    # -------------------------------------------------------------------------------------------- ids -> tune

    def decode(self, ids: Sequence[int]) -> Tune:
        """The tune that these ids spell, up to the first end; TokenError where they spell none."""
        for number in ids:
            if not 0 <= number < len(self.vocab):
                raise TokenError(f"id {number} is outside the vocabulary; expected 0 to {len(self.vocab) - 1}")
        tokens = [self.vocab[number] for number in ids]
        tokens = tokens[: tokens.index(END_TOKEN)] if END_TOKEN in tokens else tokens
        reading = _Reading(tokens)
        rhythm = reading.rhythm()
        meter = parse_meter(reading.value("M:"))[0]
        mode, tonic = reading.value("mode:"), reading.value("tonic:")
        key, home = Key(tonic, mode), int(reading.value("home:"))
        reading.form()
        music = reading.music(key, home)
        return Tune(tuple(music), key=key, meter=meter, rhythm=rhythm, unit=default_unit(meter))

    def writer(self) -> DegreeWriter:
        """What writes in these tokens, for one drawing at a time."""
        from tunewright.tokens.degrees.writer import DegreeWriter  # noqa: PLC0415 - which builds on this file

        return DegreeWriter(self)

    def to_json(self) -> str:
        """The tokenizer as JSON, which `from_json` reads back."""
        about = {"graces": self.graces, "chords": self.chords, "told_rhythms": self.told_rhythms}
        stored = {"kind": "degrees", **about, "notes": self.notes, "vocab": self.vocab}
        return json.dumps(stored, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> DegreeTokenizer:
        """The tokenizer written by `to_json`; TokenError for anything else, and for another vocabulary."""
        try:
            stored = json.loads(text)
            about = {name: bool(stored[name]) for name in ("graces", "chords", "told_rhythms")}
            tokenizer = cls(tuple(map(str, stored["notes"])), **about)
        except (ValueError, KeyError, TypeError):
            raise TokenError("not a degree tokenizer; expected what to_json wrote") from None
        if stored.get("kind") != "degrees" or tuple(stored.get("vocab", ())) != tokenizer.vocab:
            raise TokenError("a degree tokenizer with the vocabulary of another version")
        return tokenizer


# ------------------------------------------------------------------------------------------------ places in the scale


def _once_through(tune: Tune) -> Tune:
    """The tune without an order of parts that only says how often its one part is played: P:A3."""
    named = [element for element in tune.music if isinstance(element, Part)]
    if not re.fullmatch(r"([A-Z])\1*\d*", tune.parts) or len(named) > 1:
        return tune
    music = tuple(element for element in tune.music if not isinstance(element, Part))
    return replace(tune, parts="", music=music, text="")


def home_octave(tune: Tune) -> int:
    """The octave of the tonic nearest to the last note: what offsets are counted from. TokenError without notes."""
    if not tune.notes:
        raise TokenError("a tune without notes; expected at least one")
    assert tune.key.tonic is not None
    final = tune.notes[-1].pitch
    return round((_diatonic(final) - STEPS.index(tune.key.tonic[0])) / 7)


def _diatonic(pitch: Pitch) -> int:
    return 7 * pitch.octave + STEPS.index(pitch.step)


def offset_of(pitch: Pitch, key: Key, home: int) -> tuple[int, int]:
    """Diatonic steps of a pitch from the tonic in octave `home`, and its alteration against the signature.

    >>> offset_of(Pitch("C", 1, 5), Key("D"), 4), offset_of(Pitch("C", 0, 5), Key("D"), 4)
    ((6, 0), (6, -1))
    """
    assert key.tonic is not None
    return _diatonic(pitch) - 7 * home - STEPS.index(key.tonic[0]), pitch.alter - key.signature[pitch.step]


def pitch_at(offset: int, alter: int, key: Key, home: int) -> Pitch:
    """The pitch that `offset_of` gives these numbers.

    >>> str(pitch_at(6, -1, Key("D"), 4))
    'C5'
    """
    assert key.tonic is not None
    octave, step = divmod(offset + 7 * home + STEPS.index(key.tonic[0]), 7)
    return Pitch(STEPS[step], key.signature[STEPS[step]] + alter, octave)


def _pitch_token(offset: int, alter: int) -> str:
    octave, degree = divmod(offset, 7)
    return f"{ALTERATIONS[alter]}{degree + 1}{chr(39) * octave}{',' * -octave}"


_PITCH = re.compile(r"(#|b|)([1-7])('*)(,*)")


@lru_cache(maxsize=4096)
def _read_pitch(token: str) -> tuple[int, int] | None:
    found = _PITCH.fullmatch(token)
    if not found:
        return None
    sign, degree, up, down = found.groups()
    return int(degree) - 1 + 7 * (len(up) - len(down)), {"": 0, "#": 1, "b": -1}[sign]


def _length_token(length: Fraction) -> str:
    return f"{length.numerator}/{length.denominator}"


def _tuplet_token(tuplet: Tuplet) -> str:
    return f"({tuplet.p}:{tuplet.q}:{tuplet.r}"


def _section_token(section: Section) -> str:
    return f"bars:{section.bars}{':|' if section.repeated else ''}"


# ------------------------------------------------------------------------------------------------ music -> tokens


def _spell(music: Sequence[Element], key: Key, home: int, one_token: Collection[str]) -> Iterator[str]:
    """The tokens of a stretch of music."""
    factor, left = Fraction(1), 0  # of the tuplet that we are in
    for element in music:
        if isinstance(element, Note | Rest):
            length = _length_token(element.length / factor if left else element.length)
            left = max(0, left - 1)
            if isinstance(element, Note):
                yield from _spell_note(element, length, key, home, one_token)
            else:
                yield from _spell_sound("z" if element.visible else "x", length, one_token)
        elif isinstance(element, Tuplet):
            factor, left = Fraction(element.q, element.p), element.r
            yield _tuplet_token(element)
        else:
            yield from _spell_sign(element, key)


def _spell_note(note: Note, length: str, key: Key, home: int, one_token: Collection[str]) -> Iterator[str]:
    if len(note.pitches) > 1:
        raise TokenError("notes sound together; expected one melody")
    yield from (f"!{name}!" for name in note.decorations)
    yield from "(" * note.slurs_opened
    if note.grace:
        yield from ("{", *(_degree(pitch, key, home) for pitch in note.grace), "}")
    yield from _spell_sound(_degree(note.pitch, key, home), length, one_token)
    if note.tied:
        yield "-"
    yield from ")" * note.slurs_closed


def _spell_sound(sound: str, length: str, one_token: Collection[str]) -> Iterator[str]:
    note = f"{sound}:{length}"
    yield from (note,) if note in one_token else (length, sound)


def _notes_in(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> Iterator[str]:
    """The notes and rests, each as one token would be."""
    for first, second in pairwise(ids):
        if first in tokenizer.lengths:
            yield f"{tokenizer.vocab[second]}:{tokenizer.vocab[first]}"


def _degree(pitch: Pitch, key: Key, home: int) -> str:
    offset, alter = offset_of(pitch, key, home)
    if alter not in ALTERATIONS or offset not in OFFSETS:
        raise TokenError(f"{pitch} is outside what the tokens cover in {key}")
    return _pitch_token(offset, alter)


def _spell_sign(element: Element, key: Key) -> Iterator[str]:
    if isinstance(element, Bar):
        yield element.line
    elif isinstance(element, Ending):
        yield "[" + ",".join(map(str, element.numbers))
    elif isinstance(element, ChordSymbol):
        yield from _spell_chord(element.text, key)
    else:
        raise TokenError(
            f"there is a change of {type(element).__name__.removesuffix('Change').lower()} within the tune"
        )


_CHORD = re.compile(r"([A-G])(#|b|)([^/]*)(?:/([A-G])(#|b|))?")


def _spell_chord(text: str, key: Key) -> Iterator[str]:
    found = _CHORD.fullmatch(text)
    if not found or found[3] not in QUALITIES:
        raise TokenError(f"the chord {text!r} is outside what the tokens cover; known kinds: {' '.join(QUALITIES)}")
    yield f"chord:{_chord_degree(found[1], found[2], key)}"
    if found[3]:
        yield f"quality:{found[3]}"
    if found[4]:
        yield f"bass:{_chord_degree(found[4], found[5], key)}"


def _chord_degree(step: str, sign: str, key: Key) -> str:
    offset, alter = offset_of(Pitch(step, {"": 0, "#": 1, "b": -1}[sign], 4), key, 4)
    if alter not in ALTERATIONS:
        raise TokenError(f"a chord on {step}{sign} is outside what the tokens cover in {key}")
    return _pitch_token(offset % 7, alter)


def _chord_root(degree: str, key: Key) -> str:
    """The name of a root; one with a double sharp or flat, which chord symbols do not have, by its simple name."""
    found = _read_pitch(degree)
    assert found is not None
    pitch = pitch_at(*found, key, 4)
    if abs(pitch.alter) > 1:
        simple = [Pitch(step, alter) for alter in (0, 1 if pitch.alter > 0 else -1) for step in STEPS]
        pitch = next(simpler for simpler in simple if (simpler.midi - pitch.midi) % 12 == 0)
    return f"{pitch.step}{accidental_sign(pitch.alter)}"


# ------------------------------------------------------------------------------------------------ tokens -> music


class _Reading:
    """Tokens being read, from the first on; TokenError where another was expected."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens, self._at = tokens, 0
        self._pitches: dict[str, Pitch] = {}  # that were read in this tune's key

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _error(self, expected: str) -> TokenError:
        found = repr(self._next()) if self._next() else "the end"
        return TokenError(f"token {self._at}: found {found}, expected {expected}")

    def value(self, prefix: str) -> str:
        if not self._next().startswith(prefix):
            raise self._error(f"{prefix}…")
        return self._take().removeprefix(prefix)

    def rhythm(self) -> str:
        rhythm = self.value("R:")
        if rhythm != '"':
            return rhythm
        signs = []
        while self._next().startswith("text:"):
            signs.append(self.value("text:"))
        return "".join(signs)

    def form(self) -> None:
        while self._next().startswith("bars:"):
            self._take()
        if self._next() != BODY:
            raise self._error(BODY)
        self._take()

    def music(self, key: Key, home: int) -> Iterator[Element]:
        factor, left = Fraction(1), 0
        while token := self._next():
            if timed := _read_timed(token):
                self._at += 1
                sound, length = timed
                yield self._sounding(BARE, sound, length * factor if left else length, key, home)
                left = max(0, left - 1)
            elif token in BAR_LINES:
                yield Bar(self._take())
            elif token.startswith("["):
                yield Ending(tuple(map(int, self.value("[").split(","))))
            elif token.startswith("chord:"):
                yield self._chord(key)
            elif token.startswith("(") and len(token) > 1:
                tuplet = Tuplet(*map(int, self.value("(").split(":")))
                factor, left = Fraction(tuplet.q, tuplet.p), tuplet.r
                yield tuplet
            else:
                prefix, (sound, length) = self._prefix(key, home), self._sound()
                yield self._sounding(prefix, sound, length * factor if left else length, key, home)
                left = max(0, left - 1)

    def _chord(self, key: Key) -> ChordSymbol:
        text = _chord_root(self.value("chord:"), key)
        if self._next().startswith("quality:"):
            text += self.value("quality:")
        if self._next().startswith("bass:"):
            text += f"/{_chord_root(self.value('bass:'), key)}"
        return ChordSymbol(text)

    def _prefix(self, key: Key, home: int) -> _Prefix:
        decorations, slurs, grace = [], 0, []
        while self._next().startswith("!"):
            decorations.append(self._take().strip("!"))
        while self._next() == "(":
            self._take()
            slurs += 1
        if self._next() == "{":
            self._take()
            while self._next() != "}":
                grace.append(self._pitch(key, home))
            self._take()
        return _Prefix(tuple(decorations), slurs, tuple(grace))

    def _pitch(self, key: Key, home: int) -> Pitch:
        pitch = self._pitch_of(self._next(), key, home)
        self._take()
        return pitch

    def _pitch_of(self, token: str, key: Key, home: int) -> Pitch:
        if token not in self._pitches:
            found = _read_pitch(token)
            if found is None:
                raise self._error("a pitch")
            self._pitches[token] = pitch_at(*found, key, home)
        return self._pitches[token]

    def _sound(self) -> tuple[str, Fraction]:
        """The token of a pitch or rest, and its length as written."""
        sound, colon, length = self._next().partition(":")
        if colon and length in _LENGTHS_BY_TOKEN:
            self._take()
            return sound, _LENGTHS_BY_TOKEN[length]
        if self._next() not in _LENGTHS_BY_TOKEN:
            raise self._error("a note, a rest or a length")
        length = self._take()
        return self._take() if self._next() else "", _LENGTHS_BY_TOKEN[length]

    def _sounding(self, prefix: _Prefix, sound: str, length: Fraction, key: Key, home: int) -> Note | Rest:
        if sound in ("z", "x"):
            if prefix != BARE:
                raise self._error("a note after decorations, slurs or grace notes")
            return Rest(length, sound == "z")
        pitch = self._pitch_of(sound, key, home)
        tied = self._next() == "-"
        self._at += tied
        closed = 0
        while self._next() == ")":
            self._take()
            closed += 1
        return Note((pitch,), length, tied, prefix.grace, prefix.slurs_opened, closed, prefix.decorations)


@dataclass(frozen=True, slots=True)
class _Prefix:
    """What stands before a note and belongs to it."""

    decorations: tuple[str, ...] = ()
    slurs_opened: int = 0
    grace: tuple[Pitch, ...] = ()


BARE = _Prefix()
_LENGTHS_BY_TOKEN = {_length_token(length): length for length in LENGTHS}


@lru_cache(maxsize=4096)
def _read_timed(token: str) -> tuple[str, Fraction] | None:
    """The pitch or rest of a token, and its length; None for a token that is not both."""
    sound, colon, length = token.partition(":")
    if not colon or length not in _LENGTHS_BY_TOKEN or not (sound in ("z", "x") or _read_pitch(sound)):
        return None
    return sound, _LENGTHS_BY_TOKEN[length]
