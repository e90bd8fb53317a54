"""Tables read back as they were written, whole or not at all, and are never held whole."""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.support import tables as table_files
from tunewright.support.errors import OutputError
from tunewright.support.tables import Column, Row, Table, describe_table, misfit, open_tables, schema_text, table_paths

THINGS = Table(
    "things",
    (
        Column("name", "text", "", "what it is called"),
        Column("small", "int8", "steps", "a number"),
        Column("large", "int64", "", "another"),
        Column("real", "float64", "quarter notes", "a third"),
        Column("so", "bool", "", "whether"),
    ),
)
FEW = Table("few", (Column("word", "text", "", "of few rows"),))
SUFFIXES = (".csv", ".parquet", ".npz")
READ = {"text": str, "bool": "True".__eq__, "float64": float}

text = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from(",;\"'"), max_size=8)
row = st.tuples(
    text, st.integers(-128, 127), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans()
)


def write(path: Path, rows: Sequence[Row], few: Sequence[Row] = (), *, raw: bool = True) -> None:
    with open_tables(path, (THINGS, FEW), {"from": "a test"}, raw=raw) as (things, words):
        things.add(rows)
        words.add(few)


def read(path: Path, table: Table = THINGS) -> list[Row]:
    """The rows of a table, by the means of its format."""
    first = table is THINGS
    beside = path if first else path.with_name(f"{path.stem}.{table.name}{path.suffix}")
    if path.suffix == ".npz":
        arrays = np.load(path, allow_pickle=False)
        return list(
            zip(
                *(arrays[("" if first else f"{table.name}.") + one.name].tolist() for one in table.columns), strict=True
            )
        )
    if path.suffix == ".parquet":
        return [tuple(one.values()) for one in pq.read_table(beside).to_pylist()]
    with beside.open(encoding="utf-8", newline="") as file:
        names, *lines = csv.reader(file)
    assert names == [column.name for column in table.columns]
    kinds: list[Any] = [READ.get(column.kind, int) for column in table.columns]
    return [tuple(kind(cell) for kind, cell in zip(kinds, line, strict=True)) for line in lines]


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(row, max_size=9), few=st.lists(st.tuples(text), max_size=3))
def test_rows_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[Row], few: list[Row]
) -> None:
    path = tmp_path_factory.mktemp("tables") / f"things{suffix}"
    write(path, rows, few)
    assert read(path) == rows
    assert read(path, FEW) == few


RUN = ("=HYPERLINK(1)", "+1", "-2+3", "@SUM(1)", "\tx", "＝1")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_spreadsheet_would_run_has_an_apostrophe_in_csv_alone(tmp_path: Path, suffix: str) -> None:
    rows: list[Row] = [(cell, -1, -2, -3.5, True) for cell in (*RUN, "plain", "", "a=b", "'")]
    path = tmp_path / f"things{suffix}"
    write(path, rows, [("=few",)], raw=False)
    told = [(f"'{row[0]}" if row[0] in RUN and suffix == ".csv" else row[0], *row[1:]) for row in rows]
    assert read(path) == told
    assert read(path, FEW) == [("'=few" if suffix == ".csv" else "=few",)]
    write(path, rows, raw=True)
    assert read(path) == rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_written_in_pieces_is_the_same_as_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    rows = [(f"thing {number % 4}", number, number, number / 3, number % 2 == 0) for number in range(100)]
    monkeypatch.setattr(table_files, "ROWS", 7)
    monkeypatch.setattr(table_files, "_PIECE", 16)
    path = tmp_path / f"things{suffix}"
    with open_tables(path, (THINGS, FEW), {}) as (things, _):
        for start in range(0, 100, 9):
            things.add(rows[start : start + 9])
            assert len(things.rows) < 7
    assert read(path) == rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write(tmp_path / name / f"things{suffix}", [("x", 1, 2, 3.5, True)], [("y",)])
    assert [(tmp_path / "a" / one).read_bytes() for one in sorted(os.listdir(tmp_path / "a"))] == [
        (tmp_path / "b" / one).read_bytes() for one in sorted(os.listdir(tmp_path / "b"))
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr(table_files, "ROWS", 500)
    monkeypatch.setattr(table_files, "_SPOOLED", 2**12)

    def peak(pieces: int) -> int:
        tracemalloc.start()
        with open_tables(tmp_path / f"things{suffix}", (THINGS, FEW), {}) as (things, _):
            for piece in range(pieces):
                things.add([("name", 1, 10**15 + 500 * piece + place, place / 3, True) for place in range(500)])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # what is loaded once
    assert peak(60) < peak(6) + 500_000  # 60 pieces hold 3 MB of numbers at least


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_error_on_the_way_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"things{suffix}"
    write(path, [("old", 1, 2, 3.0, True)])
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}

    def fail() -> None:
        with open_tables(path, (THINGS, FEW), {}) as (things, _):
            things.add([("new", 1, 2, 3.0, True)])
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        fail()
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        write(tmp_path / f"things{suffix}", [])
    assert not list(tmp_path.iterdir())


