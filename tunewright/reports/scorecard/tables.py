"""A scorecard in tables: every number, what does not apply, the frontier, how its music was drawn.

In: a `Scorecard` and a `Wording` of its kind of music. Out: tables whose cells are text. Numbers were made in
`judging`; this file only puts them in their places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tunewright.judging.scorecard import OF_BEATS, OF_LINES, FrontierPoint, Scorecard, perplexity
from tunewright.measuring.intervals import Value
from tunewright.measuring.pieces.table import REASONS, WHY_NOT
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.components import Cell, Table, TableRow
from tunewright.reports.scorecard.numbers import hundredth, length, measure_name, written
from tunewright.reports.wording import UNDEFINED, Wording, percent

Number = tuple[str, Value, str]  # what it is called, its value, and the measure or unit that it is written as

# ------------------------------------------------------------------------------------------------ every number


def numbers_table(card: Scorecard[Any], wording: Wording) -> Table:
    """Every number of a set with its interval, that of real music, and its percentile; without those undefined.

    Where nothing is compared with, without the columns of real music.
    """
    names = ("measure", "value", "interval", "real", "percentile")[: None if card.real else 3]
    head = [wording.say(f"scorecard.numbers_{name}") for name in names]
    groups = [numbers for group in _NUMBERS[card.kind] for numbers in group(card, wording)]
    rows = [
        (title, *_cells(value, unit, wording)[: len(head) - 1])
        for title, value, unit in groups
        if not math.isnan(value.value)
    ]
    return Table.of(rows, head, wording.say("scorecard.numbers_title"))


def _form(card: Scorecard[Any], wording: Wording) -> Iterator[Number]:
    yield wording.say("scorecard.numbers_valid"), card.valid_rate, "share"


def _likelihood(card: Scorecard[Any], wording: Wording) -> Iterator[Number]:
    if card.bits_per_note:
        yield wording.say("scorecard.numbers_bits"), card.bits_per_note, "surprise"
    if card.nats_per_token:
        yield wording.say("scorecard.numbers_nats"), card.nats_per_token, "surprise"
        yield wording.say("scorecard.numbers_perplexity"), perplexity(card.nats_per_token), "surprise"


RATES = ("copy_rate", "near_rate", "beyond_line", "beyond_beats")  # of `Originality`; the others are lengths


def _originality(*names: str) -> Callable[[Scorecard[Any], Wording], Iterator[Number]]:
    def numbers(card: Scorecard[Any], wording: Wording) -> Iterator[Number]:
        if (found := card.originality) is None:
            return
        lines = {"beyond_line": f"{found.line:g}", "beyond_beats": f"{found.beats_line:g}"}
        for name in names:
            title = wording.say(f"scorecard.numbers_{name}", line=lines.get(name, ""))
            yield title, getattr(found, name), "share" if name in RATES else "longest"

    return numbers


def _measures(card: Scorecard[Any], wording: Wording) -> Iterator[Number]:
    for name, value in card.measures.items():
        yield measure_name(name, wording), value, name


_OF_TUNES = _originality("copy_rate", "beyond_line", "near_rate", "median_longest", "p90_longest")
_NUMBERS: Mapping[str, Sequence[Callable[[Scorecard[Any], Wording], Iterator[Number]]]] = {
    Tune.kind: (_form, _OF_TUNES, _likelihood, _measures),
    Piece.kind: (_form, _likelihood, _originality(*OF_LINES, *OF_BEATS), _measures),
}


def _cells(value: Value, unit: str, wording: Wording) -> tuple[str, ...]:
    def text(number: float) -> str:
        return written(unit, number, wording)

    known = not math.isnan(value.low + value.high)
    interval = f"{text(value.low)} – {text(value.high)}" if known else UNDEFINED
    return text(value.value), interval, text(value.real), hundredth(value.percentile)


def drawn_table(card: Scorecard[Any], wording: Wording) -> Table:
    """How the music of a run was drawn; no rows where it was not."""
    drawn = card.drawn
    if drawn is None:
        return Table()
    rates = {"raw": drawn.raw_rate, "masked": drawn.masked_rate, "removed": drawn.removed_mass}
    facts = {"run": drawn.run, "temperature": f"{drawn.temperature:g}", "seed": str(drawn.seed)}
    if drawn.best_of > 1:
        facts["best_of"] = wording.say(f"scorecard.best_by_{drawn.chosen_by}", count=str(drawn.best_of))
    facts |= {name: percent(rate, wording) for name, rate in rates.items() if not math.isnan(rate)}
    rows = ((wording.say(f"scorecard.drawn_{name}"), text) for name, text in facts.items())
    return Table.of(rows, title=wording.say("scorecard.drawn_title"))


def unread_table(card: Scorecard[Any], wording: Wording) -> Table:
    """What could not be read, and why."""
    head = (wording.say("scorecard.unread_source"), wording.say("scorecard.unread_reason"))
    return Table.of(((one.source, one.reason) for one in card.unread), head, wording.say("scorecard.unread_title"))


def absent_table(wording: Wording) -> Table:
    """What is measured of the other kind of music alone, by the reasons why; no rows where that goes without saying."""
    if not wording.knows("scorecard.absent_title"):
        return Table()
    of_tunes = Wording(wording.language, Tune.kind)
    rows = []
    for reason in REASONS:
        names = dict.fromkeys(_absent_name(name, wording, of_tunes) for name, why in WHY_NOT.items() if why == reason)
        rows.append((wording.say("scorecard.comma").join(names), wording.say(f"absent.{reason}")))
    head = (wording.say("scorecard.absent_name"), wording.say("scorecard.absent_reason"))
    return Table.of(rows, head, wording.say("scorecard.absent_title"))


def _absent_name(name: str, wording: Wording, of_tunes: Wording) -> str:
    kind = f"absent.kind_{name.partition('_')[0]}"
    return wording.say(kind) if wording.knows(kind) else measure_name(name, of_tunes)


# ------------------------------------------------------------------------------------------------ the frontier


def setting_words(point: FrontierPoint, points: Sequence[FrontierPoint], wording: Wording) -> str:
    """What tells a setting from the others: its temperature, its step, or both."""
    temperatures, steps = ({getattr(each, name) for each in points} for name in ("temperature", "step"))
    kind = "both" if len(temperatures) > 1 < len(steps) else "step" if len(steps) > 1 else "temperature"
    return wording.say(f"scorecard.frontier_{kind}", temperature=f"{point.temperature:g}", step=point.step)


def frontier_table(card: Scorecard[Any], wording: Wording) -> Table:
    """A row for each setting of the frontier, and one for real music; no rows where there is none."""
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
    return (valid, raw, *others, Cell(length(longest)))


def _worst(point: FrontierPoint, wording: Wording) -> str:
    names = {"valid_rate": "valid", "style": "like", "originality": "new"}
    return wording.say(f"scorecard.frontier_{names[point.worst]}") if point.worst else UNDEFINED
