"""What was measured as pictures for a page: losses over time, quantities over a setting, probabilities as bars.

In: plain numbers and the words beside them. Out: inline SVG elements that take the colours of the page they stand
in, `--s0` to `--s7` for the series, and their text in the page's fonts, so that any script can be read. This file
reads no run and knows no language.
"""

from __future__ import annotations

import html
import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#010203"  # stands for the page's own text colour in a plot, replaced after drawing
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.parse_math": False,  # a "$" in a tune is a sign, not a formula
}
COLOURS = 8  # series colours of a page; a ninth series takes the first again, in another dash
DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (2, 1.5), (7, 2, 1.5, 2), (4, 1.5, 1, 1.5, 1, 1.5))
"""Lengths on and off of a line's dashes, in line widths."""
POINTS = 160  # of a line; more cannot be seen at the width of a page
QUIET = -1  # the style of a thin line in the page's own colour, for what the series are compared with


@dataclass(frozen=True, slots=True)
class Measurement:
    """The loss after a step, in nats per character or token; `valid` is None where it was not measured."""

    step: int
    train: float | None
    valid: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A line over x with, where it has one, the range around it; `style` chooses its colour and dash."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    style: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """The axes of one quantity; `marks` are thin level lines with a word."""

    y_label: str
    series: tuple[Series, ...]
    marks: tuple[tuple[str, float], ...] = ()
    lowest_marked: bool = False  # a dot on the lowest point of each line


# ------------------------------------------------------------------------------------------------ one run


def loss_curves(measurements: Sequence[Measurement], best_step: int, unit: str = "character") -> str:
    """Training and held-out loss over the steps, with the best step marked, as an inline SVG element.

    Its text and axes take the colour of the page; "" where nothing was measured.
    """
    train = [(each.step, each.train) for each in measurements if each.train is not None]
    valid = [(each.step, each.valid) for each in measurements if each.valid is not None]
    if not train and not valid:
        return ""
    with page_figure(8, 3.6, "loss curves") as figure:
        axes = figure.add_subplot()
        axes.plot(*zip(*train, strict=True), color="#9a9387", linewidth=1.2, label="training")
        if valid:
            axes.plot(
                *zip(*valid, strict=True), color="#c8612a", linewidth=2.2, marker="o", markersize=3, label="held out"
            )
            _mark_best(axes, dict(valid), best_step)
        losses = [loss for _, loss in train + valid]
        low, late = min(losses), sorted(losses)[int(0.97 * (len(losses) - 1))]
        axes.set_ylim(max(0.0, low - 0.1), late + 0.25)  # the first steps would flatten the rest
        axes.set_xlabel("step", color=INK)
        axes.set_ylabel(f"nats per {unit}", color=INK)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        plain_axes(axes)
        axes.legend(frameon=False, labelcolor=INK)
        return inline_svg(figure, f"Loss curves: training and held-out loss over the steps; best at step {best_step:,}")


def _mark_best(axes: Axes, valid: Mapping[int, float], best_step: int) -> None:
    if best_step not in valid:
        return
    axes.plot([best_step], [valid[best_step]], "o", markersize=10, markerfacecolor="none", color=INK)
    axes.annotate(
        f"best: {valid[best_step]:.3f} at step {best_step:,}",
        (best_step, valid[best_step]),
        xytext=(0, 22),
        textcoords="offset points",
        horizontalalignment="right",
        color=INK,
    )


# ------------------------------------------------------------------------------------------------ many runs


def spread_over_runs(
    curves: Sequence[tuple[Sequence[float], Sequence[float]]], name: str = "", style: int = 0
) -> Series:
    """The mean and the range of several curves, each (x, y) with rising x, at no more than 160 places.

    It goes as far as every curve does, between their points in straight lines; points that are NaN are left out. A
    series without points where there are no curves, one of them has no points, or they have no x in common.
    """
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    finite = [
        [(x, y) for x, y in zip(*curve, strict=True) if math.isfinite(x) and math.isfinite(y)] for curve in curves
    ]
    if not finite or not all(finite):
        return Series(name, (), (), style=style)
    first, last = max(points[0][0] for points in finite), min(points[-1][0] for points in finite)
    places = sorted({x for points in finite for x, _ in points if first <= x <= last} | {last})
    if first > last:
        return Series(name, (), (), style=style)
    if len(places) > POINTS:
        places = np.linspace(first, last, POINTS).tolist()
    lines = np.array([np.interp(places, [x for x, _ in points], [y for _, y in points]) for points in finite])
    low, high = (lines.min(axis=0), lines.max(axis=0)) if len(lines) > 1 else ((), ())
    return Series(name, tuple(places), tuple(lines.mean(axis=0)), tuple(low), tuple(high), style)


def line_plot(
    panels: Sequence[Panel],
    x_label: str,
    label: str,
    *,
    height: float = 5.2,
    width: float = 5.0,
    x_ticks: Sequence[float] = (),
    logarithmic: bool = False,
    direct: bool = False,
) -> str:
    """Panels over one x axis, one above the other, as an inline SVG element; `label` is for who cannot see it.

    `height` and `width` are in inches of a 72-point page. `direct` writes the names at the ends of the lines, for
    lines that all end at the right. "" where no line has a point.
    """
    drawn = [(panel, [each for each in panel.series if any(math.isfinite(y) for y in each.y)]) for panel in panels]
    if not any(series for _, series in drawn):
        return ""
    with page_figure(width, height, label) as figure:
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (panel, series) in zip(rows, drawn, strict=True):
            _draw_panel(axes, panel, series)
            if logarithmic:
                axes.set_xscale("log")
            if direct:
                _name_at_ends(axes, series, height / len(panels))
        rows[-1].set_xlabel(x_label, color=INK)
        if x_ticks:
            rows[-1].set_xticks(x_ticks, [f"{tick:g}" for tick in x_ticks], minor=False)
            rows[-1].set_xticks([], minor=True)
        else:
            rows[-1].xaxis.set_major_formatter(_short_number)
            rows[-1].locator_params(axis="x", nbins=5)
        return inline_svg(figure, label)


def _draw_panel(axes: Axes, panel: Panel, series: Sequence[Series]) -> None:
    for each in series:
        axes.plot(each.x, each.y, **_line_style(each.style))
        if each.low:
            axes.fill_between(each.x, each.low, each.high, color=series_colour(each.style), alpha=0.16, linewidth=0)
        if panel.lowest_marked:
            at = min(range(len(each.y)), key=lambda i: each.y[i] if math.isfinite(each.y[i]) else math.inf)
            axes.plot([each.x[at]], [each.y[at]], "o", markersize=5, color=series_colour(each.style))
    if series:
        axes.set_ylim(*_limits(panel, series))
    for place, (word, level) in enumerate(sorted(panel.marks, key=lambda mark: -mark[1])):
        axes.axhline(level, color=INK, linewidth=0.7, linestyle=(0, (1, 2)))
        above = place == 0  # the words of two levels near one another stand above the one and under the other
        axes.annotate(
            word, (1, level), xycoords=("axes fraction", "data"), xytext=(0, 2 if above else -2),
            textcoords="offset points", horizontalalignment="right", verticalalignment="bottom" if above else "top",
            fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_ylabel(panel.y_label, color=INK)
    plain_axes(axes)


def _limits(panel: Panel, series: Sequence[Series]) -> tuple[float, float]:
    """From below the lowest value to above the highest but those of the first tenth, which would flatten the rest."""
    right = max(each.x[-1] for each in series)
    levels = [level for _, level in panel.marks]
    for each in series:
        band = (*zip(each.x, each.low, strict=True), *zip(each.x, each.high, strict=True)) if each.low else ()
        points = [(x, y) for x, y in (*zip(each.x, each.y, strict=True), *band) if math.isfinite(y)]
        late = [y for x, y in points if x >= 0.1 * right] if each.x[0] < 0.05 * right else [y for _, y in points]
        levels += late or [y for _, y in points]
    room = (0.16 if panel.marks else 0.08) * (max(levels) - min(levels)) or 0.1 * abs(levels[0]) or 0.1
    return min(levels) - room, max(levels) + room


def _name_at_ends(axes: Axes, series: Sequence[Series], inches: float) -> None:
    """The name of each line at its right end, moved apart where two ends meet."""
    low, high = axes.get_ylim()
    gap = 14 / 72 / (inches - 0.6) * (high - low)  # the height of a line of text, in the units of the axis
    known = [([y for y in each.y if math.isfinite(y)], each) for each in series if each.name]
    ends = sorted(((heights[-1], each) for heights, each in known if heights), key=lambda end: end[0])
    places = [min(max(y, low), high) for y, _ in ends]
    for _ in range(50):  # neighbours push one another away until all have room
        for i, (below, above) in enumerate(pairwise(places)):
            if (push := (gap - (above - below)) / 2) > 0:
                places[i], places[i + 1] = below - push, above + push
    for place, (_, each) in zip(places, ends, strict=True):
        axes.annotate(
            each.name, (1, place), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            verticalalignment="center", annotation_clip=False, color=series_colour(each.style),
        )  # fmt: skip


def _line_style(style: int) -> dict[str, Any]:
    """How matplotlib is to draw a series: colour, width and dash."""
    if style == QUIET:
        return {"color": INK, "linewidth": 0.9, "linestyle": "-"}
    dashes = _dashes(style)
    return {"color": series_colour(style), "linewidth": 2, "linestyle": (0, dashes) if dashes else "-"}


def _dashes(style: int) -> tuple[float, ...]:
    return () if style == QUIET else DASHES[(style + style // COLOURS) % len(DASHES)]


def swatch(style: int) -> str:
    """A short piece of a series' line, as an SVG element for a legend in words."""
    stroke, width = ("currentColor", 1) if style == QUIET else (f"var(--s{style % COLOURS})", 2.5)
    dashes = " ".join(f"{2 * part:g}" for part in _dashes(style))
    array = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        '<svg class="swatch" width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">'
        f'<path d="M0 5H34" fill="none" stroke="{stroke}" stroke-width="{width:g}"{array}/></svg>'
    )


