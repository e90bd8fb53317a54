"""How many threads compute in the thread that calls, and in no other.

In: a number of threads. Out: a context in which PyTorch's products, made from here, take no more than so many.
`torch.set_num_threads` is not used: it sets a number for the whole process, which threads that are started meanwhile
take over. The numbers of OpenMP and of MKL set here are those of the calling thread alone. Enter and leave the context
in one thread, and let no generator be suspended within it. Where PyTorch was built with neither library nothing is
limited: what is computed is the same, and takes longer on a busy machine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch

UNLIMITED = 0  # what MKL takes for "as the process has it"


class _Library(NamedTuple):
    """What the libraries that PyTorch computes with can be asked."""

    most: Callable[[], int]  # threads of OpenMP
    limit: Callable[[int], object]
    limit_mkl: Callable[[int], int]  # gives what was set before


@cache
def _library() -> _Library | None:
    """The OpenMP and MKL that PyTorch itself is linked with; None where there is no OpenMP."""
    folder = Path(torch.__file__).parent / "lib"
    for file in sorted((*folder.glob("libtorch_cpu.*"), *folder.glob("torch_cpu.dll"))):
        try:
            library = ctypes.CDLL(str(file))
            most, limit = library.omp_get_max_threads, library.omp_set_num_threads
        except (OSError, AttributeError):
            continue
        return _Library(most, limit, getattr(library, "MKL_Set_Num_Threads_Local", _nothing))
    return None


def _nothing(_count: int) -> int:
    return UNLIMITED


class Threads(AbstractContextManager[None]):
    """So many threads for what the calling thread computes meanwhile; for one thread, and once at a time."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._before = self._mkl_before = 0

    def __enter__(self) -> None:
        library = _library()
        if library is None:
            return
        torch.get_num_threads()  # in a thread that has not computed yet PyTorch would set its own number later on
        self._before = library.most()
        library.limit(self._count)
        self._mkl_before = library.limit_mkl(self._count)

    def __exit__(self, *_raised: object) -> None:
        library = _library()
        if library is not None:
            library.limit(self._before)
            library.limit_mkl(self._mkl_before)


def one_thread() -> Threads:
    """One thread: a step of drawing is some thirty operations of microseconds.

    With more threads each waits for the slowest, which on a busy machine is one that does not run just now
    (`benchmarks/LOG.md`).
    """
    return Threads(1)
