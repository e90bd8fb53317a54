"""A scorecard on a terminal: three answers, every number beside that of real tunes, and the tunes to look at.

In: a `Scorecard`. Out: lines of text, at most 100 columns wide but for titles. The sentences are those of the page
(`scorecard_words`). This file measures nothing and prints nothing.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence

from tunewright.judging.scorecard import Certificate, FrontierPoint, Scorecard, perplexity
from tunewright.measuring.intervals import Value
from tunewright.measuring.table import FAMILIES, MEASURES
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.words import MARKS, answers, departures, hundredth, percent
from tunewright.reports.wording import UNDEFINED, Wording, format_number

WIDTH = 98
NAME = 49  # columns of it for the name of a number
LISTED = 12  # tunes of a list; --json and the page have them all
DIFFERENT = 8  # ways in which tunes differ from real ones
ALIKE = 5  # tunes that share most
LEFT_OUT = "spread"  # measures that say little without the page: twice nine distances


def scorecard_text(card: Scorecard[Tune]) -> str:
    """The scorecard as lines."""
    wording = Wording("en")
    parts = [
        _title(card),
        *(wrapped(MARKS[one.judged], one.question, one.head, one.sentences) for one in answers(card, wording)),
        said_under(
            "Where they differ from real tunes",
            first_of([one.sentence for one in departures(card, wording)], DIFFERENT),
        ),
        _table(card, wording),
        _frontier(card, wording),
        said_under("To bear in mind", [str(remark) for remark in card.remarks]),
        _unread(card),
        _tunes(card),
    ]
    return "\n\n".join(part for part in parts if part)


def _title(card: Scorecard[Tune]) -> str:
    tunes = "1 tune" if card.count == 1 else f"{card.count:,} tunes"
    drawn = f", drawn at temperature {card.drawn.temperature:g}" if card.drawn else ""
    against = f"; against {card.against}, {len(card.real):,} held-out tunes of it" if card.against else ""
    return f"{card.title}: {tunes}{drawn}{against}"


def wrapped(mark: str, question: str, head: str, sentences: Sequence[str]) -> str:
    """A question, the few words of its answer, and under them its sentences."""
    return "\n".join([f"{mark} {question} {head}.", *lines_of(" ".join(sentences))])


def lines_of(text: str, indent: str = "  ") -> list[str]:
    """A text as lines, the first one indented as said."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent="  ", break_on_hyphens=False)


def said_under(title: str, sentences: Sequence[str]) -> str:
    """Sentences as a list under a title; "" without any."""
    lines = (f"  {line}" if number else line for said in sentences for number, line in enumerate(lines_of(f"- {said}")))
    return "\n".join([title, *lines]) if sentences else ""


def first_of(lines: Sequence[str], most: int) -> list[str]:
    """The first of many lines, and how many more there are."""
    rest = len(lines) - most
    return [*lines[:most], *([f"… and {rest:,} more"] if rest > 0 else [])]


# ------------------------------------------------------------------------------------------------ numbers


def _table(card: Scorecard[Tune], wording: Wording) -> str:
    """A row for every number: value, interval, real tunes, and how many of 100 real sets lie below."""
    rows = [_header(card), _row("well formed", "share", card.valid_rate, wording)]
    if card.bits_per_note is not None:
        rows.append(_row("bits per note, test tunes", "bits", card.bits_per_note, wording))
    if card.nats_per_token is not None:
        rows.append(_row("nats per token, the same", "bits", card.nats_per_token, wording))
        rows.append(_row("perplexity per token", "bits", perplexity(card.nats_per_token), wording))
    rows += _copies(card, wording)
    families = [family for family in FAMILIES if family != LEFT_OUT]
    rows += [
        _row(_named(name, wording), MEASURES[name].unit, value, wording)
        for family in families
        for name, value in card.measures.items()
        if MEASURES[name].family == family and not math.isnan(value.value)
    ]
    return "\n".join([*rows, *([LEGEND] if card.against else [])])


LEGEND = "Percentile: of 100 sets of as many real tunes, so many have less."


def _named(name: str, wording: Wording) -> str:
    key = f"measure.{name}"
    return wording.say(key) if wording.knows(key) else MEASURES[name].meaning


def _header(card: Scorecard[Tune]) -> str:
    beside = f"{'real tunes':>12}{'percentile':>12}" if card.against else ""
    return f"{'':<{NAME}}{'these':>9}{'95 %':>16}{beside}"


