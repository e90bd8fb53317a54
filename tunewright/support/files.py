"""Files that are written whole or not at all.

In: a path, and its bytes at once or one after another. Out: the file, replaced in one step, so that a full disk, a
killed process or a power cut leaves what was there before. What a killed process left under a temporary name is removed
by the next one that writes into the same folder; the system tells it from what a living process still writes. This file
knows no format.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tunewright.support.errors import OutputError

if sys.platform != "win32":
    import fcntl

LOCKS = sys.platform != "win32"  # there a file that is open can neither be moved nor removed
SUFFIX = ".tunewright"  # of temporary names, so that no file of anybody else's is taken for one
FORGOTTEN = 24 * 3600  # seconds after which one is left over where the system cannot tell
_TEMPORARY = re.compile(r"\..{0,40}\.[0-9a-f]{16}" + re.escape(SUFFIX), re.DOTALL)
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)  # of file systems that cannot be asked to
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

_swept: set[tuple[int, int]] = set()  # folders that this process has looked through: listing one may take long


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in the same folder, then put it in place in one step.

    Makes the folder where it is missing. Raises `OutputError`, with nothing left behind, where that fails.
    """
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file under a temporary name, open for writing, which takes the place of `path` where the block ends well.

    For what is too large to hold at once; otherwise as `replace_file`.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_once(path.parent)
        descriptor, temporary = _create(path)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            _sync(descriptor)
            if LOCKS:  # still held: nobody takes it for left over
                os.replace(temporary, path)
                temporary = None
        if temporary:
            os.replace(temporary, path)
            temporary = None
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path}: cannot be written ({reason}); expected a writable folder") from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder under temporary names, and nothing that is being written now."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_left_over(entry.path)


def sweep_once(folder: Path) -> None:
    """The same, where this process has not done so yet: what follows may only read there, and write nothing."""
    with contextlib.suppress(OSError):  # no such folder: nothing is left in it
        about = folder.stat()
        if (known := (about.st_dev, about.st_ino)) not in _swept:
            _swept.add(known)
            sweep(folder)


def _create(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, held by this process as long as it is open, and its name."""
    while True:
        temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}{SUFFIX}")
        descriptor = os.open(temporary, _FLAGS, 0o666)
        if not LOCKS:
            return descriptor, temporary
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)  # swept away before it was held


def _remove_left_over(name: str) -> None:
    """Remove a temporary file that no process holds; OSError where one does, or that cannot be told yet."""
    if not LOCKS:
        if time.time() - os.stat(name).st_mtime > FORGOTTEN:
            os.unlink(name)
        return
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    """Have the bytes on the disk before the name is: after a power cut the name would stand for an empty file."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
