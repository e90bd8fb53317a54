"""Which code a result depends on, so that a cache made by other code is known as such.

In: names of modules of this package. Out: the files of these modules and of all that they import, found by reading
their import lines; a hash of those files. Tables that lie in a folder `learned` beside a module count as its code.
This file imports none of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
_IMPORT = re.compile(r"^\s*from (tunewright[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


@cache
def code_fingerprint(*modules: str) -> str:
    """A hash of the code of modules ("tunewright.music.tune") and of everything in this package that they import."""
    digest = hashlib.sha256()
    for path in code_of(*modules):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def code_of(*modules: str) -> list[Path]:
    """The files that modules consist of and of those that they import, directly or not, in order of path."""
    found: set[Path] = set()
    waiting = [path for name in modules if (path := _file_of(name))]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_by(path)
    tables = {table for path in found for table in path.parent.glob("learned/*")}
    return sorted(found | tables)


def _imported_by(path: Path) -> Iterator[Path]:
    for name, written in _IMPORT.findall(path.read_text(encoding="utf-8")):
        imported = (words[0] for part in written.strip("()").split(",") if (words := part.split()))
        for full in (name, *(f"{name}.{one}" for one in imported)):
            if file := _file_of(full):
                yield file


def _file_of(name: str) -> Path | None:
    """The file of a module or of a package's face; None for a name that is no module, and for the face of all."""
    place = PACKAGE.joinpath(*name.split(".")[1:])
    if place == PACKAGE:
        return None
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
