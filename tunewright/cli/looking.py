"""Scores with arcs where a run looks back, for `render --attention`.

In: a run. Out: what draws a tune so. This file finds no look and draws no arc.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tunewright.generation.attention import looks
from tunewright.generation.generator import load_generator
from tunewright.models.settings import MODELS
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.reports.looks import score_with_looks
from tunewright.support.errors import ConfigError, RenderError, TokenError

ABOUT = "An arc leads from a note to the one, a bar or more back, that {run} looks at most while it writes it."


def drawer_of_looks(run: Path) -> Callable[[Tune | Score], str]:
    """What draws a tune with arcs where the run looks back in its melody; ConfigError for a run that does not attend.

    RunError for what is no run. What is drawn raises RenderError for a tune that the run cannot read.
    """
    generator = load_generator(run)
    cell, music = generator.config.model.cell, generator.config.music
    if not MODELS[cell].attends or music != Tune.kind:
        found = f"{run}: a run of {music}s with cell {cell}"
        expected = " or ".join(name for name, kind in MODELS.items() if kind.attends)
        raise ConfigError(f"{found}; expected one of tunes whose model attends ({expected})")

    def draw(music: Tune | Score) -> str:
        try:
            found = looks(generator, music.melody if isinstance(music, Score) else music)
        except (TokenError, ConfigError) as error:
            raise RenderError(f"{music.source}: {run} cannot read it: {error}") from None
        return score_with_looks(music, found, [ABOUT.format(run=generator.name)])

    return draw
