"""The page of a scorecard: one self-contained HTML file that says what a set of tunes, or of pieces, is worth.

In: a `Scorecard`, a language, the music that shared passages were looked for in, how surprising the notes of some
tunes are and where the run looked back. Out: the page with inline style, pictures and sound; nothing on it is fetched
from elsewhere. Each tune or piece has its certificate; scores are drawn of as many tunes as fit into a page that opens
quickly, the telling ones first, piano rolls of a few pieces. This file measures nothing, and decides nothing about what
is good: see `tunewright.judging`, `words`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from tunewright.generation.attention import Look
from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.components import Fact, Figure, Table
from tunewright.reports.pages import Page, write_page
from tunewright.reports.scorecard.certificates import OF_KIND, about, certificate_lines, unusual, verdict
from tunewright.reports.scorecard.extremes import Extreme, extremes
from tunewright.reports.scorecard.looks import LookingBack, looking_back
from tunewright.reports.scorecard.numbers import counted, hundredth, measure_name
from tunewright.reports.scorecard.plots import distribution_figures, frontier_figure, matches_figure, overlaps_figure
from tunewright.reports.scorecard.rolls import RollPair, shared_rolls, shown_rolls
from tunewright.reports.scorecard.scores import (
    Pair,
    Surprising,
    scores_within,
    shared_pairs,
    surprise_scale,
    surprising_tunes,
)
from tunewright.reports.scorecard.tables import (
    absent_table,
    drawn_table,
    frontier_table,
    numbers_table,
    setting_words,
    unread_table,
)
from tunewright.reports.scorecard.tells import tells
from tunewright.reports.scorecard.words import (
    MARKS,
    MOST_DEPARTURES,
    Answer,
    Departure,
    alike,
    answers,
    departures,
)
from tunewright.reports.wording import Wording, as_title, format_number, percent, quoted_collection

BEYOND = 95  # percent of human borrowing above which a tune is listed as sharing unusually much


@dataclass(frozen=True, slots=True)
class Shown:
    """A tune or piece with its certificate in words; pictures and sound are data URIs, "" where there is none."""

    number: int  # on the page, from 1
    title: str
    about: str
    fault: bool
    verdict: str
    problem: str
    lines: tuple[tuple[str, str], ...]
    compared: bool
    unusual: tuple[str, ...]
    role: str = ""  # why it is shown
    picture: str = ""
    audio: str = ""
    missing: str = ""  # why there is no picture
    abc: str = ""
    short: str = ""
    at: str = ""  # percentile of human borrowing, "" where there is none
    strip: str = ""
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class ScorecardPage(Page):
    """Everything that the template shows; parts that a scorecard does not have are empty."""

    template: ClassVar[str] = "scorecard.html"
    kind: str
    remarks: tuple[str, ...]
    unread: Table
    compared: bool
    answers: tuple[Answer, ...]
    departures: tuple[Departure, ...]
    distributions: tuple[tuple[str, tuple[Figure, ...]], ...]
    matches: str
    overlaps: str
    tells: tuple[str, ...]
    frontier: Table
    frontier_svg: str
    knee: str
    numbers: Table
    absent: Table
    drawn: Table
    # what one kind of music has: see `PARTS`
    departure_notes: tuple[str, ...] = ()
    tunes: tuple[Shown, ...] = ()
    copies: tuple[tuple[Shown, Pair], ...] = ()
    surprises: tuple[tuple[Shown, Surprising], ...] = ()
    scale: tuple[tuple[str, str], ...] = ()
    looks: tuple[tuple[Shown, LookingBack], ...] = ()
    extremes: tuple[tuple[Extreme, Shown, Shown], ...] = ()
    each: tuple[Shown, ...] = ()
    shown: tuple[Shown, ...] = ()
    pairs: tuple[tuple[Shown, RollPair], ...] = ()

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections that there are, in order, by the names of their templates."""
        has_rows = {name: bool(getattr(self, name).rows) for name in ("frontier", "absent", "drawn")}
        return tuple(name for name in SECTIONS[self.kind] if has_rows.get(name, bool(getattr(self, name))))

    @property
    def contents(self) -> tuple[str, ...]:
        """Those of them that are listed at the head, by the names of their titles in the catalogue."""
        return tuple(name for name in self.sections if name in LISTED[self.kind])


