"""How much of a tune stands already in a corpus: passages shared note for note, and near-copies, with where they are.

In: tunes, and an index built once of the tunes to compare with. Out: for each tune `Shared`, the longest passage that
it shares in any key and any unit; `Near`, the passage most like one of theirs though notes were changed; and what they
say of a set, beside what held-out tunes borrow (`Borrowing`). What is compared is in `melodies`. The same search over
the characters of verbatim text is in the units of the lab's users.

Whether a tune is a copy is a convention: half of its notes or more in one passage (`copy_rate`). Below that, only the
held-out tunes tell borrowing from copying: a passage is more than the tradition shares where it is longer than 95 of
100 held-out tunes' own (`Borrowing.line`). How indexes are kept on disk is in `indexes`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

import numpy as np

from tunewright.measuring.matching.alignment import Alignment, align
from tunewright.measuring.matching.bands import Lines, build_lines
from tunewright.measuring.matching.melodies import Melody, Pair, Ratio, Ratios, Written, build_written, read_melody
from tunewright.measuring.matching.substrings import Match, Substrings, build_substrings, every_match, longest_matches
from tunewright.music.tune import Tune

COPIED = 0.5  # share of a tune in one passage from which it counts as a copy
SHORTEST = 12  # notes of a passage that is worth showing: a third to a half of real tunes share as many with some other


class Passage(Protocol):
    """What is borrowed: `Shared` or `Near`."""

    @property
    def length(self) -> int:
        """Notes, or characters, that are the same."""

    @property
    def share(self) -> float:
        """Of the whole tune, 0 to 1; NaN where undefined."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The longest passage that some music shares with a corpus, and where both have it; `length` 0 where there is none.

    In notes for melodies and lines of pieces, in characters for texts, in beats that sound for all parts of a piece.
    Of several places in the corpus, the first. Places are counted from 0 in what is compared, repeats unfolded; in
    pieces they are ticks. The written notes of both are places in `Tune.notes`, in order, for melodies only: fewer than
    `length` where a repeat is played twice.
    """

    length: int
    of: int  # length of the whole tune or text, of the line that it stands in, or of all beats
    start: int  # where the passage begins
    title: str  # of the music that it is shared with
    source: str
    start_there: int  # where it begins in that
    there: int = -1  # which of what is indexed that is; -1 for none
    tunes: int = 0  # how many of the indexed tunes have the passage
    notes: tuple[int, ...] = ()  # written notes of the tune
    notes_there: tuple[int, ...] = ()  # written notes of the other tune
    part: int = -1  # whose line it stands in, from 0; -1 the top line of all
    part_there: int = -1
    stop: int = 0  # tick at which the last note or beat of it begins
    stop_there: int = 0

    @property
    def share(self) -> float:
        """Of the whole, 0 to 1; NaN for what is too short to be compared (of fewer than two notes or beats)."""
        return self.length / self.of if self.of > 1 else math.nan


NOTHING = Shared(0, 0, 0, "", "", 0)  # of nothing


@dataclass(frozen=True, slots=True)
class Near:
    """The passage of a tune that is most like one of a corpus, in any key: a copy of which notes may be changed.

    Notes agree where their pitch does, whatever the octave; rhythm decides only between passages. `identity` is the
    share of notes that agree, 0 to 1: of those of both passages, notes set against each other counted once. It is NaN,
    and `notes` 0, where the corpus has nothing alike.
    """

    identity: float
    notes: int  # that agree
    of: int  # notes of the whole tune, repeats unfolded
    title: str  # of the tune that it is like
    source: str
    there: int  # which of what is indexed that is; -1 for none
    notes_of: tuple[int, ...]  # written notes of the passage, as in `Shared.notes`
    notes_there: tuple[int, ...]
    changed: tuple[int, ...] = ()  # those of `notes_of` that do not agree
    start: int = 0  # where the passage begins in the tune, from 0, repeats unfolded
    start_there: int = 0
    changed_there: tuple[int, ...] = ()  # those of `notes_there` that do not agree

    @property
    def length(self) -> int:
        """Notes that agree."""
        return self.notes

    @property
    def share(self) -> float:
        """Of the whole tune, 0 to 1; NaN for a tune of fewer than two notes."""
        return self.notes / self.of if self.of > 1 else math.nan


@dataclass(frozen=True, slots=True)
class Resemblance:
    """What a tune or a piece has in common with the indexed ones."""

    line: Shared  # of all its lines, the longest passage; a tune has one line
    top: Shared  # of its top line
    near: Near  # of its top line
    beats: Shared = NOTHING  # of all its parts; of pieces alone

    @property
    def copied(self) -> bool:
        """Whether half or more of its beats, or of its top line, stand in one passage."""
        return self.beats.share >= COPIED or self.top.share >= COPIED

    @property
    def comparable(self) -> bool:
        """Whether it has notes enough to share any."""
        return not math.isnan(self.line.share)


# ------------------------------------------------------------------------------------------------ the index


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The melodies that tunes are compared with, and whose they are."""

    substrings: Substrings
    lines: Lines
    rhythms: dict[Ratio, int]  # the numbers of ratios in `lines`
    written: Written
    titles: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TextIndex:
    """The texts that texts are compared with, and whose they are."""

    substrings: Substrings
    titles: tuple[str, ...]
    sources: tuple[str, ...]


