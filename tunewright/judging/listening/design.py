"""A blind listening test as a value: what raters get, and the key that says what it was.

In: what `making` put together, or JSON. Out: `BlindTest`. What raters get is `public`: neutral ids and orders. All
else is the key, and stays with who made the test. This file makes no music.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunewright.judging.listening.planning import MOST, MOST_SOURCES, Place, Sheet
from tunewright.judging.listening.questions import QUESTIONS
from tunewright.support.documents import check_shapes, parse_json
from tunewright.support.errors import ConfigError
from tunewright.support.numbers import without_nan

FORMAT = "tunewright listening test"
VERSION = 1
LONGEST_NAME = 200
_SHAPES = {
    "format": str, "version": int, "id": str, "title": str, "kind": str, "questions": [str], "bars": int, "seed": int,
    "language": str, "sources": list, "stimuli": list, "items": list, "sheets": list, "remarks": [str],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """A source that is compared: its name, and whether it is a run, tunes of files, or real ones."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A tune as it is heard, by its neutral id, and what nobody who listens may know of it."""

    id: str
    source: int
    title: str
    abc: str  # whole, as drawn or found
    heard: str  # as it is played, ABC
    meter: str
    key: str
    rhythm: str
    seconds: float
    lufs: float
    measures: Mapping[str, float]  # of what is heard; NaN where one is undefined


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that is asked about: a tune, or two, by their ids."""

    id: str
    stimuli: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlindTest:
    """A test, with its key."""

    id: str
    title: str
    kind: str  # of questions
    questions: tuple[str, ...]
    bars: int
    seed: int
    language: str
    sources: tuple[Compared, ...]
    stimuli: tuple[Stimulus, ...]
    items: tuple[Heard, ...]
    sheets: tuple[Sheet, ...]
    remarks: tuple[str, ...] = ()

    def stimulus(self, known_as: str) -> Stimulus:
        """The tune of an id."""
        return next(one for one in self.stimuli if one.id == known_as)

    def source_of(self, known_as: str) -> int:
        """Which source a tune is from."""
        return self.stimulus(known_as).source

    def order(self, sheet: int) -> list[dict[str, Any]]:
        """What a rater with this sheet hears, one after the other: items, and their tunes in order."""
        order = []
        for place in self.sheets[sheet % len(self.sheets)]:
            item = self.items[place.item]
            order.append({"item": item.id, "tunes": list(item.stimuli[::-1] if place.turned else item.stimuli)})
        return order

    def public(self) -> dict[str, Any]:
        """All that a rater may know: no source, no title of a tune."""
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "questions": list(self.questions),
            "items": len(self.items),
        }

    def described(self) -> dict[str, Any]:
        """The whole test as plain data, with its key."""
        plain: dict[str, Any] = without_nan(
            {
                "format": FORMAT,
                "version": VERSION,
                "id": self.id,
                "title": self.title,
                "kind": self.kind,
                "questions": self.questions,
                "bars": self.bars,
                "seed": self.seed,
                "language": self.language,
                "sources": [[one.name, one.kind] for one in self.sources],
                "stimuli": [{name: getattr(one, name) for name in _STIMULUS} for one in self.stimuli],
                "items": [[one.id, list(one.stimuli)] for one in self.items],
                "sheets": [[[place.item, int(place.turned)] for place in sheet] for sheet in self.sheets],
                "remarks": self.remarks,
            }
        )
        return plain


_STIMULUS: Mapping[str, Any] = {
    "id": str, "source": int, "title": str, "abc": str, "heard": str, "meter": str, "key": str, "rhythm": str,
    "seconds": float, "lufs": float, "measures": {str: float},
}  # fmt: skip


def read_test(text: str | bytes | Mapping[str, Any], where: str) -> BlindTest:
    """A test from JSON; ConfigError, in one line that names `where`, for anything else."""
    try:
        plain = parse_json(text, _SHAPES) if isinstance(text, str | bytes) else text
        check_shapes(plain, _SHAPES)
        return _test(plain)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigError(f"{where}: not the key of a listening test ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]


def _test(plain: Mapping[str, Any]) -> BlindTest:
    if plain["format"] != FORMAT or plain["version"] != VERSION:
        raise ValueError(f"found {plain['format']} {plain['version']}, expected {FORMAT} {VERSION}")
    test = BlindTest(
        plain["id"],
        plain["title"],
        plain["kind"],
        tuple(plain["questions"]),
        plain["bars"],
        plain["seed"],
        plain["language"],
        tuple(Compared(str(name), str(kind)) for name, kind in plain["sources"]),
        tuple(map(_stimulus, plain["stimuli"])),
        tuple(Heard(str(known_as), tuple(map(str, stimuli))) for known_as, stimuli in plain["items"]),
        tuple(tuple(Place(int(item), bool(turned)) for item, turned in sheet) for sheet in plain["sheets"]),
        tuple(plain["remarks"]),
    )
    _check(test)
    return test


def _stimulus(plain: Mapping[str, Any]) -> Stimulus:
    check_shapes(plain, _STIMULUS)
    measures = {name: math.nan if value is None else float(value) for name, value in plain["measures"].items()}
    words = {name: plain[name] for name in _STIMULUS if name not in ("measures", "lufs")}
    lufs = math.nan if plain["lufs"] is None else float(plain["lufs"])
    return Stimulus(**words, lufs=lufs, measures=measures)


def _check(test: BlindTest) -> None:
    """ValueError where the parts of a test do not go together."""
    if test.kind not in QUESTIONS or not test.questions or not set(test.questions) <= set(QUESTIONS[test.kind]):
        raise ValueError(f"questions {test.questions} of a test of {test.kind!r}")
    if not (1 <= len(test.sources) <= MOST_SOURCES and 1 <= len(test.items) <= MOST and test.sheets):
        raise ValueError("too many or too few sources, items or orders")
    if test.seed < 0:
        raise ValueError(f"a seed of {test.seed}")
    known = {one.id for one in test.stimuli}
    named = [known_as for item in test.items for known_as in item.stimuli]
    if (
        len(known) != len(test.stimuli)
        or not set(named) <= known
        or len({one.id for one in test.items}) != len(test.items)
    ):
        raise ValueError("ids that are there twice, or of no tune")
    if any(len(item.stimuli) != (1 if test.kind != "pairs" else 2) for item in test.items):
        raise ValueError("items of another number of tunes than their kind has")
    if not all(0 <= one.source < len(test.sources) for one in test.stimuli):
        raise ValueError("a tune of no source")
    places = set(range(len(test.items)))
    if any({place.item for place in sheet} != places or len(sheet) != len(places) for sheet in test.sheets):
        raise ValueError("an order that is not one of all items")
