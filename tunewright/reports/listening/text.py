"""The results of a listening test as text for a terminal.

In: results. Out: a few lines of English. This file works nothing out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.questions import RATING
from tunewright.judging.listening.ranking import Estimate
from tunewright.judging.listening.results import Results
from tunewright.reports.listening.results_page import cautions_of, lead_of, short_answer
from tunewright.reports.wording import Wording, as_title, format_number, percent

SHOWN = 5  # measures


def results_summary(test: BlindTest, results: Results) -> str:
    """What was found, in short: who is first, means, agreement, the nearest measures, and what not to believe."""
    return "\n".join(_lines(test, results, Wording("en", "tune")))


def _lines(test: BlindTest, results: Results, wording: Wording) -> Iterator[str]:
    yield lead_of(results, wording)
    if answer := short_answer(test, results, wording):
        yield answer
    yield ""
    width = max(len(as_title(one.name)) for one in results.sources)
    for one in results.sources:
        told = [f"{name} {_number(value, results.kind, wording)}" for name, value in one.means.items()]
        if one.strength:
            told.insert(0, f"strength {_written(one.strength.logits)}")
        yield f"  {as_title(one.name):<{width}}  {';  '.join(told)}"
    yield ""
    agreed = ", ".join(f"{name} {_written(value)}" for name, value in results.agreement.items())
    yield f"Agreement (Krippendorff's alpha): {agreed}"
    passed, failed, skipped = results.headphones
    yield f"Headphones: {passed} passed the check, {failed} failed it, {skipped} left it out."
    if results.correlations:
        near = ", ".join(f"{one.measure} {_written(one.rho)}" for one in results.correlations[:SHOWN])
        yield f"Nearest to the ears (Spearman's rho): {near}"
    for caution in cautions_of(results, wording):
        yield f"Note: {caution}"


def _number(one: Estimate, kind: str, wording: Wording) -> str:
    if kind == RATING:
        return _written(one)
    low, high = percent(one.low, wording), percent(one.high, wording)
    return f"{percent(one.value, wording)} [{low}, {high}]"


def _written(one: Estimate) -> str:
    known = not math.isnan(one.low)
    return format_number(one.value) + (f" [{format_number(one.low)}, {format_number(one.high)}]" if known else "")
