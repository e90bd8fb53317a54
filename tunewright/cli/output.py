"""All that the program prints: results on stdout, notes on stderr, and nothing in them that a terminal would obey.

In: texts, whoever wrote them. Out: the same, but as \\uXXXX, which ABC and JSON read back, each control character, each
sign that turns the direction of writing, and each that the stream cannot encode. A result that cannot be written is an
error; a note that cannot is left out, since what it tells of goes on. Live displays are `console`'s. This file knows no
command.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import IO, NoReturn

from tunewright.support.errors import OutputError
from tunewright.support.numbers import without_nan
from tunewright.support.signs import OBEYED

STDOUT = "standard output"


def say(text: str = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print a result, to stdout. OutputError where it is closed or full."""
    _write(visible(f"{text}{end}", _encoding(sys.stdout)))
    if flush:
        finish()


def note(text: str) -> None:
    """Print a line about the work, to stderr; nothing where there is none any more."""
    if sys.stderr is not None:
        try:
            print(visible(text, _encoding(sys.stderr)), file=sys.stderr, flush=True)
        except (OSError, ValueError):  # the terminal is gone, or the stream is closed
            _drop(sys.stderr)


def print_json(value: object) -> None:
    """Print a result as JSON, to stdout; numbers that are not finite become null."""
    encoder = json.JSONEncoder(ensure_ascii=False, indent=1, default=os.fspath)
    encoding = _encoding(sys.stdout)
    for part in encoder.iterencode(without_nan(value)):  # never whole in memory
        _write(visible(part, encoding, _json_escape))
    _write("\n")


def finish() -> None:
    """Have everything that was printed written. OutputError where it cannot be."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            _refuse(error)


def visible(text: str, encoding: str = "utf-8", escape: Callable[[str], str] | None = None) -> str:
    r"""A text as it can be shown: what a terminal would obey, or cannot be encoded, as its number.

    >>> visible("a\x1b[31m \u202eb"), visible("café", "ascii")
    ('a\\u001b[31m \\u202eb', 'caf\\u00e9')
    """
    escape = escape or _escape
    shown = OBEYED.sub(lambda found: escape(found[0]), text)
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        return "".join(sign if _encodable(sign, encoding) else escape(sign) for sign in shown)
    return shown


def hold_standard_streams() -> None:
    """Put the null device where stdin, stdout or stderr is closed: a file opened later would take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _encoding(stream: IO[str] | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _encodable(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _escape(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def _json_escape(sign: str) -> str:
    return json.dumps(sign)[1:-1]


def _write(text: str) -> None:
    if sys.stdout is None:
        raise OutputError(f"{STDOUT}: closed; expected somewhere to print to")
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        _refuse(error)


def _refuse(error: OSError | ValueError) -> NoReturn:
    """OutputError; what is still kept for stdout goes nowhere, or the end of the program would try it again."""
    drop_output()
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    raise OutputError(f"{STDOUT}: cannot be written ({reason})") from None


def drop_output() -> None:
    """Send all that may still be printed to stdout to the null device."""
    _drop(sys.stdout)


def _drop(stream: IO[str] | None) -> None:
    """Send what a stream still keeps to the null device: Python tries it again at the end, and fails by that."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())  # type: ignore[union-attr]
        os.close(null)