# ------------------------------------------------------------------------------------------------ probabilities


def bar_columns(
    columns: Sequence[tuple[str, Sequence[float]]], signs: Sequence[str], label: str, style: int = 0
) -> str:
    """Columns of horizontal bars, a row for each sign, one column under each heading, as an inline SVG element.

    The values are shares, from 0 to 1, and the axes are the same in all columns.
    """
    with page_figure(5.0, 0.22 * len(signs) + 0.55, label) as figure:
        row = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
        places = range(len(signs))
        for axes, (heading, shares) in zip(row, columns, strict=True):
            axes.barh(places, shares, color=series_colour(style), height=0.72)
            axes.set_title(heading, fontsize=11, color=INK)
            axes.set_xlim(0, 1)
            axes.set_xticks([0.5], [""])
            axes.tick_params(length=0, colors=INK)
            axes.grid(axis="x", color=INK, alpha=0.15)
            axes.set_axisbelow(True)
            for side, spine in axes.spines.items():
                spine.set_visible(side == "left")
                spine.set_color(INK)
        row[0].set_yticks(places, signs, fontfamily="monospace")
        row[0].invert_yaxis()
        return inline_svg(figure, label)


# ------------------------------------------------------------------------------------------------ the page's look


@contextmanager
def page_figure(width: float, height: float, salt: str) -> Iterator[Figure]:
    """A figure in our style; `salt` keeps the names inside it apart from those of other figures on the page."""
    from matplotlib import rc_context  # noqa: PLC0415 - half a second
    from matplotlib.figure import Figure as NewFigure  # noqa: PLC0415

    with rc_context(STYLE | {"svg.hashsalt": salt}), warnings.catch_warnings():
        # the reader's browser draws the text in its own fonts: what matplotlib's lack does not matter
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield NewFigure(figsize=(width, height), layout="constrained")


