"""From sources to a `PieceCorpus`: pieces of several parts, families, the split, and what was dropped and why.

In: files, folders and the names of built-in collections, as `read_corpus` takes them. MIDI files are read whole, tunes
of ABC files as pieces of one part. Out: a `PieceCorpus`, the same on every machine. Exact duplicates are in
`duplicates`, and a family, which is one piece in several keys or settings, lives in one part of the split.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from tunewright.corpus.families import find_families, split_of
from tunewright.corpus.reading import Dropped, Progress, find_files, read_bytes, read_tunes
from tunewright.formats.midi.bars import with_bars
from tunewright.formats.midi.pieces import parse_piece, piece_of_tune
from tunewright.music.kinds import music_id
from tunewright.music.piece import TICKS, Piece, fingerprint
from tunewright.music.tune import Note, Pitch, Tune
from tunewright.support.errors import CorpusError, ParseError, RenderError
from tunewright.support.files import replace_file

MIDI = (".mid", ".midi")
LONGEST_LINE = 2000  # notes of a piece's top line that families are found by
_SPELLED = (
    ("C", 0),
    ("C", 1),
    ("D", 0),
    ("E", -1),
    ("E", 0),
    ("F", 0),
    ("F", 1),
    ("G", 0),
    ("G", 1),
    ("A", 0),
    ("B", -1),
    ("B", 0),
)


@dataclass(frozen=True)
class PieceCorpus:
    """Pieces in the order read, duplicates merged; `split` and `families` have one entry for each.

    A family's number is the place of its first piece. `duplicates` are (source left out, source kept).
    """

    name: str
    pieces: tuple[Piece, ...]
    split: tuple[str, ...]
    families: tuple[int, ...]
    dropped: tuple[Dropped, ...] = ()
    duplicates: tuple[tuple[str, str], ...] = ()

    @property
    def read(self) -> int:
        """Pieces read, duplicates counted."""
        return len(self.pieces) + len(self.duplicates)

    @cached_property
    def train(self) -> tuple[Piece, ...]:
        """The pieces to learn from."""
        return self._part("train")

    @cached_property
    def valid(self) -> tuple[Piece, ...]:
        """The pieces that decide when to stop and what is best."""
        return self._part("valid")

    @cached_property
    def test(self) -> tuple[Piece, ...]:
        """The pieces for published figures."""
        return self._part("test")

    def _part(self, name: str) -> tuple[Piece, ...]:
        return tuple(piece for piece, part in zip(self.pieces, self.split, strict=True) if part == name)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that any change of a piece or of the split changes."""
        digest = hashlib.sha256()
        for piece, part in zip(self.pieces, self.split, strict=True):
            digest.update(f"{music_id(piece)} {part}\n".encode())
        return digest.hexdigest()[:16]


def read_pieces(*sources: str | Path, on_progress: Progress | None = None) -> PieceCorpus:
    """Read files (.mid, .midi, .abc), folders of them, and built-in collections as pieces of several parts.

    CorpusError where a source is missing, holds no such file, or not one piece can be read. `on_progress(done, total)`
    counts files. One file is in memory at a time.
    """
    files = [(name, path) for source in sources for name, path in find_files(source)]
    name = " ".join(Path(source).name or str(source) for source in sources)
    pieces: list[Piece] = []
    dropped: list[Dropped] = []
    for number, (known_as, path) in enumerate(files, 1):
        for item in read_piece_file(known_as, path):
            if isinstance(item, Piece):
                pieces.append(item)
            else:
                dropped.append(item)
        if on_progress:
            on_progress(number, len(files))
    if not pieces:
        first = f", the first: {dropped[0].source}: {dropped[0].reason}" if dropped else ""
        raise CorpusError(f"{name}: no piece could be read, {len(dropped)} dropped{first}")
    distinct, duplicates = _merge_duplicates(pieces)
    families = _families(distinct)
    return PieceCorpus(name, tuple(distinct), _split(distinct, families), families, tuple(dropped), tuple(duplicates))


def read_piece_file(name: str, path: Path) -> Iterator[Piece | Dropped]:
    """Every piece of one file, known as `name`, or why it could not be read."""
    if path.suffix.lower() not in MIDI:
        for tune in read_tunes(path):
            yield _from_tune(tune) if isinstance(tune, Tune) else tune
        return
    data = read_bytes(path)
    if isinstance(data, Dropped):
        yield Dropped(f"{name}:1", data.reason)
        return
    try:
        yield with_bars(replace(parse_piece(data, path.name), source=f"{name}:1"))
    except ParseError as error:
        yield Dropped(f"{name}:1", error.reason)


