"""What is brought to learn from: named by us, bounded, and unpacked without believing a word of it.

In: files that a browser sends, with the names that they had there. Out: files under names of our own in a folder of the
studio, and a list of what they were called, which is only ever shown. What is in a zip is taken out by `unpack`, which
a worker process calls: no member is written under its own name, none is a link or a zip again, and what comes out is
counted while it comes, whatever the zip says of itself. This file reads no music (`reading`).
"""

from __future__ import annotations

import json
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tunewright.corpus.sources import printable
from tunewright.formats.formats import SUFFIXES
from tunewright.reports.wording import as_title
from tunewright.support.files import replace_file
from tunewright.support.inputs import read_input

MOST_BYTES = 64 * 2**20  # that come with one request
MOST_FILES = 10_000  # with those in zips
LARGEST_FILE = 16 * 2**20  # bytes of one file of music
MOST_UNPACKED = 128 * 2**20  # bytes of all files of a collection
MOST_ZIPS = 4
RATIO = 200  # of what comes out of a member to what it is in the zip: real ABC and MIDI stay below 20
WORTH_A_RATIO = 2**20  # bytes, below which a ratio says nothing
DEEPEST = 16  # folders in one another, in the name of a file
LONGEST_NAME = 200  # signs of a name, as it is shown
LISTED = 200  # files that are named with the reason why they are left out
AT_ONCE = 2**16  # bytes
ZIP = ".zip"
ZIP_SIGNS = (b"PK\x03\x04", b"PK\x05\x06")
NAMES = "names.json"
LARGEST_LIST = 2**24  # bytes of names.json
MUSIC, ZIPS = "music", "zips"  # folders in that of a collection


