"""Tune books as PDF.

In: tunes, with all their voices where they have several. Out: the bytes or the file of a book, set by typst,
which is loaded when first used. This file draws no notes itself (`engraving`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tunewright.formats.engraving import to_svg
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.support.errors import RenderError
from tunewright.support.files import replace_file


def write_book(pages: Sequence[tuple[str, str]], path: Path) -> None:
    """Write a book of pictures that are drawn already, each with its title. Errors as for `write_pdf`."""
    replace_file(path, _bound(pages, str(path)))


def write_pdf(tunes: Sequence[Tune | Score], path: Path) -> None:
    """Write a tune book. Errors as in `to_pdf`, and `OutputError` where the file cannot be written."""
    replace_file(path, to_pdf(tunes, name=str(path)))


def to_pdf(tunes: Sequence[Tune | Score], *, name: str = "tune book") -> bytes:
    """A tune book on A4: one tune under the other, none broken over pages, pages numbered, all vectors, no date.

    Raises `RenderError` for a tune that cannot be drawn, with the book's `name` for one without tunes.
    """
    return _bound([(tune.title, to_svg(tune)) for tune in tunes], name)


def _bound(pages: Sequence[tuple[str, str]], name: str) -> bytes:
    """The pictures of a book, under one another."""
    import typst  # noqa: PLC0415 - heavy

    if not pages:
        raise RenderError(f"{name}: no tunes; expected at least one")
    pictures = {str(index): picture for index, (_, picture) in enumerate(pages)}
    # a picture is made smaller only where it is higher than the page
    images = "\n".join(f'#tune("{index}")' for index in pictures)
    source = f"""
#set document(title: sys.inputs.title, date: none)
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
    title = pages[0][0] if len(pages) == 1 else f"{len(pages)} tunes"
    try:
        content = typst.compile(source.encode(), format="pdf", sys_inputs={**pictures, "title": title})
    except RuntimeError as error:
        raise RenderError(f"{name}: typst cannot set this ({str(error).splitlines()[0]})") from None
    assert isinstance(content, bytes)
    return content
