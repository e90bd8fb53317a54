"""The page of a scorecard: one self-contained HTML file that says what a set of tunes is worth.

In: a `Scorecard`, a language, the tunes that shared passages were looked for in, and how surprising the notes of some
tunes are. Out: the page with inline style, pictures and scores; nothing on it is fetched from elsewhere. Every tune has
its certificate and its ABC; scores are drawn of as many as fit into a page that opens quickly, the telling ones first.
This file measures nothing, and decides nothing about what is good: see `judging`, `scorecard_words`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.music.tune import Key, Tune
from tunewright.reports.components import Fact, Figure, Table
from tunewright.reports.pages import Page, write_page
from tunewright.reports.scorecard.plots import distribution_figures, frontier_figure, matches_figure, overlaps_figure
from tunewright.reports.scorecard.scores import (
    Pair,
    Surprising,
    scores_within,
    shared_pairs,
    surprise_scale,
    surprising_tunes,
)
from tunewright.reports.scorecard.tables import (
    Extreme,
    drawn_table,
    extremes,
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
    counted,
    departures,
    fault_kind,
    hundredth,
    measure_name,
    near_sentence,
    shared_sentence,
    unusual,
    verdict,
)
from tunewright.reports.wording import Wording, format_number, percent, quoted_collection

BEYOND = 95  # percent of human borrowing above which a tune is listed as sharing unusually much
DETAILED = ("unreadable", "form", "repair", "short")  # faults of which the reader's own words say more


@dataclass(frozen=True, slots=True)
class Name:
    """A tune as links name it: its number on the page, from 1, and its title."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class ShownTune:
    """A tune with its certificate in words; `score` is a data URI, "" where `unscored` says why there is none."""

    number: int
    title: str
    about: str
    short: str
    at: str  # percentile of human borrowing, "" where there is none
    strip: str
    fault: bool
    beyond: bool
    verdict: str
    problem: str
    lines: tuple[tuple[str, str], ...]
    compared: bool
    unusual: tuple[str, ...]
    score: str
    unscored: str
    abc: str


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A `Pair` and the name of its tune."""

    tune: Name
    pair: Pair


@dataclass(frozen=True, slots=True)
class ShownSurprise:
    """A `Surprising` and the name of its tune."""

    tune: Name
    surprising: Surprising


@dataclass(frozen=True, slots=True)
class ShownExtreme:
    """An `Extreme` and the names of its tunes."""

    extreme: Extreme
    best: Name
    worst: Name


@dataclass(frozen=True, slots=True)
class ScorecardPage(Page):
    """Everything that the template shows; parts that a scorecard does not have are empty."""

    template: ClassVar[str] = "scorecard.html"
    remarks: tuple[str, ...]
    unread: Table
    compared: bool
    answers: tuple[Answer, ...]
    departures: tuple[Departure, ...]
    departure_notes: tuple[str, ...]
    distributions: tuple[tuple[str, tuple[Figure, ...]], ...]
    matches: str
    overlaps: str
    tells: tuple[str, ...]
    pairs: tuple[ShownPair, ...]
    surprises: tuple[ShownSurprise, ...]
    scale: tuple[tuple[str, str], ...]
    frontier: Table
    frontier_svg: str
    knee: str
    extremes: tuple[ShownExtreme, ...]
    tunes: tuple[ShownTune, ...]
    numbers: Table
    drawn: Table

    @property
    def contents(self) -> tuple[str, ...]:
        """The parts that there are, in order, by the names of their titles in the catalogue."""
        parts = ("distributions", "matches", "tells", "copies", "surprises", "frontier", "extremes", "tunes")
        there = (self.distributions, self.matches, self.tells, self.pairs, self.surprises, self.frontier.rows)
        shown = [part for part, has in zip(parts, (*there, self.extremes, self.tunes), strict=True) if has]
        return (*shown, "numbers")


def write_scorecard(
    path: Path,
    card: Scorecard[Tune],
    language: str = "en",
    *,
    others: Sequence[Tune] = (),
    surprises: Mapping[int, Sequence[float]] | None = None,
    commands: Sequence[Sequence[str]] = (),
) -> None:
    """Write the page of a scorecard.

    `others` are the tunes in which shared passages were looked for, in the order of `Shared.there`: without them
    no passage is shown side by side. `surprises` are the bits of each written note of some tunes, by place on the
    card; `commands` are those that make the page again. Raises `ConfigError` for a language without a catalogue,
    before anything is written, and `OutputError` where the file cannot be written.
    """
    wording = Wording(language)
    page = _page(card, others, surprises or {}, wording)
    write_page(path, page, wording, commands, marks=MARKS)


def _page(
    card: Scorecard[Tune],
    others: Sequence[Tune],
    surprises: Mapping[int, Sequence[float]],
    wording: Wording,
) -> ScorecardPage:
    names = [Name(place + 1, _title(one, place, wording)) for place, one in enumerate(card.each)]
    found = extremes(card, wording)
    scores = scores_within(card.each, (place for one in found for place in (one.best, one.worst)))
    departing = departures(card, wording)
    test = card.two_sample
    return ScorecardPage(
        title=wording.say("scorecard.title", title=card.title),
        lead=_lead(card, wording),
        facts=tuple(_facts(card, wording)),
        remarks=tuple(wording.say(f"remark.{remark.key}", **remark.values) for remark in card.remarks),
        unread=unread_table(card, wording),
        compared=bool(card.real),
        answers=answers(card, wording),
        departures=tuple(departing[:MOST_DEPARTURES]),
        departure_notes=tuple(_departure_notes(card, len(departing), wording)),
        distributions=tuple(distribution_figures(card, wording)),
        matches=matches_figure(card, wording),
        overlaps=overlaps_figure(card, wording),
        tells=tuple(tells(test, wording)) if test else (),
        pairs=tuple(ShownPair(names[pair.place], pair) for pair in shared_pairs(card, others, wording)),
        surprises=tuple(ShownSurprise(names[one.place], one) for one in surprising_tunes(card, surprises, wording)),
        scale=tuple(surprise_scale(wording)),
        frontier=frontier_table(card, wording),
        frontier_svg=frontier_figure(card, wording),
        knee=_knee(card, wording),
        extremes=tuple(ShownExtreme(one, names[one.best], names[one.worst]) for one in found),
        tunes=tuple(
            _shown(name, one, scores.get(place, ""), card, wording)
            for place, (name, one) in enumerate(zip(names, card.each, strict=True))
        ),
        numbers=numbers_table(card, wording),
        drawn=drawn_table(card, wording),
    )


# ------------------------------------------------------------------------------------------------ the head


def _lead(card: Scorecard[Tune], wording: Wording) -> str:
    tunes = counted(card.count, "tune", wording)
    if not card.against:
        return wording.say("scorecard.lead_unheld", tunes=tunes)
    real, against = counted(len(card.real), "real", wording), quoted_collection(card.against, wording)
    return wording.say("scorecard.lead", tunes=tunes, real=real, against=against)


def _facts(card: Scorecard[Tune], wording: Wording) -> Iterator[Fact]:
    real = counted(len(card.real), "real", wording)
    note = wording.say("fact.judged_note", real=real) if card.real else wording.say("fact.judged_alone")
    yield Fact(wording.say("fact.judged"), f"{card.count:,}", note)
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


def _departure_notes(card: Scorecard[Tune], departing: int, wording: Wording) -> Iterator[str]:
    if departing > MOST_DEPARTURES:
        yield wording.say("scorecard.departures_more", count=departing - MOST_DEPARTURES)
    if names := alike(card):
        joined = wording.say("scorecard.comma").join(measure_name(name, wording) for name in names)
        yield wording.say("scorecard.departures_alike", names=joined)


# ------------------------------------------------------------------------------------------------ tunes


def _title(one: Certificate[Tune], place: int, wording: Wording) -> str:
    return one.title or wording.say("scorecard.tunes_unnamed", number=place + 1)


def _shown(name: Name, one: Certificate[Tune], score: str, card: Scorecard[Tune], wording: Wording) -> ShownTune:
    unscored = "" if score else wording.say("scorecard.tunes_unscored" if one.notes else "page.score_missing")
    known = not math.isnan(one.percentile)
    return ShownTune(
        number=name.number,
        title=name.title,
        about=_about(one, wording),
        short=_short(one, wording),
        at=f"{one.percentile:.0f}" if known else "",
        strip=wording.say("shared.percentile", percent=hundredth(one.percentile)) if known else "",
        fault=not one.valid,
        beyond=one.percentile > BEYOND or one.copied,
        verdict=verdict(one, wording),
        problem=one.problem if fault_kind(one) in DETAILED else "",
        lines=tuple(_certificate(one, wording)),
        compared=bool(one.percentiles),
        unusual=tuple(unusual(one, wording)),
        score=score,
        unscored=unscored,
        abc=one.text,
    )


def _about(one: Certificate[Tune], wording: Wording) -> str:
    if one.music is None:
        return one.name
    notes = counted(len(one.music.notes), "note", wording)
    about = (one.name, _rhythm(one.music, wording), key_words(one.music.key, wording), str(one.music.meter), notes)
    return " · ".join(filter(None, about))


def _rhythm(tune: Tune, wording: Wording) -> str:
    """The dance of a tune, in the reader's language where there is a word for it."""
    key = f"rhythm.{tune.rhythm.lower()}"
    return wording.say(key) if wording.knows(key) else tune.rhythm


