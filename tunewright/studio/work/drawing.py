"""Tunes drawn by a process that keeps models at hand.

In: a run's folder, what is asked for in words and numbers, the ABC of tunes that are given. Out: that it was begun,
what is written so far at each bar, then the tune, and so on for each. What cannot be had is refused before anything is
drawn. This file stores nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import parse_abc
from tunewright.generation.decoding import Decoding, parse_temperature
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.surprise import surprise
from tunewright.judging.originals import OriginalityLine, originality_line
from tunewright.judging.run_scorecard import sources_of
from tunewright.music.tune import Tune
from tunewright.studio.work.about import about, last_bar
from tunewright.studio.work.given import (
    known_rhythm_of,
    notes_of,
    notes_to,
    read_given,
    spans,
    start_to,
    told_spans,
)
from tunewright.support.errors import ConfigError, ParseError, RunError, TunewrightError
from tunewright.tokens.requests import MOST_BARS, Infill, Request
from tunewright.training.base import BASE, has_base, run_folder
from tunewright.training.run import BEST, default_best_of, default_temperature, load_run

MODELS = 4  # that are kept at hand
LINES = 2  # the training music of so many runs is kept at hand, for what is to be original

Event = dict[str, Any]


def warm() -> None:
    """Have the model in the box at hand, its weights packed, its grammar met."""
    if has_base():
        folder = run_folder(BASE).resolve()
        for seed in range(2):
            for _ in _generator(str(folder), stamp_of(folder)).stream(seed=seed):
                pass


def stamp_of(run: Path) -> int:
    """What changes when the weights of a run do."""
    return (run / BEST).stat().st_mtime_ns


@lru_cache(maxsize=MODELS)
def _generator(run: str, _stamp: int) -> Generator:
    return load_generator(run)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as the API has it."""

    run: str  # its folder
    stamp: int  # which changes when its weights do
    seed: int
    n: int = 1
    words: Mapping[str, str] = field(default_factory=dict)  # of `Request.parse`
    start: str = ""
    free: bool = False
    temperature: str = ""
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repeats: int = 0
    best_of: int | None = None
    original: float | None = None
    parent: str = ""  # ABC, of which bars, or a share of the notes, or the beginning stays
    locked: tuple[int, ...] | None = None
    vary: float | None = None
    go_on_from: int | None = None
    like: str = ""  # ABC
    plan_like: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    """How each tune is drawn."""

    generator: Generator
    decoding: Decoding
    best_of: int
    line: OriginalityLine[Tune] | None

    @property
    def in_the_open(self) -> bool:
        """Whether what is written first is what comes out, so that it may be shown while it is written."""
        return self.best_of == 1 and self.line is None


def draw(**asked: Any) -> Iterator[Event]:
    """Tunes as they are written, one after the other.

    {"begun": True} once nothing is to be refused any more, {"bar": {"index", "bars", "abc"}} for what is written so
    far, {"tune": {"index", "seed", "abc", "about"}} for each tune, {"failed": {"index", "error"}} for one that came to
    nothing, and {"reading": …} before the training music is read, which takes a while.
    """
    wanted = Asked(**asked)
    generator, steps, decoding = _generator(wanted.run, wanted.stamp), _steps(wanted), _decoding(wanted)
    _check(generator, wanted, steps, decoding)
    yield {"begun": True}
    line = None
    if wanted.original is not None:
        yield {"reading": Path(wanted.run).name}
        line = _line(wanted.run, wanted.original)
    best_of = default_best_of(Path(wanted.run)) if wanted.best_of is None else wanted.best_of
    for index in range(wanted.n):
        try:
            yield from _one(_Way(generator, decoding, best_of, line), steps, index, wanted.seed + index)
        except TunewrightError as error:
            yield {"failed": {"index": index, "error": str(error)}}


