"""Music kept between runs, so that a collection is read and compared once.

In: a key (a hash of everything that the result depends on), and music with plain data. Out: the same, back.
JSON, no pickle: a line for each tune or piece (`packing`), and one at the end with the data, so neither way is the
whole file in memory. A cache that cannot be read or written costs time, never a result. The folder is the user's cache
folder, or `TUNEWRIGHT_CACHE`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs

from tunewright.corpus.packing import Packer, Unpacker
from tunewright.music.kinds import M
from tunewright.support.errors import OutputError
from tunewright.support.files import replacing

SUFFIX = ".music"
OLD_SUFFIXES = (".json", ".tunes")  # of earlier versions
MOST_FILES = 20  # the oldest go first
MOST_BYTES = 2**30  # of all files together; a hundred thousand tunes take a tenth of that


def cache_folder() -> Path:
    """Where caches live."""
    return Path(os.environ.get("TUNEWRIGHT_CACHE") or platformdirs.user_cache_path("tunewright"))


def load_cache(key: str, unpacker: Unpacker[M]) -> tuple[dict[str, Any], tuple[M, ...]] | None:
    """The data and the music saved under a key; None where there is nothing whole."""
    music: list[M] = []
    try:
        with (cache_folder() / f"{key}{SUFFIX}").open("rb") as file:
            for line in file:
                item = json.loads(line)
                if isinstance(item, dict):  # the last line
                    data: dict[str, Any] = item
                    return (data, tuple(music)) if data.pop("count") == len(music) else None
                music.append(unpacker.unpack(item))
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        pass  # not there, or cut short: it is read anew
    return None


def save_cache(key: str, data: dict[str, Any], music: Sequence[M], packer: Packer[M]) -> str:
    """Keep data and music under a key. Returns "" or, where that cannot be done, the reason."""
    try:
        with replacing(cache_folder() / f"{key}{SUFFIX}") as file:
            for one in music:
                file.write(_line(packer.pack(one)))
            file.write(_line({**data, "count": len(music)}))
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
