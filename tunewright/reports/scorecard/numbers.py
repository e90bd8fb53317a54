"""Numbers and names on a scorecard in words: what measures are called, and how their values are written.

In: names and values, and a `Wording` of one kind of music. Out: text as people write it, in the language of the
wording. Which measures a kind of music has stands in `TOLD`. This file measures nothing, and judges nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.measuring.pieces.table import OF_PIECE, PIECE_FAMILIES, PIECE_MEASURES, PieceMeasure
from tunewright.measuring.table import FAMILIES, MEASURES, Measure
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.wording import UNDEFINED, Wording, format_number, percent

PERCENT = ("share", "match", "likeness", "overlap")  # units that people read in percent
KINDS = {"fits": "instrument", "overlap": "feature", "divergence": "feature"}
"""Measures that are taken of several things: the beginnings of their names, and the table that has words for these."""


def _short(value: float) -> str:
    """About three digits, two after the point at most.

    >>> _short(0.5), _short(12.34)
    ('0.50', '12.3')
    """
    number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return number.replace("-", "−")


def length(notes: float) -> str:
    """A length in notes, a median perhaps between two; "–" for NaN."""
    return UNDEFINED if math.isnan(notes) else f"{notes:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one kind of music, and how its numbers are written."""

    measures: Mapping[str, Measure | PieceMeasure]
    families: Mapping[str, str]  # of measures, in the order of the page
    of_one: tuple[str, ...]  # the measures that one tune or piece has
    own: tuple[str, ...]  # what each has besides: what it shares, and how surprising it is
    number: Callable[[float], str]
    otherwise: Mapping[str, Callable[[float], str]] = field(default_factory=dict)  # names written in a way of their own


TOLD: Mapping[str, Told] = {
    Tune.kind: Told(
        MEASURES,
        FAMILIES,
        tuple(name for name, measure in MEASURES.items() if measure.of_tune),
        ("longest", "surprise"),
        _short,
        {"longest": length, "surprise": format_number},
    ),
    Piece.kind: Told(PIECE_MEASURES, PIECE_FAMILIES, tuple(OF_PIECE), ("longest", "beats", "surprise"), format_number),
}


# ------------------------------------------------------------------------------------------------ in words


def hundredth(percentile: float) -> str:
    """A percentile as a whole number out of 100 that says neither none nor all where that is not so.

    >>> hundredth(99.8), hundredth(100.0), hundredth(0.2), hundredth(61.7)
    ('99', '100', '1', '62')
    """
    if math.isnan(percentile):
        return format_number(percentile)
    whole = round(percentile)
    if whole == 0 < percentile:
        return "1"
    return "99" if percentile < 100 == whole else str(whole)


def written(name: str, value: float, wording: Wording) -> str:
    """A value of a measure with its unit; `name` may be a unit too."""
    told = TOLD[wording.kind]
    unit = unit_of(name, wording)
    if name in told.otherwise:
        return told.otherwise[name](value)
    if unit in PERCENT or math.isnan(value):
        return percent(value, wording)
    number = told.number(float(value))
    number = number.rstrip("0").rstrip(".") if "." in number and value == round(value) else number
    key = f"unit.{unit}"
    return wording.say(key, number=number) if wording.knows(key) else number


def unit_of(name: str, wording: Wording) -> str:
    """The unit of a measure; any other name stands for itself."""
    measures = TOLD[wording.kind].measures
    return measures[name].unit if name in measures else name


def beside(name: str, value: Any, wording: Wording) -> dict[str, str]:
    """A value and that of real music, as the sentences name them."""
    return {"value": written(name, value.value, wording), "real": written(name, value.real, wording)}


def measure_name(name: str, wording: Wording) -> str:
    """What a measure is called."""
    return said_of(name, "measure.{}", wording)


def said_of(name: str, key: str, wording: Wording, **values: object) -> str:
    """The text of a measure's own key, or else of its kind's with the word for what it is taken of filled in."""
    if wording.knows(key.format(name)):
        return wording.say(key.format(name), **values)
    kind, _, of = name.partition("_")
    word = KINDS[kind]
    return wording.say(key.format(kind), **values, **{word: wording.say(f"{word}.{of}")})


def counted(number: int, noun: str, wording: Wording) -> str:
    """So many of something: "1 tune", "2,009 tunes"; the nouns are those of the table `count`."""
    return wording.say(f"count.{noun}_one" if number == 1 else f"count.{noun}", number=number)


def joined(sentences: Iterable[str], wording: Wording) -> str:
    """Sentences one after the other, as the language sets them; empty ones left out."""
    parts = filter(None, sentences)
    return reduce(
        lambda before, after: wording.say("scorecard.next", before=before, after=after), parts, next(parts, "")
    )


# ------------------------------------------------------------------------------------------------ of each one


def number_of(one: Certificate[Any], name: str) -> float:
    """A number of one tune or piece: a measure, the longest passage that it shares, or the bits per note of the run."""
    if name == "surprise":
        return one.bits_per_note
    if name in ("longest", "beats"):
        shared = one.shared
        if shared is None or not shared.comparable:
            return math.nan
        return float(shared.line.length if name == "longest" else shared.beats.length)
    return one.measures.get(name, math.nan)


def numbers_of(some: Iterable[Certificate[Any]], name: str) -> Iterator[tuple[int, float]]:
    """The same of each of some, by its place among them; without those that have none."""
    return ((place, value) for place, one in enumerate(some) if not math.isnan(value := number_of(one, name)))


def by_family(card: Scorecard[Any]) -> dict[str, tuple[str, ...]]:
    """The names of all that each may have, by family; "tunes" are those that are no measures."""
    told = TOLD[card.kind]
    return {"tunes": told.own} | {
        family: tuple(name for name in told.of_one if told.measures[name].family == family) for family in told.families
    }
