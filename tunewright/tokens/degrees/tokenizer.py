"""Tunes as musical tokens: a note is one token, its pitch a degree of the scale; form stands before music.

In: `Tune`s. Out: lists of ids, and back: `decode(encode(tune)) == tune`, or a `TokenError` that says what the tokens
do not cover. A note is a degree, an octave and an alteration against the signature, so that a tune is the same ids in
every key but for its header; the header says rhythm, metre, mode, tonic, the octave of the tonic and the form. Notes
that training tunes have often are one token each, with their length; any other is spelled as a length and a pitch
(benchmarks/tokens.py compares other spellings).


This file knows no model. What may follow what is `grammar`'s; the tokens are `vocabulary`'s, context features
`context`'s.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np

from tunewright.formats.abc.fields import default_unit, parse_meter
from tunewright.music.beats import Onset
from tunewright.music.form import form_of
from tunewright.music.kinds import Music
from tunewright.music.rhythms import RHYTHMS, told_rhythm
from tunewright.music.tune import Bar, ChordSymbol, Element, Ending, Key, Note, Part, Tune
from tunewright.support.documents import parse_json
from tunewright.support.errors import TokenError
from tunewright.tokens.contract import Passage, Rows, decoded_ids, encode_passages, framed
from tunewright.tokens.degrees.augmentation import ToldTunes
from tunewright.tokens.degrees.context import Reader, read_rows
from tunewright.tokens.degrees.features import ContextFeatures
from tunewright.tokens.degrees.parsing import TokenReading
from tunewright.tokens.degrees.scale import home_octave
from tunewright.tokens.degrees.spelling import spell, spell_sign
from tunewright.tokens.degrees.vocabulary import BODY, NO_FORM, SPELLED, DegreeVocabulary, section_token
from tunewright.tokens.settings import TokenSettings

OFTEN = 3  # times that training tunes have a note or rest of some length for it to be one token

_LATER = ("phrase_plan", "last_notes")  # what earlier tokenizers did not have, and do not say
_STORED = {"kind": str, "graces": bool, "chords": bool, "told_rhythms": bool, "notes": [str], "vocab": [str]}


@dataclass(frozen=True)
class DegreeTokenizer(DegreeVocabulary):
    """Musical tokens, fitted on training tunes."""

    kind = "degrees"
    of: ClassVar[type[Music]] = Tune
    unit: ClassVar[str] = "token"
    text = "canonical"
    never = ()

    @property
    def direct(self) -> int:
        """How many of the first context features say what may follow."""
        return self.features.direct

    @classmethod
    def fit(
        cls,
        tunes: Iterable[Tune],
        *,
        graces: bool = True,
        chords: bool = True,
        told_rhythms: bool = False,
        phrase_plan: bool = False,
        last_notes: bool = False,
    ) -> DegreeTokenizer:
        """The tokenizer whose `notes` are those that these tunes have at least `OFTEN` times; others do not count."""
        plain = cls(graces=graces, chords=chords, told_rhythms=told_rhythms)
        counts: Counter[str] = Counter()
        for tune in tunes:
            with contextlib.suppress(TokenError):  # counted where they are encoded
                counts.update(_notes_in(plain, plain.encode(tune)))
        notes = sorted(note for note, count in counts.items() if count >= OFTEN)
        return replace(plain, notes=tuple(notes), phrase_plan=phrase_plan, last_notes=last_notes)

    @classmethod
    def from_settings(cls, settings: TokenSettings, tunes: Sequence[Tune]) -> DegreeTokenizer:
        """The tokenizer that settings ask for, fitted on training tunes, each rhythm by its one name."""
        kept = {"graces": settings.grace_notes, "chords": settings.chord_symbols}
        told = {"phrase_plan": settings.phrase_plan, "last_notes": settings.last_notes}
        return cls.fit(tunes, **kept, **told, told_rhythms=True)

    # -------------------------------------------------------------------------------------------- tune -> ids

    def encode(self, tune: Tune) -> list[int]:
        """The ids of a tune, without end; TokenError, saying why, for a tune that these tokens do not cover."""
        return self._encode(self.prepared(tune))

    def _encode(self, tune: Tune) -> list[int]:
        ids = self.encode_without_plan(tune)
        return self._with_plan(ids) if self.phrase_plan else ids

    def encode_without_plan(self, tune: Tune) -> list[int]:
        """The ids of a tune that is `prepared`, without its phrase plan."""
        return [*self.encode_header(tune), *self.encode_form(tune), self.ids[BODY], *self.encode_music(tune)]

    def _with_plan(self, ids: Sequence[int]) -> list[int]:
        """The ids with what each measure is before it."""
        reader, places = Reader(self.features), dict[Onset, int]()
        returning = reader.returning
        assert returning is not None
        for place, number in enumerate((*ids, self.END)):
            known = len(returning.measures)
            between = returning.start is None
            reader.read(number)
            if between and returning.start is not None:
                begun = place
            if len(returning.measures) > known:
                places[next(reversed(returning.measures))] = begun
        said = {place: returning.told(start) for start, place in places.items()}
        by_return = {one: number for number, one in self.returns.items()}
        planned: list[int] = []
        for place, number in enumerate(ids):
            planned += [by_return[said[place]]] if place in said else []
            planned.append(number)
        return planned

    def prepared(self, tune: Tune) -> Tune:
        """The tune as these tokens have it: once through, without what is left out, its rhythm by its one name."""
        music = tuple(self._kept(element) for element in tune.music if self.chords or type(element) is not ChordSymbol)
        tune = tune if music == tune.music else tune.with_music(music)
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
        said = [section_token(section) for section in form.sections] if form else [NO_FORM]
        return self._ids([f"home:{home_octave(tune)}", *said])

    def encode_music(self, tune: Tune, start: int = 0, stop: int | None = None, home: int | None = None) -> list[int]:
        """The ids of `tune.music[start:stop]`, offsets counted from the tonic in octave `home`, or its own."""
        home = home_octave(tune) if home is None else home
        return self._ids(spell(tune.music[start:stop], tune.key, home, self._one_token))

    def encode_signs(self, signs: Iterable[Bar | Ending]) -> list[int]:
        """The ids of bar lines and endings."""
        return self._ids(token for sign in signs for token in spell_sign(sign, Key()))

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
        reading = TokenReading([self.vocab[number] for number in decoded_ids(ids, self) if number not in self.returns])
        rhythm = reading.rhythm()
        meter = parse_meter(reading.value("M:"))[0]
        mode, tonic = reading.value("mode:"), reading.value("tonic:")
        key, home = Key(tonic, mode), int(reading.value("home:"))
        reading.form()
        music = reading.music(key, home)
        return Tune(tuple(music), key=key, meter=meter, rhythm=rhythm, unit=default_unit(meter))

    # -------------------------------------------------------------------------------------------- as a model reads it

    @cached_property
    def features(self) -> ContextFeatures:
        """The context features of these tokens."""
        return ContextFeatures(self)

    @property
    def context_sizes(self) -> tuple[int, ...]:
        """How many values each context feature has."""
        return self.features.sizes

    def reader(self) -> Reader:
        """A reader at the beginning of a tune."""
        return Reader(self.features)

    def context(self, ids: Sequence[int]) -> Rows:
        """The row (T, 1 + K) of every id, read from the beginning."""
        return np.array(read_rows(self.features, ids), np.int16)

    def passage(self, tune: Tune) -> Passage:
        """The tune as scored: rhythm, metre, mode and tonic are given, what follows is its body."""
        prepared = self.prepared(tune)
        ids = framed(self, self._encode(prepared))
        return Passage(ids, 1 + len(self.encode_header(prepared)), len(tune.notes), self.context(ids))

    def repertoire(self, tunes: Sequence[Tune], settings: TokenSettings, refused: Counter[str]) -> ToldTunes:
        """The tunes in a new order each time through, a share of them with notes to come told."""
        return ToldTunes(self.features, encode_passages(self, tunes, refused), settings.told_share)

    def note_bits(self, tune: Tune, passage: Passage, bits: Sequence[float]) -> list[float]:
        """Bits of each note: one token, or a length and a pitch, with its tie and the tuplet before it.

        Grace notes, which stand in brackets, have none.
        """
        tie, opens, closes = self.ids["-"], self.ids.get("{"), self.ids.get("}")
        notes: list[float] = []
        before, grace = 0.0, False  # the tuplet and the length that the next note or rest has
        for number, one in zip(passage.ids[passage.body :], bits[passage.body :], strict=True):
            grace = number == opens or (grace and number != closes)
            sound = self.timed[number][1] if number in self.timed else number
            if number in self.tuplets or number in self.lengths:
                before += one
            elif number == tie:
                notes[-1] += one
            elif sound in self.rests:
                before = 0.0
            elif sound in self.pitches and not grace:
                notes.append(before + one)
                before = 0.0
        return notes

    # -------------------------------------------------------------------------------------------- keeping

    def to_json(self) -> str:
        """The tokenizer as JSON, which `from_json` reads back."""
        about = {"graces": self.graces, "chords": self.chords, "told_rhythms": self.told_rhythms}
        about |= {name: True for name in _LATER if getattr(self, name)}
        stored = {"kind": "degrees", **about, "notes": self.notes, "vocab": self.vocab}
        return json.dumps(stored, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> DegreeTokenizer:
        """The tokenizer written by `to_json`; TokenError for anything else, and for another vocabulary."""
        try:
            stored = parse_json(text, _STORED)
            about = {name: bool(stored[name]) for name in ("graces", "chords", "told_rhythms")}
            about |= {name: stored.get(name) is True for name in _LATER}
            tokenizer = cls(tuple(map(str, stored["notes"])), **about)
        except (ValueError, KeyError, TypeError):
            raise TokenError("not a degree tokenizer; expected what to_json wrote") from None
        if stored.get("kind") != cls.kind or tuple(stored.get("vocab", ())) != tokenizer.vocab:
            raise TokenError("a degree tokenizer with the vocabulary of another version")
        return tokenizer


def _once_through(tune: Tune) -> Tune:
    """The tune without an order of parts that only says how often its one part is played: P:A3."""
    named = [element for element in tune.music if isinstance(element, Part)]
    if not re.fullmatch(r"([A-Z])\1*\d*", tune.parts) or len(named) > 1:
        return tune
    music = tuple(element for element in tune.music if not isinstance(element, Part))
    return replace(tune.with_music(music), parts="")


def _notes_in(tokenizer: DegreeTokenizer, ids: Sequence[int]) -> Iterator[str]:
    """The notes and rests, each as one token would be."""
    for first, second in pairwise(ids):
        if first in tokenizer.lengths:
            yield f"{tokenizer.vocab[second]}:{tokenizer.vocab[first]}"
