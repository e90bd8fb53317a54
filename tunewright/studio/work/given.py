"""Tunes that are given to be drawn from: to be redrawn in part, varied, gone on from, to be like.

In: ABC, the numbers of bars. Out: tunes as the tokens take them, stretches of bars, a start; or a ConfigError that says
what cannot be had. This file draws nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.elements import Bar, Element, KeyChange, MeterChange, Note
from tunewright.music.rhythms import RHYTHMS, told_rhythm
from tunewright.music.tune import Measure, Tune
from tunewright.support.errors import ConfigError

DRAWN = "seed "  # how the note begins with which a tune says how it was drawn
VARIED = ", varied"
HEADER = "KLM"  # the fields that what a tune begins with needs


def read_given(abc: str) -> Tune:
    """The first tune of a text, without what it says of how it was drawn, which the next one says anew."""
    tunes = parse_abc(abc)
    if not tunes or not tunes[0].notes:
        raise ConfigError("the tune that was given has no notes; expected one with notes")
    kept = tuple((name, value) for name, value in tunes[0].fields if name != "N" or not value.startswith(DRAWN))
    return replace(tunes[0], fields=kept, title=tunes[0].title.removesuffix(VARIED))


def spans(tune: Tune, locked: Collection[int]) -> list[tuple[int, int]]:
    """The stretches of bars that are not locked, first and last; ConfigError where there are none or no such bars."""
    numbers = [measure.number for measure in tune.measures]
    if unknown := sorted(set(locked) - set(numbers)):
        raise ConfigError(f"bar {unknown[0]} was to stay; the tune has bars {numbers[0]} to {numbers[-1]}")
    found: list[tuple[int, int]] = []
    for number in numbers:
        if number in locked:
            continue
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    if not found:
        raise ConfigError(
            "every bar is to stay, so nothing is left to draw; expected one bar at least that is not locked"
        )
    return found


def start_to(tune: Tune, bar: int) -> str:
    """The ABC of a tune up to this bar, with the header fields that it needs; ConfigError without such a bar."""
    measure = _measure(tune, bar)
    music = tune.music[: measure.stop]
    if any(isinstance(element, KeyChange | MeterChange) for element in music):
        raise ConfigError(f"key or metre change before the end of bar {bar}; expected a stretch in one key and metre")
    closing = measure.closing
    line = "||" if closing is None or closing.line == "|]" else closing.line
    text = format_abc(replace(tune.with_music((*music, Bar(line))), title=""))
    lines = text.strip().split("\n")
    return "\n".join(one for one in lines if one[1:2] != ":" or not one[:1].isalpha() or one[0] in HEADER)


def _measure(tune: Tune, bar: int) -> Measure:
    found = next((measure for measure in tune.measures if measure.number == bar), None)
    if found is None:
        last = tune.measures[-1].number if tune.measures else 0
        raise ConfigError(f"bar {bar} was to be gone on from; the tune has bars {tune.measures[0].number} to {last}")
    return found


def known_rhythm_of(tune: Tune) -> str:
    """The rhythm of a tune, where one may ask for it in its metre; else ""."""
    told = told_rhythm(tune)
    return told if told in RHYTHMS and str(tune.meter) in RHYTHMS[told].meters else ""


def notes_to(tune: Tune, bar: int) -> tuple[Note, ...]:
    """The notes up to the end of this bar."""
    return notes_of(tune.music[: _measure(tune, bar).stop])


def notes_of(music: Sequence[Element]) -> tuple[Note, ...]:
    """The notes of some elements."""
    return tuple(element for element in music if isinstance(element, Note))


def told_spans(stretches: Sequence[tuple[int, int]]) -> str:
    """Stretches of bars in words: "bars 3-3, 5-8 anew"."""
    return f"bars {', '.join(f'{first}-{last}' for first, last in stretches)} anew"
