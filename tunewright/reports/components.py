"""What pages, texts and Markdown are put together from: tables, facts, pictures and links, each a value.

In: words and pictures that others have made. Out: plain values, in which nothing is escaped yet. This file asks nothing
about what is shown, and writes no page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tunewright.reports.wording import as_title


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and under it its range, or what was reported; both "" where there is none."""

    value: str
    spread: str = ""
    reported: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.value, f"({self.spread})" if self.spread else "", self.reported)))


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row; `note` says more of its name."""

    name: str
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as `head` names, after the first, which is of the names of the rows."""

    head: tuple[str, ...] = ()
    rows: tuple[TableRow, ...] = ()
    title: str = ""

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]], head: Sequence[str] = (), title: str = "") -> Table:
        """A table of plain words, the first of each row its name.

        >>> Table.of([("bars", "8")]).rows[0].cells[0].value
        '8'
        """
        short = ([as_title(word) for word in row] for row in rows)
        return cls(tuple(head), tuple(TableRow(name, tuple(map(Cell, cells))) for name, *cells in short), title)


@dataclass(frozen=True, slots=True)
class Fact:
    """One number at the head of a page."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Link:
    """A file beside a page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as inline SVG, its caption, and a text that it is about; "" where there is none."""

    svg: str
    caption: str = ""
    text: str = ""


def links_beside(folder: Path, files: Mapping[str, Path]) -> list[Link]:
    """Links to those of the files that lie in the folder of the page or below it."""
    inside = [(label, path) for label, path in files.items() if path.exists() and path.is_relative_to(folder)]
    return [Link(label, quote(path.relative_to(folder).as_posix())) for label, path in inside]
