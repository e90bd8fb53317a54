"""What is done while processes are killed, and what must be true afterwards.

In: a folder, a stream of random numbers. Out: a task of each kind: a command, killed some times and then run to its
end, after which all that it wrote has the bytes that it has where nothing is killed. What is wrong is a sentence.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from killing.processes import Ended, Moment, Process, calls_of, run
from tests.support.small_runs import real_tunes
from tunewright.support.documents import parse_json, parse_toml
from tunewright.training.run import is_run
from tunewright.training.tensors import load_tensors

MOST_KILLS = 4  # of one task, one after another
TUNES = 24
STEPS, LOOKS, KEPT = 18, 3, 6  # of a training
SIZES = ("hidden_size=48", "embedding_dim=16", "batch_size=4", "seq_length=32", f"eval_every={LOOKS}", "precision=fp32")
SETTINGS = [word for one in (*SIZES, "device=cpu", "dropout=0.1") for word in ("--set", one)]
OURS = re.compile(r"\..*\.tunewright$", re.DOTALL)  # temporary files
NOT_SETTLED = ("record.json", "summary.json", "metrics.jsonl", "last.safetensors", ".lock")  # these know times


@dataclass(frozen=True)
class Whole:
    """A command that was not killed: how long it took, how many calls that write it made, where it wrote."""

    words: Sequence[object]
    seconds: float
    calls: int
    folder: Path
    out: str


@dataclass
class Bench:
    """Where all is done, with what every kind is held against."""

    folder: Path
    tunes: Path = field(init=False)
    many: Path = field(init=False)
    whole: dict[str, Whole] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tunes, self.many = self.folder / "tunes.abc", self.folder / "many"
        self.folder.mkdir(parents=True, exist_ok=True)
        texts = [tune.text.strip() for tune in real_tunes()[:TUNES]]
        self.tunes.write_text("\n\n".join(texts) + "\n")
        self.many.mkdir(exist_ok=True)
        for number in range(60):  # enough for several processes to read
            self.many.joinpath(f"{number}.abc").write_text("\n\n".join(texts[number % 7 : number % 7 + 2]) + "\n")
        for name in COMMANDS:
            folder = self.folder / f"whole-{name}"
            shutil.rmtree(folder, ignore_errors=True)
            words = COMMANDS[name](self, folder / "made")
            ended, calls = calls_of(words, folder)
            if ended.code:
                raise SystemExit(f"{name} does not work here: {ended.err}")
            self.whole[name] = Whole(words, ended.seconds, calls, folder, ended.out)


def _train(bench: Bench, made: Path) -> list[object]:
    goes_on = ["--resume"] if is_run(made) else SETTINGS
    words: list[object] = ["train", bench.tunes, "--out", made, "--steps", STEPS, "--keep-every", KEPT, *goes_on]
    return words if "--resume" in words else [*words, "--set", "tokens=characters", "--set", "text=canonical"]


def _generate(bench: Bench, made: Path) -> list[object]:
    run_folder = bench.folder / "whole-train" / "made"
    return ["generate", run_folder, "-n", "3", "--seed", "5", "--out", made, "--format", "abc,mid,musicxml,svg"]


def _render(bench: Bench, made: Path) -> list[object]:
    return ["render", bench.tunes, "--out", made, "--format", "abc,mid,musicxml"]


def _read(bench: Bench, made: Path) -> list[object]:
    return ["corpus", bench.many, "--json", "--split-out", made / "split.tsv", "--files-out", made / "files.tsv"]


COMMANDS: Mapping[str, Callable[[Bench, Path], list[object]]] = {
    "train": _train,
    "generate": _generate,
    "render": _render,
    "read": _read,
}


# ------------------------------------------------------------------------------------------------ killing


def some_moment(whole: Whole, rng: Random) -> Moment:
    """A moment of a command: half of them by the clock, half around a call that writes."""
    if rng.random() < 0.5:
        return Moment(seconds=max(0.01, rng.random() * whole.seconds))
    return Moment(calls=rng.randint(1, max(1, whole.calls)), after=rng.random() < 0.5)


def killed_and_ended(bench: Bench, kind: str, folder: Path, rng: Random) -> tuple[int, list[str]]:
    """How often the command was killed, and what was wrong meanwhile or is in the end."""
    whole, made = bench.whole[kind], folder / "made"
    wrong: list[str] = []
    kills = 0
    for _ in range(rng.randint(1, MOST_KILLS)):
        ended = run(COMMANDS[kind](bench, made), folder, some_moment(whole, rng))
        kills += ended.killed
        wrong += torn(whole, made)
    wrong += _last(bench, kind, folder)
    return kills, wrong


def two_at_once(bench: Bench, kind: str, folder: Path, rng: Random) -> tuple[int, list[str]]:
    """The same with two processes that write the same at once, of which one is killed and the other is not."""
    whole, made = bench.whole[kind], folder / "made"
    words = COMMANDS[kind](bench, made)
    first = Process(words, folder, some_moment(whole, rng))
    second = Process(words, folder)
    one, other = first.wait(), second.wait()
    wrong = torn(whole, made)
    if other.code and not (kind == "train" and refused(other)):
        wrong.append(f"the process that was not killed ended with {other.code}: {other.err[-300:]}")
    return int(one.killed), [*wrong, *_last(bench, kind, folder)]


def refused(ended: Ended) -> bool:
    """Whether a training was refused since another one runs, or has been there."""
    return ended.code == 1 and ("another process is training" in ended.err or "already holds a run" in ended.err)


def _last(bench: Bench, kind: str, folder: Path) -> Iterator[str]:
    """What is wrong after the command was run once more, to its end."""
    whole, made = bench.whole[kind], folder / "made"
    ended = run(COMMANDS[kind](bench, made), folder)
    if ended.code:
        yield f"the last one ended with {ended.code}: {ended.err[-300:]}"
        return
    yield from different(whole, made)
    if kind == "read" and ended.out != whole.out:
        yield "another result was printed"
    yield from (f"left over: {path.relative_to(folder)}" for path in folder.rglob("*") if OURS.match(path.name))


# ------------------------------------------------------------------------------------------------ judging


def torn(whole: Whole, made: Path) -> list[str]:
    """The files that are there and are neither whole nor temporary."""
    found = []
    for path in made.rglob("*"):
        if path.is_dir() or OURS.match(path.name) or path.name == ".lock":
            continue
        try:
            _read_whole(path, whole.folder / "made" / path.relative_to(made))
        except Exception as error:
            found.append(f"torn: {path.name} ({type(error).__name__}: {str(error)[:100]})")
    return found


def _read_whole(path: Path, expected: Path) -> None:
    """Raise where a file is not whole."""
    if path.suffix == ".safetensors":
        load_tensors(path)
    elif path.suffix == ".json":
        parse_json(path.read_bytes())
    elif path.suffix == ".toml":
        parse_toml(path.read_text())
    elif path.suffix == ".jsonl":  # the only file that grows: its last line may be cut short
        list(map(parse_json, path.read_text().split("\n")[:-1]))
    elif not filecmp.cmp(path, expected, shallow=False):
        raise ValueError("other bytes than those of a command that is not killed")


def different(whole: Whole, made: Path) -> Iterator[str]:
    """What is not as it is where nothing is killed: names, bytes, and of what knows times all but times."""
    expected = whole.folder / "made"
    names = [{str(path.relative_to(at)) for path in at.rglob("*")} for at in (made, expected)]
    if names[0] != names[1]:
        yield f"other files: {sorted(names[0] ^ names[1])}"
    for name in sorted(names[0] & names[1]):
        one, other = made / name, expected / name
        if one.is_file() and not (_alike(one, other) if name in NOT_SETTLED else filecmp.cmp(one, other, False)):
            yield f"other bytes: {name}"


def _alike(one: Path, other: Path) -> bool:
    """Whether two files of runs say the same but for times and command lines."""
    if one.name == "last.safetensors":
        (tensors, facts), (expected, known) = load_tensors(one), load_tensors(other)
        equal = tensors.keys() == expected.keys() and all(tensors[name].equal(expected[name]) for name in tensors)
        return equal and _timeless(facts) == _timeless(known)
    if one.name == "metrics.jsonl":
        lines = ([_timeless(json.loads(line)) for line in path.read_text().splitlines()] for path in (one, other))
        return next(lines) == next(lines)
    if one.name == "summary.json":
        return _timeless(json.loads(one.read_text())) == _timeless(json.loads(other.read_text()))
    return True


def _timeless(stored: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in stored.items() if name != "seconds"}


def emptied(folder: Path) -> Path:
    """A folder that holds nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder
