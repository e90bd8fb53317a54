"""Files that are written whole or not at all.

In: a path, and its bytes at once or one after another. Out: the file, replaced in one step, so that a full disk or a
killed process leaves what was there before. This file knows no format.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tunewright.support.errors import OutputError


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
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
        temporary = ""
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path}: cannot be written ({reason}); expected a writable folder") from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _umask() -> int:
    """The process's file mode mask; reading it means setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
