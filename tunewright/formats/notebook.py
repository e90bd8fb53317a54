"""Music as a notebook shows it, whichever music it is.

In: a tune or a piece. Out: SVG and HTML. This file draws nothing itself.
"""

from __future__ import annotations

from tunewright.music.piece import Piece
from tunewright.music.tune import Tune


def to_svg(music: Tune | Piece) -> str:
    """Sheet music of a tune, a piano roll of a piece."""
    if isinstance(music, Tune):
        from tunewright.formats import engraving  # noqa: PLC0415 - heavy

        return engraving.to_svg(music)
    from tunewright.formats import piano_roll  # noqa: PLC0415 - heavy

    return piano_roll.to_svg(music)


def to_html(music: Tune | Piece) -> str:
    """The same over a player."""
    if isinstance(music, Tune):
        from tunewright.formats import engraving  # noqa: PLC0415 - heavy

        return engraving.to_html(music)
    from tunewright.formats import piece_formats  # noqa: PLC0415 - heavy

    return piece_formats.to_html(music)
