"""What is said of a tune beside its notes: title, key, metre, rhythm, bars, and whether it is well formed.

In: a `Tune`, or ABC. Out: plain data, as it is stored with the tune.
"""

from __future__ import annotations

from typing import Any

from tunewright.formats.abc.validity import fault_of
from tunewright.music.rhythms import told_rhythm
from tunewright.music.tune import Tune


def about(tune: Tune, error: str | None = None) -> dict[str, Any]:
    """What is said of a tune; `error` is what is wrong with it, which is looked for where nobody says."""
    error = fault_of(tune) if error is None else error
    return {
        "title": tune.title,
        "key": str(tune.key),
        "meter": str(tune.meter),
        "rhythm": told_rhythm(tune),
        "bars": last_bar(tune),
        "valid": not error,
        "error": error,
    }


def last_bar(tune: Tune) -> int:
    """The number of its last bar; bars are counted over repeat signs, and a pickup is 0."""
    return tune.measures[-1].number if tune.measures else 0
