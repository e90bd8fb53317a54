"""What all pictures have in common: a heading, a frame, and text that is safe in both.

In: drawn content, titles and remarks. Out: SVG. This file draws no music (`engraving`, `piano_roll`).
"""

from __future__ import annotations

import html
from collections.abc import Sequence

WIDTH = 840  # pixels, where nobody asks for another: four bars of a reel fill a line
TITLE_SIZE = 26  # pixels
SUBTITLE_SIZE = 17
LONGEST_TITLE = 90  # characters
MARGIN = 20  # pixels at the sides of a heading
TEXT_SIZE, LINE, TEXT_MARGIN = 16, 21, 60  # pixels of words below the music
FONTS = "'Libertinus Serif', Georgia, 'Times New Roman', Times, 'DejaVu Serif', serif"


def heading(title: str, left: str, right: str, width: int, under: Sequence[str] = ()) -> tuple[str, int]:
    """A title, others `under` it, a remark on the left and one on the right, as SVG; with its height in pixels."""
    title = title or "Untitled"
    title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    size = min(TITLE_SIZE, round(1.8 * (width - 40) / max(1, len(title))))
    lines = [f'<text x="{width // 2}" y="38" text-anchor="middle" font-size="{size}">{escaped(title)}</text>\n']
    top = 62
    for text in under:
        middle = f'x="{width // 2}" y="{top}" text-anchor="middle"'
        lines.append(f'<text {middle} font-size="{SUBTITLE_SIZE}">{escaped(text[:LONGEST_TITLE])}</text>\n')
        top += SUBTITLE_SIZE + 8
    if left:
        lines.append(f'<text x="{MARGIN}" y="{top}" font-size="15" font-style="italic">{escaped(left)}</text>\n')
    if right:
        lines.append(f'<text x="{width - MARGIN}" y="{top}" text-anchor="end" font-size="15">{escaped(right)}</text>\n')
    return "".join(lines), top + 4 if left or right else top - 12


def lines_of_text(lines: Sequence[str], top: int, width: int) -> tuple[str, int]:
    """Lines of text under one another from a height on, as SVG, and where they end; those too long are set smaller."""
    drawn = []
    bottom = top
    for line in lines:
        bottom += LINE
        size = min(TEXT_SIZE, round(1.8 * (width - 2 * TEXT_MARGIN) / max(1, len(line)), 1))
        if line.strip():
            drawn.append(f'<text x="{TEXT_MARGIN}" y="{bottom}" font-size="{size:g}">{escaped(line)}</text>\n')
    return "".join(drawn), bottom + LINE if lines else top


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
