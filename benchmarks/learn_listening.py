"""Learn the tables by which metre and key are found, from the training part of the built-in collections.

    python benchmarks/learn_listening.py meters        writes tunewright/listening/learned/meters.npz
    python benchmarks/learn_listening.py keys          writes tunewright/listening/learned/keys.npz

Regular tunes of O'Neill's, Ryan's and Aird's collections as played, repeats unfolded, in their families' training
part; how strongly weights are held down is chosen on the validation part, whose shares are printed.
Essen is not read. `benchmarks/melodies.py` judges the result on other families, read from files by abc2midi.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

import tunewright
from tunewright.corpus import read_corpus
from tunewright.listening import key_finding, meter_finding
from tunewright.listening.meter_finding import CELL, CELLS, METERS, UNIT, Melody, Weights
from tunewright.performance import written
from tunewright.tune import SEMITONES, Bar, Key, MeterChange, Note, Rest, Tune

CORPORA = ("oneill", "ryan", "aird")
FOLDER = Path(tunewright.__file__).parent / "listening" / "learned"


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
        self.cells = torch.nn.ParameterList([torch.zeros(cells, width) for cells in CELLS])
        self.last = torch.nn.ParameterList([torch.zeros(cells, meter_finding.GAPS) for cells in CELLS])
        self.whole = torch.nn.ParameterList([torch.zeros(meter_finding.WHOLES) for _ in CELLS])
        self.upbeat = torch.nn.ParameterList([torch.zeros(cells) for cells in CELLS])

    def forward(self, data: list[tuple[torch.Tensor, ...]]) -> torch.Tensor:
        """(tunes, candidates): each upbeat of each metre."""
        scores = []
        for index, (cells, (tables, places, gaps, wholes)) in enumerate(zip(CELLS, data, strict=True)):
            first, of_bar = meter_finding.turned(cells)
            fits = SCALE * tables @ self.cells[index].T  # (tunes, cell from the first onset, cell of the bar)
            turned = fits[:, torch.from_numpy(first), torch.from_numpy(of_bar)].sum(2)  # (tunes, upbeat)
            last = (places[:, None] - torch.arange(cells)) % cells
            whole = wholes @ self.whole[index]
            scores.append(turned + self.upbeat[index] + self.last[index][last, gaps[:, None]] + whole[:, None])
        return torch.cat(scores, 1)


SCALE = 10.0  # shares are small: weights of cells are held down less


def tensors(melodies: list[Melody]) -> list[tuple[torch.Tensor, ...]]:
    """The evidence of many melodies, a metre at a time."""
    found = [meter_finding.evidence(melody) for melody in melodies]
    return [
        (
            torch.tensor(np.array([one[index].cells for one in found]), dtype=torch.float32),
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


def learn_meters() -> None:
    """Learn and write the table of metres."""
    corpus = read_corpus(*CORPORA)
    parts: dict[str, tuple[list[Melody], list[int]]] = {"train": ([], []), "valid": ([], []), "test": ([], [])}
    for tune, part in zip(corpus.tunes, corpus.split, strict=True):
        right, melody = candidate(tune), melody_of(tune)
        if right is not None and melody is not None:
            parts[part][0].append(melody)
            parts[part][1].append(right)
    data = {part: (tensors(melodies), torch.tensor(right)) for part, (melodies, right) in parts.items()}
    best: tuple[float, MeterModel] | None = None
    for decay in (1e-3, 3e-4, 1e-4, 3e-5, 1e-5):
        model = MeterModel()
        fit(model, *data["train"], decay)
        with torch.no_grad():
            scores = model(data["valid"][0])
        loss = float(torch.nn.functional.cross_entropy(scores, data["valid"][1]))
        found = {part: model(data[part][0]).argmax(1) for part in ("train", "valid")}
        shares = [float((found[part] == data[part][1]).float().mean()) for part in found]
        print(f"decay {decay:g}: loss {loss:.4f}, right in train {shares[0]:.4f}, in valid {shares[1]:.4f}", flush=True)
        if best is None or loss < best[0]:
            best = loss, model
    assert best is not None
    confusions(best[1](data["valid"][0]).argmax(1), data["valid"][1])
    arrays = {}
    for index in range(len(METERS)):
        for field in fields(Weights):
            weights = getattr(best[1], field.name)[index].detach().numpy()
            arrays[f"{field.name}{index}"] = (weights * (SCALE if field.name == "cells" else 1)).astype(np.float32)
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / "meters.npz", **arrays)


def confusions(found: torch.Tensor, right: torch.Tensor) -> None:
    """Print what is taken for what."""
    edges = np.cumsum(CELLS)

    def name(candidate: int) -> str:
        index = int(np.searchsorted(edges, candidate, side="right"))
        return f"{METERS[index]}+{candidate - (edges[index] - CELLS[index])}"

    wrong = Counter((name(int(b)), name(int(a))) for a, b in zip(found, right, strict=True) if a != b)
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
        if right is not None and melody is not None:
            parts[part][0].append(key_finding.profiles(melody)[:, key_finding.ROLLED])
            parts[part][1].append(right)
    data = {
        part: (torch.tensor(np.array(rolled), dtype=torch.float32), torch.tensor(right))
        for part, (rolled, right) in parts.items()
    }
    best: tuple[float, KeyModel] | None = None
    for decay in (1e-4, 3e-5, 1e-5, 3e-6):
        model = KeyModel()
        fit(model, *data["train"], decay)
        with torch.no_grad():
            scores = {part: model(data[part][0]) for part in ("train", "valid")}
        loss = float(torch.nn.functional.cross_entropy(scores["valid"], data["valid"][1]))
        shares = [float((scores[part].argmax(1) == data[part][1]).float().mean()) for part in scores]
        tonics = float((scores["valid"].argmax(1) // 4 == data["valid"][1] // 4).float().mean())
        print(f"decay {decay:g}: loss {loss:.4f}, train {shares[0]:.4f}, valid {shares[1]:.4f}, tonic {tonics:.4f}")
        if best is None or loss < best[0]:
            best = loss, model
    assert best is not None
    FOLDER.mkdir(exist_ok=True)
    arrays = {name: weights.detach().numpy().astype(np.float32) for name, weights in best[1].named_parameters()}
    np.savez_compressed(FOLDER / "keys.npz", **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("meters", "keys"))
    {"meters": learn_meters, "keys": learn_keys}[parser.parse_args().what]()
