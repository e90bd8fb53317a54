"""The raw data of a test as a table: one row for each answer to each question, with what was heard.

In: a test with its key, and its raters. Out: CSV, in which nothing begins a formula. This file works nothing out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from tunewright.judging.listening.answers import Answer, Rater
from tunewright.judging.listening.design import BlindTest
from tunewright.judging.listening.questions import PAIRS
from tunewright.support.tables import harmless

COLUMNS = (
    "test", "rater", "by_file", "headphones", "sheet", "place", "item", "question", "value", "first_tune",
    "first_source", "second_tune", "second_source", "seconds", "first_heard", "second_heard",
)  # fmt: skip


def raw_data(test: BlindTest, raters: Sequence[Rater]) -> str:
    """All answers as CSV: UTF-8, a line of names first.

    `value` is a rating from 1 to 5, 1 where a tune was taken for a machine's and 0 where not, or 1 where the first tune
    was preferred and 2 for the second; `place` counts from 1 in the order heard.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rater in raters:
        for answer in rater.answers:
            writer.writerows(_rows(test, rater, answer))
    return text.getvalue()


def _rows(test: BlindTest, rater: Rater, answer: Answer) -> Iterator[list[str]]:
    order = [one["item"] for one in test.order(rater.sheet)]
    item = next(one for one in test.items if one.id == answer.item)
    tunes = [answer.first, *(one for one in item.stimuli if one != answer.first)]
    told = [(one, test.sources[test.source_of(one)].name) for one in tunes]
    first, second = (*told, ("", ""))[:2]
    heard = [f"{share:.3f}" for share in answer.heard]
    for question, value in answer.values.items():
        shown = (1 if value == answer.first else 2) if test.kind == PAIRS else int(value)
        checked = "" if rater.headphones is None else str(rater.headphones)
        row = [test.id, rater.id, str(int(rater.by_file)), checked, str(rater.sheet), str(order.index(item.id) + 1)]
        row += [item.id, question, str(shown), *first, *second, f"{answer.seconds:.1f}", *(*heard, "")[:2]]
        yield [harmless(cell) for cell in row]