def _decoding(wanted: Asked) -> Decoding:
    degrees = parse_temperature(wanted.temperature) if wanted.temperature else default_temperature(Path(wanted.run))
    return Decoding.of(degrees, top_k=wanted.top_k, top_p=wanted.top_p, min_p=wanted.min_p, repeats=wanted.repeats)


# ------------------------------------------------------------------------------------------------ what is asked for


@dataclass(frozen=True, slots=True)
class _Steps:
    """What is to be drawn of each tune: one request, or stretches of a given tune one after the other."""

    request: Request
    given: Tune | None = None
    stretches: tuple[tuple[int, int], ...] = ()
    go_on_from: int | None = None

    def requests(self, drawn: Sequence[Generated[Tune]]) -> Iterator[tuple[int, int, Request]]:
        """From which bar to which something is new, and what is asked.

        `drawn` grows meanwhile by what comes of each; where nothing does, what is asked is asked of the given tune.
        """
        if not self.stretches:
            yield 0 if self.go_on_from is None else self.go_on_from + 1, MOST_BARS, self.request
        tune = self.given
        for first, last in self.stretches:
            assert tune is not None
            yield first, last, replace(self.request, given=Infill(tune, first, last))
            tune = read_given(drawn[-1].text) if drawn else tune

    def kept(self, tune: Tune | None) -> Sequence[Any]:
        """Of a tune what stays."""
        if tune is None:
            return ()
        if self.go_on_from is not None:
            return [(note.pitches, note.length) for note in notes_to(tune, self.go_on_from)]
        if not self.stretches:
            return ()
        changed = {bar for first, last in self.stretches for bar in range(first, last + 1)}
        return [
            notes_of(tune.music[measure.start : measure.stop])
            for measure in tune.measures
            if measure.number not in changed
        ]


def _steps(wanted: Asked) -> _Steps:
    likes = {name: read_given(abc) for name, abc in (("like", wanted.like), ("plan_like", wanted.plan_like)) if abc}
    words: dict[str, Any] = {**wanted.words, **likes, "start": wanted.start, "free": wanted.free}
    given = read_given(wanted.parent) if wanted.parent else None
    if given and wanted.locked is not None:
        stretches = spans(given, wanted.locked)
        asked = Request.parse(infill=given, at="{}-{}".format(*stretches[0]), **words)
        assert isinstance(asked.given, Infill)
        return _Steps(replace(asked, given=None), asked.given.tune, tuple(stretches))
    if given and wanted.vary is not None:
        return _Steps(Request.parse(vary=given, amount=wanted.vary, **words))
    if given and wanted.go_on_from is not None:
        if wanted.go_on_from == last_bar(given) and not words.get("bars"):
            raise ConfigError(f"bar {wanted.go_on_from} is the last; expected one before it, or bars to say how many")
        words["start"] = start_to(given, wanted.go_on_from)
        words["rhythm"] = words.get("rhythm") or known_rhythm_of(given)
        return _Steps(Request.parse(**words), given, go_on_from=wanted.go_on_from)
    return _Steps(Request.parse(**words))


def _check(generator: Generator, wanted: Asked, steps: _Steps, decoding: Decoding) -> None:
    """Refuse what cannot be drawn, before anything is: each stretch of a tune is begun, and left."""
    for _, _, request in steps.requests(()):
        generator.stream(request, decoding, seed=wanted.seed).close()
    if wanted.original is not None:
        _sources(wanted.run)


@lru_cache(maxsize=1)
def _learned(run: str) -> Corpus[Tune]:
    """The tunes that a run learned from and was tested with."""
    return read_corpus(*_sources(run), melody=load_run(Path(run)).config.data.melody)


def _sources(run: str) -> Sequence[str]:
    """Where the tunes are that a run learned from; RunError where they are gone."""
    sources = sources_of(Path(run))
    if not sources:
        raise RunError(f"{Path(run).name}: its tunes are gone, and without them nobody can tell what is original")
    return sources