SECTIONS: Mapping[str, tuple[str, ...]] = {
    Tune.kind: (
        *("distributions", "matches", "tells", "copies", "surprises", "looks", "frontier", "extremes"),
        *("tunes", "numbers", "drawn"),
    ),
    Piece.kind: (
        *("shown", "pairs", "distributions", "matches", "tells", "frontier", "each"),
        *("numbers", "absent", "drawn"),
    ),
}
"""What stands on the page of each kind of music after the answers, in order."""
LISTED: Mapping[str, tuple[str, ...]] = {Tune.kind: SECTIONS[Tune.kind][:-1], Piece.kind: ()}


def write_scorecard(
    path: Path,
    card: Scorecard[M],
    language: str = "en",
    *,
    others: Sequence[M] = (),
    surprises: Mapping[int, Sequence[float]] | None = None,
    looks: Mapping[int, Sequence[Look]] | None = None,
    commands: Sequence[Sequence[str]] = (),
) -> None:
    """Write the page of a scorecard.

    `others` is the music in which shared passages were looked for, in the order of `Shared.there`: without it no
    passage is shown side by side. `surprises` are the bits of each written note of some tunes, by place on the card,
    `looks` where the run looked back in some; `commands` are those that make the page again. Raises `ConfigError` for a
    language without a catalogue, before anything is written, and `OutputError` where the file cannot be written.
    """
    wording = Wording(language, card.kind)
    write_page(path, _page(card, others, surprises or {}, looks or {}, wording), wording, commands, marks=MARKS)


def _page(
    card: Scorecard[Any],
    others: Sequence[Any],
    surprises: Mapping[int, Sequence[float]],
    looks: Mapping[int, Sequence[Look]],
    wording: Wording,
) -> ScorecardPage:
    each = tuple(_shown(place, card, wording) for place in range(card.count))
    test = card.two_sample
    return ScorecardPage(
        title=wording.say("scorecard.title", title=card.title),
        lead=_lead(card, wording),
        facts=tuple(_facts(card, wording)),
        kind=card.kind,
        remarks=tuple(wording.say(f"remark.{remark.key}", **remark.values) for remark in card.remarks),
        unread=unread_table(card, wording),
        compared=bool(card.real),
        answers=answers(card, wording),
        departures=tuple(departures(card, wording)[:MOST_DEPARTURES]),
        distributions=tuple(distribution_figures(card, wording)),
        matches=matches_figure(card, wording),
        overlaps=overlaps_figure(card, wording),
        tells=tuple(tells(test, wording)) if test else (),
        frontier=frontier_table(card, wording),
        frontier_svg=frontier_figure(card, wording),
        knee=_knee(card, wording),
        numbers=numbers_table(card, wording),
        absent=absent_table(wording),
        drawn=drawn_table(card, wording),
        **PARTS[card.kind](card, others, surprises, looks, each, wording),
    )


def _lead(card: Scorecard[Any], wording: Wording) -> str:
    music = counted(card.count, card.kind, wording)
    if not card.against:
        return wording.say("scorecard.lead_unheld", music=music)
    against = quoted_collection(card.against, wording)
    return wording.say("scorecard.lead", music=music, real=_real(card, wording), against=against)


def _real(card: Scorecard[Any], wording: Wording) -> str:
    return counted(len(card.real), f"real_{card.kind}", wording)


def _facts(card: Scorecard[Any], wording: Wording) -> Iterator[Fact]:
    held = card.real and wording.say("fact.judged_note", real=_real(card, wording))
    yield Fact(wording.say("fact.judged"), f"{card.count:,}", held or wording.say("fact.judged_alone"))
    rates = {"well_formed": card.valid_rate}
    if card.originality:
        rates["copied"] = card.originality.copy_rate
    for name, value in rates.items():
        known = not math.isnan(value.real)
        note = wording.say(f"fact.{name}_note", real=percent(value.real, wording)) if known else ""
        yield Fact(wording.say(f"fact.{name}"), percent(value.value, wording), note)
    if test := card.two_sample:
        note = wording.say("fact.told_note" if test.enough else "fact.told_open")
        yield Fact(wording.say("fact.told"), f"{100 * test.auc:.0f}", note)
    if card.bits_per_note:
        bits = format_number(card.bits_per_note.value)
        yield Fact(wording.say("fact.bits"), bits, wording.say("fact.bits_note"))