def build_index(tunes: Sequence[Tune]) -> Index:
    """The index of the melodies of a corpus, for `longest_shared`, `shared_passages` and `nearest`."""
    melodies, pairs = _read(tunes)
    rhythms: dict[Ratio, int] = {}
    for _, ratio in chain.from_iterable(pairs):
        rhythms.setdefault(ratio, len(rhythms))
    lines = _lines(melodies, pairs, rhythms)
    return Index(build_substrings(pairs), lines, rhythms, build_written(melodies), *_names(tunes))


def _lines(melodies: Sequence[Melody], pairs: Sequence[Sequence[Pair]], rhythms: dict[Ratio, int]) -> Lines:
    """What alignment compares; a ratio without a number is like no other."""
    pitches = np.fromiter((pitch for one in melodies for pitch in one.pitches), np.int64)
    of_pairs = ((rhythms.get(ratio, -1) for _, ratio in one) for one in pairs)
    numbers = np.full(len(pitches), -1, dtype=np.int64)
    sizes = np.fromiter(map(len, melodies), np.int64, len(melodies))
    lasts = np.cumsum(sizes)[sizes > 0] - 1
    paired = np.ones(len(pitches), dtype=bool)
    paired[lasts] = False
    numbers[paired] = np.fromiter(chain.from_iterable(of_pairs), np.int64)
    return build_lines(pitches, numbers, sizes)


def build_text_index(tunes: Sequence[Tune], texts: Sequence[str]) -> TextIndex:
    """The index of texts, one for each of the tunes, for `longest_shared_text`."""
    return TextIndex(build_substrings(texts), *_names(tunes))


