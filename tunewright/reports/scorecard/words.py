"""What a scorecard says in plain words: the answer to three questions, what stands out, and a certificate in sentences.

In: a `Scorecard` and a `Wording`. Out: text that a musician can read without knowing any of the measures, in the
language of the wording, and the numbers in it as people write them. The sentences stand in the catalogues
(`scorecard.toml`); here is decided which of them is true. This file measures nothing and writes no page.

Three questions are asked: are the tunes well formed, are they like the style, are they copies? Each answer is judged
`good`, `partly` or `bad`, or `open` where nothing can be said. After that come departures: measures in which the tunes
differ from held-out real tunes by more than chance, and by enough to be noticed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.measuring.intervals import Value
from tunewright.measuring.originality import COPIED
from tunewright.measuring.table import MEASURES
from tunewright.music.tune import Note, Tune
from tunewright.reports.scorecard.tells import tells
from tunewright.reports.wording import Wording, format_number
from tunewright.reports.wording import percent as percent

GOOD, PARTLY, BAD, OPEN = "good", "partly", "bad", "open"
MARKS = {GOOD: "✓", PARTLY: "◐", BAD: "✗", OPEN: "○"}

NEARLY_ALL = 0.95  # well formed from which a set needs no sifting
MOSTLY = 0.75  # and from which it is usable; real collections, as printed, lie about here
MORE_COPIES = 0.02  # than real tunes have: a difference that nobody would notice
HARDLY_TOLD = 0.6  # AUC: below, a new tune and a real one can hardly be told apart
OFTEN_TOLD = 0.8  # AUC: above, they are told apart easily
MANY_MORE = 0.12  # and from which many are copied
BEYOND = 0.05  # of real tunes share more than the line of human borrowing, by its definition
MANY_BEYOND = 0.25  # share of tunes beyond that line from which the set is said to copy
NOTICED = 0.2  # standard deviations of real tunes: a small effect (Cohen 1988), below which nobody hears it
MATCH_UNIT = 0.1  # a match that is this much lower counts as much as one standard deviation of another measure
LEAST_SPREAD = 0.05  # of a measure of shares: where real tunes hardly vary, a trifle would count as much as a fault
UNUSUAL = 2.5  # percent of real tunes at either end
MOST_DEPARTURES = 8
MOST_OF_FAMILY = 2  # of the departures told first, so that one fault that shows in many measures leaves room for others
PERCENT = ("share", "match", "likeness", "overlap")  # units that people read in percent
RESTATED = ("spread",)  # families of measures that say as distances what others say plainly
KINDS = {"fits": "instrument", "overlap": "feature", "divergence": "feature"}
"""Measures that are taken of several things: the beginnings of their names, and the table that has words for these."""
MOST_UNUSUAL = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, how it is judged, and the answer: a few words and some sentences."""

    question: str
    judged: str  # one of MARKS
    head: str
    sentences: tuple[str, ...]


class Measured(Protocol):
    """What has measures: the certificate of a tune, or of a piece."""

    @property
    def measures(self) -> Mapping[str, float]:
        """By name."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A measure in which tunes differ from real ones, in words; `size` in standard deviations of real tunes."""

    name: str
    direction: str  # "more" or "less" than real tunes
    size: float
    sentence: str


# ------------------------------------------------------------------------------------------------ numbers


def hundredth(percentile: float) -> str:
    """A percentile as a whole number out of 100 that says neither none nor all where that is not so.

    >>> hundredth(99.8), hundredth(100.0), hundredth(0.2), hundredth(61.7)
    ('99', '100', '1', '62')
    """
    if math.isnan(percentile):
        return format_number(percentile)
    whole = round(percentile)
    if whole == 0 < percentile:
        return "1"
    return "99" if percentile < 100 == whole else str(whole)


def written(name: str, value: float, wording: Wording) -> str:
    """A value of a measure with its unit."""
    unit = MEASURES[name].unit if name in MEASURES else "share"
    if unit in PERCENT or math.isnan(value):
        return percent(value, wording)
    number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    number = number.rstrip("0").rstrip(".") if "." in number and value == round(value) else number
    key = f"unit.{unit}"
    return wording.say(key, number=number.replace("-", "−")) if wording.knows(key) else number


def measure_name(name: str, wording: Wording) -> str:
    """What a measure is called."""
    return _said_of(name, "measure.{}", wording)


