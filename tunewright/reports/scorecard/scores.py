"""Sheet music for the page of a scorecard: shared passages marked, surprise coloured, and small enough for a page.

In: certificates, the tunes that were searched, and how surprising each note is. Out: data URIs of SVG pictures, with
the words beside them. How a score is drawn is in `formats.engraving`, which colour a surprise has in
`generation.surprise`; this file chooses which tunes are shown and which notes are marked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tunewright.formats.engraving import to_svg
from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.measuring.originality import COPIED, Near, Shared
from tunewright.music.tune import Tune
from tunewright.reports.media import data_uri
from tunewright.reports.scorecard.certificates import bars_of, shared_sentences
from tunewright.reports.scorecard.numbers import joined
from tunewright.reports.wording import Wording, as_title
from tunewright.support.errors import RenderError

SHARED_COLOUR = "#0072b2"  # blue against black: no kind of colour blindness takes one for the other
CHANGED_COLOUR = "#d55e00"  # nor this orange for either
MOST_PAIRS = 4
MOST_SURPRISES = 4
SURPRISES_NAMED = 3
FEWEST_SHARED = 2  # notes
BUDGET = 10_000_000  # characters of the list of tunes, so that a page stays under 15 MB
ROW = 3_000  # of these, for a tune without its score
MOST_SCORES = 150  # in that list; each takes some 30 ms
COLOURS = ((5.0, "#a06a00"), (8.0, "#d0006f"))  # of notes, from so many bits on


@dataclass(frozen=True, slots=True)
class Side:
    """One of two tunes that share a passage; `score` is a data URI, "" where it cannot be drawn.

    `middle` says how far down the score the passage stands, 0 to 1.
    """

    role: str
    title: str
    where: str
    score: str
    alt: str
    middle: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A tune, by its place on the card, and the tune that it shares a passage with."""

    place: int
    sentence: str
    sides: tuple[Side, Side]


@dataclass(frozen=True, slots=True)
class Surprising:
    """A tune, by its place on the card, with its notes coloured by surprise."""

    place: int
    about: str
    score: str
    alt: str
    most: str


# ------------------------------------------------------------------------------------------------ drawing


def score_uri(tune: Tune | None, colours: Mapping[int, str] | None = None) -> str:
    """The score of a tune as a data URI, some of its notes in colour; "" where it cannot be drawn."""
    if tune is None or not tune.notes:
        return ""
    try:
        return data_uri("image/svg+xml", compact_svg(to_svg(tune, colours=colours)).encode())
    except RenderError:
        return ""


def compact_svg(svg: str) -> str:
    """The same picture in fewer characters: without names that nothing refers to, and empty groups.

    >>> compact_svg('<svg><g id="a" class="b"><g id="c"/></g><g id="d"><use href="#d"/></g></svg>')
    '<svg><g id="d"><use href="#d"/></g></svg>'
    """
    known, styled = set(re.findall(r"#([\w-]+)", svg)), set(re.findall(r"\bg\.([\w.]+)", svg))
    styled = {name for names in styled for name in names.split(".")}
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in known else "", svg)
    svg = re.sub(r' class="([^"]*)"', lambda found: found[0] if styled & set(found[1].split()) else "", svg)
    svg = re.sub(r">\s+<", "><", svg)
    while (shorter := re.sub(r"<g(?: id=\"[^\"]*\")?(?:/>|></g>)", "", svg)) != svg:
        svg = shorter
    return svg


def scores_within(each: Sequence[Certificate[Tune]], first: Iterable[int]) -> dict[int, str]:
    """Scores of as many tunes as a page has room for, by their place: those in `first` before the others."""
    scores: dict[int, str] = {}
    room = BUDGET - ROW * len(each)
    for place in dict.fromkeys((*first, *range(len(each)))):
        if len(scores) == MOST_SCORES or room <= 0:
            break
        if score := score_uri(each[place].music):
            scores[place] = score
            room -= len(score)
    return scores


# ------------------------------------------------------------------------------------------------ shared passages


def shared_pairs(card: Scorecard[Tune], others: Sequence[Tune], wording: Wording) -> list[Pair]:
    """The tunes that share most with one of `others`, most first, each with that one; none without `others`."""
    found = {place: passage for place, one in enumerate(card.each) if (passage := _passage(one)) is not None}
    known = [place for place, passage in found.items() if passage.there < len(others)]
    ranked = sorted(known, key=lambda place: (-found[place].length, -found[place].share, place))
    return [_pair(place, card.each[place], found[place], others, wording) for place in ranked[:MOST_PAIRS]]


