"""Signs of a text that whoever shows it would obey instead of showing them.

In: a text. Out: where such signs are, or the text without them. This file shows nothing.
"""

from __future__ import annotations

import re

OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # all control characters (C0, DEL, C1) but tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # that turn the direction of writing (Unicode UAX 9, section 2)
    "\u2028\u2029\ufeff\ud800-\udfff]"  # line and paragraph separators, byte order mark, halves of pairs
)


def without_obeyed(text: str) -> str:
    """The text without them.

    >>> without_obeyed("a\\x1b[1mb")
    'a[1mb'
    """
    return OBEYED.sub("", text)
