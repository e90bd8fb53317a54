"""The one place where numbers of ABC are read, and where lengths are held to what is music.

In: digits, the text after a note, a length. Out: an `int`, a `Fraction`, or whether a note may last so long. What a
number means is said where it stands.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from tunewright.support.errors import ParseError

MOST_DIGITS = 18  # more than any length, metre or ending needs; Python's own limit is 4,300, and its time grows faster
MOST_DIVISIONS = 20  # of a note, as in "c//": the last of them is finer than any note
LONGEST_NOTE = 64  # whole notes
FINEST_NOTE = 2**20  # parts of a whole note: what broken rhythm and tuplets make of 1/65536
ODDEST_NOTE = 2**10  # the odd factor of those parts: what all notes of a tune divide stays a number of some 1,400 bits
LENGTHS = f"between 1/{FINEST_NOTE} and {LONGEST_NOTE} whole notes"


def parse_number(digits: str) -> int:
    """The number that digits spell; ParseError for more than `MOST_DIGITS` of them, or for anything else.

    >>> parse_number("016")
    16
    """
    if len(digits) > MOST_DIGITS:
        raise ParseError(f"a number of {len(digits):,} digits ({digits[:6]}…), expected at most {MOST_DIGITS}")
    if not digits.isdecimal():
        raise ParseError(f"{digits!r} is no number")
    return int(digits)


@lru_cache(maxsize=4096)
def parse_length(text: str) -> Fraction:
    """A note length relative to the unit: "3/2", "/", "//", "4"; 0 for one that is none, as "1/0"."""
    top, *divisors = text.replace("//", "/2/").replace("//", "/2/").split("/")
    if len(divisors) > MOST_DIVISIONS or max(map(len, (top, *divisors))) > MOST_DIGITS:
        return Fraction(0)
    length = Fraction(parse_number(top or "1"))
    for divisor in divisors:
        number = parse_number(divisor or "2")
        if not number:
            return Fraction(0)
        length /= number
    return length


@lru_cache(maxsize=4096)
def is_length(length: Fraction) -> bool:
    """Whether a note may last so many whole notes: so that exact sums of such lengths stay short numbers."""
    parts = length.denominator
    return 0 < length <= LONGEST_NOTE and parts <= FINEST_NOTE and parts // (parts & -parts) <= ODDEST_NOTE
