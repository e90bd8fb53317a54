"""One execution after another, each bounded in time and memory, in several processes; what fails is made small.

In: how many, of which kinds, from which seed. Out: what came of each, in order, the same in any number of processes.
An execution that ends its process, or holds it where no signal is heard, costs itself alone.
"""

from __future__ import annotations

import random
import re
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FrameType

from fuzzing import midis, seeds, texts
from fuzzing.laws import SECONDS, SLOW, Fault, Found, TooSlow, judge
from tunewright.support.processes import Died, in_order

MEMORY = 2**30  # bytes that it may take beyond what is loaded
GRACE = 3  # seconds after which what hears no signal is killed
EVERY = 16  # one in so many is drawn, sounded and described too
TRIALS, PATIENCE = 300, 20.0  # executions, and seconds, that making a failure small may take
SMALL_ONES = 3  # failures of one kind that a process makes small
DIED = "died"
KINDS = ("abc", "midi")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one execution; what it was given, and the same made small, where something failed."""

    name: str
    found: Found
    seconds: float
    content: bytes = b""
    small: bytes = b""


def name_of(number: int, kinds: tuple[str, ...] = KINDS) -> str:
    """What the execution of a number is called: kinds take turns."""
    return f"{kinds[number % len(kinds)]}:{number // len(kinds)}"


def content_of(name: str, seed: int) -> bytes:
    """What an execution reads: by its name and the campaign's seed alone."""
    kind = name.partition(":")[0]
    rng = random.Random(f"{seed}:{name}")
    if kind == "abc":
        return texts.mutated(rng.choice(seeds.abc_seeds()), rng, seeds.abc_seeds())
    return midis.mutated(rng.choice(seeds.midi_seeds()), rng, seeds.midi_seeds())


def is_deep(name: str) -> bool:
    """Whether what is read is drawn, sounded and described too."""
    return int(name.partition(":")[2]) % EVERY == 0


def run(first: int, count: int, seed: int, kinds: tuple[str, ...], processes: int) -> Iterator[Result]:
    """The results of so many executions, in order."""
    prepare()

    def work(job: int) -> Iterator[Result]:
        yield execute(name_of(first + job, kinds), seed)

    for result in in_order(work, count, processes):
        if isinstance(result, Died):
            name = name_of(first + result.job, kinds)
            what = SLOW if result.how == f"signal {signal.SIGXCPU.value}" else DIED
            fault = Fault(what, f"the process ended ({result.how})")
            yield Result(name, Found(0, (fault,)), float(SECONDS), content_of(name, seed))
        else:
            yield result


@cache
def prepare() -> None:
    """Load what executions need, once, before processes are made."""
    import numpy  # noqa: F401, PLC0415
    import symusic  # noqa: F401, PLC0415
    import verovio  # noqa: F401, PLC0415

    seeds.abc_seeds(), seeds.midi_seeds()


def execute(name: str, seed: int) -> Result:
    """One execution, within its bounds."""
    content = content_of(name, seed)
    begun = time.process_time()
    found = bounded_judge(name, content)
    seconds = time.process_time() - begun
    if not found.faults:
        return Result(name, found, seconds)
    return Result(name, found, seconds, content, _made_small(name, content, found))


def bounded_judge(name: str, content: bytes) -> Found:
    """What the laws say of bytes, or that they took too much time or memory."""
    try:
        return judge(name.partition(":")[0], content, deep=is_deep(name), bounds=_bounded)
    except TooSlow as slow:
        return Found(0, (Fault(SLOW, f"more than {SECONDS} seconds, at last in {slow}"),))


@contextmanager
def _bounded() -> Iterator[None]:
    _bound_memory()
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS + GRACE, hard))
    signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _too_slow(_signal: int, frame: FrameType | None) -> None:
    while frame is not None and "tunewright/" not in frame.f_code.co_filename:
        frame = frame.f_back
    raise TooSlow(f"{frame.f_code.co_filename.rpartition('tunewright/')[2]}:{frame.f_code.co_name}" if frame else "?")


@cache
def _bound_memory() -> None:
    """Bound the address space of this process, which is that of one that executes alone."""
    with open("/proc/self/statm") as about:
        taken = int(about.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, hard))


# ------------------------------------------------------------------------------------------------ made small

_made: Counter[str] = Counter()


def kind_of(fault: Fault) -> str:
    """What faults of one cause have in common, as far as can be told: what is said, without names and numbers."""
    return f"{fault.what}: " + re.sub(r"'[^']*'|\"[^\"]*\"|[\d.]+|became.*", "…", fault.reason)[:120]


def _made_small(name: str, content: bytes, found: Found) -> bytes:
    kind = kind_of(found.faults[0])
    _made[kind] += 1
    if _made[kind] > SMALL_ONES or found.faults[0].what == SLOW:
        return b""

    def fails(other: bytes) -> bool:
        return any(kind_of(fault) == kind for fault in bounded_judge(name, other).faults)

    return made_small(content, fails)


def made_small(content: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """A smaller input that fails too: pieces are taken out, large ones first (Zeller & Hildebrandt 2002)."""
    trials, until = TRIALS, time.process_time() + PATIENCE
    size = max(1, len(content) // 2)
    while size:
        place = 0
        while place < len(content):
            if not trials or time.process_time() > until:
                return content
            trials -= 1
            without = content[:place] + content[place + size :]
            if fails(without):
                content = without
            else:
                place += size
        size //= 2
    return content
