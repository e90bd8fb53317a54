"""Arcs join the heads of the notes that they are of, and leave the score as it is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support.small_runs import real_tunes
from tunewright.formats.abc import parse_abc, parse_scores
from tunewright.formats.arcs import COLOUR, Arc, score_with_arcs
from tunewright.formats.engraving import to_svg
from tunewright.support.errors import RenderError

NUMBER = r"-?[\d.]+"
PATH = re.compile(rf'<path d="M({NUMBER}),({NUMBER}) C[^"]*?({NUMBER}),({NUMBER})" stroke-width="({NUMBER})"')


def curves(svg: str) -> list[tuple[float, ...]]:
    """Where each arc begins and ends, and how thick it is."""
    return [tuple(map(float, found)) for found in PATH.findall(svg.partition(COLOUR)[2])]


def test_there_are_as_many_arcs_and_the_rest_is_the_score() -> None:
    tune = real_tunes()[1]
    svg = score_with_arcs(tune, [Arc(20, 3, 1.0), Arc(len(tune.notes) - 1, 0, 0.2)], below=["What <arcs> are"])
    assert len(curves(svg)) == svg.partition(COLOUR)[2].count("<circle") == 2
    assert "What &lt;arcs&gt; are" in svg
    assert "#000015" not in svg
    assert svg.count('class="notehead"') == to_svg(tune).count('class="notehead"')
    thick, thin = (curve[4] for curve in curves(svg))
    assert thick > thin


def test_arcs_within_a_line_lead_to_the_left_and_between_lines_upwards() -> None:
    tune = real_tunes()[1]
    found = curves(score_with_arcs(tune, [Arc(note, note - 1, 0.5) for note in range(1, len(tune.notes))]))
    assert len(found) == len(tune.notes) - 1
    up = [y - end_y for x, y, end_x, end_y, _ in found if end_x > x]
    assert len(up) == to_svg(tune).count('class="system"') - 1 > 0  # one from the first note of each further line
    assert min(up) > 60


def test_higher_notes_are_higher_up_whatever_stands_beside_them() -> None:
    (tune,) = parse_abc("X:1\nM:4/4\nL:1/4\nK:C\nC E{d}G [Cc]|c' z/ c/ (3cde|]\n")
    found = curves(score_with_arcs(tune, [Arc(note, 0, 0.5) for note in range(1, len(tune.notes))]))
    heights = [y for _, y, *_ in found]
    assert len(heights) == len(tune.notes) - 1
    assert heights[:4] == sorted(set(heights[:4]), reverse=True)
    assert heights[4:] == sorted(heights[4:], reverse=True)
    assert heights[4] == heights[5] == heights[2]  # the top of the chord is c too


def test_of_several_voices_the_melody_has_the_arcs() -> None:
    (score,) = parse_scores("X:1\nM:2/4\nL:1/4\nK:C\nV:1\nCD|EF|]\nV:2\nC,2|C,2|]\n")
    assert len(curves(score_with_arcs(score, [Arc(3, 0, 1.0)]))) == 1


def test_what_has_no_notes_cannot_be_drawn() -> None:
    with pytest.raises(RenderError):
        score_with_arcs(replace(real_tunes()[1], music=()), [])
