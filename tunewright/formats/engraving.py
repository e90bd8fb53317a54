"""Sheet music and sound: SVG, PDF, WAV and a page for notebooks, and one table of every format a tune can have.

In: a `Tune`. Out: text or files. Notes are drawn by verovio from MusicXML (its ABC reader is never called: it
ends the process on some real tunes), tune books are set by typst. Each is loaded when first used; none needs a network,
a display or a program outside Python.

This file does not decide what stands in a measure (`notation`, `musicxml`) or how a tune is played (`performance`), and
makes no sound itself (`synthesis`).
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunewright.formats.abc import format_abc
from tunewright.formats.midi.performance import performed, speed
from tunewright.formats.midi.tunes import FLUTE, to_midi
from tunewright.formats.musicxml.document import to_musicxml
from tunewright.formats.sound.timed_notes import TimedNote
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RenderError
from tunewright.support.files import replace_file

__all__ = ["FORMATS", "to_html", "to_musicxml", "to_svg", "to_wav", "write_pdf", "write_tune", "write_wav"]

# ------------------------------------------------------------------------------------------------ pictures

WIDTH = 840  # pixels; at this scale four bars of a reel fill a line
SCALE = 40  # percent of verovio's size: staff lines 7 pixels apart
TITLE_SIZE = 26  # pixels
LONGEST_TITLE = 90  # characters
TALLEST = 60000  # verovio's limit for one page
FONTS = "'Libertinus Serif', Georgia, 'Times New Roman', Times, 'DejaVu Serif', serif"
MUSIC_SIGNS = {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯"}  # verovio's private signs in text: the public ones


def to_svg(tune: Tune, *, width: int = WIDTH, colours: Mapping[int, str] | None = None) -> str:
    """Sheet music under its title, as one self-contained SVG, `width` pixels wide and as high as it needs.

    `colours` ("#rrggbb") are of some of its notes, by their index in `tune.notes`. Raises `RenderError` where the tune
    has nothing to draw, has no such note, or needs more than one very long page.
    """
    staves, height = _staves(to_musicxml(tune, colours=colours), width)
    head, top = heading(tune.title, tune.rhythm, tune.header("C"), width)
    content = f'{head}<svg y="{top}" width="{width}" height="{height}" {staves}\n'
    return picture(tune.title, content, width, top + height)


def _staves(musicxml: str, width: int) -> tuple[str, int]:
    """What verovio draws, from after its size on, and its height in pixels."""
    toolkit = _toolkit()
    toolkit.setOptions(
        {
            "adjustPageHeight": True,
            "breaks": "encoded",
            "font": "Leipzig",
            "minLastJustification": 0.35,
            "footer": "none",
            "header": "none",
            "pageHeight": TALLEST,
            "pageMarginTop": 10,
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
    drawn = re.sub(r'<tspan font-family="Leipzig" font-size="\d+px">(.)</tspan>', _sign_in_text, drawn[size.end() :])
    return drawn.replace('font-family="Times, serif"', f'font-family="{FONTS}"').strip(), int(size[1])


def _sign_in_text(match: re.Match[str]) -> str:
    """A flat or sharp in a chord symbol, in the text's own font, which every program has."""
    return f'<tspan font-size="405px">{MUSIC_SIGNS.get(match[1], "")}</tspan>'


@lru_cache(maxsize=1)
def _toolkit() -> Any:
    """verovio, loaded once and silent: what it has to say about a page is not for a user's terminal."""
    import verovio  # noqa: PLC0415 - heavy

    verovio.enableLog(verovio.LOG_OFF)
    return verovio.toolkit()


def heading(title: str, left: str, right: str, width: int) -> tuple[str, int]:
    """A title, and under it a remark on the left and one on the right, as SVG; with the height they take in pixels."""
    title = title or "Untitled"
    title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    size = min(TITLE_SIZE, round(1.8 * (width - 40) / max(1, len(title))))
    margin = 50 * SCALE // 100
    lines = [f'<text x="{width // 2}" y="38" text-anchor="middle" font-size="{size}">{escaped(title)}</text>\n']
    if left:
        lines.append(f'<text x="{margin}" y="62" font-size="15" font-style="italic">{escaped(left)}</text>\n')
    if right:
        lines.append(f'<text x="{width - margin}" y="62" text-anchor="end" font-size="15">{escaped(right)}</text>\n')
    return "".join(lines), 66 if len(lines) > 1 else 50


def picture(title: str, content: str, width: int, height: int) -> str:
    """Drawn content as one self-contained SVG that is never wider than the page it stands on."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'style="max-width: 100%; height: auto" font-family="{FONTS}">\n'
        f"<title>{escaped(title or 'Untitled')}</title>\n{content}</svg>\n"
    )


def escaped(text: str) -> str:
    """Text for XML: control characters, which it forbids, left out."""
    return html.escape("".join(sign for sign in text if sign.isprintable()))


def write_pdf(tunes: Sequence[Tune], path: Path) -> None:
    """Write a tune book on A4: one tune under the other, none broken over pages, pages numbered, all vectors.

    Raises `RenderError` for a tune that cannot be drawn, `OutputError` where the file cannot be written.
    """
    import typst  # noqa: PLC0415 - heavy

    if not tunes:
        raise RenderError(f"{path}: no tunes; expected at least one")
    pictures = {str(index): to_svg(tune) for index, tune in enumerate(tunes)}
    # a picture is made smaller only where it is higher than the page
    images = "\n".join(f'#tune("{index}")' for index in pictures)
    source = f"""
