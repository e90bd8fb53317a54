"""Loss curves as a picture for a page.

In: losses by step. Out: one SVG element that takes the colours of the page it stands in. This file reads no run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT_STYLE = {"svg.fonttype": "none", "svg.hashsalt": "tunewright", "font.family": "sans-serif", "font.size": 11}
INK = "#010203"  # stands for the page's own text colour in a plot, replaced after drawing


@dataclass(frozen=True, slots=True)
class Measurement:
    """The loss after a step, in nats per character; `valid` is None where it was not measured."""

    step: int
    train: float | None
    valid: float | None


def loss_curves(measurements: Sequence[Measurement], best_step: int) -> str:
    """Training and held-out loss over the steps, with the best step marked, as an inline SVG element.

    Its text and axes take the colour of the page; "" where nothing was measured.
    """
    train = [(each.step, each.train) for each in measurements if each.train is not None]
    valid = [(each.step, each.valid) for each in measurements if each.valid is not None]
    if not train and not valid:
        return ""
    from matplotlib import rc_context  # noqa: PLC0415 - half a second
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": "tunewright", "font.family": "sans-serif", "font.size": 11}
    ):
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(*zip(*train, strict=True), color="#9a9387", linewidth=1.2, label="training")
        if valid:
            axes.plot(
                *zip(*valid, strict=True), color="#c8612a", linewidth=2.2, marker="o", markersize=3, label="held out"
            )
            _mark_best(axes, dict(valid), best_step)
        _plain_axes(axes, [loss for _, loss in train + valid])
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(
        file.getvalue(), f"Loss curves: training and held-out loss over the steps; best at step {best_step:,}"
    )


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


def _plain_axes(axes: Axes, losses: Sequence[float]) -> None:
    """Axes in the page's colour, cut so that the first steps do not flatten the rest."""
    low, late = min(losses), sorted(losses)[int(0.97 * (len(losses) - 1))]
    axes.set_ylim(max(0.0, low - 0.1), late + 0.25)
    axes.set_xlabel("step", color=INK)
    axes.set_ylabel("nats per character", color=INK)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.tick_params(colors=INK)
    axes.grid(axis="y", color=INK, alpha=0.12)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    axes.legend(frameon=False, labelcolor=INK)


def _inline(svg: str, label: str) -> str:
    """A plot as an element of a page: no XML head, the page's text colour, a label for who cannot see it."""
    element = svg[svg.index("<svg") :].replace(INK, "currentColor")
    return element.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
