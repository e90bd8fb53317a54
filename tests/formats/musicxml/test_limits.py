"""What is too much to draw is refused at once, with what it was; what real tunes have is drawn."""

from __future__ import annotations

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.engraving import to_svg
from tunewright.formats.musicxml.document import to_musicxml
from tunewright.formats.musicxml.limits import MOST_BETWEEN, MOST_SIGNS, refuse_what_is_too_long
from tunewright.support.errors import RenderError


@pytest.mark.parametrize(
    ("music", "what"),
    [
        ("C" * (MOST_SIGNS + 1), "notes, bar lines"),
        ("[CEG]|" * (MOST_SIGNS // 3), "notes, bar lines"),
        ("(CD)|" * 1500, "slurs, ties and endings"),
        ("C8-|" * 2500, "slurs, ties and endings"),
        ("C8:|" * 150, "repeats that begin with no sign"),
        ("C512|" * 500, "slurs, ties and endings"),
        ("C" + '"Am"' * (MOST_BETWEEN + 1) + "C", "at one place"),
        ("{" + "c" * (MOST_BETWEEN + 1) + "}C", "at one place"),
        ("C" + "[K:G][K:C]" * MOST_BETWEEN + "C", "at one place"),
    ],
    ids=lambda text: text[:10],
)
def test_too_much_to_draw(music: str, what: str) -> None:
    [tune] = parse_abc(f"X:1\nM:none\nL:1/8\nK:C\n{music}\n")
    for draw in (to_musicxml, to_svg):
        with pytest.raises(RenderError, match=f"too much to draw: .*{what}"):
            draw(tune)


def test_real_tunes_are_drawn() -> None:
    for tune in real_tunes(30):
        refuse_what_is_too_long(tune)
