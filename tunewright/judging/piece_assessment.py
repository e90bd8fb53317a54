"""Judging what somebody names as music of several parts: a run or files in, a scorecard out.

In: a run folder whose tokens spell pieces, or files and folders of MIDI and ABC; and what to hold them against. Out: a
`PieceAssessment`. What is asked for and cannot be had is refused before anything is drawn. The work itself is in
`piece_judging`; `assessment` is the same for tunes. This file prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tunewright.corpus.corpus import PieceCorpus
from tunewright.corpus.reading import read_pieces
from tunewright.generation.generator import load_generator
from tunewright.generation.sampling import Sampling
from tunewright.judging.piece_certificate import (
    PIECES,
    PieceYardstick,
    build_piece_yardstick,
    judge_piece_run,
    judge_pieces,
    of_file,
    piece_remark,
)
from tunewright.judging.run_scorecard import learned_from, sources_of
from tunewright.judging.scorecard import Certificate, Remark, Scorecard
from tunewright.music.piece import Piece
from tunewright.support.errors import ConfigError, RunError
from tunewright.training.run import default_temperature, is_run, load_run, read_record

Progress = Callable[[int, int], None]
Read = Callable[[list[str]], PieceCorpus]


@dataclass(frozen=True, slots=True, eq=False)
class PieceAssessment:
    """A scorecard, and what a page shows beside it."""

    card: Scorecard[Piece]
    searched: tuple[Piece, ...] = ()  # the pieces in which shared passages were looked for, by `Shared.there`


def judges_pieces(what: Sequence[str | Path]) -> bool:
    """Whether a run whose tokens spell pieces of several parts is among the things to judge."""
    return any(is_run(Path(one)) and load_run(Path(one)).config.music == "piece" for one in what)


def evaluate_pieces(
    *what: str | Path,
    against: Sequence[str | Path] = (),
    pieces: int = 0,
    temperature: float | None = None,
    seed: int = 0,
    read: Read | None = None,
    tell: Callable[[str], None] = lambda _: None,
    on_progress: Progress | None = None,
) -> PieceAssessment:
    """The scorecard of one run, or of the pieces of files and folders, held against the sources `against`.

    A run draws `pieces` pieces, 100 where that is 0, and is held against the training pieces that it learned from where
    no source is named. ConfigError for a run among files, for several runs, and for a run of tunes; RunError,
    CorpusError where one cannot be read, or holds no piece.
    """
    read = read or (lambda sources: read_pieces(*sources))
    names = [str(source) for source in against]
    if not any(is_run(Path(one)) for one in what):
        return _judge_files(what, read, read(names) if names else None, seed)
    if len(what) > 1:
        raise ConfigError(
            f"{', '.join(map(str, what))}: found a run among {len(what)} things to judge; expected one run, or files "
            "alone (runs are put side by side by `compare`)"
        )
    return _judge_run(Path(what[0]), names, pieces or PIECES, temperature, seed, read, tell, on_progress)


def _judge_files(what: Sequence[str | Path], read: Read, corpus: PieceCorpus | None, seed: int) -> PieceAssessment:
    found = read([str(one) for one in what])
    yardstick = build_piece_yardstick(corpus) if corpus else None
    card = judge_pieces(_candidates(found), yardstick, title=found.name, unread=found.dropped, seed=seed)
    return PieceAssessment(card, yardstick.searched if yardstick else ())


def _candidates(found: PieceCorpus) -> list[Certificate[Piece]]:
    """Every piece that was read, those that are equal to another one too."""
    by_source = {piece.source: piece for piece in found.pieces}
    again = [replace(by_source[kept], source=left_out) for left_out, kept in found.duplicates]
    return [of_file(piece) for piece in (*found.pieces, *again)]


def _judge_run(
    path: Path,
    against: list[str],
    pieces: int,
    temperature: float | None,
    seed: int,
    read: Read,
    tell: Callable[[str], None],
    on_progress: Progress | None,
) -> PieceAssessment:
    run = load_run(path)
    if run.config.music != "piece":
        raise ConfigError(
            f"{path}: its tokens are {run.config.tokens.kind}, which spell tunes; expected a run of pieces"
        )
    if not run.trained:
        raise RunError(
            f"{path}: has no weights yet; expected a run that was trained to its first look at held-out music"
        )
    degree = default_temperature(path) if temperature is None else temperature
    Sampling(degree)  # refused at once, if it has to be
    sources = against or sources_of(path)
    corpus = read(sources) if sources else None
    tell(f"Judging {path}" + (f" against {corpus.name}." if corpus else "."))
    learned = corpus is not None and learned_from(path, corpus)
    yardstick: PieceYardstick | None = build_piece_yardstick(corpus, learned=learned) if corpus else None
    card = judge_piece_run(
        load_generator(run),
        yardstick,
        corpus,
        pieces=pieces,
        temperature=degree,
        seed=seed,
        remarks=_remarks(path, corpus, against, learned),
        on_progress=on_progress,
    )
    return PieceAssessment(card, yardstick.searched if yardstick else ())


def _remarks(path: Path, corpus: PieceCorpus | None, against: Sequence[str], learned: bool) -> list[Remark]:
    """What the run learned from, where that is not what it is held against."""
    if corpus is None:
        told = ", ".join(map(str, read_record(path).get("sources", ()))) or "the run does not say which"
        return [piece_remark("pieces_gone", sources=told)]
    if learned:
        return []
    return [piece_remark("pieces_another" if against else "pieces_changed", corpus=corpus.name)]
