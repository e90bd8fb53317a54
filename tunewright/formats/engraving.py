"""Sheet music of a tune, or of all its voices: SVG.

In: a `Tune`, or a `Score` with a staff for each voice. Out: one picture, words under the notes and below the
music. Notes are drawn by verovio from MusicXML (its ABC reader is never called: it ends the process on some real
tunes); it is loaded when first used and needs no network, display or program outside Python.

This file does not decide what stands in a measure (`musicxml`), sets no pages (`pdf`) and draws no piece of several
parts (`piano_roll`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tunewright.formats.musicxml.document import to_musicxml
from tunewright.formats.musicxml.notation import MOST_ON_LINE
from tunewright.formats.svg import FONTS, WIDTH, heading, lines_of_text, picture
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError

SCALE = 40  # percent of verovio's size: staff lines 7 pixels apart
NARROW = 600  # pixels: where the usual bars of a line do not fit
NARROWEST_NOTE = 17  # pixels of a line there
TALLEST = 60000  # verovio's limit for one page
MUSIC_SIGNS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯"}  # verovio's private signs in text: the public ones
MUSIC_SIGNS |= {"\ueca5": "♩", "\ueca7": "♪", "\uecb7": "."}
MUSIC_SIGNS |= {"\ueca2": "1/1", "\ueca3": "1/2", "\ueca9": "1/16"}  # few fonts have notes for these


def to_svg(
    music: Tune | Score, *, width: int = WIDTH, colours: Mapping[int, str] | None = None, marked: bool = False
) -> str:
    """Sheet music under its title, as one self-contained SVG, `width` pixels wide and as high as it needs.

    `colours` ("#rrggbb") are of some notes of the tune, or of the melody, by their index in `tune.notes`. A picture
    that is `marked` names notes and measures as `to_musicxml` does; two of them on one page share those names. Raises
    `RenderError` where there is nothing to draw, no such note, or more than one very long page.
    """
    tune = music.melody if isinstance(music, Score) else music
    room = MOST_ON_LINE if width >= NARROW else width // NARROWEST_NOTE
    staves, height = _staves(to_musicxml(music, colours=colours, marked=marked, room=room), width)
    head, top = heading(tune.title, tune.rhythm, ", ".join(tune.headers("C")), width, tune.headers("T"))
    words, bottom = lines_of_text([text for letter, text in tune.fields if letter == "W"], top + height, width)
    content = f'{head}<svg y="{top}" width="{width}" height="{height}" {staves}\n{words}'
    return picture(tune.title, content, width, bottom)


def _staves(musicxml: str, width: int) -> tuple[str, int]:
    """What verovio draws, from after its size on, and its height in pixels."""
    toolkit = _toolkit()
    narrow = width < NARROW
    toolkit.setOptions(
        {
            "adjustPageHeight": True,
            "breaks": "encoded",
            "font": "Leipzig",
            "minLastJustification": 0.35,
            "footer": "none",
            "header": "none",
            "lyricTopMinMargin": 5.0,
            "pageHeight": TALLEST,
            "pageMarginTop": 10,
            "pageMarginLeft": 20 if narrow else 50,
            "pageMarginRight": 20 if narrow else 50,
            "spacingLinear": 0.18 if narrow else 0.25,
            "pageWidth": width * 100 // SCALE,
            "scale": SCALE,
            "smuflTextFont": "none",
            "svgFormatRaw": True,
            "xmlIdChecksum": True,  # the same tune gives the same picture; two tunes on one page share no names
        }
    )
    if not toolkit.loadData(musicxml):
        raise RenderError(f"verovio cannot draw this: {toolkit.getLog().strip().splitlines()[-1:]}")
    if toolkit.getPageCount() != 1:
        raise RenderError(f"the tune fills {toolkit.getPageCount()} pages; expected one of at most {TALLEST} units")
    drawn: str = toolkit.renderToSVG(1)
    size = re.match(r'\s*<svg width="\d+px" height="(\d+)px"', drawn)
    assert size, drawn[:100]
    drawn = re.sub(
        r'<tspan font-family="Leipzig" font-size="\d+px">([^<]*)</tspan>', _sign_in_text, drawn[size.end() :]
    )
    return drawn.replace('font-family="Times, serif"', f'font-family="{FONTS}"').strip(), int(size[1])


def _sign_in_text(match: re.Match[str]) -> str:
    """Flats and sharps of a chord symbol, or the note of a tempo, in the text's own font, which every program has."""
    return f'<tspan font-size="405px">{"".join(MUSIC_SIGNS.get(sign, "") for sign in match[1])}</tspan>'


@lru_cache(maxsize=1)
def _toolkit() -> Any:
    """verovio, loaded once and silent: what it has to say about a page is not for a user's terminal."""
    import verovio  # noqa: PLC0415 - heavy

    verovio.enableLog(verovio.LOG_OFF)
    return verovio.toolkit()
