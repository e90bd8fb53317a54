"""From a text to the verbatim texts of single tunes, and from those to the lines that mean something.

In: text. Out: one `Source` per tune, and its lines without comments, mail encoding and continuations. What is no music
(blocks of text, HTML, free text) is kept from being read as some. No field and no note is read here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from tunewright.music.tune import Repair

FIELD_LINE = re.compile(r"([A-Za-z+]):(.*)", re.DOTALL)
MOST_DEFAULTS = 100  # fields in the header of a file: each tune of it reads them all
_FIELD = re.compile(r"[A-Za-z+]:")
_MAILED = re.compile(r"(\[[A-Za-z]:[^\[\]]*\])|=(3D|20)")  # quoted-printable: never valid ABC, but for [Q:1/4=200]
_OF_MAIL = {"3D": "=", "20": " "}
_BLOCK = re.compile(r"%%begin(\w+)")
_TAGS = "html|head|body|pre|p|br|hr|div|span|font|table|tr|td|th|center|title|ul|ol|li|blockquote|tt|code|img"
_HTML = re.compile(rf"\s*(?:</[A-Za-z]\w*\s*>|<!--|<!doctype|</?(?:{_TAGS})\b[^<>]*>|</?[pab]\s[^<>]*>)", re.IGNORECASE)
_NOT_NOTES = re.compile(r'"[^"]*"|![^!|]*!|\[[A-Za-z]:[^\[\]]*\]')
_SIGNS_OF_MUSIC = re.compile(r"[A-Za-z\d\s|:\[\](){}<>/,'^_=.~\-+*!$\\&`]*")
_WORD = re.compile(r"[h-tvwH-W][h-wH-W]|[h-tvwH-W](?![A-Ga-gzxZ\s^_=.~{(\[])")  # signs of letters stand before notes
_LYRICS = re.compile(r"[wW]:")
_FEWEST_LINES = 3  # of a tune whose lines are all followed by empty ones: a number, a key and music
_COMMENT = "%"  # what stands, while a tune is read, for a line that is none of it

DOUBLED = "every line followed by an empty one"
AFTER_EMPTY = "empty line within the music"
HTML_LINE = "line of HTML"
AFTER_TEXT = "line of music after free text"


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of one tune: `name` is the file's, `line` the number of its first line, from 1.

    `defaults` are the fields of the file's own head, each with its line. `read` are the lines as they are to be read
    where that is not verbatim. `first` is whether it is the first tune of its file.
    """

    name: str
    line: int
    lines: tuple[str, ...]
    defaults: tuple[tuple[int, str], ...] = ()
    read: tuple[str, ...] | None = None
    first: bool = True
    repairs: tuple[Repair, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def place(self) -> str:
        """Where it stands: "file:line"."""
        return f"{self.name}:{self.line}"


def split_tunes(text: str, name: str = "") -> Iterator[Source]:
    """The tunes of a text. A tune begins at `X:` and ends at an empty line after its music, or at the next `X:`.

    Music that goes on after the empty line is the tune's still; fields up to a `K:`, and music after them, are a tune
    also where there is no `X:`. The rest between tunes is text.
    """
    lines = text.split("\n")
    page = _Page(lines)
    starts = [number for number, line in enumerate(page.read) if line.startswith("X:")]
    stop = starts[0] if starts else len(lines)
    tunes, defaults = page.before_numbers(stop)
    if not starts and not tunes and defaults:
        tunes = [_Span(defaults[0][0] - 1, len(lines))]  # a tune without K:, which is refused with its line
        defaults = ()
    for start, end in pairwise([*starts, len(lines)]):
        tunes += page.after_number(start, end)
    for place, span in enumerate(tunes):
        yield page.source(span, name, defaults, first=place == 0)


@dataclass
class _Span:
    """Where a tune begins and ends, as indexes of lines, and how that was not as the standard has it."""

    start: int
    stop: int
    repairs: list[Repair] = field(default_factory=list)
    before_text: bool = False  # whether free text follows it
    left_out: int = 0  # lines of music after that


class _Page:
    """A text in lines, and the same with a comment in the place of each line that is no ABC."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.read = lines
        if any(line.startswith("%%begin") for line in lines):
            self._hide(_in_blocks(lines))
        self.html = [number for number, line in enumerate(self.read) if "<" in line and _HTML.match(line)]
        self._hide(self.html)

    def _hide(self, numbers: Sequence[int]) -> None:
        if not numbers:
            return
        if self.read is self.lines:
            self.read = list(self.read)
        for number in numbers:
            self.read[number] = _COMMENT

    def before_numbers(self, stop: int) -> tuple[list[_Span], tuple[tuple[int, str], ...]]:
        """The tunes before the first X:, and the fields before the first tune, which hold for all."""
        start = next((number for number in range(stop) if self.read[number].strip()), stop)
        doubled = self._undouble(start, stop)
        tunes: list[_Span] = []
        fields: list[tuple[int, str]] = []
        header: int | None = None  # where one began that no music followed yet
        for first, last in _paragraphs(self.read, start, stop):
            body = self.read[first:last]
            if header is not None and _is_music(body):
                tunes.append(_Span(header, last))
                header = None
            elif self._begins_tune(first, last):
                tunes.append(_Span(first, last))
                header = None
            elif _is_head(body) or (not tunes and _is_field(body[0])):  # text among the fields of the file's head
                header = first if any(line.startswith("K:") for line in body) else header
                fields += [(number + 1, self.read[number]) for number in range(first, last)] * (not tunes)
            elif tunes:
                self._go_on(tunes[-1], first, last)
        for span in tunes if doubled else ():
            span.repairs.append(Repair(DOUBLED, span.start + 1))
        held = ((number, line) for number, line in fields if _FIELD.match(line))
        return tunes, tuple(islice(held, MOST_DEFAULTS))

    def after_number(self, start: int, stop: int) -> list[_Span]:
        """The tune that begins at an X:, and those without one that follow it."""
        doubled = self._undouble(start, stop)
        tunes = [_Span(start, start + _own_lines(self.read[start:stop]))]
        if doubled:
            tunes[0].repairs.append(Repair(DOUBLED, start + 1))
        for first, last in _paragraphs(self.read, tunes[0].stop, stop):
            if self._begins_tune(first, last):
                tunes.append(_Span(first, last))
            else:
                self._go_on(tunes[-1], first, last)
        return tunes

    def _go_on(self, span: _Span, first: int, last: int) -> None:
        """Take what stands after an empty line into the tune before it where it is music, or words of its own."""
        body = self.read[first:last]
        if not _is_music(body) and not all(_LYRICS.match(line) for line in body):
            span.before_text = span.before_text or not _is_head(body)
        elif span.before_text:
            span.left_out += last - first
        else:
            span.stop = last
            span.repairs.append(Repair(AFTER_EMPTY, first))

    def _begins_tune(self, first: int, last: int) -> bool:
        """Whether these lines are a tune without X: fields, the key, and music after it."""
        if not _FIELD.match(self.read[first]):
            return False
        keys = [number for number in range(first, last) if self.read[number].startswith("K:")]
        return bool(keys) and any(not _is_field(line) for line in self.read[keys[0] + 1 : last])

    def _undouble(self, start: int, stop: int) -> bool:
        """Hide every second line where all of those are empty and what is left is a tune; whether it did."""
        if start + 1 >= stop or self.read[start + 1].strip():
            return False
        kept = [line for line in self.read[start:stop:2] if line.strip()]
        if len(kept) < _FEWEST_LINES or not any(line.startswith("K:") for line in kept[:-1]):
            return False
        if any(line.strip() for line in self.read[start + 1 : stop : 2]):
            return False
        self._hide(range(start + 1, stop, 2))
        return True

    def source(self, span: _Span, name: str, defaults: tuple[tuple[int, str], ...], *, first: bool) -> Source:
        """The lines of a tune, the empty ones after it left aside."""
        start, stop = span.start, span.stop
        while stop > start and not self.lines[stop - 1].strip():
            stop -= 1
        verbatim = tuple(self.lines[start:stop])
        read = None if self.read is self.lines else tuple(self.read[start:stop])
        html = bisect_left(self.html, stop) - bisect_left(self.html, start)
        left_out = tuple((what, count) for what, count in ((HTML_LINE, html), (AFTER_TEXT, span.left_out)) if count)
        return Source(name, start + 1, verbatim, defaults, read, first, tuple(span.repairs), left_out)


def _in_blocks(lines: Sequence[str]) -> list[int]:
    """The lines from every `%%begin…` to its `%%end…`, both included; one that is never ended is a line like others."""
    inside: list[int] = []
    ends: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if line.startswith("%%end"):
            ends[line[5:].strip()].append(number)
    done = 0
    for number, line in enumerate(lines):
        if number < done or not (found := _BLOCK.match(line)):
            continue
        own = ends[found[1]]
        place = bisect_left(own, number)
        if place < len(own):
            done = own[place] + 1
            inside += range(number, done)
    return inside


def _paragraphs(lines: Sequence[str], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """What stands between empty lines, as spans of indexes."""
    first = None
    for number in range(start, stop):
        if not lines[number].strip():
            if first is not None:
                yield first, number
            first = None
        elif first is None:
            first = number
    if first is not None:
        yield first, stop


def _is_field(line: str) -> bool:
    return line.startswith("%") or bool(_FIELD.match(line))


def _is_head(lines: Sequence[str]) -> bool:
    return all(map(_is_field, lines))


def _is_music(lines: Sequence[str]) -> bool:
    """Whether every line is a field, a comment or music, some of it with bar lines."""
    music = [strip_comment(line) for line in lines if not _is_field(line)]
    return any("|" in line for line in music) and all(map(_reads_as_music, music))


def _reads_as_music(line: str) -> bool:
    plain = _NOT_NOTES.sub(" ", line)
    return bool(_SIGNS_OF_MUSIC.fullmatch(plain)) and not _WORD.search(plain)


def _own_lines(lines: Sequence[str]) -> int:
    """How many are the tune's, up to the empty one that ends it; those within its header, or right after it, do not."""
    after_key = in_music = False
    for number, line in enumerate(lines):
        if in_music and not line.strip():
            return number
        in_music = after_key and bool(line.strip())
        after_key = after_key or line.startswith("K:")
    return len(lines)


def strip_comment(line: str) -> str:
    """A line without its comment; `\\%` is a percent sign."""
    return re.split(r"(?<!\\)%", line, maxsplit=1)[0].rstrip()


def undo_mail(line: str) -> tuple[str, bool]:
    """A line without traces of mail ("=20", "=3D", "=" at the end of a line that goes on), and whether there were any.

    >>> undo_mail("GBd =3Dc |=20")
    ('GBd =c | ', True)
    """
    continued = line.endswith("=")
    body = line.removesuffix("=")
    plain = _MAILED.sub(lambda found: found[1] or _OF_MAIL[found[2]], body) if "=" in body else body
    return (plain + "\\" * continued, True) if continued or plain != body else (line, False)


def lines_of_music(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Numbered lines after the header, without comments; lines that hold only a comment are gone."""
    stripped = [(number, strip_comment(line)) for number, line in lines]
    return [(number, text) for (number, text), (_, line) in zip(stripped, lines, strict=True) if text or not line]


def goes_on(line: str) -> tuple[str, bool]:
    """A line of music without the backslash that joins it to the next one, and whether it had one."""
    text = line.rstrip().rstrip("!").rstrip()
    return (text.rstrip("\\"), True) if text.endswith("\\") else (line, False)
