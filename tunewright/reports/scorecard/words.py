"""What a scorecard says in plain words: the answer to three questions, and what stands out.

In: a `Scorecard` and a `Wording` of its kind of music. Out: text that a musician can read without knowing any of the
measures, in the language of the wording. The sentences stand in the catalogues (`scorecard.toml`, and what is said of
one kind alone in `tunes.toml`, `pieces.toml`); here is decided which of them is true, by the same lines for both kinds.
This file measures nothing and writes no page.

Three questions are asked: is the music well formed, is it like the style, is it copied? Each answer is judged `good`,
`partly` or `bad`, or `open` where nothing can be said. After that come departures: measures in which the music differs
from held-out real music by more than chance, and by enough to be noticed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunewright.judging.scorecard import Certificate, Originality, Scorecard
from tunewright.measuring.intervals import Value
from tunewright.measuring.originality import COPIED
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.scorecard.certificates import UNUSUAL, fault_kind, shared_sentences, verdict
from tunewright.reports.scorecard.numbers import PERCENT, TOLD, beside, counted, hundredth, joined, said_of
from tunewright.reports.scorecard.tells import tells
from tunewright.reports.wording import Wording, format_number, percent

GOOD, PARTLY, BAD, OPEN = "good", "partly", "bad", "open"
MARKS = {GOOD: "✓", PARTLY: "◐", BAD: "✗", OPEN: "○"}

NEARLY_ALL = 0.95  # well formed from which a set needs no sifting
MOSTLY = 0.75  # and from which it is usable; real collections, as printed, lie about here
MORE_COPIES = 0.02  # than real music has: a difference that nobody would notice
HARDLY_TOLD = 0.6  # AUC: below, new music and real music can hardly be told apart
OFTEN_TOLD = 0.8  # AUC: above, they are told apart easily
MANY_MORE = 0.12  # and from which many are copied
BEYOND = 0.05  # of real music shares more than the line of human borrowing, by its definition
MANY_BEYOND = 0.25  # share beyond that line from which the set is said to copy
NOTICED = 0.2  # standard deviations of real music: a small effect (Cohen 1988), below which nobody hears it
MATCH_UNIT = 0.1  # a match that is this much lower counts as much as one standard deviation of another measure
LEAST_SPREAD = 0.05  # of a measure of shares: where real music hardly varies, a trifle would count as much as a fault
MOST_DEPARTURES = 8
MOST_OF_FAMILY: Mapping[str, float] = {Tune.kind: 2, Piece.kind: math.inf}
"""Of the departures told first, so that one fault that shows in many measures leaves room for others."""
RESTATED = ("spread",)  # families of measures that say as distances what others say plainly
OTHER_WAY = {"more": "less", "less": "more"}

FAULTS: Mapping[str, Callable[[Certificate[Any]], str]] = {Tune.kind: fault_kind}
"""The kinds of faults that are counted; those of pieces are not."""
REAL_LENGTHS: Mapping[str, Callable[[float], str]] = {
    Tune.kind: lambda length: f"{length:g}",
    Piece.kind: lambda length: format_number(length).removesuffix(".00"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, how it is judged, and the answer: a few words and some sentences."""

    question: str
    judged: str  # one of MARKS
    head: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Departure:
    """A measure in which music differs from real music, in words; `size` in standard deviations of real music."""

    name: str
    direction: str  # "more" or "less" than real music
    size: float
    sentence: str


# ------------------------------------------------------------------------------------------------ three questions


def answers(card: Scorecard[Any], wording: Wording) -> tuple[Answer, ...]:
    """The three questions of a scorecard, answered."""
    return _form(card, wording), _style(card, wording), _copies(card, wording)


def _answer(topic: str, judged: str, sentences: Iterable[str], wording: Wording) -> Answer:
    return Answer(wording.say(f"ask.{topic}"), judged, wording.say(f"judged.{topic}_{judged}"), tuple(sentences))


def _one_alone(card: Scorecard[Any], wording: Wording) -> bool:
    """Whether there is but one, of a kind of which one alone is spoken of as one."""
    return card.count == 1 and wording.knows("style.alone")


