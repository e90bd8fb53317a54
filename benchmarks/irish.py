"""The lab's own file: bits per note from scratch and on from the model in the box, and what is copied of few tunes.

    python benchmarks/irish.py [FILE] [--seeds 3] [--preset default] [--from base] [--lab RUN] [--sizes 20 100 800]

FILE is `irish.abc`, by default where the tests look for it; without it there is nothing to do. The lab's best setting
(batch 64, windows of 50, learning rate 1e-3 on 1 × 1024: 2.60 bits per note in docs/experiments.md) is trained once
until held-out tunes are foreseen no better, or read from RUN, so that all bits are of the same tunes: those of the test
families whose bars add up and that our tokens cover, and of these the ones that agree with no training tune of the file
or of the model in the box in 32 notes of one passage.

From scratch: as many steps of the preset as there is time for in the seconds of the processor that the lab's joint
setting takes for its 3,000 (by a trial of nine, in our faster form of it); goal 20 % fewer bits than the lab's best. On
from `base`: the command `tunewright train FILE --from base`, all of its seconds counted, under 60; goal 25 % fewer. Of
20, 100 and 800 tunes (the last is the whole file), chosen at random from all but the test tunes, the same, and tunes
drawn as `generate` does by default: copies and passages beyond the line of held-out real tunes, of the tunes learned
from and of those that the model in the box learned from, no more than real sets have.

Exit codes: 0 done, or no file; 1 a goal is missed.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from peers.ours import seconds_a_step, train, within
from returning import draw
from returns.judging import Figure, borrowing, missed, note, table
from returns.real import SOURCES, Real, chosen, read_real

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc
from tunewright.generation.foresight import foresight, left_out
from tunewright.generation.generator import load_generator
from tunewright.music.tune import Tune
from tunewright.support.errors import TunewrightError
from tunewright.training.presets import load_preset

ROOT = Path(__file__).resolve().parents[1]
IRISH = ROOT.parent / "shared" / "data" / "irish.abc"
LAB_BEST, LAB_JOINT = "lab-hyperparameters", "lab-joint"
SCRATCH, TUNED = 0.80, 0.75  # of the lab's bits, at most
MOST_SECONDS = 60.0
LAB_PATIENCE, LAB_LOOK = 4, 50

Bits = dict[str, float]  # of all test tunes, and of those held out strictly


def bits_of(run: str | Path, real: Real) -> Bits:
    """Bits per note of the test tunes that tokens of ours cover."""
    generator = load_generator(run)
    both = {"": real.spelled(real.corpus.test), ", held out strictly": real.spelled(real.test)}
    refused = left_out(generator, both[""])
    note(f"{run}: of {', '.join(str(len(tunes)) for tunes in both.values())} test tunes; {refused} not covered")
    return {of: foresight(generator, tunes).bits_per_note for of, tunes in both.items()}


def of_regular(tunes: Sequence[Tune]) -> list[Tune]:
    """The tunes whose bars add up."""
    return [tune for tune in tunes if not tune.irregular]


def beside(name: str, found: Bits, lab: Bits, share: float) -> list[Figure]:
    """Bits with the goal, a share of the lab's on the same tunes."""
    return [
        Figure(f"bits per note, {name}{of}", bits, wanted=(-math.inf, share * lab[of])) for of, bits in found.items()
    ]


def train_lab(corpus: Corpus[Tune], folder: Path) -> Path:
    """The lab's best setting, until held-out tunes are foreseen no better."""
    config = load_preset(LAB_BEST).with_(patience=LAB_PATIENCE, eval_every=LAB_LOOK)
    spent = train(corpus, folder, config)
    note(f"the lab's best setting: {spent:.0f} s of the processor")
    return folder


def joint_seconds(corpus: Corpus[Tune]) -> float:
    """The seconds of the processor that the lab's joint setting takes."""
    joint = load_preset(LAB_JOINT)
    seconds = joint.schedule.num_training_iterations * seconds_a_step(corpus, joint)
    note(f"the lab's joint setting: {seconds:.0f} s of the processor")
    return seconds


