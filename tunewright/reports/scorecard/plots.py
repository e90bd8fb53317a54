"""The pictures of a scorecard: distributions over each, matches of a set, the frontier of settings.

In: a `Scorecard` and a `Wording`, or plain numbers and the words beside them. Out: inline SVG elements in the look of
`curves`. What is judged is blue, real music is grey or in the page's own ink; shapes say the same as colours do. This
file measures nothing and writes no page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunewright.judging.scorecard import FrontierPoint, Scorecard
from tunewright.measuring.intervals import Value
from tunewright.reports.components import Figure
from tunewright.reports.curves import INK, inline_svg, page_figure, plain_axes, series_colour
from tunewright.reports.scorecard.numbers import PERCENT, beside, by_family, measure_name, numbers_of, unit_of, written
from tunewright.reports.scorecard.tables import setting_words
from tunewright.reports.wording import Wording, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS = 1  # the series of the page in blue
BINS = 14
FEW = 12  # values that are shown one by one
OUTER = 0.01  # share at either end that is counted into the outermost bins
SOUND = 0.5  # share that is well formed without the grammar, from which a point is filled


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval beside the same of real music; NaN where there is none."""

    name: str
    value: float
    low: float
    high: float
    real: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A setting on the frontier, in percent: how original it is (x) and how like the style (y), with intervals."""

    name: str
    x: float
    y: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    sound: bool  # half of its tunes or more are well formed without the grammar


# ------------------------------------------------------------------------------------------------ of a card


def distribution_figures(card: Scorecard[Any], wording: Wording) -> Iterator[tuple[str, tuple[Figure, ...]]]:
    """How each thing that was measured of each is spread, by families of measures, each with its name."""
    for family, names in by_family(card).items():
        figures = tuple(figure for name in names if (figure := _distribution_figure(card, name, wording)))
        if figures:
            yield wording.say(f"family.{family}"), figures


def _distribution_figure(card: Scorecard[Any], name: str, wording: Wording) -> Figure | None:
    ours, real = ([value for _, value in numbers_of(some, name)] for some in (card.each, card.real))
    if not ours:
        return None
    told = {"value": written(name, _mean(ours), wording)} | _quarters("", name, ours, wording)
    if real:
        told |= {"real": written(name, _mean(real), wording)} | _quarters("real_", name, real, wording)
    suffix, title = "" if real else "_alone", measure_name(name, wording)
    label = wording.say(f"scorecard.distribution_alt{suffix}", name=title, **told)
    scale = 100 if unit_of(name, wording) in PERCENT else 1
    svg = distribution([scale * value for value in ours], [scale * value for value in real], label)
    return Figure(svg, title, wording.say(f"scorecard.distribution{suffix}", **told))


def _quarters(which: str, name: str, values: Sequence[float], wording: Wording) -> dict[str, str]:
    """The first quarter, the middle and the third quarter of some values in words."""
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    found = zip(("low", "middle", "high"), np.quantile(values, (0.25, 0.5, 0.75)).tolist(), strict=True)
    return {which + part: written(name, value, wording) for part, value in found}


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def matches_figure(card: Scorecard[Any], wording: Wording) -> str:
    """How alike a whole set is to a style, measure by measure; "" where nothing is known."""
    return _matches(card, "match", wording)


def overlaps_figure(card: Scorecard[Any], wording: Wording) -> str:
    """How far tunes lie from real ones, against how far these do from one another; "" where nothing is known."""
    return _matches(card, "overlap", wording)


def _matches(card: Scorecard[Any], unit: str, wording: Wording) -> str:
    known = {
        name: value
        for name, value in card.measures.items()
        if unit_of(name, wording) == unit and not math.isnan(value.value)
    }
    names = {name: measure_name(name, wording) for name in known}
    if unit == "overlap":
        names = {name: wording.say(f"feature.{name.removeprefix('overlap_')}") for name in known}
    said = (
        wording.say("scorecard.matches_value", name=names[name], **beside(name, value, wording))
        for name, value in known.items()
    )
    label = wording.say("scorecard.matches_alt", values=" ".join(said))
    rows = [
        Interval(names[name], *(100 * part for part in (value.value, value.low, value.high, value.real)))
        for name, value in known.items()
    ]
    return matches(rows, wording.say(f"scorecard.{unit}_axis"), label)


def frontier_figure(card: Scorecard[Any], wording: Wording) -> str:
    """The settings of a run between style and originality; "" where it has no frontier."""
    points = card.frontier
    if not points:
        return ""
    names = [setting_words(point, points, wording) for point in points]
    values = (
        wording.say(
            "scorecard.frontier_value",
            setting=name,
            style=percent(point.style.value, wording),
            originality=percent(point.originality.value, wording),
            raw=percent(point.raw_rate, wording),
        )
        for name, point in zip(names, points, strict=True)
    )
    label = wording.say("scorecard.frontier_alt", values=" ".join(values))
    real = (100 * points[0].originality.real, 100 * points[0].style.real)
    words = (wording.say("scorecard.frontier_original"), wording.say("scorecard.frontier_style"), label)
    return frontier([_spot(*pair) for pair in zip(names, points, strict=True)], card.knee, real, words)


def _spot(name: str, point: FrontierPoint) -> Spot:
    new, like = point.originality, point.style
    sound = not point.raw_rate < SOUND
    return Spot(name, 100 * new.value, 100 * like.value, _range(new), _range(like), sound)


def _range(value: Value) -> tuple[float, float]:
    return 100 * value.low, 100 * value.high


# ------------------------------------------------------------------------------------------------ distributions


def distribution(ours: Sequence[float], real: Sequence[float], label: str) -> str:
    """How some values are spread, as an outline over that of real ones, filled; `label` is for who cannot see it.

    Both in shares of their own number, so that sets of any size can be compared; so few of ours that a share of them
    means little stand as one line each. Values that are NaN are left out; "" where none of `ours` is left.
    """
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    ours, real = ([value for value in values if math.isfinite(value)] for values in (ours, real))
    if not ours:
        return ""
    edges = bin_edges(ours, real)
    with page_figure(2.5, 1.35, label) as figure:
        axes = figure.add_subplot()
        if real:
            shares = np.histogram(np.clip(real, edges[0], edges[-1]), edges)[0] / len(real)
            axes.stairs(shares, edges, fill=True, color=INK, alpha=0.24)
        if len(ours) <= FEW:
            values = np.clip(ours, edges[0], edges[-1])
            axes.vlines(values, 0, 0.6 * axes.get_ylim()[1], color=series_colour(OURS), linewidth=2)
        else:
            shares = np.histogram(np.clip(ours, edges[0], edges[-1]), edges)[0] / len(ours)
            axes.stairs(shares, edges, color=series_colour(OURS), linewidth=2)
        plain_axes(axes)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=3)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        room = 0.02 * (edges[-1] - edges[0])
        axes.set_xlim(edges[0] - room, edges[-1] + room)
        axes.set_ylim(bottom=0)
        return inline_svg(figure, label)


def bin_edges(ours: Sequence[float], real: Sequence[float]) -> list[float]:
    """The edges of at most 14 bins for two samples: between the first and the last of 100 values of either.

    Counts (whole numbers) get bins that each hold equally many of them.

    >>> bin_edges([1, 2, 3], [2, 3, 4])
    [0.5, 1.5, 2.5, 3.5, 4.5]
    """
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    ends = [np.quantile(values, (OUTER, 1 - OUTER), method="nearest") for values in (ours, real) if len(values)]
    low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
    if all(float(value).is_integer() for value in (*ours, *real)):
        step = max(1, math.ceil((high - low + 1) / BINS))
        return [low - 0.5 + step * place for place in range(math.ceil((high - low + 1) / step) + 1)]
    if low == high:
        low, high = low - 0.5, high + 0.5
    return [low + (high - low) * place / BINS for place in range(BINS + 1)]


# ------------------------------------------------------------------------------------------------ a set


def matches(rows: Sequence[Interval], x_label: str, label: str) -> str:
    """Values in percent, one under the other, each with its interval and the mark of real sets; "" where none is."""
    drawn = [row for row in rows if math.isfinite(row.value)]
    if not drawn:
        return ""
    with page_figure(5.6, 0.34 * len(drawn) + 0.7, label) as figure:
        axes = figure.add_subplot()
        for place, row in enumerate(drawn):
            if math.isfinite(row.low + row.high):
                axes.plot((row.low, row.high), (place, place), color=series_colour(OURS), linewidth=2.5)
            axes.plot([row.value], [place], "o", markersize=7, color=series_colour(OURS))
            if math.isfinite(row.real):
                axes.plot((row.real, row.real), (place - 0.36, place + 0.36), color=INK, linewidth=2)
        plain_axes(axes)
        axes.grid(axis="x", color=INK, alpha=0.12)
        axes.grid(visible=False, axis="y")
        axes.set_yticks(range(len(drawn)), [row.name for row in drawn])
        axes.set_ylim(len(drawn) - 0.4, -0.6)
        axes.set_xlim(right=100)
        axes.set_xlabel(x_label, color=INK)
        return inline_svg(figure, label)


def frontier(spots: Sequence[Spot], knee: int | None, real: tuple[float, float], words: tuple[str, str, str]) -> str:
    """Settings in the order given, joined by a line, the knee ringed, real tunes as a cross; "" where none can be.

    `words` are the names of the axes, x and y, and the label for who cannot see the picture.
    """
    drawn = [(place, spot) for place, spot in enumerate(spots) if math.isfinite(spot.x + spot.y)]
    if not drawn:
        return ""
    with page_figure(5.6, 4.0, words[2]) as figure:
        axes = figure.add_subplot()
        axes.plot([spot.x for _, spot in drawn], [spot.y for _, spot in drawn], color=series_colour(OURS), alpha=0.5)
        for place, spot in drawn:
            _draw_spot(axes, spot, place == knee, above=place % 2 == 0)
        if all(map(math.isfinite, real)):
            axes.plot(*([each] for each in real), "+", markersize=14, markeredgewidth=2.5, color=INK)
        plain_axes(axes)
        axes.grid(color=INK, alpha=0.12)
        axes.margins(0.12)
        axes.set_xlabel(words[0], color=INK)
        axes.set_ylabel(words[1], color=INK)
        return inline_svg(figure, words[2])


def _draw_spot(axes: Axes, spot: Spot, knee: bool, above: bool) -> None:
    colour = series_colour(OURS)
    if all(map(math.isfinite, spot.x_range)):
        axes.plot(spot.x_range, (spot.y, spot.y), color=colour, linewidth=1, alpha=0.5)
    if all(map(math.isfinite, spot.y_range)):
        axes.plot((spot.x, spot.x), spot.y_range, color=colour, linewidth=1, alpha=0.5)
    face = colour if spot.sound else "none"
    axes.plot([spot.x], [spot.y], "o", markersize=8, color=colour, markerfacecolor=face, markeredgewidth=2)
    if knee:
        axes.plot([spot.x], [spot.y], "o", markersize=17, color=INK, markerfacecolor="none", markeredgewidth=1.5)
    axes.annotate(
        spot.name, (spot.x, spot.y), xytext=(9, 9 if above else -9), textcoords="offset points",
        verticalalignment="bottom" if above else "top", color=INK, fontweight="bold" if knee else "normal",
    )  # fmt: skip
