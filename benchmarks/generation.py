"""How many notes a second are drawn, against the lab's loop of one stream with a character model of the same size.

    python benchmarks/generation.py [--rounds N] [-n TUNES] [--run RUN|base]
    python benchmarks/generation.py --steps

Without a run our models are character models of random weights too, with the end of a tune made as rare as it is in
real tunes; with one, or with `base`, the model in the box, it is drawn from as it is. The lab's model is then an LSTM
of the same size, or of the lab's joint setting where the run's model is of another kind. A character of theirs counts
as many notes as one of real tunes does, drawn tunes count the notes that they have. `--steps` times single steps and
draws instead, on one thread.

Exit codes: 0 done; 1 where a run draws less than 100 times as fast in the better one of bf16 and int8, or takes 0.15 s
or more for one tune (the median of nine) in the precision that it draws in by default.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import nn

from tunewright.corpus.reading import read_corpus
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.keywords import generate
from tunewright.generation.sampling import Sampling, draw
from tunewright.models.building import build_model
from tunewright.models.contract import ROW_COUNTS, alike_rows
from tunewright.models.devices import DTYPES, choose_step_precision, cpu_has_bf16, cpu_has_int8
from tunewright.models.settings import MODELS
from tunewright.support.threads import one_thread
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.training.batches import build_windows
from tunewright.training.config import Config

CORPUS = "oneill"
SETTINGS = {
    "lab-joint": Config(hidden_size=512, num_layers=2),
    "lab-default": Config(hidden_size=1024, num_layers=1),
}
HERE = {"fp32": True, "bf16": cpu_has_bf16(), "int8": cpu_has_int8()}
PRECISIONS = [precision for precision in DTYPES if HERE[precision]]
VOCAB, PLACES = 450, (96, 32, 96)  # about those of musical tokens
LEAST_RATIO, MOST_SECONDS = 100.0, 0.15
COLUMNS = ("model", "precision", "lab, notes/s", "ours, notes/s", "ratio", "each round", "one tune, s", "its notes")


def lab_loop(generator: Generator, length: int) -> int:
    """Draw `length` characters as the lab does: one at a time, through the whole model, from the softmax."""
    model, tokenizer = generator.model, generator.tokenizer
    assert isinstance(model.recurrent, nn.LSTM)
    state = None
    chosen = torch.tensor([[tokenizer.END]])
    text = []
    with torch.no_grad():
        for _ in range(length):
            hidden, state = model.recurrent(model.embedding(chosen), state)
            probabilities = torch.softmax(model.head(hidden)[0, -1], 0)
            chosen = torch.multinomial(probabilities, 1)[None]
            text.append(tokenizer.vocab[int(chosen)])
    return len(text)


def untrained(config: Config) -> Generator:
    """A character model that ends a tune about every 400 characters."""
    tokenizer = CharTokenizer.fit(read_corpus(CORPUS).train, config.tokens.text)
    model = build_model(config.model, len(tokenizer.vocab)).eval()
    with torch.no_grad():
        model.head.bias[tokenizer.END] -= 1.5
    return Generator(model, tokenizer, "untrained", "auto", config)


def ours(generator: Generator, n: int, density: float | None, seed: int = 0) -> tuple[float, float]:
    """Draw `n` tunes: their notes, or their characters times `density`, and the seconds; reading them is not timed.

    With a run the grammar holds them; random weights write characters without it.
    """
    began = time.perf_counter()
    if density is None:
        drawn = list(generate(generator, n, seed=seed, jobs=0))
    else:
        drawn = list(generate(generator, n, seed=seed, max_length=1000, free=True, jobs=0))
    seconds = time.perf_counter() - began
    if density is None:
        return float(sum(len(tune.tune.notes) for tune in drawn if tune.tune)), seconds
    return density * sum(tune.characters + tune.ended for tune in drawn), seconds


def compare(name: str, generator: Generator, rounds: int, n: int, *, trained: bool) -> Iterator[Speed]:
    """Rows of the table: the lab's loop and ours in each precision in turn, medians; and single tunes."""
    lab = untrained(lab_of(generator.config))
    density = build_windows(lab.tokenizer, read_corpus(CORPUS), lab.config).density
    counted = None if trained else density
    mine = {precision: replace(generator, precision=precision) for precision in precisions_of(generator)}
    lab_loop(lab, 50)
    for each in mine.values():
        ours(each, 8, counted)
    lab_speeds: list[float] = []
    speeds: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for turn in range(rounds):
        began = time.perf_counter()
        lab_speeds.append(density * lab_loop(lab, 1000) / (time.perf_counter() - began))
        for precision, each in mine.items():
            notes, seconds = ours(each, n, counted, turn * n)
            speeds[precision].append(notes / seconds)
    for precision, each in mine.items():
        yield Speed(name, precision, lab_speeds, speeds[precision], *alone(each, counted))


