"""Is the two-sample test honest, and does it see what is there to be seen?

    python benchmarks/two_sample.py                               # real tunes against real tunes
    python benchmarks/two_sample.py FILE… --against SOURCE…       # drawn tunes against real ones

Without files: real tunes of one collection against real tunes of other families of the same collection, many random
divisions; the same with one side written down otherwise (another key, repeats written out, another unit), which must
change nothing; and with one side spoilt, a note in so many moved by a step of the scale, which must show. Files: the
test as a user gets it, and once more blind to bars that do not add up, which `strict validity` counts anyhow.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.reading import read_corpus
from tunewright.measuring import traits
from tunewright.measuring.two_sample import TwoSample, real_floor, two_sample
from tunewright.music.playing import played
from tunewright.music.transposing import transpose
from tunewright.music.tune import STEPS, Bar, Element, Ending, Key, Note, Pitch, Tune

SOURCES = ("oneill", "ryan", "aird")
EACH_SIDE = 300
SPOILT = (32, 16, 8, 4)  # one note in so many


def floors(corpus: Corpus, splits: int) -> None:
    """One row: the AUCs of random divisions of a whole collection."""
    began = time.perf_counter()
    floor = real_floor(corpus.tunes, families=corpus.families, splits=splits)
    inside = sum(0.45 <= auc <= 0.55 for auc in floor.splits)
    spread, seconds = statistics.stdev(floor.splits), time.perf_counter() - began
    print(
        f"| {corpus.name} | {floor.each_side} | {floor.auc:.3f} | {spread:.3f} | "
        f"{min(floor.splits):.3f}–{max(floor.splits):.3f} | {inside} of {splits} | {seconds:.0f} s |"
    )


def halves(corpus: Corpus, seed: int) -> tuple[list[int], list[int]]:
    """Places of tunes in two sets of other families, `EACH_SIDE` or fewer in each."""
    families = np.random.default_rng(seed).permutation(sorted(set(corpus.families)))
    first = set(families[: len(families) // 2].tolist())
    sides: tuple[list[int], list[int]] = ([], [])
    for place in np.random.default_rng(seed).permutation(len(corpus.tunes)).tolist():
        side = sides[corpus.families[place] in first]
        if len(side) < EACH_SIDE:
            side.append(place)
    return sides


def against_changed(corpus: Corpus, change: Callable[[Tune], Tune], splits: int) -> list[TwoSample]:
    """Changed tunes against unchanged ones of other families."""
    found = []
    for seed in range(splits):
        ours, real = halves(corpus, seed)
        changed, kept = [change(corpus.tunes[place]) for place in ours], [corpus.tunes[place] for place in real]
        found.append(two_sample(changed, kept, families=[corpus.families[p] for p in real], seed=seed, splits=0))
    return found


def written_otherwise(tune: Tune) -> Tune:
    """In another key and unit, its repeats and endings written out: what is heard is the same but for its pitch."""
    moved = transpose(tune, 3)
    music = tuple(_line(element) for element in played(moved) if not isinstance(element, Ending))
    return replace(moved, music=music, parts="", unit=Fraction(1, 16))


def _line(element: Element) -> Element:
    return Bar("||") if isinstance(element, Bar) and element.ends_section else element


def spoilt(every: int) -> Callable[[Tune], Tune]:
    """One note in so many, at random, moved up or down a step of the scale."""

    def change(tune: Tune) -> Tune:
        rng = np.random.default_rng(len(tune.music))
        return replace(tune, music=tuple(_moved(one, tune.key, every, rng) for one in tune.music))

    return change


def _moved(element: Element, key: Key, every: int, rng: np.random.Generator) -> Element:
    if not isinstance(element, Note) or rng.integers(every):
        return element
    octave, step = divmod(7 * element.pitch.octave + STEPS.index(element.pitch.step) + rng.choice((-1, 1)), 7)
    moved = Pitch(STEPS[step], key.signature[STEPS[step]], int(octave))
    return replace(element, pitches=(moved,))


def row(name: str, found: Sequence[TwoSample]) -> None:
    """One row of AUCs."""
    aucs = [one.auc for one in found]
    print(f"| {name} | {found[0].each_side} | {statistics.mean(aucs):.3f} | {min(aucs):.3f}–{max(aucs):.3f} |")


def judge(files: Sequence[Path], sources: Sequence[str]) -> None:
    """The test of each file against a collection, as it is and without counting wrong bars."""
    corpus = read_corpus(*sources)
    for file in files:
        tunes = [tune for tune in read_file(file, TUNE) if isinstance(tune, Tune)]
        for blind in (False, True):
            if blind:
                traits.SHAPES["wrong_bars"] = replace(WRONG_BARS, of=lambda heard: 0.0)
            began = time.perf_counter()
            found = two_sample(tunes, corpus.tunes, families=corpus.families)
            traits.SHAPES["wrong_bars"] = WRONG_BARS
            shown = (
                f"{file.stem}{', blind to wrong bars' * blind}: AUC {found.auc:.3f} ({found.low:.3f}–{found.high:.3f})"
            )
            floor = ", ".join(f"{auc:.3f}" for auc in found.floors)
            seconds = time.perf_counter() - began
            print(f"{shown}, {found.each_side} a side; real against real {floor}; {seconds:.1f} s")
            for tell in found.tells:
                print(f"    {tell.direction} {tell.name}: {tell.ours:.3g}, real {tell.real:.3g}; alone {tell.auc:.3f}")


WRONG_BARS = traits.SHAPES["wrong_bars"]


def main() -> None:
    """Print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="*")
    parser.add_argument("--against", nargs="+", default=list(SOURCES))
    parser.add_argument("--splits", type=int, default=20)
    given = parser.parse_args()
    if given.file:
        judge(given.file, given.against)
        return
    corpora = [read_corpus(source) for source in given.against]
    print("| collection | a side | mean AUC | spread | from–to | in 0.45–0.55 | |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for corpus in corpora:
        floors(corpus, given.splits)
    print("\n| one side | a side | mean AUC | from–to |\n| --- | --- | --- | --- |")
    splits = max(2, given.splits // 4)
    row("as it is", against_changed(corpora[0], lambda tune: tune, splits))
    row("written otherwise", against_changed(corpora[0], written_otherwise, splits))
    for every in SPOILT:
        row(f"one note in {every} moved by a step", against_changed(corpora[0], spoilt(every), splits))


if __name__ == "__main__":
    main()
