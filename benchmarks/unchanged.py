"""Does the program do what it did, to the byte? The same commands with two states of the code, all outputs compared.

    python benchmarks/unchanged.py --before REV                   the working tree against a revision
    python benchmarks/unchanged.py --before REV --save DIR        keep what the revision does, compare nothing
    python benchmarks/unchanged.py --against DIR                  the working tree against what was kept
    python benchmarks/unchanged.py --against DIR --after TREE     another working tree
    python benchmarks/unchanged.py --before REV --only generate evaluate/run      some of the commands
    python benchmarks/unchanged.py --list                         the commands

Every command is a process of its own, run through `python -m tunewright` alone, two side by side, with one thread each,
in a folder of its own with the same inputs: readings, trainings of every preset, tunes and pieces with everything that
can be asked of them, scorecards, comparisons, pictures, sound, tables, refusals, help. What it prints, its exit code
and every file that it writes are compared byte by byte, after what no code fixes was taken out
(`unchanging/settling.py`): folders, times, versions, the machine. The two sides have to be run on the same machine,
since sums of floats differ between processors. A line for each command; where something differs, a line for it and the
first lines that differ. One side takes about six minutes on two cores.

Not run: `demo` and `reproduce --minutes`, which train for a time and not for a number of steps; `--track`, which needs
trackers; Ctrl-C. Exit codes: 0 all is the same, 1 something differs.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from unchanging.commands import COMMANDS, Command
from unchanging.running import SPOKEN, Side, load_side, run_side, worktree
from unchanging.settling import settled

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 10  # lines of a difference
WIDTH = 160  # characters of a line shown
AROUND = 40  # characters shown before the first one that differs
COMPARED = 400  # lines, from the first one that differs, that a difference is looked for in


def chosen(only: Sequence[str]) -> list[Command]:
    """The commands whose names begin so or match, with all that they need, in order; SystemExit where there is none."""
    if not only:
        return list(COMMANDS)
    by_name = {command.name: command for command in COMMANDS}
    wanted: set[str] = set()

    def take(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            for need in by_name[name].needs:
                take(need)

    for name in by_name:
        if any(name == one or name.startswith(f"{one}/") or fnmatch(name, one) for one in only):
            take(name)
    if not wanted:
        sys.exit(f"Error: no command is called {' or '.join(only)}; --list has them")
    return [command for command in COMMANDS if command.name in wanted]


# ------------------------------------------------------------------------------------------------ comparing


def things(name: str, one: Side, other: Side) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """What a command said and wrote on both sides, by name; None where one side has no such file."""
    for kind in SPOKEN:
        yield f"{name} {kind}", one.said(name, kind), other.said(name, kind)
    ours, theirs = one.files(name), other.files(name)
    for file in sorted({*ours, *theirs}):
        contents = (found[file].read_bytes() if file in found else None for found in (ours, theirs))
        yield f"{name}/{file}", *contents


def differences(name: str, before: Side, after: Side) -> Iterator[str]:
    """What is not the same of a command, in lines."""
    for thing, old, new in things(name, before, after):
        if old is None or new is None:
            yield f"{thing}: {'new' if old is None else 'gone'}"
        elif old != new and (old := settled(thing, old, before)) != (new := settled(thing, new, after)):
            yield f"{thing}: differs"
            yield from shown_difference(old, new)


def shown_difference(old: bytes, new: bytes) -> Iterator[str]:
    """The first lines that differ, long ones where they begin to; of what is no text, the first byte that does."""
    try:
        texts = [_lines(content.decode("utf-8")) for content in (old, new)]
    except UnicodeDecodeError:
        yield f"    from byte {_alike(old, new):,} on; {len(old):,} and {len(new):,} bytes"
        return
    same = _alike(*texts)
    parts = [lines[max(0, same - 1) : same + COMPARED] for lines in texts]
    found = list(difflib.unified_diff(*parts, "before", "after", n=1, lineterm=""))[2:]
    for line in found[:SHOWN]:
        yield f"    {line[:WIDTH]}"
    if len(found) > SHOWN:
        yield f"    … and {len(found) - SHOWN:,} lines more, from line {same + 1:,} on"


def _alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items two sequences begin with that are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(one), len(other)))


def _lines(text: str) -> list[str]:
    """The lines of a text, long ones broken after tags, and wherever they are longer than can be shown."""
    lines = text.replace(">", ">\n").splitlines() if len(text) > WIDTH * text.count("\n") else text.splitlines()
    step = WIDTH - AROUND
    return [line[start : start + step] for line in lines for start in range(0, max(len(line), 1), step)]


def compare(before: Side, after: Side, commands: Sequence[Command]) -> bool:
    """Print a line for each command, and more where something differs; whether all is the same."""
    differ = 0
    if inputs := list(_differing_inputs(before, after)):
        print(f"DIFFERENT inputs: {', '.join(inputs)}; keep what was before anew")
        return False
    for command in commands:
        if before.asked.get(command.name) != list(command.words):
            print(f"DIFFERENT {command.name}: was not asked, or with other words; keep what was before anew")
            differ += 1
            continue
        found = list(differences(command.name, before, after))
        code = int(before.said(command.name, "code"))
        if code != command.code:
            found.append(f"{command.name}: exited with {code} before; the list expects {command.code}")
        count = len(after.files(command.name))
        print(f"{'DIFFERENT' if found else 'same'} {command.name}: exit code, stdout, stderr, {count} files")
        for line in found:
            print(f"  {line}")
        differ += bool(found)
    print(f"{len(commands) - differ} of {len(commands)} commands do the same")
    return not differ


def _differing_inputs(before: Side, after: Side) -> Iterator[str]:
    ours, theirs = before.files("inputs"), after.files("inputs")
    for name in sorted({*ours, *theirs}):
        if name not in ours or name not in theirs or ours[name].read_bytes() != theirs[name].read_bytes():
            yield name


# ------------------------------------------------------------------------------------------------ running


def run_revision(revision: str, folder: Path, commands: Sequence[Command], jobs: int) -> Side:
    """What the code of a revision does, kept in a folder."""
    with worktree(ROOT, revision) as (tree, full):
        return timed(tree, full, folder, commands, jobs)


def timed(tree: Path, revision: str, folder: Path, commands: Sequence[Command], jobs: int) -> Side:
    """What the code of a tree does; how long that took goes to stderr."""
    began = time.monotonic()
    side = run_side(tree, revision, folder, commands, jobs, lambda line: print(line, file=sys.stderr, flush=True))
    print(f"{len(commands)} commands with {revision}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return side


def main() -> int:
    """Run, keep, compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="REV", default="HEAD", help="the revision to compare with; else HEAD")
    parser.add_argument("--after", metavar="TREE", type=Path, default=ROOT, help="the working tree; else this one")
    parser.add_argument("--save", metavar="DIR", type=Path, help="keep what REV does there, and end")
    parser.add_argument("--against", metavar="DIR", type=Path, help="compare with what --save kept, not with REV")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="leave the outputs of both sides there")
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[], help="these commands and what they need")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="commands side by side; else 2")
    parser.add_argument("--list", action="store_true", help="print the commands, run nothing")
    given = parser.parse_args()
    commands = chosen(given.only)
    if given.list:
        for command in commands:
            print(f"{command.name:<28} tunewright {' '.join(command.words)}")
        return 0
    if given.save:
        run_revision(given.before, given.save, commands, given.jobs)
        return 0
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(TemporaryDirectory(prefix="unchanged-")))
        before = (
            load_side(given.against)
            if given.against
            else run_revision(given.before, folder / "before", commands, given.jobs)
        )
        after = timed(given.after.resolve(), "the working tree", folder / "after", commands, given.jobs)
        return int(not compare(before, after, commands))


if __name__ == "__main__":
    sys.exit(main())
