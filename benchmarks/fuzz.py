"""Does any file end in a traceback, a crawl, or other music? Mutated ABC and MIDI, read, written and read again.

    python benchmarks/fuzz.py                              2,000 of each kind, in about a minute
    python benchmarks/fuzz.py --seconds 120                as many as there is time for
    python benchmarks/fuzz.py --executions 2000000 --folder runs/fuzz     the campaign; may be ended, and gone on with
    python benchmarks/fuzz.py --only abc:1234              one execution again, with what it was given and the traceback
    python benchmarks/fuzz.py --break slow                 with a reader that is slow on purpose

Each execution mutates one of some hundred texts or MIDI files (`fuzzing/seeds.py`), by a seed of its own, so that it
can be done again alone. The laws are in `fuzzing/laws.py`: no exception but ours; `parse_abc(format_abc(tune)) ==
[tune]` for every tune that a reader gives back, titles, fields, tempos and words included; a piece comes back from the
MIDI file that we write of it; our readers refuse nothing that we wrote. One in sixteen is also unfolded, drawn,
sounded, written as MusicXML and read as a collection. Each of these may take 5 seconds of processor time, and 1 GB of
memory.

With `--folder`, `state.json` holds how far it came and what failed, `failures.json` the failing inputs made small, as
Latin-1, with reasons. Exit codes: 0 done, 1 something failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from fuzzing import running
from fuzzing.laws import judge
from fuzzing.running import KINDS, Result, content_of, kind_of, name_of, run

from tunewright.support.files import replace_file

EXECUTIONS = 4000
SAVED_EVERY = 5.0  # seconds
EXAMPLES = 5  # of one kind of failure that are kept
COLUMNS = ("exception", "slow", "memory", "died", "unequal", "refused", "unbounded")


@dataclass
class State:
    """How far a campaign came."""

    seed: int
    kinds: tuple[str, ...]
    next: int = 0
    seconds: float = 0.0  # by the clock
    executions: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)  # tunes and pieces that were read
    faults: Counter[str] = field(default_factory=Counter)  # "abc exception": how many executions
    failures: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # kind of failure: examples
    slowest: tuple[float, str] = (0.0, "")

    def add(self, result: Result) -> None:
        """Count one execution."""
        kind = result.name.partition(":")[0]
        self.next += 1
        self.executions[kind] += 1
        self.read[kind] += result.found.read
        self.slowest = max(self.slowest, (round(result.seconds, 2), result.name))
        for what in {fault.what for fault in result.found.faults}:
            self.faults[f"{kind} {what}"] += 1
        for fault in result.found.faults:
            examples = self.failures.setdefault(kind_of(fault), [])
            if len(examples) < EXAMPLES:
                examples.append(
                    {
                        "execution": result.name,
                        "reason": fault.reason,
                        "input": (result.small or result.content)[:20_000].decode("latin-1"),
                    }
                )

    def save(self, folder: Path) -> None:
        """Write what is known, in one step."""
        replace_file(folder / "state.json", json.dumps(vars(self)).encode())
        replace_file(folder / "failures.json", json.dumps(self.failures, indent=1).encode())


def load(folder: Path | None, seed: int, kinds: tuple[str, ...]) -> State:
    """The state of a campaign that was begun in a folder, or a new one; SystemExit where it was begun otherwise."""
    if folder is None or not (folder / "state.json").is_file():
        return State(seed, kinds)
    told: dict[str, Any] = json.loads((folder / "state.json").read_bytes())
    state = State(told["seed"], tuple(told["kinds"]), told["next"], told["seconds"])
    for name in ("executions", "read", "faults"):
        getattr(state, name).update(told[name])
    state.failures, state.slowest = told["failures"], tuple(told["slowest"])
    if (state.seed, state.kinds) != (seed, kinds):
        raise SystemExit(f"{folder}: begun with seed {state.seed} and {', '.join(state.kinds)}")
    return state


def campaign(state: State, count: int, seconds: float, jobs: int, folder: Path | None) -> None:
    """Go on until so many executions are done, or the time is over."""
    begun, saved, before = time.monotonic(), time.monotonic(), state.seconds
    results = run(state.next, count - state.next, state.seed, state.kinds, jobs)
    for result in results:
        state.add(result)
        now = time.monotonic()
        state.seconds = before + now - begun
        for fault in result.found.faults:
            print(f"{result.name} (seed {state.seed}): {fault.what}: {fault.reason[:300]}", flush=True)
        if folder and now - saved > SAVED_EVERY:
            state.save(folder)
            saved = now
        if now - begun > seconds:
            break
    results.close()
    if folder:
        state.save(folder)


def show(state: State) -> None:
    """Print the table."""
    print(
        f"\nseed {state.seed}, executions {name_of(0, state.kinds)} to {name_of(max(0, state.next - 1), state.kinds)}\n"
    )
    print("| kind | executions | read | " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " ---: |" * (len(COLUMNS) + 2))
    for kind in state.kinds:
        counts = " | ".join(f"{state.faults[f'{kind} {column}']:,}" for column in COLUMNS)
        print(f"| {kind} | {state.executions[kind]:,} | {state.read[kind]:,} | {counts} |")
    rate = state.next / max(1e-9, state.seconds)
    seconds, slowest = state.slowest
    print(f"\n{rate:.0f} a second, {state.seconds:,.0f} seconds; the slowest took {seconds} s ({slowest})")
    for kind, examples in state.failures.items():
        print(f"  {kind}\n    {', '.join(example['execution'] for example in examples)}")


def again(name: str, seed: int) -> bool:
    """One execution without bounds, with what it reads; whether all holds."""
    content = content_of(name, seed)
    print(f"{name} (seed {seed}), {len(content)} bytes:\n{content!r}\n")
    begun = time.process_time()
    with mock.patch("fuzzing.laws.where", _traceback):
        found = judge(name.partition(":")[0], content, deep=running.is_deep(name), bounds=nullcontext)
    print(f"{found.read} read in {time.process_time() - begun:.2f} s")
    for fault in found.faults:
        print(f"{fault.what}: {fault.reason}")
    return not found.faults


def _traceback(error: BaseException) -> str:
    import traceback  # noqa: PLC0415

    return "".join(traceback.format_exception(error))


def _slow(_state: object, _text: str) -> None:
    while True:
        pass


BREAKS: dict[str, Callable[[], Any]] = {
    "slow": lambda: mock.patch("tunewright.formats.abc.music._read_line", _slow),
    "title": lambda: mock.patch("fuzzing.laws.format_abc", lambda tune: f"X:{tune.number}\nT:other\nK:C\nC\n"),
    "raise": lambda: mock.patch("fuzzing.laws.format_abc", side_effect=ZeroDivisionError),
}


def main() -> int:
    """Run what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--executions", type=int, default=EXECUTIONS, metavar="N", help="in all, of both kinds together"
    )
    parser.add_argument("--seconds", type=float, default=1e9, metavar="S", help="end after so long")
    parser.add_argument("--kind", choices=KINDS, help="of one kind only")
    parser.add_argument("--jobs", type=int, default=1, metavar="K", help="processes (1)")
    parser.add_argument("--seed", type=int, default=1, help="of the campaign (1)")
    parser.add_argument("--folder", type=Path, help="keep state and failures here, and go on from them")
    parser.add_argument("--only", metavar="KIND:N", help="this execution alone")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break reader or writer on purpose")
    chosen = parser.parse_args()
    with BREAKS[chosen.broken]() if chosen.broken else nullcontext():
        if chosen.only:
            return int(not again(chosen.only, chosen.seed))
        state = load(chosen.folder, chosen.seed, (chosen.kind,) if chosen.kind else KINDS)
        campaign(state, chosen.executions, chosen.seconds, chosen.jobs, chosen.folder)
    show(state)
    return int(bool(state.faults))


if __name__ == "__main__":
    sys.exit(main())
