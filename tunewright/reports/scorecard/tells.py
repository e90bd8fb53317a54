"""What gives tunes away, in words: the tells of a two-sample test in the language of a reader, with their numbers.

In: a `TwoSample` and a `Wording`. Out: text. A tell is known by its key: a shape of whole tunes ("range") has a text of
its own, a run of degrees, an interval or a length ("degrees:7-b3") is put together. This file tests nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tunewright.measuring.traits import WIDEST
from tunewright.reports.wording import Wording, format_number, percent

if TYPE_CHECKING:
    from tunewright.measuring.two_sample import Tell, TwoSample

COUNTS = {"notes", "bars", "notes_per_bar", "uneven_bars", "range", "top", "bottom", "level", "interval_size"}
LENGTHS = {"last_length", "fourth_bars"}
BITS = {"degree_entropy", "next_degree_entropy", "interval_entropy", "length_entropy"}
IN_NUMBERS = COUNTS | LENGTHS | BITS  # all other tells are shares, which people read in percent


def tells(test: TwoSample, wording: Wording) -> list[str]:
    """What gives the tunes away, strongest first, in words, with its number for them and for real tunes."""
    return [_tell(tell, wording) for tell in test.tells]


def _tell(tell: Tell, wording: Wording) -> str:
    ours, real = (_number(tell.key, value, wording) for value in (tell.ours, tell.real))
    return wording.say(f"style.tell_{tell.direction}", name=tell_name(tell.key, wording), ours=ours, real=real)


def _number(key: str, value: float, wording: Wording) -> str:
    return format_number(value) if key in IN_NUMBERS else percent(value, wording)


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
    if kind in ("degree", "degrees"):
        first, _, second = what.replace("b", "♭").replace("#", "♯").partition("-")
        return wording.say(f"tell.{kind}", first=first, second=second)
    return wording.say(f"tell.{key}")


def _interval(semitones: int, wording: Wording) -> str:
    if not semitones:
        return wording.say("tell.interval_same")
    way, size = ("up" if semitones > 0 else "down"), abs(semitones)
    suffix = {1: "_one", WIDEST: "_widest"}.get(size, "")
    return wording.say(f"tell.interval_{way}{suffix}", size=size)
