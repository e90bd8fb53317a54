"""Tasks for the tests of pools of processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tunewright.support.errors import InputError, ParseError

_kept: list[bytearray] = []
_warm: list[bool] = []


def warm() -> None:
    """Note that it was called."""
    _warm.append(True)


def where() -> dict[str, Any]:
    """Which process this is, and whether it is warm."""
    return {"pid": os.getpid(), "warm": _warm == [True]}


def echo(value: Any) -> Any:
    """What was given."""
    return value


def numbers(count: int, pause: float = 0.0, log: str = "") -> Iterator[int]:
    """So many numbers, with a pause before each; in `log` a line for each, and one where it is closed early."""
    number = -1
    try:
        for number in range(count):
            time.sleep(pause)
            _note(log, number)
            yield number
    finally:
        _note(log, f"closed after {number}")


def _note(log: str, what: object) -> None:
    if log:
        with Path(log).open("a") as file:
            file.write(f"{what}\n")


def sleep(pause: float, mark: str = "") -> str:
    """Sleep, and at the end write a mark."""
    time.sleep(pause)
    if mark:
        Path(mark).write_text("woke up")
    return "woke up"


def spin() -> None:
    """Never end."""
    while True:
        pass


def flood() -> Iterator[int]:
    """Numbers without end."""
    number = 0
    while True:
        yield number
        number += 1


def die(code: int = 3, after: int = 0) -> Iterator[int]:
    """End the process after so many items."""
    yield from range(after)
    os._exit(code)


def grow(megabytes: int) -> int:
    """Hold so much memory for ever; which process this is."""
    _kept.append(bytearray(os.urandom(2**20) * megabytes))
    return os.getpid()


def refuse(kind: str) -> None:
    """Raise an error of ours, or a mistake."""
    raise {
        "parse": ParseError("no tune", "x.abc:3"),
        "input": InputError(Path("x.abc"), "a pipe"),
        "bug": KeyError("x"),
    }[kind]


def unsendable() -> Any:
    """What cannot be pickled."""
    return lambda: None


TASKS: Mapping[str, Callable[..., Any]] = {
    one.__name__: one for one in (where, echo, numbers, sleep, spin, flood, die, grow, refuse, unsendable)
}
