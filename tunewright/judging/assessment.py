"""Judging what somebody names: a run or files in, a scorecard out; of tunes, or of pieces of several parts.

In: a run folder, or files, folders and built-in collections, and what to hold them against. Out: a `Scorecard`, with
remarks on whatever keeps a number from meaning what it seems to mean. What is asked for and cannot be had is refused
before anything is drawn. The work itself is in `scoring`, `run_scorecard` and `frontier`; this file prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import singledispatch
from pathlib import Path
from typing import Any, Generic

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.reading import read_corpus, read_pieces
from tunewright.corpus.sources import BUILT_IN, Dropped, find_files
from tunewright.generation.attention import Look, looks
from tunewright.generation.checkpoints import Checkpoint, choose_checkpoint, list_checkpoints, load_checkpoint
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.sampling import Sampling
from tunewright.generation.surprise import surprises
from tunewright.judging.frontier import TUNES as AT_EACH
from tunewright.judging.frontier import find_knee, place
from tunewright.judging.kinds import KINDS
from tunewright.judging.remarks import remark
from tunewright.judging.run_scorecard import (
    drawn_candidate,
    judge_run,
    learned_from,
    longest_of,
    sample_run,
    sources_of,
)
from tunewright.judging.scorecard import Certificate, FrontierPoint, Remark, Scorecard
from tunewright.judging.scoring import score
from tunewright.judging.yardstick import Yardstick, build_yardstick, candidate
from tunewright.models.settings import MODELS
from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, CorpusError, RunError, TokenError
from tunewright.training.run import (
    BEST,
    Run,
    default_best_of,
    default_temperature,
    is_run,
    load_run,
    read_record,
    save_default_temperature,
)

LOOKED_AT = 24  # tunes of which it is found where the run looks back: each takes as long as reading it anew

Progress = Callable[[int, int], None]
Read = Callable[[list[str]], Corpus[Any]]

READ: Mapping[str, Read] = {
    Tune.kind: lambda sources: read_corpus(*sources),
    Piece.kind: lambda sources: read_pieces(*sources),
}


@dataclass(frozen=True, slots=True)
class Order:
    """How a run is to be judged; `tunes` 0 for the usual number."""

    tunes: int = 0  # or pieces
    temperatures: tuple[float, ...] = ()  # of the frontier
    checkpoints: bool = False  # whether the frontier is over those too
    seed: int = 0
    best_of: int = 0  # drawings, of which each tune is the best; 0 for as many as is the run's own
    surprises: bool = False  # whether what the run makes of notes is wanted: their bits, and where it looks back


@dataclass(frozen=True, slots=True, eq=False)
class Assessment(Generic[M]):
    """A scorecard, and what a page shows beside it."""

    scorecard: Scorecard[M]
    searched: tuple[M, ...] = ()  # the music in which shared passages were looked for, as `Shared.there` counts
    surprises: Mapping[int, tuple[float, ...]] = field(default_factory=dict)  # bits of each note of a tune, by place
    looks: Mapping[int, Sequence[Look]] = field(default_factory=dict)  # where the run looks back in it, by place


def judged_kind(what: Sequence[str | Path], *, parts: bool = False) -> str:
    """Of which kind of music things are judged: of runs what they draw, of files pieces where that is asked for."""
    pieces = parts or any(is_run(Path(one)) and load_run(Path(one)).config.music == Piece.kind for one in what)
    return Piece.kind if pieces else Tune.kind


def evaluate(
    *what: str | Path,
    against: Sequence[str | Path] | Corpus[Any] = (),
    order: Order | None = None,
    parts: bool = False,
    read: Read | None = None,
    tell: Callable[[str], None] = lambda _: None,
    on_progress: Progress | None = None,
) -> Assessment[Any]:
    """The scorecard of one run, or of the tunes of files, folders and built-in collections.

    They are held against a corpus or the sources `against`: a run against the music that it learned from, where none
    are named. With `parts` files are judged as pieces of several parts, as runs that draw those always are.
    `on_progress(done, total)` counts what is drawn, `tell` is given a line before what takes long. ConfigError for a
    run among files, for several runs, and for a run of tunes with `parts`; RunError, CorpusError where one cannot be
    read, or holds nothing.
    """
    kind = judged_kind(what, parts=parts)
    read = read or READ[kind]
    order = order or Order()
    if not any(is_run(Path(one)) for one in what):
        return _judge_files(what, kind, read, _corpus_of(against, read), order.seed)
    if len(what) > 1:
        raise ConfigError(
            f"{', '.join(map(str, what))}: found a run among {len(what)} things to judge; expected one run, or files "
            "alone (runs are put side by side by `compare`)"
        )
    return _judge_run(Path(what[0]), kind, against, order, read, tell, on_progress)


def _corpus_of(against: Corpus[Any] | Sequence[str | Path], read: Read) -> Corpus[Any] | None:
    """A corpus, or that of some sources; None for none."""
    if isinstance(against, Corpus):
        return against
    return read([str(one) for one in against]) if against else None


def evaluate_music(
    music: Sequence[M | Generated[M]], against: Corpus[M] | Sequence[str | Path] = (), *, seed: int = 0
) -> Assessment[M]:
    """The scorecard of tunes or pieces of one kind, as they are or as they were drawn.

    ConfigError for what is no music, CorpusError for none at all, or of another kind than the corpus.
    """
    each = [_named(one) for one in music]
    kinds = {kind for kind, _ in each}
    corpus = _corpus_of(against, READ[min(kinds, default=Tune.kind)])
    kind = corpus.kind if corpus else min(kinds, default=Tune.kind)
    if kinds != {kind}:
        raise CorpusError(f"found {' and '.join(sorted(kinds)) or 'no music'} to judge; expected {kind}s")
    return _scored([one for _, one in each], corpus, kind=kind, seed=seed)


@singledispatch
def _named(one: Any) -> tuple[str, Certificate[Any]]:
    """The kind of some music, and the same as it is to be judged."""
    raise ConfigError(f"found {one} among music to judge; expected tunes and pieces, or a run or files alone")


@_named.register(Tune)
@_named.register(Piece)
def _as_it_is(one: Any) -> tuple[str, Certificate[Any]]:
    return one.kind, candidate(one)


@_named.register
def _as_drawn(one: Generated) -> tuple[str, Certificate[Any]]:  # type: ignore[type-arg]
    return one.kind, drawn_candidate(one)


# ------------------------------------------------------------------------------------------------ files


def _judge_files(
    what: Sequence[str | Path], kind: str, read: Read, corpus: Corpus[Any] | None, seed: int
) -> Assessment[Any]:
    title, candidates, unread = _CANDIDATES[kind](what, read)
    return _scored(candidates, corpus, kind=kind, title=title, unread=unread, seed=seed)


def _scored(candidates: Sequence[Certificate[M]], corpus: Corpus[M] | None, **words: Any) -> Assessment[M]:
    yardstick = build_yardstick(corpus) if corpus else None
    return Assessment(score(candidates, yardstick, **words), yardstick.searched if yardstick else ())


Found = tuple[str, list[Certificate[M]], Sequence[Dropped]]  # a title, candidates, what could not be read


def _tunes_of(what: Sequence[str | Path], _: Read) -> Found[Tune]:
    """The tunes of all sources, in order, none of them merged. CorpusError where there is none."""
    read = [item for source in what for item in _each_of(source)]
    unread = [item for item in read if isinstance(item, Dropped)]
    title = " ".join(Path(one).name or str(one) for one in what)
    if len(unread) == len(read):
        first = f"; the first: {unread[0].source}: {unread[0].reason}" if unread else ""
        raise CorpusError(f"{title}: no tune could be read, {len(unread)} found{first}")
    return title, [candidate(item) for item in read if not isinstance(item, Dropped)], unread


def _each_of(source: str | Path) -> Iterator[Tune | Dropped]:
    if str(source) in BUILT_IN:
        corpus = read_corpus(source)
        yield from corpus.tunes
        yield from corpus.dropped
        return
    files = find_files(source, or_run=True)
    yield from files.missed
    for _, path in files:
        yield from read_file(path, TUNE)


def _pieces_of(what: Sequence[str | Path], read: Read) -> Found[Piece]:
    """Every piece of all sources, then those that are equal to another one, under their own names."""
    found: Corpus[Piece] = read([str(one) for one in what])
    by_source = {piece.source: piece for piece in found.pieces}
    again = [replace(by_source[kept], source=left_out) for left_out, kept in found.duplicates]
    return found.name, [candidate(piece) for piece in (*found.pieces, *again)], found.dropped


_CANDIDATES: Mapping[str, Callable[[Sequence[str | Path], Read], Found[Any]]] = {
    Tune.kind: _tunes_of,
    Piece.kind: _pieces_of,
}


# ------------------------------------------------------------------------------------------------ a run


def _judge_run(
    path: Path,
    kind: str,
    against: Corpus[Any] | Sequence[str | Path],
    order: Order,
    read: Read,
    tell: Callable[[str], None],
    on_progress: Progress | None,
) -> Assessment[Any]:
    run = load_run(path)
    if run.config.music != kind:
        raise ConfigError(
            f"{path}: its tokens are {run.config.tokens.kind}, which spell tunes; expected a run of pieces"
        )
    if not run.trained:
        raise RunError(
            f"{path}: has no weights yet; expected a run that was trained to its first look at held-out {kind}s"
        )
    for temperature in order.temperatures:
        Sampling(temperature)  # refused at once, if it has to be
    named = bool(against)
    corpus = _corpus_of(against if named else sources_of(path), read)
    if corpus is None and (order.temperatures or order.checkpoints):
        raise RunError(
            f"{path}: its {kind}s are gone ({_told(path)}), and settings are held against real {kind}s; "
            f"name {kind}s with --against"
        )
    tell(f"Judging {path}" + (f" against {corpus.name}." if corpus else "."))
    learned = corpus is not None and learned_from(path, corpus)
    yardstick = build_yardstick(corpus, learned=learned) if corpus else None
    generator = load_generator(run)
    card = judge_run(
        generator,
        yardstick,
        corpus,
        count=order.tunes,
        temperature=default_temperature(path),
        best_of=order.best_of or default_best_of(path),
        seed=order.seed,
        remarks=_remarks(path, kind, corpus, named=named, learned=learned),
        on_progress=on_progress,
    )
    if yardstick is not None and corpus is not None and (order.temperatures or order.checkpoints):
        points = _frontier(run, yardstick, corpus, order, tell, on_progress)
        card = replace(card, frontier=points, knee=find_knee(points))
    wanted = order.surprises and KINDS[kind].has_score
    readable = {number: one.music for number, one in enumerate(card.each) if one.music and wanted}
    bits = surprises(generator, list(readable.values()))
    searched = yardstick.searched if yardstick else ()
    return Assessment(card, searched, dict(zip(readable, bits, strict=True)), _looks(generator, readable))


def _looks(generator: Generator, readable: Mapping[int, Any]) -> dict[int, Sequence[Look]]:
    """Where a model that attends looks back in the first tunes that its tokens cover and that are not too long."""
    found: dict[int, Sequence[Look]] = {}
    if not MODELS[generator.config.model.cell].attends:
        return found
    for number, tune in list(readable.items())[:LOOKED_AT]:
        with suppress(TokenError, ConfigError):
            found[number] = looks(generator, tune)
    return found


def _frontier(
    run: Run,
    yardstick: Yardstick[M],
    corpus: Corpus[M],
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
                best_of=order.best_of or default_best_of(run.path),
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


def _told(path: Path) -> str:
    return ", ".join(map(str, read_record(path).get("sources", ()))) or "the run does not say which"


def _remarks(path: Path, kind: str, corpus: Corpus[Any] | None, *, named: bool, learned: bool) -> list[Remark]:
    """What the run learned from, where that is not what it is held against."""
    if corpus is None:
        return [remark(kind, "gone", sources=_told(path))]
    if learned:
        return []
    return [remark(kind, "another" if named else "changed", corpus=corpus.name)]
