"""What a training step reads: windows of the training tunes, joined.

In: a corpus, its tokenizer and settings. Out: `Windows`, which gives for every step the same inputs and targets,
whatever was drawn before. This file trains nothing.

A model of characters reads windows of one row of text, as the lab's does. A model of musical tokens reads the tunes in
a new order each time through; in a share of them some of the notes to come are told, those after a gap or a few
strong ones, so that it learns to fill in and to vary.
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tunewright.music.beats import Onset, by_strength
from tunewright.music.kinds import Music, music_id
from tunewright.music.piece import Piece, transposed, transpositions
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError, TokenError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import Collection, Passage, Tokenizer, encode_passages, only_pieces, only_tunes
from tunewright.tokens.degrees.context import Begun, Columns, Sound, begun_in, read_rows
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.polyphony.context import PiecePlaces, read_piece_rows
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.training.config import Config

LONGEST_GAP = 8  # bars
MOST_KEPT = 10_000_000  # rows of pieces that are kept, in every transposition: 220 MB
Rows = npt.NDArray[np.int16]
AnyMusic = TypeVar("AnyMusic", bound=Music)


class Windows(Protocol):
    """What the steps of a training read."""

    length: int  # of a window, in tokens
    density: float  # notes per token

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (size, length), or (size, length, 1 + K), and targets (size, length), one place further on."""


def build_windows(
    tokenizer: Tokenizer, corpus: Collection, config: Config, refused: Counter[str] | None = None
) -> Windows:
    """The windows of a corpus; why tunes could not be encoded is counted in `refused`. CorpusError where none can."""
    if isinstance(tokenizer, PieceTokenizer):
        return PieceWindows(tokenizer, chosen_pieces(corpus, config), config, refused)
    if isinstance(tokenizer, CharTokenizer):
        return TextWindows(*joined_text(tokenizer, corpus, config), config)
    passages = encode_passages(tokenizer, chosen_tunes(corpus, config), refused)
    if not passages:
        raise CorpusError(f"{corpus.name}: no tune to train on that the tokens cover; expected at least one")
    return TuneWindows(tokenizer, passages, config)


def chosen_tunes(corpus: Collection, config: Config) -> list[Tune]:
    """The training tunes that a config has a model learn from; CorpusError where there are none."""
    regular = [tune for tune in only_tunes(corpus.train) if not (config.regular_only and tune.irregular)]
    tunes = share_of(regular, config.train_share)
    if not tunes:
        raise CorpusError(f"{corpus.name}: no tunes to train on; expected at least one in the training split")
    return tunes


def chosen_pieces(corpus: Collection, config: Config) -> list[Piece]:
    """The training pieces that a config has a model learn from; CorpusError where there are none."""
    pieces = share_of(only_pieces(corpus.train), config.train_share)
    if not pieces:
        raise CorpusError(f"{corpus.name}: no pieces to train on; expected at least one in the training split")
    return pieces


def share_of(tunes: Sequence[AnyMusic], share: float) -> list[AnyMusic]:
    """At least one and about `share` of the tunes, in their order; a larger share has all tunes of a smaller one."""
    by_hash = sorted(tunes, key=lambda tune: hashlib.sha256(f"share {music_id(tune)}".encode()).digest())
    chosen = set(map(id, by_hash[: math.ceil(share * len(by_hash))]))
    return [tune for tune in tunes if id(tune) in chosen]


def mix(seed: int, step: int) -> int:
    """A seed for one step of a run with a seed of its own."""
    return (seed * 1_000_003 + step) % 2**63


# ------------------------------------------------------------------------------------------------ characters


class TextWindows:
    """Windows of one row of ids (N,), beginning anywhere, a share of them where a tune does."""

    def __init__(self, data: Tensor, density: float, config: Config) -> None:
        self.data, self.density, self.config = data, density, config
        self.length = min(config.seq_length, len(data) - 1)
        self.begins = (data[:-1] == CharTokenizer.END).nonzero()[:, 0]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets (size, length)."""
        config = self.config
        return batch_at(self.data, step, config.batch_size, self.length, config.seed, self.begins, config.start_share)


def batch_at(
    data: Tensor, step: int, size: int, length: int, seed: int, begins: Tensor | None = None, share: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Inputs and targets (size, length): random windows of `data` (N,), the targets one place further on.

    The same for the same arguments, whatever was drawn before. As the lab draws them, but that about `share` of the
    windows begin at one of `begins`.
    """
    starts = window_starts(len(data), step, size, length, seed, begins, share)
    windows = data[starts[:, None] + torch.arange(length + 1)].long()
    return windows[:, :-1], windows[:, 1:]


