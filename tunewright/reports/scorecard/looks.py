"""The tunes of a scorecard in which a run looks back most clearly, with arcs over their scores.

In: certificates and `Look`s by their places. Out: data URIs of SVG pictures, with the words beside them. This file
chooses which tunes are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunewright.generation.attention import Look
from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.music.tune import Tune
from tunewright.reports.looks import score_with_looks
from tunewright.reports.media import data_uri
from tunewright.reports.scorecard.certificates import bars_of
from tunewright.reports.scorecard.scores import compact_svg
from tunewright.reports.wording import Wording
from tunewright.support.errors import RenderError

MOST_SHOWN = 4
CLEAREST = 10  # looks of a tune by which it is chosen


@dataclass(frozen=True, slots=True)
class LookingBack:
    """A tune, by its place on the card, with arcs from notes to those that the run looked back at."""

    place: int
    score: str
    alt: str
    most: str


def looking_back(card: Scorecard[Tune], looks: Mapping[int, Sequence[Look]], wording: Wording) -> list[LookingBack]:
    """The tunes whose clearest looks stand out most, of those that `looks` has, by place."""
    ranked = sorted((place for place in looks if looks[place]), key=lambda place: -_clearness(looks[place]))
    shown = [_looking_back(place, card.each[place], looks[place], wording) for place in ranked[:MOST_SHOWN]]
    return [one for one in shown if one.score]


def _clearness(looks: Sequence[Look]) -> float:
    clearest = looks[:CLEAREST]
    return sum(look.times for look in clearest) / len(clearest)


def _looking_back(place: int, one: Certificate[Tune], looks: Sequence[Look], wording: Wording) -> LookingBack:
    assert one.music is not None
    most = looks[0]
    ends = (bars_of(one.music, [note]) for note in (most.note, most.back_to))
    later, earlier = (bars[0] if bars else 0 for bars in ends)
    try:
        score = data_uri("image/svg+xml", compact_svg(score_with_looks(one.music, looks)).encode())
    except RenderError:
        score = ""
    return LookingBack(
        place,
        score,
        wording.say("scorecard.looks_alt", title=one.title or wording.say("page.untitled")),
        wording.say("scorecard.looks_most", later=later, earlier=earlier, times=f"{most.times:.0f}"),
    )
