"""The formats of a piece of several parts in one table: MIDI, sound, a piano roll; and both of those for notebooks.

In: a `Piece`. Out: files, or HTML. A piece has no spelling, no repeats and no written lengths, so there is no ABC, no
MusicXML and no score of it. This file makes no format itself.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from tunewright.formats.engraving import FORMATS as OF_TUNES
from tunewright.formats.engraving import escaped
from tunewright.formats.midi.piece_writing import write_midi
from tunewright.formats.piano_roll import to_svg
from tunewright.formats.sound.pieces import to_wav, write_wav
from tunewright.music.piece import Piece
from tunewright.support.errors import ConfigError, RenderError
from tunewright.support.files import replace_file


def _write_midi(piece: Piece, path: Path, *, soundfont: Path | None) -> None:
    del soundfont  # MIDI has no sound of its own
    write_midi(piece, path)


def _write_svg(piece: Piece, path: Path, *, soundfont: Path | None) -> None:
    del soundfont
    replace_file(path, to_svg(piece).encode())


FORMATS: dict[str, Callable[..., None]] = {"mid": _write_midi, "wav": write_wav, "svg": _write_svg}


def parse_piece_formats(written: str) -> list[str]:
    """The formats of a list like "mid,svg"; ConfigError, naming those there are, for another one or none.

    >>> parse_piece_formats("svg, mid")
    ['svg', 'mid']
    """
    formats = [part.strip().lower() for part in written.split(",") if part.strip()]
    _refuse_unknown(formats or [written])
    return list(dict.fromkeys(formats))


def write_piece(
    piece: Piece, folder: Path, name: str, formats: Collection[str], *, soundfont: Path | None = None
) -> dict[str, Path]:
    """Write `folder/name.format` for each of the formats; returns the path of each.

    Raises `ConfigError` for an unknown format before anything is written, `RenderError` for one that cannot
    be made, `OutputError` where a file cannot be written.
    """
    _refuse_unknown(list(formats))
    paths = {kind: folder / f"{name}.{kind}" for kind in formats}
    for kind, path in paths.items():
        FORMATS[kind](piece, path, soundfont=soundfont)
    return paths


def _refuse_unknown(formats: Sequence[str]) -> None:
    for kind in formats:
        if kind not in FORMATS:
            known = f"known: {', '.join(FORMATS)}"
            reason = f"{kind}: a piece of several parts is no tune" if kind in OF_TUNES else f"unknown format {kind!r}"
            raise ConfigError(f"{reason}; {known}")


def to_html(piece: Piece) -> str:
    """Piano roll and player in one piece of HTML that needs no other file; what cannot be sounded is said instead."""
    roll = to_svg(piece)
    try:
        sound = base64.b64encode(to_wav(piece)).decode()
    except RenderError as error:
        return f"<div>{roll}<p>{escaped(str(error))}</p></div>"
    return f'<div>{roll}<audio controls preload="none" src="data:audio/wav;base64,{sound}"></audio></div>'
