"""Every substring of many sequences at once: where the longest match of a new sequence stands.

In: sequences of symbols (any hashable values). Out: `Substrings`, a suffix array with the symbols as small numbers, and
what it answers: the longest match at every place of new sequences, and where all matches of one length stand. This file
knows no music and no files.

The array is sorted by prefix doubling (Manber and Myers, 1993) on keys of as many symbols as fit 64 bits, and only
what is still tied is sorted again (Larsson and Sadakane, 2007). It takes 4 bytes a symbol, the symbols 2 (4 where more
than 65,534 differ). All places of all queries are looked up together: no loop over symbols.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

WINDOW = 8  # symbols compared at a time
END = 0  # the symbol after each sequence

Ints = NDArray[np.int32]
Places = NDArray[np.int64]
Symbols = NDArray[np.unsignedinteger[Any]]  # 16 bits, or 32


@dataclass(frozen=True, slots=True)
class Match:
    """The longest substring that a sequence shares with the indexed ones: symbols, and where; length 0 where none."""

    length: int
    start: int
    sequence: int  # which of the indexed ones, -1 where none
    start_there: int
    sequences: int = 0  # how many of the indexed ones have it


NONE = Match(0, 0, -1, 0)


@dataclass(frozen=True, eq=False)
class Substrings:
    """Every substring of some sequences, in order; N symbols in all, an `END` after each sequence counted."""

    alphabet: dict[Any, int]  # numbers from 1
    text: Symbols  # (N,)
    starts: Ints  # (sequences,) where each begins
    order: Ints  # the places of all symbols but END, in the order of what begins there

    @cached_property
    def windows(self) -> Symbols:
        """What begins at each place, (N, WINDOW): a view."""
        return _windows(self.text)

    def encode(self, sequences: Sequence[Sequence[Hashable]]) -> Symbols:
        """New sequences as one array, with a sign that matches nothing for unknown symbols and after each."""
        unknown = np.iinfo(self.text.dtype).max
        joined = (self.alphabet.get(symbol, unknown) for sequence in sequences for symbol in (*sequence, None))
        return np.fromiter(joined, self.text.dtype)

    def sequence_of(self, places: Places | Ints) -> Places:
        """Which of the indexed sequences each place belongs to."""
        return np.searchsorted(self.starts, places, side="right") - 1


def build_substrings(sequences: Sequence[Sequence[Hashable]]) -> Substrings:
    """The index of these sequences. A symbol may be anything but None."""
    alphabet: dict[Any, int] = {}
    for symbol in chain.from_iterable(sequences):
        if symbol not in alphabet:
            alphabet[symbol] = len(alphabet) + 1
    lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
    ends = np.cumsum(lengths + 1) - 1
    kind = np.dtype(np.uint16 if len(alphabet) < 2**16 - 1 else np.uint32)
    text: Symbols = np.zeros(int(lengths.sum()) + len(lengths), dtype=kind)
    inside = np.ones(len(text), dtype=bool)
    inside[ends] = False
    text[inside] = np.fromiter(map(alphabet.__getitem__, chain.from_iterable(sequences)), kind)
    return Substrings(alphabet, text, (ends - lengths).astype(np.int32), suffix_array(text))


# ------------------------------------------------------------------------------------------------ sorting


def suffix_array(text: Symbols) -> Ints:
    """The places of all symbols but `END`, by what begins there and goes on to the next `END`."""
    if not len(text):
        return np.zeros(0, dtype=np.int32)
    assert len(text) < 2**31, "places are kept in 32 bits"
    keys, covered = _first_keys(text)
    order = np.argsort(keys).astype(np.int32)
    firsts = _heads(keys[order])
    rank = np.empty(len(text), dtype=np.int32)
    rank[order] = firsts
    del keys
    left = _until_end(text)
    tied = np.flatnonzero(_in_groups(firsts) & (left[order] > covered))
    while len(tied):
        _split(order, rank, tied, covered)
        covered *= 2
        firsts = rank[order[tied]]
        tied = tied[_in_groups(firsts) & (left[order[tied]] > covered)]
    symbols: Ints = order[text[order] != END]
    return symbols


def _first_keys(text: Symbols) -> tuple[NDArray[np.uint64], int]:
    """A number for what each place begins with, cut at the end of its sequence, and how many symbols it covers."""
    bits = max(1, int(text.max()).bit_length())
    covered = min(64 // bits, max(1, len(text)))
    keys = np.zeros(len(text), dtype=np.uint64)
    going = np.ones(len(text), dtype=bool)
    for offset in range(covered):
        symbols = np.zeros(len(text), dtype=np.uint64)
        symbols[: len(text) - offset] = text[offset:]
        going &= symbols != END
        keys = (keys << np.uint64(bits)) | np.where(going, symbols, np.uint64(0))
    return keys, covered


def _until_end(text: Symbols) -> Ints:
    """How many symbols follow at each place until its `END`, which is counted."""
    ends = np.flatnonzero(text == END)
    of_place = np.repeat(ends, np.diff(ends, prepend=-1)).astype(np.int32)
    return (of_place - np.arange(len(text), dtype=np.int32) + 1).astype(np.int32)


def _heads(ordered: NDArray[Any]) -> Ints:
    """For each of some ordered values, where the first of the equal ones stands."""
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return np.maximum.accumulate(np.where(new, np.arange(len(ordered)), 0)).astype(np.int32)


def _in_groups(firsts: Ints) -> NDArray[np.bool_]:
    """Which of some ordered values have an equal one beside them."""
    alike = np.zeros(len(firsts) + 1, dtype=bool)
    alike[1:-1] = firsts[1:] == firsts[:-1]
    return alike[:-1] | alike[1:]


def _split(order: Ints, rank: Ints, tied: Places, covered: int) -> None:
    """Sort what is tied by what follows, in place: groups of equal rank become smaller ones."""
    places = order[tied]
    keys = rank[places].astype(np.int64) << 32 | rank[places + covered]
    by_key = np.argsort(keys)
    order[tied] = places[by_key]
    rank[order[tied]] = tied[_heads(keys[by_key])]


def _windows(text: Symbols) -> Symbols:
    padded = np.concatenate((text, np.zeros(WINDOW, dtype=text.dtype)))
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)  # (N + 1, WINDOW)


# ------------------------------------------------------------------------------------------------ searching


@dataclass(frozen=True, eq=False)
class Search:
    """Some sequences looked up in an index, place by place: Q symbols in all, one more after each sequence."""

    index: Substrings
    text: Symbols  # (Q,) as `Substrings.encode` gives them
    starts: Places  # (sequences,) where each begins
    lengths: Ints  # (Q,) how much from each place on stands in the index
    ranks: Places  # (Q,) where each place would stand in the index's order

    def found(self, place: int) -> Places:
        """Where the whole match of a place of the text stands in the index, in order."""
        length = int(self.lengths[place])
        low, high = (_bound(self, place, length, past) for past in (False, True))
        return np.sort(self.index.order[low:high]).astype(np.int64)


def search(index: Substrings, sequences: Sequence[Sequence[Hashable]]) -> Search:
    """Every place of these sequences looked up, by binary search."""
    text = index.encode(sequences)
    sizes = np.fromiter(map(len, sequences), np.int64, len(sequences)) + 1
    lengths, ranks = _look_up(index, text)
    return Search(index, text, np.cumsum(sizes) - sizes, lengths, ranks)


def _look_up(index: Substrings, text: Symbols) -> tuple[Ints, Places]:
    """For every place of a text, the length of its longest match and its rank.

    Of the two places that a search is between, the longer match with either is kept; what both agree in need not be
    compared again (Manber and Myers, 1993).
    """
    windows = _windows(text)
    low, high = np.zeros(len(text), dtype=np.int64), np.full(len(text), len(index.order), dtype=np.int64)
    with_low, with_high = np.zeros(len(text), dtype=np.int32), np.zeros(len(text), dtype=np.int32)
    going = np.flatnonzero(low < high)
    while len(going):
        middle = (low[going] + high[going]) // 2
        there = index.order[middle]
        known = _common(index, windows, there, going, np.minimum(with_low[going], with_high[going]))
        before = index.text[there + known] < text[going + known]
        rising, falling = going[before], going[~before]
        low[rising], with_low[rising] = middle[before] + 1, known[before]
        high[falling], with_high[falling] = middle[~before], known[~before]
        going = going[low[going] < high[going]]
    return np.maximum(with_low, with_high), low


def _common(index: Substrings, windows: Symbols, there: Ints, here: Places, known: Ints) -> Ints:
    """How many symbols of the text at `here` and of the index at `there` agree, `known` of which are known to.

    No match goes past the end of a sequence: `END` agrees with nothing in a text, and its own ends with nothing here.
    """
    known, going = known.copy(), np.arange(len(known))
    while len(going):
        differ = index.windows[there[going] + known[going]] != windows[here[going] + known[going]]
        differs = differ.any(axis=1)
        known[going] += np.where(differs, differ.argmax(axis=1), WINDOW).astype(np.int32)
        going = going[~differs]
    return known


def _bound(searched: Search, place: int, length: int, past: bool) -> int:
    """The first rank whose `length` symbols are not before those at a place of the text, or are past them."""
    index, wanted = searched.index, searched.text[place : place + length].tolist()
    low, high = (int(searched.ranks[place]), len(index.order)) if past else (0, int(searched.ranks[place]))
    while low < high:
        middle = (low + high) // 2
        at = int(index.order[middle])
        found = index.text[at : at + length].tolist()
        if found < wanted or (past and found == wanted):
            low = middle + 1
        else:
            high = middle
    return low


# ------------------------------------------------------------------------------------------------ matches


def longest_matches(index: Substrings, sequences: Sequence[Sequence[Hashable]]) -> list[Match]:
    """The longest match of each sequence; the first place of the sequence and of the index that has it."""
    searched = search(index, sequences)
    return [next(all_matches, NONE) for all_matches in _matches(searched, longest_only=True)]


def every_match(index: Substrings, sequences: Sequence[Sequence[Hashable]], shortest: int) -> list[tuple[Match, ...]]:
    """All matches of each sequence of `shortest` symbols or more that are part of no longer one, in order of start."""
    searched = search(index, sequences)
    return [tuple(matches) for matches in _matches(searched, shortest)]


def _matches(searched: Search, shortest: int = 1, *, longest_only: bool = False) -> Iterator[Iterator[Match]]:
    bounds = [*searched.starts.tolist(), len(searched.text)]
    for begin, end in pairwise(bounds):
        lengths = searched.lengths[begin:end]
        if longest_only:
            starts = [int(lengths.argmax())]
        else:
            grows = np.ones(len(lengths), dtype=bool)
            grows[1:] = lengths[1:] >= lengths[:-1]  # else it is the rest of the match that begins one before
            starts = np.flatnonzero(grows).tolist()
        yield (_match(searched, begin, start) for start in starts if lengths[start] >= shortest)


def _match(searched: Search, begin: int, start: int) -> Match:
    places = searched.found(begin + start)
    numbers = searched.index.sequence_of(places)
    first, there = int(numbers[0]), int(places[0]) - int(searched.index.starts[numbers[0]])
    return Match(int(searched.lengths[begin + start]), start, first, there, int((np.diff(numbers) > 0).sum()) + 1)
