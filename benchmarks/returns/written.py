"""How much returns in the text of a tune, found by regular expressions alone: a judge that shares nothing with ours.

In: ABC. Out: shares. A bar is what stands between two bar lines, pickups too, so that shares are a little lower than
those of `measuring.repetition`; drawn and real tunes are counted alike. This file reads no tune and knows no model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_FIELD = re.compile(r"^[A-Za-z]:(?![|:]).*$|%.*$", re.MULTILINE)
_NOT_NOTES = re.compile(r'"[^"]*"|![^!\n]*!|\{[^}]*\}|\[[A-Za-z]:[^\]]*\]|[~.uvHLMOPST]|\s|[()](?!\d)')
_BAR_LINE = re.compile(r"\[?:*\|+[|\]:\[]*:*(?:\d[\d,-]*)?|::|\[\d[\d,-]*")


def bars_of(text: str) -> list[str]:
    """The bars of ABC as signs of notes, rests and lengths, ornaments and slurs left out.

    >>> bars_of("X:1\\nK:C\\nG | C2 ~EG | (CD)EF :|\\n|: {g}C2EG |1 c4 :|2 G4 |]")
    ['G', 'C2EG', 'CDEF', 'C2EG', 'c4', 'G4']
    """
    body = text[text.index("K:") :].partition("\n")[2] if "K:" in text else text
    stretches = _BAR_LINE.split(_FIELD.sub("", body))
    bars = (_NOT_NOTES.sub("", stretch) for stretch in stretches)
    return [bar for bar in bars if re.search("[A-Ga-gxz]", bar)]


def returning(text: str, bars: int) -> float:
    """Share of the runs of so many bars that stood earlier in the text; NaN with fewer than two.

    >>> returning("K:C\\nCDEF|GABc|CDEF|GABc|", 1), returning("K:C\\nCDEF|GABc|CDEF|GABc|", 2)
    (0.5, 0.3333333333333333)
    """
    found = bars_of(text)
    runs: Sequence[tuple[str, ...]] = [tuple(found[place : place + bars]) for place in range(len(found) - bars + 1)]
    return 1 - len(set(runs)) / len(runs) if len(runs) > 1 else math.nan
