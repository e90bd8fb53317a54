"""What others' shapes of models make of the same tunes in the same seconds, side by side with ours.

    python benchmarks/baselines.py [--seconds 240] [--seeds 3] [-n 200] [--ours default | RUN …] [--only NAME …]

Trained here on the same training tunes, each for the same seconds of the processor, the weights kept that foresaw
held-out tunes best (looks count into the seconds):

- lab-default, lab-joint: the lab's LSTMs on verbatim characters of all training tunes, irregular ones too, as it does,
  by its settings, in bf16 where that is faster;
- folk-rnn: 3 × 512 LSTM, dropout 0.5, tokens of ABC in C, whole tunes in batches of 64, its RMSprop, rate and decay;
- folk-rnn-adam: the same model with batches of 16 and Adam, since its own way may need longer than there is;
- transformer: nanoGPT's shape, 0.8 million weights, on characters of canonical text.

Bits per note are of the test tunes held out strictly that all of them cover, body and end alone. Before the body the
Transformer and ours are told rhythm, metre, unit and key; folk-rnn metre and mode (its unit is always the same); the
lab's the whole header as written. Tunes are drawn at temperature 1; peers know no grammar, so what is well formed of
theirs is the raw rate, ours is drawn as `generate` does by default, with its raw rate beside it. What returns is
counted over all tunes that can be read. Without a RUN our preset is trained too, in as many steps as a short trial says
that there is time for. Nothing is a goal here: exit code 0.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers import learning
from peers.drawing import draw
from peers.folk import FolkTokens
from peers.learning import Learned, Recipe, learn
from peers.ours import train, within
from peers.transformer import WINDOW, CharTransformer
from returning import RAW
from returning import draw as draw_by_command
from returns.judging import Figure, Judge, note
from returns.real import SOURCES, Real, read_real
from torch import Tensor, nn
from validity import complained

from tunewright.formats.abc.reading import with_number
from tunewright.formats.abc.validity import judge as read_and_judge
from tunewright.generation.foresight import foresight
from tunewright.generation.generator import load_generator
from tunewright.models.building import build_model
from tunewright.models.contract import State
from tunewright.models.settings import ModelSettings
from tunewright.music.tune import Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import Passage
from tunewright.training.base import run_folder
from tunewright.training.presets import load_preset
from tunewright.training.run import is_run

LOOKED_AT = 60  # held-out tunes that each peer is chosen by
LONGEST = 1500  # signs of a drawn tune
WARM_UP = 50  # steps
FOLK_BATCH, FOLK_RATE, FOLK_DECAY, FOLK_STEADY = 64, 3e-3, 0.97, 20

Model = Any  # of ours or a peer's


@dataclass(frozen=True)
class Tokens:
    """Tokens of a peer: a tune as scored, and the text of what was drawn."""

    vocab: int
    passage: Callable[[Tune], Passage]
    text: Callable[[Sequence[int]], str]


@dataclass(frozen=True)
class Peer:
    """A model before it has learned."""

    tokens: Tokens
    model: Model
    recipe: Recipe


@dataclass
class Row:
    """What is said of one model and seed."""

    learned: Learned
    figures: list[Figure]


# ------------------------------------------------------------------------------------------------ peers


def characters(tunes: Sequence[Tune], text: str) -> Tokens:
    """Characters of verbatim or canonical text."""
    fitted = CharTokenizer.fit(tunes, text)
    return Tokens(len(fitted.vocab), fitted.passage, fitted.decode_text)


def folk_tokens(tunes: Sequence[Tune]) -> Tokens:
    """folk-rnn's tokens."""
    fitted = FolkTokens.fit(tunes)
    return Tokens(len(fitted.vocab), fitted.passage, fitted.text)


def lab(preset: str) -> Callable[[Real, int], Peer]:
    """The lab's model of a preset."""

    def build(real: Real, seed: int) -> Peer:
        config, tunes = load_preset(preset), real.corpus.train
        tokens = characters(tunes, "verbatim")
        model = build_model(config.model, tokens.vocab, seed=seed)
        batches = learning.windows(covered(tokens, tunes), config.data.batch_size, config.data.seq_length, seed)
        adam = lambda model: torch.optim.Adam(model.parameters(), lr=config.optimiser.learning_rate)  # noqa: E731
        return Peer(tokens, model, Recipe(adam, _logits(model), model, batches, _steady, math.inf))

    return build