def _knee(card: Scorecard[Any], wording: Wording) -> str:
    if card.knee is None:
        return ""
    setting = setting_words(card.frontier[card.knee], card.frontier, wording)
    return wording.say("scorecard.frontier_knee", setting=setting)


def _shown(place: int, card: Scorecard[Any], wording: Wording) -> Shown:
    one = card.each[place]
    return Shown(
        number=place + 1,
        title=as_title(one.title) or wording.say("scorecard.unnamed", number=place + 1),
        about=about(one, wording),
        fault=not one.valid,
        verdict=verdict(one, wording),
        problem=OF_KIND[card.kind].detail(one),
        lines=tuple(certificate_lines(one, wording).items()),
        compared=bool(card.real),
        unusual=tuple(unusual(one, wording)),
    )


# ------------------------------------------------------------------------------------------------ each kind of music


def _parts_of_tunes(
    card: Scorecard[Tune],
    others: Sequence[Tune],
    surprises: Mapping[int, Sequence[float]],
    looks: Mapping[int, Sequence[Look]],
    each: Sequence[Shown],
    wording: Wording,
) -> dict[str, Any]:
    found = extremes(card, wording)
    scores = scores_within(card.each, (place for one in found for place in (one.best, one.worst)))
    return {
        "departure_notes": tuple(_departure_notes(card, wording)),
        "tunes": tuple(
            _with_score(one, card.each[place], scores.get(place, ""), wording) for place, one in enumerate(each)
        ),
        "copies": tuple((each[pair.place], pair) for pair in shared_pairs(card, others, wording)),
        "surprises": tuple((each[one.place], one) for one in surprising_tunes(card, surprises, wording)),
        "scale": tuple(surprise_scale(wording)),
        "looks": tuple((each[one.place], one) for one in looking_back(card, looks, wording)),
        "extremes": tuple((one, each[one.best], each[one.worst]) for one in found),
    }


def _departure_notes(card: Scorecard[Tune], wording: Wording) -> Iterator[str]:
    if (more := len(departures(card, wording)) - MOST_DEPARTURES) > 0:
        yield wording.say("scorecard.departures_more", count=more)
    if names := alike(card):
        joined = wording.say("scorecard.comma").join(measure_name(name, wording) for name in names)
        yield wording.say("scorecard.departures_alike", names=joined)


def _with_score(shown: Shown, one: Certificate[Tune], score: str, wording: Wording) -> Shown:
    known = not math.isnan(one.percentile)
    return replace(
        shown,
        compared=bool(one.percentiles),
        picture=score,
        missing="" if score else wording.say("scorecard.tunes_unscored" if one.notes else "page.score_missing"),
        abc=one.text,
        short=_short(one, wording),
        at=f"{one.percentile:.0f}" if known else "",
        strip=wording.say("shared.percentile", percent=hundredth(one.percentile)) if known else "",
        beyond=one.percentile > BEYOND or one.copied,
    )


def _short(one: Certificate[Tune], wording: Wording) -> str:
    """What a tune shares, in a few words; "" where it was not compared."""
    if one.shared is None or not one.shared.comparable:
        return ""
    said = wording.say("scorecard.short_shared", length=one.shared.line.length, of=one.shared.line.of)
    return f"{said} · {wording.say('scorecard.copied')}" if one.copied else said


def _parts_of_pieces(
    card: Scorecard[Piece],
    others: Sequence[Piece],
    _: Mapping[int, Sequence[float]],
    _looks: Mapping[int, Sequence[Look]],
    each: Sequence[Shown],
    wording: Wording,
) -> dict[str, Any]:
    return {
        "each": tuple(each),
        "shown": tuple(
            replace(each[roll.place], role=roll.role, picture=roll.picture, audio=roll.audio)
            for roll in shown_rolls(card, wording)
        ),
        "pairs": tuple((each[pair.place], pair) for pair in shared_rolls(card, others)),
    }


PARTS: Mapping[str, Callable[..., dict[str, Any]]] = {Tune.kind: _parts_of_tunes, Piece.kind: _parts_of_pieces}
"""The pictures of each kind of music, and what stands with them: scores of tunes, piano rolls of pieces."""