class TooMuch(Exception):
    """A bound that a collection as a whole goes beyond: `code`, with the `values` that say by how much."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(slots=True)
class Brought:
    """A collection's folder while it is filled: what each file was called, and what was left out."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict)  # by our own name what it was called
    left_out: list[dict[str, Any]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)  # of all that is left out, by code
    zips: int = 0
    seen: int = 0  # files of any kind
    size: int = 0  # bytes of music

    def add(self, name: str, content: IO[bytes]) -> None:
        """Keep a file, or say why it is left out. TooMuch where a bound of the whole is passed."""
        self._count()
        known_as, suffix = shown_name(name), _suffix(name)
        if suffix == ZIP:
            self._add_zip(content)
        elif code := _unwanted(name, suffix):
            self.leave_out(known_as, code)
        else:
            self._write(known_as, suffix, _pieces(content))

    def _count(self) -> None:
        self.seen += 1
        if self.seen > MOST_FILES:
            raise TooMuch("too_many_files", most=MOST_FILES)

    def _add_zip(self, content: IO[bytes]) -> None:
        if self.zips == MOST_ZIPS:
            raise TooMuch("too_many_zips", most=MOST_ZIPS)
        self.zips += 1
        path = self.folder / ZIPS / f"{self.zips}{ZIP}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            for piece in _pieces(content):
                out.write(piece)

    def _write(self, known_as: str, suffix: str, pieces: Iterable[bytes]) -> None:
        """Write what comes under a name of our own; it is left out where it is too large for one file."""
        own = f"{len(self.names) + 1:05}{suffix}"
        path = self.folder / MUSIC / own
        path.parent.mkdir(parents=True, exist_ok=True)
        code = ""
        with path.open("xb") as out:
            for piece in pieces:
                self.size += len(piece)
                if self.size > MOST_UNPACKED:
                    raise TooMuch("too_much_unpacked", most=MOST_UNPACKED // 2**20)
                if code := _unfit(piece, out.tell()):
                    break
                out.write(piece)
        if code:
            path.unlink()
            self.leave_out(known_as, code, most=LARGEST_FILE // 2**20)
        else:
            self.names[own] = known_as

    def leave_out(self, known_as: str, code: str, **values: Any) -> None:
        """Say that a file is not read, and why."""
        self.counted[code] += 1
        if len(self.left_out) < LISTED:
            self.left_out.append({"name": known_as, "code": code, "values": values})

    def save(self) -> None:
        """Keep what files were called beside them."""
        kept = {"names": self.names, "left_out": self.left_out, "counted": self.counted, "seen": self.seen}
        replace_file(self.folder / NAMES, json.dumps(kept | {"bytes": self.size}).encode())


def opened(folder: Path) -> Brought:
    """The same, of a collection that was saved."""
    kept = json.loads(read_input(folder / NAMES, LARGEST_LIST))
    counted = Counter(kept["counted"])
    return Brought(folder, kept["names"], kept["left_out"], counted, 0, kept["seen"], kept["bytes"])


def unpack(brought: Brought) -> None:
    """Take the music out of the zips of a collection, and remove them. TooMuch where a bound is passed."""
    for path in sorted((brought.folder / ZIPS).glob(f"*{ZIP}")):
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    _take(brought, archive, member)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            brought.leave_out(path.name, "broken_zip")
        path.unlink()
        brought.save()


def _take(brought: Brought, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """One member of a zip, written under a name of our own, or left out with the reason."""
    if member.is_dir():
        return
    brought._count()
    known_as, suffix = shown_name(member.filename), _suffix(member.filename)
    if code := _unwanted_member(member, suffix):
        brought.leave_out(known_as, code)
        return
    before, kept = brought.size, len(brought.names)
    try:
        with archive.open(member) as content:
            brought._write(known_as, suffix, _counted(content, member))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError):
        (brought.folder / MUSIC / f"{kept + 1:05}{suffix}").unlink(missing_ok=True)
        brought.size = before
        brought.leave_out(known_as, "broken_member")


def _unwanted_member(member: zipfile.ZipInfo, suffix: str) -> str:
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return "link"
    if member.flag_bits & 1:
        return "encrypted"
    return "zip_inside" if suffix == ZIP else _unwanted(member.filename, suffix)


def _counted(content: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What comes out of a member; TooMuch where that is far more than went into the zip."""
    size = 0
    for piece in _pieces(content):
        size += len(piece)
        if size > WORTH_A_RATIO and size > RATIO * max(1, member.compress_size):
            raise TooMuch("bomb", ratio=RATIO)
        yield piece


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(AT_ONCE):
        yield piece


def _unfit(piece: bytes, before: int) -> str:
    """Why a file cannot be kept after all, with what came before and this piece of it; "" where it can."""
    if not before and piece.startswith(ZIP_SIGNS):
        return "zip_inside"
    return "too_large" if before + len(piece) > LARGEST_FILE else ""


def _suffix(name: str) -> str:
    """The ending of a name, which says what kind of file it is; "" for one without."""
    last = name.replace("\\", "/").rpartition("/")[2]
    _, dot, ending = last.rpartition(".")
    return f".{ending.lower()}" if dot else ""


def _unwanted(name: str, suffix: str) -> str:
    """Why a file is left out by its name alone; "" where it is not."""
    last = name.replace("\\", "/").rpartition("/")[2]
    if last.startswith("."):
        return "hidden"
    if suffix not in SUFFIXES:
        return "not_music"
    return "too_deep" if name.replace("\\", "/").count("/") > DEEPEST else ""


def shown_name(name: str) -> str:
    """What a file was called, as it may be shown on one line.

    >>> shown_name("reels\\n/kesh.abc")
    'reels�/kesh.abc'
    """
    text = as_title(printable(name[: 2 * LONGEST_NAME]))
    return text if len(text) <= LONGEST_NAME else f"…{text[1 - LONGEST_NAME :]}"


def title_of(names: Iterable[str]) -> str:
    """What a collection is called where nobody says: the folder that all files are in, or the first file.

    >>> title_of(["kesh.abc", "morrisons.abc"]), title_of(["reels/kesh.abc", "reels/more/morrisons.abc"])
    ('kesh + 1', 'reels')
    """
    each = [shown_name(name).replace("\\", "/").strip("/") for name in names]
    folders = {name.partition("/")[0] for name in each if "/" in name}
    if len(folders) == 1 and all("/" in name for name in each):
        return folders.pop()
    first = each[0].rpartition("/")[2] if each else ""
    name = first.rpartition(".")[0] or first
    return f"{name} + {len(each) - 1:,}" if len(each) > 1 else name


def music_folder(folder: Path) -> Path:
    """Where the music of a collection lies."""
    return folder / MUSIC
