"""How well bars are foreseen that are hidden in held-out tunes, given what stands on both sides, and what returns.

    python benchmarks/infill.py CORPUS … --infill RUN [RUN …] [--left-to-right RUN [RUN …]] [--seeds 3] [--most 150]
    python benchmarks/infill.py oneill ryan aird --infill base

Both kinds of runs have the same size and learned from the same tunes; the first with some of the notes to come told
(`told_share`), the second without. In every held-out test tune a few gaps of bars are hidden. The bits of all tokens in
a gap, per note in it, are worked out under each model: left to right, and, for the first kind, with the notes after the
gap told. Without runs of the second kind the first itself, left to right, stands for them.

Then single bars are hidden, and drawn anew as `generate --infill` does by default, once for each seed: bars that are
the same, note for note, as another bar of their tune, before or after, and for comparison bars that are not. Beside how
many come out exact stands how many would where another bar were copied, by whoever knows nothing of music: the one four
or eight bars away (the best choice of those, for all bars the same), or the one whose neighbours are the same as those
of the hidden one.

Exits with 1 unless both sides save at least a tenth against the other model, and something against the same model left
to right, half of the bars that return are exact in the mean over seeds, and all tunes are well formed. `--break` tells
the notes of another tune instead, and hides bars of it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tunewright.api import load
from tunewright.corpus.reading import read_corpus
from tunewright.generation.generator import Generator, load_generator
from tunewright.measuring.held_out import strictly_held_out
from tunewright.models.likelihood import token_losses
from tunewright.music.beats import Onset
from tunewright.music.tune import Note, Rest, Tune
from tunewright.support.errors import TunewrightError
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.tokens.degrees.context import begun_in, read_rows
from tunewright.tokens.degrees.features import ContextFeatures, Sound
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.requests import Infill, Request

GAPS = 3  # in each tune
BARS = (1, 2, 4, 8)
ASKED = 0.10  # how much both sides have to save
EXACT = 0.5  # of hidden bars that return, how many have to come out exact
AWAY = (-8, 8, -4, 4)  # bars: where a copy is taken from that knows nothing else

Signs = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Hidden bars of a tune: their tokens, and their notes."""

    passage: Passage
    tokens: range
    bars: int
    notes: int
    known: Mapping[Onset, Sound]  # what stands after them


def gaps_in(features: ContextFeatures, passage: Passage, rng: np.random.Generator) -> Iterator[Gap]:
    """A few gaps of a tune, whole bars between plain or other bar lines."""
    begun = begun_in(features, passage.ids)
    lines = [place + 1 for place, number in enumerate(passage.ids) if number in features.vocabulary.bar_lines]
    for bars in rng.choice(BARS, GAPS):
        if len(lines) <= bars + 1:
            continue
        first = int(rng.integers(len(lines) - bars - 1))
        tokens = range(lines[first], lines[first + bars])
        notes = sum(one.place in tokens for one in begun)
        known = {one.onset: one.sound for one in begun if one.place >= tokens.stop}
        if notes and known:
            yield Gap(passage, tokens, int(bars), notes, known)


def bits(generator: Generator, gaps: list[Gap], told: list[Mapping[Onset, Sound]] | None) -> float:
    """Bits per note of the tokens in the gaps; `told` are the notes that the model is told within each."""
    assert isinstance(generator.tokenizer, DegreeTokenizer)
    features = ContextFeatures(generator.tokenizer)
    passages = []
    for number, gap in enumerate(gaps):
        rows = gap.passage.rows
        if told is not None:
            told_gap = [(gap.tokens, min(gap.known))]
            rows = np.array(read_rows(features, gap.passage.ids, told[number], told_gap), np.int16)
        passages.append(Passage(gap.passage.ids, gap.passage.body, gap.passage.notes, rows))
    losses = token_losses(generator.model, passages, torch.device("cpu"))
    nats = sum(
        float(loss[gap.tokens.start - 1 : gap.tokens.stop - 1].sum()) for loss, gap in zip(losses, gaps, strict=True)
    )
    return nats / math.log(2) / sum(gap.notes for gap in gaps)


