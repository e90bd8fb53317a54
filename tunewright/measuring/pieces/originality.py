"""How much of a piece stands already in other pieces: lines of parts note for note, and whole beats of all parts.

In: pieces, and an index built once of the pieces to compare with. Out: for each piece its `Resemblance`: the longest
passage of one of its lines that any line of theirs has too, in any key and any unit; the longest run of beats that one
of theirs has with all parts, transposed alike; and what its top line has in common with theirs though notes were
changed. Lines are those of `views`, one for each part but drums, and the top line of all parts; what is
compared of lines is what `matching.melodies` compares of tunes.

Whether a piece is a copy is a convention: half or more of its beats in one run of beats, or half or more of its top
line in one passage. What real pieces share is the scale of all of it (`originality.Borrowing`). Times are told apart to
a twenty-fourth of a quarter note. Drums stand in beats beside the other parts; beats of drums alone, or of silence, are
passed over, so that a piece of nothing but drums is not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tunewright.corpus.melodies import top_line
from tunewright.measuring.matching.substrings import Match, Substrings, build_substrings, longest_matches
from tunewright.measuring.originality import NOTHING, Index, Resemblance, Shared, build_index, nearest
from tunewright.measuring.pieces.views import GRID, Ints, Line, View, view
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune

TOP = -1  # the number of the top line of all parts

LinePair = tuple[int, int, int]  # semitones, and the ratio of one gap to the gap before, reduced
Content = tuple[tuple[int, int, int], ...]  # of a beat: when a note begins (-1: before), whether it is a drum, number
BeatPair = tuple[Content, Content, int, int]  # two beats in a row, how far the second one lies higher, beats between


# ------------------------------------------------------------------------------------------------ what is compared


@dataclass(frozen=True, slots=True)
class _Read:
    """A piece as it is compared."""

    lines: tuple[Line, ...]  # the top line first, then those of parts
    parts: tuple[int, ...]  # which part each is of
    line_pairs: tuple[tuple[LinePair, ...], ...]
    beats: tuple[int, ...]  # ticks at which those that count begin
    beat_pairs: tuple[BeatPair, ...]
    top: Tune


def _read(piece: Piece | View) -> _Read:
    seen = view(piece)
    numbered = [place for place, part in enumerate(seen.piece.parts) if not part.drums]
    lines = (seen.top, *seen.lines)
    beats, contents, lowest = _beats(seen)
    pairs = tuple(
        (here, there, low_there - low, then - now)
        for ((now, here, low), (then, there, low_there)) in pairwise(zip(beats, contents, lowest, strict=True))
    )
    ticks = tuple(int(seen.beats[beat]) for beat in beats)
    return _Read(lines, (TOP, *numbered), tuple(map(_line_pairs, lines)), ticks, pairs, top_tune(seen))


def top_tune(piece: Piece | View) -> Tune:
    """The top line of a piece as a tune, for what compares tunes; without notes where it has none."""
    seen = view(piece)
    tune = top_line(seen.piece) if len(seen.pitched) else Tune(())
    return replace(tune, title=called(seen.piece), source=seen.piece.source)


def _line_pairs(line: Line) -> tuple[LinePair, ...]:
    """Interval and ratio of onset gaps, note to note; the last gap is the length of the last note."""
    begun = _steps(np.append(line.onsets, line.ends[-1:]))
    gaps = np.maximum(np.diff(begun), 1)
    common = np.gcd(gaps[:-1], gaps[1:])
    rows = zip(np.diff(line.numbers), gaps[1:] // common, gaps[:-1] // common, strict=True)
    return tuple((int(step), int(later), int(now)) for step, later, now in rows)


def _steps(ticks: Ints) -> Ints:
    return (ticks + GRID // 2) // GRID


def _beats(seen: View) -> tuple[list[int], list[Content], list[int]]:
    """The numbers of the beats in which a pitch sounds, what is in each, counted from its lowest pitch, and that."""
    starts = _steps(seen.beats)
    if not len(starts):  # all of it is an upbeat shorter than a beat
        return [], [], []
    found: dict[int, set[tuple[int, int, int]]] = {}
    for drum, notes in enumerate((seen.pitched, seen.drums)):
        onsets, ends, numbers = _steps(notes[:, 0]), _steps(notes[:, 1]), notes[:, 2]
        first = np.searchsorted(starts, onsets, side="right") - 1
        last = first if drum else np.maximum(first, np.searchsorted(starts, ends, side="left") - 1)
        for begin, end, onset, number in np.stack([first, last, onsets, numbers], axis=1).tolist():
            first_beat = int(starts[max(begin, 0)])  # -1: an upbeat shorter than a beat, counted from the first one
            found.setdefault(begin, set()).add((onset - first_beat, drum, number))
            for beat in range(begin + 1, end + 1):
                found.setdefault(beat, set()).add((-1, drum, number))
    pitched = sorted(beat for beat, notes in found.items() if any(not drum for _, drum, _ in notes))
    lowest = [min(number for _, drum, number in found[beat] if not drum) for beat in pitched]
    contents = [
        tuple(sorted((onset, drum, number - low * (not drum)) for onset, drum, number in found[beat]))
        for beat, low in zip(pitched, lowest, strict=True)
    ]
    return pitched, contents, lowest


def called(piece: Piece) -> str:
    """What a piece is called: its title, or the name of its file where the title is only that of a part.

    Programs that write a track for each part put the name of the first part where the title of the piece belongs.
    """
    named = piece.title and piece.title not in {part.name for part in piece.parts}
    return piece.title if named else piece.source.rpartition(":")[0].rpartition("/")[2].rpartition(".")[0]


# ------------------------------------------------------------------------------------------------ the index


@dataclass(frozen=True, slots=True, eq=False)
class PieceIndex:
    """The lines and beats that pieces are compared with, and whose they are."""

    titles: tuple[str, ...]
    sources: tuple[str, ...]
    lines: Substrings
    owners: tuple[tuple[int, int], ...]  # of each line in `lines`: the piece, and the part
    line_onsets: tuple[Ints, ...]  # ticks
    beats: Substrings
    beat_ticks: tuple[tuple[int, ...], ...]  # of each piece
    tops: Index


def build_piece_index(pieces: Sequence[Piece]) -> PieceIndex:
    """The index of these pieces, for `shared_with`."""
    read = [_read(piece) for piece in pieces]
    return PieceIndex(
        tuple(map(called, pieces)),
        tuple(piece.source for piece in pieces),
        build_substrings([pairs for one in read for pairs in one.line_pairs]),
        tuple((number, part) for number, one in enumerate(read) for part in one.parts),
        tuple(line.onsets for one in read for line in one.lines),
        build_substrings([one.beat_pairs for one in read]),
        tuple(one.beats for one in read),
        build_index([one.top for one in read]),
    )


# ------------------------------------------------------------------------------------------------ looking up


def shared_with(pieces: Sequence[Piece], index: PieceIndex) -> list[Resemblance]:
    """What each piece shares with the indexed ones: lines and beats in any key, and its top line with notes changed."""
    read = [_read(piece) for piece in pieces]
    near = nearest([one.top for one in read], index.tops)
    return [
        Resemblance(longest, top, alike, beats)
        for (longest, top, beats), alike in zip(_longest(read, index), near, strict=True)
    ]


def longest_shared_of_pieces(pieces: Sequence[Piece], index: PieceIndex) -> list[tuple[Shared, Shared, Shared]]:
    """The longest passage that each piece shares: of all its lines, of its top line, and of beats of all parts."""
    return _longest([_read(piece) for piece in pieces], index)


def _longest(read: Sequence[_Read], index: PieceIndex) -> list[tuple[Shared, Shared, Shared]]:
    of_lines = iter(longest_matches(index.lines, [pairs for one in read for pairs in one.line_pairs]))
    of_beats = longest_matches(index.beats, [one.beat_pairs for one in read])
    found = []
    for one, beats in zip(read, of_beats, strict=True):
        lines = [_shared_line(one, place, next(of_lines), index) for place in range(len(one.lines))]
        longest = max(lines, key=lambda line: (line.length, line.share))
        found.append((longest, lines[0], _shared_beats(one, beats, index)))
    return found


def _shared_line(one: _Read, place: int, match: Match, index: PieceIndex) -> Shared:
    line, part = one.lines[place], one.parts[place]
    of = len(line.numbers)
    if not match.length:
        return replace(NOTHING, of=of, part=part)
    piece_there, part_there = index.owners[match.sequence]
    there = index.line_onsets[match.sequence]
    return Shared(
        match.length + 1,
        of,
        int(line.onsets[match.start]),
        index.titles[piece_there],
        index.sources[piece_there],
        int(there[match.start_there]),
        piece_there,
        part=part,
        part_there=part_there,
        stop=int(line.onsets[match.start + match.length]),
        stop_there=int(there[match.start_there + match.length]),
    )


def _shared_beats(one: _Read, match: Match, index: PieceIndex) -> Shared:
    of = len(one.beats)
    if not match.length:
        return replace(NOTHING, of=of)
    there = index.beat_ticks[match.sequence]
    return Shared(
        match.length + 1,
        of,
        one.beats[match.start],
        index.titles[match.sequence],
        index.sources[match.sequence],
        there[match.start_there],
        match.sequence,
        stop=one.beats[match.start + match.length],
        stop_there=there[match.start_there + match.length],
    )
