"""Memory that the C library keeps between the steps of a training.

In and out: nothing; the whole process is changed while the context lasts. This file knows no training.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Let the C library keep freed blocks: by default it gives each large one back and faults it in again,
    page by page, which takes a fifth of a training step. Does nothing where the library is not glibc."""
    trim, mmap, default = -1, -3, 128 * 1024
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        yield
        return
    mallopt(mmap, 2**30)
    mallopt(trim, 2**30)
    try:
        yield
    finally:
        mallopt(mmap, default)
        mallopt(trim, default)
