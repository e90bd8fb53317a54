"""Tables in files: CSV, Parquet and npz, row after row in bounded memory.

In: what columns there are, and rows as tuples. Out: files, put in place together once all rows are written. There are
no empty cells: a column that may have nothing to say has a value that says so. Texts have no control characters (a CSV
without quotes could not be told from its line ends). This file knows no music.

CSV and Parquet hold one table each: the first lies at the path given, any other beside it, its name before the suffix
(`notes.csv`, `notes.tunes.csv`). An npz holds all of them: the columns of the first under their names, those of any
other after the name of their table (`tunes.title`), and what they mean under `schema`. Nothing is pickled.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

from tunewright.support.errors import OutputError
from tunewright.support.files import replacing

ROWS = 65_536  # kept before they are written: a row group of Parquet
LONGEST_TEXT = 4096  # characters in a cell; all cells of a text column in an npz are as wide as its longest
_SPOOLED = 2**20  # bytes of a column kept in memory, the rest in a temporary file
_PIECE = 2**15  # bytes of it read at once

Kind = Literal["text", "bool", "int8", "int16", "int32", "int64", "float64"]
Row = tuple[Any, ...]
Write = Callable[[Sequence[Row]], None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what its values are as a machine counts, their unit, and what they mean."""

    name: str
    kind: Kind
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, in order."""

    name: str
    columns: tuple[Column, ...]


def describe_table(table: Table) -> list[dict[str, str]]:
    """Its columns as plain data."""
    return [asdict(column) for column in table.columns]


def schema_text(table: Table) -> str:
    """Its columns in lines: name, kind and unit, meaning."""
    rows = [(column.name, f"{column.kind} {column.unit}".rstrip(), column.meaning) for column in table.columns]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    lines = (f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {meaning}" for name, kind, meaning in rows)
    return "\n".join([table.name, *lines])


def misfit(table: Table, rows: Sequence[Row]) -> str:
    """Why these rows cannot stand in the table, or "": a number beyond what its column holds, or a text too long."""
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=bool(rows)):
        if column.kind == "text":
            if (length := max(map(len, values))) > LONGEST_TEXT:
                return f"{column.name} has {length:,} characters, the longest written has {LONGEST_TEXT:,}"
        elif column.kind.startswith("int"):
            limit = 2 ** (int(column.kind[3:]) - 1)
            if (low := min(values)) < -limit or (high := max(values)) >= limit:
                return f"{column.name} is {low if low < -limit else high}, beyond {column.kind}"
    return ""


# ------------------------------------------------------------------------------------------------ all formats


@dataclass(slots=True)
class Sink:
    """Where the rows of one table go: so many are kept, then written."""

    write: Write
    rows: list[Row] = field(default_factory=list)

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows, which fit the table (`misfit`)."""
        self.rows.extend(rows)
        while len(self.rows) >= ROWS:
            self.write(self.rows[:ROWS])
            del self.rows[:ROWS]

    def flush(self) -> None:
        """Write what is left."""
        if self.rows:
            self.write(self.rows)
        self.rows = []


def table_paths(path: Path, tables: Sequence[Table]) -> list[Path]:
    """The files that tables are written to.

    OutputError for another suffix than .csv, .parquet or .npz, and for .parquet where pyarrow is not installed.
    """
    if path.suffix not in _FORMATS:
        raise OutputError(f"{path}: expected a name that ends in {', '.join(_FORMATS)}")
    if path.is_dir():
        raise OutputError(f"{path}: a folder; expected the name of a file")
    if path.suffix == ".parquet":
        _require_pyarrow(path)
    return [path] if path.suffix == ".npz" else [path, *(_beside(path, table) for table in tables[1:])]


@contextmanager
def open_tables(
    path: Path, tables: Sequence[Table], about: Mapping[str, Any], *, raw: bool = False
) -> Iterator[list[Sink]]:
    """A sink for each table; where the block ends well, the files take their places.

    `about` is plain data on where the tables are from, kept in Parquet (the metadata) and npz (`schema`). Texts that a
    spreadsheet would run are made `harmless` in CSV, unless it is to be `raw`.
    OutputError as `table_paths`, or where a file cannot be written: then what was there before is left.
    """
    paths = table_paths(path, tables)
    with ExitStack() as stack:
        files = [stack.enter_context(replacing(one)) for one in paths]
        writes = stack.enter_context(_FORMATS[path.suffix](paths, files, tables, about))
        if path.suffix == ".csv" and not raw:
            writes = [_harmless_write(write, table) for write, table in zip(writes, tables, strict=True)]
        sinks = [Sink(write) for write in writes]
        yield sinks
        for sink in sinks:
            sink.flush()


def _beside(path: Path, table: Table) -> Path:
    return path.with_name(f"{path.stem}.{table.name}{path.suffix}")


# ------------------------------------------------------------------------------------------------ CSV


@contextmanager
def _open_csv(
    paths: Sequence[Path], files: Sequence[BinaryIO], tables: Sequence[Table], about: Mapping[str, Any]
) -> Iterator[list[Write]]:
    """RFC 4180 with plain line ends: UTF-8, names first, numbers so that they read back the same."""
    del paths, about  # a CSV has nowhere to say what it is about
    texts = [io.TextIOWrapper(file, encoding="utf-8", newline="") for file in files]
    writers = [csv.writer(text, lineterminator="\n") for text in texts]
    for writer, table in zip(writers, tables, strict=True):
        writer.writerow([column.name for column in table.columns])
    try:
        yield [writer.writerows for writer in writers]
    finally:
        for text in texts:
            text.detach()  # flushes; the file below is not ours to close


