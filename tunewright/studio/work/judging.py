"""Runs of the studio heard and judged by a process of its own: a tune of the latest weights, and pages about runs.

In: the folders of runs, and of the collections that they learned from. Out: a tune; pages, as files, with how far they
are told on the way. Weights are read anew whenever they have changed. This file stores nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.formats.formats import usual_formats
from tunewright.generation.decoding import Decoding
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.tunebook import write_drawn
from tunewright.judging.assessment import Order, evaluate
from tunewright.judging.runs.comparison import Comparison, compare_runs
from tunewright.music.tune import Tune
from tunewright.reports.comparison.page import write_comparison
from tunewright.reports.run_page import training_of, write_report
from tunewright.reports.scorecard.page import write_scorecard
from tunewright.studio.work.reading import read_collection
from tunewright.support.errors import RunError
from tunewright.training.run import BEST, LAST, default_temperature
from tunewright.training.tensors import load_tensors

LONGEST = 1200  # ids of a tune, six times those of a usual one: what has hardly learned rambles on
TRIES = 6  # drawings, of which the first that is well formed is heard
JUDGED = 100  # tunes on a scorecard: enough for its intervals, and a third of the time of what is usual
SHOWN, DRAWN = 8, 24  # tunes on the page of a run, and drawn for it
PAGE = "page.html"

_latest: dict[tuple[str, int], Generator] = {}  # one, with when its weights were written


def tune(run: str, seed: int) -> dict[str, Any]:
    """A tune of the latest weights of a run, and the step that they are of; well formed if there is one soon."""
    path = Path(run)
    file = next((path / name for name in (LAST, BEST) if (path / name).is_file()), None)
    if file is None:
        raise RunError("it has no weights yet: they are kept at the first look at held-out tunes")
    key = (str(file), file.stat().st_mtime_ns)
    if key not in _latest:
        _latest.clear()
        _latest[key] = load_generator(path, last=file.name == LAST)
    how: dict[str, Any] = {"seed": seed, "max_length": LONGEST, "best_of": 1}
    decoding = Decoding.of(default_temperature(path))
    drawn = list(_latest[key].generate(TRIES, None, decoding, **how))
    one = next((one for one in drawn if one.valid), drawn[0])
    return {
        "abc": one.text,
        "valid": one.valid,
        "error": one.error,
        "seed": one.seed,
        "title": one.title,
        "log_likelihood_per_note": one.log_likelihood_per_note,
        "step": _step(file),
    }


def _step(file: Path) -> int | None:
    """The step that weights are of; None where they do not say."""
    with suppress(RunError, KeyError, TypeError, ValueError):
        return int(load_tensors(file)[1]["step"])
    return None


# ------------------------------------------------------------------------------------------------ pages


def scorecard(page: str, run: str, name: str, collection: str, collection_name: str, language: str) -> Iterator[Any]:
    """Draw from a run, judge what it draws, and write the page of that."""

    def make(tell: Callable[[int, int], None]) -> None:
        corpus = read_collection(collection, collection_name) if collection else ()
        order = Order(JUDGED, surprises=True)
        judged = evaluate(run, against=corpus, order=order, on_progress=tell)
        card = replace(judged.scorecard, title=name)
        shown: dict[str, Any] = {"others": judged.searched, "surprises": judged.surprises, "looks": judged.looks}
        words = ["tunewright", "evaluate", _short(run), "-n", str(JUDGED), "--out", "scorecard.html"]
        write_scorecard(Path(page) / PAGE, card, language, **shown, commands=[words])

    return _telling(make)


def comparison(
    page: str, runs: Sequence[tuple[str, str]], collection: str, collection_name: str, language: str
) -> Iterator[Any]:
    """Put runs side by side on a page; with the collection that they learned from, tunes are drawn and judged, too."""

    def make(tell: Callable[[int, int], None]) -> None:
        paths, names = [Path(run) for run, _ in runs], dict(runs)
        corpus: Corpus[Any] | None = read_collection(collection, collection_name) if collection else None
        done = iter(range(1, len(paths) + 1))
        found = compare_runs(paths, corpus, tell=lambda _: tell(next(done, len(paths)) - 1, len(paths)))
        words = ["tunewright", "compare", *map(_short, map(str, paths)), "--out", PAGE]
        write_comparison(Path(page) / PAGE, _renamed(found, names), language, commands=[words])

    return _telling(make)


def _renamed(found: Comparison, names: Mapping[str, str]) -> Comparison:
    """The comparison with runs called as they are in the studio; each name once."""
    called: dict[str, str] = {}
    for setting in found.settings:
        name = ", ".join(names[str(record.path)] for record in setting.records)
        often = sum(one.partition(" (")[0] == name for one in called.values())
        called[setting.name] = f"{name} ({often + 1})" if often else name
    return replace(
        found,
        settings=tuple(replace(one, name=called[one.name]) for one in found.settings),
        rows=tuple(replace(row, cells={called[name]: cell for name, cell in row.cells.items()}) for row in found.rows),
    )


def run_page(page: str, run: str, name: str, collection: str, collection_name: str) -> Iterator[Any]:
    """Draw from a run and write its page: tunes with scores and sound, how it learned, what it was told."""

    def make(tell: Callable[[int, int], None]) -> None:
        folder, path = Path(page), Path(run)
        generator, temperature = load_generator(path), default_temperature(path)
        corpus = read_collection(collection, collection_name)
        drawn = []
        for one in generator.generate(DRAWN, None, Decoding.of(temperature), seed=1, max_length=LONGEST):
            drawn.append(one)
            tell(len(drawn), DRAWN + SHOWN)
        good = [one for one in drawn if one.valid][:SHOWN]
        files = {}
        for one in good:
            files[one.index] = write_drawn(one, folder, usual_formats(Tune.kind))
            tell(DRAWN + len(files), DRAWN + SHOWN)
        told = replace(training_of(path), folder=_short(run))
        words = ["tunewright", "generate", _short(run), "-n", str(DRAWN), "--seed", "1", "--out", "new"]
        write_report(folder / PAGE, corpus, told, drawn, files, [words], f"The first {len(good)} are shown.")

    return _telling(make)


def _short(run: str) -> str:
    """A run's folder as it is named in commands: within the studio's."""
    return "/".join(Path(run).parts[-3:])


def _telling(make: Callable[[Callable[[int, int], None]], None]) -> Iterator[dict[str, int]]:
    """Do some work in a thread, and yield how far it is: {"done", "of"}; raises what it raises."""
    told: SimpleQueue[Any] = SimpleQueue()

    def work() -> None:
        try:
            make(lambda done, of: told.put({"done": done, "of": of}))
        except BaseException as error:
            told.put(error)
        else:
            told.put(None)

    threading.Thread(target=work, daemon=True).start()
    while (item := told.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


TASKS: Mapping[str, Callable[..., Any]] = {
    "tune": tune,
    "scorecard": scorecard,
    "comparison": comparison,
    "run": run_page,
}
