"""How music shows itself in a notebook: whoever can draw says so here, from above.

In: functions that draw. Out: the pictures that a value gives of itself. This file draws nothing: the face of the
package tells it who does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Draw = Callable[[Any], str]
_draws: dict[str, Draw] = {}


def drawn_by(*, svg: Draw, html: Draw) -> None:
    """Let these draw tunes and pieces from now on."""
    _draws.update(svg=svg, html=html)


def to_svg(music: object) -> str:
    """A picture of a tune or a piece."""
    return _draws["svg"](music)


def to_html(music: object) -> str:
    """The same over a player."""
    return _draws["html"](music)
