"""What the words of a tune are made of: its verses have a syllable for each note, and some signs.

In: nothing; values only. Out: the signs. A syllable that ends in `JOINED` goes on in the next one; a `HELD` note sounds
on the syllable before it; `HYPHEN` is one that is printed; "" is no syllable at all.
"""

from __future__ import annotations

JOINED = "-"
HELD = "_"
HYPHEN = "\N{NON-BREAKING HYPHEN}"