def _from_tune(tune: Tune) -> Piece | Dropped:
    try:
        return piece_of_tune(tune)
    except (ParseError, RenderError) as error:
        return Dropped(tune.source, str(error))


def _merge_duplicates(pieces: Sequence[Piece]) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Equal pieces once, the first of them; and (source left out, source kept) for the others."""
    kept: dict[Piece, Piece] = {}
    duplicates = []
    for piece in pieces:
        first = kept.setdefault(piece, piece)
        if first is not piece:
            duplicates.append((piece.source, first.source))
    return list(kept), duplicates


# ------------------------------------------------------------------------------------------------ families


def _families(pieces: Sequence[Piece]) -> tuple[int, ...]:
    """For each piece the index of the first of its family: the same notes in any key, or one melody on top.

    The melody on top is compared as tunes are (`families`), so that two settings of one chorale stay together.
    """
    first_of = list(find_families([top_line(piece) for piece in pieces]))
    seen: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        same = seen.setdefault(fingerprint(piece), first_of[index])
        if same != first_of[index]:
            low, high = sorted((same, first_of[index]))
            first_of = [low if family == high else family for family in first_of]
    return tuple(first_of)


def top_line(piece: Piece) -> Tune:
    """The highest notes of a piece as a tune, each as long as up to the next one; the drums where there is no other."""
    line = piece.skyline[:LONGEST_LINE] or piece.parts[0].notes[:LONGEST_LINE]
    lengths = [after.onset - note.onset for note, after in pairwise(line)] + [TICKS]
    return Tune(
        tuple(
            Note((_pitch(note.number),), Fraction(max(length, 1), 4 * TICKS))
            for note, length in zip(line, lengths, strict=True)
        )
    )


def _pitch(number: int) -> Pitch:
    step, alter = _SPELLED[number % 12]
    return Pitch(step, alter, number // 12 - 1)


def _split(pieces: Sequence[Piece], families: Sequence[int]) -> tuple[str, ...]:
    parts = {family: split_of(top_line(pieces[family])) for family in set(families)}
    return tuple(parts[family] for family in families)


def write_piece_split(corpus: PieceCorpus, path: Path) -> None:
    """Write a table with tabs: id, part of the split, family, source and title of every piece."""
    rows = ["id\tsplit\tfamily\tsource\ttitle"]
    for piece, part, family in zip(corpus.pieces, corpus.split, corpus.families, strict=True):
        family_id = music_id(corpus.pieces[family])
        rows.append("\t".join((music_id(piece), part, family_id, piece.source, piece.title.replace("\t", " "))))
    replace_file(path, ("\n".join(rows) + "\n").encode())


# ------------------------------------------------------------------------------------------------ telling


def describe_pieces(corpus: PieceCorpus) -> dict[str, Any]:
    """What there is to say of a corpus of pieces, as plain data; the keys that `describe` has too mean the same."""
    parts = Counter(corpus.split)
    pieces = corpus.pieces
    instruments = Counter("drums" if part.drums else part.program for piece in pieces for part in piece.parts)
    return {
        "name": corpus.name,
        "tunes": corpus.read,
        "irregular": 0,
        "duplicates": len(corpus.duplicates),
        "families": len(set(corpus.families)),
        "dropped": [{"source": item.source, "reason": item.reason} for item in corpus.dropped],
        "split": {part: parts[part] for part in ("train", "valid", "test")},
        "fingerprint": corpus.fingerprint,
        "notes": sum(piece.notes for piece in pieces),
        "bars": sum(len(piece.bar_lines) for piece in pieces),
        "seconds": round(sum(piece.seconds for piece in pieces)),
        "repairs": dict(Counter(repair.what for piece in pieces for repair in piece.repairs).most_common()),
        "inferred": dict(Counter(item.what for piece in pieces for item in piece.inferred).most_common()),
        "parts": {str(count): pieces_ for count, pieces_ in sorted(Counter(len(p.parts) for p in pieces).items())},
        "instruments": {str(program): count for program, count in instruments.most_common()},
        "meters": dict(Counter(_meter(piece) for piece in pieces).most_common()),
        "files": [
            {"source": piece.source, "parts": len(piece.parts), "notes": piece.notes, "bars": len(piece.bar_lines)}
            for piece in pieces
        ],
    }


def _meter(piece: Piece) -> str:
    """The first metre of a piece as written; "none" where it states none."""
    return f"{piece.meters[0].numerator}/{piece.meters[0].denominator}" if piece.meters else "none"
