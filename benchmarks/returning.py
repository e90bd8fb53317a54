"""Does music return? What a run draws by default, held against real tunes: form, likeness, borrowing, bits.

    python benchmarks/returning.py [RUN …] [-n 500] [--seeds 3] [--sources oneill ryan aird]
    python benchmarks/returning.py RUN --options "--best-of 1"     the same, drawn with further options of `generate`
    python benchmarks/returning.py --break     real tunes with their bars in another order: has to fail
    python benchmarks/returning.py --real      real training tunes, as they are: what the judge says of the real thing

Without a RUN it is the model in the box. Tunes are drawn by the command `tunewright generate`, with the settings that
it has by default, one call a seed; of several runs each draws for its seed in turn. Real tunes are those held out by
family that agree with no training tune of any collection in 32 notes of one passage or more (`measuring.held_out`),
test tunes and tunes to choose by together; bits per note are of the test tunes alone that the tokens cover (and,
without a goal, of all test tunes held out by family, as earlier figures are). How much real tunes borrow is counted
over all held out by family, since the strict ones borrow little by definition.
Goals: AUC at most 0.75; bars, two-bar and four-bar phrases that return and the plan match as in 95 of 100 real sets of
that size, by our measures and by the text alone; copies and long passages no more than real sets have; at most 2.95
bits per note; 90 % well formed without the grammar at temperature 1; all with it, to abc2midi too. For hidden bars see
`infill.py`.

Exit codes: 0 done, 1 a goal is missed (the mean over seeds counts).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from returns.judging import Figure, Judge, at_least, missed, note, table
from returns.real import SOURCES, Real, by_collection, chosen, read_real, shuffled
from validity import complained

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.generation.decoding import Decoding
from tunewright.generation.foresight import foresight, left_out
from tunewright.generation.generator import Generator, load_generator
from tunewright.music.tune import Tune
from tunewright.support.errors import TunewrightError
from tunewright.tokens.degrees.promises import count_promises
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.requests import Request

BASE = "base"  # the model in the box
RAW = ("--free", "--temperature", "1", "--best-of", "1")  # what the model gives by itself
APART = 100_000  # between the seeds of two calls
MOST_BITS, LEAST_RAW = 2.95, 0.90


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tune as the command gives it."""

    abc: str
    valid: bool

    @property
    def tune(self) -> Tune | None:
        """The tune; None where it cannot be read."""
        try:
            return next(iter(parse_abc(self.abc)), None)
        except TunewrightError:
            return None


def draw(run: str, count: int, seed: int, *words: str) -> list[Drawn]:
    """Tunes drawn by `tunewright generate`, as a user has them drawn; further words are further options."""
    named = [] if run == BASE else [run]
    options = ["-n", str(count), "--seed", str(seed * APART), "--json", *words]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    command = [sys.executable, "-m", "tunewright", "generate", *named, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command[2:])}: {done.stderr.strip()}")
    return [Drawn(one["abc"], one["valid"]) for one in json.loads(done.stdout)]


def figures_of(tunes: Sequence[Tune], judge: Judge, seed: int, *, borrowed: bool = True) -> list[Figure]:
    """All that can be said of tunes alone."""
    figures = [*judge.told_from_real(tunes, seed), *judge.returns(tunes)]
    return [*figures, *judge.borrowing(tunes)] if borrowed else figures


def well_formed(drawn: Sequence[Drawn]) -> list[Figure]:
    """The share that is well formed: to the program, and to abc2midi where it is installed."""
    figures = [at_least("well formed", sum(one.valid for one in drawn) / len(drawn), 1.0)]
    if shutil.which("abc2midi") is None:
        note("abc2midi is not installed (Debian package abcmidi): nobody else judges what is well formed")
        return figures
    found = complained([one.abc for one in drawn])
    return [*figures, at_least("well formed, to abc2midi", 1 - len(found) / len(drawn), 1.0)]