def key_words(key: Key, wording: Wording) -> str:
    """A key as people name it; "" where a tune claims none.

    >>> key_words(Key("F#", "minor"), Wording("en"))
    'F♯ minor'
    """
    if key.tonic is None:
        return ""
    tonic = key.tonic.replace("#", "♯").replace("b", "♭")
    return wording.say("scorecard.key", tonic=tonic, mode=wording.say(f"mode.{key.mode}"))


def _short(one: Certificate[Tune], wording: Wording) -> str:
    """What a tune shares, in a few words; "" where it was not compared."""
    if one.shared is None or math.isnan(one.shared.line.share):
        return ""
    said = wording.say("scorecard.short_shared", length=one.shared.line.length, of=one.shared.line.of)
    return f"{said} · {wording.say('scorecard.copied')}" if one.copied else said


def _certificate(one: Certificate[Tune], wording: Wording) -> Iterator[tuple[str, str]]:
    """The lines of a certificate between form and what is unusual."""
    said = {"shared": shared_sentence(one, wording), "near": near_sentence(one, wording)}
    if not math.isnan(one.bits_per_note):
        said["surprise"] = wording.say("scorecard.certificate_surprise_said", bits=f"{one.bits_per_note:.2f}")
    for name, words in said.items():
        if words:
            yield wording.say(f"scorecard.certificate_{name}"), words


def _knee(card: Scorecard[Tune], wording: Wording) -> str:
    if card.knee is None:
        return ""
    return wording.say(
        "scorecard.frontier_knee", setting=setting_words(card.frontier[card.knee], card.frontier, wording)
    )
