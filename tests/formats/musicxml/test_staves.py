"""The staves of a page, and the measures of several voices side by side."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import groupby

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.voices import BAND, CHOIR, score_of
from tunewright.formats.musicxml.document import DOCTYPE, to_musicxml
from tunewright.formats.musicxml.notation import MOST_ON_LINE, sheets, width_of
from tunewright.formats.musicxml.staves import staves_of

UNEVEN = "X:1\nM:4/4\nL:1/8\nK:C\nV:1\nCDEF GABc|c8|\nV:2\nC8|C8|C8|C4 D4|\n"


def parts_of(text: str) -> list[ET.Element]:
    return list(ET.fromstring(to_musicxml(score_of(text)).removeprefix(DOCTYPE)).iter("part"))


def test_a_tune_has_one_staff_with_the_measures_of_its_page() -> None:
    for tune in real_tunes(5):
        [staff] = staves_of(tune)
        [line] = staff.lines
        assert line.sheets == tuple(sheets(tune))
        assert line.leads


@pytest.mark.parametrize("text", [BAND, CHOIR, UNEVEN])
def test_all_staves_have_as_many_measures_with_the_same_bar_lines(text: str) -> None:
    parts = parts_of(text)
    numbers = [[measure.get("number") for measure in part] for part in parts]
    assert all(number == numbers[0] for number in numbers)
    lines = [[ET.tostring(bar) for bar in part.iter("barline")] for part in parts]
    assert all(line == lines[0] for line in lines)


def test_voices_that_share_a_staff_are_written_one_after_the_other() -> None:
    for part in parts_of(CHOIR):
        for measure in part:
            voices = [note.findtext("voice") for note in measure.iter("note")]
            assert [voice for voice, _ in groupby(voices)] == ["1", "2"]
            [back] = measure.iter("backup")
            assert int(back.findtext("duration", "0")) > 0


def test_what_all_voices_share_is_written_once() -> None:
    first, *others = parts_of(BAND)
    assert len(list(first.iter("sound"))) == 1
    assert not [sound for part in others for sound in part.iter("sound")]
    assert [part.findtext("measure/attributes/clef/sign") for part in (first, *others)] == ["G", "C", "G", "F"]


def test_a_line_of_the_page_holds_no_more_than_its_fullest_voice_allows() -> None:
    low = "V:2\n" + "C2D2E2F2|" * 12
    fast = "V:1\n" + "C/D/E/F/ G/A/B/c/ C/D/E/F/ G/A/B/c/|" * 12
    for text in (f"{fast}\n{low}", f"{low}\n{fast}"):
        [one, two] = (staff.lines[0].sheets for staff in staves_of(score_of(f"X:1\nM:4/4\nL:1/8\nK:C\n{text}\n")))
        assert [sheet.new_line for sheet in one] == [sheet.new_line for sheet in two]
        fullest = [max(width_of(a), width_of(b)) for a, b in zip(one, two, strict=True)]
        starts = [place for place, sheet in enumerate(one) if sheet.new_line]
        assert max(sum(fullest[a:b]) for a, b in zip([0, *starts], [*starts, 12], strict=True)) <= MOST_ON_LINE