# ------------------------------------------------------------------------------------------------ bars that return


@dataclass(frozen=True, slots=True)
class Hidden:
    """A bar of a tune that is to be drawn anew, and what it was."""

    tune: Tune
    place: int  # among the measures
    signs: Signs
    returns: bool  # whether another bar is the same


def signs_of(tune: Tune) -> list[Signs]:
    """Of each measure its notes and rests: pitches, lengths, ties."""
    return [
        tuple(
            (getattr(one, "pitches", ()), one.length, getattr(one, "tied", False))
            for one in tune.music[measure.start : measure.stop]
            if isinstance(one, Note | Rest)
        )
        for measure in tune.measures
    ]


def hidden_in(tunes: Sequence[Tune], tokenizer: DegreeTokenizer, most: int, seed: int = 0) -> list[Hidden]:
    """Full bars of tunes, at most `most` that return and as many that do not, not more than one of each in a tune."""
    rng = np.random.default_rng(seed)
    found: dict[bool, list[Hidden]] = {True: [], False: []}
    for number in rng.permutation(len(tunes)).tolist():
        tune = tokenizer.prepared(tunes[number])
        signs = signs_of(tune)
        for returns, chosen in found.items():
            fits = [
                place
                for place, measure in enumerate(tune.measures)
                if measure.full and (signs.count(signs[place]) > 1) == returns
            ]
            if fits and len(chosen) < most:
                place = int(rng.choice(fits))
                chosen.append(Hidden(tune, place, signs[place], returns))
    return [*found[True], *found[False]]


def exact(
    generator: Generator, bars: Sequence[Hidden], seeds: int, faults: list[str], *, broken: bool
) -> list[list[bool]]:
    """Of each bar, for each seed, whether it comes out exact; bars that cannot be filled in are left out.

    What is wrong with tunes that are not well formed afterwards is added to `faults`.
    """
    found = []
    for number, bar in enumerate(bars):
        asked = bars[(number + 1) % len(bars)] if broken else bar
        at = asked.tune.measures[asked.place].number
        try:
            drawn = list(generator.generate(seeds, Request(given=Infill(asked.tune, at, at)), seed=1000 * number))
        except TunewrightError as error:
            print(f"left out: {bar.tune.source}: {error}", file=sys.stderr)
            continue
        found.append([one.tune is not None and _same(signs_of(one.tune), bar) for one in drawn])
        faults.extend(f"{asked.tune.source}, bar {at}: {one.error}" for one in drawn if one.error)
    return found


def _same(signs: Sequence[Signs], bar: Hidden) -> bool:
    return bar.place < len(signs) and signs[bar.place] == bar.signs


def copied(bars: Sequence[Hidden]) -> float:
    """Of how many bars a copy of the bar so many away is exact, at the best of the distances."""
    return max(statistics.mean(_at(bar, bar.place + away) == bar.signs for bar in bars) for away in AWAY)


def copied_by_neighbours(bars: Sequence[Hidden]) -> float:
    """Of how many bars a copy is exact of the bar whose neighbours are most like its own; else of the one 8 before."""
    return statistics.mean(_at(bar, _likest(bar)) == bar.signs for bar in bars)


def _likest(bar: Hidden) -> int:
    """The place that has the same bars before and after it as the hidden one, or one of the two; else 8 before."""
    here = bar.place
    alike = {
        place: sum(_at(bar, place + step) == _at(bar, here + step) and place + step != here for step in (-1, 1))
        for place in range(len(bar.tune.measures))
        if place != here
    }
    best = max(alike, key=lambda place: (alike[place], -abs(abs(place - here) - 8)), default=here)
    return best if alike.get(best) else here - 8


def _at(bar: Hidden, place: int) -> Signs | None:
    signs = signs_of(bar.tune)
    return signs[place] if 0 <= place < len(signs) else None


def returned(
    runs: Sequence[Path], tunes: Sequence[Tune], most: int, seeds: int, *, broken: bool
) -> tuple[float, list[str]]:
    """Print how many hidden bars come out exact; the share of those that return, and what is not well formed."""
    faults: list[str] = []
    heads = " | ".join(f"seed {seed}" for seed in range(seeds))
    print(f"\n| hidden bars | {heads} | mean | the bar 4 or 8 away | by its neighbours |")
    print(f"| {' | '.join(['---'] * (seeds + 4))} |")
    shares = []
    for run in runs:
        generator = load(run)
        assert isinstance(generator.tokenizer, DegreeTokenizer)
        hidden = hidden_in(tunes, generator.tokenizer, most)
        for returns in (True, False):
            bars = [bar for bar in hidden if bar.returns == returns]
            by_seed = np.array(exact(generator, bars, seeds, faults, broken=broken), float).mean(0)
            shares += [float(by_seed.mean())] if returns else []
            what = f"{run.name}: {len(bars)} that {'return' if returns else 'return nowhere'}"
            cells = " | ".join(f"{share:.1%}" for share in by_seed)
            others = f"{copied(bars):.1%} | {copied_by_neighbours(bars):.1%}"
            print(f"| {what} | {cells} | {by_seed.mean():.1%} | {others} |", flush=True)
    return statistics.mean(shares), faults


def main() -> None:
    """Print the table; exit with 1 where both sides save too little."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--infill", nargs="+", type=Path, required=True)
    parser.add_argument("--left-to-right", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=150, metavar="BARS", help="hidden bars of each kind")
    parser.add_argument("--break", dest="broken", action="store_true")
    options = parser.parse_args()
    if options.left_to_right and len(options.left_to_right) != len(options.infill):
        parser.error("--left-to-right takes as many runs as --infill, or none")
    corpus = read_corpus(*options.corpus)
    tunes = [tune for tune in corpus.test if not tune.irregular]
    strict = [tune for tune in strictly_held_out(corpus) if not tune.irregular]
    saved, helped = [], []
    print("| runs | left to right, its own model | left to right, infill model | both sides | saved |")
    print("| --- | --- | --- | --- | --- |")
    for infill, plain in zip(options.infill, options.left_to_right or options.infill, strict=True):
        generator, other = load_generator(infill), load_generator(plain)
        assert isinstance(generator.tokenizer, DegreeTokenizer)
        features, rng = ContextFeatures(generator.tokenizer), np.random.default_rng(0)
        gaps = [gap for one in encode_passages(generator.tokenizer, tunes) for gap in gaps_in(features, one, rng)]
        told = [gap.known for gap in gaps]
        told = told[1:] + told[:1] if options.broken else told
        before, own, after = bits(other, gaps, None), bits(generator, gaps, None), bits(generator, gaps, told)
        saved.append(1 - after / before)
        helped.append(after < own)
        print(f"| {infill.name}, {plain.name} | {before:.3f} | {own:.3f} | {after:.3f} | {saved[-1]:.1%} |")
    print(f"\n{len(gaps)} gaps of {', '.join(map(str, BARS))} bars; saved {statistics.mean(saved):.1%} in the mean")
    found, faults = returned(options.infill, strict, options.most, options.seeds, broken=options.broken)
    print(f"\n{found:.1%} of the bars that return come out exact; goal {EXACT:.0%}, and {ASKED:.0%} of the bits saved")
    if faults:
        print(f"{len(faults)} tunes are not well formed with the bar that was drawn; the first: {faults[0]}")
    sys.exit(0 if min(saved) >= ASKED and all(helped) and found >= EXACT and not faults else 1)


if __name__ == "__main__":
    main()