def _said_of(name: str, key: str, wording: Wording, **values: object) -> str:
    """The text of a measure's own key, or else of its kind's with the word for what it is taken of filled in."""
    if wording.knows(key.format(name)):
        return wording.say(key.format(name), **values)
    kind, _, of = name.partition("_")
    word = KINDS[kind]
    return wording.say(key.format(kind), **values, **{word: wording.say(f"{word}.{of}")})


def counted(number: int, noun: str, wording: Wording) -> str:
    """So many of something: "1 tune", "2,009 tunes"; the nouns are those of the table `count`."""
    return wording.say(f"count.{noun}_one" if number == 1 else f"count.{noun}", number=number)


def joined(sentences: Iterable[str], wording: Wording) -> str:
    """Sentences one after the other, as the language sets them; empty ones left out."""
    parts = filter(None, sentences)
    return reduce(
        lambda before, after: wording.say("scorecard.next", before=before, after=after), parts, next(parts, "")
    )


# ------------------------------------------------------------------------------------------------ three questions


def answers(card: Scorecard[Tune], wording: Wording) -> tuple[Answer, ...]:
    """The three questions of a scorecard, answered."""
    return _form(card, wording), _style(card, wording), _copies(card, wording)


def _answer(topic: str, judged: str, sentences: Iterable[str], wording: Wording) -> Answer:
    return Answer(wording.say(f"ask.{topic}"), judged, wording.say(f"judged.{topic}_{judged}"), tuple(sentences))


def _form(card: Scorecard[Tune], wording: Wording) -> Answer:
    rate, real = card.valid_rate.value, card.valid_rate.real
    if math.isnan(rate):
        return _answer("form", OPEN, [wording.say("form.none")], wording)
    judged = GOOD if rate >= NEARLY_ALL else PARTLY if rate >= MOSTLY else BAD
    sentences = [_form_sentence(card, wording)]
    if not math.isnan(real):
        sentences.append(wording.say("form.real", rate=percent(real, wording)))
    faults = Counter(fault_kind(one) for one in card.each if not one.valid)
    if faults and card.count > 1:
        listed = (wording.say(f"fault_kind.{kind}", count=count) for kind, count in faults.most_common(3))
        sentences.append(wording.say("form.faults", faults=wording.say("scorecard.comma").join(listed)))
    return _answer("form", judged, (*sentences, *_grammar(card, wording)), wording)


def _form_sentence(card: Scorecard[Tune], wording: Wording) -> str:
    if card.count == 1:
        return wording.say("form.one_good") if card.valid_rate.value else verdict(card.each[0], wording)
    rate, tunes = percent(card.valid_rate.value, wording), counted(card.count, "tune", wording)
    return wording.say("form.rate", rate=rate, tunes=tunes)


def _grammar(card: Scorecard[Tune], wording: Wording) -> Iterator[str]:
    """What the model gives without the grammar, so that the grammar hides nothing."""
    if card.drawn is not None and not math.isnan(card.drawn.raw_rate):
        rate, tunes = percent(card.drawn.raw_rate, wording), counted(card.drawn.raw_tunes, "tune", wording)
        yield wording.say("form.raw", rate=rate, tunes=tunes)
    if card.drawn is not None and not math.isnan(card.drawn.removed_mass):
        yield wording.say("form.removed", share=percent(card.drawn.removed_mass, wording))


def _style(card: Scorecard[Tune], wording: Wording) -> Answer:
    test = card.two_sample
    if test is None or math.isnan(test.auc):
        why = "alone" if card.count == 1 else "unheld" if not card.against else "few"
        return _answer("style", OPEN, [wording.say(f"style.{why}")], wording)
    wins = {name: hundredth(100 * share) for name, share in (("auc", test.auc), ("low", test.low), ("high", test.high))}
    sentences = [wording.say("style.test", **wins, each_side=test.each_side)]
    if not test.enough:
        sentences.append(wording.say("style.undecided", each_side=test.each_side))
    if not math.isnan(test.floor):
        sentences.append(wording.say("style.floor", floor=hundredth(100 * test.floor)))
    if test.auc > HARDLY_TOLD and (told := tells(test, wording)):
        sentences.append(wording.say("style.tell", tell=told[0]))
    judged = GOOD if test.auc <= HARDLY_TOLD else PARTLY if test.auc <= OFTEN_TOLD else BAD
    return _answer("style", judged if test.enough else OPEN, sentences, wording)


