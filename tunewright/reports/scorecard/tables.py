"""A scorecard in tables: every number, the frontier, how tunes were drawn, the best and the worst tune by each measure.

In: a `Scorecard` and a `Wording`. Out: tables whose cells are text, and which tune is best and worst. Numbers were made
in `judging` and `frontier`; this file only puts them in their places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tunewright.judging.scorecard import Certificate, FrontierPoint, Scorecard, perplexity
from tunewright.measuring.intervals import Value
from tunewright.measuring.table import MEASURES
from tunewright.music.tune import Tune
from tunewright.reports.components import Cell, Table, TableRow
from tunewright.reports.scorecard.words import hundredth, measure_name, written
from tunewright.reports.wording import UNDEFINED, Wording, format_number, percent

RATES = ("copy_rate", "beyond_line", "near_rate")
LENGTHS = ("median_longest", "p90_longest")


@dataclass(frozen=True, slots=True)
class Extreme:
    """The best and the worst tune by one measure: their places on the card, and their values in words."""

    name: str
    best: int
    best_value: str
    worst: int
    worst_value: str


# ------------------------------------------------------------------------------------------------ every number


def numbers_table(card: Scorecard[Tune], wording: Wording) -> Table:
    """Every number of a set with its interval, that of real tunes, and its percentile; without those undefined.

    Where nothing is compared with, without the columns of real tunes.
    """
    head = ("measure", "value", "interval", "real", "percentile")[: None if card.real else 3]
    known = [row for row in _numbers(card, wording) if not math.isnan(row[1].value)]
    rows = [
        TableRow(title, tuple(map(Cell, _number_cells(value, unit, wording)[: len(head) - 1])))
        for title, value, unit in known
    ]
    titles = tuple(wording.say(f"scorecard.numbers_{name}") for name in head)
    return Table(titles, tuple(rows), wording.say("scorecard.numbers_title"))


def _numbers(card: Scorecard[Tune], wording: Wording) -> Iterator[tuple[str, Value, str]]:
    """The name of each number, its value, and the measure whose unit it has."""
    yield wording.say("scorecard.numbers_valid"), card.valid_rate, "share"
    if card.originality:
        for name in (*RATES, *LENGTHS):
            unit = "share" if name in RATES else "notes"
            yield wording.say(f"scorecard.numbers_{name}"), getattr(card.originality, name), unit
    if card.bits_per_note:
        yield wording.say("scorecard.numbers_bits"), card.bits_per_note, "bits"
    if card.nats_per_token:
        yield wording.say("scorecard.numbers_nats"), card.nats_per_token, "bits"
        yield wording.say("scorecard.numbers_perplexity"), perplexity(card.nats_per_token), "bits"
    for name, value in card.measures.items():
        yield measure_name(name, wording), value, name


def _number_cells(value: Value, unit: str, wording: Wording) -> tuple[str, ...]:
    def text(number: float) -> str:
        if unit == "notes":
            return _length(number)
        return format_number(number) if unit == "bits" else written(unit, number, wording)

    known = not math.isnan(value.low + value.high)
    interval = f"{text(value.low)} – {text(value.high)}" if known else UNDEFINED
    return text(value.value), interval, text(value.real), hundredth(value.percentile)


def _length(notes: float) -> str:
    """A length in notes, a median perhaps between two; "–" for NaN."""
    return UNDEFINED if math.isnan(notes) else f"{notes:.1f}".removesuffix(".0")


def drawn_table(card: Scorecard[Tune], wording: Wording) -> Table:
    """How the tunes of a run were drawn; no rows where they were not."""
    drawn = card.drawn
    if drawn is None:
        return Table()
    rates = {"raw": drawn.raw_rate, "masked": drawn.masked_rate, "removed": drawn.removed_mass}
    facts = {"run": drawn.run, "temperature": f"{drawn.temperature:g}", "seed": str(drawn.seed)}
    facts |= {name: percent(rate, wording) for name, rate in rates.items() if not math.isnan(rate)}
    rows = (TableRow(wording.say(f"scorecard.drawn_{name}"), (Cell(text),)) for name, text in facts.items())
    return Table((), tuple(rows), wording.say("scorecard.drawn_title"))


def unread_table(card: Scorecard[Tune], wording: Wording) -> Table:
    """What could not be read, and why."""
    head = (wording.say("scorecard.unread_source"), wording.say("scorecard.unread_reason"))
    rows = tuple(TableRow(one.source, (Cell(one.reason),)) for one in card.unread)
    return Table(head, rows, wording.say("scorecard.unread_title"))


# ------------------------------------------------------------------------------------------------ the frontier


def setting_words(point: FrontierPoint, points: Sequence[FrontierPoint], wording: Wording) -> str:
    """What tells a setting from the others: its temperature, its step, or both."""
    temperatures, steps = ({getattr(each, name) for each in points} for name in ("temperature", "step"))
    kind = "both" if len(temperatures) > 1 < len(steps) else "step" if len(steps) > 1 else "temperature"
    return wording.say(f"scorecard.frontier_{kind}", temperature=f"{point.temperature:g}", step=point.step)


def frontier_table(card: Scorecard[Tune], wording: Wording) -> Table:
    """A row for each setting of the frontier, and one for real tunes; no rows where there is none."""
    if not card.frontier:
        return Table()
    columns = ("setting", "valid", "raw", "like", "new", "copied", "longest", "worst")
    rows = [
        TableRow(
            setting_words(point, card.frontier, wording),
            (*_frontier_cells(point, wording), Cell(_worst(point, wording))),
        )
        for point in card.frontier
    ]
    real = _frontier_cells(card.frontier[0], wording, real=True)
    rows.append(TableRow(wording.say("scorecard.frontier_real"), (*real, Cell(""))))
    head = tuple(wording.say(f"scorecard.frontier_{name}") for name in columns)
    return Table(head, tuple(rows), wording.say("scorecard.frontier_title"))


def _frontier_cells(point: FrontierPoint, wording: Wording, real: bool = False) -> tuple[Cell, ...]:
    values = (point.valid_rate, point.style, point.originality, point.copy_rate)
    valid, *others = (Cell(percent(value.real if real else value.value, wording)) for value in values)
    raw = Cell(percent(math.nan if real else point.raw_rate, wording))
    longest = point.median_longest.real if real else point.median_longest.value
    return (valid, raw, *others, Cell(_length(longest)))


def _worst(point: FrontierPoint, wording: Wording) -> str:
    names = {"valid_rate": "valid", "style": "like", "originality": "new"}
    return wording.say(f"scorecard.frontier_{names[point.worst]}") if point.worst else UNDEFINED


# ------------------------------------------------------------------------------------------------ best and worst


def extremes(card: Scorecard[Tune], wording: Wording) -> list[Extreme]:
    """The best and the worst tune by each measure of one tune, by what is shared, and by surprise.

    Best is nearest to the middle of real tunes, or least (or most) where less (or more) is better; without those, and
    where all tunes are alike, a measure has no row. Of several tunes, the first.
    """
    found = []
    for name, values in tune_values(card).items():
        better = MEASURES[name].better if name in MEASURES else {"longest": "less"}.get(name, "real")
        real = [value for value in real_values(card, name) if not math.isnan(value)]
        if (better == "real" and not real) or len(set(values.values())) < 2:
            continue
        middle = median(real) if better == "real" else {"less": -math.inf, "more": math.inf}[better]
        best, worst = _nearest(values, middle), _farthest(values, middle)
        title, text = (
            value_name(name, wording),
            {place: value_text(name, values[place], wording) for place in (best, worst)},
        )
        found.append(Extreme(title, best, text[best], worst, text[worst]))
    return found


def _nearest(values: Mapping[int, float], middle: float) -> int:
    if math.isinf(middle):
        return min(values, key=lambda place: -values[place] if middle > 0 else values[place])
    return min(values, key=lambda place: abs(values[place] - middle))


def _farthest(values: Mapping[int, float], middle: float) -> int:
    if math.isinf(middle):
        return max(values, key=lambda place: -values[place] if middle > 0 else values[place])
    return max(values, key=lambda place: abs(values[place] - middle))


def tune_values(card: Scorecard[Tune]) -> dict[str, dict[int, float]]:
    """What was measured of each tune: by name, then by its place on the card; only where it is defined.

    Besides the measures, "longest" is the passage shared, in notes, and "surprise" the bits per note of the run.
    """
    names = ("longest", "surprise", *(name for name, measure in MEASURES.items() if measure.of_tune))
    found = {
        name: {place: value for place, one in enumerate(card.each) if not math.isnan(value := _value_of(one, name))}
        for name in names
    }
    return {name: values for name, values in found.items() if values}


def real_values(card: Scorecard[Tune], name: str) -> list[float]:
    """The same of each held-out real tune; NaN where it is undefined."""
    return [_value_of(one, name) for one in card.real]


def _value_of(one: Certificate[Tune], name: str) -> float:
    if name == "surprise":
        return one.bits_per_note
    if name == "longest":
        return float(one.shared.line.length) if one.shared and not math.isnan(one.shared.line.share) else math.nan
    return one.measures.get(name, math.nan)


def value_name(name: str, wording: Wording) -> str:
    """What a name of `tune_values` is called."""
    return wording.say(f"scorecard.{name}") if name in ("longest", "surprise") else measure_name(name, wording)


def value_text(name: str, value: float, wording: Wording) -> str:
    """A value of it with its unit."""
    if name == "longest" and not math.isnan(value):
        return _length(value)
    return format_number(value) if name in ("longest", "surprise") else written(name, value, wording)
