"""What a scorecard of pieces says in plain words: three questions answered, what stands out, certificates.

In: a `Scorecard` and a `Wording`. Out: text in the language of the wording. The sentences stand in the catalogues
(`pieces.toml`); here is decided which of them is true, by the same lines as for tunes (`words`). This file measures
nothing and writes no page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.measuring.intervals import Value
from tunewright.measuring.originality import SHORTEST, Shared
from tunewright.measuring.piece_table import PIECE_MEASURES
from tunewright.measuring.two_sample import Tell
from tunewright.music.piece import Piece
from tunewright.reports.scorecard.tells import tell_name
from tunewright.reports.scorecard.words import (
    BAD,
    BEYOND,
    GOOD,
    HARDLY_TOLD,
    LEAST_SPREAD,
    MANY_BEYOND,
    MANY_MORE,
    MATCH_UNIT,
    MORE_COPIES,
    MOST_UNUSUAL,
    MOSTLY,
    NEARLY_ALL,
    NOTICED,
    OFTEN_TOLD,
    OPEN,
    PARTLY,
    PERCENT,
    UNUSUAL,
    Answer,
    Departure,
    beyond_chance,
    counted,
    hundredth,
    joined,
    more_than_real,
    real_spreads,
)
from tunewright.reports.wording import Wording, format_number, percent

NAMED_OTHERWISE = ("chord",)  # kinds of tells that tunes have not
TELLS_IN_PERCENT = ("drum_share",)


# ------------------------------------------------------------------------------------------------ numbers


def written(name: str, value: float, wording: Wording) -> str:
    """A value of a measure with its unit; `name` may be a unit too."""
    unit = PIECE_MEASURES[name].unit if name in PIECE_MEASURES else name
    if unit in PERCENT or math.isnan(value):
        return percent(value, wording)
    number = format_number(float(value))
    number = number.rstrip("0").rstrip(".") if "." in number and value == round(value) else number
    key = f"unit.{unit}"
    return wording.say(key, number=number) if wording.knows(key) else number


def measure_name(name: str, wording: Wording) -> str:
    """What a measure is called."""
    return wording.say(f"piece_measure.{name}")


# ------------------------------------------------------------------------------------------------ three questions


def answers(card: Scorecard[Piece], wording: Wording) -> tuple[Answer, ...]:
    """The three questions of a scorecard, answered."""
    return _form(card, wording), _style(card, wording), _copies(card, wording)


def _answer(topic: str, judged: str, sentences: Iterator[str] | Sequence[str], wording: Wording) -> Answer:
    question = wording.say(f"piece_ask.{topic}")
    return Answer(question, judged, wording.say(f"judged.{topic}_{judged}"), tuple(sentences))


def _form(card: Scorecard[Piece], wording: Wording) -> Answer:
    rate = card.valid_rate.value
    if math.isnan(rate):
        return _answer("form", OPEN, [wording.say("piece_form.none")], wording)
    judged = GOOD if rate >= NEARLY_ALL else PARTLY if rate >= MOSTLY else BAD
    return _answer("form", judged, list(_form_sentences(card, wording)), wording)


def _form_sentences(card: Scorecard[Piece], wording: Wording) -> Iterator[str]:
    pieces = counted(card.count, "piece", wording)
    yield wording.say("piece_form.rate", rate=percent(card.valid_rate.value, wording), pieces=pieces)
    if not math.isnan(card.valid_rate.real):
        yield wording.say("piece_form.real", rate=percent(card.valid_rate.real, wording))
    if card.drawn is not None and not math.isnan(card.drawn.raw_rate):
        drawn = counted(card.drawn.raw_tunes, "piece", wording)
        yield wording.say("piece_form.raw", rate=percent(card.drawn.raw_rate, wording), pieces=drawn)
    if card.drawn is not None and not math.isnan(card.drawn.removed_mass):
        yield wording.say("piece_form.removed", share=percent(card.drawn.removed_mass, wording))


def _style(card: Scorecard[Piece], wording: Wording) -> Answer:
    test = card.two_sample
    if test is None:
        why = "unheld" if not card.against else "few"
        return _answer("style", OPEN, [wording.say(f"piece_style.{why}")], wording)
    wins = {name: hundredth(100 * share) for name, share in (("auc", test.auc), ("low", test.low), ("high", test.high))}
    sentences = [wording.say("piece_style.test", **wins, each_side=test.each_side)]
    if not test.enough:
        sentences.append(wording.say("piece_style.undecided", each_side=test.each_side))
    if not math.isnan(test.floor):
        sentences.append(wording.say("piece_style.floor", floor=hundredth(100 * test.floor)))
    if test.auc > HARDLY_TOLD and test.tells:
        sentences.append(wording.say("style.tell", tell=tell_words(test.tells[0], wording)))
    judged = GOOD if test.auc <= HARDLY_TOLD else PARTLY if test.auc <= OFTEN_TOLD else BAD
    return _answer("style", judged if test.enough else OPEN, sentences, wording)


def tell_words(tell: Tell, wording: Wording) -> str:
    """What tells the pieces from real ones, with its number for both."""
    kind, _, what = tell.key.partition(":")
    if kind in NAMED_OTHERWISE:
        name = wording.say(f"piece_tell.{kind}", what=what.replace("-", " "))
    elif what:
        name = tell_name(tell.key, wording)
    else:
        own = f"piece_tell.{kind}"
        name = wording.say(own) if wording.knows(own) else _inside(measure_name(kind, wording))
    ours, real = (_tell_number(tell.key, value, wording) for value in (tell.ours, tell.real))
    return wording.say(f"piece_style.tell_{tell.direction}", name=name, ours=ours, real=real)


def _inside(name: str) -> str:
    """A name as it stands within a sentence."""
    return name[:1].lower() + name[1:]


def _tell_number(key: str, value: float, wording: Wording) -> str:
    share = ":" in key or key in TELLS_IN_PERCENT
    return percent(value, wording) if share else written(key, value, wording)


def _copies(card: Scorecard[Piece], wording: Wording) -> Answer:
    found = card.originality
    if found is None or math.isnan(found.copy_rate.value):
        why = "unheld" if found is None else "none"
        return _answer("copies", OPEN, [wording.say(f"piece_copies.{why}")], wording)
    beyond = max(0.0, *(v.value for v in (found.beyond_line, found.beyond_beats) if not math.isnan(v.value)))
    most = max(map(more_than_real, (found.copy_rate, found.near_rate)))
    judged = BAD if beyond >= MANY_BEYOND or most > MANY_MORE else PARTLY
    if beyond <= 2 * BEYOND and most <= MORE_COPIES:
        judged = GOOD
    return _answer("copies", judged, list(_borrowing(card, wording)), wording)


def _borrowing(card: Scorecard[Piece], wording: Wording) -> Iterator[str]:
    found = card.originality
    assert found is not None
    beside = {"value": percent(found.copy_rate.value, wording), "real": _real(found.copy_rate, wording)}
    yield wording.say("piece_copies.rate" if found.copy_rate.value else "piece_copies.rate_none", **beside)
    for name, value in (("longest", found.median_longest), ("beats", found.median_beats)):
        pieces = counted(found.indexed, "piece", wording)
        if not math.isnan(value.value):
            numbers = {"value": f"{value.value:g}", "real": format_number(value.real).removesuffix(".00")}
            yield wording.say(f"piece_copies.{name}", **numbers, pieces=pieces)
    for name, line, value in (
        ("beyond", found.line, found.beyond_line),
        ("beyond_beats", found.beats_line, found.beyond_beats),
    ):
        if line > 0 and not math.isnan(value.value):
            yield wording.say(f"piece_copies.{name}", line=f"{line:g}", share=percent(value.value, wording))
    if not math.isnan(found.near_rate.value):
        beside = {"value": percent(found.near_rate.value, wording), "real": _real(found.near_rate, wording)}
        yield wording.say("piece_copies.near", **beside)


def _real(value: Value, wording: Wording) -> str:
    return percent(value.real, wording)


# ------------------------------------------------------------------------------------------------ what stands out


def departures(card: Scorecard[Piece], wording: Wording) -> list[Departure]:
    """The measures in which the pieces differ from real ones by more than chance, most noticeable first."""
    spreads = real_spreads(card.real)
    found = []
    for name, value in card.measures.items():
        measure = PIECE_MEASURES[name]
        if not beyond_chance(value) or (measure.of_set and card.count == 1):
            continue
        direction = "more" if value.value > value.real else "less"
        least = LEAST_SPREAD if measure.unit in PERCENT else 0
        spread = max(spreads.get(name, MATCH_UNIT), least)
        size = abs(value.value - value.real) / spread if spread else math.inf
        if size >= NOTICED and not (measure.better == "more" == direction):
            found.append(Departure(name, direction, size, _departure(name, direction, value, wording)))
    return sorted(found, key=lambda departure: -departure.size)


def _departure(name: str, direction: str, value: Value, wording: Wording) -> str:
    numbers = {"value": written(name, value.value, wording), "real": written(name, value.real, wording)}
    own = f"piece_departs.{name}_{direction}"
    if wording.knows(own):
        return wording.say(own, **numbers)
    kind = "match" if PIECE_MEASURES[name].of_set else direction
    return wording.say(f"piece_departs.{kind}", name=measure_name(name, wording), **numbers)


# ------------------------------------------------------------------------------------------------ one piece


def about(one: Certificate[Piece], wording: Wording) -> str:
    """How large a piece is."""
    if one.music is None:
        return one.name
    sizes = {"part": len(one.music.parts), "bar": len(one.music.bar_lines), "note": one.notes}
    counts = (counted(number, noun, wording) for noun, number in sizes.items())
    return " · ".join((one.name, *counts, wording.say("pieces.seconds", seconds=f"{one.music.seconds:.0f}")))


def shared_sentences(one: Certificate[Piece], wording: Wording) -> dict[str, str]:
    """What a piece shares: of its lines, of its beats, and with notes changed; only what there is to say."""
    shared = one.shared
    if shared is None or not shared.comparable:
        return {}
    said = {
        "line": _with_percentile(_line(shared.line, wording), one.percentile, shared.line.length, wording),
        "beats": _with_percentile(_beats(shared.beats, wording), one.beats_percentile, shared.beats.length, wording),
    }
    near = shared.near
    if near.notes > shared.top.length and near.notes >= SHORTEST:
        title = near.title or wording.say("page.untitled")
        numbers = {"notes": near.notes, "of": near.of, "title": title, "source": near.source}
        said["near"] = wording.say("piece_shared.near", identity=percent(near.identity, wording), **numbers)
    return said


def _line(line: Shared, wording: Wording) -> str:
    if not line.length:
        return wording.say("piece_shared.line_none")
    key = "line" if line.part >= 0 else "top"
    title = line.title or wording.say("page.untitled")
    numbers = {"length": line.length, "of": line.of, "title": title, "source": line.source}
    return wording.say(f"piece_shared.{key}", part=line.part + 1, **numbers)


def _beats(beats: Shared, wording: Wording) -> str:
    if not beats.length:
        return wording.say("piece_shared.beats_none")
    title = beats.title or wording.say("page.untitled")
    numbers = {"length": beats.length, "of": beats.of, "title": title, "source": beats.source}
    return wording.say("piece_shared.beats", **numbers)


def _with_percentile(sentence: str, percentile: float, length: int, wording: Wording) -> str:
    if not length or math.isnan(percentile):
        return sentence
    return joined([sentence, wording.say("piece_shared.percentile", percent=hundredth(percentile))], wording)


def unusual(one: Certificate[Piece], wording: Wording) -> list[str]:
    """The measures in which a piece is unlike nearly all real ones, farthest out first, at most four."""
    found = [
        (min(percentile, 100 - percentile), name, percentile)
        for name, percentile in one.percentiles.items()
        if not math.isnan(percentile) and not UNUSUAL <= percentile <= 100 - UNUSUAL
    ]
    said = []
    for _, name, percentile in sorted(found)[:MOST_UNUSUAL]:
        high = percentile > 50
        share = hundredth(percentile if high else 100 - percentile)
        value = written(name, one.measures.get(name, math.nan), wording)
        key = "piece_shared.unusual_high" if high else "piece_shared.unusual_low"
        said.append(wording.say(key, name=measure_name(name, wording), value=value, percent=share))
    return said