#set document(title: sys.inputs.title)
#set page("a4", margin: (x: 15mm, y: 16mm), numbering: "1")
#let tune(index) = layout(size => {{
  let drawn = image(bytes(sys.inputs.at(index)), format: "svg", width: size.width)
  let high = measure(drawn, width: size.width).height
  align(center, block(breakable: false, below: 7mm, if high > size.height {{
    image(bytes(sys.inputs.at(index)), format: "svg", height: size.height)
  }} else {{ drawn }}))
}})
{images}
"""
    title = tunes[0].title if len(tunes) == 1 else f"{len(tunes)} tunes"
    try:
        content = typst.compile(source.encode(), format="pdf", sys_inputs={**pictures, "title": title})
    except RuntimeError as error:
        raise RenderError(f"{path}: typst cannot set this ({str(error).splitlines()[0]})") from None
    assert isinstance(content, bytes)
    replace_file(path, content)


# ------------------------------------------------------------------------------------------------ sound


def write_wav(
    tune: Tune,
    path: Path,
    *,
    soundfont: Path | None = None,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
) -> None:
    """Write a tune as sound: 44.1 kHz, 16 bits, stereo, its peak at -1 dB. Errors as in `to_wav` and `replace_file`."""
    replace_file(path, to_wav(tune, soundfont=soundfont, tempo=tempo, straight=straight, program=program))


def to_wav(
    tune: Tune,
    *,
    soundfont: Path | None = None,
    tempo: int | None = None,
    straight: bool = False,
    program: int = FLUTE,
) -> bytes:
    """The bytes of a WAV file of a tune; `program` is General MIDI's, from 0, `tempo` in beats of its metre per minute.

    Raises `RenderError` where the SoundFont is missing, broken or has not the instrument, or the tune has no notes or
    lasts more than half an hour.
    """
    from tunewright.formats.sound import mixing  # noqa: PLC0415 - numpy, only where there is sound to make

    whole = 4 * 60 / float(speed(tune, tempo))  # seconds of a whole note
    notes = [
        TimedNote(
            float(note.onset) * whole, float(note.onset + note.length) * whole, note.number, note.velocity, program
        )
        for note in performed(tune, straight=straight)
    ]
    if not notes:
        raise RenderError(f"{tune.source or tune.title or 'tune'}: no notes; expected at least one")
    return mixing.to_wav(notes, soundfont)


# ------------------------------------------------------------------------------------------------ notebooks


def to_html(tune: Tune) -> str:
    """Score and player in one piece of HTML that needs no other file; the sound is left out where it cannot be made."""
    picture = to_svg(tune)
    try:
        sound = base64.b64encode(to_wav(tune)).decode()
    except RenderError as error:
        return f"<div>{picture}<p>{escaped(str(error))}</p></div>"
    return f'<div>{picture}<audio controls preload="none" src="data:audio/wav;base64,{sound}"></audio></div>'


# ------------------------------------------------------------------------------------------------ formats


def _write_text(content: Callable[[Tune], str]) -> Callable[..., None]:
    def write(tune: Tune, path: Path, **_: object) -> None:
        replace_file(path, content(tune).encode())

    return write


def _write_midi(tune: Tune, path: Path, *, soundfont: Path | None, tempo: int | None, straight: bool) -> None:
    del soundfont  # MIDI has no sound of its own
    replace_file(path, to_midi(tune, tempo=tempo, straight=straight))


def _write_pdf(tune: Tune, path: Path, **_: object) -> None:
    write_pdf([tune], path)


FORMATS: dict[str, Callable[..., None]] = {
    "abc": _write_text(format_abc),
    "mid": _write_midi,
    "wav": write_wav,
    "svg": _write_text(to_svg),
    "musicxml": _write_text(to_musicxml),
    "pdf": _write_pdf,
}


def write_tune(
    tune: Tune,
    folder: Path,
    name: str,
    formats: Collection[str],
    *,
    soundfont: Path | None = None,
    tempo: int | None = None,
    straight: bool = False,
) -> dict[str, Path]:
    """Write `folder/name.format` for each of the formats; returns the path of each.

    Raises `ConfigError` for an unknown format before anything is written, `RenderError` with the tune's name
    for one that cannot be made, `OutputError` where a file cannot be written.
    """
    unknown = [kind for kind in formats if kind not in FORMATS]
    if unknown:
        raise ConfigError(f"unknown format {unknown[0]!r}; known: {', '.join(FORMATS)}")
    paths = {kind: folder / f"{name}.{kind}" for kind in formats}
    for kind, path in paths.items():
        FORMATS[kind](tune, path, soundfont=soundfont, tempo=tempo, straight=straight)
    return paths