def window_starts(
    total: int, step: int, size: int, length: int, seed: int, begins: Tensor | None = None, share: float = 0.0
) -> Tensor:
    """Where the windows of a step begin (size,) in a row of `total` ids."""
    generator = torch.Generator().manual_seed(mix(seed, step))
    starts = torch.randint(total - length, (size,), generator=generator)
    if begins is not None and share:
        chosen = begins[torch.randint(len(begins), (size,), generator=generator)].clamp(max=total - length - 1)
        starts = starts.where(torch.rand(size, generator=generator) >= share, chosen)
    return starts


def joined_text(tokenizer: CharTokenizer, corpus: Collection, config: Config) -> tuple[Tensor, float]:
    """The training tunes as one row of ids (N,), an end before and after each, and its notes per character."""
    tunes = chosen_tunes(corpus, config)
    ids = [tokenizer.END]
    for tune in tunes:
        ids += [*tokenizer.encode(tune), tokenizer.END]
    return torch.tensor(ids, dtype=torch.int32), sum(len(tune.notes) for tune in tunes) / len(ids)


# ------------------------------------------------------------------------------------------------ musical tokens


@dataclass(frozen=True, slots=True)
class _Joined:
    """The tunes once through, in one order: ids (N,), rows (N, 1 + K), and where tunes begin."""

    ids: Tensor
    rows: Tensor
    begins: Tensor


