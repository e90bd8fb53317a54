"""Whether a tune is strictly well formed, and otherwise what is wrong with it.

In: a `Tune`, or the ABC text of one. Out: one line that says what is wrong, "" where nothing is. Strictly well formed
is what was read without repair, every bar between bar lines adding up, repeats and endings balanced, with notes, and at
least four bars long. This file repairs nothing and measures nothing.
"""

from __future__ import annotations

from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.reading import with_number
from tunewright.music.form import FEWEST_BARS
from tunewright.music.tune import Tune
from tunewright.support.errors import ParseError


def judge(text: str, ended: bool = True) -> tuple[Tune | None, str]:
    """The tune that a text spells, or None, and why it is not well formed, or ""."""
    try:
        tune = parse_abc(with_number(text))[0]
    except ParseError as error:
        return None, f"cannot be read: {error.reason}"
    return tune, fault_of(tune) if ended else "did not end"


def fault_of(tune: Tune) -> str:
    """What is wrong with a tune, the first thing found; "" where it is strictly well formed."""
    if tune.repairs:
        return f"needs repair: {tune.repairs[0].what}"
    if tune.bar_errors:
        return str(tune.bar_errors[0])
    if tune.form_errors:
        return tune.form_errors[0]
    if not tune.notes:
        return "has no notes"
    if len(tune.measures) < FEWEST_BARS:
        return f"has {len(tune.measures)} bars, expected at least {FEWEST_BARS}"
    return ""
