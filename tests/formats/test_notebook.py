"""Music shows itself in a notebook: a picture over a player."""

from __future__ import annotations

import pytest

from tests.support.real_pieces import songs
from tests.support.short_tunes import JIG
from tests.support.voices import BAND, score_of
from tunewright.formats.notebook import to_html
from tunewright.music.piece import TICKS, Part, Piece, PieceNote
from tunewright.music.score import Score
from tunewright.music.tune import Tune


@pytest.mark.parametrize("music", [JIG, songs(1)[0], score_of(BAND)], ids=["tune", "piece", "score"])
def test_html_holds_picture_and_sound(music: Tune | Piece | Score) -> None:
    page = to_html(music)
    assert "<svg" in page
    assert "data:audio/wav;base64,UklGR" in page
    assert page == music._repr_html_()


def test_what_cannot_be_sounded_is_said() -> None:
    late = Piece((Part((PieceNote(4000 * TICKS, 4001 * TICKS, 60),)),))
    assert "<p>lasts 33 minutes" in to_html(late)
