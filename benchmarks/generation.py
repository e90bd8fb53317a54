"""How many characters a second are drawn, against the lab's loop of one stream with the same model.

    python benchmarks/generation.py [--rounds N] [--run RUN]

Without a run the weights are random, with the end of a tune made as rare as it is in real tunes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from tunewright.config import Config
from tunewright.corpus import read_corpus
from tunewright.generate import Generator, generate, load_generator
from tunewright.models import build_model
from tunewright.tokens import CharTokenizer

SETTINGS = {
    "lab-joint": Config(hidden_size=512, num_layers=2),
    "lab-default": Config(hidden_size=1024, num_layers=1),
}


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


def ours(generator: Generator, n: int) -> int:
    """Draw `n` tunes; the number of their characters, ends included."""
    return sum(drawn.characters + drawn.ended for drawn in generate(generator, n, max_length=1000))


def untrained(config: Config) -> Generator:
    """A model that ends a tune about every 400 characters."""
    tokenizer = CharTokenizer.fit(read_corpus("oneill").train, config.text)
    model = build_model(config, len(tokenizer.vocab)).eval()
    with torch.no_grad():
        model.head.bias[tokenizer.END] -= 1.5
    return Generator(model, tokenizer, "untrained", "auto", config)


def per_second(draw: Callable[[], int]) -> float:
    """Characters per second of one call."""
    began = time.perf_counter()
    return draw() / (time.perf_counter() - began)


def compare(name: str, generator: Generator, rounds: int) -> str:
    """A row of the table: the two in turn, medians."""
    lab_loop(generator, 50)
    ours(generator, 8)
    pairs = [
        (per_second(lambda: lab_loop(generator, 1000)), per_second(lambda: ours(generator, 128))) for _ in range(rounds)
    ]
    lab, mine = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = sorted(second / first for first, second in pairs)
    eight = statistics.median(per_second(lambda: ours(generator, 8)) for _ in range(rounds))
    return f"| {name} | {lab:.0f} | {mine:.0f} | {mine / lab:.0f} | {ratios[0]:.0f}–{ratios[-1]:.0f} | {eight:.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run")
    arguments = parser.parse_args()
    print("| model | lab, characters/s | ours (128 tunes) | ratio | each round | ours (8 tunes) |")
    print("| --- | --- | --- | --- | --- | --- |")
    if arguments.run:
        print(compare(arguments.run, load_generator(arguments.run), arguments.rounds))
    else:
        for name, config in SETTINGS.items():
            print(compare(name, untrained(config), arguments.rounds), flush=True)
    print(f"\nCPU threads: {torch.get_num_threads()}; torch {torch.__version__}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
