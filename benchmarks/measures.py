"""The measures on real tunes: how long they take, what held-out tunes give, and where published programs differ.

Run it with `python benchmarks/measures.py`. In: O'Neill's and, where it is installed, muspy (`pip install muspy`: no
dependency of ours). Out: a table of every measure; the largest difference from muspy where the definitions agree;
three traps in numbers: groove consistency depends on the grid, muspy counts an empty bar that is none, and MGEval
takes two densities on two grids. Exits with 1 where a figure that we hold to is missed.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunewright.corpus.reading import read_corpus
from tunewright.measuring.layering import GRID, groove_consistency
from tunewright.measuring.pitch_content import pitch_entropy, pitch_range, scale_consistency
from tunewright.measuring.spreads import FEATURES, Spread
from tunewright.measuring.table import MEASURES, Style, fit_habits, measure_tunes
from tunewright.music.features import Features, features
from tunewright.music.tune import Tune

Array = NDArray[np.float64]
SECONDS = 10  # for all measures of 1,000 tunes on one core
EXACT = 1e-9


def held_out(tunes: Sequence[Tune], training: Sequence[Tune]) -> None:
    """Every measure of held-out tunes against the training tunes, and against themselves."""
    style, habits, own = Style.of(training), fit_habits(training), Style.of(tunes)
    values, alone = measure_tunes(tunes, style, habits), measure_tunes(tunes, own, habits)
    print(f"{len(tunes)} held-out tunes against {len(training)} training tunes, and against themselves")
    for name, measure in MEASURES.items():
        print(f"  {name:30}{values[name]:9.4f}{alone[name]:9.4f}  {measure.unit}")


def timed(tunes: Sequence[Tune], training: Sequence[Tune]) -> bool:
    """Whether all measures of some tunes are taken fast enough."""
    style, habits = Style.of(training), fit_habits(training)
    start = time.perf_counter()
    measure_tunes(tunes, style, habits)
    seconds = time.perf_counter() - start
    print(f"all {len(MEASURES)} measures of {len(tunes)} tunes: {seconds:.2f} s ({SECONDS} s at most)")
    return seconds <= SECONDS


# ------------------------------------------------------------------------------------------------ muspy

ALIKE: dict[str, Callable[[Features], float]] = {
    "pitch_range": pitch_range,
    "pitch_entropy": pitch_entropy,
    "scale_consistency": scale_consistency,
}


def against_muspy(tunes: Sequence[Features]) -> bool:
    """Whether muspy says the same where its definitions are ours; prints where they are not."""
    if find_spec("muspy") is None:
        print("skipped: muspy is not installed", file=sys.stderr)
        return True
    muspy = import_module("muspy")
    right = True
    for name, ours in ALIKE.items():
        theirs = getattr(muspy, name)
        worst = max(abs(ours(tune) - theirs(as_muspy(muspy, tune))) for tune in tunes)
        print(f"{name}: at most {worst:.1g} from muspy's on {len(tunes)} tunes")
        right = right and worst < EXACT
    even = [tune for tune in tunes if is_even(tune)]
    per_bar = (24, 48, 96, 480)
    bare, padded = (
        {grid: mean_groove(muspy, even, grid, phantom=phantom) for grid in per_bar} for phantom in (False, True)
    )
    own = sum(map(groove_consistency, even)) / len(even)
    print(f"groove consistency of {len(even)} tunes in one metre without pickups: ours {own:.4f}")
    print("  muspy's by places in the bar: " + ", ".join(f"{grid}: {value:.4f}" for grid, value in padded.items()))
    print("  without its empty last bar:   " + ", ".join(f"{grid}: {value:.4f}" for grid, value in bare.items()))
    return right and abs(own - bare[GRID]) < EXACT


def as_muspy(muspy: Any, tune: Features) -> Any:
    """The pitches of the melody as muspy has them, one step each."""
    notes = [muspy.Note(step, note.pitch, 1) for step, note in enumerate(tune.melody)]
    return muspy.Music(tracks=[muspy.Track(notes=notes)])


def is_even(tune: Features) -> bool:
    """Whether it has one metre and nothing but full bars, at least two, each note within its bar, and no last rest."""
    bars = tune.bars
    if len(bars) < 2 or len({note.place.meter for note in tune.melody}) > 1 or bars[-1].signs[-1][0] is None:
        return False
    if any(bar.length is None or sum(length for _, length in bar.signs) != bar.length for bar in bars):
        return False
    ends = tune.melody[-1].onset + tune.melody[-1].length
    return abs(ends - sum((bar.length or 0) / tune.ticks for bar in bars)) < EXACT


def mean_groove(muspy: Any, tunes: Sequence[Features], per_bar: int, *, phantom: bool) -> float:
    """muspy's groove consistency; without its empty bar where the last note ends a step before the bar line."""
    values = []
    for tune in tunes:
        steps = per_bar * tune.ticks / (tune.bars[0].length or 1)  # to a whole note
        onsets = [math.floor(note.onset * steps + 1e-6) for note in tune.melody]
        lengths = [*(1 for _ in onsets[1:]), per_bar * len(tune.bars) - onsets[-1] - (not phantom)]
        notes = [muspy.Note(onset, 60, length) for onset, length in zip(onsets, lengths, strict=True)]
        values.append(muspy.groove_consistency(muspy.Music(tracks=[muspy.Track(notes=notes)]), per_bar))
    return float(np.mean(values))


# ------------------------------------------------------------------------------------------------ MGEval


def two_grids(tunes: Sequence[Features]) -> Iterator[str]:
    """What a divergence on two grids says of distances and the same ones doubled, beside that on one grid."""
    within = Spread.of(tunes).within
    for feature in FEATURES:
        distances = within[feature][:2000]
        doubled = 2 * distances
        own = [np.linspace(some.min(), some.max(), 1000) for some in (distances, doubled)]
        one = [np.linspace(distances.min(), doubled.max(), 1000)] * 2
        apart, together = (
            divergence_of(density(distances, grids[0]), density(doubled, grids[1])) for grids in (own, one)
        )
        yield f"  {feature:20}{apart:9.4f}{together:9.4f}"


def density(distances: Array, grid: Array) -> Array:
    """A Gaussian kernel estimate with Scott's bandwidth, as shares."""
    width = distances.std(ddof=1) * len(distances) ** -0.2
    found: Array = np.exp(-(((grid[:, None] - distances) / width) ** 2) / 2).sum(1)
    shares: Array = np.maximum(found / found.sum(), 1e-300)
    return shares


def divergence_of(p: Array, q: Array) -> float:
    """The Kullback-Leibler divergence of p from q, in nats."""
    return float((p * np.log(p / q)).sum())


def main() -> int:
    corpus = read_corpus("oneill")
    held = (corpus.valid + corpus.test)[:200]
    held_out(held, corpus.train)
    fast = timed(corpus.tunes[:1000], corpus.train)
    right = against_muspy([features(tune) for tune in corpus.tunes])
    print("divergence in nats of distances from the same distances doubled: on two grids as in MGEval, on one")
    print("\n".join(two_grids([features(tune) for tune in held])))
    return 0 if fast and right else 1


if __name__ == "__main__":
    sys.exit(main())