class TuneWindows:
    """Windows of the tunes in another order each time through, some of them with notes told."""

    def __init__(self, tokenizer: DegreeTokenizer, passages: Sequence[Passage], config: Config) -> None:
        self.columns, self.passages, self.config = Columns(tokenizer), passages, config
        self.begun = [begun_in(self.columns, passage.ids) for passage in passages] if config.told_share else []
        total = sum(len(passage.ids) - 1 for passage in passages) + 1
        self.length = min(config.seq_length, total - 1)
        self.density = sum(passage.notes for passage in passages) / total
        self.steps = max(1, total // (config.batch_size * self.length))  # that a time through takes
        self._joined: tuple[int, _Joined] | None = None

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (size, length, 1 + K) and targets (size, length)."""
        config, joined = self.config, self._time_through(step // self.steps)
        size, share, total = config.batch_size, config.start_share, len(joined.ids)
        starts = window_starts(total, step, size, self.length, config.seed, joined.begins, share)
        places = starts[:, None] + torch.arange(self.length)
        return joined.rows[places].long(), joined.ids[places + 1].long()

    def _time_through(self, time: int) -> _Joined:
        """The tunes joined for a time through; only the last one is kept."""
        if self._joined is None or self._joined[0] != time:
            self._joined = (time, self._join(np.random.default_rng((self.config.seed, time))))
        return self._joined[1]

    def _join(self, rng: np.random.Generator) -> _Joined:
        ids: list[npt.NDArray[np.int16]] = []
        rows: list[npt.NDArray[np.int16]] = []
        begins = []
        length = 0
        for number in rng.permutation(len(self.passages)):
            passage = self.passages[number]
            begins.append(length)
            ids.append(np.array(passage.ids[:-1], np.int16))
            rows.append(self._rows(int(number), rng)[:-1])
            length += len(passage.ids) - 1
        ids.append(np.array([DegreeTokenizer.END], np.int16))
        rows.append(rows[0][:1])
        joined_ids, joined_rows = (torch.from_numpy(np.concatenate(parts)) for parts in (ids, rows))
        return _Joined(joined_ids, joined_rows, torch.tensor(begins))

    def _rows(self, number: int, rng: np.random.Generator) -> npt.NDArray[np.int16]:
        passage, begun = self.passages[number], self.begun
        assert passage.rows is not None
        if rng.random() >= self.config.told_share:
            return passage.rows
        known, gaps = told_notes(self.columns, passage.ids, begun[number], rng)
        return np.array(read_rows(self.columns, passage.ids, known, gaps), np.int16)


Told = tuple[Mapping[Onset, Sound], Sequence[tuple[range, Onset]] | None]


def told_notes(columns: Columns, ids: Sequence[int], begun: Sequence[Begun], rng: np.random.Generator) -> Told:
    """Notes of a tune to tell in advance, and where (as `read_rows` has it).

    Half of the time the tune is one gap of a few bars after another, in each of which all is told that comes after
    it; else a share of the notes is told everywhere, the strong ones first.
    """
    if rng.random() < 0.5:
        return {one.onset: one.sound for one in begun}, list(_gaps(columns, ids, begun, rng))
    meter = next(columns.tokenizer.meters[number] for number in ids if number in columns.tokenizer.meters)
    order = by_strength([one.onset for one in begun], meter, rng)
    kept = order[: int(rng.random() * (len(order) + 1))]
    return {begun[place].onset: begun[place].sound for place in kept}, None


def _gaps(
    columns: Columns, ids: Sequence[int], begun: Sequence[Begun], rng: np.random.Generator
) -> Iterator[tuple[range, Onset]]:
    """Gaps of whole bars, one after another, each with the onset of the first note after it."""
    lines = [place + 1 for place, number in enumerate(ids) if number in columns.tokenizer.bar_lines]
    places = [one.place for one in begun]
    first = 0
    while first < len(lines) - 1:
        last = min(len(lines) - 1, first + int(rng.integers(1, LONGEST_GAP + 1)))
        following = bisect_left(places, lines[last])
        if following < len(begun):
            yield range(lines[first], lines[last]), begun[following].onset
        first = last


# ------------------------------------------------------------------------------------------------ pieces


class PieceWindows:
    """Windows of the pieces in another order each time through, each moved by some semitones."""

    def __init__(
        self, tokenizer: PieceTokenizer, pieces: Sequence[Piece], config: Config, refused: Counter[str] | None = None
    ) -> None:
        self.tokenizer, self.places, self.config = tokenizer, PiecePlaces(tokenizer), config
        self.pieces: list[Piece] = []
        self._encoded: dict[tuple[int, int], Rows] = {}  # of piece and semitones
        self._kept = 0
        for piece in pieces:
            try:
                rows = self._rows(piece, 0)
            except TokenError as error:
                if refused is not None:
                    refused[str(error)] += 1
                continue
            self._keep(len(self.pieces), 0, rows)
            self.pieces.append(piece)
        if not self.pieces:
            raise CorpusError("no piece to train on that the tokens cover; expected at least one")
        total = self._kept + 1
        self.length = min(config.seq_length, total - 1)
        self.density = sum(piece.notes for piece in self.pieces) / total
        self.steps = max(1, total // (config.batch_size * self.length))  # that a time through takes
        self._joined: tuple[int, Tensor, Tensor] | None = None

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (size, length, 1 + K) and targets (size, length)."""
        config, (rows, begins) = self.config, self._time_through(step // self.steps)
        starts = window_starts(len(rows), step, config.batch_size, self.length, config.seed, begins, config.start_share)
        places = starts[:, None] + torch.arange(self.length)
        return rows[places].long(), rows[places + 1, 0].long()

    def _time_through(self, time: int) -> tuple[Tensor, Tensor]:
        """The rows (N, 1 + K) of the pieces joined for a time through, and where pieces begin; the last one is kept."""
        if self._joined is None or self._joined[0] != time:
            self._joined = (time, *self._join(np.random.default_rng((self.config.seed, time))))
        return self._joined[1:]

    def _join(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows: list[Rows] = []
        begins = []
        length = 0
        for number in rng.permutation(len(self.pieces)).tolist():
            way = transpositions(self.pieces[number], self.config.transpose)
            one = self._moved(number, way[int(rng.integers(len(way)))])
            begins.append(length)
            rows.append(one)
            length += len(one)
        rows.append(rows[0][:1])
        return torch.from_numpy(np.concatenate(rows)), torch.tensor(begins)

    def _moved(self, number: int, semitones: int) -> Rows:
        """The rows of a piece so many semitones higher, after an end."""
        rows = self._encoded.get((number, semitones))
        if rows is None:
            rows = self._rows(self.pieces[number], semitones)
            if self._kept < MOST_KEPT:
                self._keep(number, semitones, rows)
        return rows

    def _rows(self, piece: Piece, semitones: int) -> Rows:
        ids = [PieceTokenizer.END, *self.tokenizer.encode(transposed(piece, semitones))]
        return np.array(read_piece_rows(self.places, ids), np.int16)

    def _keep(self, number: int, semitones: int, rows: Rows) -> None:
        self._encoded[number, semitones] = rows
        self._kept += len(rows)
