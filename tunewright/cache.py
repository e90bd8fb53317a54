"""Tunes kept between runs, so that a collection is read and compared once.

In: a key (a hash of everything that the result depends on) and plain data with tunes in it. Out: the same, back.
JSON, no pickle: elements stand once in a table, and each tune is a list of places in it. A cache that cannot be
read or written costs time, never a result. The folder is the user's cache folder, or `TUNEWRIGHT_CACHE`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from tunewright.errors import OutputError
from tunewright.files import replace_file
from tunewright.tune import (
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
    Tune,
    Tuplet,
)

MOST_FILES = 20  # the oldest go first
_PLAIN = {kind.__name__: kind for kind in (Bar, ChordSymbol, Part, Tuplet)}


def cache_folder() -> Path:
    """Where caches live."""
    return Path(os.environ.get("TUNEWRIGHT_CACHE") or platformdirs.user_cache_path("tunewright"))


@cache
def code_fingerprint(*places: Path) -> str:
    """A hash of the Python code in files and folders: a cache made by other code is not ours."""
    digest = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def load_cache(key: str) -> dict[str, Any] | None:
    """What was saved under a key, its "tunes" as `Tune`s; None where there is nothing whole."""
    path = cache_folder() / f"{key}.json"
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        data["tunes"] = _decode_tunes(data["tunes"], [_decode_element(item) for item in data.pop("elements")])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None  # not there, or cut short: it is read anew
    return data


def save_cache(key: str, data: dict[str, Any], tunes: Sequence[Tune]) -> str:
    """Keep data and tunes under a key. Returns "" or, where that cannot be done, the reason."""
    table: dict[Element, int] = {}
    encoded = [_encode_tune(tune, table) for tune in tunes]
    content = {**data, "elements": [_encode_element(element) for element in table], "tunes": encoded}
    try:
        replace_file(cache_folder() / f"{key}.json", json.dumps(content, separators=(",", ":")).encode())
        _drop_oldest()
    except (OutputError, OSError) as error:
        return f"not kept for the next time: {error}"
    return ""


def _drop_oldest() -> None:
    files = sorted(cache_folder().glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in files[:-MOST_FILES]:
        path.unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------------- elements


def _encode_element(element: Element) -> list[Any]:
    name = type(element).__name__
    if isinstance(element, Note):
        pitches = [_encode_pitches(element.pitches), _encode_pitches(element.grace)]
        slurs = [element.slurs_opened, element.slurs_closed]
        return [name, *pitches, str(element.length), element.tied, *slurs, list(element.decorations)]
    if isinstance(element, Rest):
        return [name, str(element.length), element.visible]
    if isinstance(element, KeyChange):
        return [name, _encode_key(element.key)]
    if isinstance(element, MeterChange):
        return [name, _encode_meter(element.meter)]
    if isinstance(element, Ending):
        return [name, list(element.numbers)]
    if isinstance(element, Tuplet):
        return [name, element.p, element.q, element.r]
    if isinstance(element, Bar):
        return [name, element.line]
    return [name, element.text if isinstance(element, ChordSymbol) else element.label]


def _decode_element(item: list[Any]) -> Element:
    name, *values = item
    if name == "Note":
        pitches, grace, length, tied, opened, closed, decorations = values
        music = _decode_pitches(pitches), Fraction(length), tied, _decode_pitches(grace)
        return Note(*music, opened, closed, tuple(decorations))
    if name == "Rest":
        return Rest(Fraction(values[0]), values[1])
    if name == "KeyChange":
        return KeyChange(_decode_key(values[0]))
    if name == "MeterChange":
        return MeterChange(_decode_meter(values[0]))
    if name == "Ending":
        return Ending(tuple(values[0]))
    element: Element = _PLAIN[name](*values)
    return element


def _encode_pitches(pitches: Sequence[Pitch]) -> list[list[Any]]:
    return [[pitch.step, pitch.alter, pitch.octave] for pitch in pitches]


def _decode_pitches(items: list[list[Any]]) -> tuple[Pitch, ...]:
    return tuple(Pitch(*item) for item in items)


def _encode_key(key: Key) -> list[Any]:
    return [key.tonic, key.mode, [list(item) for item in key.accidentals]]


def _decode_key(item: list[Any]) -> Key:
    return Key(item[0], item[1], tuple((step, alter) for step, alter in item[2]))


def _encode_meter(meter: Meter) -> list[Any]:
    return [meter.numerator, meter.denominator, meter.symbol, list(meter.groups)]


def _decode_meter(item: list[Any]) -> Meter:
    return Meter(item[0], item[1], item[2], tuple(item[3]))


# ---------------------------------------------------------------------------------------------------- tunes


def _encode_tune(tune: Tune, table: dict[Element, int]) -> list[Any]:
    return [
        [table.setdefault(element, len(table)) for element in tune.music],
        _encode_key(tune.key),
        _encode_meter(tune.meter),
        [tune.rhythm, tune.parts, str(tune.unit), tune.title, tune.number, tune.text, tune.source],
        [list(item) for item in tune.fields],
        list(tune.lines),
        [[repair.what, repair.line, repair.bar, repair.detail] for repair in tune.repairs],
        [list(item) for item in tune.left_out],
        [[inference.what, inference.value, inference.confidence] for inference in tune.inferred],
    ]


def _decode_tunes(items: list[list[Any]], elements: Sequence[Element]) -> tuple[Tune, ...]:
    return tuple(_decode_tune(item, elements) for item in items)


def _decode_tune(item: list[Any], elements: Sequence[Element]) -> Tune:
    music, key, meter, header, fields, lines, repairs, left_out, inferred = item
    rhythm, parts, unit, title, number, text, source = header
    return Tune(
        tuple(elements[place] for place in music),
        _decode_key(key),
        _decode_meter(meter),
        rhythm,
        parts,
        unit=Fraction(unit),
        title=title,
        number=number,
        fields=tuple((letter, value) for letter, value in fields),
        text=text,
        source=source,
        lines=tuple(lines),
        repairs=tuple(Repair(*repair) for repair in repairs),
        left_out=tuple((name, count) for name, count in left_out),
        inferred=tuple(Inference(*inference) for inference in inferred),
    )
