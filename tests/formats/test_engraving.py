"""Pictures of real tunes, measured."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import JIG
from tunewright.formats.abc import parse_abc
from tunewright.formats.engraving import to_svg
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError


def test_real_tunes_are_drawn_and_say_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    for tune in real_tunes(20):
        root = ET.fromstring(to_svg(tune))
        assert len([1 for element in root.iter() if element.get("class") == "staff"]) >= len(tune.measures)
    assert capfd.readouterr() == ("", "")


def test_a_picture_shows_title_composer_and_rhythm_and_needs_nothing_else() -> None:
    picture = to_svg(JIG)
    words = "".join(ET.fromstring(picture).itertext())
    for text in ('A <Jig> & "more"', "Nobody", "jig", "♭", "♯"):
        assert text in words
    assert not re.search(r"(href|src)=\"(?!#)|url\((?!#)|Leipzig\"", picture)


def test_the_same_tune_gives_the_same_picture_and_two_tunes_share_no_names() -> None:
    other = parse_abc("X:1\nT:other\nM:4/4\nL:1/8\nK:C\ncdef gabc'|\n")[0]
    names = [set(re.findall(r' id="([^"]+)"', to_svg(tune))) for tune in (JIG, other)]
    assert to_svg(JIG) == to_svg(JIG)
    assert not names[0] & names[1]


def test_a_picture_is_as_wide_as_asked() -> None:
    root = ET.fromstring(to_svg(JIG, width=500))
    assert root.get("width") == "500"
    assert int(root.get("height") or 0) > 100


def test_a_coloured_note_is_drawn_in_its_colour() -> None:
    root = ET.fromstring(to_svg(JIG, colours={3: "#d0006f"}))
    coloured = [one for one in root.iter() if "#d0006f" in one.attrib.values()]
    assert [(one.get("class") or "").split()[0] for one in coloured] == ["note"]
    assert "#d0006f" not in to_svg(JIG)


def test_tempos_titles_and_all_composers_stand_in_the_picture() -> None:
    [tune] = parse_abc(
        'X:1\nT:one\nT:other name\nC:Ann\nC:Bob\nQ:"Lively" 3/8=100\nM:6/8\nK:D\ndAF DFA|[Q:1/4=70]d6|]\n'
    )
    words = "".join(ET.fromstring(to_svg(tune)).itertext())
    for text in ("other name", "Ann, Bob", "Lively ♩. = 100", "♩ = 70"):
        assert text in words.replace("\N{NO-BREAK SPACE}", " "), words


def test_nothing_to_draw() -> None:
    with pytest.raises(RenderError, match="nothing to draw"):
        to_svg(Tune(()))
