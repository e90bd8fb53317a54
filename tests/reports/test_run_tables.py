"""The tables of a run: what was drawn, counted by fault."""

from __future__ import annotations

from tests.reports.test_run_page import BAD, drawn, good
from tunewright.reports.run_tables import drawn_table


def test_faults_are_counted_by_kind() -> None:
    tunes = [good(0), good(1), drawn(2, BAD), drawn(3, BAD + "AB|\n"), drawn(4, "no tune"), drawn(5, BAD, ended=False)]
    assert {row.name: row.cells[0].value for row in drawn_table(tunes).rows} == {
        "well formed": "2",
        "a bar does not add up to the metre": "2",
        "cannot be read as ABC": "1",
        "did not come to an end": "1",
    }
