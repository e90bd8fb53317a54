"""Tunes and pieces as plain lists of numbers and text, and back: for files (`cache`) and other processes (`files`).

In: music, one after another. Out: lists that JSON and pickle hold well; of tunes each with the elements that were not
seen before, since an element that was is a number. Back: the same music, in which equal elements, repairs and keys are
one object, so that a tune takes a few kilobytes. What was counted of a tune (its fingerprint, whether it is irregular)
comes along. This file reads and writes no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain, starmap
from typing import Any, Protocol, TypeVar

from tunewright.music import piece as pieces
from tunewright.music.kinds import Music
from tunewright.music.piece import KeyAt, MeterAt, Piece, PieceNote, TempoAt
from tunewright.music.playing import fingerprint, remember_fingerprint
from tunewright.music.tune import (
    Bar,
    ChordSymbol,
    Element,
    Ending,
    Inference,
    Key,
    KeyChange,
    Meter,
    MeterChange,
    Note,
    Part,
    Pitch,
    Repair,
    Rest,
    Tempo,
    Tune,
    Tuplet,
)

_PLAIN = {kind.__name__: kind for kind in (Bar, ChordSymbol, Part, Tuplet)}

Packed = list[Any]
T = TypeVar("T")
M_in = TypeVar("M_in", bound=Music, contravariant=True)
M_out = TypeVar("M_out", bound=Music, covariant=True)


class Packer(Protocol[M_in]):
    """Packs music one after another; what it packs has to be unpacked in the same order, by one `Unpacker`."""

    def pack(self, music: M_in, /) -> Packed:
        """A tune or piece as a list."""


class Unpacker(Protocol[M_out]):
    """Unpacks what one `Packer` packed."""

    def unpack(self, packed: Packed, /) -> M_out:
        """The music; raises ValueError, KeyError, TypeError or IndexError for what is no packed music."""


class _Known:
    """What was unpacked so far; it may be shared by several, so that what is equal is one object."""

    def __init__(self, known: dict[Any, Any] | None = None) -> None:
        self._known = {} if known is None else known

    def _one(self, value: T) -> T:
        """The value itself, or an equal one that is there already."""
        one: T = self._known.setdefault(value, value)
        return one

    def _repairs(self, items: Iterable[Sequence[Any]]) -> tuple[Repair, ...]:
        return tuple(self._one(Repair(*item)) for item in items)

    def _inferred(self, items: Iterable[Sequence[Any]]) -> tuple[Inference, ...]:
        return tuple(self._one(Inference(*item)) for item in items)


# ---------------------------------------------------------------------------------------------------- tunes


class TunePacker:
    """Packs tunes one after another; what it packs has to be unpacked in the same order, by one `Unpacker`."""

    def __init__(self) -> None:
        self._numbers: dict[Element, int] = {}
        # by id, of the keys above alone: they stay, so their ids are theirs; hashing a note takes ten times as long
        self._by_id: dict[int, int] = {}

    def pack(self, tune: Tune) -> Packed:
        """The number of its first new element, the new elements, the tune."""
        numbers, by_id = self._numbers, self._by_id
        first, music = len(numbers), list[int]()
        new: list[list[Any]] = []
        for element in tune.music:
            number = by_id.get(id(element))
            if number is None:
                number = numbers.setdefault(element, len(numbers))
                if number == first + len(new):
                    by_id[id(element)] = number
                    new.append(_pack_element(element))
            music.append(number)
        return [first, new, _pack_tune(tune, music)]


class TuneUnpacker(_Known):
    """Unpacks what one `TunePacker` packed."""

    def __init__(self, known: dict[Any, Any] | None = None) -> None:
        super().__init__(known)
        self._elements: list[Element] = []

    def unpack(self, packed: Packed) -> Tune:
        """The tune; raises ValueError, KeyError, TypeError or IndexError for what is no packed tune."""
        first, new, item = packed
        self._elements[first:] = [self._one(_unpack_element(element)) for element in new]
        return self._unpack_tune(item)

    def _unpack_tune(self, item: list[Any]) -> Tune:
        music, key, meter, header, performed, fields, lines, repairs, left_out, inferred, counted = item
        rhythm, parts, unit, title, number, text, source = header
        tempos, lyrics, sounding, annotations = performed
        elements, one = self._elements, self._one
        tune = Tune(
            tuple([elements[place] for place in music]),
            _unpack_key(key) if key[3:] else one(_unpack_key(key)),  # one that is not drawn equals one that is
            one(_unpack_meter(meter)),
            one(rhythm),
            one(parts),
            tempos=tuple((place, one(Tempo(_fraction(beat), _fraction(rate)))) for place, beat, rate in tempos),
            lyrics=tuple(map(tuple, lyrics)),
            annotations=tuple((place, one(text)) for place, text in annotations),
            sounding=sounding,
            unit=one(_fraction(unit)),
            title=title,
            number=number,
            fields=tuple(one((letter, value)) for letter, value in fields),
            text=text,
            source=source,
            lines=tuple(lines),
            repairs=self._repairs(repairs),
            left_out=tuple(one((name, count)) for name, count in left_out),
            inferred=self._inferred(inferred),
        )
        remember_fingerprint(tune, counted[0])
        object.__setattr__(tune, "irregular", counted[1])  # a cached property of a frozen value, filled in
        return tune


def _pack_tune(tune: Tune, music: list[int]) -> list[Any]:
    return [
        music,
        _pack_key(tune.key),
        _pack_meter(tune.meter),
        [tune.rhythm, tune.parts, str(tune.unit), tune.title, tune.number, tune.text, tune.source],
        [_pack_tempos(tune.tempos), list(map(list, tune.lyrics)), tune.sounding, list(map(list, tune.annotations))],
        [list(item) for item in tune.fields],
        list(tune.lines),
        _pack_repairs(tune.repairs),
        [list(item) for item in tune.left_out],
        _pack_inferred(tune.inferred),
        [fingerprint(tune), tune.irregular],
    ]


def _pack_tempos(tempos: Sequence[tuple[int, Tempo]]) -> Packed:
    return [[place, str(tempo.beat), str(tempo.per_minute)] for place, tempo in tempos]


def _pack_repairs(repairs: Sequence[Repair]) -> Packed:
    return [[repair.what, repair.line, repair.bar, repair.detail] for repair in repairs]


def _pack_inferred(inferred: Sequence[Inference]) -> Packed:
    return [[inference.what, inference.value, inference.confidence] for inference in inferred]


# ---------------------------------------------------------------------------------------------------- pieces


class PiecePacker:
    """Packs pieces; each by itself."""

    def pack(self, piece: Piece) -> Packed:
        """Its parts, with four numbers for each note, and what else it holds."""
        return [
            [[list(chain.from_iterable(part.notes)), part.program, part.drums, part.name] for part in piece.parts],
            [list(map(list, changes)) for changes in (piece.meters, piece.keys, piece.tempos)],
            [piece.title, piece.source],
            _pack_repairs(piece.repairs),
            _pack_inferred(piece.inferred),
            [list(item) for item in piece.left_out],
        ]


class PieceUnpacker(_Known):
    """Unpacks what any `PiecePacker` packed."""

    def unpack(self, packed: Packed) -> Piece:
        """The piece; raises ValueError, TypeError or IndexError for what is no packed piece."""
        parts, (meters, keys, tempos), (title, source), repairs, inferred, left_out = packed
        return Piece(
            tuple(pieces.Part(_unpack_notes(notes), program, drums, name) for notes, program, drums, name in parts),
            tuple(self._one(MeterAt(*item)) for item in meters),
            tuple(self._one(KeyAt(*item)) for item in keys),
            tuple(self._one(TempoAt(*item)) for item in tempos),
            title,
            source,
            self._repairs(repairs),
            self._inferred(inferred),
            tuple(self._one((name, count)) for name, count in left_out),
        )


def _unpack_notes(numbers: Sequence[int]) -> tuple[PieceNote, ...]:
    """The notes, of each its onset, end, number and velocity."""
    return tuple(starmap(PieceNote, zip(*(numbers[place::4] for place in range(4)), strict=True)))


# ---------------------------------------------------------------------------------------------------- elements


def _pack_element(element: Element) -> list[Any]:
    name = type(element).__name__
    if isinstance(element, Note):
        pitches = [_pack_pitches(element.pitches), _pack_pitches(element.grace)]
        slurs = [element.slurs_opened, element.slurs_closed]
        packed = [name, *pitches, str(element.length), element.tied, *slurs, list(element.decorations)]
        return [*packed, _pack_pitches(element.held)] if element.held else packed
    if isinstance(element, Rest):
        return [name, str(element.length), element.visible]
    if isinstance(element, KeyChange):
        return [name, _pack_key(element.key)]
    if isinstance(element, MeterChange):
        return [name, _pack_meter(element.meter)]
    if isinstance(element, Ending):
        return [name, list(element.numbers)]
    if isinstance(element, Tuplet):
        return [name, element.p, element.q, element.r]
    if isinstance(element, Bar):
        return [name, element.line]
    return [name, element.text if isinstance(element, ChordSymbol) else element.label]


def _unpack_element(item: list[Any]) -> Element:
    name, *values = item
    if name == "Note":
        pitches, grace, length, tied, opened, closed, decorations, *held = values
        music = _unpack_pitches(pitches), _fraction(length), tied, _unpack_pitches(grace)
        return Note(*music, opened, closed, tuple(decorations), _unpack_pitches(held[0]) if held else ())
    if name == "Rest":
        return Rest(_fraction(values[0]), values[1])
    if name == "KeyChange":
        return KeyChange(_unpack_key(values[0]))
    if name == "MeterChange":
        return MeterChange(_unpack_meter(values[0]))
    if name == "Ending":
        return Ending(tuple(values[0]))
    element: Element = _PLAIN[name](*values)
    return element


def _fraction(written: str) -> Fraction:
    """A length; ValueError for what `str` does not write of one: an exponent would be worked out digit by digit."""
    above, _, below = written.partition("/")
    return Fraction(int(above), int(below or 1))


def _pack_pitches(pitches: Sequence[Pitch]) -> list[list[Any]]:
    return [[pitch.step, pitch.alter, pitch.octave] for pitch in pitches]


def _unpack_pitches(items: list[list[Any]]) -> tuple[Pitch, ...]:
    return tuple(Pitch(*item) for item in items)


def _pack_key(key: Key) -> list[Any]:
    packed = [key.tonic, key.mode, [list(item) for item in key.accidentals]]
    return packed if key.drawn else [*packed, False]


def _unpack_key(item: list[Any]) -> Key:
    return Key(item[0], item[1], tuple((step, alter) for step, alter in item[2]), *item[3:])


def _pack_meter(meter: Meter) -> list[Any]:
    return [meter.numerator, meter.denominator, meter.symbol, list(meter.groups)]


def _unpack_meter(item: list[Any]) -> Meter:
    return Meter(item[0], item[1], item[2], tuple(item[3]))
