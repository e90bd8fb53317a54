"""How much of a tune stands already in a corpus: the longest shared passage, in any key, with where it was found.

In: tunes, and an index built once of the tunes to compare with. Out: `Shared`, one per tune, and what they say of a
set. The melody compared has its repeats unfolded, ties merged, grace notes dropped, the top note of a chord, and rests
added to the onset gap before them; two melodies agree where interval and ratio of lengths agree, so neither key nor
unit matters. The same search over the characters of verbatim text is in the units of the lab's users. This file
decides on no limit above which a tune is a copy, and writes no index to disk.

An index is a suffix array over all melodies, with the rank of every substring of 1, 2, 4, 8, … symbols (Manber and
Myers, 1993). A tune is looked up at all its places at once, by binary search: no loop over notes.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from tunewright.playing import played
from tunewright.tune import Note, Pitch, Rest, Tune

COPIED = 0.5  # share of a tune in one passage from which it counts as a copy
UNKNOWN = -1  # a symbol that the corpus does not have

Ints = NDArray[np.int32]
_Ratio = tuple[int, int]
_Gaps = tuple[_Ratio, _Ratio]


@dataclass(frozen=True, slots=True)
class Shared:
    """The longest passage that a tune shares with a corpus, and where both have it; `length` 0 where there is none.

    In notes for melodies, in characters for texts. Of several places in the corpus, the first.
    """

    length: int
    of: int  # length of the whole tune, repeats unfolded
    start: int  # where the passage begins in the tune, from 0
    title: str  # of the tune that it is shared with
    source: str
    start_there: int  # where it begins in that tune, from 0

    @property
    def share(self) -> float:
        """Of the whole tune, 0 to 1; NaN for a tune too short to be compared (of fewer than two notes)."""
        return self.length / self.of if self.of > 1 else math.nan


# ------------------------------------------------------------------------------------------------ what is compared


def melody(tune: Tune) -> list[tuple[int, tuple[int, int]]]:
    """Its melody as heard: (interval in semitones, ratio of onset gaps as a reduced fraction), note to note.

    Empty for fewer than two notes. The gap after the last note is its length; after a gap of nothing, which only
    broken tunes have, the ratio is 0/1.

    >>> from tunewright.abcnotation import parse_abc
    >>> melody(parse_abc("X:1\\nL:1/8\\nK:D\\nD2 FA z|]")[0])
    [(4, (1, 2)), (3, (1, 1))]
    """
    return _pairs(*_heard(tune), {})


def _heard(tune: Tune) -> tuple[list[int], list[Fraction]]:
    """MIDI pitch of each note as heard, and the time from its onset to the next, in whole notes."""
    pitches: list[int] = []
    gaps: list[Fraction] = []
    tied: tuple[Pitch, ...] | None = None
    rest = Fraction(0)
    for element in played(tune):
        if isinstance(element, Note):
            if tied == element.pitches:
                gaps[-1] += element.length
            else:
                if rest and gaps:
                    gaps[-1] += rest
                pitches.append(element.pitch.midi)
                gaps.append(element.length)
            tied, rest = element.pitches if element.tied else None, Fraction(0)
        elif isinstance(element, Rest):
            rest += element.length
            tied = None
    return pitches, gaps


def _pairs(pitches: Sequence[int], gaps: Sequence[Fraction], known: dict[_Gaps, _Ratio]) -> list[tuple[int, _Ratio]]:
    """What `melody` gives; `known` keeps the ratios worked out, which spares most of the arithmetic of fractions."""
    numbers = [gap.as_integer_ratio() for gap in gaps]
    pairs = []
    for (before, after), (now, later) in zip(pairwise(pitches), pairwise(numbers), strict=True):
        if (now, later) not in known:
            ratio = Fraction(*later) / Fraction(*now) if now[0] else Fraction(0)
            known[now, later] = ratio.as_integer_ratio()
        pairs.append((after - before, known[now, later]))
    return pairs


# ------------------------------------------------------------------------------------------------ the index


@dataclass(frozen=True, slots=True, eq=False)
class Substrings:
    """Every substring of some sequences, by rank; N symbols in all, a separator of its own after each sequence."""

    alphabet: dict[Hashable, int]
    starts: Ints  # (sequences,) where each begins
    order: Ints  # (N,) places, in the order of what begins there
    ranks: tuple[Ints, ...]  # of the substring of 2**k symbols at each place: (N,) each, order-preserving, from 0


def build_substrings(sequences: Sequence[Sequence[Hashable]]) -> Substrings:
    """The index of these sequences."""
    alphabet: dict[Hashable, int] = {}
    for symbol in chain.from_iterable(sequences):
        alphabet.setdefault(symbol, len(alphabet))
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    ends = np.cumsum(lengths + 1) - 1
    text = np.empty(int(lengths.sum()) + len(lengths), dtype=np.int64)
    inside = np.ones(len(text), dtype=bool)
    inside[ends] = False
    text[inside] = np.fromiter(map(alphabet.__getitem__, chain.from_iterable(sequences)), np.int64)
    text[ends] = len(alphabet) + np.arange(len(ends))  # every separator is its own: no passage reaches across one
    ranks = _all_ranks(text.astype(np.int32))
    order = np.argsort(ranks[-1]).astype(np.int32)
    return Substrings(alphabet, (ends - lengths).astype(np.int32), order, ranks)


def _all_ranks(text: Ints) -> tuple[Ints, ...]:
    """Ranks of the substrings of 1, 2, 4, … symbols, until no two are alike."""
    ranks = [text]
    while len(text) and int(ranks[-1].max()) + 1 < len(text):
        previous, size = ranks[-1].astype(np.int64), 2 ** (len(ranks) - 1)
        following = np.zeros_like(previous)
        following[:-size] = previous[size:] + 1
        _, inverse = np.unique(previous * (len(text) + 1) + following, return_inverse=True)
        ranks.append(inverse.astype(np.int32))
    return tuple(ranks)


@dataclass(frozen=True, slots=True)
class Match:
    """The longest substring that a sequence shares with the indexed ones: symbols, and where; length 0 where none."""

    length: int
    start: int
    sequence: int  # which of the indexed ones, -1 where none
    start_there: int


def longest_matches(index: Substrings, sequences: Sequence[Sequence[Hashable]]) -> list[Match]:
    """The longest match of each sequence; the first place of the sequence and of the index that has it."""
    joined = [index.alphabet.get(symbol, UNKNOWN) for sequence in sequences for symbol in (*sequence, None)]
    lengths, low, high = _matches(index, np.array(joined, dtype=np.int32))
    matches, begin = [], 0
    for sequence in sequences:
        end = begin + len(sequence) + 1  # with the separator, where nothing matches
        best = begin + int(lengths[begin:end].argmax())
        matches.append(_match(index, int(lengths[best]), best - begin, index.order[low[best] : high[best]]))
        begin = end
    return matches


def _match(index: Substrings, length: int, start: int, places: Ints) -> Match:
    if not length:
        return Match(0, 0, -1, 0)
    place = int(places.min())
    sequence = int(np.searchsorted(index.starts, place, side="right")) - 1
    return Match(length, start, sequence, place - int(index.starts[sequence]))


def _matches(index: Substrings, text: Ints) -> tuple[Ints, Ints, Ints]:
    """For every place of a text, how much from there on stands in the index, and where: `order[low:high]`."""
    ranks = _ranks_of(index, text)
    lengths = np.zeros(len(text), dtype=np.int32)
    low, high = np.zeros_like(lengths), np.full_like(lengths, len(index.order))
    top = len(ranks) - 1
    while _extend(index, top, ranks[top], lengths, low, high):  # what no other sequence has may go on for longer
        pass
    for level in range(top - 1, -1, -1):
        _extend(index, level, ranks[level], lengths, low, high)
    return lengths, low, high


def _extend(index: Substrings, level: int, ranks: Ints, lengths: Ints, low: Ints, high: Ints) -> bool:
    """Lengthen in place every match that goes on for 2**level symbols more; whether any does."""
    ahead = np.arange(len(lengths)) + lengths
    ahead[ahead >= len(lengths)] = -1  # the separator at the end, which goes on with nothing
    going = np.flatnonzero(ranks[ahead] >= 0)
    wanted, offset = ranks[ahead[going]], lengths[going]
    first, found = _find(index, level, offset, wanted, low[going], high[going])
    going, first, wanted, offset = going[found], first[found], wanted[found], offset[found]
    high[going] = _bound(index, level, offset, wanted + 1, first, high[going])
    low[going] = first
    lengths[going] += 2**level
    return len(going) > 0


def _ranks_of(index: Substrings, text: Ints) -> list[Ints]:
    """The index's ranks of the substrings of 1, 2, 4, … symbols of a text; -1 where the index has no such substring."""
    ranks = [text]
    for level in range(len(index.ranks) - 1):
        size = 2**level
        following = np.full_like(text, UNKNOWN)
        following[:-size] = ranks[-1][size:]
        going = np.flatnonzero((ranks[-1] >= 0) & (following >= 0))
        if not len(going):
            break
        none = np.zeros(len(going), dtype=np.int32)
        low = _bound(index, level, none, ranks[-1][going], none, none + len(index.order))
        high = _bound(index, level, none, ranks[-1][going] + 1, low, none + len(index.order))
        first, found = _find(index, level, none + size, following[going], low, high)
        longer = np.full_like(text, UNKNOWN)
        longer[going[found]] = index.ranks[level + 1][index.order[first[found]]]
        ranks.append(longer)
    return ranks