def _names(tunes: Sequence[Tune]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(tune.title for tune in tunes), tuple(tune.source for tune in tunes)


def _read(tunes: Iterable[Tune]) -> tuple[list[Melody], list[list[Pair]]]:
    known: Ratios = {}
    melodies = [read_melody(tune) for tune in tunes]
    return melodies, [one.pairs(known) for one in melodies]


# ------------------------------------------------------------------------------------------------ note for note


def longest_shared(tunes: Sequence[Tune], index: Index) -> list[Shared]:
    """The longest passage that each tune shares with the indexed ones, in notes, in any key.

    A passage of p pairs of interval and ratio that agree has p + 1 notes; one note alone is no passage.
    """
    melodies, pairs = _read(tunes)
    matches = longest_matches(index.substrings, pairs)
    own = build_written(melodies)
    return [_shared(index, match, own, number, len(melodies[number])) for number, match in enumerate(matches)]


def shared_passages(tunes: Sequence[Tune], index: Index, shortest: int = SHORTEST) -> list[tuple[Shared, ...]]:
    """Every passage of `shortest` notes or more that each tune shares with an indexed one, the longest first.

    Those that are part of a longer one are left out; they may overlap. `shortest` is 2 or more.
    """
    assert shortest > 1, "one note alone is no passage"
    melodies, pairs = _read(tunes)
    own = build_written(melodies)
    found = []
    for number, matches in enumerate(every_match(index.substrings, pairs, shortest - 1)):
        shared = [_shared(index, match, own, number, len(melodies[number])) for match in matches]
        found.append(tuple(sorted(shared, key=lambda one: -one.length)))
    return found


def _shared(index: Index, match: Match, own: Written, number: int, of: int) -> Shared:
    if not match.length:
        return replace(NOTHING, of=of)
    length, there, start_there = match.length + 1, match.sequence, match.start_there
    return Shared(
        length,
        of,
        match.start,
        index.titles[there],
        index.sources[there],
        start_there,
        there,
        match.sequences,
        own.of(number, match.start, match.start + length),
        index.written.of(there, start_there, start_there + length),
    )


def longest_shared_text(texts: Sequence[str], index: TextIndex) -> list[Shared]:
    """The longest passage that each text shares with the indexed ones, in characters."""
    matches = longest_matches(index.substrings, texts)
    return [_shared_text(index, match, len(text)) for match, text in zip(matches, texts, strict=True)]


def _shared_text(index: TextIndex, match: Match, of: int) -> Shared:
    if not match.length:
        return replace(NOTHING, of=of)
    title, source = index.titles[match.sequence], index.sources[match.sequence]
    return Shared(match.length, of, match.start, title, source, match.start_there, match.sequence, match.sequences)


# ------------------------------------------------------------------------------------------------ near-copies


def nearest(tunes: Sequence[Tune], index: Index) -> list[Near]:
    """The passage of each tune that is most like one of the indexed tunes."""
    found = zip(tunes, near_passages(tunes, index, 1), strict=True)
    return [passages[0] if passages else _nothing(len(read_melody(tune))) for tune, passages in found]


def near_passages(tunes: Sequence[Tune], index: Index, most: int) -> list[tuple[Near, ...]]:
    """The `most` passages of each tune that are most like some of the indexed tunes, the most alike first.

    Each has half or more of its notes in none of the better ones.
    """
    melodies, pairs = _read(tunes)
    own = build_written(melodies)
    found = enumerate(align(index.lines, _lines(melodies, pairs, index.rhythms), most))
    return [tuple(_near(index, one, own, number, len(melodies[number])) for one in ones) for number, ones in found]


def _near(index: Index, found: Alignment, own: Written, number: int, of: int) -> Near:
    notes = own.of(number, found.start, found.stop)
    notes_there = index.written.of(found.melody, found.start_there, found.stop_there)
    alike = own.of_each(number, [here for here, _ in found.alike])
    alike_there = index.written.of_each(found.melody, [there for _, there in found.alike])
    return Near(
        len(found.alike) / found.columns,
        len(found.alike),
        of,
        index.titles[found.melody],
        index.sources[found.melody],
        found.melody,
        notes,
        notes_there,
        tuple(sorted(set(notes) - alike)),
        found.start,
        found.start_there,
        tuple(sorted(set(notes_there) - alike_there)),
    )


def _nothing(of: int) -> Near:
    return Near(math.nan, 0, of, "", "", -1, (), ())


# ------------------------------------------------------------------------------------------------ sets


def copy_rate(shared: Sequence[Passage]) -> float:
    """Share of tunes, 0 to 1, with half or more of their length in one shared passage; NaN where none has a share."""
    shares = [one.share for one in shared if not math.isnan(one.share)]
    return sum(share >= COPIED for share in shares) / len(shares) if shares else math.nan


def longest_quantile(shared: Sequence[Passage], quantile: float) -> float:
    """A quantile (0.5 the median) of the lengths of the longest passages, linear between two; NaN where none has a
    share.
    """
    lengths = _lengths(shared)
    return float(np.quantile(lengths, quantile)) if lengths else math.nan


def _lengths(shared: Sequence[Passage]) -> list[int]:
    return [one.length for one in shared if not math.isnan(one.share)]


@dataclass(frozen=True, slots=True)
class Borrowing:
    """How much real tunes share with a corpus that they are not part of: the scale of what any tune shares with it."""

    lengths: tuple[int, ...]  # of the longest passage of each, ascending

    @classmethod
    def of(cls, held_out: Sequence[Passage]) -> Borrowing:
        """What held-out tunes share; those too short to be compared are left out."""
        return cls(tuple(sorted(_lengths(held_out))))

    def percentile(self, length: int) -> float:
        """How many of 100 held-out tunes share less, those that share as much counted half; NaN where there are none.

        >>> Borrowing((8, 10, 10, 30)).percentile(10)
        50.0
        """
        if not self.lengths:
            return math.nan
        low, high = bisect_left(self.lengths, length), bisect_right(self.lengths, length)
        return 100 * (low + high) / 2 / len(self.lengths)

    def line(self, percent: float) -> float:
        """The length that at least `percent` of 100 held-out tunes do not exceed; NaN where there are none.

        >>> Borrowing((8, 10, 10, 30)).line(75)
        10.0
        """
        if not self.lengths:
            return math.nan
        place = math.ceil(percent / 100 * len(self.lengths) - 1e-9) - 1
        return float(self.lengths[min(max(place, 0), len(self.lengths) - 1)])
