"""The page of a scorecard of pieces: one self-contained HTML file that says what a set of pieces is worth.

In: a `Scorecard`, a language, and the pieces that shared passages were looked for in. Out: the page with inline
style, pictures, piano rolls and sound; nothing on it is fetched from elsewhere. This file measures nothing, and decides
nothing about what is good: see `piece_judging`, `piece_words`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tunewright.judging.scorecard import OF_BEATS, OF_LINES, Certificate, Scorecard, perplexity
from tunewright.measuring.intervals import Value
from tunewright.measuring.piece_table import OF_PIECE, PIECE_FAMILIES, PIECE_MEASURES, REASONS, SETS_OF_PIECES, WHY_NOT
from tunewright.music.piece import Piece
from tunewright.reports.components import Cell, Fact, Figure, Table, TableRow
from tunewright.reports.pages import Page, write_page
from tunewright.reports.scorecard import words
from tunewright.reports.scorecard.piece_rolls import shared_rolls, shown_rolls
from tunewright.reports.scorecard.piece_words import (
    about,
    answers,
    departures,
    measure_name,
    shared_sentences,
    tell_words,
    unusual,
    written,
)
from tunewright.reports.scorecard.plots import Row, distribution, matches
from tunewright.reports.scorecard.words import MARKS, MOST_DEPARTURES, PERCENT, Answer, Departure, counted, hundredth
from tunewright.reports.wording import UNDEFINED, Wording, format_number, percent, quoted_collection

RATES = ("copy_rate", "near_rate", "beyond_line", "beyond_beats")  # of OF_SETS; the others are lengths


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece on the page; `role` says why its roll is shown, picture and sound are data URIs or ""."""

    number: int
    title: str
    role: str
    about: str
    verdict: str
    fault: bool
    problem: str
    lines: tuple[tuple[str, str], ...]
    unusual: tuple[str, ...]
    picture: str = ""
    audio: str = ""


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A passage of a piece and the same one elsewhere, as pictures."""

    title: str
    here: str
    there: str
    source: str


@dataclass(frozen=True, slots=True)
class PieceScorecardPage(Page):
    """Everything that the template shows; parts that a scorecard does not have are empty."""

    template: ClassVar[str] = "pieces.html"
    remarks: tuple[str, ...]
    unread: Table
    compared: bool
    answers: tuple[Answer, ...]
    departures: tuple[Departure, ...]
    rolls: tuple[Shown, ...]
    pairs: tuple[ShownPair, ...]
    distributions: tuple[tuple[str, tuple[Figure, ...]], ...]
    matches: str
    tells: tuple[str, ...]
    each: tuple[Shown, ...]
    numbers: Table
    absent: Table
    drawn: Table


def write_piece_scorecard(
    path: Path,
    card: Scorecard[Piece],
    language: str = "en",
    *,
    others: Sequence[Piece] = (),
    commands: Sequence[Sequence[str]] = (),
) -> None:
    """Write the page of a scorecard of pieces.

    `others` are the pieces in which shared passages were looked for, in the order of `there`: without them none
    is shown side by side. `commands` are those that make the page again. Raises `ConfigError` for a language without
    a catalogue, before anything is written, and `OutputError` where the file cannot be written.
    """
    wording = Wording(language)
    page = _page(card, others, wording)
    write_page(path, page, wording, commands, marks=MARKS)


def _page(card: Scorecard[Piece], others: Sequence[Piece], wording: Wording) -> PieceScorecardPage:
    test = card.two_sample
    return PieceScorecardPage(
        title=wording.say("pieces.title", title=card.title),
        lead=_lead(card, wording),
        facts=tuple(_facts(card, wording)),
        remarks=tuple(wording.say(f"remark.{remark.key}", **remark.values) for remark in card.remarks),
        unread=_unread(card, wording),
        compared=bool(card.real),
        answers=answers(card, wording),
        departures=tuple(departures(card, wording)[:MOST_DEPARTURES]),
        rolls=tuple(
            _shown(roll.place, card, wording, roll.role, roll.picture, roll.audio)
            for roll in shown_rolls(card, wording)
        ),
        pairs=tuple(
            ShownPair(_title(card.each[pair.place], pair.place, wording), pair.here, pair.there, pair.source)
            for pair in shared_rolls(card, others)
        ),
        distributions=tuple(_distributions(card, wording)),
        matches=_matches(card, wording),
        tells=tuple(tell_words(tell, wording) for tell in test.tells) if test else (),
        each=tuple(_shown(place, card, wording) for place in range(card.count)),
        numbers=numbers_table(card, wording),
        absent=absent_table(wording),
        drawn=_drawn(card, wording),
    )


# ------------------------------------------------------------------------------------------------ the head


def _lead(card: Scorecard[Piece], wording: Wording) -> str:
    pieces = counted(card.count, "piece", wording)
    if not card.against:
        return wording.say("pieces.lead_unheld", pieces=pieces)
    real = counted(len(card.real), "real_piece", wording)
    return wording.say("pieces.lead", pieces=pieces, real=real, against=quoted_collection(card.against, wording))


def _facts(card: Scorecard[Piece], wording: Wording) -> Iterator[Fact]:
    real = counted(len(card.real), "real_piece", wording)
    note = wording.say("fact.judged_note", real=real) if card.real else wording.say("fact.judged_alone")
    yield Fact(wording.say("pieces.fact_judged"), f"{card.count:,}", note)
    rates = {"well_formed": card.valid_rate}
    if card.originality:
        rates["copied"] = card.originality.copy_rate
    for name, value in rates.items():
        note = "" if math.isnan(value.real) else f"{wording.say('pieces.legend_real')} {percent(value.real, wording)}"
        yield Fact(wording.say(f"fact.{name}"), percent(value.value, wording), note)
    if test := card.two_sample:
        note = wording.say("fact.told_note" if test.enough else "fact.told_open")
        yield Fact(wording.say("pieces.fact_told"), f"{100 * test.auc:.0f}", note)
    if card.bits_per_note:
        note = wording.say("pieces.fact_bits_note")
        yield Fact(wording.say("fact.bits"), format_number(card.bits_per_note.value), note)


# ------------------------------------------------------------------------------------------------ pieces


def _title(one: Certificate[Piece], place: int, wording: Wording) -> str:
    return one.title or wording.say("pieces.unnamed", number=place + 1)


def _shown(
    place: int, card: Scorecard[Piece], wording: Wording, role: str = "", picture: str = "", audio: str = ""
) -> Shown:
    one = card.each[place]
    lines = {wording.say(f"pieces.certificate_{name}"): said for name, said in shared_sentences(one, wording).items()}
    if not math.isnan(one.bits_per_note):
        said = wording.say("scorecard.certificate_surprise_said", bits=f"{one.bits_per_note:.2f}")
        lines[wording.say("scorecard.certificate_surprise")] = said
    return Shown(
        place + 1,
        _title(one, place, wording),
        role,
        about(one, wording),
        wording.say("pieces.well_formed") if one.valid else "",
        not one.valid,
        one.problem,
        tuple(lines.items()),
        tuple(unusual(one, wording)),
        picture,
        audio,
    )


# ------------------------------------------------------------------------------------------------ pictures


def _distributions(card: Scorecard[Piece], wording: Wording) -> Iterator[tuple[str, tuple[Figure, ...]]]:
    """How each thing that was measured of one piece is spread, by families, each with its name."""
    own = ("longest", "beats", "surprise")
    families = {"tunes": own} | {
        family: tuple(name for name in OF_PIECE if PIECE_MEASURES[name].family == family) for family in PIECE_FAMILIES
    }
    for family, names in families.items():
        figures = tuple(figure for name in names if (figure := _distribution(card, name, wording)))
        if figures:
            yield wording.say(f"piece_family.{family}"), figures


def _distribution(card: Scorecard[Piece], name: str, wording: Wording) -> Figure | None:
    ours, real = ([value for one in some if not math.isnan(value := _of(one, name))] for some in (card.each, card.real))
    if not ours:
        return None
    means = [written(name, math.fsum(some) / len(some), wording) for some in (ours, real) if some]
    told = dict(zip(("value", "real"), means, strict=False))
    suffix = "" if real else "_alone"
    label = wording.say(f"pieces.distribution_alt{suffix}", name=measure_name(name, wording), **told)
    scale = 100 if name in PIECE_MEASURES and PIECE_MEASURES[name].unit in PERCENT else 1
    svg = distribution([scale * value for value in ours], [scale * value for value in real], label)
    return Figure(svg, measure_name(name, wording), wording.say(f"pieces.distribution{suffix}", **told))


def _of(one: Certificate[Piece], name: str) -> float:
    """A number of one piece: a measure, what it shares, or how surprising it is."""
    if name in PIECE_MEASURES:
        return one.measures.get(name, math.nan)
    if name == "surprise":
        return one.bits_per_note
    if one.shared is None or not one.shared.comparable:
        return math.nan
    return float(one.shared.line.length if name == "longest" else one.shared.beats.length)


def _matches(card: Scorecard[Piece], wording: Wording) -> str:
    known = {name: card.measures[name] for name in SETS_OF_PIECES if not math.isnan(card.measures[name].value)}
    said = (
        wording.say(
            "pieces.matches_value",
            name=measure_name(name, wording),
            value=written(name, value.value, wording),
            real=written(name, value.real, wording),
        )
        for name, value in known.items()
    )
    rows = [
        Row(measure_name(name, wording), *(100 * part for part in (one.value, one.low, one.high, one.real)))
        for name, one in known.items()
    ]
    label = wording.say("scorecard.matches_alt", values=" ".join(said))
    return matches(rows, wording.say("scorecard.match_axis"), label)


# ------------------------------------------------------------------------------------------------ tables


def numbers_table(card: Scorecard[Piece], wording: Wording) -> Table:
    """Every number of a set with its interval, that of real pieces, and its percentile; without those undefined."""
    heads = {
        "measure": "scorecard.numbers_measure",
        "value": "scorecard.numbers_value",
        "interval": "scorecard.numbers_interval",
        "real": "pieces.numbers_real",
        "percentile": "scorecard.numbers_percentile",
    }
    head = tuple(wording.say(key) for key in heads.values())[: None if card.real else 3]
    rows = tuple(
        TableRow(name, tuple(map(Cell, _cells(value, unit, wording)[: len(head) - 1])))
        for name, value, unit in _numbers(card, wording)
        if not math.isnan(value.value)
    )
    return Table(head, rows, wording.say("pieces.numbers_title"))


def _numbers(card: Scorecard[Piece], wording: Wording) -> Iterator[tuple[str, Value, str]]:
    """The name of each number, its value, and its unit or the measure whose unit it has."""
    yield wording.say("scorecard.numbers_valid"), card.valid_rate, "share"
    if card.bits_per_note:
        yield wording.say("pieces.numbers_bits"), card.bits_per_note, ""
    if card.nats_per_token:
        yield wording.say("pieces.numbers_nats"), card.nats_per_token, ""
        yield wording.say("pieces.numbers_perplexity"), perplexity(card.nats_per_token), ""
    if found := card.originality:
        lines = {"beyond_line": f"{found.line:g}", "beyond_beats": f"{found.beats_line:g}"}
        for name in OF_LINES + OF_BEATS:
            title = wording.say(f"pieces.numbers_{name}", **({"line": lines[name]} if name in lines else {}))
            yield title, getattr(found, name), "share" if name in RATES else ""
    for name, value in card.measures.items():
        yield measure_name(name, wording), value, name


def _cells(value: Value, unit: str, wording: Wording) -> tuple[str, ...]:
    known = not math.isnan(value.low + value.high)
    interval = f"{written(unit, value.low, wording)} – {written(unit, value.high, wording)}" if known else UNDEFINED
    real, place = (written(unit, value.real, wording), hundredth(value.percentile))
    return written(unit, value.value, wording), interval, real, place


def absent_table(wording: Wording) -> Table:
    """What is measured of tunes alone, by the reasons why."""
    rows = []
    for reason in REASONS:
        names = dict.fromkeys(_absent_name(name, wording) for name, why in WHY_NOT.items() if why == reason)
        said = wording.say("scorecard.comma").join(names)
        rows.append(TableRow(said, (Cell(wording.say(f"piece_absent.{reason}")),)))
    head = (wording.say("pieces.absent_name"), wording.say("pieces.absent_reason"))
    return Table(head, tuple(rows), wording.say("pieces.absent_title"))


def _absent_name(name: str, wording: Wording) -> str:
    kind = f"piece_absent.kind_{name.partition('_')[0]}"
    return wording.say(kind) if wording.knows(kind) else words.measure_name(name, wording)


def _unread(card: Scorecard[Piece], wording: Wording) -> Table:
    head = (wording.say("scorecard.unread_source"), wording.say("scorecard.unread_reason"))
    rows = tuple(TableRow(one.source, (Cell(one.reason),)) for one in card.unread)
    return Table(head, rows, wording.say("scorecard.unread_title"))


def _drawn(card: Scorecard[Piece], wording: Wording) -> Table:
    if (drawn := card.drawn) is None:
        return Table((), (), "")
    cells = {
        "run": drawn.run,
        "temperature": f"{drawn.temperature:g}",
        "seed": str(drawn.seed),
        "raw": percent(drawn.raw_rate, wording),
        "masked": percent(drawn.masked_rate, wording),
        "removed": percent(drawn.removed_mass, wording),
    }
    rows = tuple(TableRow(wording.say(f"scorecard.drawn_{name}"), (Cell(said),)) for name, said in cells.items())
    return Table((), rows, wording.say("scorecard.drawn_title"))