def _find(
    index: Substrings, level: int, offset: Ints, wanted: Ints, low: Ints, high: Ints
) -> tuple[Ints, NDArray[np.bool_]]:
    """For each query, the first of `order[low:high]` whose substring at `offset` has the rank wanted; whether any."""
    first = _bound(index, level, offset, wanted, low, high)
    found = first < high
    found[found] = index.ranks[level][index.order[first[found]] + offset[found]] == wanted[found]
    return first, found


def _bound(index: Substrings, level: int, offset: Ints, wanted: Ints, low: Ints, high: Ints) -> Ints:
    """For each query, the first of `order[low:high]` whose substring at `offset` ranks no lower than wanted, or high.

    What stands in order[low:high] agrees before `offset`, so what follows is in order.
    """
    low, high, ranks = low.copy(), high.copy(), index.ranks[level]
    searching = np.flatnonzero(low < high)
    while len(searching):
        middle = (low[searching] + high[searching]) // 2
        lower = ranks[index.order[middle] + offset[searching]] < wanted[searching]
        low[searching[lower]] = middle[lower] + 1
        high[searching[~lower]] = middle[~lower]
        searching = searching[low[searching] < high[searching]]
    return low


# ------------------------------------------------------------------------------------------------ tunes and texts


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """What melodies or texts are compared with: their substrings, and the tunes that they belong to."""

    substrings: Substrings
    titles: tuple[str, ...]
    sources: tuple[str, ...]