@dataclass(frozen=True)
class Speed:
    """A row of the table."""

    name: str
    precision: str
    lab: list[float]  # notes a second, of each round
    ours: list[float]
    seconds: float  # of one tune alone
    notes: float  # that it has

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return statistics.median(self.ours) / statistics.median(self.lab)

    def __str__(self) -> str:
        ratios = sorted(b / a for a, b in zip(self.lab, self.ours, strict=True))
        lab, mine = statistics.median(self.lab), statistics.median(self.ours)
        each = f"{ratios[0]:.0f}–{ratios[-1]:.0f}"
        cells = (f"{lab:.0f}", f"{mine:.0f}", f"{self.ratio:.0f}", each, f"{self.seconds:.3f}", f"{self.notes:.0f}")
        return row(self.name, self.precision, *cells)


def lab_of(config: Config) -> Config:
    """The settings of the lab's model beside ours."""
    beside = config if config.model.cell == "lstm" else SETTINGS["lab-joint"]
    return beside.with_(text="verbatim", tokens="characters")


def precisions_of(generator: Generator) -> list[str]:
    """The precisions that a model can be drawn in here."""
    whole = MODELS[generator.config.model.cell].int8
    return [precision for precision in PRECISIONS if whole or precision != "int8"]


def missed(speeds: Sequence[Speed], generator: Generator) -> list[str]:
    """The goals that a run does not reach."""
    best = max((one for one in speeds if one.precision != "fp32"), key=lambda one: one.ratio, default=speeds[0])
    usual = choose_step_precision(generator.precision, generator.config.model, generator.model.device)
    alone = next(one for one in speeds if one.precision == usual)
    wanting = {
        f"{best.ratio:.0f} times as fast in {best.precision}, goal {LEAST_RATIO:g}": best.ratio < LEAST_RATIO,
        f"{alone.seconds:.3f} s for one tune in {usual}, goal under {MOST_SECONDS:g}": alone.seconds >= MOST_SECONDS,
    }
    return [what for what, is_missed in wanting.items() if is_missed]


def alone(generator: Generator, density: float | None) -> tuple[float, float]:
    """The seconds that one tune takes alone, and its notes: medians of nine tunes."""
    singles = [ours(generator, 1, density, seed) for seed in range(9)]
    notes, seconds = (statistics.median(side) for side in zip(*singles, strict=True))
    return seconds, notes


def row(*cells: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def head(*cells: str) -> str:
    """The first two rows."""
    return f"{row(*cells)}\n{row(*['---'] * len(cells))}"


# ------------------------------------------------------------------------------------------------ single steps


def microseconds(work: Callable[[], object], seconds: float = 1.0) -> float:
    """The time that a quarter of the calls stay under, on a machine that others may use too."""
    for _ in range(3):
        work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 8:
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1e6 * sorted(times)[len(times) // 4]


@torch.no_grad()
def steps() -> Iterator[str]:
    """Rows of the table of steps: for each precision, and for drawing, the microseconds by number of rows."""
    model = build_model(SETTINGS["lab-joint"].model, VOCAB, PLACES, len(PLACES)).eval()
    for precision in PRECISIONS:
        step, times = model.stepper(DTYPES[precision]), []
        for rows in ROW_COUNTS:
            ids = torch.stack([torch.randint(size, (rows,)) for size in (VOCAB, *PLACES)], 1)
            times.append(microseconds(partial(step, ids, model.start(rows))))
        same = ", ".join(map(str, alike_rows(model, step)))
        yield row(f"step, {precision}", *(f"{found:.0f}" for found in times), same)
    for sampling in (Sampling(), Sampling(0.8), Sampling(min_p=0.05), Sampling(top_p=0.9), Sampling(top_k=20)):
        yield row(f"draw, {sampling}", *(f"{found:.0f}" for found in draws(sampling)), "all")


def draws(sampling: Sampling) -> Iterator[float]:
    """The microseconds of a draw under a mask, by number of rows."""
    for rows in ROW_COUNTS:
        logits, uniforms = 3 * torch.randn(rows, VOCAB), torch.rand(rows, dtype=torch.float64)
        mask = torch.where(torch.rand(rows, VOCAB) < 0.7, -torch.inf, 0.0)
        mask[:, 0] = 0.0
        yield microseconds(partial(draw, logits, uniforms, sampling, mask), 0.3)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-n", type=int, default=1024, metavar="TUNES")
    parser.add_argument("--run")
    parser.add_argument("--steps", action="store_true")
    arguments = parser.parse_args()
    wanting: list[str] = []
    if arguments.steps:
        print(head("microseconds", *(f"{rows} rows" for rows in ROW_COUNTS), "same bits at"))
        with one_thread():
            for line in steps():
                print(line, flush=True)
    else:
        print(head(*COLUMNS))
        speeds: list[Speed] = []
        models = {arguments.run: load_generator(arguments.run)} if arguments.run else {}
        for name, generator in (models or {name: untrained(config) for name, config in SETTINGS.items()}).items():
            for speed in compare(name, generator, arguments.rounds, arguments.n, trained=bool(models)):
                print(speed, flush=True)
                speeds.append(speed)
            wanting += missed(speeds, generator) if models else []
    print(f"\nCPU threads: {torch.get_num_threads()}; torch {torch.__version__}; load {os.getloadavg()[0]:.1f}")
    if wanting:
        sys.exit(f"missed: {'; '.join(wanting)}")


if __name__ == "__main__":
    main()
