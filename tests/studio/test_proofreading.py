"""What is wrong with ABC that somebody writes, and where; whatever they write."""

from __future__ import annotations

import random

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.studio.work.proofreading import Problem, proofread
from tunewright.studio.work.rendering import score
from tunewright.support.errors import TunewrightError

HEAD = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n"
GOOD = f"{HEAD}CDEF GABc|c4 c4|\n"


def places(text: str) -> list[tuple[int, int | None, str]]:
    return [(problem.line, problem.column, problem.kind) for problem in proofread(text).problems]


def test_nothing_is_wrong_with_a_good_tune() -> None:
    assert proofread(GOOD).problems == ()
    for tune in real_tunes(5):
        text = format_abc(tune)
        again = proofread(text)
        assert again.music == tune
        assert {problem.kind for problem in again.problems} <= {"bar"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{HEAD}CDEF GABc|CDEF GAB|c8|\n", (6, 11, "bar")),
        (f"{HEAD}CDEF GABc|\nCDEF GAB|c8|\n", (7, 1, "bar")),
        (f"{HEAD}|:CDEF GABc|CDEF GABc|\n", (6, 3, "bar")),
        ("X:1\nM:abc\nL:1/8\nK:C\nCDEF GABc|\n", (2, 3, "error")),
        (f"{HEAD}CDEF (17GABc|\n", (6, 6, "error")),
        (f"{HEAD}CDEF GABc|\nCDEF ?GABc|\n", (7, 6, "left out")),
        ("X:1\nK:Q\nCDEF GABc|\n", (2, 3, "repair")),
        ("CDEF GABc|\n", (1, None, "error")),
        (f"{GOOD}\nX:2\nK:C\ncdef|\n", (8, None, "more")),
        ("\n\nT:t\nM:4/4\nL:1/8\nK:C\nCDEF GABc|CDE|c8|\n", (7, 11, "bar")),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text: str, place: tuple[int, int | None, str]) -> None:
    assert places(text) == [place]
    assert proofread(text).music is not None


def test_what_can_be_read_is_read() -> None:
    proof = proofread(f"{HEAD}CDEF (17GABc|\nc4 c//////////////////////////////////////// c4|\n")
    assert isinstance(proof.music, Tune)
    assert len(proof.music.notes) == 11
    assert [problem.line for problem in proof.problems if problem.kind == "error"] == [6, 7]


@pytest.mark.parametrize("text", ["", "\n\n", "X:1\nK:C\n", "X:1\nT:only a title\n", "%", "12345", "X:1\nX:2\nX:3"])
def test_where_there_are_no_notes_that_is_said(text: str) -> None:
    proof = proofread(text)
    assert proof.music is None
    assert proof.error
    assert proof.problems


def test_all_voices_are_read() -> None:
    proof = proofread("X:1\nM:4/4\nL:1/8\nK:C\nV:1\nc8|\nV:2\nC8|\n")
    assert isinstance(proof.music, Score)
    assert proof.problems == ()


def test_problems_of_many_kinds_have_lines_of_the_text() -> None:
    for text in _nonsense(150):
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for problem in proofread(text).problems:
            assert isinstance(problem, Problem)
            assert problem.message
            assert "\n" not in problem.message
            assert 1 <= problem.line <= len(lines)
            assert problem.column is None or 1 <= problem.column <= len(lines[problem.line - 1])


def test_nonsense_is_drawn_or_refused_and_ends_nothing() -> None:
    for text in _nonsense(60):
        try:
            found = score(text)
        except TunewrightError:
            continue
        assert ("svg" in found) != ("error" in found)
        assert isinstance(found["problems"], list)


def _nonsense(count: int) -> list[str]:
    """Texts of real tunes with signs taken out, put in and moved, and of signs alone."""
    rng = random.Random(3)
    signs = "|:[]()<>{}\"!.~^_=-&%\\/'*?#0123456789 ABCDEFGabcdefgzxXKMLQRVTw\n"
    tunes = [format_abc(tune) for tune in real_tunes(5)]
    texts = []
    for _ in range(count):
        text = list(rng.choice(tunes))
        for _ in range(rng.randrange(1, 40)):
            place = rng.randrange(len(text))
            text[place : place + rng.randrange(3)] = rng.choices(signs, k=rng.randrange(4))
        texts.append("".join(text))
    texts += ["".join(rng.choices(signs, k=rng.randrange(1, 200))) for _ in range(count // 3)]
    return texts


def test_what_is_proofread_is_what_is_read() -> None:
    for tune in real_tunes(5):
        assert proofread(format_abc(tune)).music == parse_abc(format_abc(tune))[0]
