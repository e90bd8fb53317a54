"""The model in the box from end to end: train it, make it small, measure it, write its card. `make base` runs this.

    python -m tunewright.cli.base_building [--run DIR] [--out DIR] [--minutes M] [-n TUNES]

In: the collections that may be used for anything, and the preset `base`. Out: the folder `base/` of the repository, a
run in small with `card.md`. The run it is made of stays in DIR (runs/base): a finished one is not trained again, an
interrupted one is gone on with. This file does none of the work itself: it calls what does, in order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tunewright.cli.console import show_training
from tunewright.cli.output import note, say
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.generation.foresight import foresight, foresight_interval
from tunewright.generation.generator import load_generator
from tunewright.judging.run_scorecard import judge_run, learned_from
from tunewright.judging.yardstick import build_yardstick
from tunewright.measuring.held_out import strictly_held_out
from tunewright.measuring.intervals import Value
from tunewright.music.kinds import music_id
from tunewright.music.tune import Tune
from tunewright.reports.model_card import Packing, model_card
from tunewright.support.errors import OutputError, RunError, TunewrightError
from tunewright.support.files import replace_file
from tunewright.training.base import CARD, FOLDERS
from tunewright.training.compact import pack_run
from tunewright.training.loop import train_steps
from tunewright.training.presets import load_preset
from tunewright.training.run import DEFAULTS, Run, default_temperature, is_run, load_run, save_default_temperature

SOURCES = ("oneill", "ryan", "aird")  # not essen, whose terms are non-commercial
PRESET = "base"
MINUTES = 110.0  # of training, so that all of it takes less than two hours
LARGEST = 8_000_000  # bytes in the wheel
TEMPERATURE = 0.8  # of drawing, where nothing else is settled: the tunes to choose by were told apart least (LOG.md)
LEFT_OUT = "left out"  # the part of the split of test tunes that figures are not of

Tell = Callable[[str], None]


def main(arguments: Sequence[str]) -> int:
    """Do it all, saying what is done; 1 where it failed."""
    parser = argparse.ArgumentParser(prog="make base", description="Train, pack and measure the model in the box.")
    parser.add_argument("--run", type=Path, default=Path("runs/base"), help="the run that it is made of")
    parser.add_argument("--out", type=Path, default=FOLDERS[-1], help="the folder that is made")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training, at most")
    parser.add_argument("-n", type=int, default=0, help="tunes to draw for the card; 0: as many as evaluate draws")
    asked = parser.parse_args(arguments)
    try:
        corpus = read_corpus(*SOURCES)
        note(f"{corpus.read:,} tunes of {', '.join(SOURCES)}; {len(corpus.train):,} to learn from.")
        run = trained_run(corpus, asked.run, asked.minutes)
        build_base(run, corpus, asked.out, asked.n, say)
    except TunewrightError as error:
        note(f"Error: {error}")
        return 1
    return 0


def trained_run(corpus: Corpus[Tune], path: Path, minutes: float) -> Run:
    """The run in the folder, trained to its end, now or before. RunError where it is of another corpus."""
    resume = is_run(path)
    if not resume or load_run(path).summary.get("status") not in ("finished", "early_stopped"):
        record = {"preset": PRESET, "sources": list(SOURCES)}
        config = None if resume else load_preset(PRESET)
        show_training(train_steps(corpus, path, config, resume=resume, minutes=minutes, record=record))
    run = load_run(path)
    if not (path / DEFAULTS).exists():
        save_default_temperature(path, TEMPERATURE)
    if not learned_from(path, corpus):
        raise RunError(
            f"{path}: learned from {run.summary.get('corpus')}, or divided otherwise; expected {corpus.name}"
        )
    return run


def build_base(run: Run, corpus: Corpus[Tune], out: Path, count: int, tell: Tell) -> Run:
    """The run in small, in a folder, with its card; what it takes and costs is told. OutputError where it is too large.

    `count` tunes are drawn for the card, 0 for as many as `evaluate` draws.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = pack_run(run, Path(folder))
        before, after = (foresight(load_generator(one), corpus.valid).bits_per_note for one in (run, packed))
        files = [file.read_bytes() for file in Path(folder).iterdir()]
        packing = Packing(sum(map(len, files)), sum(len(zlib.compress(file)) for file in files), before, after)
        tell(f"{packing}, of {len(corpus.valid):,} tunes to choose by.")
    if packing.wheel > LARGEST:
        raise OutputError(f"{out}: {packing.wheel:,} bytes in the wheel; expected at most {LARGEST:,}")
    packed = pack_run(run, out)
    _write_card(packed, corpus, packing, count, tell)
    tell(f"Wrote {out}.")
    return packed


def _write_card(run: Run, corpus: Corpus[Tune], packing: Packing, count: int, tell: Tell) -> None:
    generator = replace(load_generator(run), name=PRESET)
    kept = strictly_held_out(corpus)
    found, low, high = foresight_interval(generator, kept)
    bits = Value(found.bits_per_note, low.bits_per_note, high.bits_per_note)
    tell(f"{len(kept):,} of {len(corpus.test):,} test tunes are strictly held out: {bits.value:.3f} bits per note.")
    strict = _with_test(corpus, kept)
    yardstick, temperature = build_yardstick(strict, learned=True), default_temperature(run.path)
    card = judge_run(generator, yardstick, strict, count=count, temperature=temperature)
    text = model_card(run, corpus, kept, bits, card, packing)
    replace_file(run.path / CARD, text.encode())


def _with_test(corpus: Corpus[Tune], kept: Sequence[Tune]) -> Corpus[Tune]:
    """The corpus without those test tunes that are not kept."""
    there = set(map(music_id, kept))
    pairs = zip(corpus.ids, corpus.split, strict=True)
    split = tuple(LEFT_OUT if part == "test" and known not in there else part for known, part in pairs)
    return replace(corpus, split=split)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
