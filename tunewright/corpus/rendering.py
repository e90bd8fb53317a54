"""Files of music in other formats: ABC and MIDI in, pictures, sound, MIDI and ABC out.

In: files and a folder. Out: what was written of each tune or piece, or why it could not be made. This file makes no
format itself (`formats`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunewright.corpus.files import read_file, read_scores
from tunewright.corpus.kinds import PIECE
from tunewright.corpus.sources import Dropped
from tunewright.formats.engraving import to_svg
from tunewright.formats.formats import FORMATS, write_formats
from tunewright.formats.midi.accompaniment import has_chords
from tunewright.formats.midi.pieces import CHORD_SYMBOL, unplayed
from tunewright.formats.pdf import write_book
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RenderError, TunewrightError, mistake
from tunewright.support.files import replace_file

BOOK = "tunebook"  # the name of a book of several files
READ: Mapping[str, Callable[[Path, str], Iterator[Any]]] = {
    Tune.kind: read_scores,
    Piece.kind: lambda path, _melody: read_file(path, PIECE),
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """One tune or piece of a file, and what was written of it, by format."""

    source: str
    title: str
    files: dict[str, Path]
    chords: bool = False  # whether it has chord symbols that can be played
    repairs: tuple[str, ...] = ()  # what each of them was
    left_out: tuple[tuple[str, int], ...] = ()  # what is in none of the files, and how much of it


def render_files(
    files: Sequence[Path],
    folder: Path,
    formats: Sequence[str],
    *,
    kind: str = Tune.kind,
    melody: str = "",
    draw: Callable[[Any], str] | None = None,
    **performance: Any,
) -> Iterator[Rendered | Dropped]:
    """Write the tunes of ABC and MIDI files, with all their voices, or the "piece"s with all their parts.

    Each in every one of the formats that can be made. Yields each, and why it, or a format of it, could not be made. A
    file of one tune gives `NAME.svg`, a file of more `NAME-001.svg` and so on; "pdf" is one book of them all,
    `NAME.pdf`, or `tunebook.pdf` for several files. `draw` gives the picture for svg and pdf, where it is another than
    the score. `melody` is what `read_midi` takes, `performance` is what `Format.encode` takes. Raises OutputError where
    a file cannot be written, ConfigError before anything is, where it would replace one of `files`.
    """
    single = [name for name in formats if name != "pdf"]
    pages: list[tuple[str, str]] = []  # titles and pictures for a book
    for path, name in zip(files, _distinct_names(files), strict=True):
        read = list(READ[kind](path, melody))
        for number, music in enumerate(read, start=1):
            if isinstance(music, Dropped):
                yield music
                continue
            own = name if len(read) == 1 else f"{name}-{number:03}"
            _refuse_to_replace(files, [folder / f"{own}.{ending}" for ending in single])
            written: dict[str, Path] = {}
            failed: dict[str, list[str]] = {}
            for form in formats:
                try:
                    if form == "pdf":
                        pages.append((music.title, (draw or to_svg)(music)))
                    elif form == "svg" and draw:
                        written[form] = _written(draw(music), folder / f"{own}.svg")
                    else:
                        written |= write_formats(music, folder, own, [form], **performance)
                except RenderError as error:
                    failed.setdefault(str(error).removeprefix(f"{music.source}: "), []).append(form)
                except (TunewrightError, OSError):
                    raise
                except Exception as error:  # a mistake in one tune must not end the work on the others
                    failed.setdefault(mistake(error), []).append(form)
            made = len(formats) - sum(map(len, failed.values()))
            if failed:
                yield Dropped(music.source, _reasons(failed, some_are_made=made > 0))
            if made:
                repairs = tuple(repair.what for repair in music.repairs)
                lost = _left_out(music, formats, played=bool(performance.get("chords")))
                yield Rendered(music.source, music.title, written, any(map(has_chords, music.tunes)), repairs, lost)
    if pages:
        write_book(pages, folder / f"{files[0].stem if len(files) == 1 else BOOK}.pdf")


def _written(picture: str, path: Path) -> Path:
    replace_file(path, picture.encode())
    return path


def _reasons(failed: Mapping[str, Sequence[str]], *, some_are_made: bool) -> str:
    """Why music could not be made, with the formats that are missing where others are there."""
    return "; ".join(f"{why} (no {', '.join(forms)})" if some_are_made else why for why, forms in failed.items())


def _left_out(music: Any, formats: Sequence[str], *, played: bool) -> tuple[tuple[str, int], ...]:
    """What of music is in no file of these formats; where it is heard alone, also words, texts and chords unplayed."""
    if not music.tunes or any(FORMATS[name].notated for name in formats):
        return tuple(music.left_out)
    lost = unplayed(music.tunes)
    if played:  # those of the first voice that has any
        heard = next((tune for tune in music.tunes if has_chords(tune)), None)
        silent = dict(unplayed(tune for tune in music.tunes if tune is not heard)).get(CHORD_SYMBOL, 0)
        lost = tuple((name, silent if name == CHORD_SYMBOL else count) for name, count in lost)
    return tuple((name, count) for name, count in lost if count)


def _distinct_names(files: Sequence[Path]) -> list[str]:
    """The names of the files without their endings, those that occur again numbered."""
    seen: Counter[str] = Counter()
    names = []
    for path in files:
        seen[path.stem] += 1
        names.append(path.stem if seen[path.stem] == 1 else f"{path.stem}-{seen[path.stem]}")
    return names


def _refuse_to_replace(read: Sequence[Path], written: Sequence[Path]) -> None:
    originals = {path.resolve() for path in read}
    for path in written:
        if path.resolve() in originals:
            raise ConfigError(f"{path}: is one of the files to read; expected another --out")
