"""The sentences of the reports, in English and Chinese: catalogues in `catalogues/<language>/*.toml`.

In: a language, a dotted key, the values to fill in. Out: text. A key is the path of a TOML table, so that
`[claim.overfitting]` with `fails = "…"` is `claim.overfitting.fails`. This file decides nothing about what is said.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunewright.support.errors import ConfigError
from tunewright.support.signs import without_obeyed

FOLDER = Path(__file__).resolve().parent / "catalogues"
UNDEFINED = "–"

LONGEST_TITLE = 300  # signs on a page; the longest title of a real tune that was seen has 120
NAMED = ("title", "source", "name")  # values of texts that others have written


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one language; ConfigError, naming the known ones, for a language without a catalogue.

    With a kind of music, "tune" or "piece", what is said of that kind comes before what is said of any: `tune.ask.form`
    before `ask.form`.
    """

    language: str = "en"
    kind: str = ""

    def __post_init__(self) -> None:
        if self.language not in languages():
            raise ConfigError(f"unknown language {self.language!r}; known: {', '.join(languages())}")

    def say(self, key: str, /, **values: object) -> str:
        """The text of a key with each `{name}` filled in; numbers as `format_number` writes them, words as they are.

        An unknown key and a missing value are bugs of ours: KeyError.

        >>> Wording("en").say("verdict.holds")
        'holds'
        """
        written = {name: _written(name, value) for name, value in values.items()}
        texts = read_catalogue(self.language)
        return (texts.get(f"{self.kind}.{key}") or texts[key]).format_map(written)

    def knows(self, key: str) -> bool:
        """Whether there is a text for the key."""
        return not read_catalogue(self.language).keys().isdisjoint((f"{self.kind}.{key}", key))


@lru_cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, in alphabetical order."""
    return tuple(sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))


@lru_cache
def read_catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its dotted key; two files may share a table, but no key."""
    texts: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.toml")):
        for key, text in _flat(tomllib.loads(file.read_text(encoding="utf-8"))):
            assert key not in texts, f"{file}: {key} is in two files"
            texts[key] = text
    return texts


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield before + name, value
        else:
            yield from _flat(value, f"{before}{name}.")


def _written(name: str, value: object) -> object:
    if _is_number(value):
        return format_number(value)
    return as_title(value) if name in NAMED and isinstance(value, str) else value


def as_title(text: str) -> str:
    """A title or a name as it stands on a page: what a browser would obey left out, and cut where it is long."""
    text = without_obeyed(text[: 2 * LONGEST_TITLE])
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1]}…"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def format_number(value: object) -> str:
    """A number with about three digits that count, thousands in commas; "–" for NaN.

    >>> format_number(0.51534), format_number(12345), format_number(87.25), format_number(float("nan"))
    ('0.515', '12,345', '87.2', '–')
    """
    if isinstance(value, int):
        return f"{value:,}"
    assert isinstance(value, float), value
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    written = f"{value:,.{digits}f}"
    return (written if float(written.replace(",", "")) else written.lstrip("-")).replace("-", "−")


def percent(share: float, wording: Wording) -> str:
    """A share as people write it: no digits after the point but near 0 and 100; "–" for NaN.

    >>> percent(0.183, Wording("en")), percent(0.0183, Wording("en")), percent(0.997, Wording("en"))
    ('18\xa0%', '1.8\xa0%', '99.7\xa0%')
    """
    if math.isnan(share):
        return format_number(share)
    number = 100 * share
    digits = 1 if 0 < abs(number) < 9.95 or 99 < number < 100 else 0
    return wording.say("scorecard.percent", number=f"{number:.{digits}f}".replace("-", "−"))


# ------------------------------------------------------------------------------------------------ names and times

COLLECTIONS = {
    "oneill": "O'Neill's Music of Ireland",
    "ryan": "Ryan's Mammoth Collection",
    "aird": "Aird's Airs",
    "essen": "the Essen folk songs",
}


def collection_title(name: str, wording: Wording | None = None) -> str:
    """The titles of built-in collections, in English where no wording is given; any other name as it is."""
    parts = name.split(" ")
    known = set(parts) <= set(COLLECTIONS)
    return (wording or Wording()).say("fact.and").join(COLLECTIONS[part] for part in parts) if known else name


def quoted_collection(name: str, wording: Wording) -> str:
    """The same, each title or name marked as one where the language needs it."""
    parts = name.split(" ")
    if not set(parts) <= set(COLLECTIONS):
        return wording.say("scorecard.named", name=name)
    return wording.say("fact.and").join(wording.say("scorecard.collection", title=COLLECTIONS[part]) for part in parts)


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(4.2), duration(200), duration(3660)
    ('4.2 s', '3 min 20 s', '1 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
