"""A comparison as tables of words: for its page, and as Markdown.

In: a `Comparison` and a `Wording`. Out: `Table`s whose cells are text, and `to_markdown`. Numbers are computed in
`quantities` and `claims`, sentences stand in the catalogues; this file only puts them in their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tunewright.judging.runs.comparison import Claim, Comparison, Row, Setting, format_spread, format_value
from tunewright.judging.runs.quantities import AT_END, EVALUATED, SAMPLED, SAMPLED_AT_END, TRAINING, Spread
from tunewright.reports.components import Cell, Table, TableRow
from tunewright.reports.wording import Wording

MARKS = {"holds": "✓", "fails": "✗", "partly": "◐", "untested": "○"}
GROUPS = {"training": TRAINING, "evaluated": EVALUATED, "sampled": SAMPLED, "at_end": SAMPLED_AT_END}

LONGEST_SETTING = 60  # signs of a name in a legend: runs whose names are longer are paths


def setting_name(name: str, wording: Wording) -> str:
    """What a setting is called: a preset in words, anything else by its own name, or that with its middle left out."""
    if wording.knows(f"setting.{name}"):
        return wording.say(f"setting.{name}")
    return name if len(name) <= LONGEST_SETTING else f"{name[:20]}…{name[21 - LONGEST_SETTING :]}"


def quantity_name(quantity: str, wording: Wording) -> str:
    """What a quantity is called, and of which weights it is where that is not the best ones."""
    name = wording.say(f"quantity.{quantity.removesuffix(AT_END)}")
    return wording.say("table.at_end", quantity=name) if quantity.endswith(AT_END) else name


# ------------------------------------------------------------------------------------------------ tables


def quantity_table(comparison: Comparison, rows: Sequence[Row], wording: Wording, title: str = "") -> Table:
    """Quantities down, settings across, real tunes last where any of the rows has them.

    Under a title, which says of which weights they are, quantities go by their plain names.
    """
    settings = [setting.name for setting in comparison.settings]
    real = any(row.real is not None for row in rows)
    head = [wording.say("table.quantity"), *(setting_name(name, wording) for name in settings)]
    return Table(
        (*head, *([wording.say("table.real")] if real else [])),
        tuple(_quantity_row(row, settings, real, wording, plain=bool(title)) for row in rows),
        title,
    )


def _quantity_row(row: Row, settings: Sequence[str], real: bool, wording: Wording, plain: bool) -> TableRow:
    cells = [_cell(row, name, wording) for name in settings]
    if real:
        cells.append(Cell("" if row.real is None else format_value(row.real, row.unit)))
    note = wording.say(f"better.{row.better}") if row.better else ""
    quantity = row.quantity.removesuffix(AT_END) if plain else row.quantity
    return TableRow(quantity_name(quantity, wording), tuple(cells), note)


def _cell(row: Row, setting: str, wording: Wording) -> Cell:
    reported = row.reported.get(setting)
    said = "" if reported is None else wording.say("table.reported_value", value=f"{reported:g}")
    return Cell(*_mean_and_range(row.cells.get(setting, Spread(())), row.unit), said)


def _mean_and_range(spread: Spread, unit: str) -> tuple[str, str]:
    """The two parts of what `format_spread` writes as "mean (low–high)"."""
    mean, _, between = format_spread(spread, unit).partition(" (")
    return mean, between.rstrip(")")


def all_tables(comparison: Comparison, wording: Wording) -> list[Table]:
    """Every quantity: of training, on held-out tunes, of tunes drawn; a group without rows is left out."""
    tables = []
    for group, quantities in GROUPS.items():
        names = {quantity.name for quantity in quantities}
        if rows := [row for row in comparison.rows if row.quantity in names]:
            tables.append(quantity_table(comparison, rows, wording, wording.say(f"table.group_{group}")))
    return tables


def effects_table(comparison: Comparison, wording: Wording) -> Table:
    """What structure, hyperparameters and both together do to each quantity, with signs."""
    factors = ("structure", "hyperparameters", "interaction")
    rows = (
        TableRow(
            quantity_name(effect.quantity, wording),
            tuple(Cell(*_signed(getattr(effect, factor), effect.unit)) for factor in factors),
        )
        for effect in comparison.effects
    )
    return Table((wording.say("table.quantity"), *(wording.say(f"table.{factor}") for factor in factors)), tuple(rows))


def _signed(spread: Spread, unit: str) -> tuple[str, str]:
    """Mean and range with their signs, "to" between numbers that may be negative written as an ellipsis."""
    mean, low, high = (_with_sign(value, unit) for value in (spread.mean, spread.low, spread.high))
    return mean, "" if low == high else f"{low} … {high}"


def _with_sign(value: float, unit: str) -> str:
    written = format_value(value, unit)
    if not any(digit in written for digit in "123456789"):  # 0 once rounded, or undefined
        return written.lstrip("-−")
    return f"+{written}" if value > 0 else written.replace("-", "−")


def settings_tables(settings: Sequence[Setting], wording: Wording) -> tuple[Table, Table]:
    """The settings that differ, a column each, and those that are the same in all, in one column."""
    columns = [setting.config.flat() for setting in settings]
    names = [name for name in columns[0] if name != "seed"]
    differing = [name for name in names if len({column[name] for column in columns}) > 1]
    head = (wording.say("table.setting"), *(setting_name(setting.name, wording) for setting in settings))
    rows = (TableRow(name, tuple(Cell(_written(column[name])) for column in columns)) for name in differing)
    same = (TableRow(name, (Cell(_written(columns[0][name])),)) for name in names if name not in differing)
    return Table(head, tuple(rows)), Table((head[0], ""), tuple(same))


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


# ------------------------------------------------------------------------------------------------ sentences


def title_of(comparison: Comparison, wording: Wording) -> str:
    """What the page is called."""
    return wording.say(comparison.title_key)


def scaled_note(comparison: Comparison, wording: Wording) -> str:
    """That this is a class-room version, and of which size; "" for the full experiment."""
    share = f"{100 * comparison.scaled:.2g}"
    return wording.say("page.class_room_note", share=share) if comparison.scaled < 1 else ""


def answer_of(comparison: Comparison, wording: Wording) -> str:
    """The comparison in a sentence or two: how many claims hold, or which setting foresees best."""
    if comparison.claims:
        verdicts = [claim.verdict for claim in comparison.claims if claim.topic != "sound"]
        counts = {verdict: verdicts.count(verdict) for verdict in MARKS}
        told = [wording.say("answer.claims", count=len(verdicts), **counts)]
        told += [_sound_of(claim, wording) for claim in comparison.claims if claim.topic == "sound"]
        return " ".join(told)
    return _best_of(comparison, wording)


def _sound_of(claim: Claim, wording: Wording) -> str:
    return wording.say("answer.sound", sentence=wording.say(claim.sentence, **claim.numbers))


def _best_of(comparison: Comparison, wording: Wording) -> str:
    row = next((row for row in comparison.rows if row.quantity == "lowest_bits_per_note"), None)
    ranked = sorted((cell.mean, name) for name, cell in (row.cells.items() if row else ()) if cell.known)
    if row is None or not ranked:
        return wording.say("answer.none")
    best = {"name": setting_name(ranked[0][1], wording), "bits": format_value(ranked[0][0], row.unit)}
    if len(ranked) == 1:
        return wording.say("answer.best", **best)
    other = {"other": setting_name(ranked[1][1], wording), "other_bits": format_value(ranked[1][0], row.unit)}
    return wording.say("answer.best_of", **best, **other)


# ------------------------------------------------------------------------------------------------ Markdown


def to_markdown(comparison: Comparison, wording: Wording) -> str:
    """The comparison as Markdown: the answer, claims with verdicts, effects, oddities and every number."""
    return "\n".join(_markdown(comparison, wording)).rstrip() + "\n"


def _markdown(comparison: Comparison, wording: Wording) -> Iterator[str]:
    yield from (f"# {title_of(comparison, wording)}", "")
    if note := scaled_note(comparison, wording):
        yield from (f"**{wording.say('page.class_room')}.** {note}", "")
    yield from (answer_of(comparison, wording), "")
    if comparison.claims:
        yield from (f"## {wording.say('page.claims_title')}", "", *_claims_lines(comparison, wording), "")
    if comparison.effects:
        yield from (f"## {wording.say('page.effects_title')}", "", wording.say("page.effects_note"), "")
        yield from (*_table_lines(effects_table(comparison, wording)), "")
    if comparison.oddities:
        yield from (f"## {wording.say('page.oddities_title')}", "")
        yield from (*(f"- {wording.say(key)}" for key in comparison.oddities), "")
    for table in all_tables(comparison, wording):
        yield from (f"## {table.title}", "", *_table_lines(table), "")
    yield from (f"## {wording.say('page.settings_title')}", "")
    yield from _table_lines(settings_tables(comparison.settings, wording)[0])


def _claims_lines(comparison: Comparison, wording: Wording) -> Iterator[str]:
    yield _line(wording.say(f"table.{name}") for name in ("claim", "reported", "verdict", "sentence"))
    yield _line(["---"] * 4)
    for claim in comparison.claims:
        verdict = f"{MARKS[claim.verdict]} {wording.say(f'verdict.{claim.verdict}')}"
        told = (wording.say(f"topic.{claim.topic}"), wording.say(f"reported.{claim.topic}"), verdict)
        yield _line((*told, wording.say(claim.sentence, **claim.numbers)))


def _table_lines(table: Table) -> Iterator[str]:
    yield _line(table.head)
    yield _line(["---", *["---:"] * (len(table.head) - 1)])
    for row in table.rows:
        yield _line((f"{row.name} ({row.note})" if row.note else row.name, *map(str, row.cells)))


def _line(cells: Sequence[str] | Iterator[str]) -> str:
    escaped = (cell.replace("|", r"\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"
