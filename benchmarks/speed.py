"""Is the program as quick as it was? Whole commands with two states of the code, in turn, as ratios.

    python benchmarks/speed.py --before REV             the working tree against a revision
    python benchmarks/speed.py --before REV --times 9   more turns
    python benchmarks/speed.py --before REV --only generate      the commands that begin so

Each command is a process of its own; the two states take turns (A B A B …), so that what else the machine does falls on
both. Printed is the median over the turns of now / before, of wall time, beside the medians themselves. A first turn is
not counted. The run that is drawn from was trained by the code of before. Exit code 1 where a ratio is above 1.03.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from unchanging.running import worktree

ROOT = Path(__file__).resolve().parent.parent
MOST = 1.03
COMMANDS = {  # "@" is a folder of the side's own, "RUN" the run
    "--help": "--help",
    "corpus, read anew": "corpus oneill ryan aird --json",
    "corpus, from its cache": "corpus oneill ryan aird --json",
    "train, 60 steps": "train oneill --out @/run --steps 60 --set eval_every=1000",
    "generate, 40 tunes": "generate RUN -n 40 --jobs 1 --seed 1",
    "generate, 300 tunes": "generate RUN -n 300 --jobs 1 --seed 1",
}
FRESH = "corpus, read anew"


def seconds(tree: Path, words: str, folder: Path, run: Path) -> float:
    """How long a command takes with the code of a tree; SystemExit where it fails."""
    environment = os.environ | {"PYTHONPATH": str(tree), "TUNEWRIGHT_CACHE": str(folder / "cache")}
    shutil.rmtree(folder / "run", ignore_errors=True)
    given = words.replace("@", str(folder)).replace("RUN", str(run)).split()
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tunewright", *given],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{words}: exit code {done.returncode}\n{done.stderr.decode()}")
    return time.perf_counter() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="HEAD", metavar="REV")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", default="", metavar="WORD")
    asked = parser.parse_args()
    slower = 0
    with worktree(ROOT, asked.before) as (tree, revision), TemporaryDirectory() as place:
        sides = {"now": (ROOT, Path(place) / "now"), "before": (tree, Path(place) / "before")}
        for _, folder in sides.values():
            folder.mkdir()
        run = Path(place) / "learned"
        seconds(tree, f"train oneill --out {run} --steps 120 --set eval_every=120", sides["before"][1], run)
        print(f"| {revision[:7]} against the working tree | before, s | now, s | now / before |")
        print("| --- | --- | --- | --- |")
        for name, words in COMMANDS.items():
            if not name.startswith(asked.only):
                continue
            took: dict[str, list[float]] = {side: [] for side in sides}
            for turn in range(asked.times + 1):
                for side, (code, folder) in sides.items():
                    if name == FRESH:
                        shutil.rmtree(folder / "cache", ignore_errors=True)
                    one = seconds(code, words, folder, run)
                    took[side] += [one] if turn else []
            ratio = statistics.median(now / before for now, before in zip(took["now"], took["before"], strict=True))
            before, now = (statistics.median(took[side]) for side in ("before", "now"))
            slower += ratio > MOST
            print(
                f"| {name} | {before:.3f} | {now:.3f} | {ratio:.3f}{' (slower)' if ratio > MOST else ''} |", flush=True
            )
    return min(slower, 1)


if __name__ == "__main__":
    sys.exit(main())
