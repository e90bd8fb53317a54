"""The folder of a listening test: the file that raters open, and the key, which stays here.

In: a folder, or what was made. Out: files, a test read again, the answers of files and folders. How the raters' file
looks is a report's matter: it is handed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tunewright.judging.listening.answers import LARGEST, MOST_RATERS, Rater, merge, read_answers
from tunewright.judging.listening.design import BlindTest, read_test
from tunewright.support.errors import ConfigError, InputError
from tunewright.support.files import replace_file
from tunewright.support.inputs import read_input

KEY, PAGE = "key.json", "test.html"
LARGEST_KEY = 2**24  # bytes; sixty pairs take a hundredth of that


def refuse_to_replace(folder: Path) -> None:
    """ConfigError where there is a test already: its answers could no longer be read."""
    if (folder / KEY).exists():
        raise ConfigError(f"{folder}: has a listening test already; expected a new folder")


def write_folder(folder: Path, test: BlindTest, page: str) -> None:
    """Write a test: its page for raters, then its key."""
    refuse_to_replace(folder)
    replace_file(folder / PAGE, page.encode())
    replace_file(folder / KEY, f"{json.dumps(test.described(), ensure_ascii=False, indent=1)}\n".encode())


def read_folder(folder: Path) -> BlindTest:
    """The test of a folder, or of a key file. ConfigError where it is none, InputError where it cannot be read."""
    path = folder / KEY if folder.is_dir() else folder
    return read_test(read_input(path, LARGEST_KEY), str(path))


def read_raters(paths: Iterable[Path], test: BlindTest) -> list[Rater]:
    """The raters of files of answers, and of the JSON files of folders; errors as in `read_answers` and `merge`."""
    found = [read_answers(read_input(path, LARGEST), test, str(path)) for path in _files(paths)]
    if not found:
        raise ConfigError("no file of answers; expected what raters have saved, or folders of that")
    return merge(found)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.glob("*.json") if one.name != KEY)
            if len(inside) > MOST_RATERS:
                raise ConfigError(f"{path}: {len(inside)} files; expected answers of at most {MOST_RATERS} raters")
            yield from inside
        elif path.exists():
            yield path
        else:
            raise InputError(path, "no such file or folder; expected answers that a rater has saved", missing=True)
