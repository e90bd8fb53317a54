"""Where a run looks back while it writes, as arcs over the score of a tune.

In: a tune and its `Look`s. Out: SVG, with the looks that stand out most. Where a run looks is found in
`generation.attention`; this file chooses how many arcs can be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from tunewright.formats.arcs import Arc, score_with_arcs
from tunewright.generation.attention import Look
from tunewright.music.score import Score
from tunewright.music.tune import Tune

MOST_ARCS = 32  # on a score: one for each bar of a long tune


def score_with_looks(music: Tune | Score, looks: Sequence[Look], below: Sequence[str] = ()) -> str:
    """The score with an arc for each of the looks that stand out most, the thickest for the first of them.

    `looks` come those that stand out most first, of the melody where there are several voices. Raises `RenderError`
    where the score cannot be drawn.
    """
    shown = looks[:MOST_ARCS]
    arcs = [
        Arc(look.note, look.back_to, look.times / shown[0].times) for look in reversed(shown)
    ]  # the thickest on top
    return score_with_arcs(music, arcs, below=below)
