"""`export` writes every note of a collection, the same in each format, and says what it left out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cli.test_app import Command, Result, assert_one_error, tunes, tunewright
from tests.support.places import ROOT
from tunewright.corpus import note_tables
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.export import TABLES, export_notes
from tunewright.corpus.note_tables import NOTES, TUNES, Label, note_rows
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.split import write_split
from tunewright.formats.midi.tunes import write_midi
from tunewright.music.kinds import music_id
from tunewright.music.tune import Rest, Tune
from tunewright.support.errors import CorpusError
from tunewright.support.tables import Row, Table

__all__ = ["Result", "tunes", "tunewright"]  # fixtures

CONVERT: dict[str, Callable[[str], Any]] = {"text": str, "bool": "True".__eq__, "float64": float}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """A hundred tunes."""
    whole = read_corpus("oneill")
    return replace(whole, music=whole.tunes[:100], split=whole.split[:100], families=whole.families[:100])


def read_table(path: Path, table: Table) -> list[Row]:
    """A table of `export_notes`, read as anyone would."""
    beside = path if table is NOTES else path.with_name(f"{path.stem}.{table.name}{path.suffix}")
    if path.suffix == ".npz":
        arrays = np.load(path, allow_pickle=False)
        prefix = "" if table is NOTES else f"{table.name}."
        return list(zip(*(arrays[prefix + column.name].tolist() for column in table.columns), strict=True))
    if path.suffix == ".parquet":
        return list(zip(*pq.read_table(beside).to_pydict().values(), strict=True))
    with beside.open(encoding="utf-8", newline="") as file:
        _, *lines = csv.reader(file)
    kinds = [CONVERT.get(column.kind, int) for column in table.columns]
    return [tuple(kind(cell) for kind, cell in zip(kinds, line, strict=True)) for line in lines]


@pytest.mark.parametrize("unfold", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_every_format_holds_the_notes_of_the_tunes(tmp_path: Path, corpus: Corpus, suffix: str, unfold: bool) -> None:
    path = tmp_path / f"notes{suffix}"
    done = export_notes(corpus, path, unfold=unfold)
    ids = [music_id(tune) for tune in corpus.tunes]
    expected: list[Row] = []
    for tune, part, family in zip(corpus.tunes, corpus.split, corpus.families, strict=True):
        expected += note_rows(tune, Label(music_id(tune), part, ids[family]), unfold=unfold)
    assert read_table(path, NOTES) == expected
    assert (done.tunes, done.notes, done.left_out) == (100, len(expected), ())
    assert sorted(done.files) == sorted(tmp_path.iterdir())
    for row in read_table(path, TUNES):
        told = dict(zip([column.name for column in TUNES.columns], row, strict=True))
        assert {one[0] for one in expected[told["first_row"] : told["first_row"] + told["notes"]]} == {told["tune"]}
    assert sum(row[TUNES_NOTES] for row in read_table(path, TUNES)) == len(expected)


TUNES_NOTES = [column.name for column in TUNES.columns].index("notes")


def test_ids_split_and_families_are_those_of_the_corpus(tmp_path: Path, corpus: Corpus) -> None:
    write_split(corpus, tmp_path / "split.tsv")
    export_notes(corpus, tmp_path / "notes.csv")
    _, *lines = (tmp_path / "split.tsv").read_text().splitlines()
    rows = read_table(tmp_path / "notes.csv", TUNES)
    assert [tuple(line.split("\t")) for line in lines] == [(*row[:4], row[5]) for row in rows]


def test_what_cannot_be_written_is_left_out_and_named(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, *others = corpus.tunes
    silent = replace(first, music=tuple(one for one in first.music if isinstance(one, Rest)), source="silent.abc:1")
    fine = replace(second, music=tuple(_with_length(second, 2**61 - 1)), source="fine.abc:1")
    monkeypatch.setattr(note_tables, "MOST_SIGNS", len(third.music) - 1)
    kept = [one for one in others if len(one.music) < len(third.music)]
    odd = replace(corpus, music=(silent, fine, third, *kept), split=corpus.split[: 3 + len(kept)])
    odd = replace(odd, families=tuple(range(3 + len(kept))))
    done = export_notes(odd, tmp_path / "notes.npz")
    assert [one.source for one in done.left_out] == ["silent.abc:1", "fine.abc:1", third.source]
    assert done.left_out[0].reason == "a tune without notes"
    assert "beyond int64" in done.left_out[1].reason
    assert "more than" in done.left_out[2].reason
    assert len(read_table(tmp_path / "notes.npz", TUNES)) == done.tunes == len(kept)


def _with_length(tune: Tune, denominator: int) -> list[Any]:
    return [replace(one, length=one.length / denominator) if one is tune.notes[0] else one for one in tune.music]


def test_no_note_at_all_is_an_error_and_writes_nothing(tmp_path: Path, corpus: Corpus) -> None:
    silent = replace(corpus.tunes[0], music=(), source="silent.abc:1")
    nothing = replace(corpus, music=(silent,), split=("train",), families=(0,))
    with pytest.raises(CorpusError, match=r"no notes to write, the first: silent\.abc:1: a tune without notes"):
        export_notes(nothing, tmp_path / "notes.csv")
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------ the command


def test_the_command_writes_and_says_what(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / "notes.csv"
    result = tunewright("export", tunes, "--to", path)
    assert result.code == 0
    rows = read_table(path, NOTES)
    assert f"Wrote {len(rows):,} notes of 40 tunes" in result.out
    assert str(path.with_name("notes.tunes.csv")) in result.out
    assert "40 tunes read, 0 dropped" in result.err


def test_as_played_there_are_more(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    told = [
        json.loads(tunewright("export", tunes, "--to", tmp_path / "notes.npz", "--json", *words).out)
        for words in ([], ["--unfold"])
    ]
    assert told[0]["notes"] < told[1]["notes"]
    assert [one["order"] for one in told] == ["written", "played"]
    assert told[0]["files"] == [str(tmp_path / "notes.npz")]
    assert {"tunes", "dropped", "left_out", "duplicates"} <= told[0].keys()


def test_what_was_dropped_is_told(tunewright: Command, tunes: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.abc"
    mixed.write_text(tunes.read_text() + "\n\nX:98\nT:Again\nM:4/4\nK:D\nABcd|\n" + "\nX:99\nT:No key\nABC|\n" * 30)
    result = tunewright("export", mixed, "--to", tmp_path / "notes.csv")
    assert result.code == 0
    assert "30 dropped" in result.err
    assert result.err.count("no K: field") == 20
    assert "and 10 more" in result.err
    told = json.loads(tunewright("export", mixed, "--to", tmp_path / "notes.csv", "--json").out)
    assert len(told["dropped"]) == 30


def test_midi_is_exported_too(tunewright: Command, tmp_path: Path, corpus: Corpus) -> None:
    (tmp_path / "in").mkdir()
    write_midi(corpus.tunes[3], tmp_path / "in" / "one.mid")
    assert tunewright("export", tmp_path / "in", "--to", tmp_path / "notes.parquet").code == 0
    names = [column.name for column in NOTES.columns]
    rows = read_table(tmp_path / "notes.parquet", NOTES)
    assert len({row[names.index("pitch")] for row in rows}) > 3


@pytest.mark.parametrize(
    ("name", "says"), [("notes.xlsx", ".csv, .parquet, .npz"), ("notes", ".npz"), ("taken.csv", "a folder")]
)
def test_a_wrong_name_is_one_clear_line(tunewright: Command, tunes: Path, tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "taken.csv").mkdir()
    assert_one_error(tunewright("export", tunes, "--to", tmp_path / name), name, says)


def test_wrong_usage_exits_with_2(tunewright: Command, tmp_path: Path) -> None:
    assert tunewright("export").code == 2
    assert tunewright("export", "oneill").code == 2
    assert tunewright("export", "--to", tmp_path / "notes.csv").code == 2


def test_help_has_examples(tunewright: Command) -> None:
    assert "Examples:\n    tunewright export" in tunewright("export", "--help").out


def test_the_schema_is_printed_and_is_in_the_documentation(tunewright: Command) -> None:
    result = tunewright("export", "--schema")
    assert result.code == 0
    told = json.loads(tunewright("export", "--schema", "--json").out)
    page = (ROOT / "docs" / "notes.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", page, re.MULTILINE)
    columns = [column for table in TABLES for column in table.columns]
    expected = [(one.name, one.kind, one.unit, one.meaning.replace("|", r"\|")) for one in columns]
    assert listed == expected
    assert [one["name"] for table in told.values() for one in table] == [one.name for one in columns]
    for one in columns:
        assert re.search(rf"^  {one.name} +{one.kind}\b.*{re.escape(one.meaning)}$", result.out, re.MULTILINE)


def test_titles_that_a_spreadsheet_would_run_are_harmless_in_every_table(tunewright: Command, tmp_path: Path) -> None:
    source = tmp_path / "a.abc"
    source.write_text("X:1\nT:=cmd|' /C calc'!A0\nR:@reel\nM:2/4\nL:1/8\nK:C\nCDEF|GABc|\n")
    for extra, begins in (([], "'"), (["--raw"], "")):
        assert tunewright("export", source, "--to", tmp_path / "notes.csv", *extra).code == 0
        assert tunewright("corpus", source, "--split-out", tmp_path / "split.tsv", *extra).code == 0
        for name in ("notes.tunes.csv", "split.tsv"):
            cells = re.split("[,\t\n]", (tmp_path / name).read_text())
            assert [cell for cell in cells if "=cmd" in cell] == [f"{begins}=cmd|' /C calc'!A0"]
