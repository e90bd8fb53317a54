"""Reading, writing, playing and judging take time that grows as the tune does: counted in lines of ours that run."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tunewright.formats.abc import format_abc
from tunewright.formats.abc.reading import decode_abc
from tunewright.music.playing import MOST_PLAYED, played
from tunewright.music.tune import Tune

SECONDS = 60  # of a processor: each takes less than two, and took minutes or hours
HEADER = "X:1\nM:4/4\nL:1/8\nK:C\n"
SMALL, LARGE, MORE = 100, 400, 5.5  # so many times; four times as many may take so many times as long
AGAIN = (  # what stands in the music again and again, a note before and after it
    *(
        "C",
        "C9\n",
        "C8\n",
        "CDEF GABc|",
        "C|2:|",
        "[2c:|",
        "|1C:|2D|",
        "C:|",
        "|:C",
        "C::",
        "[1",
        "|1,3C",
        "C||",
        "[|]C",
    ),
    *(
        "(",
        ")",
        "(C)",
        "(3|",
        "(3(3C9\n",
        "(3CDE",
        "(2",
        "{C}",
        "{CDE}C",
        "[CEG]",
        "[C-E-]2",
        "C-",
        "C>D",
        "C>",
        "<",
        "C/3",
    ),
    *('"Am"C', '"^x"C', '"', "!trill!", "!trill!C", "!", "!a", "+a", "+", "+CE+C", ".C", "~C", "TC", "[U:T=!x!]TC"),
    *("[K:G]C[K:F]C", "[M:3/4]C[M:C]C", "[L:1/4]C", "[P:A]C", "[Q:1/4=90]C", "[V:2]C[V:1]C", "[r:x]C", "[I:x]C", "["),
    *(
        "C&D|",
        "&",
        "z",
        "x",
        "y",
        "Z|",
        "^C_D=E",
        "^/C",
        "C//",
        "C'",
        "`",
        "$",
        "\\",
        "C\\\n",
        "é",
        "12",
        "]",
        "}",
        ":",
    ),
    *(
        "\n",
        "%x\n",
        "C%x\n",
        "%%x\n",
        "w:la la\nC\n",
        "C\nw:la-\n",
        "+:x\n",
        "s:x\nC\n",
        "V:1\nC\nV:2\nD\n",
        "C=\n",
        "=20",
    ),
    *("%%begintext\n%%endtext\n", "N:x\n", "K:G\nC\nK:C\nC\n", "T:x\nC\n", "m:~C=D\n~C\n", "A:|\n", "&amp;", "\\'e"),
)
HEADS = (  # what stands in the head of a tune again and again, or in one of its fields
    *(
        "T:x\n",
        "C:x\n",
        "R:x\n",
        "M:3/4\n",
        "L:1/4\n",
        "P:A\n",
        "V:1\n",
        "U:T=!x!\n",
        "m:~C=D\n",
        "w:x\n",
        "+:x\n",
        "I:x\n",
    ),
    *("\n", "%x\n", "%%x\n", "text\n", "Q:1/4=90\n", "N:x\n", "s:x\n", "r:x\n", "Z:x\n", "W:x\n"),
)
FILES = ("X:1\nK:C\nC\n", "X:1\n", "T:x\n", "\n", "text\n\n", "T:x\nK:C\nC\n\n", "%%x\n", "X:1\nK:C\nC\n\n\n\n")


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of the package run, and how often a list of it is gone through within one."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        if "tunewright" not in frame.f_code.co_filename:
            return None
        count += event in ("line", "call")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def all_of_it(text: str) -> None:
    """Read, and what is read played, judged and written."""
    for tune, _ in decode_abc(text.encode(), "x.abc"):
        if isinstance(tune, Tune):
            assert sum(1 for _ in played(tune)) <= MOST_PLAYED
            assert isinstance(tune.bar_errors, tuple)
            assert isinstance(tune.form_errors, tuple)
            format_abc(tune)


def grows_evenly(of: Callable[[int], str]) -> bool:
    few, many = (lines_run(lambda n=times: all_of_it(of(n))) for times in (SMALL, LARGE))
    return many <= MORE * few + 2000


@pytest.mark.parametrize("sign", AGAIN)
def test_signs_again_and_again(sign: str) -> None:
    assert grows_evenly(lambda times: f"{HEADER}C{sign * times}C\n")


@pytest.mark.parametrize("line", HEADS)
def test_heads_again_and_again(line: str) -> None:
    assert grows_evenly(lambda times: f"X:1\n{line * times}K:C\nCDEF|\n")


@pytest.mark.parametrize("lines", FILES)
def test_files_again_and_again(lines: str) -> None:
    assert grows_evenly(lambda times: lines * times + "X:9\nK:C\nC\n")


def test_slurs_within_slurs() -> None:
    assert grows_evenly(lambda times: f"{HEADER}{'(' * times}C{')' * times}D{')' * times}\n")
    assert grows_evenly(lambda times: f"{HEADER}{'(C' * times}{'D)' * times}\n")
    assert grows_evenly(lambda times: f"{HEADER}{'(' * times}C{'(3|' * times}C\n")


def test_endings_that_go_up() -> None:
    assert grows_evenly(lambda times: HEADER + "".join(f"[{n} C|" for n in range(1, times + 1)))
    assert grows_evenly(lambda times: HEADER + f"C|{''.join(f'{n},' for n in range(1, 9))}C" * times)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + '"C' + "1" * 40 + 'x"C',  # a pattern that tried every way to divide the digits
        HEADER + "C" + "/" * 100_000,
        HEADER + "+" + "A" * 60 + "C",  # so did one of chords in plus signs
        HEADER + "+" + "A " * 20_000 + "C",
        HEADER + "!" + "A " * 20_000 + "C",
        f"X:1\nQ:{'1/4 ' * 30_000}\nK:C\nC",
        f"X:1\nQ:1/4{'/4444' * 30_000}\nK:C\nC",
        "X:1\nT:x\n" + "+:xx\n" * 30_000 + "K:C\nC",
        "X:1\n" + "V:1 x\n" * 30_000 + "K:C\nC",
        "X:1\n" + "".join(f"m:~{n}=C\n" for n in range(200)) + "K:C\n~1\n",
        f"X:1\nm:~n={'y' * 60_000}\nK:C\n" + "~C\n" * 30_000,
        "X:1\n\nK:C\n\nC|\n\n" * 3000,
        "X:1\nK:C\nC\n</p>\n" * 5000,
        f"X:1\nM:{'1' * 100_000}\nK:C\nC",
        f"X:1\nM:{'1+' * 50_000}1\nK:C\nC",
        f"X:1\nP:{'A999' * 20_000}\nK:C\nP:A\nC",
        f"X:1\nP:{'(' * 50_000}A{')9' * 50_000}\nK:C\nP:A\nC",
        f"X:1\nK:C{' exp' * 30_000}\nC",
        f"X:1\nK:C{' ^f' * 30_000}\nC",
        HEADER + "[" + "C" * 20_000,
        HEADER + "!" * 100_000,
        HEADER + '"' * 99_999,
        HEADER + "{" * 100_000,
        HEADER + "(" * 100_000,
    ],
    ids=lambda text: text[-30:],
)
def test_what_once_took_minutes_ends(text: str) -> None:
    def too_long(*_: object) -> None:
        raise TimeoutError(text[:100])

    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        all_of_it(text)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
