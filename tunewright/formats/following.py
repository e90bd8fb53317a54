"""A score that can be followed while it sounds: a picture with names for notes and bars, and when each of them sounds.

In: a tune, or all its voices. Out: a `FollowedScore`. What can be followed is the melody. This file neither draws
(`engraving`) nor decides how a tune is played (`sound.timing`); bars get an area that can be clicked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tunewright.formats.engraving import to_svg
from tunewright.formats.musicxml.staves import staves_of
from tunewright.formats.sound.timing import NoteTime, times_of
from tunewright.formats.svg import WIDTH
from tunewright.music.score import Score
from tunewright.music.tune import Tune

AREA = 540  # of verovio's units that the area of a bar reaches over its staves and under them: three spaces
_MEASURE = re.compile(r'<g id="b(\d+)" class="measure">')
_NOTE = re.compile(r'<g id="(n(\d+)(?:-\d+|g(\d+))?)" class="note')
_STAFF = re.compile(r'class="staff">((?:<path d="M-?\d+ -?\d+ L-?\d+ -?\d+" stroke-width="\d+"/>)+)')
_LINE = re.compile(r'd="M(-?\d+) (-?\d+) L(-?\d+) -?\d+"')


@dataclass(frozen=True, slots=True)
class LitNote:
    """One sounding of what has the name `id` in the picture; `index` is the note's place in `tune.notes`."""

    id: str
    index: int
    bar: int
    start: float
    end: float
    grace: bool = False


@dataclass(frozen=True, slots=True)
class LitBar:
    """A bar by its number (a pickup 0), its names in the picture, and from when to when it sounds, each time."""

    number: int
    ids: tuple[str, ...]
    times: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class FollowedScore:
    """A picture, what sounds in it in order, and when the last of it ends, in seconds."""

    svg: str
    bars: tuple[LitBar, ...]
    notes: tuple[LitNote, ...]
    seconds: float


def followed(
    music: Tune | Score, *, width: int = WIDTH, tempo: int | None = None, straight: bool = False
) -> FollowedScore:
    """Sheet music `width` pixels wide, with the times of what stands in it.

    Each measure has a transparent `rect` of the class "bar", with the bar's number as `data-bar`. Two such pictures on
    one page share their names. Errors as in `to_svg` and `times_of`.
    """
    tune = music.melody if isinstance(music, Score) else music
    drawn = to_svg(music, width=width, marked=True)
    times = times_of(tune, tempo=tempo, straight=straight)
    numbers = [measure.number for measure in tune.measures]
    names = _names_of_bars(music)
    svg = _with_areas(drawn, {name: numbers[place] for place, of in enumerate(names) for name in of})
    played = defaultdict(list)
    for time in times.measures:
        played[time.measure].append((time.start, time.end))
    bars = [LitBar(numbers[place], tuple(of), tuple(played[place])) for place, of in enumerate(names)]
    notes = sorted(_lit(drawn, numbers, times.notes), key=lambda note: (note.start, note.id))
    return FollowedScore(svg, tuple(bars), tuple(notes), times.seconds)


def _names_of_bars(music: Tune | Score) -> list[list[str]]:
    """The names of each measure of the melody in the picture: several where it is drawn in pieces."""
    [leading] = [line for staff in staves_of(music) for line in staff.lines[:1] if line.leads][:1]
    names: list[list[str]] = []
    for index, sheet in enumerate(leading.sheets):
        if sheet.continues:
            names[-1].append(f"b{index}")
        else:
            names.append([f"b{index}"])
    tune = music.melody if isinstance(music, Score) else music
    return names[: len(tune.measures)]


def _lit(drawn: str, numbers: Sequence[int], times: Sequence[NoteTime]) -> Iterator[LitNote]:
    """The soundings of everything that has the name of a note in the picture."""
    heads: dict[int, list[str]] = defaultdict(list)
    graces: dict[int, list[str]] = defaultdict(list)
    for name, note, grace in _NOTE.findall(drawn):
        (graces if grace else heads)[int(note)].append(name)
    for time in times:
        bar = numbers[time.measure]
        for name in heads[time.note]:
            yield LitNote(name, time.note, bar, time.start, time.end)
        if time.graces:
            for name, (start, end) in zip(graces[time.note], pairwise((*time.graces, time.start)), strict=True):
                yield LitNote(name, time.note, bar, start, end, grace=True)


def _with_areas(svg: str, bars: dict[str, int]) -> str:
    """The picture with an area for each bar that can be clicked, under its notes, as high as its staves and more."""
    places = [*_MEASURE.finditer(svg), None]
    pieces = [svg[: places[0].start()] if places[0] else svg]
    for found, after in pairwise(places):
        assert found
        content = svg[found.end() : after.start() if after else len(svg)]
        number = bars.get(f"b{found[1]}")
        area = "" if number is None else _area(content, number)
        pieces.append(f"{found[0]}{area}{content}")
    return "".join(pieces)


def _area(content: str, number: int) -> str:
    """The area of a measure, by the lines of its staves."""
    lines = [line for staff in _STAFF.findall(content) for line in _LINE.findall(staff)]
    if not lines:
        return ""
    left, right = min(int(line[0]) for line in lines), max(int(line[2]) for line in lines)
    top, bottom = (pick(int(line[1]) for line in lines) for pick in (min, max))
    size = f'x="{left}" y="{top - AREA}" width="{right - left}" height="{bottom - top + 2 * AREA}"'
    return f'<rect class="bar" data-bar="{number}" {size} fill="transparent" style="stroke: none"/>'
