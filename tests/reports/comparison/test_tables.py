"""Tables and Markdown of a comparison say what the comparison holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.comparisons import invented_comparison
from tunewright.judging.runs.quantities import AT_END, Row, Spread
from tunewright.reports.comparison.tables import (
    MARKS,
    Cell,
    all_tables,
    answer_of,
    effects_table,
    quantity_name,
    quantity_table,
    settings_tables,
    to_markdown,
)
from tunewright.reports.wording import Wording

ENGLISH, CHINESE = Wording("en"), Wording("zh")
FULL = invented_comparison(tunes=0)
PLAIN = invented_comparison(experiment=False, seeds=1, tunes=None)


def test_a_row_has_mean_range_reported_and_real() -> None:
    row = Row(
        "first_loss",
        {"lab-default": Spread((4.0, 5.0)), "sound": Spread((4.5,))},
        4.25,
        "less",
        "nats",
        {"sound": 4.55},
    )
    comparison = replace(FULL, settings=(FULL.settings[0], FULL.settings[-1]))
    table = quantity_table(comparison, [row], ENGLISH)
    assert table.head == ("Quantity", "default", "sound baseline", "real tunes")
    assert table.rows[0].cells == (Cell("4.500", "4.000–5.000"), Cell("4.500", "", "reported 4.55"), Cell("4.250"))
    assert table.rows[0].note == "less is better"


def test_the_column_of_real_tunes_is_left_out_where_no_row_has_it() -> None:
    row = Row("seconds", {"lab-default": Spread((4.0,))}, None, "less", "seconds")
    assert "real tunes" not in quantity_table(FULL, [row], ENGLISH).head


def test_every_row_of_the_comparison_is_in_a_table_once() -> None:
    tables = all_tables(FULL, ENGLISH)
    assert sum(len(table.rows) for table in tables) == len(FULL.rows)
    assert all(len(row.cells) == len(table.head) - 1 for table in tables for row in table.rows)


def test_effects_have_signs_and_nothing_has_none() -> None:
    effect = replace(
        FULL.effects[0],
        structure=Spread((0.5, 1.0)),
        hyperparameters=Spread((-2.0,)),
        interaction=Spread((-1e-9, 1e-9)),
    )
    row = effects_table(replace(FULL, effects=(effect,)), ENGLISH).rows[0]
    assert [cell.value for cell in row.cells] == ["+0.750", "−2.000", "0.000"]
    assert row.cells[0].spread == "+0.500 … +1.000"
    assert row.cells[2].spread == ""


def test_settings_that_differ_come_first_and_the_seed_is_none_of_them() -> None:
    differing, same = settings_tables(FULL.settings, ENGLISH)
    names = {row.name for row in differing.rows}
    assert names == {
        "hidden_size",
        "num_layers",
        "batch_size",
        "seq_length",
        "learning_rate",
        "dropout",
        "schedule",
        "patience",
    }
    assert "seed" not in names | {row.name for row in same.rows}
    assert next(row for row in differing.rows if row.name == "learning_rate").cells[:3:2] == (
        Cell("0.005"),
        Cell("0.001"),
    )


def test_the_answer_counts_the_verdicts() -> None:
    verdicts = [claim.verdict for claim in FULL.claims if claim.topic != "sound"]
    answer = answer_of(FULL, ENGLISH)
    assert answer.startswith(
        f"Of {len(verdicts)} reported claims, {verdicts.count('holds')} hold, {verdicts.count('fails')} fail"
    )
    assert "honest baseline" in answer


def test_the_answer_without_claims_names_the_best_or_says_that_there_is_none() -> None:
    row = next(row for row in PLAIN.rows if row.quantity == "lowest_bits_per_note")
    best = min(row.cells, key=lambda name: row.cells[name].mean)
    assert f"{row.cells[best].mean:.3f} bits per note" in answer_of(PLAIN, ENGLISH)
    assert answer_of(replace(PLAIN, rows=()), ENGLISH) == "None of these runs has been judged on held-out tunes yet."


@pytest.mark.parametrize("wording", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_markdown_tables_are_whole(wording: Wording) -> None:
    text = to_markdown(invented_comparison(scaled=0.08, tunes=0), wording)
    width = 0
    for line in text.splitlines():
        cells = line.replace(r"\|", "").count("|")
        assert line.startswith("|") is (cells > 0)
        assert cells == width or width == 0 or cells == 0
        width = cells
    assert wording.say("page.class_room") in text
    assert all(quantity_name(row.quantity.removesuffix(AT_END), wording) in text for row in FULL.rows)
    for claim in FULL.claims:
        assert f"{MARKS[claim.verdict]} {wording.say(f'verdict.{claim.verdict}')}" in text
        assert wording.say(claim.sentence, **claim.numbers) in text


def test_markdown_of_a_plain_comparison_has_no_claims_and_escapes_names() -> None:
    text = to_markdown(PLAIN, ENGLISH)
    assert ENGLISH.say("page.claims_title") not in text
    assert ENGLISH.say("page.class_room") not in text
    assert r"a\|b" in to_markdown(
        replace(PLAIN, settings=(replace(PLAIN.settings[0], name="a|b"), PLAIN.settings[1])), ENGLISH
    )
