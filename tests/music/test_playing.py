"""Repeats unfolded: as written out, and never without end."""

from __future__ import annotations

import pytest

from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.reading import UNFOLDED
from tunewright.music.playing import MOST_PLAYED, expand_parts, played, plays_on
from tunewright.music.tune import Note, Tune

HEADER = "X:1\nM:4/4\nL:1/1\nK:C\n"
ENDLESS = (
    "C|2D:|" * 800 + "C:|",
    "[2c:|" * 4000 + "C:|",
)


def read(music: str, head: str = "") -> Tune:
    [tune] = parse_abc(f"X:1\n{head}M:4/4\nL:1/1\nK:C\n{music}\n")
    return tune


def names(tune: Tune) -> str:
    return "".join(element.pitch.step for element in played(tune) if isinstance(element, Note))


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("C|D:|", "CDCD"),
        ("C|D|:E:|", "CDEE"),
        ("C|1D:|2E|", "CDCE"),
        ("|:C|1,3D:|2E:|", "CDCECD"),
        ("|:C|1-3D:|4E|F", "CDCDCDCEF"),
        ("|:C||D:|E", "CDCDE"),
        ("C||D:|", "CDD"),
        ("|:C|[2D:|E:|", "CECDEE"),
    ],
)
def test_repeats_and_endings(music: str, expected: str) -> None:
    assert names(read(music)) == expected


@pytest.mark.parametrize("music", ENDLESS, ids=lambda music: music[:12])
def test_what_unfolds_without_end_is_cut_and_that_is_said(music: str) -> None:
    tune = read(music)
    assert sum(1 for _ in played(tune)) <= MOST_PLAYED
    assert plays_on(tune)
    assert UNFOLDED in {repair.what for repair in tune.repairs}


def test_parts_that_are_played_without_end_are_cut() -> None:
    tune = read("P:A\n" + "C|" * 2000, head="P:(A9)99\n")
    assert sum(1 for _ in played(tune)) == MOST_PLAYED
    assert plays_on(tune)


def test_what_is_played_whole_needs_no_word() -> None:
    tune = read("|:" + "C|" * 50 + "1D:|2E|", head="P:A9\n")
    assert not plays_on(tune)
    assert not tune.repairs


def test_orders_of_parts_that_are_absurdly_long() -> None:
    assert expand_parts("A999") == "A" * 729
    assert expand_parts("A9999") == ""
    assert len(expand_parts("A999" * 100_000)) <= 1000
