"""The tunes as musical tokens have them read: in a new order each time through, some with notes to come told.

In: passages, and the share of them to tell notes of. Out: ids and rows. What is told are the notes after a gap or a few
strong ones, so that a model learns to fill in and to vary. This file trains nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tunewright.music.beats import Onset, by_strength
from tunewright.tokens.contract import Passage, Read, Rows
from tunewright.tokens.degrees.context import Begun, begun_in, read_rows
from tunewright.tokens.degrees.features import ContextFeatures, Sound

LONGEST_GAP = 8  # bars
Told = tuple[Mapping[Onset, Sound], Sequence[tuple[range, Onset]] | None]


class ToldTunes:
    """A repertoire in another order each time through, about `share` of the tunes with notes told."""

    varies = True

    def __init__(self, features: ContextFeatures, passages: Sequence[Passage], share: float) -> None:
        self.features, self.passages, self.share = features, passages, share
        self.begun = [begun_in(features, passage.ids) for passage in passages] if share else []
        self.ids = sum(len(passage.ids) - 1 for passage in passages)
        self.notes = sum(passage.notes for passage in passages)

    def time_through(self, rng: np.random.Generator) -> Iterator[Read]:
        """Every tune once."""
        for number in rng.permutation(len(self.passages)).tolist():
            yield np.array(self.passages[number].ids[:-1], np.int16), self._rows(number, rng)[:-1]

    def _rows(self, number: int, rng: np.random.Generator) -> Rows:
        passage = self.passages[number]
        assert passage.rows is not None
        if rng.random() >= self.share:
            return passage.rows
        known, gaps = told_notes(self.features, passage.ids, self.begun[number], rng)
        return np.array(read_rows(self.features, passage.ids, known, gaps), np.int16)


def told_notes(features: ContextFeatures, ids: Sequence[int], begun: Sequence[Begun], rng: np.random.Generator) -> Told:
    """Notes of a tune to tell in advance, and where (as `read_rows` has it).

    Half of the time the tune is one gap of a few bars after another, in each of which all is told that comes after
    it; else a share of the notes is told everywhere, the strong ones first.
    """
    if rng.random() < 0.5:
        return {one.onset: one.sound for one in begun}, list(_gaps(features, ids, begun, rng))
    meter = next(features.vocabulary.meters[number] for number in ids if number in features.vocabulary.meters)
    order = by_strength([one.onset for one in begun], meter, rng)
    kept = order[: int(rng.random() * (len(order) + 1))]
    return {begun[place].onset: begun[place].sound for place in kept}, None


def _gaps(
    features: ContextFeatures, ids: Sequence[int], begun: Sequence[Begun], rng: np.random.Generator
) -> Iterator[tuple[range, Onset]]:
    """Gaps of whole bars, one after another, each with the onset of the first note after it."""
    lines = [place + 1 for place, number in enumerate(ids) if number in features.vocabulary.bar_lines]
    places = [one.place for one in begun]
    first = 0
    while first < len(lines) - 1:
        last = min(len(lines) - 1, first + int(rng.integers(1, LONGEST_GAP + 1)))
        following = bisect_left(places, lines[last])
        if following < len(begun):
            yield range(lines[first], lines[last]), begun[following].onset
        first = last