_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also full-width


def harmless(text: str) -> str:
    """A text as no spreadsheet runs it: an apostrophe stands before what would begin a formula.

    >>> harmless("=1+1"), harmless("The Wren")
    ("'=1+1", 'The Wren')

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if text.startswith(_RUN) else text


def _harmless_write(write: Write, table: Table) -> Write:
    """The same for the texts of a table; numbers stay numbers."""
    texts = [column.kind == "text" for column in table.columns]

    def write_harmless(rows: Sequence[Row]) -> None:
        write([tuple(harmless(cell) if of else cell for cell, of in zip(row, texts, strict=True)) for row in rows])

    return write_harmless


# ------------------------------------------------------------------------------------------------ Parquet


def _require_pyarrow(path: Path) -> None:
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - an extra, and slow to load
    except ImportError:
        raise OutputError(
            f"{path}: Parquet is written by pyarrow, which is not installed: pip install 'tunewright[parquet]', "
            "or write .csv or .npz"
        ) from None


@contextmanager
def _open_parquet(
    paths: Sequence[Path], files: Sequence[BinaryIO], tables: Sequence[Table], about: Mapping[str, Any]
) -> Iterator[list[Write]]:
    """A row group for each piece; the unit and meaning of a column are in its metadata, as `about` is in the file's."""
    del paths
    import pyarrow.parquet as pq  # noqa: PLC0415

    with ExitStack() as stack:
        writes = []
        for file, table in zip(files, tables, strict=True):
            schema = _arrow_schema(table, about)
            writer = stack.enter_context(pq.ParquetWriter(file, schema, compression="zstd"))
            writes.append(_parquet_write(writer, schema))
        yield writes


def _parquet_write(writer: Any, schema: Any) -> Write:
    import pyarrow as pa  # noqa: PLC0415

    def write(rows: Sequence[Row]) -> None:
        columns = [pa.array(values, one.type) for values, one in zip(zip(*rows, strict=True), schema, strict=True)]
        writer.write_table(pa.table(columns, schema=schema))

    return write


def _arrow_schema(table: Table, about: Mapping[str, Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    types = {"text": pa.string(), "bool": pa.bool_(), "float64": pa.float64()}
    fields = [
        pa.field(
            column.name,
            types.get(column.kind) or getattr(pa, column.kind)(),
            nullable=False,
            metadata={"unit": column.unit, "meaning": column.meaning},
        )
        for column in table.columns
    ]
    return pa.schema(fields, metadata={"tunewright": json.dumps({**about, "table": table.name})})


# ------------------------------------------------------------------------------------------------ npz


@contextmanager
def _open_npz(
    paths: Sequence[Path], files: Sequence[BinaryIO], tables: Sequence[Table], about: Mapping[str, Any]
) -> Iterator[list[Write]]:
    """An npz has each column in one piece, so each waits in a temporary file until all rows have come."""
    import numpy as np  # noqa: PLC0415 - not needed to print a schema

    (path,), (file,) = paths, files
    schema = {**about, "tables": {table.name: describe_table(table) for table in tables}}
    with ExitStack() as stack:
        kept = [
            [_Kept(column, stack.enter_context(_temporary(path.parent))) for column in table.columns]
            for table in tables
        ]
        yield [_npz_write(columns) for columns in kept]
        with zipfile.ZipFile(file, "w") as archive:
            for place, (table, columns) in enumerate(zip(tables, kept, strict=True)):
                for column in columns:
                    column.save(archive, f"{table.name}.{column.column.name}" if place else column.column.name)
            with _open_member(archive, "schema") as member:
                np.lib.format.write_array(member, np.array(json.dumps(schema, ensure_ascii=False)))


def _temporary(folder: Path) -> IO[bytes]:
    """In the folder of what is written: there has to be room for it anyway."""
    return tempfile.SpooledTemporaryFile(_SPOOLED, dir=str(folder))


def _npz_write(columns: Sequence[_Kept]) -> Write:
    def write(rows: Sequence[Row]) -> None:
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.add(values)

    return write


def _open_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """An array of the archive, dated as nothing is, so that the same tables give the same bytes."""
    member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    return archive.open(member, "w", force_zip64=True)


@dataclass(slots=True)
class _Kept:
    """The values of a column so far; of a text column each text once, and in the file which stands where."""

    column: Column
    file: IO[bytes]
    texts: dict[str, int] = field(default_factory=dict)
    count: int = 0

    @property
    def _of_text(self) -> bool:
        return self.column.kind == "text"

    @property
    def _in_file(self) -> str:
        return "int32" if self._of_text else self.column.kind

    def add(self, values: Sequence[Any]) -> None:
        import numpy as np  # noqa: PLC0415

        if self._of_text:
            values = [self.texts.setdefault(value, len(self.texts)) for value in values]
        self.file.write(np.array(values, dtype=self._in_file).tobytes())
        self.count += len(values)

    def save(self, archive: zipfile.ZipFile, name: str) -> None:
        """Write them as an array of numpy's."""
        import numpy as np  # noqa: PLC0415

        texts = list(self.texts)
        dtype = np.dtype(f"U{max(map(len, texts), default=1) or 1}" if self._of_text else self._in_file)
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (self.count,)}
        self.file.seek(0)
        with _open_member(archive, name) as member:
            np.lib.format.write_array_header_1_0(member, header)
            while piece := self.file.read(_PIECE):
                if self._of_text:
                    piece = np.array([texts[code] for code in np.frombuffer(piece, "int32")], dtype).tobytes()
                member.write(piece)


_FORMATS = {".csv": _open_csv, ".parquet": _open_parquet, ".npz": _open_npz}
