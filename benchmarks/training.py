"""How long a training step takes, against the lab's plain fp32 loop at the same settings.

    python benchmarks/training.py [--rounds N] [--steps N]

The lab's loop and ours run in turn, each in a process of its own, so that neither profits from what the other
leaves behind and a slow minute of the machine slows both. Printed: medians over all rounds, and the ratio of
each round.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tunewright.corpus.reading import read_corpus
from tunewright.models.devices import choose_precision
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.training.batches import build_windows
from tunewright.training.config import Config
from tunewright.training.loop import train_steps

WARM_UP = 3
SETTINGS = {
    "lab-joint": Config(hidden_size=512, num_layers=2, batch_size=64, seq_length=50, learning_rate=1e-3),
    "lab-default": Config(hidden_size=1024, num_layers=1, batch_size=8, seq_length=100, learning_rate=5e-3),
    "narrow": Config(hidden_size=128, num_layers=1, batch_size=32, seq_length=64, learning_rate=1e-3),
    "gru": Config(cell="gru", hidden_size=512, num_layers=1, batch_size=32, seq_length=64, learning_rate=1e-3),
}
CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class LabModel(nn.Module):
    """The lab's model, as its notebook has it."""

    def __init__(self, config: Config, vocab_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, config.model.embedding_dim)
        self.recurrent = CELLS[config.model.cell](
            config.model.embedding_dim, config.model.hidden_size, config.model.num_layers, batch_first=True
        )
        self.fc = nn.Linear(config.model.hidden_size, vocab_size)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, T, vocab)."""
        y, _ = self.recurrent(self.embedding(x))
        logits: Tensor = self.fc(y)
        return logits


def lab_batch(text: np.ndarray, length: int, size: int) -> tuple[Tensor, Tensor]:
    """A batch of random windows, as the lab draws them."""
    places = np.random.choice(len(text) - 1 - length, size)
    inputs = np.stack([text[place : place + length] for place in places])
    targets = np.stack([text[place + 1 : place + 1 + length] for place in places])
    return torch.tensor(inputs, dtype=torch.long), torch.tensor(targets, dtype=torch.long)


def lab_seconds(config: Config, steps: int) -> list[float]:
    """Seconds of each step of the lab's loop."""
    corpus = read_corpus("oneill")
    tokenizer = CharTokenizer.fit(corpus.train, config.tokens.text)
    text = build_windows(tokenizer, corpus, config).joined(0).ids.numpy()
    model = LabModel(config, len(tokenizer.vocab))
    optimizer = torch.optim.Adam(model.parameters(), lr=config.optimiser.learning_rate)
    criterion = nn.CrossEntropyLoss()
    seconds = []
    for _ in range(WARM_UP + steps):
        began = time.perf_counter()
        model.train()
        x, y = lab_batch(text, config.data.seq_length, config.data.batch_size)
        optimizer.zero_grad()
        logits = model(x)
        loss = criterion(logits.view(-1, logits.size(-1)), y.view(-1))
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - began)
    return seconds[WARM_UP:]


def our_seconds(config: Config, steps: int) -> list[float]:
    """Seconds of each step of `train`, log and all."""
    count = WARM_UP + steps
    quiet = config.with_(num_training_iterations=count + 1, eval_every=10**6)
    with tempfile.TemporaryDirectory() as folder:
        training = train_steps(read_corpus("oneill"), Path(folder) / "run", quiet)
        times = [time.perf_counter()]
        times += [time.perf_counter() for _ in itertools.islice(training, count)]
        training.close()
    return [after - before for before, after in itertools.pairwise(times)][WARM_UP:]


MEASURES = {"lab": lab_seconds, "ours": our_seconds}


def measured(which: str, name: str, steps: int) -> float:
    """Median milliseconds of a step, measured in a process of its own."""
    command = [sys.executable, __file__, "--steps", str(steps), "--one", which, name]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return statistics.median(json.loads(output)) * 1000


def compare(name: str, rounds: int, steps: int) -> str:
    """A row of the table for one setting."""
    pairs = [(measured("lab", name, steps), measured("ours", name, steps)) for _ in range(rounds)]
    lab, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratios = sorted(first / second for first, second in pairs)
    config = SETTINGS[name]
    model, data = config.model, config.data
    size = f"{model.cell} {model.num_layers} × {model.hidden_size}, {data.batch_size} × {data.seq_length}"
    precision = choose_precision("auto", config.model, torch.device("cpu"))
    return (
        f"| {name} | {size} | {lab:.1f} | {ours:.1f} ({precision}) | "
        f"{lab / ours:.2f} | {ratios[0]:.2f}–{ratios[-1]:.2f} |"
    )


def main() -> None:
    """Print the table, or with --one the seconds of one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS))
    parser.add_argument("--one", nargs=2)
    arguments = parser.parse_args()
    if arguments.one:
        which, name = arguments.one
        print(json.dumps(MEASURES[which](SETTINGS[name], arguments.steps)))
        return
    print("| setting | model, batch × length | lab, ms per step | ours, ms per step | ratio | each round |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in arguments.settings:
        print(compare(name, arguments.rounds, arguments.steps), flush=True)
    print(f"\nCPU threads: {torch.get_num_threads()}; torch {torch.__version__}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
