"""The real tunes that drawn ones are held against, and what shows that the judge sees structure.

In: names of collections. Out: `Real`, its tunes divided strictly; tunes whose bars are in another order. This file
judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from judge import CORPORA, corpus_files

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.measuring.held_out import strictly_held_out
from tunewright.music.tune import Bar, Element, Measure, Tune
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

SOURCES = ("oneill", "ryan", "aird")


@dataclass(frozen=True)
class Real:
    """Collections read as one, as a model of all of them learns from them; `others` it may have learned from before."""

    corpus: Corpus[Tune]
    others: tuple[Corpus[Tune], ...] = ()

    @cached_property
    def test(self) -> tuple[Tune, ...]:
        """The test tunes that are held out strictly."""
        return strictly_held_out(self.corpus, *self.others)

    @cached_property
    def valid(self) -> tuple[Tune, ...]:
        """The tunes to choose by that have no long passage in common with a training tune either."""
        swapped = tuple({"valid": "test", "test": "valid"}.get(part, part) for part in self.corpus.split)
        return strictly_held_out(replace(self.corpus, split=swapped), *self.others)

    @cached_property
    def strict(self) -> tuple[Tune, ...]:
        """All tunes held out strictly whose bars add up: what drawn ones are told from."""
        return tuple(tune for tune in (*self.test, *self.valid) if not tune.irregular)

    @cached_property
    def held_out(self) -> tuple[Tune, ...]:
        """All tunes held out by family whose bars add up: how much real tunes borrow."""
        return tuple(tune for tune in (*self.corpus.test, *self.corpus.valid) if not tune.irregular)

    @cached_property
    def train(self) -> tuple[Tune, ...]:
        """The training tunes whose bars add up."""
        return tuple(tune for tune in self.corpus.train if not tune.irregular)

    @cached_property
    def degrees(self) -> DegreeTokenizer:
        """Our tokens of the training tunes."""
        return DegreeTokenizer.fit(self.train, told_rhythms=True)

    def spelled(self, tunes: Sequence[Tune]) -> list[Tune]:
        """The tunes whose bars add up and that our tokens can spell: what bits of several models are compared on."""
        return [tune for tune in tunes if not tune.irregular and encode_passages(self.degrees, [tune])]

    def families(self, tunes: Sequence[Tune]) -> list[int]:
        """The families of tunes of the corpus."""
        known = {id(tune): family for tune, family in zip(self.corpus.tunes, self.corpus.families, strict=True)}
        return [known[id(tune)] for tune in tunes]


def read_real(sources: Sequence[str] = SOURCES, others: Sequence[str] = ()) -> Real:
    """Collections by name or place."""
    return Real(read_corpus(*sources), (read_corpus(*others),) if others else ())


def by_collection(tunes: Sequence[Tune]) -> Mapping[str, list[Tune]]:
    """The tunes of each built-in collection, and those of files by the name of the file."""
    found: dict[str, list[Tune]] = {}
    folders = {corpus_files(name)[0].parent.name: name for name in CORPORA}
    for tune in tunes:
        place = Path(tune.source.rpartition(":")[0])
        found.setdefault(folders.get(place.parent.name, place.name), []).append(tune)
    return found


def chosen(tunes: Sequence[Tune], count: int, seed: int) -> list[Tune]:
    """So many of the tunes at random, or all of them."""
    places = np.random.default_rng(seed).permutation(len(tunes))[:count]
    return [tunes[place] for place in places.tolist()]


def shuffled(tune: Tune, seed: int) -> Tune:
    """The tune with its full bars in random order between the bar lines that it has: each bar is still a real one."""
    full = [place for place, measure in enumerate(tune.measures) if _plain(tune, measure)]
    order = dict(zip(full, np.random.default_rng(seed).permutation(full).tolist(), strict=True))
    music: list[Element] = []
    after = 0
    for place, measure in enumerate(tune.measures):
        source = tune.measures[order.get(place, place)]
        music += [*tune.music[after : measure.start], *tune.music[source.start : source.stop]]
        after = measure.stop
    return tune.with_music((*music, *tune.music[after:]))


def _plain(tune: Tune, measure: Measure) -> bool:
    """Whether a bar is full and holds notes alone, so that it may stand anywhere."""
    elements = tune.music[measure.start : measure.stop]
    tied = any(getattr(element, "tied", False) for element in elements[-1:])
    signs = any(type(element).__name__ in ("Ending", "KeyChange", "MeterChange", "Part") for element in elements)
    return measure.full and not (tied or signs) and not any(isinstance(element, Bar) for element in elements)
