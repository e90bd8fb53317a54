"""The pictures of a comparison: learning curves, range of dependencies, temperature, one choice of the softmax.

In: a `Comparison` and a `Wording`. Out: inline SVG elements, and a legend for them. Each setting has the same colour
and dash in all pictures. This file measures nothing and writes no page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tunewright.generation.foresight import Expectation
from tunewright.judging.runs.comparison import Comparison, Record, Setting, format_value
from tunewright.judging.runs.evaluation import Evaluation
from tunewright.reports.comparison.tables import setting_name
from tunewright.reports.components import Figure
from tunewright.reports.curves import QUIET, Panel, Series, bar_columns, line_plot, spread_over_runs, swatch
from tunewright.reports.wording import Wording
from tunewright.training.curve import Curve

SWEPT = ("valid_rate", "repetition_rate", "transition_match", "vertical_transition_match", "copy_rate")
SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}  # signs that leave no trace on paper
NAMED_AT_ENDS = 8  # lines; more names do not fit at the ends of the lines
LONGEST_AT_ENDS = 30  # signs of a name there: longer ones would leave no room for the lines


def legend(comparison: Comparison, wording: Wording) -> list[tuple[str, str]]:
    """The line of each setting, as an SVG element, with its name."""
    return [(swatch(i), setting_name(setting.name, wording)) for i, setting in enumerate(comparison.settings)]


# ------------------------------------------------------------------------------------------------ learning


def curve_figures(comparison: Comparison, wording: Wording) -> list[Figure]:
    """Held-out loss above training loss: against iterations, against notes read, against seconds."""
    return [figure for axis in ("step", "notes", "seconds") if (figure := _curve_figure(comparison, axis, wording)).svg]


def _curve_figure(comparison: Comparison, axis: str, wording: Wording) -> Figure:
    held_out = _over_settings(comparison, lambda curve: _looks(curve, axis))
    training = _over_settings(comparison, lambda curve: (_places(curve, axis), curve.train_losses))
    panels = (
        Panel(wording.say("axis.held_out"), held_out, lowest_marked=True),
        Panel(wording.say("axis.training"), training, _reported_minima(comparison, wording)),
    )
    x_label = wording.say(f"axis.{axis}")
    label = wording.say("plot.curves", axis=x_label, values=_lowest(comparison, held_out, wording))
    return Figure(line_plot(panels, x_label, label), x_label)


def _over_settings(
    comparison: Comparison, points: Callable[[Curve], tuple[Sequence[float], Sequence[float]]]
) -> tuple[Series, ...]:
    return tuple(
        spread_over_runs([points(record.curve) for record in setting.records], setting.name, style)
        for style, setting in enumerate(comparison.settings)
    )


def _looks(curve: Curve, axis: str) -> tuple[list[float], list[float]]:
    places: list[float] = [getattr(look, axis) for look in curve.held_out]
    return places, [look.bits for look in curve.held_out]


def _places(curve: Curve, axis: str) -> Sequence[float]:
    """Where each step stands on an axis."""
    if axis == "seconds":
        return curve.seconds
    return [step * (curve.notes_per_step if axis == "notes" else 1) for step in curve.steps]


def _reported_minima(comparison: Comparison, wording: Wording) -> tuple[tuple[str, float], ...]:
    row = next((row for row in comparison.rows if row.quantity == "lowest_train_loss"), None)
    marks = row.reported.items() if row and comparison.claims else ()
    return tuple(
        (wording.say("axis.reported", name=setting_name(name, wording), value=f"{value:g}"), value)
        for name, value in marks
    )


def _lowest(comparison: Comparison, series: Sequence[Series], wording: Wording) -> str:
    """The lowest point of each line in words, for who cannot see the picture."""
    return " ".join(
        wording.say("plot.value", name=setting_name(each.name, wording), value=format_value(min(each.y), "bits"))
        for each in series
        if each.y
    )


# ------------------------------------------------------------------------------------------------ evaluation


def dependencies_figure(comparison: Comparison, wording: Wording) -> Figure:
    """Held-out bits per note against how much of the context the model sees; no SVG where nothing was measured."""
    series = _evaluated(comparison, lambda evaluation: tuple(zip(*evaluation.by_context, strict=True)) or ((), ()))
    label = wording.say("plot.dependencies", values=_lowest(comparison, series, wording))
    named = tuple(_named(each, wording) for each in series)
    panel = Panel(wording.say("axis.held_out"), named)
    ticks = sorted({x for each in series for x in each.x})
    direct = len(named) <= NAMED_AT_ENDS and all(len(one.name) <= LONGEST_AT_ENDS for one in named)
    x_label = wording.say("axis.context")
    svg = line_plot((panel,), x_label, label, height=3.6, width=5.6, x_ticks=ticks, logarithmic=True, direct=direct)
    return Figure(svg)


def _named(series: Series, wording: Wording) -> Series:
    name = setting_name(series.name, wording)
    return Series(name, series.x, series.y, series.low, series.high, series.style)


def _evaluated(
    comparison: Comparison, points: Callable[[Evaluation], tuple[Sequence[float], ...]]
) -> tuple[Series, ...]:
    """A series for each setting, over those of its runs that have been evaluated."""
    series = []
    for style, setting in enumerate(comparison.settings):
        evaluations = [record.evaluation for record in setting.records if record.evaluation]
        curves = [(x, y) for x, y in map(points, evaluations)]
        series.append(spread_over_runs(curves, setting.name, style))
    return tuple(series)


def temperature_figures(comparison: Comparison, wording: Wording) -> list[Figure]:
    """Small multiples over temperature, one for each of the measures swept, in percent."""
    return [figure for name in SWEPT if (figure := _temperature_figure(comparison, name, wording)).svg]


def _temperature_figure(comparison: Comparison, quantity: str, wording: Wording) -> Figure:
    def points(evaluation: Evaluation) -> tuple[list[float], list[float]]:
        samples = sorted(evaluation.samples, key=lambda sample: sample.temperature)
        shares = [100 * sample.values.get(quantity, float("nan")) for sample in samples]
        return [sample.temperature for sample in samples], shares

    series = _evaluated(comparison, points)
    if not any(each.y for each in series):
        return Figure("")
    real = comparison.references.real.get(quantity) if comparison.references else None
    if real is not None:
        ends = [x for each in series for x in each.x]
        series += (Series(wording.say("page.real"), (min(ends), max(ends)), (100 * real,) * 2, style=QUIET),)
    title = wording.say(f"sweep.{quantity}")
    values = _at_one(series, wording)
    label = wording.say("plot.temperature", quantity=title, values=values)
    x_label = wording.say("axis.temperature")
    return Figure(line_plot((Panel(title, series),), x_label, label, height=2.9, x_ticks=(0.5, 0.75, 1.0, 1.25, 1.5)))


def _at_one(series: Sequence[Series], wording: Wording) -> str:
    """Each line at temperature 1 in words, for who cannot see the picture."""
    return " ".join(
        wording.say("plot.value", name=setting_name(each.name, wording), value=f"{each.y[each.x.index(1.0)]:.1f} %")
        for each in series
        if 1.0 in each.x
    )


def softmax_figures(comparison: Comparison, wording: Wording) -> list[Figure]:
    """One choice of the softmax at every temperature, for the first evaluated run of each setting."""
    figures = []
    for style, setting in enumerate(comparison.settings):
        record = first_evaluated(setting)
        if record and record.evaluation and record.evaluation.softmaxes:
            name = setting_name(setting.name, wording)
            figures.append(_softmax_figure(record.evaluation.softmaxes, name, style, wording))
    return figures


def _softmax_figure(softmaxes: Sequence[Expectation], name: str, style: int, wording: Wording) -> Figure:
    ordered = sorted(softmaxes, key=lambda softmax: softmax.temperature)
    signs = [sign for sign, _ in min(ordered, key=lambda softmax: abs(softmax.temperature - 1)).probabilities]
    columns = [
        (f"{softmax.temperature:g}", [dict(softmax.probabilities).get(sign, 0.0) for sign in signs])
        for softmax in ordered
    ]
    temperatures = ", ".join(heading for heading, _ in columns)
    label = wording.say("plot.softmax", name=name, temperatures=temperatures)
    return Figure(bar_columns(columns, [SIGNS.get(sign, sign) for sign in signs], label, style), name, ordered[0].after)


def first_evaluated(setting: Setting) -> Record | None:
    """The first run of a setting, by seed, that has been evaluated."""
    return next((record for record in setting.records if record.evaluation), None)
