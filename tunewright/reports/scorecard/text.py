"""A scorecard on a terminal: three answers, every number beside that of real music, and what to look at.

In: a `Scorecard` of tunes or of pieces. Out: lines of text, at most 100 columns wide but for titles. The sentences are
those of the page (`words`, `certificates`). This file measures nothing and prints nothing.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunewright.judging.scorecard import Certificate, FrontierPoint, Scorecard, perplexity
from tunewright.measuring.intervals import Value
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.certificates import about, shared_sentences
from tunewright.reports.scorecard.numbers import TOLD, hundredth, unit_of, written
from tunewright.reports.scorecard.words import MARKS, answers, departures
from tunewright.reports.wording import UNDEFINED, Wording, format_number, percent

WIDTH = 98
NAME = 49  # columns of it for the name of a number
LISTED = 12  # of a list; --json and the page have them all
DIFFERENT = 8  # ways in which the music differs from real music
ALIKE = 5  # of those that share most
LEFT_OUT = "spread"  # measures that say little without the page: twice nine distances


@dataclass(frozen=True, slots=True)
class Terms:
    """How the text speaks of one kind of music."""

    one: str
    many: str
    besides: str  # after how many there are
    title_in_name: bool  # whether the name of one may hold its title, which is then not said again
    copies: tuple[tuple[str, str, str], ...]  # a name with its line, the field of `Originality`, and its unit
    number: Callable[[str, float, Wording], str]
    sharing: Callable[[Certificate[Any]], tuple[int, ...]]  # to be put in order
    certificate: Callable[[Certificate[Any], Wording], str]


def scorecard_text(card: Scorecard[Any]) -> str:
    """The scorecard as lines."""
    wording, terms = Wording("en", card.kind), TERMS[card.kind]
    parts = [
        _title(card, terms),
        *(_wrapped(MARKS[one.judged], one.question, one.head, one.sentences) for one in answers(card, wording)),
        _said_under(
            f"Where they differ from real {terms.many}",
            _first_of([one.sentence for one in departures(card, wording)], DIFFERENT),
        ),
        _table(card, terms, wording),
        _frontier(card, terms, wording),
        _said_under("To bear in mind", [str(remark) for remark in card.remarks]),
        _unread(card),
        _certificates(card, terms, wording),
    ]
    return "\n\n".join(part for part in parts if part)


def _title(card: Scorecard[Any], terms: Terms) -> str:
    music = f"1 {terms.one}" if card.count == 1 else f"{card.count:,} {terms.many}"
    drawn = f", drawn at temperature {card.drawn.temperature:g}" if card.drawn else ""
    if card.drawn and card.drawn.best_of > 1:
        drawn += f", each the best of {card.drawn.best_of} by {card.drawn.chosen_by}"
    against = f"; against {card.against}, {len(card.real):,} held-out {terms.many} of it" if card.against else ""
    return f"{card.title}: {music}{terms.besides}{drawn}{against}"


def _wrapped(mark: str, question: str, head: str, sentences: Sequence[str]) -> str:
    """A question, the few words of its answer, and under them its sentences."""
    return "\n".join([f"{mark} {question} {head}.", *_lines_of(" ".join(sentences))])


def _lines_of(text: str) -> list[str]:
    """A text as lines, indented."""
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _said_under(title: str, sentences: Sequence[str]) -> str:
    """Sentences as a list under a title; "" without any."""
    listed = (enumerate(_lines_of(f"- {said}")) for said in sentences)
    lines = (f"  {line}" if number else line for numbered in listed for number, line in numbered)
    return "\n".join([title, *lines]) if sentences else ""


def _first_of(lines: Sequence[str], most: int) -> list[str]:
    """The first of many lines, and how many more there are."""
    rest = len(lines) - most
    return [*lines[:most], *([f"… and {rest:,} more"] if rest > 0 else [])]


# ------------------------------------------------------------------------------------------------ numbers


def _table(card: Scorecard[Any], terms: Terms, wording: Wording) -> str:
    """A row for every number: value, interval, real music, and how many of 100 real sets lie below."""
    beside = f"{f'real {terms.many}':>12}{'percentile':>12}" if card.against else ""
    rows = [f"{'':<{NAME}}{'these':>9}{'95 %':>16}{beside}"]
    rows += [_row(title, unit, value, terms, wording) for title, value, unit in _numbers(card, terms, wording)]
    legend = f"Percentile: of 100 sets of as many real {terms.many}, so many have less."
    return "\n".join([*rows, *([legend] if card.against else [])])


def _numbers(card: Scorecard[Any], terms: Terms, wording: Wording) -> Iterator[tuple[str, Value, str]]:
    """The name of each number, its value, and the measure or unit that it is written as."""
    yield "well formed", card.valid_rate, "share"
    if card.bits_per_note is not None:
        yield f"bits per note, test {terms.many}", card.bits_per_note, "surprise"
    if card.nats_per_token is not None:
        yield "nats per token, the same", card.nats_per_token, "surprise"
        yield "perplexity per token", perplexity(card.nats_per_token), "surprise"
    if (found := card.originality) is not None:
        lines = {"written": format_number(found.line), "notes": f"{found.line:g}", "beats": f"{found.beats_line:g}"}
        for title, name, unit in terms.copies:
            yield title.format_map(lines), getattr(found, name), unit
    told = TOLD[card.kind]
    for family in told.families:
        for name, value in card.measures.items():
            if told.measures[name].family == family != LEFT_OUT and not math.isnan(value.value):
                known = wording.knows(f"measure.{name}")
                yield wording.say(f"measure.{name}") if known else told.measures[name].meaning, value, name


def _row(name: str, unit: str, value: Value, terms: Terms, wording: Wording) -> str:
    def say(number: float) -> str:
        return terms.number(unit, number, wording)

    name = name if len(name) < NAME else f"{name[: NAME - 2]}…"
    interval = "" if math.isnan(value.low) else f"{say(value.low)} … {say(value.high)}"
    real = "" if math.isnan(value.real) else say(value.real)
    percentile = "" if math.isnan(value.percentile) else hundredth(value.percentile)
    return f"{name:<{NAME}}{say(value.value):>9}{interval:>16}{real:>12}{percentile:>12}".rstrip()


def _number_of_tunes(name: str, value: float, wording: Wording) -> str:
    return percent(value, wording) if unit_of(name, wording) in ("share", "match") else format_number(value)


def _number_of_pieces(name: str, value: float, wording: Wording) -> str:
    return written(name, value, wording).split(" ")[0]  # without its unit


# ------------------------------------------------------------------------------------------------ settings


def _frontier(card: Scorecard[Any], terms: Terms, wording: Wording) -> str:
    if not card.frontier:
        return ""
    rows = [_cells("setting", ("well formed", "raw", "style", "original", "copies"), "longest", "falls short")]
    rows += [_point(point, number == card.knee, wording) for number, point in enumerate(card.frontier)]
    first = card.frontier[0]
    real = (first.valid_rate.real, math.nan, first.style.real, first.originality.real, first.copy_rate.real)
    cells = [UNDEFINED if math.isnan(value) else percent(value, wording) for value in real]
    rows.append(_cells(f"real {terms.many}", cells, format_number(first.median_longest.real), ""))
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


# ------------------------------------------------------------------------------------------------ each one


def _unread(card: Scorecard[Any]) -> str:
    if not card.unread:
        return ""
    listed = [f"{one.source}: {one.reason}" for one in card.unread]
    return _said_under(f"Not read: {len(card.unread):,}", _first_of(listed, LISTED))


def _certificates(card: Scorecard[Any], terms: Terms, wording: Wording) -> str:
    """All where they are few; otherwise those that are not well formed, and those that share most."""

    def listed(title: str, some: Sequence[Certificate[Any]]) -> str:
        return "\n".join([title, *(line for one in some for line in _lines_of(terms.certificate(one, wording)))])

    if card.count <= LISTED:
        return listed("Certificates", card.each)
    parts = []
    if faulty := [f"{_name(one, terms)}: {one.problem}" for one in card.each if not one.valid]:
        lines = (line for one in _first_of(faulty, LISTED) for line in _lines_of(one))
        parts.append("\n".join([f"Not well formed: {len(faulty):,}", *lines]))
    if most := sorted((one for one in card.each if one.shared), key=terms.sharing, reverse=True):
        parts.append(listed("Sharing most", most[:ALIKE]))
    return "\n\n".join(parts)


def _name(one: Certificate[Any], terms: Terms) -> str:
    said = terms.title_in_name and one.title in one.name
    return f"{one.name} “{one.title}”" if one.title and not said else one.name


def _certificate_of_tune(one: Certificate[Tune], _: Wording) -> str:
    said = [f"{_name(one, TERMS[Tune.kind])}: {one.problem or 'well formed'}"]
    if one.shared is not None and (line := one.shared.line).length:
        named = f"“{line.title}” ({line.source})" if line.title else line.source
        said.append(f"shares {line.length} of {line.of} notes with {named}")
        if not math.isnan(one.percentile):
            said.append(f"more than {hundredth(one.percentile)} of 100 real tunes do")
    if one.copied:
        said.append("a copy by the rule of half its notes")
    if not math.isnan(one.bits_per_note):
        said.append(f"{one.bits_per_note:.2f} bits per note")
    return "; ".join(said)


def _certificate_of_piece(one: Certificate[Piece], wording: Wording) -> str:
    size = about(one, wording).partition(" · ")[2].replace(" · ", ", ")
    said = [f"{_name(one, TERMS[Piece.kind])}: {'; '.join(filter(None, (one.problem or 'well formed', size)))}."]
    said += shared_sentences(one, wording).values()
    if one.copied:
        said.append("A copy by the rule of half its beats or top line.")
    if not math.isnan(one.bits_per_note):
        said.append(f"{one.bits_per_note:.2f} bits per note.")
    return " ".join(said)


TERMS: Mapping[str, Terms] = {
    Tune.kind: Terms(
        "tune",
        "tunes",
        "",
        False,
        (
            ("copies: half or more in one shared passage", "copy_rate", "share"),
            ("the same, a few notes changed", "near_rate", "share"),
            ("longest shared passage, median", "median_longest", "longest"),
            ("longest shared passage, 90th percentile", "p90_longest", "longest"),
            ("sharing more than {written} notes, as 5 in 100 do", "beyond_line", "share"),
        ),
        _number_of_tunes,
        lambda one: (one.shared.line.length,) if one.shared else (),
        _certificate_of_tune,
    ),
    Piece.kind: Terms(
        "piece",
        "pieces",
        " of several parts",
        True,
        (
            ("copies: half or more in one passage", "copy_rate", "share"),
            ("near-copies of a top line", "near_rate", "share"),
            ("longest passage of a line, median", "median_longest", "longest"),
            ("longest passage of a line, 90th percentile", "p90_longest", "longest"),
            ("sharing more than {notes} notes, as 5 in 100 do", "beyond_line", "share"),
            ("longest run of beats, all parts, median", "median_beats", "beats"),
            ("longest run of beats, 90th percentile", "p90_beats", "beats"),
            ("sharing more than {beats} beats, as 5 in 100 do", "beyond_beats", "share"),
        ),
        _number_of_pieces,
        lambda one: (one.copied, one.shared.beats.length, one.shared.line.length) if one.shared else (),
        _certificate_of_piece,
    ),
}
