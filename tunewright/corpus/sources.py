"""The files of a source, and every tune in them, or why there is none.

In: files, folders, and the names of built-in collections. Out: the files in order, each with the name that it is known
by; and of each what it holds, in that order. Many files are read by several processes, so that one which ends its
process costs that file alone. Memory grows with the tunes that are kept, and by a name for each file.

This file decides nothing about a collection as a whole (`corpus`).
"""

from __future__ import annotations

import importlib.util
import os
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from tunewright.corpus.families import Line, melody_line
from tunewright.corpus.packing import Packer, Unpacker
from tunewright.formats.abc import decode_text, parse_tune, split_tunes
from tunewright.formats.midi.tunes import parse_midi
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError, ParseError
from tunewright.support.processes import Died, can_fork, in_order, usable_processes

BUILT_IN = {  # folders of the music21 package's corpus
    "oneill": "oneills1850",
    "ryan": "ryansMammoth",
    "aird": "airdsAirs",
    "essen": "essenFolksong",
}
MIDI_SUFFIXES = (".mid", ".midi")
SUFFIXES = (".abc", *MIDI_SUFFIXES)
LARGEST_FILE = 64 * 2**20  # bytes
LARGEST_TUNE = 2**20
WORTH_FORKING = 2**18  # bytes in all, from which several processes are quicker than one
MANY = 50  # files, from which it is worth it whatever their size

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A tune, or a whole file, that could not be read: "file:line", and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """A tune, and its `families.melody_line`."""

    tune: Tune
    line: Line


# ------------------------------------------------------------------------------------------------ finding


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


def find_files(source: str | Path) -> Files:
    """The files of a source, in order, each with the name that it is known by."""
    if str(source) in BUILT_IN:
        folder = _built_in_folder(BUILT_IN[str(source)])
        names = sorted(f"{folder.name}/{path.name}" for path in folder.glob("*.abc"))
        return Files(names, f"{folder.parent}/")
    path = Path(source)
    if path.is_dir():
        return _files_below(path)
    if not path.exists():
        built_in = ", ".join(BUILT_IN)
        raise CorpusError(f"{path}: no such file or folder, and not a built-in collection ({built_in})")
    if path.suffix.lower() not in SUFFIXES:
        raise CorpusError(f"{path}: expected a file that ends in .abc, .mid or .midi, or a folder of them")
    return Files([str(path)])


def _files_below(folder: Path) -> Files:
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
        raise CorpusError(f"{folder}: no .abc, .mid or .midi file in this folder{reason}")
    files = Files(sorted(names, key=lambda name: name.replace(os.sep, "\0")))  # folder by folder
    files.missed, files.others = missed, others
    return files


def printable(name: str) -> str:
    """A file's name as it can be shown on one line: what is no letter of any script is �.

    >>> printable("reels\\n.mid")
    'reels�.mid'
    """
    return name if name.isprintable() else "".join(sign if sign.isprintable() else "�" for sign in name)


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


# ------------------------------------------------------------------------------------------------ one file


def read_tunes(path: Path, melody: str = "") -> Iterator[Tune | Dropped]:
    """Every tune of one file, in order, or why it could not be read; what does not end in .mid or .midi is ABC."""
    yield from (item for item, _ in _read_file(printable(str(path)), path, melody))


