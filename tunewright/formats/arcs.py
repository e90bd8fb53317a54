"""Arcs over the score of a tune, from notes to earlier notes: SVG.

In: a `Tune` and arcs between its notes, each with a strength. Out: the picture of `engraving` with curves over it, the
stronger the thicker; a dot marks the earlier note. Where a note stands is read from the picture: each note is engraved
in a colour of its own, which is then taken away. This file does not decide which arcs there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tunewright.formats.engraving import SCALE, to_svg
from tunewright.formats.svg import WIDTH, lines_of_text
from tunewright.music.score import Score
from tunewright.music.tune import Tune

COLOUR = "#0072b2"  # blue against black, which no kind of colour blindness takes one for the other
THINNEST, THICKEST = 0.8, 2.6  # pixels
UNITS = 1000 / SCALE  # of verovio in a pixel
MARGIN = (500, 100)  # of a page of verovio, in its units: left and top
HALF_A_HEAD = 4.2  # pixels from the left end of a notehead to its middle
ABOVE = 6.0  # pixels above a notehead's middle that an arc ends
LOWEST_ARC, HIGHEST_ARC = 14.0, 44.0  # pixels that an arc rises over the higher one of its notes
BOW = 26.0  # pixels sideways that a curve to another line bows out


@dataclass(frozen=True, slots=True)
class Arc:
    """From a note to an earlier one, by their places in `tune.notes`; strength from 0 to 1."""

    later: int
    earlier: int
    strength: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a notehead is, in pixels, and on which line of music."""

    x: float
    y: float
    line: int


def score_with_arcs(music: Tune | Score, arcs: Sequence[Arc], *, below: Sequence[str] = (), width: int = WIDTH) -> str:
    """Sheet music as `engraving.to_svg` draws it, with arcs over it and lines of text `below`.

    Of all voices of a score the arcs are between notes of the melody. Raises `RenderError` where it cannot be drawn.
    """
    tune = music.melody if isinstance(music, Score) else music
    marked = to_svg(music, width=width, colours={note: _mark(note) for note in range(len(tune.notes))})
    places = _places(marked)
    svg = re.sub(r' (?:color|fill)="#[0-9a-f]{6}"(?: fill="#[0-9a-f]{6}")?', "", marked)
    drawn = "".join(_curve(places[arc.later], places[arc.earlier], arc.strength) for arc in arcs)
    size = re.search(r'height="(\d+)" viewBox', svg)
    assert size
    words, bottom = lines_of_text(below, int(size[1]), width)
    svg = svg.replace(
        f'height="{size[1]}" viewBox="0 0 {width} {size[1]}"', f'height="{bottom}" viewBox="0 0 {width} {bottom}"'
    )
    over = f'<g fill="none" stroke="{COLOUR}" stroke-linecap="round">\n{drawn}</g>\n{words}'
    return svg.removesuffix("</svg>\n") + over + "</svg>\n"


def _mark(note: int) -> str:
    """A colour by which a note is found again; black is that of all else."""
    return f"#{note + 1:06x}"


def _places(marked: str) -> dict[int, _Place]:
    """Where the head of each note is; of a chord that of its top note."""
    top = re.search(r'<svg y="(\d+)"', marked)
    assert top
    lines = [found.start() for found in re.finditer(r'class="system"', marked)]
    places: dict[int, _Place] = {}
    head = re.compile(r'class="note" color="#([0-9a-f]{6})".*?class="notehead"><use [^>]*translate\((-?\d+), (-?\d+)\)')
    for found in head.finditer(marked):
        x, y = ((int(found[part]) + margin) / UNITS for part, margin in zip((2, 3), MARGIN, strict=True))
        place = _Place(x + HALF_A_HEAD, y + int(top[1]), sum(start < found.start() for start in lines))
        note = int(found[1], 16) - 1
        if note not in places or place.y < places[note].y:
            places[note] = place
    return places


def _curve(later: _Place, earlier: _Place, strength: float) -> str:
    """An arc over a line of music, or a curve from one line up to another, with a dot at the earlier note."""
    thick = THINNEST + (THICKEST - THINNEST) * strength
    start, end = (later.x, later.y - ABOVE), (earlier.x, earlier.y - ABOVE)
    if later.line == earlier.line:
        rise = min(HIGHEST_ARC, LOWEST_ARC + abs(later.x - earlier.x) / 12)
        height = min(later.y, earlier.y) - ABOVE - rise * 4 / 3
        bends = ((start[0], height), (end[0], height))
    else:
        down = (later.y - earlier.y) / 3
        bends = ((start[0] + BOW, start[1] - down), (end[0] + BOW, end[1] + down))
        end = (earlier.x, earlier.y + ABOVE)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*bends, end))
    opacity = 0.3 + 0.45 * strength
    path = f'<path d="M{start[0]:.1f},{start[1]:.1f} C{points}" stroke-width="{thick:.1f}" opacity="{opacity:.2f}"/>'
    return (
        f'{path}<circle cx="{end[0]:.1f}" cy="{end[1]:.1f}" r="{1 + thick / 2:.1f}" fill="{COLOUR}" stroke="none"/>\n'
    )
