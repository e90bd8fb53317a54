"""What gives music away, in words: the tells of a two-sample test in the language of a reader, with their numbers.

In: a `TwoSample` and a `Wording`. Out: text. A tell is known by its key: a shape of whole tunes ("range") has a text of
its own, a run of degrees, an interval or a length ("degrees:7-b3") is put together, and what is a measure of pieces is
called as that is. This file tests nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tunewright.measuring.traits import WIDEST
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.numbers import measure_name, written
from tunewright.reports.wording import Wording, format_number, percent

if TYPE_CHECKING:
    from tunewright.measuring.two_sample import Tell, TwoSample

COUNTS = {"notes", "bars", "notes_per_bar", "uneven_bars", "range", "top", "bottom", "level", "interval_size"}
LENGTHS = {"last_length", "fourth_bars"}
BITS = {"degree_entropy", "next_degree_entropy", "interval_entropy", "length_entropy"}
IN_NUMBERS = COUNTS | LENGTHS | BITS  # all other tells of tunes are shares, which people read in percent


def tells(test: TwoSample, wording: Wording) -> list[str]:
    """What gives the music away, strongest first, in words, with its number for it and for real music."""
    return [_tell(tell, wording) for tell in test.tells]


def _tell(tell: Tell, wording: Wording) -> str:
    ours, real = (_NUMBERS[wording.kind](tell.key, value, wording) for value in (tell.ours, tell.real))
    return wording.say(f"style.tell_{tell.direction}", name=tell_name(tell.key, wording), ours=ours, real=real)


def _of_tunes(key: str, value: float, wording: Wording) -> str:
    return format_number(value) if key in IN_NUMBERS else percent(value, wording)


def _of_pieces(key: str, value: float, wording: Wording) -> str:
    return percent(value, wording) if ":" in key or key == "drum_share" else written(key, value, wording)


_NUMBERS: Mapping[str, Callable[[str, float, Wording], str]] = {Tune.kind: _of_tunes, Piece.kind: _of_pieces}


def tell_name(key: str, wording: Wording) -> str:
    """What has the key of a tell.

    >>> tell_name("degrees:7-b3", Wording("en")), tell_name("interval:-13", Wording("en"))
    ('notes on degree 7 before ♭3', 'falls of 13 semitones or more')
    """
    kind, _, what = key.partition(":")
    if kind == "interval":
        return _interval(int(what), wording)
    if kind == "length":
        return wording.say("tell.length", length=what)
    if kind == "chord":
        return wording.say("tell.chord", what=what.replace("-", " "))
    if kind in ("degree", "degrees"):
        first, _, second = what.replace("b", "♭").replace("#", "♯").partition("-")
        return wording.say(f"tell.{kind}", first=first, second=second)
    return wording.say(f"tell.{key}") if wording.knows(f"tell.{key}") else _inside(measure_name(key, wording))


def _interval(semitones: int, wording: Wording) -> str:
    if not semitones:
        return wording.say("tell.interval_same")
    way, size = ("up" if semitones > 0 else "down"), abs(semitones)
    suffix = {1: "_one", WIDEST: "_widest"}.get(size, "")
    return wording.say(f"tell.interval_{way}{suffix}", size=size)


def _inside(name: str) -> str:
    """A name as it stands within a sentence."""
    return name[:1].lower() + name[1:]
