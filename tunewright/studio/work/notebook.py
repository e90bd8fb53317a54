"""What is told of a tune that somebody has typed or moved, in a process of its own.

In: ABC. Out: what stands in it, and what is wrong with it where. This file stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.reading import with_number
from tunewright.music.score import Score
from tunewright.studio.work.about import about
from tunewright.studio.work.proofreading import ERROR, MORE, proofread
from tunewright.tokens.requests import Request, in_key


def read(abc: str) -> dict[str, Any]:
    """What is said of the one tune of a text, with the text as it is to be stored.

    Where a line cannot be read, or there are several tunes, it is {"error": why, "problems": […]}.
    """
    proof = proofread(abc)
    wrong = [problem for problem in proof.problems if problem.kind in (ERROR, MORE)]
    if proof.music is None or wrong:
        said = wrong[0].message if wrong else proof.error
        return {"error": said, "problems": [asdict(problem) for problem in proof.problems]}
    melody = proof.music.melody if isinstance(proof.music, Score) else proof.music
    return {"abc": with_number(abc), "about": about(melody)}


def move(abc: str, key: str) -> dict[str, Any]:
    """The tune in another key, and what is said of it; ConfigError for a key of another mode."""
    wanted = Request(key=key).key
    assert wanted is not None
    moved = in_key(parse_abc(abc)[0], wanted)
    return {"abc": format_abc(moved), "about": about(moved)}


TASKS: Mapping[str, Callable[..., Any]] = {"read": read, "move": move}
