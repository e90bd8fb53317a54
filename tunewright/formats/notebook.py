"""Music as a notebook shows it, whichever music it is.

In: a tune, a score or a piece. Out: SVG and HTML. This file draws and sounds nothing itself.
"""

from __future__ import annotations

import base64

from tunewright.formats.formats import FORMATS
from tunewright.formats.svg import escaped
from tunewright.music.kinds import Music
from tunewright.music.score import Score
from tunewright.support.errors import RenderError


def to_svg(music: Music | Score) -> str:
    """Sheet music of a tune or a score, a piano roll of a piece."""
    return FORMATS["svg"].encode(music).decode()


def to_html(music: Music | Score) -> str:
    """The same over a player, in one piece of HTML that needs no other file; what cannot be sounded is said instead."""
    picture = to_svg(music)
    try:
        sound = base64.b64encode(FORMATS["wav"].encode(music)).decode()
    except RenderError as error:
        return f"<div>{picture}<p>{escaped(str(error))}</p></div>"
    return f'<div>{picture}<audio controls preload="none" src="data:audio/wav;base64,{sound}"></audio></div>'
