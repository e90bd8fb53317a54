"""Tonic and mode of a melody whose file states no key, or a signature without a mode, or one that its notes contradict.

In: gaps and pitches of a melody, and the signature that is stated. Out: a `Key` with its probability. Each of twelve
tonics in each of four modes is scored by a profile of scale degrees weighed by length, as Krumhansl & Schmuckler do
(Krumhansl 1990), and by further profiles of the same kind: which degrees occur at all, which are lengthened, which one
begins and which ends the tune. `benchmarks/learn_listening.py` learned the profiles together, as a softmax, from the
training part of O'Neill's, Ryan's and Aird's collections, and wrote `learned/keys.npz`.

This file does not spell notes (`transcription`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from tunewright.listening.meter_finding import Melody
from tunewright.tune import MODES, ORDER_OF_SHARPS, Key

Floats = npt.NDArray[np.float64]

KEY_MODES = ("major", "minor", "dorian", "mixolydian")
PROFILES = 5
# how often a stated signature is the one of the key: files by abc2midi, by players' programs; a guess on the safe side
STATED_RIGHT = 0.97
# how often a file that states minor means each mode, and how often one that states major does
_MEANT = {True: {"major": 0.02, "minor": 0.9, "dorian": 0.3, "mixolydian": 0.02}}
CONTRADICTED = 0.1  # probability of all keys with the stated signature below which the notes contradict it
_MEANT[False] = {mode: 1 - share for mode, share in _MEANT[True].items()}


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, its probability, and whether it has another signature than the one stated."""

    key: Key
    probability: float
    contradicts: bool = False


def profiles(melody: Melody) -> Floats:
    """(PROFILES, 12): by pitch class, lengths, occurrence, notes longer than the one before, the first, the last."""
    classes = melody.numbers % 12
    gaps = np.minimum(melody.gaps, 96)
    lengths = np.bincount(classes, gaps, minlength=12)
    longer = np.append(False, gaps[1:] > gaps[:-1])
    lengthened = np.bincount(classes[longer], minlength=12).astype(np.float64)
    ends = np.zeros((2, 12))
    ends[0, classes[0]] = ends[1, classes[-1]] = 1
    return np.vstack(
        [lengths / max(1, lengths.sum()), lengths > 0.01 * lengths.sum(), lengthened / max(1, lengthened.sum()), ends]
    )


@cache
def learned() -> tuple[Floats, Floats]:
    """The weights that come with the package: (modes, PROFILES, 12) from the tonic up, and one for each mode."""
    with files("tunewright.listening").joinpath("learned/keys.npz").open("rb") as file, np.load(file) as arrays:
        return arrays["profiles"].astype(np.float64), arrays["modes"].astype(np.float64)


def find_key(melody: Melody, stated: tuple[int, bool] | None = None) -> FoundKey:
    """The most probable key; `stated` is what the file says: sharps (negative: flats), and whether minor."""
    by_degree, by_mode = learned()
    rolled = profiles(melody)[:, ROLLED]  # (PROFILES, tonic, degree)
    scores = np.einsum("ptd,mpd->tm", rolled, by_degree) + by_mode
    signatures = _signatures()
    if stated is None:
        return _best(scores, signatures)
    same = (signatures - stated[0]) % 12 == 0
    scores = scores + np.where(same, np.log(STATED_RIGHT), np.log((1 - STATED_RIGHT) / 11))
    scores += np.log([_MEANT[stated[1]][mode] for mode in KEY_MODES])
    shares = np.exp(scores - scores.max())
    if shares[same].sum() < CONTRADICTED * shares.sum():
        return replace(_best(scores, signatures), contradicts=True)
    found = _best(np.where(same, scores, -np.inf), signatures)
    return replace(found, key=key_on(stated[0], found.key.mode))


def _best(scores: Floats, signatures: npt.NDArray[np.int64]) -> FoundKey:
    """The key with the highest score, (tonic, mode), and its share."""
    tonic, mode = divmod(int(scores.argmax()), len(KEY_MODES))
    probability = 1 / float(np.exp(scores - scores.max()).sum())
    return FoundKey(key_on(int(signatures[tonic, mode]), KEY_MODES[mode]), probability)


ROLLED = (np.arange(12)[:, None] + np.arange(12)) % 12  # (tonic, degree) -> pitch class


@cache
def _signatures() -> npt.NDArray[np.int64]:
    """(tonic, mode) -> sharps from -5 to 6."""
    tonics, shifts = 7 * np.arange(12)[:, None], np.array([MODES[mode] for mode in KEY_MODES])
    return np.asarray((tonics + shifts + 5) % 12 - 5)


def key_on(sharps: int, mode: str) -> Key:
    """The key of a mode with so many sharps.

    >>> str(key_on(2, "dorian"))
    'E dorian'
    """
    place = sharps - MODES[mode]
    step, alter = ORDER_OF_SHARPS[(place + 1) % 7], (place + 1) // 7
    return Key(step + ("#" * alter if alter > 0 else "b" * -alter), mode)
