"""The command that writes notes as tables.

In: sources, a file to write. Out: the tables, and on stderr what was dropped and left out. What the command needs is
imported inside it. This file does no work of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunewright.cli.commands import completing
from tunewright.cli.commands.options import SOURCE, AsJson, Raw, one_line, read_sources

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.corpus.sources import Dropped
    from tunewright.music.tune import Tune

SHOWN = 20  # reasons printed; --json has them all


def export(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", help=f"A {SOURCE}.", autocompletion=completing.collections)
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What to write: a name that ends in .csv, .parquet or .npz."),
    ] = None,
    unfold: Annotated[
        bool, typer.Option("--unfold", help="As played: repeats, endings and parts one after the other.")
    ] = False,
    raw: Raw = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print what every column means; write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the notes of a collection as a table, for research.

    One row is one note: tune, part of the split, family, onset and length (exact, and in quarter notes), pitch,
    spelling, degree of the scale, bar, place in the bar, metre, key. A second table has one row for each tune.

    In CSV an apostrophe stands before texts that a spreadsheet would run; --raw leaves it out.
    """
    from tunewright.cli.output import note, print_json, say
    from tunewright.corpus.export import TABLES, export_notes, export_paths
    from tunewright.support.tables import describe_table, schema_text

    if schema:
        if as_json:
            print_json({table.name: describe_table(table) for table in TABLES})
        else:
            say("\n\n".join(schema_text(table) for table in TABLES))
        return
    if not sources or to is None:
        raise typer.BadParameter("expected a SOURCE and --to FILE, or --schema")
    if raw and to.suffix.lower() != ".csv":
        raise typer.BadParameter("--raw is for .csv: nothing is altered in other files")
    export_paths(to)  # before the tunes are read: what is wrong with the name is the user's to mend
    corpus = read_sources(sources)
    done = export_notes(corpus, to, unfold=unfold, raw=raw)
    note(_told(corpus, done.left_out))
    if as_json:
        lost = {"dropped": corpus.dropped, "left_out": done.left_out}
        print_json(
            {"files": done.files, "tunes": done.tunes, "notes": done.notes, "order": "played" if unfold else "written"}
            | {name: [{"source": one.source, "reason": one.reason} for one in items] for name, items in lost.items()}
            | {"duplicates": len(corpus.duplicates)}
        )
    else:
        say(f"Wrote {done.notes:,} notes of {done.tunes:,} tunes: {' and '.join(map(str, done.files))}.")


def _told(corpus: Corpus[Tune], left_out: Sequence[Dropped]) -> str:
    """What was read and what of it is in no table, and why."""
    counts = (
        f"{corpus.read:,} tunes read, {len(corpus.dropped):,} dropped; "
        f"of those read {len(corpus.duplicates):,} merged as duplicates, {len(left_out):,} left out."
    )
    lost = [*corpus.dropped, *left_out]
    lines = [f"  {one_line(f'{one.source}: {one.reason}')}" for one in lost[:SHOWN]]
    if len(lost) > SHOWN:
        lines.append(f"  and {len(lost) - SHOWN:,} more; --json lists them all")
    return "\n".join([counts, *lines])