def build_index(tunes: Sequence[Tune]) -> Index:
    """The index of the melodies of a corpus, for `longest_shared`."""
    known: dict[_Gaps, _Ratio] = {}
    return _index(tunes, [_pairs(*_heard(tune), known) for tune in tunes])


def build_text_index(tunes: Sequence[Tune], texts: Sequence[str]) -> Index:
    """The index of texts, one for each of the tunes, for `longest_shared_text`."""
    return _index(tunes, texts)


def _index(tunes: Sequence[Tune], sequences: Sequence[Sequence[Hashable]]) -> Index:
    titles, sources = tuple(tune.title for tune in tunes), tuple(tune.source for tune in tunes)
    return Index(build_substrings(sequences), titles, sources)


def longest_shared(tunes: Sequence[Tune], index: Index) -> list[Shared]:
    """The longest passage that each tune shares with the indexed ones, in notes, in any key.

    A passage of p pairs of interval and ratio that agree has p + 1 notes; one note alone is no passage.
    """
    known: dict[_Gaps, _Ratio] = {}
    heard = [_heard(tune) for tune in tunes]
    matches = longest_matches(index.substrings, [_pairs(pitches, gaps, known) for pitches, gaps in heard])
    found = zip(matches, heard, strict=True)
    return [_shared(index, match, match.length + (match.length > 0), len(pitches)) for match, (pitches, _) in found]


def longest_shared_text(texts: Sequence[str], index: Index) -> list[Shared]:
    """The longest passage that each text shares with the indexed ones, in characters."""
    matches = longest_matches(index.substrings, texts)
    return [_shared(index, match, match.length, len(text)) for match, text in zip(matches, texts, strict=True)]


def _shared(index: Index, match: Match, length: int, of: int) -> Shared:
    if not length:
        return Shared(0, of, 0, "", "", 0)
    title, source = index.titles[match.sequence], index.sources[match.sequence]
    return Shared(length, of, match.start, title, source, match.start_there)


# ------------------------------------------------------------------------------------------------ sets


def copy_rate(shared: Sequence[Shared]) -> float:
    """Share of tunes, 0 to 1, with half or more of their length in one shared passage; NaN where none has a share."""
    shares = [one.share for one in shared if not math.isnan(one.share)]
    return sum(share >= COPIED for share in shares) / len(shares) if shares else math.nan


def longest_quantile(shared: Sequence[Shared], quantile: float) -> float:
    """A quantile (0.5 the median) of the lengths of the longest passages, linear between two; NaN where none has a
    share.
    """
    lengths = [one.length for one in shared if not math.isnan(one.share)]
    return float(np.quantile(lengths, quantile)) if lengths else math.nan
