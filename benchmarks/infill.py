"""How well bars are foreseen that are hidden in held-out tunes, given what stands on both sides of them.

    python benchmarks/infill.py CORPUS --infill RUN [RUN …] --left-to-right RUN [RUN …]

Both kinds of runs have the same size and learned from the same tunes; the first with some of the notes to come told
(`told_share`), the second without. In every held-out test tune a few gaps of bars are hidden. The bits of all tokens in
a gap, per note in it, are worked out under each model: left to right, and, for the first kind, with the notes after the
gap told. Exits with 1 unless both sides save at least a tenth against the other model, and something against the same
model left to right. `--break` tells the notes of another tune instead.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tunewright.corpus.reading import read_corpus
from tunewright.generation.tunes import Generator, load_generator
from tunewright.models.likelihood import token_losses
from tunewright.music.beats import Onset
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.tokens.degrees.context import begun_in, read_rows
from tunewright.tokens.degrees.features import ContextFeatures, Sound
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

GAPS = 3  # in each tune
BARS = (1, 2, 4, 8)
ASKED = 0.10  # how much both sides have to save


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


def main() -> None:
    """Print the table; exit with 1 where both sides save too little."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--infill", nargs="+", type=Path, required=True)
    parser.add_argument("--left-to-right", nargs="+", type=Path, required=True)
    parser.add_argument("--break", dest="broken", action="store_true")
    options = parser.parse_args()
    corpus = read_corpus(options.corpus)
    tunes = [tune for tune in corpus.test if not tune.irregular]
    saved, helped = [], []
    print("| runs | left to right, its own model | left to right, infill model | both sides | saved |")
    print("| --- | --- | --- | --- | --- |")
    for infill, plain in zip(options.infill, options.left_to_right, strict=True):
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
    sys.exit(0 if min(saved) >= ASKED and all(helped) else 1)


if __name__ == "__main__":
    main()
