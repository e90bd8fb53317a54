"""A corpus as tables of notes and of tunes, in files: what `tunewright export` writes.

In: a `Corpus`, a path, and whether tunes are to be as written or as played. Out: the files, and what was written and
what was left out, with the reason. What the columns mean is in `note_tables`, how they lie in a file in
`support.tables`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.note_tables import MOST_SIGNS, NOTES, TUNES, Label, NoteRow, TooLong, note_rows, tune_row
from tunewright.corpus.sources import Dropped
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError
from tunewright.support.tables import misfit, open_tables, table_paths

TABLES = (NOTES, TUNES)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written where, and the tunes that were read and yet are in no table."""

    files: tuple[Path, ...]
    tunes: int
    notes: int
    left_out: tuple[Dropped, ...]


def export_paths(path: Path) -> list[Path]:
    """The files that `export_notes` would write; OutputError where it could not."""
    return table_paths(path, TABLES)


def export_notes(corpus: Corpus[Tune], path: Path, *, unfold: bool = False, raw: bool = False) -> Exported:
    """Write the notes of a corpus, and its tunes, as tables: .csv, .parquet or .npz, by the end of the name.

    Cells of CSV that a spreadsheet would run have an apostrophe before them, unless they are to be `raw`.
    OutputError where a file cannot be written or nothing can write Parquet; CorpusError where no tune has a note. In
    both cases what was there before is left.
    """
    about = {"corpus": corpus.name, "fingerprint": corpus.fingerprint, "order": "played" if unfold else "written"}
    tunes = notes = 0
    left_out: list[Dropped] = []
    with open_tables(path, TABLES, about, raw=raw) as (note_sink, tune_sink):
        for tune, label in zip(corpus.music, _labels(corpus), strict=True):
            rows = _rows(tune, label, unfold=unfold)
            if isinstance(rows, Dropped):
                left_out.append(rows)
                continue
            about_tune = tune_row(tune, label, rows, notes)
            if reason := misfit(NOTES, rows) or misfit(TUNES, [about_tune]):
                left_out.append(Dropped(tune.source, reason))
                continue
            note_sink.add(rows)
            tune_sink.add([about_tune])
            tunes, notes = tunes + 1, notes + len(rows)
        if not tunes:
            first = f", the first: {left_out[0].source}: {left_out[0].reason}" if left_out else ""
            raise CorpusError(f"{corpus.name}: no notes to write{first}")
    return Exported(tuple(export_paths(path)), tunes, notes, tuple(left_out))


def _labels(corpus: Corpus[Tune]) -> list[Label]:
    ids = corpus.ids
    return [Label(*of) for of in zip(ids, corpus.split, (ids[family] for family in corpus.families), strict=True)]


def _rows(tune: Tune, label: Label, *, unfold: bool) -> list[NoteRow] | Dropped:
    try:
        rows = note_rows(tune, label, unfold=unfold)
    except TooLong:
        how = "as played" if unfold else "as written"
        return Dropped(
            tune.source, f"more than {MOST_SIGNS:,} notes, rests and bar lines {how}, the most that is written"
        )
    return rows or Dropped(tune.source, "a tune without notes")