@lru_cache(maxsize=LINES)
def _line(run: str, percent: float) -> OriginalityLine[Tune]:
    return originality_line(_learned(run), percent)


# ------------------------------------------------------------------------------------------------ one tune


def _one(way: _Way, steps: _Steps, index: int, seed: int) -> Iterator[Event]:
    """One tune: each bar as it is written, then the tune."""
    drawn: list[Generated[Tune]] = []
    for first, last, request in steps.requests(drawn):
        shown = first - 1
        for event in _written(way, request, seed):
            if isinstance(event, Generated):
                drawn.append(event)
            elif (bar := _bar(event)) and shown < bar["bars"] <= last:
                shown = bar["bars"]
                yield {"bar": {"index": index, **bar}}
    yield {"tune": {"index": index, "seed": seed, **_finished(drawn, steps)}}


def _written(way: _Way, request: Request, seed: int) -> Iterator[str | Generated[Tune]]:
    """The text so far at each bar, where it may be shown, and the tune."""
    if way.in_the_open:
        text = ""
        with way.generator.stream(request, way.decoding, seed=seed) as stream:
            for chunk in stream:
                text += chunk
                yield text
            drawn = stream.drawn
    else:
        how: dict[str, Any] = {"seed": seed, "best_of": way.best_of, "original": way.line}
        with way.generator.generate(1, request, way.decoding, **how) as choosing:
            drawn = next(choosing, None)
    if drawn is None:
        shares = "each tune that was drawn shares more with the training tunes"
        raise ConfigError(f"{shares} than {way.line.percent if way.line else 0:g} % of real tunes do; ask for less")
    yield drawn


def _bar(text: str) -> Event | None:
    """What is written so far, and the number of its last bar; None where it cannot be read."""
    try:
        return {"bars": last_bar(parse_abc(text)[0]), "abc": text}
    except (ParseError, IndexError):
        return None


def _finished(drawn: Sequence[Generated[Tune]], steps: _Steps) -> Event:
    """The tune that came out last, and what is said of all that was drawn for it."""
    last, tune = drawn[-1], drawn[-1].music
    if tune is None:
        return {"abc": last.text, "about": {"valid": False, "error": last.error, **_measured(drawn)}}
    if steps.kept(tune) != steps.kept(steps.given):
        raise RunError("notes that were to stay came out otherwise; please report it, with this tune")
    text = last.text
    if steps.stretches:
        text = text.replace(told_spans(steps.stretches[-1:]), told_spans(steps.stretches), 1)
    return {"abc": text, "about": about(tune, last.error) | _measured(drawn)}


def _measured(drawn: Sequence[Generated[Tune]]) -> Event:
    """What the model and the grammar made of the notes that were drawn."""
    notes = [len(one.music.notes) - one.given_notes if one.music else 0 for one in drawn]
    removed = [one.removed_mass for one in drawn]
    nats = math.fsum(one.log_likelihood for one in drawn)
    return {
        "log_likelihood_per_note": nats / sum(notes) if sum(notes) > 0 else None,
        "removed_mass": _mean([one for one in removed if one is not None], notes),
    }


def _mean(values: Sequence[float], weights: Sequence[int]) -> float | None:
    if len(values) != len(weights) or not values:
        return None
    heavy = [max(weight, 1) for weight in weights]
    return math.fsum(value * weight for value, weight in zip(values, heavy, strict=True)) / sum(heavy)


# ------------------------------------------------------------------------------------------------ a tune that is there


def surprise_of(run: str, stamp: int, abc: str) -> list[float | None]:
    """How little a run foresaw each written note of a tune, in bits; None for a note of which it cannot say."""
    tunes = parse_abc(abc)
    found = surprise(_generator(run, stamp), tunes[0]) if tunes else ()
    return [round(bits, 3) if math.isfinite(bits) else None for bits in found]


TASKS: Mapping[str, Callable[..., Any]] = {"draw": draw, "surprise": surprise_of}