def read_bytes(path: Path) -> bytes | Dropped:
    """The bytes of a file, or why there are none."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # reading a pipe would wait for ever
            return Dropped("", "neither a file nor a folder")
        if about.st_size > LARGEST_FILE:
            found = f"{about.st_size / 2**20:.0f} MB"
            return Dropped("", f"{found}, the largest file read is {LARGEST_FILE // 2**20} MB: split it")
        return path.read_bytes()
    except OSError as error:
        return Dropped("", f"cannot be read ({error.strerror})")


def _read_file(name: str, path: Path, melody: str) -> Iterator[tuple[Tune | Dropped, int]]:
    """Every tune of a file, or why it was dropped, and how many bytes it took."""
    data = read_bytes(path)
    if isinstance(data, Dropped):
        yield Dropped(f"{name}:1", data.reason), 0
    elif path.suffix.lower() in MIDI_SUFFIXES:
        try:
            yield replace(parse_midi(data, printable(path.name), melody=melody), source=f"{name}:1"), len(data)
        except ParseError as error:
            yield Dropped(f"{name}:1", error.reason), len(data)
    else:
        yield from _read_abc(name, data)


def _read_abc(name: str, data: bytes) -> Iterator[tuple[Tune | Dropped, int]]:
    try:
        sources = list(split_tunes(decode_text(data, name), name))
    except ParseError as error:
        yield Dropped(f"{name}:1", error.reason), len(data)
        return
    if not sources:
        yield Dropped(f"{name}:1", "no tune found, expected ABC that begins with an X: field"), len(data)
    for source in sources:
        size = sum(map(len, source.lines)) + len(source.lines)
        if size > LARGEST_TUNE:
            yield Dropped(source.place, f"a tune of {size} characters, the longest read has {LARGEST_TUNE}"), size
            continue
        try:
            yield parse_tune(source), size
        except ParseError as error:
            yield Dropped(error.source, error.reason), size


# ------------------------------------------------------------------------------------------------ many files

# a tune: process that packed it, bytes read, tune, its line; or, with process 0: bytes read, source and reason
_Message = tuple[int, int, Any, Any]


def read_files(
    files: Files, melody: str, complete: Callable[[Tune], Tune], on_progress: Progress | None = None
) -> Iterator[Read | Dropped]:
    """What each file holds, in order; `complete` adds to each tune what its notes tell. Progress is in bytes.

    No file ends this: one that ends the process that reads it, or meets a mistake of ours, is dropped and says so.
    """
    yield from files.missed
    total = sum(size for size, _ in stamps(files))
    done = 0
    known: dict[Any, Any] = {}  # what is equal becomes one object: a thousand tunes hold each note once
    unpackers: dict[int, Unpacker] = defaultdict(lambda: Unpacker(known))
    for message in _messages(files, _Reading(files, melody, complete), total):
        if isinstance(message, Died):
            yield Dropped(f"{files[message.job][0]}:1", f"reading it ended the process ({message.how})")
            continue
        process, size, item, more = message
        if process:
            yield Read(unpackers[process].unpack(item), np.frombuffer(more, dtype=np.int16))
        else:
            yield Dropped(item, str(known.setdefault(more, more)))
        done += size
        if on_progress:
            on_progress(min(done, total), total)


def stamps(files: Files) -> Iterator[tuple[int, int]]:
    """For each file how many bytes of it will be read, and when it was changed."""
    for _, path in files:
        try:
            about = path.stat()
        except OSError:
            yield 0, 0
            continue
        yield about.st_size if about.st_size <= LARGEST_FILE else 0, about.st_mtime_ns


def _messages(files: Files, work: _Reading, total: int) -> Iterator[_Message | Died]:
    if can_fork() and len(files) > 1 and (len(files) >= MANY or total >= WORTH_FORKING):
        yield from in_order(work, len(files), usable_processes(len(files)))
    else:
        for job in range(len(files)):
            yield from work(job)


class _Reading:
    """Reads file number so-and-so and packs what it holds, for this process or another."""

    def __init__(self, files: Files, melody: str, complete: Callable[[Tune], Tune]) -> None:
        self.files, self.melody, self.complete = files, melody, complete
        self.packer = Packer()

    def __call__(self, job: int) -> Iterator[_Message]:
        name, path = self.files[job]
        try:
            for item, size in _read_file(name, path, self.melody):
                yield self._message(item, size)
        except MemoryError:
            yield 0, 0, f"{name}:1", "it takes more memory than there is"
        except Exception as error:  # one file of a hundred thousand must not end the work on the others
            found = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            yield 0, 0, f"{name}:1", f"a mistake in tunewright ({found}): please report it, with this file"

    def _message(self, item: Tune | Dropped, size: int) -> _Message:
        if isinstance(item, Dropped):
            return 0, size, item.source, item.reason
        tune = self.complete(item)
        return os.getpid(), size, self.packer.pack(tune), melody_line(tune).tobytes()
