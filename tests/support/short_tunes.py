"""Tunes small enough to count by hand, for the tests of measures, and one with all that a page shows."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tunewright.formats.abc import parse_abc
from tunewright.music.tune import Bar, Rest, Tune

SILENCE = Tune((Rest(Fraction(1)), Bar("|]")))  # no file holds it, but a program may make it
[JIG] = parse_abc('X:1\nT:A <Jig> & "more"\nC:Nobody\nR:jig\nM:6/8\nL:1/8\nK:Bb\n"Bb"B|:"F#m"cde fga|{b}b3 (3gab g:|\n')


def read(music: str, key: str = "C", meter: str = "4/4") -> Tune:
    """One tune in eighths."""
    [tune] = parse_abc(f"X:1\nM:{meter}\nL:1/8\nK:{key}\n{music}\n")
    return tune


def same(one: float, other: float) -> bool:
    """Whether two numbers are equal, or both are undefined."""
    return one == pytest.approx(other, nan_ok=True)