def _copies(card: Scorecard[Tune], wording: Wording) -> Answer:
    found = card.originality
    if found is None or math.isnan(found.copy_rate.value):
        return _answer("copies", OPEN, [wording.say("copies.unheld" if found is None else "copies.none")], wording)
    if card.count == 1 and (said := joined(_shares(card.each[0], wording), wording)):
        return _answer("copies", _copied(card.each[0]), [said], wording)
    beyond, most = found.beyond_line.value, max(map(more_than_real, (found.copy_rate, found.near_rate)))
    judged = BAD if beyond >= MANY_BEYOND or most > MANY_MORE else PARTLY
    if beyond <= 2 * BEYOND and most <= MORE_COPIES:
        judged = GOOD
    return _answer("copies", judged, _borrowing(card, wording), wording)


def _copied(one: Certificate[Tune]) -> str:
    """How one tune is judged: a copy, a near-copy or one that shares unusually much, or neither."""
    if one.copied:
        return BAD
    if (one.shared is not None and one.shared.near.share >= COPIED) or one.percentile > 100 * (1 - BEYOND):
        return PARTLY
    return OPEN if math.isnan(one.percentile) else GOOD


def more_than_real(rate: Value) -> float:
    """How much more of something there is than in real tunes; 0 where that is not known."""
    more = rate.value - (0.0 if math.isnan(rate.real) else rate.real)
    return 0.0 if math.isnan(more) else more


def _shares(one: Certificate[Tune], wording: Wording) -> tuple[str, str]:
    return shared_sentence(one, wording), near_sentence(one, wording)


def _borrowing(card: Scorecard[Tune], wording: Wording) -> Iterator[str]:
    found = card.originality
    assert found is not None
    key = "copies.rate" if found.copy_rate.value else "copies.rate_none"
    yield wording.say(key, **_beside(found.copy_rate, wording))
    yield wording.say(
        "copies.longest",
        value=f"{found.median_longest.value:g}",
        real=f"{found.median_longest.real:g}",
        tunes=counted(found.indexed, "tune", wording),
    )
    if found.line > 0 and not math.isnan(found.beyond_line.value):
        yield wording.say("copies.beyond", line=f"{found.line:g}", share=percent(found.beyond_line.value, wording))
    if not math.isnan(found.near_rate.value):
        yield wording.say("copies.near", **_beside(found.near_rate, wording))
    if found.median_longest.percentile < UNUSUAL:
        yield wording.say("copies.less")


def _beside(value: Value, wording: Wording) -> dict[str, str]:
    return {"value": percent(value.value, wording), "real": percent(value.real, wording)}


# ------------------------------------------------------------------------------------------------ what stands out


def departures(card: Scorecard[Tune], wording: Wording) -> list[Departure]:
    """The measures in which the tunes differ from real ones, most noticeable first; empty where they are like them.

    A measure counts where the value of the set lies among the 2.5 % of real sets at either end (where that is not
    known: where its interval leaves out the real value), by at least a fifth of the standard deviation of real tunes,
    in a direction that is not for the better. Measures of distances are left out: others say the same more plainly. Of
    each family, no more than two stand at the head.
    """
    spreads = real_spreads(card.real)
    found = []
    for name, value in card.measures.items():
        if name not in MEASURES or MEASURES[name].family in RESTATED or not beyond_chance(value):
            continue
        if MEASURES[name].of_set and card.count == 1:
            continue  # one tune makes no style
        direction = "more" if value.value > value.real else "less"
        least = LEAST_SPREAD if MEASURES[name].unit in PERCENT else 0
        size = abs(value.value - value.real) / max(spreads.get(name, MATCH_UNIT), least)
        if size >= NOTICED and MEASURES[name].better in ("real", {"more": "less", "less": "more"}[direction]):
            found.append(Departure(name, direction, size, _departure(name, direction, value, wording)))
    return _mixed(sorted(found, key=lambda departure: -departure.size))


def _mixed(found: Sequence[Departure]) -> list[Departure]:
    """The same with the first two of each family before all others, in order."""
    seen: Counter[str] = Counter()
    first: list[Departure] = []
    rest: list[Departure] = []
    for departure in found:
        family = MEASURES[departure.name].family
        seen[family] += 1
        (first if seen[family] <= MOST_OF_FAMILY else rest).append(departure)
    return first + rest


def beyond_chance(value: Value) -> bool:
    """Whether a set differs from real ones by more than chance: see `departures`."""
    if math.isnan(value.value) or math.isnan(value.real):
        return False
    if not math.isnan(value.percentile):
        return not UNUSUAL <= value.percentile <= 100 - UNUSUAL
    return value.low > value.real or value.high < value.real


def _departure(name: str, direction: str, value: Value, wording: Wording) -> str:
    numbers = {"value": written(name, value.value, wording), "real": written(name, value.real, wording)}
    return _said_of(name, "departs.{}." + direction, wording, **numbers)


