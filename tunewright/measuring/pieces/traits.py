"""What a listener could tell pieces by: the measures of each, and the words that it is made of.

In: pieces. Out: `Traits`, one number for each of `PIECE_SHAPES`, and short runs of chords, intervals and lengths,
counted; and `compare_pieces`, how well a classifier tells two sets apart by them. The protocol is that of `two_sample`:
as many on both sides, matched in metre, as far as they go round in drums and number of parts too; pieces whose top
lines are settings of one melody never lie on both sides of a fold. Nothing here depends on the key, on how hard notes
are struck, or on names and tempi.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction

from tunewright.corpus.families import find_families
from tunewright.measuring.pieces.habits import chord_pairs, chords, intervals, lengths, onsets
from tunewright.measuring.pieces.originality import top_tune
from tunewright.measuring.pieces.table import OF_PIECE, PIECE_MEASURES
from tunewright.measuring.pieces.views import GRID, SILENT, View, view
from tunewright.measuring.repetition import runs
from tunewright.measuring.traits import FEWEST_NOTES, WIDEST, Traits, Word, name_of_key
from tunewright.measuring.two_sample import Pool, TwoSample, build_pool, compare
from tunewright.music.piece import TICKS, Piece, fingerprint
from tunewright.music.tune import Meter

FEWEST_PIECES = 40  # a side, below which no classifier is asked
OFTEN_UNDEFINED = ("drum_in_pattern_rate", "drum_pattern_consistency")  # of pieces without drums: told by drum_share
_OWN = {
    "bars": "bars",
    "notes": "notes",
    "drum_share": "notes that are drums'",
    "last_chord": "different pitch classes in the last chord",
    "last_length": "quarter notes from the last onset to the end",
}
PIECE_SHAPES: Mapping[str, str] = _OWN | {
    name: PIECE_MEASURES[name].meaning for name in OF_PIECE if name not in OFTEN_UNDEFINED
}
"""What the shapes of a piece are called, in English, by their keys."""


def compare_pieces(
    ours: Sequence[Piece], real: Sequence[Piece], *, families: Sequence[Hashable] | None = None, seed: int = 0
) -> TwoSample:
    """How well `ours` can be told from `real` pieces, whose families are given as far as known."""
    return compare(ours, real, _pool, families=families, seed=seed)


def read_piece_traits(piece: Piece | View) -> Traits | None:
    """The traits of a piece; None for one of fewer than two notes."""
    seen = view(piece)
    if len(seen.every) < FEWEST_NOTES:
        return None
    measured = {name: of(seen) for name, of in OF_PIECE.items()} | _own(seen)
    shape = tuple(0.0 if math.isnan(measured[name]) else float(measured[name]) for name in PIECE_SHAPES)
    return Traits(shape, Counter(_words(seen)))


def _own(seen: View) -> dict[str, float]:
    last = max(note.onset for part in seen.piece.parts for note in part.notes)
    final = seen.pitched[seen.pitched[:, 1] > last]
    return {
        "bars": len(seen.bars),
        "notes": len(seen.every),
        "drum_share": len(seen.drums) / len(seen.every),
        "last_chord": len({number % 12 for number in final[:, 2].tolist()}),
        "last_length": (seen.piece.length - last) / TICKS,
    }


def _pool(pieces: Sequence[Piece], known: Sequence[Hashable]) -> Pool:
    families = (find_families([top_tune(piece) for piece in pieces]), [fingerprint(piece) for piece in pieces], known)
    headers = [_headers(piece) for piece in pieces]
    return build_pool(
        [read_piece_traits(piece) for piece in pieces], headers, families, tuple(PIECE_SHAPES), key_of_word, name_of
    )


def _headers(piece: Piece) -> tuple[Hashable, ...]:
    """What pairs have in common: metre; drums or none; how many parts."""
    first = View(piece).meters[0]
    meter = (first.numerator / first.denominator, Meter(first.numerator, first.denominator).compound)
    drums = (*meter, any(part.drums for part in piece.parts))
    return meter, drums, (*drums, len(piece.parts))


# ------------------------------------------------------------------------------------------------ words


def _words(seen: View) -> Iterator[Word]:
    """Every word of a piece, as often as it stands there."""
    yield from (("chord", chord) for _, chord in chords(seen))
    yield from (("chords", *pair) for pair in chord_pairs(seen))
    yield from (("onset", onset) for onset in onsets(seen))
    for line in intervals(seen):
        yield from _runs("intervals", [max(-WIDEST, min(WIDEST, interval)) for interval in line], (1, 2, 3))
    for part in lengths(seen):
        yield from _runs("lengths", part, (1, 2, 3))
    yield from _outer(seen)
    starts = [start for start, _ in seen.bars]
    for onset, _, number in seen.drums.tolist():
        yield "drum", round((onset - starts[seen.piece.bar_at(onset)]) / GRID), number


def _outer(seen: View) -> Iterator[Word]:
    """How the lowest and the highest part move against one another from beat to beat, and what lies between them."""
    ordered = sorted((line for line in seen.lines if len(line.numbers)), key=lambda line: float(line.numbers.mean()))
    if len(ordered) < 2:
        return
    low, high = ordered[0].at(seen.beats).tolist(), ordered[-1].at(seen.beats).tolist()
    for (bass, top), (then_bass, then_top) in runs([*zip(low, high, strict=True)], 2):
        if SILENT not in (bass, top, then_bass, then_top):
            moves = ((then_top > top) - (then_top < top), (then_bass > bass) - (then_bass < bass))
            yield "outer", (top - bass) % 12, moves, (then_top - then_bass) % 12


def _runs(kind: str, items: Sequence[int], sizes: Sequence[int]) -> Iterator[Word]:
    for size in sizes:
        yield from ((f"{kind} {size}", *run) for run in runs(items, size))


# ------------------------------------------------------------------------------------------------ names


def key_of_word(word: Word) -> str:
    """The key of a word that can be named in few words ("chord:0-4-7", "interval:-5", "length:1/8"); "" for others."""
    kind, *what = word
    if kind == "chord" and isinstance(what[0], tuple):
        return "chord:" + "-".join(map(str, what[0]))
    if kind == "intervals 1":
        return f"interval:{what[0]}"
    if kind == "lengths 1" and isinstance(what[0], int):
        return f"length:{Fraction(what[0] * GRID, 4 * TICKS).limit_denominator(96)}"
    return ""


def name_of(key: str) -> str:
    """What has the key of a shape or a word, in English.

    >>> name_of("chord:0-4-7"), name_of("interval:-5")
    ('chords of 0 4 7 semitones above the lowest note', 'falls of 5 semitones')
    """
    kind, _, what = key.partition(":")
    if kind == "chord":
        return f"chords of {what.replace('-', ' ')} semitones above the lowest note"
    return name_of_key(key) if what else PIECE_SHAPES[key]