def _passage(one: Certificate[Tune]) -> Shared | Near | None:
    """What of a tune is shown as shared: the longest passage, or of a near-copy that with its changed notes."""
    if one.shared is None:
        return None
    line, near = one.shared.line, one.shared.near
    if near.share >= COPIED and near.length > line.length:
        return near
    return line if line.length >= FEWEST_SHARED and line.there >= 0 else None


def _pair(place: int, one: Certificate[Tune], passage: Shared | Near, others: Sequence[Tune], wording: Wording) -> Pair:
    assert one.music is not None
    there = others[passage.there]
    notes, changed = (passage.notes, ()) if isinstance(passage, Shared) else (passage.notes_of, passage.changed)
    marks = dict.fromkeys(notes, SHARED_COLOUR) | dict.fromkeys(changed, CHANGED_COLOUR)
    marks_there = dict.fromkeys(passage.notes_there, SHARED_COLOUR)
    sides = (
        _side("here", one.title, one.music, marks, wording),
        _side("there", there.title, there, marks_there, wording),
    )
    return Pair(place, joined(shared_sentences(one, wording).values(), wording), sides)


def _side(role: str, title: str, tune: Tune, marks: Mapping[int, str], wording: Wording) -> Side:
    title = as_title(title) or wording.say("page.untitled")
    bars = bars_of(tune, list(marks))
    key = "scorecard.copies_bars" if bars and bars[0] != bars[1] else "scorecard.copies_bar"
    where = wording.say(key, first=bars[0], last=bars[1]) if bars else ""
    alt = wording.say("scorecard.copies_marked", title=title, where=where)
    middle = sum(marks) / max(1, len(marks)) / max(1, len(tune.notes))
    return Side(wording.say(f"scorecard.copies_{role}"), title, where, score_uri(tune, marks), alt, f"{middle:.2f}")


# ------------------------------------------------------------------------------------------------ surprise


def surprising_tunes(
    card: Scorecard[Tune], surprises: Mapping[int, Sequence[float]], wording: Wording
) -> list[Surprising]:
    """The tunes that surprise a run most, by the mean over their notes, of those that `surprises` has, by place."""
    means = {place: _mean(bits) for place, bits in surprises.items()}
    ranked = sorted((place for place in means if not math.isnan(means[place])), key=lambda place: -means[place])
    shown = [_surprising(place, card.each[place], surprises[place], wording) for place in ranked[:MOST_SURPRISES]]
    return [one for one in shown if one.score]


def surprise_scale(wording: Wording) -> Iterator[tuple[str, str]]:
    """Each colour of surprise, and what it stands for; black first."""
    yield "#000000", wording.say("scorecard.scale_least", cases=round(2 ** COLOURS[0][0]))
    for least, colour in COLOURS:
        yield colour, wording.say("scorecard.scale", cases=round(2**least))


def _surprising(place: int, one: Certificate[Tune], bits: Sequence[float], wording: Wording) -> Surprising:
    assert one.music is not None
    title = one.title or wording.say("page.untitled")
    told = {note: value for note, value in enumerate(bits) if not math.isnan(value)}
    highest = sorted(sorted(told, key=lambda note: -told[note])[:SURPRISES_NAMED])
    named = wording.say("scorecard.comma").join(_note_at(one.music, note, told[note], wording) for note in highest)
    return Surprising(
        place,
        wording.say("scorecard.certificate_surprise_said", bits=f"{_mean(bits):.2f}"),
        score_uri(one.music, heat(bits)),
        wording.say("scorecard.surprises_alt", title=title),
        wording.say("scorecard.surprises_most", notes=named) if named else "",
    )


def _note_at(tune: Tune, note: int, bits: float, wording: Wording) -> str:
    bars = bars_of(tune, [note])
    pitch = str(tune.notes[note].pitch).replace("#", "♯").replace("b", "♭")
    return wording.say("scorecard.surprises_note_at", pitch=pitch, bar=bars[0] if bars else 0, bits=f"{bits:.1f}")


def _mean(values: Iterable[float]) -> float:
    told = [value for value in values if not math.isnan(value)]
    return math.fsum(told) / len(told) if told else math.nan


def heat(bits: Sequence[float]) -> dict[int, str]:
    """A colour for each surprising note, by its place: the redder, the less expected; others, and NaN, stay black.

    Amber from 5 bits on (rarer than 1 in 32), magenta from 8 (1 in 256): both stand out on white (contrast over 4.5),
    and no kind of colour blindness takes one for the other or for black. A third step between would be lost on some.

    >>> heat([0.5, 5.0, 12.0])
    {1: '#a06a00', 2: '#d0006f'}
    """
    return {place: colour for place, one in enumerate(bits) for least, colour in COLOURS if one >= least}
