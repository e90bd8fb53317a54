"""Music kept between runs, so that a collection is read and compared once.

In: a key (a hash of everything that the result depends on), and music with plain data. Out: the same, back.
JSON, no pickle: a line for each tune or piece (`packing`), one with the data, and at the end a checksum of them all, so
neither way is the whole file in memory. The checksum is looked at before a line is believed: damage must not come back
as other music. A cache that cannot be read or written costs time, never a result. The folder is the user's cache
folder, or `TUNEWRIGHT_CACHE`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs

from tunewright.corpus.packing import Packer, Unpacker
from tunewright.music.kinds import M
from tunewright.support.documents import check_bounds
from tunewright.support.errors import InputError, OutputError
from tunewright.support.files import replacing, sweep_once
from tunewright.support.inputs import open_input

SUFFIX = ".music"
OLD_SUFFIXES = (".json", ".tunes")  # of earlier versions
MOST_FILES = 20  # the oldest go first
_AT_ONCE = 2**20  # bytes
CHECKSUM = 64  # hexadecimal digits of the last line: SHA-256 of what stands before it
MOST_BYTES = 2**30  # of all files together; a hundred thousand tunes take a tenth of that


def cache_folder() -> Path:
    """Where caches live."""
    return Path(os.environ.get("TUNEWRIGHT_CACHE") or platformdirs.user_cache_path("tunewright"))


def load_cache(key: str, unpacker: Unpacker[M]) -> tuple[dict[str, Any], tuple[M, ...]] | None:
    """The data and the music saved under a key; None where there is nothing whole."""
    sweep_once(cache_folder())
    try:
        with open_input(cache_folder() / f"{key}{SUFFIX}") as file:
            return _unpacked(file, unpacker) if _is_whole(file) else None
    except InputError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError):
        return None  # whole, and yet not what was saved: it is read anew


def _is_whole(file: BinaryIO) -> bool:
    """Whether the last line is the checksum of those before it; then the file is at its beginning again."""
    size = file.seek(0, os.SEEK_END) - CHECKSUM - 1
    if size < 0:
        return False
    file.seek(0)
    digest = hashlib.sha256()
    while size and (part := file.read(min(size, _AT_ONCE))):
        digest.update(part)
        size -= len(part)
    whole = file.read() == digest.hexdigest().encode() + b"\n"
    file.seek(0)
    return whole


def _unpacked(file: BinaryIO, unpacker: Unpacker[M]) -> tuple[dict[str, Any], tuple[M, ...]] | None:
    music: list[M] = []
    for line in file:
        item = json.loads(line)
        if isinstance(item, dict):  # the last one but the checksum
            check_bounds(item)
            data: dict[str, Any] = item
            return (data, tuple(music)) if data.pop("count") == len(music) else None
        music.append(unpacker.unpack(item))
    return None


def save_cache(key: str, data: dict[str, Any], music: Sequence[M], packer: Packer[M]) -> str:
    """Keep data and music under a key. Returns "" or, where that cannot be done, the reason."""
    digest = hashlib.sha256()
    try:
        with replacing(cache_folder() / f"{key}{SUFFIX}") as file:
            for item in chain(map(packer.pack, music), [{**data, "count": len(music)}]):
                line = _line(item)
                digest.update(line)
                file.write(line)
            file.write(digest.hexdigest().encode() + b"\n")
        _drop_oldest()
    except (OutputError, OSError) as error:
        return f"not kept for the next time: {error}"
    return ""


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _drop_oldest() -> None:
    """Leave the newest files alone, as many as may be, whatever their size the newest one."""
    found = [(path.stat(), path) for path in cache_folder().glob(f"*{SUFFIX}")]
    total = 0
    for place, (about, path) in enumerate(sorted(found, key=lambda item: -item[0].st_mtime)):
        total += about.st_size
        if place >= MOST_FILES or (place and total > MOST_BYTES):
            path.unlink(missing_ok=True)
    for path in cache_folder().iterdir():
        if path.suffix in OLD_SUFFIXES:
            with contextlib.suppress(OSError):
                path.unlink()
