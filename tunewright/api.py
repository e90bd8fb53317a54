"""What a program does with the library: read a collection, learn it, draw from what has learned it, judge, write.

In: files, collections, settings, requests. Out: a `Corpus`, a `Run`, a `Generator` and what it draws, a `Card`. Every
verb is one call into the package that does the work, which is loaded when it is first needed. What the verbs were
called before is in `FORMER`. This file does no work itself.

    corpus = read("my-tunes/")
    run = train(corpus, "runs/mine", minutes=5)
    for new in load(run).generate(8, Request(key="E dorian", bars=16), seed=1):
        print(new.text)
    evaluate(run).save("card.html")
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.generation.attention import Look
    from tunewright.generation.generated import Generated
    from tunewright.generation.generator import Generator
    from tunewright.judging.assessment import Order
    from tunewright.judging.scorecard import Scorecard
    from tunewright.judging.teaching import Taught
    from tunewright.music.kinds import Music
    from tunewright.music.piece import Piece
    from tunewright.music.tune import Tune
    from tunewright.training.config import Config
    from tunewright.training.progress import Progress
    from tunewright.training.run import Run

M = TypeVar("M", bound="Music")
Source = str | Path
Counted = Callable[[int, int], None]  # is called with how much is done, and how much there is

FORMER: Mapping[str, tuple[str, str]] = {  # where what it was called is, and what to write instead
    "generate": ("generation.keywords:generate", "load(run).generate"),
    "generate_pieces": ("generation.keywords:generate_pieces", "load(run).generate"),
    "read_corpus": ("corpus.reading:read_corpus", "read"),
    "read_pieces": ("corpus.reading:read_pieces", "read(..., parts=True)"),
    "write_tune": ("formats.formats:write_formats", "write"),
}


def warn_of_former(name: str, now: str, stacklevel: int = 3) -> None:
    """Say that a name goes away, and what to write instead."""
    warnings.warn(f"tunewright.{name} is to go; write tunewright.{now}", DeprecationWarning, stacklevel=stacklevel)


# ------------------------------------------------------------------------------------------------ reading, writing


@overload
def read(
    *sources: Source,
    parts: Literal[False] = False,
    melody: str = "",
    on_progress: Counted | None = None,
) -> Corpus[Tune]: ...
@overload
def read(
    *sources: Source, parts: Literal[True], melody: str = "", on_progress: Counted | None = None
) -> Corpus[Piece]: ...
def read(
    *sources: Source,
    parts: bool = False,
    melody: str = "",
    on_progress: Counted | None = None,
) -> Corpus[Any]:
    """The tunes of ABC and MIDI files, folders, and built-in collections (oneill, ryan, aird, essen).

    With `parts` all of it as pieces of several parts. `melody` says which track of a MIDI file is the tune: its name,
    its number from 1, or "skyline". `on_progress(done, total)` counts bytes. CorpusError where a source is missing, or
    holds no music that can be read; what is dropped beside others is in `Corpus.dropped`.
    """
    from tunewright.corpus.reading import read_corpus

    return read_corpus(*sources, kind="piece" if parts else "tune", melody=melody, on_progress=on_progress)


def write(music: Music, path: Source, **performance: Any) -> None:
    """Write a tune or a piece in the format that the file's name ends in: abc, mid, wav, svg, musicxml, pdf.

    `performance` is `tempo` (beats per minute), `straight`, `program`, `soundfont`, where the format has a use for it.
    ConfigError for another ending, RenderError for what cannot be made, OutputError where the file cannot be written.
    """
    from tunewright.formats import formats

    formats.write(music, Path(path), **performance)


# ------------------------------------------------------------------------------------------------ learning


@overload
def train(corpus: Corpus[Any], path: Source, config: Config, **how: Any) -> Iterator[Progress]: ...
@overload
def train(
    corpus: Corpus[Any],
    path: Source,
    *,
    preset: str = "",
    start_from: Run | Source | None = None,
    minutes: float | None = None,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Run: ...
def train(
    corpus: Corpus[Any],
    path: Source,
    config: Config | None = None,
    *,
    preset: str = "",
    start_from: Run | Source | None = None,
    minutes: float | None = None,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Run | Iterator[Progress]:
    """A run that has learned a corpus, in the folder `path`, from which it is drawn with `load`.

    With the settings of a preset, by default "default" for tunes and "polyphony" for pieces, and others by name, as in
    `hidden_size=256`. It ends after the preset's steps, after `minutes`, when the held-out music is foreseen no better,
    or when `stop()` turns true; `on_progress` is called after each step. It may `start_from` what another run has
    learned, or from "base": with its tokens and its model, in about a minute, and it ends, too, where what it draws
    is copied. With `resume` it goes on where it was. Raises
    RunError, also where the loss is no longer a number; ConfigError, CorpusError, OutputError. `train_steps` is the
    same as an iterator.

    With settings as a `Config` it is that iterator, as it was before.
    """
    from tunewright.judging.copying import watch_of
    from tunewright.support.errors import ConfigError
    from tunewright.training.finetuning import finetuning, load_origin
    from tunewright.training.loop import train_steps, train_to_the_end
    from tunewright.training.presets import load_preset, usual_preset
    from tunewright.training.run import load_run

    how: dict[str, Any] = {"resume": resume, "minutes": minutes, "stop": stop}
    if config is not None:
        warn_of_former("train with a Config", "train(..., preset=...), or train_steps")
        return train_steps(corpus, path, config, **how, **settings)  # of the keywords that it had: `record`
    origin = None if start_from is None else load_origin(start_from)
    if origin and (preset or resume):
        raise ConfigError("start_from goes on from a run as it is, in a new folder; expected no preset and no resume")
    preset = preset or ("" if origin else usual_preset(corpus.kind))
    if origin:
        before = finetuning(origin, len(corpus.train), len(corpus.valid))
    else:
        before = load_run(Path(path)).config if resume else load_preset(preset)
    how |= {"origin": origin, "watch": watch_of(corpus, Path(path), origin, before.with_(**settings))}
    record = {"preset": preset, "changed": [f"{name}={value}" for name, value in settings.items()]}
    return train_to_the_end(corpus, path, before.with_(**settings), record=record, on_progress=on_progress, **how)


def teach_critic(
    run: Run | Source,
    corpus: Corpus[Any] | None = None,
    *,
    tunes: int = 0,
    best_of: int = 0,
    seed: int = 0,
    on_progress: Counted | None = None,
) -> Taught:
    """Teach a run to tell its own tunes from real ones, and keep that in its folder if it can tell them apart.

    From then on the best of several drawings is what this critic likes most. It hears `tunes` real training tunes, by
    default 1,500, of the corpus or of the run's own sources, and as many drawn ones. With `best_of` that many are drawn
    of each tune where nobody says how many. RunError where the run or its tunes are missing or broken, ConfigError for
    a run of pieces and for numbers out of range, CorpusError where there are too few tunes.
    """
    from tunewright.judging import teaching
    from tunewright.training.base import refuse_to_change, run_folder
    from tunewright.training.run import load_run

    trained = load_run(run_folder(run)) if isinstance(run, str | Path) else run
    refuse_to_change(trained.path)
    found = teaching.corpus_of(trained) if corpus is None else corpus
    how: dict[str, Any] = {"best_of": best_of, "seed": seed, "on_progress": on_progress}
    return teaching.teach_run(trained, found, tunes=tunes or teaching.TUNES, **how)


# ------------------------------------------------------------------------------------------------ drawing


def load(run: Run | Source) -> Generator:
    """What draws new music from a trained run, or from "base", in several threads at once if need be.

    It draws at the run's own temperature where none is asked for, and shows the best of as many as the run's own number
    says. RunError where the run is missing, broken or not yet trained.
    """
    from tunewright.generation.decoding import Decoding
    from tunewright.generation.generator import load_generator
    from tunewright.training.base import run_folder
    from tunewright.training.run import default_best_of, default_temperature

    path = run_folder(run) if isinstance(run, str | Path) else run.path
    usual = Decoding.of(default_temperature(path))
    generator = load_generator(path if isinstance(run, str | Path) else run)
    return replace(generator, usual=usual, usual_best_of=default_best_of(path))


# ------------------------------------------------------------------------------------------------ judging


@dataclass(frozen=True, eq=False)
class Card(Generic[M]):
    """How good a set of music is, how alike and how original; as a value, a page, text and plain data."""

    scorecard: Scorecard[M]
    searched: tuple[M, ...]  # the music in which shared passages were looked for
    surprises: Mapping[int, tuple[float, ...]]  # bits of each note of some tunes, by place on the card
    looks: Mapping[int, Sequence[Look]]  # where a run that attends looks back in some tunes, by place on the card

    def save(self, path: Source, *, language: str = "en") -> None:
        """Write the page, in "en" or "zh". ConfigError for another language, OutputError for a file that cannot be."""
        from tunewright.reports.scorecard.page import write_scorecard

        found = {"others": self.searched, "surprises": self.surprises, "looks": self.looks}
        write_scorecard(Path(path), self.scorecard, language, **found)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, as `tunewright evaluate --json` prints it."""
        from tunewright.judging.scorecard import describe_scorecard

        return describe_scorecard(self.scorecard)

    def __str__(self) -> str:
        """The text that `tunewright evaluate` prints."""
        from tunewright.reports.scorecard.text import scorecard_text

        return scorecard_text(self.scorecard)

    @property
    def card(self) -> Scorecard[M]:
        """What `scorecard` was called before."""
        warn_of_former("Card.card", "Card.scorecard")
        return self.scorecard