def bits(generator: Generator, real: Real) -> list[Figure]:
    """Bits per note of the test tunes held out strictly, of each collection and of all."""
    figures = []
    for name, tunes in by_collection(real.test).items():
        found, refused = foresight(generator, tunes), left_out(generator, tunes)
        note(f"{name}: {len(tunes) - refused} test tunes, {refused} that the tokens do not cover")
        figures.append(Figure(f"bits per note, {name}", found.bits_per_note))
    by_family = foresight(generator, real.corpus.test).bits_per_note
    whole = foresight(generator, real.test).bits_per_note
    figures.append(Figure("bits per note, all test tunes by family", by_family))
    return [*figures, Figure("bits per note", whole, wanted=(-math.inf, MOST_BITS))]


def promises(generator: Generator, count: int, seed: int) -> list[Figure]:
    """How many measures that say that they return do so without the grammar; nothing of a run without a phrase plan."""
    codec = generator.tokenizer
    if not isinstance(codec, DegreeTokenizer) or not codec.phrase_plan:
        return []
    drawn = generator.generate(count, Request(free=True), Decoding.of(1.0), seed=APART * seed, best_of=1)
    made, kept = map(sum, zip(*(count_promises(codec, one.ids) for one in drawn), strict=True))
    return [Figure("promised returns kept without the grammar", kept / made if made else math.nan)]


def figures_of_run(run: str, judge: Judge, count: int, seed: int, options: Sequence[str]) -> list[Figure]:
    """Every figure of a run, with the tunes of one seed, drawn with further options."""
    drawn, free = (
        draw(run, count, seed, *options),
        draw(run, count, seed, *RAW),
    )
    tunes = [one.tune for one in drawn if one.tune is not None]
    generator = load_generator(run)
    raw = at_least("well formed without the grammar", sum(one.valid for one in free) / len(free), LEAST_RAW)
    return [
        *figures_of(tunes, judge, seed),
        raw,
        *well_formed(drawn),
        *promises(generator, count, seed),
        *bits(generator, judge.real),
    ]


def real_ones(judge: Judge, count: int, seed: int, *, broken: bool) -> list[Figure]:
    """The figures of real training tunes, as they are or with their bars in another order."""
    tunes = chosen(judge.real.train, count, seed)
    if broken:
        tunes = [shuffled(tune, seed) for tune in tunes]
    note(f"{sum(not tune.irregular for tune in tunes)} of {len(tunes)} tunes have bars that add up")
    return figures_of([next(iter(parse_abc(format_abc(tune)))) for tune in tunes], judge, seed, borrowed=False)


def main() -> None:
    """Print the table, and the goals that are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="*", default=[BASE])
    parser.add_argument("-n", type=int, default=500, metavar="TUNES")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sources", nargs="+", default=list(SOURCES))
    parser.add_argument("--learned", nargs="+", default=[], metavar="SOURCE", help="what the run learned from before")
    parser.add_argument(
        "--options", default="", metavar="WORDS", help="of `generate`, instead of what it does by default"
    )
    parser.add_argument("--break", dest="broken", action="store_true")
    parser.add_argument("--real", action="store_true")
    given = parser.parse_args()
    options = shlex.split(given.options)
    if (given.broken or given.real) and (options or given.run != [BASE]):
        parser.error("--break and --real are of real tunes; expected no run and no --options")
    judge = Judge(read_real(given.sources, given.learned))
    real = judge.real
    note(
        f"held out strictly: {len(real.test)} of {len(real.corpus.test)} test tunes, {len(real.strict)} to be told from"
    )
    columns = []
    for seed in range(given.seeds):
        note(f"seed {seed}")
        if given.broken or given.real:
            columns.append(real_ones(judge, given.n, seed, broken=given.broken))
        else:
            columns.append(figures_of_run(given.run[seed % len(given.run)], judge, given.n, seed, options))
    print("\n".join(table(columns)))
    wanting = missed(columns)
    print("\n" + ("missed: " + "; ".join(wanting) if wanting else "all goals are met"))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    sys.exit(bool(wanting))


if __name__ == "__main__":
    main()