def plain_axes(axes: Axes) -> None:
    """Axes in the page's colour: left and bottom only, quiet lines across."""
    axes.tick_params(colors=INK)
    axes.grid(axis="y", color=INK, alpha=0.12)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)


def series_colour(style: int) -> str:
    """A stand-in for the page's colour of a series, replaced after drawing."""
    return INK if style == QUIET else f"#0102a{style % COLOURS}"


def _short_number(value: float, _: object = None) -> str:
    """A number on an axis: 2,000 and 1.5 M.

    >>> _short_number(2000), _short_number(1_500_000), _short_number(0.5)
    ('2,000', '1.5 M', '0.5')
    """
    return f"{value / 1e6:g} M" if abs(value) >= 1e6 else f"{value:,.0f}" if abs(value) >= 10 else f"{value:g}"


def inline_svg(figure: Figure, label: str) -> str:
    """A plot as an element of a page: no XML head, the page's colours, a label for who cannot see it."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = file.getvalue()
    element = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    element = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", element, flags=re.DOTALL)  # of lines: below
    assert "<style" not in element, "the policy of pages allows no style sheet but theirs"
    element = re.sub(r'<g id="[^"]*"', "<g", element)  # nothing refers to these, and a page has them once
    element = re.sub(r"#0102a(\d)", r"var(--s\1)", element.replace(INK, "currentColor"))
    lines = 'stroke-linejoin="round" stroke-linecap="butt"'
    return element.replace("<svg", f'<svg role="img" aria-label="{html.escape(label)}" {lines}', 1)
