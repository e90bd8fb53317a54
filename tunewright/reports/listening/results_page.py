"""The page of a listening test's results: ranking, what was said, agreement, measures, and what not to believe.

In: a test with its key, and its results. Out: one HTML file. This file works nothing out: see
`judging.listening.results`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tunewright.judging.listening.correlating import Correlation
from tunewright.judging.listening.design import BlindTest, Compared
from tunewright.judging.listening.questions import MACHINE, RATING
from tunewright.judging.listening.ranking import Estimate
from tunewright.judging.listening.results import FEW_RATERS, FEW_TUNES, Results, SourceResult
from tunewright.judging.listening.sources import REAL
from tunewright.measuring.table import MEASURES
from tunewright.reports.components import Cell, Fact, Table, TableRow
from tunewright.reports.curves import INK, inline_svg, page_figure, plain_axes, series_colour
from tunewright.reports.pages import Page, page_text
from tunewright.reports.scorecard.numbers import measure_name
from tunewright.reports.wording import Wording, as_title, format_number, percent
from tunewright.support.files import replace_file

TABLE = "listening.results."
SHOWN_CORRELATIONS = 40
LONGEST_NAME = 40  # signs of a source beside a picture


@dataclass(frozen=True, slots=True)
class ResultsPage(Page):
    """What the template shows."""

    template: ClassVar[str] = "listening.html"
    cautions: tuple[str, ...]
    answer: str
    figure: str
    ranking: Table
    ranking_note: str
    means: Table
    means_note: str
    against: Table
    accuracy: str
    agreement: Table
    correlations: Table
    correlations_note: str
    heard: Table


def write_results(
    path: Path, test: BlindTest, results: Results, language: str = "", commands: Sequence[Sequence[str]] = ()
) -> None:
    """Write the page. ConfigError for a language without a catalogue, OutputError where it cannot be written."""
    replace_file(path, results_text(test, results, language, commands).encode())


def results_text(test: BlindTest, results: Results, language: str = "", commands: Sequence[Sequence[str]] = ()) -> str:
    """The page as a text, in a language, or in that of the test."""
    return _Written(test, results, Wording(language or test.language, "tune")).text(commands)


def lead_of(results: Results, wording: Wording) -> str:
    """What was done, in a sentence."""
    told = {"raters": results.raters, "answers": results.answers, "items": results.items}
    return wording.say(f"{TABLE}lead_{results.kind}", **told)


def short_answer(test: BlindTest, results: Results, wording: Wording) -> str:
    """Who is first and whether that is settled, or whether machines were told from people; "" for one source."""
    return _Written(test, results, wording).answer()


def cautions_of(results: Results, wording: Wording) -> list[str]:
    """What keeps a number from meaning what it seems to mean."""
    few = {"few_tunes": FEW_TUNES}
    return [
        wording.say(f"{TABLE}caution_{name}", few=few.get(name, FEW_RATERS), count=results.hardly_heard)
        for name in results.cautions
        if wording.knows(f"{TABLE}caution_{name}")
    ]


class _Written:
    """Results in the words of a language."""

    def __init__(self, test: BlindTest, results: Results, wording: Wording) -> None:
        self.test, self.results, self.wording = test, results, wording

    def words(self, key: str, **values: object) -> str:
        """A text of this page."""
        return self.wording.say(f"{TABLE}{key}", **values)

    def text(self, commands: Sequence[Sequence[str]]) -> str:
        """The page."""
        results = self.results
        title = self.words("title", title=results.title) if results.title else self.words("untitled")
        page = ResultsPage(
            title=title,
            lead=lead_of(results, self.wording),
            facts=tuple(self.facts()),
            cautions=tuple(cautions_of(results, self.wording)),
            answer=self.answer(),
            figure=self.figure(),
            ranking=self.ranking(),
            ranking_note=self.words("ranking_machine" if results.kind == MACHINE else "ranking_note"),
            means=self.means(),
            means_note=self.words(f"means_{results.kind}"),
            against=self.against(),
            accuracy=self.accuracy(),
            agreement=self.agreement(),
            correlations=self.correlations(),
            correlations_note=self.correlations_note(),
            heard=self.heard(),
        )
        return page_text(page, self.wording, commands)

    # ------------------------------------------------------------------------------------------------ in short

    def facts(self) -> Iterator[Fact]:
        """The numbers at the head of the page."""
        results = self.results
        told = {"finished": results.finished, "by_file": results.by_file}
        yield Fact(self.words("fact_raters"), f"{results.raters:,}", self.words("fact_raters_note", **told))
        bars = self.words("fact_items_note", bars=self.test.bars)
        yield Fact(self.words("fact_items"), f"{results.items:,}", bars)
        if results.accuracy:
            note = self.words("fact_accuracy_note", chance=percent(results.chance, self.wording))
            yield Fact(self.words("fact_accuracy"), percent(results.accuracy.value, self.wording), note)
        known = [one.value for one in results.agreement.values() if not math.isnan(one.value)]
        if known:
            least, most = format_number(min(known)), format_number(max(known))
            value = least if len(known) == 1 else self.words("range", low=least, high=most)
            yield Fact(self.words("fact_agreement"), value, self.words("fact_agreement_note"))
        passed, failed, skipped = results.headphones
        note = self.words("fact_headphones_note", failed=failed, skipped=skipped)
        yield Fact(self.words("fact_headphones"), f"{passed:,}", note)
        minutes = self.words("fact_minutes_unit", minutes=f"{results.minutes:.0f}")
        yield Fact(self.words("fact_minutes"), minutes, self.words("fact_minutes_note"))

    def answer(self) -> str:
        """Who is first, and whether that is settled; "" where there is one source."""
        if self.results.kind == MACHINE:
            return self.accuracy()
        first, *others = self.results.sources
        if not others or first.strength is None:
            return ""
        second = max(others, key=lambda one: one.strength.logits.high if one.strength else -math.inf)
        assert second.strength is not None
        clear = first.strength.logits.low > second.strength.logits.high
        names = {"name": self.name(first), "other": self.name(second)}
        return self.words("ranking_clear" if clear else "ranking_order", **names)

    def accuracy(self) -> str:
        """Whether machines were told from people; "" in another test."""
        found, chance = self.results.accuracy, self.results.chance
        if found is None:
            return ""
        where = "beyond" if found.low > chance else "below" if found.high < min(chance, 0.5) else "within"
        shares = {"share": found.value, "low": found.low, "high": found.high, "chance": chance}
        return self.words(f"accuracy_{where}", **{name: percent(share, self.wording) for name, share in shares.items()})

    # ------------------------------------------------------------------------------------------------ tables

    def name(self, source: Compared | SourceResult) -> str:
        """What a source is called; real tunes that nobody has named otherwise, in words."""
        return self.words("real_tunes") if (source.kind, source.name) == (REAL, REAL) else as_title(source.name)

    def source_row(self, source: SourceResult, cells: Sequence[Cell]) -> TableRow:
        """A row of a source."""
        return TableRow(self.name(source), tuple(cells), self.words(f"source_{source.kind}"))

    def ranking(self) -> Table:
        """All sources, the best first."""
        rows = []
        for one in self.results.sources:
            cells = [Cell(f"{one.tunes:,}"), Cell(f"{one.answers:,}")]
            if one.strength:
                share = percent(one.strength.best, self.wording)
                cells = [self.number(one.strength.logits), Cell(share), *cells]
            rows.append(self.source_row(one, cells))
        head = ("source", "tunes", "answers") if self.results.kind == MACHINE else RANKED
        return Table(tuple(map(self.words, head)), tuple(rows))

    def means(self) -> Table:
        """By question what was said of each source."""
        written = self.number if self.results.kind == RATING else self.share
        rows = [
            self.source_row(one, [written(one.means[name]) for name in self.results.questions])
            for one in self.results.sources
        ]
        return Table((self.words("source"), *map(self.question, self.results.questions)), tuple(rows))

    def against(self) -> Table:
        """Every two sources of a test of pairs."""
        rows = []
        for one in self.results.against:
            name, other = (self.name(self.test.sources[place]) for place in (one.first, one.second))
            row = TableRow(
                self.words("against_name", name=name, other=other), (self.share(one.share), Cell(f"{one.answers:,}"))
            )
            rows.append(row)
        return Table(("", self.words("question_prefer"), self.words("answers")), tuple(rows))

    def agreement(self) -> Table:
        """Alpha by question."""
        rows = [TableRow(self.question(name), (self.number(value),)) for name, value in self.results.agreement.items()]
        return Table((self.words("question"), self.words("alpha")), tuple(rows))

    def correlations(self) -> Table:
        """The measures that are nearest to the ears, and those that are farthest from them."""
        rows = [self.correlation(one) for one in self.results.correlations[:SHOWN_CORRELATIONS]]
        return Table((self.words("measure"), self.words("rho"), self.words("tunes")), tuple(rows))

    def correlation(self, one: Correlation) -> TableRow:
        """A measure."""
        return TableRow(self.measure(one.measure), (self.number(one.rho), Cell(f"{one.tunes:,}")))

    def measure(self, name: str) -> str:
        """What a measure is called; one that this version has not, by its own name."""
        return measure_name(name, self.wording) if name in MEASURES else as_title(name)

    def correlations_note(self) -> str:
        """What rho is, or that there are too few tunes."""
        found = self.results.correlations
        return (
            self.words("correlations_note", tunes=max(one.tunes for one in found))
            if found
            else self.words("correlations_none")
        )

    def heard(self) -> Table:
        """The key: which tune was which."""
        head = ("key_id", "source", "key_title_column", "key_metre", "key_key", "key_seconds")
        rows = [
            (
                one.id,
                self.name(self.test.sources[one.source]),
                one.title or "–",
                one.meter,
                self.key(one.key),
                f"{one.seconds:.1f}",
            )
            for one in sorted(self.test.stimuli, key=lambda one: (one.source, one.id))
        ]
        return Table.of(rows, tuple(map(self.words, head)))

    def key(self, written: str) -> str:
        """A key in the words of the language."""
        tonic, _, mode = written.partition(" ")
        if not self.wording.knows(f"mode.{mode}"):
            return as_title(written)
        return self.wording.say("scorecard.key", tonic=tonic, mode=self.wording.say(f"mode.{mode}"))

    def question(self, name: str) -> str:
        """A question in a word."""
        return (
            self.wording.say(f"listening.rater.{name}")
            if self.results.kind == RATING
            else self.words(f"question_{name}")
        )

    def number(self, one: Estimate) -> Cell:
        """A number with its interval."""
        return Cell(format_number(one.value), self.interval(format_number(one.low), format_number(one.high), one))

    def share(self, one: Estimate) -> Cell:
        """A share with its interval, in percent."""
        low, high = percent(one.low, self.wording), percent(one.high, self.wording)
        return Cell(percent(one.value, self.wording), self.interval(low, high, one))

    def interval(self, low: str, high: str, one: Estimate) -> str:
        """An interval in words; "" where there is none."""
        return "" if math.isnan(one.low) else self.words("range", low=low, high=high)

    # ------------------------------------------------------------------------------------------------ the picture

    def figure(self) -> str:
        """Each source as a dot on its interval, the best above."""
        estimates = [(self.name(one)[:LONGEST_NAME], self.placed(one)) for one in self.results.sources]
        told = " ".join(self.words("plot_value", name=name, value=format_number(one.value)) for name, one in estimates)
        label = self.words("plot", values=told)
        axis = self.words("axis_machine" if self.results.kind == MACHINE else "axis_strength")
        with page_figure(6.4, 0.42 * len(estimates) + 0.9, label) as figure:
            axes = figure.add_subplot()
            for place, (_, one) in enumerate(estimates):
                colour = series_colour(1)
                if not math.isnan(one.low):
                    axes.plot([one.low, one.high], [place, place], color=colour, linewidth=2)
                axes.plot([one.value], [place], "o", color=colour, markersize=7)
            if self.results.kind != MACHINE:
                axes.axvline(0, color=INK, linewidth=0.7, linestyle=(0, (1, 2)))
            plain_axes(axes)
            axes.grid(visible=False, axis="y")
            axes.set_yticks(range(len(estimates)), [name for name, _ in estimates])
            axes.set_ylim(len(estimates) - 0.5, -0.5)
            axes.set_xlabel(axis, color=INK)
            return inline_svg(figure, label)

    def placed(self, one: SourceResult) -> Estimate:
        """What the picture shows of a source."""
        if one.strength:
            return one.strength.logits
        share = one.means["machine"]
        return Estimate(100 * share.value, 100 * share.low, 100 * share.high)


RANKED = ("source", "strength", "best", "tunes", "answers")
