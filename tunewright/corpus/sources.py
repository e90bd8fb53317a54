"""Finding music: the files of what somebody names, and the names by which they are known.

In: files, folders, the names of built-in collections, and places in files ("tunes.abc#12"). Out: the files in order,
each with the name that it is known by. This file opens none of them (`files`).
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from tunewright.formats.formats import SUFFIXES
from tunewright.support.errors import CorpusError

BUILT_IN = {  # folders of the music21 package's corpus
    "oneill": "oneills1850",
    "ryan": "ryansMammoth",
    "aird": "airdsAirs",
    "essen": "essenFolksong",
}
ENDINGS = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"  # in words


@dataclass(frozen=True, slots=True)
class Dropped:
    """Music, or a whole file, that could not be read: "file:line", and why."""

    source: str
    reason: str


class Files(Sequence[tuple[str, Path]]):
    """Files in order, each with the name that it is known by: text alone is kept, a hundred bytes for each.

    `missed` are folders that could not be looked into, `others` how many files there are of each other kind.
    """

    def __init__(self, names: Sequence[str], root: str = "") -> None:
        self._names = list(names)
        self._roots = [root] * len(names)  # what stands before the name in the path
        self.missed: list[Dropped] = []
        self.others: Counter[str] = Counter()

    def add(self, more: Files) -> None:
        """Append the files of another source."""
        self._names += more._names
        self._roots += more._roots
        self.missed += more.missed
        self.others.update(more.others)

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> tuple[str, Path]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, Path]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, Path] | Sequence[tuple[str, Path]]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        return printable(self._names[place]), Path(self._roots[place] + self._names[place])


def find_files(source: str | Path, *, or_run: bool = False) -> Files:
    """The files of a source, in order, each with the name that it is known by.

    CorpusError for one that is missing, is no such file, or is a folder without any; where a trained run might have
    been meant too, it says so.
    """
    if str(source) in BUILT_IN:
        folder = _built_in_folder(BUILT_IN[str(source)])
        names = sorted(f"{folder.name}/{path.name}" for path in folder.glob("*.abc"))
        return Files(names, f"{folder.parent}/")
    path = Path(source)
    if path.is_dir():
        return _files_below(path, ", and no trained run" if or_run else "")
    run = "run, " if or_run else ""
    if not path.exists():
        built_in = ", ".join(BUILT_IN)
        raise CorpusError(f"{path}: no such {run}file or folder, and not a built-in collection ({built_in})")
    if path.suffix.lower() not in SUFFIXES:
        raise CorpusError(f"{path}: expected a {run}file that ends in {ENDINGS}, or a folder of them")
    return Files([str(path)])


def _files_below(folder: Path, nor: str) -> Files:
    names: list[str] = []
    missed: list[Dropped] = []
    others: Counter[str] = Counter()

    def miss(error: OSError) -> None:
        missed.append(
            Dropped(f"{printable(str(error.filename))}:1", f"a folder that cannot be read ({error.strerror})")
        )

    for parent, _, found in os.walk(folder, onerror=miss):
        inside = "" if parent == "." else f"{parent.removesuffix(os.sep)}{os.sep}".removeprefix(f".{os.sep}")
        for name in found:
            suffix = os.path.splitext(name)[1].lower()
            if suffix in SUFFIXES:
                names.append(inside + name)
            elif not name.startswith("."):
                others[suffix or "no ending"] += 1
    if not names:
        reason = f", and {missed[0].source}: {missed[0].reason}" if missed else ""
        raise CorpusError(f"{folder}: no {ENDINGS} file in this folder{nor}{reason}")
    files = Files(sorted(names, key=lambda name: name.replace(os.sep, "\0")))  # folder by folder
    files.missed, files.others = missed, others
    return files


def printable(name: str) -> str:
    """A file's name as it can be shown on one line: what is no letter of any script is �.

    >>> printable("reels\\n.mid")
    'reels�.mid'
    """
    return name if name.isprintable() else "".join(sign if sign.isprintable() else "�" for sign in name)


def split_place(place: str) -> tuple[Path, int | None]:
    """A file, and the number of a tune in it: "FILE" or "FILE#12". A file may have # in its own name.

    >>> split_place("reels.abc#12")[1]
    12
    """
    name, _, number = place.rpartition("#")
    if not name or not number.isdecimal() or Path(place).exists():
        return Path(place), None
    return Path(name), int(number)


def collection_name(sources: Iterable[str | Path]) -> str:
    """What the music of sources is called: the last parts of their names."""
    return " ".join(Path(source).name or str(source) for source in sources)


def there(sources: Iterable[str]) -> bool:
    """Whether all of these sources are there: built-in collections, files and folders."""
    return all(source in BUILT_IN or Path(source).exists() for source in sources)


def lasting_source(source: str) -> str:
    """A source that names the same tunes from every working folder: a built-in collection, or a whole path."""
    return source if source in BUILT_IN else str(Path(source).resolve())


def _built_in_folder(folder: str) -> Path:
    spec = importlib.util.find_spec("music21")  # its files are read, it is not imported
    if spec is None or not spec.submodule_search_locations:
        raise CorpusError("the built-in collections are files of the package music21, which is not installed")
    path = Path(spec.submodule_search_locations[0]) / "corpus" / folder
    if not path.is_dir():
        raise CorpusError(f"the installed music21 has no collection {folder}; expected version 10 with its corpus")
    return path
