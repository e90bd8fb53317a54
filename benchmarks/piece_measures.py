"""Do the judges of music of several parts judge well? Bach's chorales of music21, or any folder of MIDI files.

    python benchmarks/piece_measures.py [FOLDER]                   measures, copies found, real against real
    python benchmarks/piece_measures.py [FOLDER] --muspy           the measures beside those of muspy, if installed
    python benchmarks/piece_measures.py [FOLDER] --break keys      with an index that is wrong on purpose

Without a folder, music21 writes the chorales first (about a minute). Then, in this order:

- every measure of the held-out pieces: the column that stands beside drawn ones;
- validity: how many pieces, as they were read, are well formed;
- originality: every training piece moved to another key has to be called a copy, eight bars of a training piece set
  into a held-out one have to be found where they stand, and held-out pieces as they are must be no copies;
- the classifier: real against real, many random divisions of the families; then one side moved to another key, which
  must change nothing, and spoilt, one note in so many a semitone off, which must show.

Exit codes: 0 done, 1 below a goal: every copy found, 95 of 100 pasted passages found, 2 of 100 held-out pieces called
copies at most, real against real between 0.45 and 0.55.
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from chorales import write_chorales

from tunewright.corpus.corpus import PieceCorpus
from tunewright.corpus.reading import read_pieces
from tunewright.formats.midi.pieces import read_piece
from tunewright.formats.validity import fault_of
from tunewright.measuring.originality import Borrowing
from tunewright.measuring.pieces import originality as originality
from tunewright.measuring.pieces.originality import PieceIndex, build_piece_index, shared_with
from tunewright.measuring.pieces.table import OF_PIECE, measure_pieces
from tunewright.measuring.pieces.traits import compare_pieces
from tunewright.measuring.pieces.views import Line, View
from tunewright.music.piece import Part, Piece, PieceNote, transposed

BARS = 8  # of a passage that is pasted
FOUND = 0.95  # share of those that have to be found
MOST_COPIES = 0.02  # of held-out pieces
FLOOR = (0.45, 0.55)
SPOILT = (64, 32, 16, 8)  # one note in so many
MUSPY = {  # our names by muspy's
    "pitch_range": "pitch_range",
    "n_pitches_used": "pitches_used",
    "n_pitch_classes_used": "pitch_classes_used",
    "pitch_entropy": "pitch_entropy",
    "pitch_class_entropy": "pitch_class_entropy",
    "scale_consistency": "scale_consistency",
    "polyphony": "polyphony",
    "polyphony_rate": "polyphony_rate",
}


def show_measures(pieces: Sequence[Piece]) -> None:
    """A row for every measure: mean, quartiles, extremes."""
    began = time.perf_counter()
    each = measure_pieces(pieces)
    seconds = time.perf_counter() - began
    print(f"\n| measure of {len(pieces)} held-out pieces | mean | 1st quartile | middle | 3rd | least | most |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in OF_PIECE:
        values = np.array([one[name] for one in each])
        values = values[~np.isnan(values)]
        if len(values):
            numbers = (values.mean(), *np.quantile(values, (0.25, 0.5, 0.75)), values.min(), values.max())
            print(f"| `{name}` | {' | '.join(f'{number:.3f}' for number in numbers)} |")
    print(f"({1000 * seconds / len(pieces):.1f} ms for a piece)", flush=True)


def show_validity(pieces: Sequence[Piece]) -> None:
    """How many are well formed, and what is wrong with the others."""
    faults = Counter(fault_of(piece) for piece in pieces)
    print(f"\n{faults.pop('', 0)} of {len(pieces)} pieces are well formed as read; {dict(faults) or 'no faults'}")


# ------------------------------------------------------------------------------------------------ copies


def show_copies(corpus: PieceCorpus, rng: random.Random) -> bool:
    """What real pieces share, and whether copies are found."""
    began = time.perf_counter()
    index, held_out = build_piece_index(corpus.train), [*corpus.valid, *corpus.test]
    real = shared_with(held_out, index)
    seconds = time.perf_counter() - began
    lines, beats = Borrowing.of([one.line for one in real]), Borrowing.of([one.beats for one in real])
    rate = sum(one.copied for one in real) / len(real)
    print(
        f"\nHeld-out pieces: {100 * rate:.1f} % copies; longest passage of a line {statistics.median(lines.lengths):g} "
        f"notes (95 of 100: {lines.line(95):g}), run of beats {statistics.median(beats.lengths):g} "
        f"(95 of 100: {beats.line(95):g}); {seconds:.1f} s for {len(corpus.train)} indexed, {len(held_out)} looked up"
    )
    moved = [transposed(piece, rng.choice((-3, -2, -1, 1, 2, 3))) for piece in corpus.train]
    copied = sum(one.copied and one.beats.share == 1 for one in shared_with(moved, index))
    print(f"Training pieces in another key: {copied} of {len(moved)} are called copies, whole")
    found, pasted = _pasted(corpus, index, beats, rng)
    print(
        f"Eight bars of a training piece set into a held-out one: {found} of {pasted} found where they stand",
        flush=True,
    )
    return rate <= MOST_COPIES and copied == len(moved) and found >= FOUND * pasted


def _pasted(corpus: PieceCorpus, index: PieceIndex, beats: Borrowing, rng: random.Random) -> tuple[int, int]:
    """How many passages were found, the right ones and longer than 95 of 100 real pieces share; and of how many."""
    mixed, places = [], []
    for piece in [*corpus.valid, *corpus.test]:
        same = [
            (number, other)
            for number, other in enumerate(corpus.train)
            if len(other.parts) == len(piece.parts)
            and other.meters[:1] == piece.meters[:1]
            and min(len(View(one).bars) for one in (piece, other)) > BARS + 2
        ]
        if same:
            number, other = rng.choice(same)
            mixed.append(paste(piece, transposed(other, rng.choice((-2, 2))), rng))
            places.append(number)
    found = shared_with(mixed, index)
    right = [
        one.beats.length > beats.line(95) and one.beats.length >= BARS * 2 and index.sources[place] == one.beats.source
        for one, place in zip(found, places, strict=True)
    ]
    return sum(right), len(mixed)


def paste(piece: Piece, other: Piece, rng: random.Random) -> Piece:
    """A piece with eight bars of another in place of eight of its own."""
    (here, stop), (there, end) = (_stretch(one, rng) for one in (piece, other))
    parts = []
    for mine, theirs in zip(piece.parts, other.parts, strict=True):
        kept = [
            note._replace(end=min(note.end, here)) if note.onset < here else note
            for note in mine.notes
            if not here <= note.onset < stop
        ]
        moved = [
            PieceNote(note.onset - there + here, min(note.end, end) - there + here, note.number, note.velocity)
            for note in theirs.notes
            if there <= note.onset < end
        ]
        parts.append(Part(tuple(sorted(kept + moved)), mine.program, mine.drums, mine.name))
    return replace(piece, parts=tuple(parts))


def _stretch(piece: Piece, rng: random.Random) -> tuple[int, int]:
    """Where eight bars of a piece begin and end; no pickup among them."""
    bars = View(piece).bars
    first = rng.randint(1, len(bars) - BARS - 1)
    return bars[first][0], bars[first + BARS - 1][1]


# ------------------------------------------------------------------------------------------------ the classifier


def show_classifier(corpus: PieceCorpus, divisions: int) -> bool:
    """Real against real, in another key, and spoilt."""
    aucs = []
    for seed in range(divisions):
        ours, real, families = _halves(corpus, random.Random(seed))
        aucs.append(compare_pieces(ours, real, families=families, seed=seed).auc)
    mean = statistics.mean(aucs)
    print(
        f"\nReal against real, {divisions} divisions of {len(corpus.pieces)} pieces by family: mean AUC {mean:.3f}, "
        f"{min(aucs):.3f} to {max(aucs):.3f}",
        flush=True,
    )
    changes: dict[str, Callable[[Piece, random.Random], Piece]] = {"in another key": lambda one, _: _moved(one)}
    changes |= {f"one note in {often} a semitone off": _spoiling(often) for often in SPOILT}
    for name, change in changes.items():
        ours, real, families = _halves(corpus, random.Random(0))
        rng = random.Random(1)
        found = compare_pieces([change(one, rng) for one in ours], real, families=families)
        tell = found.tells[0].name if found.tells else "nothing"
        print(f"- {name}: AUC {found.auc:.3f} ({found.low:.3f} to {found.high:.3f}); told by {tell}", flush=True)
    return FLOOR[0] <= mean <= FLOOR[1]


def _halves(corpus: PieceCorpus, rng: random.Random) -> tuple[list[Piece], list[Piece], list[int]]:
    """Two halves of a collection, families whole; and the families of the second."""
    numbers = sorted(set(corpus.families))
    first = set(rng.sample(numbers, len(numbers) // 2))
    pairs = list(zip(corpus.pieces, corpus.families, strict=True))
    ours = [piece for piece, family in pairs if family in first]
    others = [(piece, family) for piece, family in pairs if family not in first]
    return ours, [piece for piece, _ in others], [family for _, family in others]


def _moved(piece: Piece) -> Piece:
    return transposed(piece, 2)


def _spoiling(often: int) -> Callable[[Piece, random.Random], Piece]:
    def spoil(piece: Piece, rng: random.Random) -> Piece:
        parts = tuple(
            replace(
                part,
                notes=tuple(
                    note._replace(number=note.number + rng.choice((-1, 1))) if not rng.randrange(often) else note
                    for note in part.notes
                ),
            )
            for part in piece.parts
        )
        return replace(piece, parts=parts)

    return spoil


# ------------------------------------------------------------------------------------------------ muspy


def show_muspy(folder: Path) -> None:
    """The farthest that ours lie from muspy's; what is defined in another way here is not compared."""
    muspy = importlib.import_module("muspy")  # no dependency of this project

    worst = dict.fromkeys(MUSPY, 0.0)
    files = sorted(folder.glob("*.mid"))[::10]
    for file in files:
        music, ours = muspy.read_midi(file), measure_pieces([read_piece(file)])[0]
        for theirs, name in MUSPY.items():
            value = float(getattr(muspy, theirs)(music))
            if not math.isnan(value):
                worst[theirs] = max(worst[theirs], abs(value - ours[name]))
    told = ", ".join(f"{name} {far:.2g}" for name, far in worst.items())
    print(f"\nFarthest from muspy {muspy.__version__} in {len(files)} files: {told}", flush=True)


