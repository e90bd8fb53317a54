"""Numbers as ABC writes them: the one place where its reader makes a number of digits.

In: text. Out: whole numbers, and lengths relative to the unit. ParseError for a number that no music needs, so that
thousands of digits cost one tune, and neither time nor memory.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from tunewright.support.errors import ParseError

MOST_DIGITS = 9  # of a number: more than any length, bar or tune in print needs, and quick to reckon with
MOST_SLASHES = 32  # of a length: one for each halving, and the shortest note is 1/65536


def whole_number(digits: str) -> int:
    """The number that digits write. ParseError for more than `MOST_DIGITS` of them, or what are none.

    >>> whole_number("12")
    12
    """
    if len(digits) > MOST_DIGITS:
        raise ParseError(f"a number of {len(digits):,} digits, expected at most {MOST_DIGITS}")
    try:
        return int(digits)
    except ValueError:
        raise ParseError(f"{digits!r} is not a number") from None


@lru_cache(maxsize=4096)
def parse_length(text: str) -> Fraction:
    """A note length relative to the unit: "3/2", "/", "//", "4". ParseError where it divides by zero.

    >>> parse_length("3//")
    Fraction(3, 4)
    """
    if text.count("/") > MOST_SLASHES:
        raise ParseError(f"note length {text[:20]!r} of {text.count('/'):,} slashes, expected at most {MOST_SLASHES}")
    top, *divisors = text.replace("//", "/2/").replace("//", "/2/").split("/")
    length = Fraction(whole_number(top) if top else 1)
    for divisor in divisors:
        parts = whole_number(divisor) if divisor else 2
        if not parts:
            raise ParseError(f"note length {text[:20]!r} divides by zero")
        length /= parts
    return length
