"""Files that are read, whoever wrote them: the one place where such a file is opened.

In: a path that may name anything. Out: the file or its bytes; `InputError` for what is no regular file (a pipe or a
device could be waited for without end), is larger than is read, cannot be reached over its links, or may not be read.
A file that grows meanwhile is read as far as the limit. This file knows no format.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from tunewright.support.errors import InputError

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe is opened without waiting


def open_input(path: Path) -> BinaryIO:
    """A regular file, open for reading. InputError for anything else, and where it cannot be opened."""
    try:
        _refuse_special(path, path.stat().st_mode)  # before it is opened: opening a device may do something
        file = os.fdopen(os.open(path, _FLAGS), "rb")
    except (OSError, ValueError) as error:  # the latter for a name with a zero byte
        raise _unreadable(path, error) from None
    try:
        _refuse_special(path, os.fstat(file.fileno()).st_mode)  # another file may stand there by now
    except InputError:
        file.close()
        raise
    return file


def read_input(path: Path, largest: int) -> bytes:
    """The bytes of a regular file. InputError for anything else, and for more than `largest` bytes."""
    with open_input(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            _refuse_large(path, size, largest)
            content = file.read(size + 1)
            if len(content) > size:  # it grows, or the system does not know its size beforehand
                content += file.read(max(0, largest + 1 - len(content)))
        except (OSError, MemoryError) as error:
            raise _unreadable(path, error) from None
    _refuse_large(path, len(content), largest)
    return content


def _refuse_special(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise InputError(path, "a folder; expected a file")
    if not stat.S_ISREG(mode):
        raise InputError(path, "neither a file nor a folder")


def _refuse_large(path: Path, size: int, largest: int) -> None:
    if size > largest:
        raise InputError(path, f"{_megabytes(size)}, the largest file read is {_megabytes(largest)}: split it")


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size:,} bytes"


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(path, f"cannot be read ({error.strerror})", missing=True)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or "too little memory"
    return InputError(path, f"cannot be read ({reason})")