def _form(card: Scorecard[Any], wording: Wording) -> Answer:
    rate = card.valid_rate.value
    if math.isnan(rate):
        return _answer("form", OPEN, [wording.say("form.none")], wording)
    judged = GOOD if rate >= NEARLY_ALL else PARTLY if rate >= MOSTLY else BAD
    return _answer("form", judged, _form_sentences(card, wording), wording)


def _form_sentences(card: Scorecard[Any], wording: Wording) -> Iterator[str]:
    rate = card.valid_rate
    if _one_alone(card, wording):
        yield wording.say("form.one_good") if rate.value else verdict(card.each[0], wording)
    else:
        music = counted(card.count, card.kind, wording)
        yield wording.say("form.rate", rate=percent(rate.value, wording), music=music)
    if not math.isnan(rate.real):
        yield wording.say("form.real", rate=percent(rate.real, wording))
    faults = Counter(FAULTS[card.kind](one) for one in card.each if card.kind in FAULTS and not one.valid)
    if faults and card.count > 1:
        listed = (wording.say(f"fault_kind.{kind}", count=count) for kind, count in faults.most_common(3))
        yield wording.say("form.faults", faults=wording.say("scorecard.comma").join(listed))
    yield from _grammar(card, wording)


def _grammar(card: Scorecard[Any], wording: Wording) -> Iterator[str]:
    """What the model gives without the grammar, so that the grammar hides nothing."""
    if card.drawn is not None and not math.isnan(card.drawn.raw_rate):
        music = counted(card.drawn.raw_tunes, card.kind, wording)
        yield wording.say("form.raw", rate=percent(card.drawn.raw_rate, wording), music=music)
    if card.drawn is not None and not math.isnan(card.drawn.removed_mass):
        yield wording.say("form.removed", share=percent(card.drawn.removed_mass, wording))


def _style(card: Scorecard[Any], wording: Wording) -> Answer:
    test = card.two_sample
    if test is None or math.isnan(test.auc):
        why = "alone" if _one_alone(card, wording) else "unheld" if not card.against else "few"
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


def _copies(card: Scorecard[Any], wording: Wording) -> Answer:
    found = card.originality
    if found is None or math.isnan(found.copy_rate.value):
        return _answer("copies", OPEN, [wording.say("copies.unheld" if found is None else "copies.none")], wording)
    if _one_alone(card, wording) and (said := joined(shared_sentences(card.each[0], wording).values(), wording)):
        return _answer("copies", _copied(card.each[0]), [said], wording)
    rates = (rate.value for rate in (found.beyond_line, found.beyond_beats))
    beyond = max((rate for rate in rates if not math.isnan(rate)), default=0)
    most = max(map(_more_than_real, (found.copy_rate, found.near_rate)))
    judged = BAD if beyond >= MANY_BEYOND or most > MANY_MORE else PARTLY
    if beyond <= 2 * BEYOND and most <= MORE_COPIES:
        judged = GOOD
    return _answer("copies", judged, _borrowing(found, card.kind, wording), wording)


def _copied(one: Certificate[Any]) -> str:
    """How one alone is judged: a copy, a near-copy or one that shares unusually much, or neither."""
    if one.copied:
        return BAD
    if (one.shared is not None and one.shared.near.share >= COPIED) or one.percentile > 100 * (1 - BEYOND):
        return PARTLY
    return OPEN if math.isnan(one.percentile) else GOOD


def _more_than_real(rate: Value) -> float:
    """How much more of something there is than in real music; 0 where that is not known."""
    more = rate.value - (0.0 if math.isnan(rate.real) else rate.real)
    return 0.0 if math.isnan(more) else more


