"""What files hold, one or many: every tune or piece in them, or why there is none.

In: files, and the kind of music to read. Out: what each holds, in order. Many files are read by several processes, so
that one which ends its process costs that file alone. Memory grows with the music that is kept. This file finds no
files (`sources`) and decides nothing about a collection as a whole (`reading`).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import numpy as np

from tunewright.corpus.kinds import TUNE, Kind
from tunewright.corpus.melodies import Melody, melody
from tunewright.corpus.packing import Unpacker
from tunewright.corpus.sources import Dropped, Files, printable, split_place
from tunewright.formats.formats import FORMATS, SCORE, format_of
from tunewright.music.kinds import M
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError, InputError, ParseError, mistake
from tunewright.support.inputs import read_input
from tunewright.support.processes import Died, can_fork, in_order, usable_processes

LARGEST_FILE = 64 * 2**20  # bytes
WORTH_FORKING = 2**18  # bytes in all, from which several processes are quicker than one
MANY = 50  # files, from which it is worth it whatever their size
LISTED = 6  # numbers of tunes in an error

ABC = FORMATS["abc"]  # what a file is read as whose name says nothing

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Read(Generic[M]):
    """A tune or a piece, and its `melodies.melody`."""

    music: M
    melody: Melody


# ------------------------------------------------------------------------------------------------ one file


def read_file(path: Path, kind: Kind[M], which: str = "") -> Iterator[M | Dropped]:
    """All the music of one file, in order, or why it could not be read; what no format's name ends in is ABC.

    `which` says which notes of a MIDI file are the melody of a tune (`melody_choice`).
    """
    yield from (item for item, _ in _read_file(printable(str(path)), path, kind.name, which))


def read_scores(path: Path, which: str = "") -> Iterator[Tune | Score | Dropped]:
    """The tunes of one file, those of several voices with all of them; else as `read_file`."""
    yield from (item for item, _ in _read_file(printable(str(path)), path, SCORE, which))


def read_tune(place: str) -> Tune:
    """One tune of an ABC or MIDI file: "FILE" its first, "FILE#12" the one with X:12.

    ParseError for a tune that cannot be read, CorpusError where there is no such file or no such tune.
    """
    path, number = split_place(place)
    read = list(read_file(path, TUNE))
    tunes = [item for item in read if not isinstance(item, Dropped)]
    failed = [item for item in read if isinstance(item, Dropped)]
    if number is None and failed and isinstance(read[0], Dropped):
        raise ParseError(failed[0].reason, failed[0].source)
    chosen = tunes if number is None else [tune for tune in tunes if tune.number == number]
    if not chosen:
        besides = f", and {len(failed):,} that cannot be read" if failed else ""
        raise CorpusError(f"{path}: no tune with X:{number}; it has {_listed(tunes)}{besides}")
    return chosen[0]


def _listed(tunes: Sequence[Tune]) -> str:
    """The numbers of tunes in a few words."""
    shown = ", ".join(f"X:{tune.number}" for tune in tunes[:LISTED])
    rest = len(tunes) - LISTED
    return f"{shown} and {rest:,} more" if rest > 0 else shown or "none"


def read_bytes(path: Path) -> bytes | Dropped:
    """The bytes of a file, or why there are none."""
    try:
        return read_input(path, LARGEST_FILE)
    except InputError as error:
        return Dropped("", error.reason)


def _read_file(name: str, path: Path, kind: str, which: str) -> Iterator[tuple[Any, int]]:
    """All the music of a file, or why it was dropped, and how many bytes it took."""
    data = read_bytes(path)
    if isinstance(data, Dropped):
        yield Dropped(f"{name}:1", data.reason), 0
        return
    found: Iterator[tuple[Any, int]] = (format_of(path.name) or ABC).decode(data, name, kind, melody=which)
    for item, size in found:
        yield (Dropped(item.source, item.reason) if isinstance(item, ParseError) else item), size


# ------------------------------------------------------------------------------------------------ many files

# music: process that packed it, bytes read, music, its melody; or, with process 0: bytes read, source and reason
_Message = tuple[int, int, Any, Any]


def read_files(
    files: Files, kind: Kind[M], which: str = "", on_progress: Progress | None = None
) -> Iterator[Read[M] | Dropped]:
    """What each file holds, in order, with what its notes tell. Progress is in bytes.

    No file ends this: one that ends the process that reads it, or meets a mistake of ours, is dropped and says so.
    """
    yield from files.missed
    total = sum(size for size, _ in stamps(files))
    done = 0
    known: dict[Any, Any] = {}  # what is equal becomes one object: a thousand tunes hold each note once
    unpackers: dict[int, Unpacker[M]] = defaultdict(lambda: kind.unpacker(known))
    for message in _messages(files, _Reading(files, kind, which), total):
        if isinstance(message, Died):
            yield Dropped(f"{files[message.job][0]}:1", f"reading it ended the process ({message.how})")
            continue
        process, size, item, more = message
        if process:
            line, fingerprints = more
            yield Read(unpackers[process].unpack(item), Melody(np.frombuffer(line, dtype=np.int16), fingerprints))
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


def _messages(files: Files, work: _Reading[Any], total: int) -> Iterator[_Message | Died]:
    if can_fork() and len(files) > 1 and (len(files) >= MANY or total >= WORTH_FORKING):
        yield from in_order(work, len(files), usable_processes(len(files)))
    else:
        for job in range(len(files)):
            yield from work(job)


class _Reading(Generic[M]):
    """Reads file number so-and-so and packs what it holds, for this process or another."""

    def __init__(self, files: Files, kind: Kind[M], which: str) -> None:
        self.files, self.kind, self.which = files, kind, which
        self.packer = kind.packer()

    def __call__(self, job: int) -> Iterator[_Message]:
        name, path = self.files[job]
        try:
            for item, size in _read_file(name, path, self.kind.name, self.which):
                yield self._message(item, size)
        except Exception as error:  # one file of a hundred thousand must not end the work on the others
            yield 0, 0, f"{name}:1", mistake(error)

    def _message(self, item: M | Dropped, size: int) -> _Message:
        if isinstance(item, Dropped):
            return 0, size, item.source, item.reason
        try:
            music = self.kind.complete(item)
            line, fingerprints = melody(music)
        except Exception as error:  # nor one tune that on the others of its file
            return 0, size, item.source, mistake(error)
        return os.getpid(), size, self.packer.pack(music), (line.tobytes(), fingerprints)
