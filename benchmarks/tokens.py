"""How notes should be spelled as tokens, and what a model should be told of a place: held-out bits per note.

    python benchmarks/tokens.py CORPUS [--seeds 3] [--steps 400] [--spellings note,length-pitch] [--told none,place]

The same LSTM learns the same tunes in other spellings, as many notes in every step: one token for a note (`note`), two
(`length-pitch`, `pitch-length`), or a pitch after a length that is said only where it changes (`running`); told nothing
of a place beside the token (`none`), where in bar, section and tune it is (`place`), also what is still owed there: the
kind of the last token, ticks left, slurs, ties, tuplets (`owed`; spellings in two tokens are told it of whole notes) or
also what stood there 1, 2, 4 and 8 bars before (`look-back`). What is scored is the body of each held-out test tune,
form and end included.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.models.building import build_model
from tunewright.models.contract import State
from tunewright.models.cpu.recurrence import BF16
from tunewright.models.likelihood import likelihood
from tunewright.tokens.contract import Passage, encode_passages
from tunewright.tokens.degrees.features import ContextFeatures
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.training.config import Config

SPELLINGS = ("note", "running", "length-pitch", "pitch-length")
TOLD = {
    "none": 1,
    "place": 6,
    "owed": 13,
    "look-back": 22,
}  # columns that are read, the token's own too
SETTINGS = Config(hidden_size=384, num_layers=2, embedding_dim=192, dropout=0.3, weight_dropout=0.3, input_dropout=0.02)
ROWS, NOTES = 32, 64  # windows in a step, notes in a window
RATE, WARM = 4e-3, 40
CPU = torch.device("cpu")


@dataclass
class Speller:
    """Rewrites tunes in one-token spelling into another."""

    tokenizer: DegreeTokenizer
    spelling: str
    columns: int

    def __call__(self, passage: Passage) -> Passage:
        """The same tune; every id keeps the row of what is told of the place after it."""
        assert passage.rows is not None
        rows = passage.rows[:, : self.columns]
        if self.spelling == "note":
            return replace(passage, rows=rows)
        spelled = list(self._spell(passage.ids, rows))
        body = passage.body  # headers have no notes
        ids = tuple(number for number, _ in spelled)
        return Passage(ids, body, passage.notes, np.array([row for _, row in spelled], np.int16))

    def _spell(self, ids: Sequence[int], rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        current, said, before = 0, 0, rows[0]
        for number, row in zip(ids, rows, strict=True):
            if number in self.tokenizer.lengths:
                said = number
                continue
            pair = self.tokenizer.timed.get(number) or ((said, number) if said else None)
            said = 0
            if pair is None:
                yield number, row
            elif self.spelling == "pitch-length":
                yield pair[1], _with(before, pair[1])
                yield pair[0], _with(row, pair[0])
            else:
                if self.spelling == "length-pitch" or pair[0] != current:
                    yield pair[0], _with(before, pair[0])
                yield pair[1], _with(row, pair[1])
                current = pair[0]
            before = row


def _with(row: np.ndarray, number: int) -> np.ndarray:
    changed = row.copy()
    changed[0] = number
    return changed


def trained_bits(corpus: Corpus, spelling: str, told: str, seed: int, steps: int) -> tuple[float, float]:
    """Bits per note of the test tunes after so many steps, and tokens per note."""
    regular = [tune for tune in corpus.train if not tune.irregular]
    tokenizer = DegreeTokenizer.fit(regular, told_rhythms=True)
    spell = Speller(tokenizer, spelling, TOLD[told])
    train = [spell(passage) for passage in encode_passages(tokenizer, regular)]
    test = [spell(one) for one in encode_passages(tokenizer, [tune for tune in corpus.test if not tune.irregular])]
    sizes = ContextFeatures(tokenizer).sizes[: TOLD[told] - 1]
    model = build_model(SETTINGS.model, len(tokenizer.vocab), sizes, min(len(sizes), tokenizer.direct), seed=seed)
    per_note = sum(len(one.ids) for one in train) / sum(one.notes for one in train)
    _learn(model, train, round(NOTES * per_note), seed, steps)
    model.eval()

    def forward(ids: torch.Tensor, state: State | None) -> tuple[torch.Tensor, State]:
        with torch.autocast("cpu", dtype=BF16):
            found: tuple[torch.Tensor, State] = model(ids if ids.shape[-1] > 1 else ids[..., 0], state)
        return found

    return likelihood(forward, test, CPU).bits_per_note, per_note


def _learn(model: torch.nn.Module, train: Sequence[Passage], length: int, seed: int, steps: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    total = sum(len(passage.ids) - 1 for passage in train)
    through = max(1, total // (ROWS * length))
    model.train()
    for step in range(steps):
        if step % through == 0:
            order = [train[number] for number in rng.permutation(len(train))]
            ids = torch.tensor(np.concatenate([passage.ids[:-1] for passage in order]))
            rows = torch.tensor(np.concatenate([passage.rows[:-1] for passage in order])).long()
        rate = RATE * min(1, (step + 1) / WARM) * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)
        places = torch.tensor(rng.integers(0, total - length - 1, ROWS))[:, None] + torch.arange(length)
        read = rows[places] if rows.shape[1] > 1 else rows[places][..., 0]
        with torch.autocast("cpu", dtype=BF16):
            logits, _ = model(read)
        loss = F.cross_entropy(logits.float().flatten(0, 1), ids[places + 1].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()


def main() -> None:
    """Print a row for every spelling and what is told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--spellings", default=",".join(SPELLINGS))
    parser.add_argument("--told", default=",".join(TOLD))
    options = parser.parse_args()
    corpus = read_corpus(options.corpus)
    print("| spelling | told | tokens per note | bits per note, seed by seed | mean | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for spelling in options.spellings.split(","):
        for told in options.told.split(","):
            began = time.perf_counter()
            found = [trained_bits(corpus, spelling, told, seed, options.steps) for seed in range(options.seeds)]
            bits = [one for one, _ in found]
            listed = ", ".join(f"{one:.3f}" for one in bits)
            seconds = (time.perf_counter() - began) / options.seeds
            print(
                f"| {spelling} | {told} | {found[0][1]:.2f} | {listed} | {statistics.mean(bits):.3f} | {seconds:.0f} |"
            )


if __name__ == "__main__":
    main()