def folk_rnn(real: Real, seed: int) -> Peer:
    """folk-rnn's model, learning as its authors have it."""
    model, tokens, passages = folk_model(real, seed)
    epoch = math.ceil(len(passages) / FOLK_BATCH)

    def rate(step: int, over: float) -> float:
        return float(FOLK_DECAY ** max(0, step // epoch - FOLK_STEADY))

    def rmsprop(model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.RMSprop(model.parameters(), lr=FOLK_RATE, alpha=0.9, eps=1e-6)

    batches = learning.whole_tunes(passages, FOLK_BATCH, seed)
    return Peer(tokens, model, Recipe(rmsprop, _logits(model), model, batches, rate, 5.0))


def folk_rnn_adam(real: Real, seed: int) -> Peer:
    """The same model with what short trainings of ours have: smaller batches, Adam, a rate that rises and falls."""
    model, tokens, passages = folk_model(real, seed)

    def adam(model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(model.parameters(), lr=FOLK_RATE)

    batches = learning.whole_tunes(passages, FOLK_BATCH // 4, seed)
    return Peer(tokens, model, Recipe(adam, _logits(model), model, batches, rise_and_fall, 1.0))


def folk_model(real: Real, seed: int) -> tuple[Model, Tokens, list[Passage]]:
    """folk-rnn's model; its inputs are one-hot, for which an embedding as wide as the vocabulary stands."""
    tokens = folk_tokens(real.train)
    settings = ModelSettings("lstm", embedding_dim=tokens.vocab, hidden_size=512, num_layers=3, dropout=0.5)
    return build_model(settings, tokens.vocab, seed=seed), tokens, covered(tokens, real.train)


def rise_and_fall(step: int, over: float) -> float:
    """Factor of a learning rate: up in some steps, then down to a tenth over the time there is."""
    return min(1.0, (step + 1) / WARM_UP) * (0.1 + 0.9 * (1 + math.cos(math.pi * min(over, 1.0))) / 2)


def transformer(real: Real, seed: int) -> Peer:
    """The character Transformer, with nanoGPT's optimiser and schedule, which falls over the seconds there are."""
    tokens = characters(real.train, "canonical")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = CharTransformer(tokens.vocab)

    def adamw(model: nn.Module) -> torch.optim.Optimizer:
        wide = [weight for weight in model.parameters() if weight.dim() > 1]
        others = [weight for weight in model.parameters() if weight.dim() < 2]
        groups = [{"params": wide, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))

    batches = learning.windows(covered(tokens, real.train), 16, WINDOW, seed)
    return Peer(tokens, model, Recipe(adamw, model.window, model, batches, rise_and_fall, 1.0))


PEERS: dict[str, Callable[[Real, int], Peer]] = {
    "lab-default": lab("lab-default"),
    "lab-joint": lab("lab-joint"),
    "folk-rnn": folk_rnn,
    "folk-rnn-adam": folk_rnn_adam,
    "transformer": transformer,
}


def _logits(model: Model) -> Callable[[Tensor], Tensor]:
    def logits(ids: Tensor) -> Tensor:
        found: tuple[Tensor, State] = model(ids)
        return found[0]

    return logits


def _steady(step: int, over: float) -> float:
    return 1.0


def covered(tokens: Tokens, tunes: Sequence[Tune]) -> list[Passage]:
    """The tunes that the tokens can spell, as scored."""
    return [passage for passage in (spelled(tokens, tune) for tune in tunes) if passage is not None]


def spelled(tokens: Tokens, tune: Tune) -> Passage | None:
    """A tune as scored; None where the tokens cannot spell it."""
    try:
        return tokens.passage(tune)
    except TokenError:
        return None


# ------------------------------------------------------------------------------------------------ what is said of each


def common(real: Real) -> list[Tune]:
    """The test tunes held out strictly that all tokens cover and whose bars add up."""
    folk = folk_tokens(())
    return [tune for tune in real.spelled(real.test) if spelled(folk, tune) is not None]


def judged(texts: Sequence[tuple[str, bool]], judge: Judge, seed: int) -> list[Figure]:
    """What is said of drawn texts, each with whether it ended."""
    read = [read_and_judge(text, ended) for text, ended in texts]
    tunes = [tune for tune, _ in read if tune is not None and tune.notes]
    raw = sum(not fault for _, fault in read) / len(read)
    figures = [Figure("well formed, raw", raw)]
    if shutil.which("abc2midi"):
        wrong = complained([with_number(text) for text, _ in texts])
        figures.append(Figure("… to abc2midi", 1 - len(wrong) / len(texts)))
    return [
        *figures,
        Figure("readable", len(tunes) / len(read)),
        *judge.told_from_real(tunes, seed),
        *judge.returns(tunes),
    ]


def of_peer(name: str, judge: Judge, test: Sequence[Tune], given: argparse.Namespace, seed: int) -> Row:
    """Train a peer, and say what is to be said."""
    real = judge.real
    torch.manual_seed(seed)
    peer = PEERS[name](real, seed)
    chosen = [tune for tune in real.corpus.valid if not tune.irregular]
    valid = covered(peer.tokens, chosen[:: max(1, len(chosen) // LOOKED_AT)])
    learned = learn(name, peer.model, peer.recipe, valid, given.seconds)
    curve = " ".join(f"{bits:.2f}" for bits in learned.curve)
    note(f"{name}: {learned.steps} steps, {learned.seconds:.0f} s of the processor, {learned.waited:.0f} s; {curve}")
    bits = Figure("bits per note", learning.bits_of(peer.recipe.forward, covered(peer.tokens, test)))
    drawn = draw(peer.model, given.n, seed, longest=LONGEST)
    return Row(learned, [bits, *judged([(peer.tokens.text(ids), ended) for ids, ended in drawn], judge, seed)])


def of_ours(which: str, judge: Judge, test: Sequence[Tune], given: argparse.Namespace, seed: int) -> Row:
    """The same of a run of ours, or of a preset that is trained here."""
    learned = Learned("ours")
    with tempfile.TemporaryDirectory() as folder:
        run = (
            which if is_run(run_folder(which)) else train_ours(which, judge.real, folder, given.seconds, seed, learned)
        )
        generator = load_generator(run)
        learned.weights = sum(weight.numel() for weight in generator.model.parameters())
        bits = Figure("bits per note", foresight(generator, test).bits_per_note)
        free = draw_by_command(run, given.n, seed, *RAW)
        raw = Figure("well formed, raw", sum(one.valid for one in free) / len(free))
        drawn = draw_by_command(run, given.n, seed)
    _, *others = judged([(one.abc, True) for one in drawn], judge, seed)
    return Row(learned, [bits, raw, *others])


def train_ours(preset: str, real: Real, folder: str, seconds: float, seed: int, learned: Learned) -> str:
    """The folder of a run of a preset that took about so many seconds of the processor."""
    config = within(real.corpus, load_preset(preset).with_(seed=seed), seconds)
    path, waited = Path(folder) / "run", time.monotonic()
    learned.seconds = train(real.corpus, path, config)
    learned.steps, learned.waited = config.schedule.num_training_iterations, time.monotonic() - waited
    note(f"ours: {learned.steps} steps, {learned.seconds:.0f} s of the processor, {learned.waited:.0f} s")
    return str(path)


def table(rows: dict[str, list[Row]]) -> list[str]:
    """Figures down, models across: means over seeds, from the lowest to the highest in brackets."""
    lines = [f"| | {' | '.join(rows)} | real sets |", f"| {' | '.join(['---'] * (len(rows) + 2))} |"]
    trained = {
        "weights, millions": [[one.learned.weights / 1e6 for one in each] for each in rows.values()],
        "steps": [[float(one.learned.steps) for one in each] for each in rows.values()],
        "seconds of the processor": [[one.learned.seconds for one in each] for each in rows.values()],
        "seconds that went by": [[one.learned.waited for one in each] for each in rows.values()],
    }
    for name, numbers in trained.items():
        lines.append(f"| {name} | {' | '.join(map(spread, numbers))} | |")
    last = list(rows.values())[-1][0]
    bits = [[one.figures[0].value for one in each] for each in rows.values()]
    for place, figure in enumerate(last.figures):
        each = [[one.figures[place].value for one in several] for several in rows.values()]
        low, high = figure.real
        lines.append(f"| {figure.name} | {' | '.join(map(spread, each))} | {_interval(low, high)} |")
    ratios = [float(np.mean(one) / np.mean(bits[-1])) for one in bits]
    lines.append(f"| bits per note, over the last one's | {' | '.join(f'{ratio:.3f}' for ratio in ratios)} | |")
    return lines


def spread(numbers: Sequence[float]) -> str:
    """The mean, and the range where there are several."""
    shown = f"{np.mean(numbers):.4g}"
    return shown if len(numbers) < 2 else f"{shown} ({min(numbers):.4g}–{max(numbers):.4g})"


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.3f}–{high:.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("-n", type=int, default=200, metavar="TUNES")
    parser.add_argument("--sources", nargs="+", default=list(SOURCES))
    parser.add_argument("--ours", nargs="*", default=["default"], metavar="RUN", help="runs, one a seed, or a preset")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    given = parser.parse_args()
    judge = Judge(read_real(given.sources))
    test = common(judge.real)
    note(f"{len(test)} test tunes, {sum(len(tune.notes) for tune in test)} notes; {given.seconds:g} s each")
    rows: dict[str, list[Row]] = {}
    for seed in range(given.seeds):
        for name in given.only:
            rows.setdefault(name, []).append(of_peer(name, judge, test, given, seed))
            note("; ".join(f"{figure.name} {figure.value:.3f}" for figure in rows[name][-1].figures))
        if given.ours:
            which = given.ours[seed % len(given.ours)]
            rows.setdefault("ours", []).append(of_ours(which, judge, test, given, seed))
        print(f"after seed {seed}\n\n" + "\n".join(table(rows)) + "\n", flush=True)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
