"""Runs that an earlier version trained, and what it drew from them: what no later version may change.

In `frozen/`: for each codec a small run folder, its weights packed and rounded to a few binary digits so that they are
small; `drawn.json` and `new/`, what was drawn from them; `runs.json`, how they are listed; `pieces/`, MIDI files that
are learned from; `losses.json`, the losses of the first steps of three presets. Everything is asked of the program,
through its command line.

    python tests/support/frozen_runs.py   write all of it anew: only where a change is meant, and said in CHANGELOG.md
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.numpy import load, save

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "tests" / "frozen"
WEIGHTS = "model.safetensors"
KEPT = ("config.toml", "tokenizer.json", "summary.json")  # of a run, beside its weights
BITS = 4  # of the fraction of a weight
TUNES = 16  # that are learned from
SIDE_BY_SIDE = 2
SMALL = [  # models this narrow are drawn from in fp32 on every processor
    word
    for setting in ("hidden_size=20", "embedding_dim=4", "num_layers=1", "batch_size=4", "seq_length=40")
    for word in ("--set", setting)
] + ["--set", "eval_every=10", "--set", "device=cpu", "--set", "precision=fp32"]
TRAINED = {  # codecs, and how each was trained
    "degrees": "tunes.abc --steps 80",
    "characters": "tunes.abc --preset lab-default --steps 800",
    "remi": "pieces --tokens remi --steps 300",
    "cpword": "pieces --tokens cpword --steps 300",
}
BEGUN = {  # presets, and what they learn from
    "default": "tunes.abc --set phrase_plan=false --set last_notes=false --set direct_dropout=0",  # as it was then
    "lab-default": "tunes.abc",
    "polyphony": "pieces",
}
DRAWN = {  # of each codec, three seeds each
    "degrees": {
        "plain": ["--seed", "11", "--bars", "8"],
        "asked": ["--seed", "21", "--rhythm", "jig", "--parts", "AABB", "--bars", "4", "--key", "E dorian"],
        "infill": ["--seed", "31", "--infill", "tune.abc", "--at", "3-4", "--temperature", "0.8"],
    },
    "characters": {
        "plain": ["--seed", "11", "--bars", "6", "--temperature", "0.8", "--top-k", "20"],
        "asked": ["--seed", "21", "--meter", "3/4", "--parts", "AB", "--bars", "4", "--key", "D", "--min-p", "0.02"],
    },
    "remi": {
        "plain": ["--seed", "11", "--bars", "4", "--temperature", "0.8"],
        "start": ["--seed", "21", "--start", "pieces/piece-3.mid", "--bars", "13", "--min-p", "0.05"],
    },
    "cpword": {
        "plain": ["--seed", "11", "--bars", "4", "--temperature", "0.8"],
        "start": ["--seed", "21", "--start", "pieces/piece-2.mid", "--bars", "9", "--top-k", "6"],
    },
}
TUNE = """X:1
T:A tune to fill in
R:jig
M:6/8
L:1/8
K:G
GBd gdB|cAA A2c|BGG G2B|AFD D3|GBd gdB|cAA ABc|dcB AGF|G3 G3|]
"""
ALONE = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # one order of sums, no other precision


# ------------------------------------------------------------------------------------------------ asking


def tunewright(folder: Path, *words: str) -> str:
    """What the program prints when it is run in a folder; AssertionError with what it says where it fails."""
    command = [sys.executable, "-m", "tunewright", *words]
    where = {"PYTHONPATH": str(ROOT), "TUNEWRIGHT_CACHE": str(folder / "cache")}
    done = subprocess.run(command, cwd=folder, env=ALONE | where, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lay_out(folder: Path) -> None:
    """Put the frozen runs, unpacked, and everything that is learned from or begun with into a folder."""
    for codec in TRAINED:
        shutil.copytree(FROZEN / codec, folder / codec)
        packed = folder / codec / f"{WEIGHTS}.gz"
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    lay_out_music(folder)


def lay_out_music(folder: Path) -> None:
    """Put what is learned from or begun with into a folder: tunes of O'Neill's, our own pieces and tune."""
    shutil.copytree(FROZEN / "pieces", folder / "pieces")
    (folder / "tune.abc").write_text(TUNE)
    spec = importlib.util.find_spec("music21")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "corpus" / "oneills1850" / "0001-0050.abc").read_text()
    tunes = f"\n{text}".split("\nX:")[1 : TUNES + 1]
    (folder / "tunes.abc").write_text("".join(f"X:{tune}\n" for tune in tunes))


def drawn(folder: Path, codec: str, request: str) -> list[dict[str, Any]]:
    """What is drawn for a request from the run of that codec in a folder, as the program tells it; files by name."""
    out = [] if codec in ("degrees", "characters") else ["--out", f"new/{codec}-{request}", "--format", "mid"]
    told: list[dict[str, Any]] = json.loads(
        tunewright(folder, "generate", codec, "-n", "3", "--json", *DRAWN[codec][request], *out)
    )
    return told


def listed(folder: Path) -> list[dict[str, Any]]:
    """What the program says of the frozen runs in a folder."""
    told: list[dict[str, Any]] = json.loads(tunewright(folder, "runs", ".", "--json"))
    return [run for run in told if run["run"] in TRAINED]


def begin(folder: Path, preset: str) -> list[float]:
    """The losses of the first ten steps with a preset made small, its run left in the folder under its name."""
    words = ["--preset", preset, "--out", preset, *SMALL, "--steps", "10", "--seed", "5"]
    tunewright(folder, "train", *BEGUN[preset].split(), *words)
    lines = (folder / preset / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


# ------------------------------------------------------------------------------------------------ freezing


def _freeze(folder: Path, codec: str) -> None:
    """Train the run of a codec in a folder, and keep what is needed to draw from it."""
    tunewright(folder, "train", *TRAINED[codec].split(), "--out", codec, *SMALL, "--seed", "5")
    kept = FROZEN / codec
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for name in KEPT:
        shutil.copy(folder / codec / name, kept / name)
    content = (folder / codec / WEIGHTS).read_bytes()
    (kept / f"{WEIGHTS}.gz").write_bytes(gzip.compress(_rounded(content), mtime=0))


def _rounded(content: bytes) -> bytes:
    """The tensors with fewer bits, which pack well; what is told beside them is as it was."""
    length = int.from_bytes(content[:8], "little")
    facts = json.loads(content[8 : 8 + length])["__metadata__"]
    mask = np.uint32(0xFFFFFFFF << (23 - BITS) & 0xFFFFFFFF)
    return save(
        {name: (tensor.view(np.uint32) & mask).view(np.float32) for name, tensor in load(content).items()}, facts
    )


def main() -> None:
    """Train, draw and measure anew."""
    with TemporaryDirectory() as name, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        folder = Path(name)
        lay_out_music(folder)
        list(pool.map(lambda codec: _freeze(folder, codec), TRAINED))
        losses = dict(zip(BEGUN, pool.map(lambda preset: begin(folder, preset), BEGUN), strict=True))
    (FROZEN / "losses.json").write_text(json.dumps(losses, indent=1) + "\n")
    with TemporaryDirectory() as name, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        folder = Path(name)
        lay_out(folder)
        asked = [(codec, request) for codec, requests in DRAWN.items() for request in requests]
        found = pool.map(lambda one: drawn(folder, *one), asked)
        told = {f"{codec} {request}": result for (codec, request), result in zip(asked, found, strict=True)}
        runs = listed(folder)
        shutil.rmtree(FROZEN / "new", ignore_errors=True)
        shutil.copytree(folder / "new", FROZEN / "new")
    (FROZEN / "drawn.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    (FROZEN / "runs.json").write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    main()
