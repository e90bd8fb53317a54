"""What is said of music that was not written out just as its file has it: left out, or read with repairs.

In: what was rendered. Out: lines for a terminal, one for each of the two, however many tunes there are. Where each
stands is for `corpus` and --json to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunewright.corpus.rendering import Rendered

SHOWN = 12  # kinds named in a line


def losses(rendered: Sequence[Rendered]) -> Iterator[str]:
    """A line of what is in no picture and no sound, and one of what was repaired, where there is any."""
    left_out: Counter[str] = Counter()
    repairs: Counter[str] = Counter()
    for one in rendered:
        left_out.update(dict(one.left_out))
        repairs.update(one.repairs)
    if left_out:
        yield f"Note: left out of what was written: {_counted(left_out)}."
    if repairs:
        yield f"Note: read with repairs: {_counted(repairs)}."


def _counted(counts: Mapping[str, int]) -> str:
    """Kinds with how often each was met, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{name} ({count:,})" for name, count in ordered[:SHOWN])
    rest = len(ordered) - SHOWN
    return f"{named} and {rest:,} more kinds" if rest > 0 else named