def _borrowing(found: Originality, kind: str, wording: Wording) -> Iterator[str]:
    key = "copies.rate" if found.copy_rate.value else "copies.rate_none"
    yield wording.say(key, **beside("share", found.copy_rate, wording))
    music = counted(found.indexed, kind, wording)
    for name, length in (("longest", found.median_longest), ("beats", found.median_beats)):
        if not math.isnan(length.value):
            numbers = {"value": f"{length.value:g}", "real": REAL_LENGTHS[kind](length.real)}
            yield wording.say(f"copies.{name}", **numbers, music=music)
    for name, line, rate in (
        ("beyond", found.line, found.beyond_line),
        ("beyond_beats", found.beats_line, found.beyond_beats),
    ):
        if line > 0 and not math.isnan(rate.value):
            yield wording.say(f"copies.{name}", line=f"{line:g}", share=percent(rate.value, wording))
    if not math.isnan(found.near_rate.value):
        yield wording.say("copies.near", **beside("share", found.near_rate, wording))
    if found.median_longest.percentile < UNUSUAL and wording.knows("copies.less"):
        yield wording.say("copies.less")


# ------------------------------------------------------------------------------------------------ what stands out


def departures(card: Scorecard[Any], wording: Wording) -> list[Departure]:
    """The measures in which the music differs from real music, most noticeable first; empty where it is like that.

    A measure counts where the value of the set lies among the 2.5 % of real sets at either end (where that is not
    known: where its interval leaves out the real value), by at least a fifth of the standard deviation of real music,
    in a direction that is not for the better. Measures of distances are left out: others say the same more plainly. Of
    each family of measures of tunes, no more than two stand at the head.
    """
    spreads = real_spreads(card.real)
    found = []
    for name, value in _plain(card):
        measure = TOLD[card.kind].measures[name]
        if not beyond_chance(value) or (measure.of_set and card.count == 1):  # one alone makes no style
            continue
        direction = "more" if value.value > value.real else "less"
        least = LEAST_SPREAD if measure.unit in PERCENT else 0
        size = abs(value.value - value.real) / max(spreads.get(name, MATCH_UNIT), least)
        if size >= NOTICED and measure.better in ("real", OTHER_WAY[direction]):
            found.append(Departure(name, direction, size, _departure(name, direction, value, wording)))
    return _mixed(sorted(found, key=lambda departure: -departure.size), card.kind)


def _plain(card: Scorecard[Any]) -> Iterator[tuple[str, Value]]:
    """The measures of a card that say something plainly."""
    measures = TOLD[card.kind].measures
    return ((name, value) for name, value in card.measures.items() if measures[name].family not in RESTATED)


def _mixed(found: Sequence[Departure], kind: str) -> list[Departure]:
    """The same with the first of each family before all others, in order."""
    seen: Counter[str] = Counter()
    first: list[Departure] = []
    rest: list[Departure] = []
    for departure in found:
        family = TOLD[kind].measures[departure.name].family
        seen[family] += 1
        (first if seen[family] <= MOST_OF_FAMILY[kind] else rest).append(departure)
    return first + rest


def beyond_chance(value: Value) -> bool:
    """Whether a set differs from real ones by more than chance: see `departures`."""
    if math.isnan(value.value) or math.isnan(value.real):
        return False
    if not math.isnan(value.percentile):
        return not UNUSUAL <= value.percentile <= 100 - UNUSUAL
    return value.low > value.real or value.high < value.real


def _departure(name: str, direction: str, value: Value, wording: Wording) -> str:
    """A sentence of the measure's own, or else one that fits any, or any match."""
    numbers = beside(name, value, wording)
    of_any = "departs.match" if TOLD[wording.kind].measures[name].of_set else f"departs.{direction}"
    if wording.knows(of_any) and not wording.knows(f"departs.{name}.{direction}"):
        return wording.say(of_any, name=wording.say(f"measure.{name}"), **numbers)
    return said_of(name, "departs.{}." + direction, wording, **numbers)


def alike(card: Scorecard[Any]) -> list[str]:
    """The measures in which nothing tells the music from real music."""
    return [
        name for name, value in _plain(card) if not math.isnan(value.value + value.real) and not beyond_chance(value)
    ]


def real_spreads(real: Sequence[Certificate[Any]]) -> Mapping[str, float]:
    """The standard deviation of each measure over real music; without those that do not vary or are not of each."""
    spreads = {}
    for name in {name for one in real for name in one.measures}:
        values = [value for one in real if not math.isnan(value := one.measures.get(name, math.nan))]
        mean = math.fsum(values) / max(1, len(values))
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(1, len(values)))
        if spread > 0:
            spreads[name] = spread
    return spreads