def from_scratch(real: Real, preset: str, seconds: float, folder: Path, seed: int, lab: Bits) -> list[Figure]:
    """A preset in the time that the lab's joint setting takes."""
    config = within(real.corpus, load_preset(preset).with_(seed=seed), seconds)
    usual = load_preset(preset).schedule.num_training_iterations
    config = config if config.schedule.num_training_iterations < usual else load_preset(preset).with_(seed=seed)
    spent = train(real.corpus, folder, config)
    figures = beside("from scratch", bits_of(folder, real), lab, SCRATCH)
    return [*figures, Figure("seconds of the processor, from scratch", spent, wanted=(-math.inf, seconds))]


def go_on(source: Path, origin: str, folder: Path, seed: int) -> float:
    """The seconds of the command that goes on from a run."""
    environment, began = os.environ | {"PYTHONPATH": str(ROOT)}, time.monotonic()
    options = ["--from", origin, "--out", str(folder), "--seed", str(seed), "--json"]
    command = [sys.executable, "-m", "tunewright", "train", str(source), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command[2:])}: {done.stderr.strip()}")
    return time.monotonic() - began


def tuned(
    real: Real, file: Path, size: int, given: argparse.Namespace, folder: Path, seed: int, lab: Bits
) -> list[Figure]:
    """What comes of going on with so many tunes."""
    known = [tune for tune in real.corpus.tunes if tune not in set(real.corpus.test)]
    source, whole = folder / f"{size}.abc", size >= len(known)
    if whole:
        source = file
    else:
        tunes = enumerate(chosen(known, size, seed), 1)
        source.write_text("\n".join(format_abc(replace(tune, number=number)) for number, tune in tunes), "utf-8")
    named = f"on with {'all' if whole else size}"
    run = folder / f"tuned-{size}"
    spent = go_on(source, given.origin, run, seed)
    bits, drawn = bits_of(run, real), draw(str(run), given.n, seed)
    tunes_drawn = [one.tune for one in drawn if one.tune is not None]
    figures = (
        beside(named, bits, lab, TUNED)
        if whole
        else [Figure(f"bits per note, {named}{of}", one) for of, one in bits.items()]
    )
    figures.append(Figure(f"seconds, {named}", spent, wanted=(-math.inf, MOST_SECONDS)))
    own, before = read_corpus(str(source)).train, given.before
    figures += borrowing(tunes_drawn, own, of_regular(real.corpus.test), f", {named}, of its own")
    return [*figures, *borrowing(tunes_drawn, before.corpus.train, before.held_out, f", {named}, of base's")]


def main() -> None:
    """Print the table, and the goals that are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=IRISH)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--from", dest="origin", default="base")
    parser.add_argument("--lab", type=Path, metavar="RUN")
    parser.add_argument("--seconds", type=float, help="of the processor, from scratch; else what the lab's joint takes")
    parser.add_argument("--sizes", type=int, nargs="*", default=[20, 100, 800])
    parser.add_argument("-n", type=int, default=300, metavar="TUNES")
    parser.add_argument("--only", choices=("scratch", "tuned"))
    given = parser.parse_args()
    if not given.file.is_file():
        print(f"skipped: {given.file} is missing")
        return
    real, given.before = read_real([str(given.file)], SOURCES), read_real()
    try:
        load_generator(given.origin)
        sizes = given.sizes if given.only != "scratch" else []
    except TunewrightError as error:
        note(f"nothing to go on from: {error}")
        sizes = []
    columns: list[list[Figure]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lab = bits_of(given.lab or train_lab(real.corpus, folder / "lab"), real)
        print(f"the lab's best: {', '.join(f'{bits:.3f}{of}' for of, bits in lab.items())}")
        seconds = 0.0 if given.only == "tuned" else given.seconds or joint_seconds(real.corpus)
        for seed in range(given.seeds):
            here = folder / str(seed)
            here.mkdir()
            figures = (
                [] if given.only == "tuned" else from_scratch(real, given.preset, seconds, here / "scratch", seed, lab)
            )
            for size in sizes:
                figures += tuned(real, given.file, size, given, here, seed, lab)
            columns.append(figures)
            print("\n".join(table(columns)) + "\n", flush=True)
    wanting = missed(columns)
    print("missed: " + "; ".join(wanting) if wanting else "all goals are met")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    sys.exit(bool(wanting))


if __name__ == "__main__":
    main()