def _copies(card: Scorecard[Tune], wording: Wording) -> Iterator[str]:
    found = card.originality
    if found is None:
        return
    line = format_number(found.line)
    for name, unit, value in (
        ("copies: half or more in one shared passage", "share", found.copy_rate),
        ("the same, a few notes changed", "share", found.near_rate),
        ("longest shared passage, median", "notes", found.median_longest),
        ("longest shared passage, 90th percentile", "notes", found.p90_longest),
        (f"sharing more than {line} notes, as 5 in 100 do", "share", found.beyond_line),
    ):
        yield _row(name, unit, value, wording)


def _row(name: str, unit: str, value: Value, wording: Wording) -> str:
    def say(number: float) -> str:
        return percent(number, wording) if unit in ("share", "match") else format_number(number)

    name = name if len(name) < NAME else f"{name[: NAME - 2]}…"
    interval = "" if math.isnan(value.low) else f"{say(value.low)} … {say(value.high)}"
    real = "" if math.isnan(value.real) else say(value.real)
    return f"{name:<{NAME}}{say(value.value):>9}{interval:>16}{real:>12}{_percentile(value.percentile):>12}".rstrip()


def _percentile(percentile: float) -> str:
    return "" if math.isnan(percentile) else hundredth(percentile)


# ------------------------------------------------------------------------------------------------ settings


def _frontier(card: Scorecard[Tune], wording: Wording) -> str:
    if not card.frontier:
        return ""
    rows = [_cells("setting", ("well formed", "raw", "style", "original", "copies"), "longest", "falls short")]
    rows += [_point(point, number == card.knee, wording) for number, point in enumerate(card.frontier)]
    first = card.frontier[0]
    real = (first.valid_rate.real, math.nan, first.style.real, first.originality.real, first.copy_rate.real)
    cells = [UNDEFINED if math.isnan(value) else percent(value, wording) for value in real]
    rows.append(_cells("real tunes", cells, format_number(first.median_longest.real), ""))
    return "\n".join(rows)


def _point(point: FrontierPoint, knee: bool, wording: Wording) -> str:
    name = f"temperature {point.temperature:g}, step {point.step:,}"
    rates = (point.valid_rate.value, point.raw_rate, point.style.value, point.originality.value, point.copy_rate.value)
    short = f"{point.shortfall:.1f} sd: {point.worst.replace('_', ' ')}" if point.worst else "in nothing"
    cells = [percent(rate, wording) for rate in rates]
    return _cells(name, cells, format_number(point.median_longest.value), short + ("   <- knee" if knee else ""))


def _cells(name: str, cells: Sequence[str], longest: str, short: str) -> str:
    widths = (13, 7, 8, 10, 9)
    said = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{name:<26}{said}{longest:>9}  {short}".rstrip()


# ------------------------------------------------------------------------------------------------ tunes


def _unread(card: Scorecard[Tune]) -> str:
    if not card.unread:
        return ""
    listed = [f"{one.source}: {one.reason}" for one in card.unread]
    return said_under(f"Not read: {len(card.unread):,}", first_of(listed, LISTED))


def _tunes(card: Scorecard[Tune]) -> str:
    """All tunes where they are few; otherwise those that are not well formed, and those that share most."""
    if card.count <= LISTED:
        return "\n".join(["Certificates", *(line for one in card.each for line in _certificate(one))])
    faulty = [one for one in card.each if not one.valid]
    most = sorted(
        (one for one in card.each if one.shared), key=lambda one: -(one.shared.line.length if one.shared else 0)
    )
    parts = []
    if faulty:
        listed = first_of([f"{_name(one)}: {one.problem}" for one in faulty], LISTED)
        parts.append(
            "\n".join([f"Not well formed: {len(faulty):,}", *(line for one in listed for line in lines_of(one))])
        )
    if most:
        parts.append("\n".join(["Sharing most", *(line for one in most[:ALIKE] for line in _certificate(one))]))
    return "\n\n".join(parts)


def _shared_notes(one: Certificate[Tune]) -> int:
    return one.shared.line.length if one.shared else 0


def _name(one: Certificate[Tune]) -> str:
    return f"{one.name} “{one.title}”" if one.title else one.name


def _certificate(one: Certificate[Tune]) -> list[str]:
    said = [f"{_name(one)}: {one.problem or 'well formed'}"]
    if one.shared is not None and (line := one.shared.line).length:
        named = (
            f"“{one.shared.line.title}” ({one.shared.line.source})" if one.shared.line.title else one.shared.line.source
        )
        said.append(f"shares {line.length} of {line.of} notes with {named}")
        if not math.isnan(one.percentile):
            said.append(f"more than {hundredth(one.percentile)} of 100 real tunes do")
    if one.copied:
        said.append("a copy by the rule of half its notes")
    if not math.isnan(one.bits_per_note):
        said.append(f"{one.bits_per_note:.2f} bits per note")
    return lines_of("; ".join(said))
