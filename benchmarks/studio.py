"""How quick is the studio, how much does it hold, what becomes of a crowd, and what is lost when it is killed?

    python benchmarks/studio.py                          everything, in about half an hour
    python benchmarks/studio.py --only start button      some of it: start, button, pages, memory, crowd, kills
    python benchmarks/studio.py --presses 5 --generations 100 --seconds 10 --kills 3       in small
    python benchmarks/studio.py --break                  a studio that is late, leaks and forgets, to see it found out

Against a real server, started as a program of its own, with the model in the box:

- `start`: from the command to the first page.
- `button`: from the press of the button to the first bar, to the drawn score of the whole tune, to its sound; alone,
  and with ten people at once.
- `pages`: the bytes of each page with its scripts and styles, without sound.
- `memory`: what server and workers hold over 2,000 tunes. Flat is at most 5 % more at the end than after a tenth.
- `crowd`: twenty people at once for a minute. None is refused, and who has to wait for more than a second is told so.
- `kills`: the server is killed at a hundred random moments while people draw. Every tune that was confirmed is there
  afterwards, and no process is left.

Exit codes: 0 all goals are met, 1 some are not.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.studio_server import Browser, Refused, Served
from tunewright.studio.settings import DATABASE
from tunewright.studio.storage import tunes
from tunewright.studio.storage.database import Database

GOALS = {"first bar": 0.3, "drawn": 1.0, "sounding": 1.5}  # seconds after the button, in the median, alone
START_GOAL = 3.0  # seconds
PAGE_GOAL = 300_000  # bytes
MOST_GROWTH = 0.05
STARTS = 5
PEOPLE, CROWD = 10, 20
FEWEST_GENERATIONS = 40  # with fewer nothing has settled yet
A_GUEST = 50  # tunes that one browser asks for
TOLD_WITHIN = 1.0  # seconds after which who has no bar yet must know why
PAGES = ("/", "/learn", "/listen")
LINKED = re.compile(r"""(?:src|href)="([^"]+\.(?:js|css|svg|png|woff2))"|from "([^"]+\.js)"|import "([^"]+\.js)\"""")
BROKEN = """
import sys, threading, time
from tunewright.studio.storage import tunes
kept, store = [], tunes.store
def late(database, notebook, *words, **more):
    time.sleep(1)
    kept.append(bytearray(b"x" * 2_000_000))
    tune = tunes.StoredTune(id=tunes.new_id(), notebook=notebook, abc=words[0], made_by=words[1], **more)
    tune.created, tune.kept = tunes.now(), False
    threading.Timer(2, store, (database, notebook, *words), more).start()
    return tune
from tunewright.studio.storage.tables import new_id, now
tunes.new_id, tunes.now, tunes.store = new_id, now, late
if __name__ == "__main__":
    time.sleep(3)
    from tunewright.cli.app import main
    main()
