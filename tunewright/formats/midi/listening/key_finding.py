"""Tonic and mode of a melody whose file states no key, or a signature without a mode, or one that its notes contradict.

In: gaps and pitches of a melody, and the signature that is stated. Out: a `Key` with its probability. Each of twelve
tonics in each of four modes is scored by a profile of scale degrees weighed by length, as Krumhansl & Schmuckler do
(Krumhansl 1990), and by further profiles of the same kind: which degrees occur at all, which are lengthened, which one
begins and which ends the tune. `benchmarks/learn_listening.py` learned the profiles together, as a softmax, from the
training part of O'Neill's, Ryan's and Aird's collections, scaled them on the validation part so that a probability is
the share of tunes that are read right, and wrote `learned/keys.npz`.

Four modes are known. A tune in lydian, phrygian or locrian is read in one of these, on its own signature where the
file states it. This file does not spell notes (`transcription`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from tunewright.formats.midi.listening.meter_finding import Melody
from tunewright.music.tune import MODES, ORDER_OF_SHARPS, Key

Floats = npt.NDArray[np.float64]

KEY_MODES = ("major", "minor", "dorian", "mixolydian")
PROFILES = 5
# how often a stated signature is the one of the key. A guess that changes little: where all are right, 0.5 to 0.999
# have 96.9 to 97.3 % of keys read right; where all files say C major, as some programs do, 0.8, 0.9, 0.97 and 0.99 find
# out 92, 87, 74, 59 % of them (`benchmarks/learn_listening.py constants`, which has the figures below too)
STATED_RIGHT = 0.9
# how often a file that states minor means each mode, and how often one that states major does. abc2midi's and our own
# files say minor of minor alone; a file that says it of dorian is to be read as well (97.1 %, abc2midi's 97.3 %)
MEANT = {True: {"major": 0.02, "minor": 0.9, "dorian": 0.1, "mixolydian": 0.02}}
MEANT[False] = {mode: 1 - share for mode, share in MEANT[True].items()}


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, its probability, and whether it overrules the stated signature, which is likelier wrong than right."""

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
    with (
        files("tunewright.formats.midi.listening").joinpath("learned/keys.npz").open("rb") as file,
        np.load(file) as arrays,
    ):
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
    scores += np.log([MEANT[stated[1]][mode] for mode in KEY_MODES])
    shares = np.exp(scores - scores.max())
    if 2 * shares[same].sum() < shares.sum():
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