def test_another_suffix_names_those_there_are(tmp_path: Path) -> None:
    for name in ("notes.xlsx", "notes", "notes.csv.gz"):
        with pytest.raises(OutputError, match=r"ends in \.csv, \.parquet, \.npz"):
            table_paths(tmp_path / name, (THINGS,))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").mkdir()
    with pytest.raises(OutputError, match="expected the name of a file"):
        table_paths(tmp_path / "notes.csv", (THINGS,))


def test_without_pyarrow_parquet_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(OutputError, match=r"pip install 'tunewright\[parquet\]'"):
        table_paths(tmp_path / "notes.parquet", (THINGS,))
    assert table_paths(tmp_path / "notes.npz", (THINGS, FEW)) == [tmp_path / "notes.npz"]


def test_files_lie_side_by_side(tmp_path: Path) -> None:
    assert [path.name for path in table_paths(tmp_path / "a.b.csv", (THINGS, FEW))] == ["a.b.csv", "a.b.few.csv"]


def test_what_columns_mean_is_in_the_file(tmp_path: Path) -> None:
    for suffix in (".parquet", ".npz"):
        write(tmp_path / f"things{suffix}", [])
    schema = pq.read_schema(tmp_path / "things.parquet")
    assert schema.field("real").metadata == {b"unit": b"quarter notes", b"meaning": b"a third"}
    assert json.loads(schema.metadata[b"tunewright"]) == {"from": "a test", "table": "things"}
    told = json.loads(str(np.load(tmp_path / "things.npz", allow_pickle=False)["schema"]))
    assert told == {"from": "a test", "tables": {"things": describe_table(THINGS), "few": describe_table(FEW)}}
    assert "  real   float64 quarter notes  a third" in schema_text(THINGS)


def test_types_are_those_stated(tmp_path: Path) -> None:
    write(tmp_path / "things.npz", [("x", 1, 2, 3.0, True)])
    arrays = np.load(tmp_path / "things.npz", allow_pickle=False)
    for column in THINGS.columns[1:]:
        assert arrays[column.name].dtype == np.dtype(column.kind)
    write(tmp_path / "things.parquet", [("x", 1, 2, 3.0, True)])
    types = [str(field.type) for field in pq.read_schema(tmp_path / "things.parquet")]
    assert types == ["string", "int8", "int64", "double", "bool"]


def test_what_does_not_fit_is_said() -> None:
    fits = ("x", 127, 2**63 - 1, 1e300, True)
    assert misfit(THINGS, [fits]) == ""
    assert misfit(THINGS, []) == ""
    assert misfit(THINGS, [fits, ("x", -129, 0, 0.0, True)]) == "small is -129, beyond int8"
    assert misfit(THINGS, [("x", 0, 2**63, 0.0, True)]) == f"large is {2**63}, beyond int64"
    assert "name has 5,000 characters" in misfit(THINGS, [("x" * 5000, 0, 0, 0.0, True)])
