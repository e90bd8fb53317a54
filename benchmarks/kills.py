"""Does anything break when processes are killed? SIGKILL in the middle of training, drawing, rendering, reading.

    python benchmarks/kills.py                             100 kills, in a few minutes
    python benchmarks/kills.py --seconds 40                as many as there is time for
    python benchmarks/kills.py --kills 1000 --folder runs/kills       the campaign; may be ended, and gone on with
    python benchmarks/kills.py --only 123                  one task again
    python benchmarks/kills.py --break                     with files that are written in place, to see it found out

Each task (`killing/tasks.py`) is made from a seed of its own: a command of the program is killed up to four times, at a
moment by the clock or before or after a call that writes, and then run to its end; in every fourth task two processes
write the same, and one of them is killed. After each kill no file may be torn; in the end the folder must have the
files of a command that was never killed, byte for byte (of the last checkpoint the tensors, of what knows times all but
times), nothing beside them, and no process may be left. So a training that was killed and resumed has the weights of
one that went straight through.

With `--folder`, `state.json` holds how far it came and what failed. Exit codes: 0 nothing was wrong, 1 something was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import BinaryIO

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import verovio  # noqa: F401 - loaded here once, and not by each process
from killing.tasks import COMMANDS, Bench, emptied, killed_and_ended, two_at_once

from tunewright.support import files
from tunewright.support.files import replace_file

KILLS = 100
TWO_OF = 4  # one task in so many has two processes
EXAMPLES = 20  # of failures that are kept


@dataclass
class State:
    """How far a campaign came."""

    seed: int
    next: int = 0
    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def all_kills(self) -> int:
        """Of every kind."""
        return sum(self.kills.values())


def do_task(bench: Bench, state: State, number: int) -> list[str]:
    """Do one task; what was wrong."""
    rng = Random(f"{state.seed} {number}")
    kind = list(COMMANDS)[number % len(COMMANDS)]
    two = number // len(COMMANDS) % TWO_OF == TWO_OF - 1
    name = f"{kind}, two at once" if two else kind
    folder = emptied(bench.folder / "task")
    kills, wrong = (two_at_once if two else killed_and_ended)(bench, kind, folder, rng)
    state.kills[name] += kills
    state.tasks[name] += 1
    state.wrong[name] += bool(wrong)
    state.failures += [f"task {number} ({name}): {one}" for one in wrong][: EXAMPLES - len(state.failures)]
    return wrong


def report(state: State) -> str:
    """What a campaign came to, a line for each kind."""
    rows = [f"{'':24}{'tasks':>8}{'kills':>8}{'wrong':>8}"]
    rows += [f"{n:24}{state.tasks[n]:8,}{state.kills[n]:8,}{state.wrong[n]:8,}" for n in sorted(state.tasks)]
    rows.append(
        f"{state.all_kills:,} kills in {state.seconds:,.0f} s, seed {state.seed}; {len(state.failures)} failures"
    )
    return "\n".join([*rows, *state.failures])


def load_state(folder: Path | None, seed: int) -> State:
    """The state of a campaign, a new one where none is kept."""
    path = folder / "state.json" if folder else None
    if path is None or not path.exists():
        return State(seed)
    stored = json.loads(path.read_text())
    return State(**stored | {name: Counter(stored[name]) for name in ("kills", "tasks", "wrong")})


@contextmanager
def _in_place(path: Path):  # type: ignore[no-untyped-def]
    """As no file should be written: at its place, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file: BinaryIO
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def break_files() -> None:
    """Have every file written in place."""
    for module in list(sys.modules.values()):
        if getattr(module, "replacing", None) is files.replacing:
            module.replacing = _in_place  # type: ignore[attr-defined]


def main() -> int:
    """Run a campaign, or one task of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seconds", type=float, default=0.0, help="end after so many, whatever the kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the state is kept, to go on from")
    parser.add_argument("--only", type=int, help="one task")
    parser.add_argument("--break", dest="broken", action="store_true", help="write files in place")
    asked = parser.parse_args()
    state, began = load_state(asked.folder, asked.seed), time.monotonic()
    print(f"seed {state.seed}, from task {state.next}", flush=True)
    with TemporaryDirectory() as temporary:
        bench = Bench(Path(temporary))
        if asked.broken:
            break_files()
        numbers = [asked.only] if asked.only is not None else range(state.next, 10**9)
        before = state.seconds
        for number in numbers:
            for one in do_task(bench, state, number):
                print(f"task {number}: {one}", flush=True)
            state.next, state.seconds = number + 1, before + time.monotonic() - began
            if asked.folder and asked.only is None:
                replace_file(asked.folder / "state.json", (json.dumps(vars(state), indent=1) + "\n").encode())
            if state.all_kills >= asked.kills or (asked.seconds and time.monotonic() - began > asked.seconds):
                break
    print(report(state))
    return 1 if state.wrong.total() else 0


if __name__ == "__main__":
    sys.exit(main())