def with_keys() -> None:
    """An index that compares pitches as they are: what was moved to another key is missed."""
    plain = originality._line_pairs

    def wrong(line: Line) -> tuple[tuple[int, int, int], ...]:
        return tuple((number, *pair[1:]) for number, pair in zip(line.numbers.tolist(), plain(line), strict=False))

    beats = originality._beats

    def with_pitches(seen: View) -> tuple[list[int], list[originality.Content], list[int]]:
        numbers, _, lowest = beats(seen)
        return numbers, [((0, 0, low),) for low in lowest], lowest

    originality._line_pairs, originality._beats = wrong, with_pitches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--divisions", type=int, default=10)
    parser.add_argument("--muspy", action="store_true")
    parser.add_argument("--break", dest="broken", choices=["keys"])
    arguments = parser.parse_args()
    if arguments.broken:
        with_keys()
    with TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch) / "chorales"
        if not arguments.folder:
            write_chorales(folder)
        corpus = read_pieces(folder)
        split = f"{len(corpus.train)}/{len(corpus.valid)}/{len(corpus.test)}"
        print(f"{len(corpus.pieces)} pieces, {len(set(corpus.families))} families, {split} to learn, choose, test")
        show_measures([*corpus.valid, *corpus.test])
        show_validity(corpus.pieces)
        if arguments.muspy:
            show_muspy(folder)
        passed = show_copies(corpus, random.Random(3))
        if not arguments.broken:
            passed &= show_classifier(corpus, arguments.divisions)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
