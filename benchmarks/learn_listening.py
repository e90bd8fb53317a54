"""Learn the tables by which metre and key are found, from the training part of the built-in collections.

    python benchmarks/learn_listening.py meters        writes tunewright/formats/midi/listening/learned/meters.npz
    python benchmarks/learn_listening.py keys          writes tunewright/formats/midi/listening/learned/keys.npz
    python benchmarks/learn_listening.py constants     what hangs on the numbers that are not learned; writes nothing

Regular tunes of O'Neill's, Ryan's and Aird's collections as played, repeats unfolded, in their families' training
part; how strongly weights are held down is chosen on the validation part, whose shares are printed, and so is by what
all weights are divided, so that probabilities are shares of tunes (temperature scaling). `constants` needs abc2midi and
looks at both parts. Essen is not read. `benchmarks/melodies.py` judges the result on other families, read from files by
abc2midi.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from judge import corpus_sources

import tunewright
from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi.listening import key_finding, meter_finding
from tunewright.formats.midi.listening.meter_finding import CELL, CELLS, METERS, UNIT, Melody, Weights
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.reader import parse_file
from tunewright.music.tune import SEMITONES, Bar, Key, MeterChange, Note, Rest, Tune

CORPORA = ("oneill", "ryan", "aird")
FOLDER = Path(tunewright.__file__).parent / "formats" / "midi" / "listening" / "learned"


def melody_of(tune: Tune) -> Melody | None:
    """The top notes as played; None for one that has fewer than two."""
    top = {note.onset: note for note in sorted(written(tune), key=lambda note: (note.onset, note.number))}
    notes = list(top.values())
    if len(notes) < 2:
        return None
    onsets = np.array([round(note.onset / UNIT) for note in notes])
    last = round(notes[-1].length / UNIT)
    return Melody(onsets, np.append(np.diff(onsets), last), np.array([note.number for note in notes]))


def upbeat(tune: Tune) -> Fraction | None:
    """From the first note to the next bar line."""
    time, first = Fraction(0), None
    for element in tune.music:
        if isinstance(element, Note) and first is None:
            first = time
        if isinstance(element, Bar) and first is not None and time > first:
            return time - first
        if isinstance(element, Note | Rest):
            time += element.length
    return None


def candidate(tune: Tune) -> int | None:
    """The number of the right candidate among all metres and upbeats; None where it is none of them."""
    if tune.irregular or any(isinstance(e, MeterChange) and e.meter.length != tune.meter.length for e in tune.music):
        return None
    start = 0
    early = upbeat(tune)
    for meter, cells in zip(METERS, CELLS, strict=True):
        if meter.length == tune.meter.length and meter.compound == tune.meter.compound and early is not None:
            place = early / UNIT / CELL % cells
            return start + int(place) if place.denominator == 1 else None
        start += cells
    return None


class MeterModel(torch.nn.Module):
    """The weights of all metres, and the scores of all candidates of many tunes."""

    def __init__(self) -> None:
        super().__init__()
        width = meter_finding.GAPS + meter_finding.TRAITS
        phrases = len(meter_finding.PHRASES)
        self.cells = torch.nn.ParameterList([torch.zeros(cells, width) for cells in CELLS])
        self.ends = torch.nn.ParameterList([torch.zeros(phrases, cells, meter_finding.GAPS) for cells in CELLS])
        self.last = torch.nn.ParameterList([torch.zeros(cells, meter_finding.GAPS) for cells in CELLS])
        self.whole = torch.nn.ParameterList([torch.zeros(meter_finding.WHOLES) for _ in CELLS])
        self.upbeat = torch.nn.ParameterList([torch.zeros(cells) for cells in CELLS])

    def forward(self, data: list[tuple[torch.Tensor, ...]]) -> torch.Tensor:
        """(tunes, candidates): each upbeat of each metre."""
        scores = []
        for index, (cells, (tables, ends, places, gaps, wholes)) in enumerate(zip(CELLS, data, strict=True)):
            first, of_bar = map(torch.from_numpy, meter_finding.turned(cells))
            fits = SCALE * tables @ self.cells[index].T  # (tunes, cell from the first onset, cell of the bar)
            fits = fits + torch.einsum("npcg,pbg->ncb", ends, self.ends[index])
            last = (places[:, None] - torch.arange(cells)) % cells
            whole = wholes @ self.whole[index]
            turned = fits[:, first, of_bar].sum(2)  # (tunes, upbeat)
            scores.append(turned + self.upbeat[index] + self.last[index][last, gaps[:, None]] + whole[:, None])
        return torch.cat(scores, 1)


SCALE = 10.0  # shares are small: weights of cells are held down less


def tensors(melodies: list[Melody]) -> list[tuple[torch.Tensor, ...]]:
    """The evidence of many melodies, a metre at a time."""
    found = [meter_finding.evidence(melody) for melody in melodies]
    return [
        (
            torch.tensor(np.array([one[index].cells for one in found]), dtype=torch.float32),
            torch.tensor(np.array([one[index].ends for one in found]), dtype=torch.float32),
            torch.tensor([one[index].last[0] for one in found]),
            torch.tensor([one[index].last[1] for one in found]),
            torch.tensor(np.array([one[index].whole for one in found]), dtype=torch.float32),
        )
        for index in range(len(CELLS))
    ]


def fit(model: torch.nn.Module, data: object, right: torch.Tensor, decay: float, steps: int = 150) -> None:
    """Maximise the likelihood of the right candidates, weights held down by `decay`."""
    optimiser = torch.optim.LBFGS(model.parameters(), max_iter=steps, history_size=20, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        penalty = sum((weight**2).sum() for weight in model.parameters())
        value = torch.nn.functional.cross_entropy(model(data), right) + decay * penalty
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]


def temperature(scores: torch.Tensor, right: torch.Tensor) -> float:
    """What scores are to be divided by, so that the best one's probability is the share of tunes that it is right for.

    Temperature scaling (Guo et al. 2017), fitted to the best candidate alone; `right` is -1 where none is.
    """
    best, chosen = scores.max(1)
    hits = (chosen == right).double()

    def cost(value: float) -> float:
        sure = torch.softmax(scores.double() / value, 1).max(1).values.clamp(max=1 - 1e-9)
        return -float((hits * sure.log() + (1 - hits) * (1 - sure).log()).mean())

    assert len(best)
    return float(min(np.geomspace(0.5, 4, 100), key=cost))


def learn_meters() -> None:
    """Learn and write the table of metres."""
    corpus = read_corpus(*CORPORA)
    parts: dict[str, tuple[list[Melody], list[int]]] = {"train": ([], []), "valid": ([], []), "test": ([], [])}
    for tune, part in zip(corpus.tunes, corpus.split, strict=True):
        right, melody = candidate(tune), melody_of(tune)
        if melody is not None and (right is not None or (part == "valid" and not tune.irregular)):
            parts[part][0].append(melody)
            parts[part][1].append(-1 if right is None else right)
    data = {part: (tensors(parts[part][0]), torch.tensor(parts[part][1])) for part in ("train", "valid")}
    known = data["valid"][1] >= 0
    best: tuple[float, MeterModel] | None = None
    for decay in (1e-3, 6e-4, 3e-4, 2e-4, 1e-4, 5e-5):
        model = MeterModel()
        fit(model, *data["train"], decay)
        with torch.no_grad():
            scores = {part: model(data[part][0]) for part in data}
        loss = float(torch.nn.functional.cross_entropy(scores["valid"][known], data["valid"][1][known]))
        shares = [float((scores[part].argmax(1) == data[part][1]).float().mean()) for part in data]
        print(f"decay {decay:g}: loss {loss:.4f}, right in train {shares[0]:.4f}, in valid {shares[1]:.4f}", flush=True)
        if best is None or loss < best[0]:
            best = loss, model
    assert best is not None
    with torch.no_grad():
        scores_of_valid = best[1](data["valid"][0])
    divisor = temperature(scores_of_valid, data["valid"][1])
    print(f"temperature {divisor:.3f}")
    confusions(scores_of_valid.argmax(1), data["valid"][1])
    arrays = {}
    for index in range(len(METERS)):
        for field in fields(Weights):
            weights = getattr(best[1], field.name)[index].detach().numpy() / divisor
            arrays[f"{field.name}{index}"] = (weights * (SCALE if field.name == "cells" else 1)).astype(np.float32)
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / "meters.npz", **arrays)


def confusions(found: torch.Tensor, right: torch.Tensor) -> None:
    """Print what is taken for what."""
    edges = np.cumsum(CELLS)

    def name(candidate: int) -> str:
        index = int(np.searchsorted(edges, candidate, side="right"))
        return f"{METERS[index]}+{candidate - (edges[index] - CELLS[index])}"

    wrong = Counter((name(int(b)), name(int(a))) for a, b in zip(found, right, strict=True) if a != b and b >= 0)
    print(wrong.most_common(25))


# ------------------------------------------------------------------------------------------------ keys


class KeyModel(torch.nn.Module):
    """The profiles of all modes, and the scores of all keys of many tunes."""

    def __init__(self) -> None:
        super().__init__()
        modes = len(key_finding.KEY_MODES)
        self.profiles = torch.nn.Parameter(torch.zeros(modes, key_finding.PROFILES, 12))
        self.modes = torch.nn.Parameter(torch.zeros(modes))

    def forward(self, rolled: torch.Tensor) -> torch.Tensor:
        """(tunes, keys): each mode of each tonic."""
        return (torch.einsum("nptd,mpd->ntm", rolled, self.profiles) + self.modes).flatten(1)


def key_number(key: Key) -> int | None:
    """The number of a key among twelve tonics in the modes that are looked for; None for another mode."""
    if key.tonic is None or key.mode not in key_finding.KEY_MODES:
        return None
    tonic = (SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")) % 12
    return tonic * len(key_finding.KEY_MODES) + key_finding.KEY_MODES.index(key.mode)


def learn_keys() -> None:
    """Learn and write the table of keys."""
    corpus = read_corpus(*CORPORA)
    parts: dict[str, tuple[list[np.ndarray], list[int]]] = {"train": ([], []), "valid": ([], []), "test": ([], [])}
    for tune, part in zip(corpus.tunes, corpus.split, strict=True):
        right, melody = key_number(tune.key), melody_of(tune)
        if melody is not None and tune.key.tonic is not None and (right is not None or part == "valid"):
            parts[part][0].append(key_finding.profiles(melody)[:, key_finding.ROLLED])
            parts[part][1].append(-1 if right is None else right)
    data = {
        part: (torch.tensor(np.array(parts[part][0]), dtype=torch.float32), torch.tensor(parts[part][1]))
        for part in ("train", "valid")
    }
    known = data["valid"][1] >= 0
    best: tuple[float, KeyModel] | None = None
    for decay in (1e-4, 3e-5, 1e-5, 3e-6):
        model = KeyModel()
        fit(model, *data["train"], decay)
        with torch.no_grad():
            scores = {part: model(data[part][0]) for part in data}
        loss = float(torch.nn.functional.cross_entropy(scores["valid"][known], data["valid"][1][known]))
        shares = [float((scores[part].argmax(1) == data[part][1]).float().mean()) for part in scores]
        tonics = float((scores["valid"].argmax(1) // 4 == data["valid"][1] // 4).float().mean())
        print(f"decay {decay:g}: loss {loss:.4f}, train {shares[0]:.4f}, valid {shares[1]:.4f}, tonic {tonics:.4f}")
        if best is None or loss < best[0]:
            best = loss, model
    assert best is not None
    with torch.no_grad():
        divisor = temperature(best[1](data["valid"][0]), data["valid"][1])
    print(f"temperature {divisor:.3f}")
    FOLDER.mkdir(exist_ok=True)
    arrays = {
        name: (weights.detach().numpy() / divisor).astype(np.float32) for name, weights in best[1].named_parameters()
    }
    np.savez_compressed(FOLDER / "keys.npz", **arrays)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ constants


def learn_constants() -> None:
    """Print how results hang on the constants of `key_finding` and `transcription`, on train and valid."""
    from melodies import examples, parts_by_place  # noqa: PLC0415 - abc2midi

    parts = parts_by_place(read_corpus(*CORPORA))
    upbeats: list[tuple[float, bool, bool]] = []  # how sure; whether right; whether the tune begins on a bar
    keys: list[tuple[Melody, tuple[int, bool], Key]] = []  # what is stated, and the true key
    for name in CORPORA:
        for example in examples(corpus_sources(name), parts):
            tune, stated = example.tune, parse_file(example.file, example.place).keys
            melody = melody_of(tune)
            if example.part == "test" or melody is None:
                continue
            found = meter_finding.find_meter(melody, tune.meter)
            if found is not None and candidate(tune) is not None:
                early = (upbeat(tune) or Fraction(0)) % (tune.meter.length or 1)
                upbeats.append((found.probability, found.upbeat == early, not early))
            if stated and key_number(tune.key) is not None:
                keys.append((melody, stated[0][1:], tune.key))
    print(f"UPBEAT_SURE: bars that begin where they should, of {len(upbeats)} tunes whose metre is stated")
    for least in (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        right = [ours if sure >= least else on_bar for sure, ours, on_bar in upbeats]
        print(f"  {least:.1f}: {sum(right) / len(right):.4f}")
    print(f"STATED_RIGHT: keys where the signature is right; where all files say C major, {len(keys)} tunes")
    for share in (0.5, 0.8, 0.9, 0.97, 0.99, 0.999):
        key_finding.STATED_RIGHT = share
        other = [(melody, (0, False), key) for melody, _, key in keys if key.sharps]
        print(f"  {share}: {_keys_right(keys)}; {_keys_right(other)}")
    key_finding.STATED_RIGHT = 0.9
    print("MEANT: minor, dorian: keys right as abc2midi says; where dorian is said to be minor; where all is major")
    modal = [(melody, (stated[0], key.mode in ("minor", "dorian")), key) for melody, stated, key in keys]
    major = [(melody, (stated[0], False), key) for melody, stated, key in keys]
    for minor, dorian in ((0.8, 0.1), (0.9, 0.02), (0.9, 0.1), (0.9, 0.3), (0.9, 0.5), (0.99, 0.1), (0.999, 0.1)):
        meant = {**key_finding.MEANT[True], "minor": minor, "dorian": dorian}
        key_finding.MEANT.update({True: meant, False: {mode: 1 - share for mode, share in meant.items()}})
        print(f"  {minor} {dorian}: {_keys_right(keys)}; {_keys_right(modal)}; {_keys_right(major)}")


def _keys_right(keys: list[tuple[Melody, tuple[int, bool], Key]]) -> str:
    found = [key_finding.find_key(melody, stated) for melody, stated, _ in keys]
    right = sum(key_number(one.key) == key_number(key) for one, (*_, key) in zip(found, keys, strict=True))
    overruled = sum(one.contradicts for one in found)
    return f"{right / len(keys):.4f} right, {overruled / len(keys):.4f} overruled"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("meters", "keys", "constants"))
    {"meters": learn_meters, "keys": learn_keys, "constants": learn_constants}[parser.parse_args().what]()