"""


@dataclass
class Report:
    """What was measured, and which goals were missed."""

    missed: list[str] = field(default_factory=list)

    def told(self, what: str, found: str, *, met: bool | None = None) -> None:
        """Print a figure, and whether it meets its goal where it has one."""
        verdict = "" if met is None else "  met" if met else "  MISSED"
        print(f"{what:44} {found}{verdict}", flush=True)
        if met is not None and not met:
            self.missed.append(what)


@dataclass(frozen=True)
class Bench:
    """Where studios are served, and how much is asked of them."""

    folder: Path
    asked: argparse.Namespace
    report: Report

    @contextmanager
    def studio(self, name: str, *, ready: bool = True) -> Iterator[Served]:
        """A studio in a folder of its own, its model at hand."""
        program = ("-c", BROKEN) if self.asked.broken else ("-m", "tunewright")
        with Served(self.folder / name, program=program) as served:
            if ready:
                for _ in range(3):
                    press(served.browser(), 0)
            yield served


# ------------------------------------------------------------------------------------------------ the button


@dataclass(frozen=True, slots=True)
class Press:
    """What became of one press of the button: seconds after it, and whether somebody had to wait."""

    times: dict[str, float]
    waited: bool
    fault: str = ""
    told: float = 0.0  # when something was heard for the first time


def press(browser: Browser, seed: int, *, sound: bool = False) -> Press:
    """Draw a tune as the page does, and where that is asked for its score and its sound."""
    begun, times, tune, waited, first = time.monotonic(), dict[str, float](), None, False, 0.0
    try:
        for event in browser.events("/api/tunes", {"seed": seed}):
            first = first or event.seconds
            if event.name == "bar":
                times.setdefault("first bar", event.seconds)
            elif event.name == "waiting":
                waited = True
            elif event.name == "tune":
                tune = event.data
                times["written"] = event.seconds
            elif event.name == "failed":
                return Press(times, waited, event.data["error"], first)
        if tune is None:
            return Press(times, waited, "no tune came", first)
        if sound:
            with ThreadPoolExecutor(2) as both:
                wanted = {"drawn": "score", "sounding": "sound.wav"}
                done = {
                    name: both.submit(fetched, browser, f"/api/tunes/{tune['id']}/{path}")
                    for name, path in wanted.items()
                }
            for name, result in done.items():
                times[name] = result.result() - begun
    except (Refused, OSError, HTTPException, AssertionError) as error:
        return Press(times, waited, str(error) or type(error).__name__, first)
    return Press(times, waited, told=first)


def fetched(browser: Browser, path: str) -> float:
    """When all of something is here."""
    answer = browser.ask("GET", path)
    assert answer.status == 200, f"{path}: {answer.status}"
    return time.monotonic()


def side_by_side(served: Served, people: int, work: Callable[[Browser, int], list[Press]]) -> list[Press]:
    """What people who begin at the same time find."""
    with ThreadPoolExecutor(people) as crowd:
        found = crowd.map(work, [served.browser() for _ in range(people)], range(people))
        return [one for several in found for one in several]


def button(bench: Bench) -> None:
    """From the press of the button, alone and with others."""
    count = bench.asked.presses
    with bench.studio("button") as served:
        alone = [press(served.browser(), seed, sound=True) for seed in range(1, count + 1)]
        tell_times(bench.report, "alone", alone, GOALS)

        def presses(browser: Browser, person: int) -> list[Press]:
            each = max(1, count // PEOPLE)
            return [press(browser, 1000 * person + turn, sound=True) for turn in range(each)]

        tell_times(bench.report, f"{PEOPLE} people", side_by_side(served, PEOPLE, presses), {})


def tell_times(report: Report, who: str, found: list[Press], goals: dict[str, float]) -> None:
    """The median and the 95th percentile of each time."""
    for name in ("first bar", "written", "drawn", "sounding"):
        times = [one.times[name] for one in found if name in one.times]
        if times:
            middle, high = map(float, np.quantile(times, [0.5, 0.95]))
            goal = f", goal {goals[name]:g} s" if name in goals else ""
            met = middle <= goals[name] if name in goals else None
            report.told(f"{who}, button to {name}", f"{middle:.2f} s, 95th percentile {high:.2f} s{goal}", met=met)
    faults = [one.fault for one in found if one.fault]
    report.told(f"{who}, presses that failed", f"{len(faults)} of {len(found)} {faults[:1] or ''}", met=not faults)


# ------------------------------------------------------------------------------------------------ start and pages


def start(bench: Bench) -> None:
    """From the command to the first page."""
    times = []
    for number in range(STARTS):
        begun = time.monotonic()
        with bench.studio(f"start-{number}", ready=False) as served:
            fetched(served.browser(), "/")
            times.append(time.monotonic() - begun)
    found = statistics.median(times)
    bench.report.told("start to first page", f"{found:.2f} s, goal {START_GOAL:g} s", met=found <= START_GOAL)


def pages(bench: Bench) -> None:
    """What a page weighs."""
    with bench.studio("pages", ready=False) as served:
        for path in PAGES:
            size = weight(served.browser(), path)
            bench.report.told(
                f"page {path}", f"{size / 1000:.0f} kB, goal {PAGE_GOAL / 1000:.0f} kB", met=size <= PAGE_GOAL
            )


def weight(browser: Browser, page: str) -> int:
    """The bytes of a page and of all that it links to and its scripts import."""
    seen: dict[str, int] = {}
    waiting = [page]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        answer = browser.ask("GET", path)
        assert answer.status == 200, f"{path}: {answer.status}"
        seen[path] = len(answer.body)
        if path == page or path.endswith((".js", ".css")):
            links = LINKED.findall(answer.body.decode())
            waiting += [urljoin(path, next(filter(None, link))) for link in links]
    return sum(seen.values())


# ------------------------------------------------------------------------------------------------ memory and crowds


def family(pid: int) -> dict[int, int]:
    """A process and all below it, and the bytes of memory that each holds."""
    children: dict[int, list[int]] = {}
    held: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            held[int(folder.name)] = 4096 * int((folder / "statm").read_text().split()[1])
        except (OSError, IndexError):  # it has ended meanwhile
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found, waiting = dict[int, int](), [pid]
    while waiting:
        one = waiting.pop()
        found[one] = held.get(one, 0)
        waiting += children.get(one, [])
    return found


def memory(bench: Bench) -> None:
    """What server and workers hold over many tunes."""
    count = bench.asked.generations
    with bench.studio("memory") as served:
        browser, held = served.browser(), list[tuple[int, int]]()
        assert served.process
        for number in range(count):
            if number % A_GUEST == 0:  # nobody may ask for so many in a minute
                browser = served.browser()
            if fault := press(browser, number).fault:
                bench.report.told(f"tune {number} of {count:,}", fault, met=False)
            if number % max(1, count // 20) == 0 or number == count - 1:
                now = family(served.process.pid)
                held.append((now.pop(served.process.pid), sum(now.values())))
        settled = held[max(1, len(held) // 10)]
        for what, before, after in zip(("server", "workers"), settled, held[-1], strict=True):
            growth = after / before - 1
            told = f"{before / 1e6:.0f} MB, in the end {after / 1e6:.0f} MB ({growth:+.1%}), goal {MOST_GROWTH:+.0%}"
            bench.report.told(f"memory of {what} over {count:,} tunes", told, met=growth <= MOST_GROWTH)


def crowd(bench: Bench) -> None:
    """Twenty people at once for a while."""
    with bench.studio("crowd") as served:
        until = time.monotonic() + bench.asked.seconds

        def presses(browser: Browser, person: int) -> list[Press]:
            found: list[Press] = []
            while time.monotonic() < until:
                found.append(press(browser, 1000 * person + len(found)))
            return found

        found = side_by_side(served, CROWD, presses)
    tell_times(bench.report, f"{CROWD} people", found, {})
    late = [one for one in found if one.told > TOLD_WITHIN]
    waited = sum(one.waited for one in found)
    told = f"{waited} of {len(found)} waited; {len(late)} heard nothing for {TOLD_WITHIN:g} s"
    bench.report.told(f"{CROWD} people, waiting is told", told, met=not late and waited > 0)


# ------------------------------------------------------------------------------------------------ kills


def kills(bench: Bench) -> None:
    """The server killed at random moments: what was confirmed, and what is there."""
    rng, confirmed, lost, left = Random(1), dict[str, str](), 0, 0
    for _ in range(bench.asked.kills):
        heard: list[Any] = []
        with bench.studio("kills", ready=False) as served:
            assert served.process
            people = [threading.Thread(target=listen, args=(served.browser(), heard), daemon=True) for _ in range(3)]
            for one in people:
                one.start()
            while not heard and any(one.is_alive() for one in people):
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 2))
            below = family(served.process.pid)
            served.kill()
            for one in people:
                one.join()
        confirmed |= {tune["id"]: tune["abc"] for tune in heard}
        left += not ended(below)
        lost += missing(bench.folder / "kills" / DATABASE, confirmed)
    told = f"{lost} of {len(confirmed):,} confirmed tunes lost, processes left after {left}"
    bench.report.told(f"{bench.asked.kills} kills", told, met=not lost and not left and bool(confirmed))


def listen(browser: Browser, heard: list[Any]) -> None:
    """Draw until the server is gone; what was confirmed."""
    while True:
        try:
            heard += [event.data for event in browser.events("/api/tunes", {}) if event.name == "tune"]
        except (OSError, HTTPException, Refused):
            return


def ended(pids: dict[int, int], seconds: float = 10) -> bool:
    """Whether all these processes are gone soon."""
    until = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def missing(path: Path, confirmed: dict[str, str]) -> int:
    """How many of these tunes a database does not have as they were confirmed."""
    database = Database(f"sqlite:///{path}")
    try:
        found = {tune: tunes.find(database, tune) for tune in confirmed}
    finally:
        database.close()
    return sum(one is None or one.abc != confirmed[tune] for tune, one in found.items())


PARTS: dict[str, Callable[[Bench], None]] = {
    "start": start,
    "button": button,
    "pages": pages,
    "memory": memory,
    "crowd": crowd,
    "kills": kills,
}


def main() -> int:
    """Measure, and print what was found; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--presses", type=int, default=50, help="of the button, alone; as many by all people together")
    parser.add_argument("--generations", type=int, default=2000, help="tunes over which memory is watched")
    parser.add_argument("--seconds", type=float, default=60, help="that the crowd stays")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--break", dest="broken", action="store_true", help="a studio that is late, leaks and forgets")
    asked = parser.parse_args()
    if min(asked.presses, asked.kills) < 1 or asked.generations < FEWEST_GENERATIONS:
        parser.error(f"expected a press, a kill and {FEWEST_GENERATIONS} generations at least")
    report = Report()
    with TemporaryDirectory() as folder:
        for name in asked.only:
            PARTS[name](Bench(Path(folder), asked, report))
    print("missed: " + ", ".join(report.missed) if report.missed else "all goals are met")
    return int(bool(report.missed))


if __name__ == "__main__":
    sys.exit(main())
