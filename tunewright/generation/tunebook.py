"""Music as files: what was drawn, or what ABC and MIDI files hold, in every format asked for, and tunebooks.

In: `Generated` music, or files, and a folder. Out: the paths of what was written. The file of a drawn tune is named
by its seed, so that it says how to draw it again and no other tune of the run overwrites it. This file makes no
format itself (`render`) and draws no tune (`generate`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import PIECE, TUNE
from tunewright.corpus.sources import Dropped
from tunewright.formats.formats import write_formats
from tunewright.formats.pdf import write_pdf
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RenderError
from tunewright.support.files import replace_file

if TYPE_CHECKING:
    from tunewright.generation.generated import Generated

TUNEBOOK = "tunebook"


def write_drawn(drawn: Generated[Any], folder: Path, formats: Collection[str], **performance: Any) -> dict[str, Path]:
    """Write one drawn tune or piece in each of the formats, `tune-SEED.abc` and so on; the path of each.

    The ABC of a tune is the text as drawn, with seed and settings in `N:`; of a text that cannot be read only that is
    written. `performance` is what `Format.encode` takes. Errors as there.
    """
    name = f"{drawn.kind}-{drawn.seed:03}"
    paths = {}
    if "abc" in formats:
        paths["abc"] = folder / f"{name}.abc"
        replace_file(paths["abc"], drawn.text.encode())
    if drawn.music is not None and drawn.music.notes:
        others = [kind for kind in formats if kind != "abc"]
        paths |= write_formats(drawn.music, folder, name, others, **performance)
    return paths


def write_tunebook(drawn: Sequence[Generated[Tune]], folder: Path) -> Path:
    """Write the texts of all tunes, an empty line between them, as `tunebook.abc`; each has an `X:` of its own."""
    path = folder / f"{TUNEBOOK}.abc"
    replace_file(path, "\n".join(f"{one.text.strip()}\n" for one in drawn).encode())
    return path


# ------------------------------------------------------------------------------------------------ other files


@dataclass(frozen=True, slots=True)
class Rendered:
    """One tune of a file, and what was written of it, by format."""

    source: str
    title: str
    files: dict[str, Path]


def render_files(
    files: Sequence[Path], folder: Path, formats: Sequence[str], *, melody: str = "", **performance: Any
) -> Iterator[Rendered | Dropped]:
    """Write every tune of ABC and MIDI files in each of the formats, yielding each, or why it could not be made.

    A file of one tune gives `NAME.svg`, a file of more `NAME-001.svg` and so on; "pdf" is one book of them all,
    `NAME.pdf`, or `tunebook.pdf` for several files. `melody` is what `read_midi` takes, `performance` is what
    `Format.encode` takes. Raises OutputError where a file cannot be written, ConfigError before anything is, where it
    would replace one of `files`.
    """
    single = [kind for kind in formats if kind != "pdf"]
    book: list[Tune] = []
    for path, name in zip(files, _distinct_names(files), strict=True):
        read = list(read_file(path, TUNE, melody))
        for number, tune in enumerate(read, start=1):
            if isinstance(tune, Dropped):
                yield tune
                continue
            own = name if len(read) == 1 else f"{name}-{number:03}"
            _refuse_to_replace(files, [folder / f"{own}.{kind}" for kind in single])
            try:
                yield Rendered(tune.source, tune.title, write_formats(tune, folder, own, single, **performance))
                book.append(tune)
            except RenderError as error:
                yield Dropped(tune.source, str(error))
    if "pdf" in formats and book:
        write_pdf(book, folder / f"{files[0].stem if len(files) == 1 else TUNEBOOK}.pdf")


def render_pieces(
    files: Sequence[Path], folder: Path, formats: Sequence[str], *, soundfont: Path | None = None
) -> Iterator[Rendered | Dropped]:
    """The same with all parts of every file: MIDI, sound and piano roll of each piece; tunes are pieces of one part."""
    for path, name in zip(files, _distinct_names(files), strict=True):
        read = list(read_file(path, PIECE))
        for number, piece in enumerate(read, start=1):
            if isinstance(piece, Dropped):
                yield piece
                continue
            own = name if len(read) == 1 else f"{name}-{number:03}"
            _refuse_to_replace(files, [folder / f"{own}.{kind}" for kind in formats])
            try:
                written = write_formats(piece, folder, own, formats, soundfont=soundfont)
                yield Rendered(piece.source, piece.title, written)
            except RenderError as error:
                yield Dropped(piece.source, str(error))


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
