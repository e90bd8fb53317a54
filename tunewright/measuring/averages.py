"""The mean of what is defined: the one way in which measures of tunes become measures of a set.

In: floats, some of them NaN. Out: a float. Nothing here knows music.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def mean(values: Iterable[float]) -> float:
    """The mean of the values that are defined; NaN where none is."""
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan
