"""Numbers that JSON has no word for.

In: a value made of mappings, sequences, texts and numbers. Out: the same, as strict JSON can hold it. This file writes
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def without_nan(value: Any) -> Any:
    """The same with None for every number that is not finite; tuples become lists.

    >>> without_nan({"loss": float("nan"), "curve": (1.5, float("inf"))})
    {'loss': None, 'curve': [1.5, None]}
    """
    if isinstance(value, Mapping):
        return {name: without_nan(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
