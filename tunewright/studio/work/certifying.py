"""Tunes held against what a model learned from, by a process that keeps those tunes at hand.

In: a run's folder, ABC. Out: the tune that shares the longest passage with it, and how much that is beside what real
tunes share. Reading what a model learned from takes half a minute the first time, seconds with a cache, and is done
when it is first asked for. This file draws nothing and stores nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc
from tunewright.formats.abc.validity import judge
from tunewright.judging.originals import MOST_HELD_OUT
from tunewright.judging.run_scorecard import sources_of
from tunewright.measuring.indexes import kept_index
from tunewright.measuring.originality import Borrowing, Index, Shared, longest_shared
from tunewright.music.elements import Note
from tunewright.music.phrases import PhrasePlan
from tunewright.music.tune import Tune
from tunewright.training.run import load_run

KEPT = 2  # runs whose tunes are at hand


@dataclass(frozen=True, slots=True)
class _Known:
    """What a run learned from, indexed, and what real tunes share with it."""

    tunes: tuple[Tune, ...]
    index: Index
    borrowing: Borrowing


@lru_cache(maxsize=KEPT)
def _known(run: str) -> _Known | None:
    """None where the tunes of a run are gone."""
    sources = sources_of(Path(run))
    if not sources:
        return None
    corpus: Corpus[Tune] = read_corpus(*sources, melody=load_run(Path(run)).config.data.melody)
    index = kept_index(corpus.train)
    held_out = corpus.valid + corpus.test
    count = min(MOST_HELD_OUT, len(held_out))
    chosen = [held_out[len(held_out) * place // count] for place in range(count)]
    return _Known(tuple(corpus.train), index, Borrowing.of(longest_shared(chosen, index)))


def certify(run: str, abc: str) -> dict[str, Any]:
    """What can be said of a tune without its model: `well_formed`, `plan`, `nearest`, and `known`.

    `nearest` is None where it shares nothing, and `known` False where nobody can tell what it shares.
    """
    tune, error = judge(abc)
    if tune is None or not tune.notes:
        return {"well_formed": {"valid": False, "error": error}, "plan": "", "nearest": None, "known": True}
    known = _known(run) if run else None
    return {
        "well_formed": {"valid": not error, "error": error},
        "plan": str(PhrasePlan.of(tune)),
        "nearest": _nearest(tune, known) if known else None,
        "known": known is not None,
    }


def _nearest(tune: Tune, known: _Known) -> dict[str, Any] | None:
    (shared,) = longest_shared([tune], known.index)
    if not shared.length or math.isnan(shared.share):
        return None
    percentile = known.borrowing.percentile(shared.length)
    return {
        "title": shared.title,
        "source": shared.source,
        "length": shared.length,
        "share": shared.share,
        "percentile": None if math.isnan(percentile) else percentile,
        "notes": list(shared.notes),
        **_passage(known.tunes[shared.there], shared),
    }


def _passage(tune: Tune, shared: Shared) -> dict[str, Any]:
    """The bars in which the passage stands in the other tune, as ABC, and which of their notes are shared."""
    places = [place for place, element in enumerate(tune.music) if isinstance(element, Note)]
    first, last = places[shared.notes_there[0]], places[shared.notes_there[-1]]
    bars = [one for one in tune.measures if one.stop > first and one.start <= last]
    begin, end = bars[0].start, bars[-1].stop + (bars[-1].closing is not None)
    before = sum(place < begin for place in places)
    excerpt = replace(tune.with_music(tune.music[begin:end]), fields=(), parts="")
    return {
        "abc": format_abc(excerpt),
        "abc_notes": [note - before for note in shared.notes_there],
        "bars": [bars[0].number, bars[-1].number],
    }


TASKS: Mapping[str, Callable[..., Any]] = {"certify": certify}
