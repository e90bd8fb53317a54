"""Commands run one by one, with the code of one tree, in a folder of their own.

In: a tree with the program in it, a folder, commands. Out: in that folder what they said (`said`), and what they wrote
(`work`, which they are run in). Runs that are copied for a command are told to have taken a hundredth of a second a
step, so that what is made of times can be compared. This file compares nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from unchanging.commands import Command
from unchanging.inputs import write_inputs

SECONDS = 600  # that a command may take
ABOUT = "about.json"
STEP = re.compile(r'^(\{"step": (\d+), "seconds": )[\d.e-]+', re.MULTILINE)
SPOKEN = ("code", "stdout", "stderr")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: a folder with what was said and written, and where it was made."""

    folder: Path
    work: str  # the folder that the commands ran in, as they knew it
    tree: str  # where the code lay
    version: str
    revision: str
    asked: dict[str, list[str]]  # the words of each command

    def said(self, name: str, kind: str) -> bytes:
        """What a command said: its exit code, stdout or stderr."""
        return (self.folder / "said" / f"{name}.{kind}").read_bytes()

    def files(self, name: str) -> dict[str, Path]:
        """The files in the folder of a command, by their names in it."""
        below = self.folder / "work" / name
        found = (path for path in below.rglob("*") if path.is_file() and path.name != ".lock")
        return {path.relative_to(below).as_posix(): path for path in found}


@contextmanager
def worktree(repository: Path, revision: str) -> Iterator[tuple[Path, str]]:
    """A temporary git worktree of a revision and its full name, gone afterwards."""
    git = ["git", "-C", str(repository)]
    full = subprocess.run(
        [*git, "rev-parse", f"{revision}^{{commit}}"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with TemporaryDirectory(prefix="unchanged-") as folder:
        tree = Path(folder).resolve() / "tree"
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(tree), full], check=True)
        try:
            yield tree, full
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)


def run_side(
    tree: Path, revision: str, folder: Path, commands: Sequence[Command], jobs: int, tell: Callable[[str], None]
) -> Side:
    """Run the commands with the code of a tree, `jobs` side by side; a line is told for each."""
    folder = folder.resolve()
    folder.mkdir(parents=True)
    with TemporaryDirectory(prefix="unchanged") as name:  # paths of one length: texts are broken into lines
        side = _run_all(tree, revision, Path(name).resolve(), commands, jobs, tell)
        for part in ("work", "said"):
            shutil.move(Path(name) / part, folder / part)
    about = {name: value for name, value in asdict(side).items() if name != "folder"}
    (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return replace(side, folder=folder)


def _run_all(
    tree: Path, revision: str, folder: Path, commands: Sequence[Command], jobs: int, tell: Callable[[str], None]
) -> Side:
    work = folder / "work"
    write_inputs(work / "inputs")
    environment = _environment(tree, folder)
    _check_program(tree, work, environment)
    version = _program(["--version"], work, environment).stdout.decode().split()[-1]
    done: dict[str, Future[float]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for command in commands:  # what is needed comes first, so that nothing waits for what cannot begin
            done[command.name] = pool.submit(_run, command, folder, environment, [done[one] for one in command.needs])
        for place, (name, future) in enumerate(done.items(), start=1):
            tell(f"{place} of {len(done)}: {name}, {future.result():.1f} s")
    asked = {command.name: list(command.words) for command in commands}
    return Side(folder, str(work), str(tree), version, revision, asked)


def load_side(folder: Path) -> Side:
    """The side that `run_side` left in a folder."""
    about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return Side(folder, **about)


def _environment(tree: Path, folder: Path) -> dict[str, str]:
    """What the commands are run with: the code of the tree, one thread each, a cache of their own."""
    ours = {
        "PYTHONPATH": str(tree),
        "TUNEWRIGHT_CACHE": str(folder / "cache"),
        "OMP_NUM_THREADS": "1",  # models this small gain nothing from more, and sums come in one order
        "COLUMNS": "100",
        "TERM": "dumb",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",  # a few measures (plan_match, harmony_match) sum over words in the order of a set
        "LC_ALL": "C.UTF-8",
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("TUNEWRIGHT_")} | ours


def _program(words: Sequence[str], work: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tunewright", *words]
    return subprocess.run(
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
    )


def _check_program(tree: Path, work: Path, environment: dict[str, str]) -> None:
    """AssertionError where the program is not that of the tree."""
    ask = [sys.executable, "-c", "import tunewright; print(tunewright.__file__)"]
    found = subprocess.run(ask, cwd=work, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(found).is_relative_to(tree), f"{found} would be run, not the code in {tree}"


def _run(command: Command, folder: Path, environment: dict[str, str], needed: Sequence[Future[float]]) -> float:
    """Run a command and keep what it says, once what it needs is there; returns the seconds that it took."""
    for future in needed:
        future.result()
    work, said = folder / "work", folder / "said" / command.name
    for source, copy in command.copies:
        _copy_steadily(work / source, work / command.name / copy)
    said.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    done = _program(command.words, work, environment)
    seconds = time.monotonic() - began
    for kind, content in zip(SPOKEN, (b"%d\n" % done.returncode, done.stdout, done.stderr), strict=True):
        Path(f"{said}.{kind}").write_bytes(content)
    return seconds


def _copy_steadily(source: Path, target: Path) -> None:
    """Copy a folder with runs in it, in which every step took as long as any other, and all began at one time."""
    if not source.is_dir():  # the command that was to make it failed, which is told
        return
    shutil.copytree(source, target)
    for path in target.rglob("metrics.jsonl"):
        path.write_text(STEP.sub(lambda found: f"{found[1]}{int(found[2]) / 100}", path.read_text()))
        _set(path.with_name("summary.json"), "seconds", "1.0")
        _set(path.with_name("record.json"), "started", '"2000-01-01T00:00:00+00:00"')


def _set(path: Path, name: str, value: str) -> None:
    """Give a field of a JSON file another value, leaving all else as it is written."""
    if path.exists():
        path.write_text(re.sub(rf'("{name}": )("[^"]*"|[\d.e-]+)', rf"\g<1>{value}", path.read_text()))