def alike(card: Scorecard[Tune]) -> list[str]:
    """The measures in which nothing tells the tunes from real ones."""
    return [
        name
        for name, value in card.measures.items()
        if name in MEASURES
        and MEASURES[name].family not in RESTATED
        and not math.isnan(value.value + value.real)
        and not beyond_chance(value)
    ]


def real_spreads(real: Sequence[Measured]) -> Mapping[str, float]:
    """The standard deviation of each measure over real tunes; without those that do not vary or are not of a tune."""
    spreads = {}
    for name in {name for one in real for name in one.measures}:
        values = [value for one in real if not math.isnan(value := one.measures.get(name, math.nan))]
        mean = math.fsum(values) / max(1, len(values))
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(1, len(values)))
        if spread > 0:
            spreads[name] = spread
    return spreads


# ------------------------------------------------------------------------------------------------ one tune


def fault_kind(one: Certificate[Tune]) -> str:
    """The kind of what is wrong with a tune, a key of the table `fault_kind`; "none" where it is well formed."""
    if one.valid:
        return "none"
    if one.music is None:
        return "unreadable"
    if one.music.repairs:
        return "repair"
    if one.music.bar_errors:
        return "bar"
    return "form" if one.music.form_errors else "short"


def verdict(one: Certificate[Tune], wording: Wording) -> str:
    """Whether a tune is well formed, and if not, what is wrong and where."""
    kind = fault_kind(one)
    if kind != "bar":
        return wording.say(f"fault.{kind}")
    assert one.music is not None
    bar = one.music.bar_errors[0]
    return wording.say("fault.bar", bar=bar.number, length=str(bar.length), metre=str(bar.expected))


def shared_sentence(one: Certificate[Tune], wording: Wording) -> str:
    """What a tune shares with the collection, and how usual that is; "" where it was not compared."""
    if one.shared is None:
        return ""
    shared = one.shared.line
    if not shared.length:
        return wording.say("shared.none")
    title = shared.title or wording.say("page.untitled")
    said = wording.say("shared.longest", length=shared.length, of=shared.of, title=title, source=shared.source)
    sentences = [said]
    if shared.tunes > 1:
        sentences.append(wording.say("shared.also", tunes=shared.tunes))
    if not math.isnan(one.percentile):
        sentences.append(wording.say("shared.percentile", percent=hundredth(one.percentile)))
    return joined(sentences, wording)


def near_sentence(one: Certificate[Tune], wording: Wording) -> str:
    """The nearest tune of the collection with notes changed; "" where that is no more than the passage shared."""
    if one.shared is None or one.shared.near.notes <= one.shared.line.length:
        return ""
    near = one.shared.near
    title = near.title or wording.say("page.untitled")
    numbers = {"notes": near.notes, "of": near.of, "title": title, "source": near.source}
    return wording.say("shared.near", identity=percent(near.identity, wording), **numbers)


def unusual(one: Certificate[Tune], wording: Wording) -> list[str]:
    """The measures in which a tune is unlike nearly all real ones, farthest out first, at most four."""
    found = [
        (min(percentile, 100 - percentile), name, percentile)
        for name, percentile in one.percentiles.items()
        if name in MEASURES and not math.isnan(percentile) and not UNUSUAL <= percentile <= 100 - UNUSUAL
    ]
    said = []
    for _, name, percentile in sorted(found)[:MOST_UNUSUAL]:
        high = percentile > 50
        share = hundredth(percentile if high else 100 - percentile)
        value = written(name, one.measures.get(name, math.nan), wording)
        key = "shared.unusual_high" if high else "shared.unusual_low"
        said.append(wording.say(key, name=measure_name(name, wording), value=value, percent=share))
    return said


def bars_of(tune: Tune, notes: Sequence[int]) -> tuple[int, int] | None:
    """The numbers of the first and the last bar that some of its written notes stand in; None for no notes.

    A pickup counts to bar 1.

    >>> from tunewright.formats.abc import parse_abc
    >>> bars_of(parse_abc("X:1\\nL:1/4\\nK:C\\nC|CDEF|GABc|cBAG|")[0], [2, 3, 4, 5, 6])
    (1, 2)
    """
    if not notes:
        return None
    places = [place for place, element in enumerate(tune.music) if isinstance(element, Note)]
    inside = {places[note] for note in notes}
    numbers = [bar.number for bar in tune.measures if inside.intersection(range(bar.start, bar.stop))]
    return (max(1, numbers[0]), max(1, numbers[-1])) if numbers else None