def evaluate(
    *what: Run | Source | Music | Generated[Any],
    against: Corpus[Any] | Source | Sequence[Source] = (),
    count: int = 0,
    temperatures: Sequence[float] = (),
    checkpoints: bool = False,
    seed: int = 0,
    parts: bool = False,
    order: Order | None = None,
    on_progress: Counted | None = None,
) -> Card[Any]:
    """The card of a run, of the music of files and collections, or of tunes and pieces as they are or were drawn.

    Held against a corpus or sources: a run against what it learned from, where none are named. Of a run `count` tunes
    or pieces are drawn, by default 300 or 100, from `seed` on; with `temperatures` or `checkpoints` its settings are
    held against one another. With `parts` files are judged as pieces of several parts. ConfigError for what cannot
    stand together, RunError and CorpusError for what cannot be read.

    >>> from tunewright.formats.abc import parse_abc
    >>> [tune] = parse_abc("X:1\\nM:2/4\\nL:1/8\\nK:C\\nCDEF|GABc|cBAG|FEDC|]\\n")
    >>> evaluate(tune).scorecard.valid_rate.value
    1.0
    """
    from tunewright.judging.assessment import Order, evaluate_music
    from tunewright.judging.assessment import evaluate as judge
    from tunewright.training.base import found_by_name
    from tunewright.training.run import Run

    if order is not None:
        warn_of_former("evaluate(order=...)", "evaluate(count=..., temperatures=..., seed=...)")
    order = order or Order(count, tuple(temperatures), checkpoints, seed, surprises=True)
    held = [against] if isinstance(against, str | Path) else against
    runs = [one.path if isinstance(one, Run) else one for one in what]
    named = [found_by_name(one) if isinstance(one, str | Path) else one for one in runs]
    if any(not isinstance(one, str | Path) for one in named):
        found = evaluate_music(named, held, seed=order.seed)
    else:
        found = judge(*named, against=held, order=order, parts=parts, on_progress=on_progress)  # type: ignore[arg-type]
    return Card(found.scorecard, found.searched, found.surprises, found.looks)
