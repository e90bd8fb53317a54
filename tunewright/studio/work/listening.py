"""Listening tests made, and their results worked out, by a process of its own.

In: what is wanted, as plain data: runs as folders, tunes as ABC. Out: a test and its sounds, results, pages. This file
stores nothing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tunewright.formats.abc import parse_tune, split_tunes
from tunewright.judging.listening.answers import Rater
from tunewright.judging.listening.design import BlindTest, read_test
from tunewright.judging.listening.making import Made, Order, make_test
from tunewright.judging.listening.raw_data import raw_data
from tunewright.judging.listening.results import describe_results, find_results
from tunewright.judging.listening.sources import RUN, TUNES, Source, There, drawing, real_tunes
from tunewright.music.tune import Tune
from tunewright.reports.listening.rater_page import rater_file
from tunewright.reports.listening.results_page import results_text
from tunewright.support.errors import CorpusError, ParseError

OWN = "own"  # the real tunes of what the runs learned from


def make(
    order: Mapping[str, Any], sources: Sequence[Mapping[str, Any]], real: str, real_sources: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """{"done", "of"} again and again, then {"test", "sounds"}.

    A source is {"kind": "run", "name", "path"} or {"kind": "tunes", "name", "abc": texts}; `real` is "" for none, else
    real tunes take part, of `real_sources` or of what the runs learned from.
    """
    seed = order["seed"]
    found: list[Source] = [_source(one, seed + 10_000 * number) for number, one in enumerate(sources)]
    runs = [one["path"] for one in sources if one["kind"] == RUN]
    if real:
        found.append(real_tunes(real_sources, runs))
    told = Order(**{**order, "questions": tuple(order["questions"])})
    yield from _followed(lambda on_progress: make_test(found, told, on_progress=on_progress))


def _source(one: Mapping[str, Any], seed: int) -> Source:
    if one["kind"] == RUN:
        return drawing(one["path"], one["name"], seed)
    tunes: list[Tune] = []
    for text in one["abc"]:
        for part in split_tunes(text):
            try:
                tunes.append(parse_tune(part))
            except ParseError:
                continue  # what cannot be read is not heard; too few are refused below
    if not tunes:
        raise CorpusError(f"{one['name']}: no tune could be read; expected ABC")
    return There(one["name"], TUNES, tunes)


def _followed(work: Callable[[Callable[[int, int], None]], Made]) -> Iterator[dict[str, Any]]:
    """What the work tells while it goes on in a thread of its own, and then what it made."""
    told: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            made = work(lambda done, of: told.put({"done": done, "of": of}))
            told.put({"test": made.test.described(), "sounds": dict(made.sounds)})
        except Exception as error:
            told.put(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while True:
        one = told.get()
        if isinstance(one, Exception):
            raise one
        yield one
        if "test" in one:
            return


def results(test: Mapping[str, Any], raters: Sequence[Rater]) -> dict[str, Any]:
    """What was found, as plain data."""
    return describe_results(find_results(_test(test), raters))


def page(test: Mapping[str, Any], raters: Sequence[Rater], language: str) -> str:
    """The page of results."""
    read = _test(test)
    return results_text(read, find_results(read, raters), language)


def table(test: Mapping[str, Any], raters: Sequence[Rater]) -> str:
    """The raw data as CSV."""
    return raw_data(_test(test), raters)


def static_file(test: Mapping[str, Any], sounds: Mapping[str, bytes]) -> str:
    """The test as one file for raters."""
    return rater_file(_test(test), sounds)


def _test(plain: Mapping[str, Any]) -> BlindTest:
    return read_test(plain, "the test")


TASKS: Mapping[str, Callable[..., Any]] = {
    "make": make,
    "results": results,
    "page": page,
    "table": table,
    "static_file": static_file,
}
