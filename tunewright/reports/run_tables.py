"""What a collection came to, and what was drawn, as tables: for the page of a run and for a terminal.

In: a corpus; tunes drawn. Out: tables of English words. This file reads nothing and draws nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tunewright.reports.components import Table

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.generation.generated import Generated
    from tunewright.music.kinds import Music


def drawn_table(drawn: Sequence[Generated[Any]]) -> Table:
    """How many of the drawn tunes or pieces are well formed, and why the others are not, most frequent reason first."""
    reasons = Counter("well formed" if one.valid else fault(one) for one in drawn)
    return Table.of(((reason, str(count)) for reason, count in reasons.most_common()), ("", "tunes"))


def fault(one: Generated[Any]) -> str:
    """The kind of fault that keeps drawn music from being well formed, in words that can be counted.

    >>> from types import SimpleNamespace
    >>> fault(SimpleNamespace(error="bar 3 lasts 7/8, the metre is 1"))
    'a bar does not add up to the metre'
    """
    kind = one.error.partition(":")[0]
    for beginning, words in FAULTS.items():
        if one.error.startswith(beginning):
            return words
    return kind


FAULTS = {
    "bar ": "a bar does not add up to the metre",
    "cannot be read": "cannot be read as ABC",
    "did not end": "did not come to an end",
    "has ": "is too short",
    "part ": "a part is not as MIDI can hold it",
    "metre ": "a metre begins within a bar, or is none",
}


def corpus_table(corpus: Corpus[Music]) -> Table:
    """What a collection came to: read, dropped, merged, repaired, divided."""
    split = Counter(corpus.split)
    rows = [
        ("tunes read", f"{corpus.read:,}"),
        ("dropped", f"{len(corpus.dropped):,}"),
        ("duplicates merged", f"{len(corpus.duplicates):,}"),
        ("families", f"{len(set(corpus.families)):,}"),
        ("irregular (a bar does not add up)", f"{corpus.irregular:,}"),
        ("to learn from", f"{split['train']:,}"),
        ("to choose and stop by", f"{split['valid']:,}"),
        ("kept for a last test", f"{split['test']:,}"),
    ]
    return Table.of(rows)
