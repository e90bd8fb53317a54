"""What other work on the cores costs: the same commands on a quiet machine and beside busy processes.

    python benchmarks/busy.py                       every command, quiet and beside six busy processes
    python benchmarks/busy.py --beside 2 --only train
    python benchmarks/busy.py --before REV          the code of a revision in turn with this one, quiet and busy

A busy process is a loop that does nothing; all of them are ended at the end. Throughput is one over the seconds that a
command takes; of training it is steps a second, the first three left out. Printed are the medians over the turns, the
share of its quiet throughput that is left, and that over its fair share: on T cores a command may have T threads, which
beside k others get T / (T + k) of what they get alone. Exit code 1 where less than 60 % of the fair share is left, or,
with `--before`, where more than 3 % are lost on the quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from unchanging.running import worktree

ROOT = Path(__file__).resolve().parent.parent
LEAST, MOST_LOST = 0.6, 0.03
FIRST = 3  # steps of training that are not counted
TRAIN = "train"
COMMANDS = {  # "@" is a folder of its own, "RUN" a run
    TRAIN: "train oneill --out @/run --steps 100000 --set eval_every=100000",
    "generate": "generate RUN -n 60 --jobs 1 --seed 1 --out @/tunes",
    "evaluate": "evaluate RUN -n 100",
    "reproduce": "reproduce --seeds 1 --set num_training_iterations=10 --set eval_every=10 --out @/experiment",
}


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing as fast as they can."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def throughput(tree: Path, name: str, folder: Path, run: Path, seconds: float) -> float:
    """How often a second: steps of training, or whole commands."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    words = COMMANDS[name].replace("@", str(folder)).replace("RUN", str(run)).split()
    begun = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, "-P", "-m", "tunewright", *words]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=-3, stderr=-3) as process:
        if name == TRAIN:
            found = steps_a_second(folder / "run" / "metrics.jsonl", process, seconds)
            process.kill()
            return found
        if process.wait():
            sys.exit(f"{' '.join(words)}: exit code {process.returncode}")
    return 1 / (time.monotonic() - begun)


def steps_a_second(metrics: Path, process: subprocess.Popen[bytes], seconds: float) -> float:
    """Of a training that is watched for so long once it has begun."""
    until = 0.0
    while process.poll() is None and (not until or time.monotonic() < until):
        time.sleep(0.2)
        if not until and metrics.is_file() and metrics.stat().st_size:
            until = time.monotonic() + seconds
    if process.poll() is not None:
        sys.exit(f"training ended by itself: exit code {process.returncode}")
    lines = [json.loads(line) for line in metrics.read_text().splitlines(keepends=True) if line.endswith("\n")]
    if len(lines) < FIRST + 2:
        return len(lines) / seconds
    took: float = lines[-1]["seconds"] - lines[FIRST - 1]["seconds"]
    return (len(lines) - FIRST) / took


def measured(
    trees: dict[str, Path], names: list[str], place: Path, run: Path, asked: argparse.Namespace, others: int
) -> dict[tuple[str, str], float]:
    """The median throughput of each command with the code of each tree, taken in turn."""
    found: dict[tuple[str, str], list[float]] = {(name, side): [] for name in names for side in trees}
    with busy(others):
        for _ in range(asked.turns):
            for name, side in found:
                found[name, side].append(throughput(trees[side], name, place / "here", run, asked.seconds))
    return {what: statistics.median(rates) for what, rates in found.items()}


def main() -> int:
    """Print the tables; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=int, default=6, metavar="K", help="busy processes")
    parser.add_argument("--before", metavar="REV")
    parser.add_argument("--only", default="", metavar="COMMAND")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30, help="how long a training is watched")
    asked = parser.parse_args()
    names = [name for name in COMMANDS if name.startswith(asked.only)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fair = cores / (cores + asked.beside)
    failed = 0
    with worktree(ROOT, asked.before or "HEAD") as (tree, _), TemporaryDirectory() as folder:
        trees = ({"before": tree} if asked.before else {}) | {"now": ROOT}
        place, run = Path(folder), Path(folder) / "learned"
        words = ["train", "oneill", "--out", str(run), "--steps", "60", "--set", "eval_every=60"]
        subprocess.run(
            [sys.executable, "-P", "-m", "tunewright", *words],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=True,
            stdout=-3,
            stderr=-3,
        )
        quiet, crowded = (measured(trees, names, place, run, asked, others) for others in (0, asked.beside))
        print(f"{cores} cores, {asked.beside} busy processes beside it: a fair share is {fair:.2f}\n")
        print("| command | code | a second, quiet | beside others | share left | of the fair share |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, side in quiet:
            left = crowded[name, side] / quiet[name, side]
            print(
                f"| {name} | {side} | {quiet[name, side]:.3f} | {crowded[name, side]:.3f} | {left:.2f} "
                f"| {left / fair:.2f} |"
            )
            failed += side == "now" and left / fair < LEAST
        for name in names if asked.before else ():
            ratio = quiet[name, "now"] / quiet[name, "before"]
            print(f"{name}, quiet: {ratio:.3f} times the throughput of before")
            failed += ratio < 1 - MOST_LOST
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
