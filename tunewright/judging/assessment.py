"""Judging what somebody names: a run or files in, a scorecard out.

In: a run folder, or files, folders and built-in collections, and what to hold them against. Out: a `Scorecard`, with
remarks on whatever keeps a number from meaning what it seems to mean. What is asked for and cannot be had is refused
before anything is drawn. The work itself is in `judging`, `run_scorecard` and `frontier`; this file prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.generation.checkpoints import Checkpoint, choose_checkpoint, list_checkpoints, load_checkpoint
from tunewright.generation.sampling import Sampling
from tunewright.generation.surprise import surprises
from tunewright.generation.tunes import load_generator
from tunewright.judging.certificate import Yardstick, build_yardstick, judge_tunes, read_candidates, remark
from tunewright.judging.frontier import TUNES as AT_EACH
from tunewright.judging.frontier import find_knee, place
from tunewright.judging.run_scorecard import TUNES, judge_run, learned_from, longest_of, sample_run, sources_of
from tunewright.judging.scorecard import FrontierPoint, Remark, Scorecard
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, CorpusError, RunError
from tunewright.training.run import (
    BEST,
    Run,
    default_temperature,
    is_run,
    load_run,
    read_record,
    save_default_temperature,
)

Progress = Callable[[int, int], None]
Read = Callable[[list[str]], Corpus[Tune]]


@dataclass(frozen=True, slots=True)
class Order:
    """How a run is to be judged; `tunes` 0 for the usual number."""

    tunes: int = 0
    temperatures: tuple[float, ...] = ()  # of the frontier
    checkpoints: bool = False  # whether the frontier is over those too
    seed: int = 0
    surprises: bool = False  # whether the bits of each note of each tune are wanted


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """A scorecard, and what a page shows beside it."""

    card: Scorecard[Tune]
    searched: tuple[Tune, ...] = ()  # the tunes in which shared passages were looked for, as `Shared.there` counts
    surprises: Mapping[int, tuple[float, ...]] = field(default_factory=dict)  # bits of each written note, by place


def evaluate(
    *what: str | Path,
    against: Sequence[str | Path] = (),
    order: Order | None = None,
    read: Read | None = None,
    tell: Callable[[str], None] = lambda _: None,
    on_progress: Progress | None = None,
) -> Assessment:
    """The scorecard of one run, or of the tunes of files, folders and built-in collections.

    They are held against the sources `against`: a run against the tunes that it learned from, where none are named.
    `on_progress(done, total)` counts tunes drawn, `tell` is given a line before what takes long. ConfigError for a run
    among files and for several runs; RunError, CorpusError where one cannot be read, or holds no tune.
    """
    read = read or (lambda sources: read_corpus(*sources))
    order = order or Order()
    names = [str(source) for source in against]
    if not any(is_run(Path(one)) for one in what):
        return _judge_files(what, read(names) if names else None, order.seed)
    if len(what) > 1:
        raise ConfigError(
            f"{', '.join(map(str, what))}: found a run among {len(what)} things to judge; expected one run, or files "
            "alone (runs are put side by side by `compare`)"
        )
    return _judge_run(Path(what[0]), names, order, read, tell, on_progress)


def _judge_files(what: Sequence[str | Path], corpus: Corpus[Tune] | None, seed: int) -> Assessment:
    tunes, unread = read_candidates(what)
    title = " ".join(Path(one).name or str(one) for one in what)
    if not tunes:
        first = f"; the first: {unread[0].source}: {unread[0].reason}" if unread else ""
        raise CorpusError(f"{title}: no tune could be read, {len(unread)} found{first}")
    yardstick = build_yardstick(corpus) if corpus else None
    card = judge_tunes(tunes, yardstick, title=title, unread=unread, seed=seed)
    return Assessment(card, yardstick.searched if yardstick else ())


# ------------------------------------------------------------------------------------------------ a run


def _judge_run(
    path: Path, against: list[str], order: Order, read: Read, tell: Callable[[str], None], on_progress: Progress | None
) -> Assessment:
    run = load_run(path)
    if not run.trained:
        raise RunError(
            f"{path}: has no weights yet; expected a run that was trained to its first look at held-out tunes"
        )
    for temperature in order.temperatures:
        Sampling(temperature)  # refused at once, if it has to be
    sources = against or sources_of(path)
    corpus = read(sources) if sources else None
    if corpus is None and (order.temperatures or order.checkpoints):
        raise RunError(
            f"{path}: its tunes are gone ({_told(path)}), and settings are held against real tunes; {NAME_ONE}"
        )
    tell(f"Judging {path}" + (f" against {corpus.name}." if corpus else "."))
    learned = corpus is not None and learned_from(path, corpus)
    yardstick = build_yardstick(corpus, learned=learned) if corpus else None
    temperature = default_temperature(path)
    generator = load_generator(run)
    card = judge_run(
        generator,
        yardstick,
        corpus,
        tunes=order.tunes or TUNES,
        temperature=temperature,
        seed=order.seed,
        remarks=_remarks(path, corpus, against, learned),
        on_progress=on_progress,
    )
    if yardstick is not None and corpus is not None and (order.temperatures or order.checkpoints):
        points = _frontier(run, yardstick, corpus, order, tell, on_progress)
        card = replace(card, frontier=points, knee=find_knee(points))
    readable = {number: one.music for number, one in enumerate(card.each) if one.music and order.surprises}
    bits = surprises(generator, list(readable.values()))
    return Assessment(card, yardstick.searched if yardstick else (), dict(zip(readable, bits, strict=True)))


def _frontier(
    run: Run,
    yardstick: Yardstick,
    corpus: Corpus[Tune],
    order: Order,
    tell: Callable[[str], None],
    on_progress: Progress | None,
) -> tuple[FrontierPoint, ...]:
    """A point for each temperature of each checkpoint asked for, by step and then by temperature."""
    there = list_checkpoints(run.path)
    asked = there if order.checkpoints else tuple(one for one in there if one.file == BEST)
    temperatures = sorted(set(order.temperatures)) or [default_temperature(run.path)]
    points = []
    for checkpoint in asked:
        generator = load_checkpoint(run, checkpoint)
        longest = longest_of(generator, corpus)
        for temperature in temperatures:
            tell(f"Drawing at temperature {temperature:g} from step {checkpoint.step:,}.")
            sampled = sample_run(
                generator,
                order.tunes or AT_EACH,
                temperature,
                seed=order.seed,
                longest=longest,
                on_progress=on_progress,
            )
            points.append(place(sampled, yardstick, temperature, checkpoint.file, checkpoint.step, order.seed))
    return tuple(points)


def save_knee(path: Path, card: Scorecard[Any]) -> FrontierPoint | None:
    """Make the setting at the knee the run's own: its default temperature, and its best weights; None without one."""
    if card.knee is None:
        return None
    point = card.frontier[card.knee]
    choose_checkpoint(load_run(path), Checkpoint(point.checkpoint, point.step))
    save_default_temperature(path, point.temperature)
    return point


# ------------------------------------------------------------------------------------------------ what has to be said

NAME_ONE = "name tunes with --against"


def _told(path: Path) -> str:
    return ", ".join(map(str, read_record(path).get("sources", ()))) or "the run does not say which"


def _remarks(path: Path, corpus: Corpus[Tune] | None, against: Sequence[str], learned: bool) -> list[Remark]:
    """What the run learned from, where that is not what it is held against."""
    if corpus is None:
        return [remark("corpus_gone", sources=_told(path))]
    if learned:
        return []
    return [remark("another_corpus" if against else "corpus_changed", corpus=corpus.name)]
