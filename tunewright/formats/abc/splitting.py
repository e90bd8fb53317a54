"""From bytes to the verbatim texts of single tunes, and from those to the lines that mean something.

In: a file's bytes. Out: text, one `Source` per tune, and its lines without comments, mail encoding and
continuations. No field and no note is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from tunewright.support.errors import ParseError

FIELD_LINE = re.compile(r"([A-Za-z+]):(.*)", re.DOTALL)
MOST_DEFAULTS = 100  # fields in the header of a file: each tune of it reads them all
_FIELD = re.compile(r"[A-Za-z]:")
_MAILED = re.compile(r"=(3D|20)|=$")  # quoted-printable: never valid ABC


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of one tune: `name` is the file's, `line` the number of its first line, from 1.

    `defaults` are the lines of the file's own header, which hold for every tune in it.
    """

    name: str
    line: int
    lines: tuple[str, ...]
    defaults: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it stands: "file:line"."""
        return f"{self.name}:{self.line}"


def decode_text(data: bytes, name: str = "") -> str:
    """Text from UTF-8 (with or without a byte order mark), UTF-16 with one, or else Latin-1; line ends become newlines.

    ParseError for what is not text: a zero byte in anything but UTF-16.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data:
        raise ParseError("not text: it holds zero bytes, expected ABC", name)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_tunes(text: str, name: str = "") -> Iterator[Source]:
    """The tunes of a text. A tune begins at `X:` and ends at an empty line after its music, or at the next `X:`.

    A text without any `X:` that begins with another field is one tune.
    """
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("X:")]
    if not starts:
        first = next((number for number, line in enumerate(lines) if _FIELD.match(line)), None)
        starts = [] if first is None else [first]
        defaults: tuple[str, ...] = ()
    else:
        defaults = tuple(islice((line for line in lines[: starts[0]] if _FIELD.match(line)), MOST_DEFAULTS))
    for start, stop in pairwise([*starts, len(lines)]):
        yield Source(name, start + 1, _own_lines(lines[start:stop]), defaults)


def _own_lines(lines: list[str]) -> tuple[str, ...]:
    """Up to the empty line that ends the tune; empty lines within its header, or right after it, do not."""
    after_key = in_music = False
    for number, line in enumerate(lines):
        if in_music and not line.strip():
            return tuple(lines[:number])
        in_music = after_key and bool(line.strip())
        after_key = after_key or line.startswith("K:")
    stop = len(lines)
    while stop and not lines[stop - 1].strip():
        stop -= 1
    return tuple(lines[:stop])


def strip_comment(line: str) -> str:
    """A line without its comment; `\\%` is a percent sign."""
    return re.split(r"(?<!\\)%", line, maxsplit=1)[0].rstrip()


def undo_mail(line: str) -> tuple[str, bool]:
    """A line without traces of mail ("=20", "=3D", "=" at the end of a line that goes on), and whether there were any.

    >>> undo_mail("GBd =3Dc |=20")
    ('GBd =c | ', True)
    """
    if not _MAILED.search(line):
        return line, False
    continued = line.endswith("=")
    plain = line.removesuffix("=").replace("=3D", "=").replace("=20", " ")
    return plain + "\\" * continued, True


def lines_of_music(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Numbered lines after the header, without comments; lines that hold only a comment are gone."""
    stripped = [(number, strip_comment(line)) for number, line in lines]
    return [(number, text) for (number, text), (_, line) in zip(stripped, lines, strict=True) if text or not line]


def goes_on(line: str) -> tuple[str, bool]:
    """A line of music without the backslash that joins it to the next one, and whether it had one."""
    text = line.rstrip().rstrip("!").rstrip()
    return (text.rstrip("\\"), True) if text.endswith("\\") else (line, False)
