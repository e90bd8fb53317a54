"""What a scorecard says of one tune or piece in plain words: its fault, what it shares, and what is unusual in it.

In: a `Certificate` and a `Wording` of its kind of music. Out: sentences in the language of the wording, and a few words
on what it is. What differs between tunes and pieces stands side by side in `OF_KIND`. This file measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunewright.judging.scorecard import Certificate
from tunewright.measuring.originality import SHORTEST, Near, Shared
from tunewright.music.piece import Piece
from tunewright.music.tune import Key, Note, Tune
from tunewright.reports.scorecard.numbers import TOLD, counted, hundredth, joined, measure_name, written
from tunewright.reports.wording import Wording, as_title, percent

UNUSUAL = 2.5  # percent of real music at either end
MOST_UNUSUAL = 4
DETAILED = ("unreadable", "form", "repair", "short")  # faults of tunes of which the reader's own words say more


@dataclass(frozen=True, slots=True)
class OfKind:
    """How one kind of music is spoken of."""

    about: Callable[[Any, Wording], Sequence[str]]  # what it is, and how large
    verdict: Callable[[Certificate[Any], Wording], str]  # whether it is well formed, or else what is wrong
    detail: Callable[[Certificate[Any]], str]  # the problem in the reader's words, where the verdict says less
    shared: Callable[[Certificate[Any], Wording], dict[str, str]]  # by the names of `scorecard.certificate_…`


# ------------------------------------------------------------------------------------------------ faults


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


def _verdict_of_tune(one: Certificate[Tune], wording: Wording) -> str:
    kind = fault_kind(one)
    if kind != "bar":
        return wording.say(f"fault.{kind}")
    assert one.music is not None
    bar = one.music.bar_errors[0]
    return wording.say("fault.bar", bar=bar.number, length=str(bar.length), metre=str(bar.expected))


def _verdict_of_piece(one: Certificate[Piece], wording: Wording) -> str:
    return wording.say("fault.none") if one.valid else ""


def verdict(one: Certificate[Any], wording: Wording) -> str:
    """Whether it is well formed, and if not, what is wrong and where; "" where only the problem says so."""
    return OF_KIND[wording.kind].verdict(one, wording)


# ------------------------------------------------------------------------------------------------ what it is


def about(one: Certificate[Any], wording: Wording) -> str:
    """Its name, what it is and how large, in a few words."""
    size = OF_KIND[wording.kind].about(one.music, wording) if one.music else ()
    return " · ".join(filter(None, (as_title(one.name), *size)))


def _about_tune(tune: Tune, wording: Wording) -> Sequence[str]:
    key = f"rhythm.{tune.rhythm.lower()}"
    rhythm = wording.say(key) if wording.knows(key) else as_title(tune.rhythm)
    return rhythm, key_words(tune.key, wording), str(tune.meter), counted(len(tune.notes), "note", wording)


def _about_piece(piece: Piece, wording: Wording) -> Sequence[str]:
    sizes = {"part": len(piece.parts), "bar": len(piece.bar_lines), "note": piece.notes}
    counts = (counted(number, noun, wording) for noun, number in sizes.items())
    return *counts, wording.say("scorecard.seconds", seconds=f"{piece.seconds:.0f}")


def key_words(key: Key, wording: Wording) -> str:
    """A key as people name it; "" where a tune claims none.

    >>> key_words(Key("F#", "minor"), Wording("en"))
    'F♯ minor'
    """
    if key.tonic is None:
        return ""
    tonic = key.tonic.replace("#", "♯").replace("b", "♭")
    return wording.say("scorecard.key", tonic=tonic, mode=wording.say(f"mode.{key.mode}"))


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


# ------------------------------------------------------------------------------------------------ what it shares


def shared_sentences(one: Certificate[Any], wording: Wording) -> dict[str, str]:
    """What it shares with the collection, by the names of `scorecard.certificate_…`; only what there is to say."""
    return OF_KIND[wording.kind].shared(one, wording)


def _shared_of_tune(one: Certificate[Tune], wording: Wording) -> dict[str, str]:
    if one.shared is None:
        return {}
    line, near = one.shared.line, one.shared.near
    said = _passage("line", line, one.percentile, wording)
    return {"shared": said} | (_near(near, wording) if near.notes > line.length else {})


def _shared_of_piece(one: Certificate[Piece], wording: Wording) -> dict[str, str]:
    shared = one.shared
    if shared is None or not shared.comparable:
        return {}
    key = "line" if shared.line.part >= 0 or not shared.line.length else "top"
    said = {
        "line": _passage(key, shared.line, one.percentile, wording),
        "beats": _passage("beats", shared.beats, one.beats_percentile, wording),
    }
    near = shared.near
    return said | (_near(near, wording) if near.notes > shared.top.length and near.notes >= SHORTEST else {})


def _passage(key: str, shared: Shared, percentile: float, wording: Wording) -> str:
    """The longest passage shared, and how usual that is."""
    if not shared.length:
        return wording.say(f"shared.{key}_none")
    title = shared.title or wording.say("page.untitled")
    numbers = {"length": shared.length, "of": shared.of, "title": title, "source": shared.source}
    sentences = [wording.say(f"shared.{key}", **numbers, part=shared.part + 1)]
    if shared.tunes > 1:
        sentences.append(wording.say("shared.also", tunes=shared.tunes))
    if not math.isnan(percentile):
        sentences.append(wording.say("shared.percentile", percent=hundredth(percentile)))
    return joined(sentences, wording)


def _near(near: Near, wording: Wording) -> dict[str, str]:
    """What it is like with notes changed."""
    title = near.title or wording.say("page.untitled")
    numbers = {"notes": near.notes, "of": near.of, "title": title, "source": near.source}
    return {"near": wording.say("shared.near", identity=percent(near.identity, wording), **numbers)}


def certificate_lines(one: Certificate[Any], wording: Wording) -> dict[str, str]:
    """The lines of a certificate between its form and what is unusual in it, each by its title."""
    said = {f"certificate_{name}": words for name, words in shared_sentences(one, wording).items()}
    if not math.isnan(one.bits_per_note):
        bits = f"{one.bits_per_note:.2f}"
        said["certificate_surprise"] = wording.say("scorecard.certificate_surprise_said", bits=bits)
    return {wording.say(f"scorecard.{name}"): words for name, words in said.items()}


def unusual(one: Certificate[Any], wording: Wording) -> list[str]:
    """The measures in which it is unlike nearly all real music, farthest out first, at most four."""
    found = [
        (min(percentile, 100 - percentile), name, percentile)
        for name, percentile in one.percentiles.items()
        if name in TOLD[wording.kind].measures
        and not math.isnan(percentile)
        and not UNUSUAL <= percentile <= 100 - UNUSUAL
    ]
    said = []
    for _, name, percentile in sorted(found)[:MOST_UNUSUAL]:
        high = percentile > 50
        share = hundredth(percentile if high else 100 - percentile)
        value = written(name, one.measures.get(name, math.nan), wording)
        key = "shared.unusual_high" if high else "shared.unusual_low"
        said.append(wording.say(key, name=measure_name(name, wording), value=value, percent=share))
    return said


OF_KIND: Mapping[str, OfKind] = {
    Tune.kind: OfKind(
        _about_tune,
        _verdict_of_tune,
        lambda one: one.problem if fault_kind(one) in DETAILED else "",
        _shared_of_tune,
    ),
    Piece.kind: OfKind(_about_piece, _verdict_of_piece, lambda one: one.problem, _shared_of_piece),
}
