"""Distinct bars and grooves, counted by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import read, same
from tunewright.measuring.layering import GRID, bar_contours, bar_rhythms, groove_consistency, grooving_similarity
from tunewright.music.features import features
from tunewright.music.tune import Tune


def test_distinct_bar_rhythms_and_contours() -> None:
    tune = read("C4E4|E4C4|F4A4|C2D2E4|z4C4|C4z4|C8|")
    assert bar_rhythms(tune) == 5  # half half, quarter quarter half, rest half, half rest, whole
    assert bar_contours(tune) == 4  # up, down, up up, none


@pytest.mark.parametrize(
    ("music", "meter", "neighbours", "any_two"),
    [
        ("C8|C8|", "4/4", 1, 1),  # an empty bar at the end would make it 1 - 1/96
        ("C8|C4C4|C8|", "4/4", 47 / 48, 1 - 2 / 144),  # one place in two of three pairs
        ("C8|C8|C4C4|", "4/4", 1 - 1 / 96, 1 - 2 / 144),
        ("C6|C3C3|", "6/8", 47 / 48, 47 / 48),  # as many places in any metre
        ("C8-|C4C4|", "4/4", 46 / 48, 46 / 48),  # a tie begins nothing
        ("z4C4|C4z4|", "4/4", 46 / 48, 46 / 48),
        ("G2|C8|C8|C6:|", "4/4", 1, 1),  # neither a pickup nor the end that it completes
        ("(3CDE(3CDE(3CDE(3CDE|CDECDEC2|", "4/4", 1 - 11 / 48, 1 - 11 / 48),  # 8 and 3 off the beat
        ("C8D2|C8|", "4/4", 1, 1),  # beyond the metre
        ("C8|[M:3/4]C6|", "4/4", 1, 1),
        ("C8|", "4/4", math.nan, math.nan),
        ("C8|C8|", "none", math.nan, math.nan),
    ],
)
def test_grooves(music: str, meter: str, neighbours: float, any_two: float) -> None:
    assert same(groove_consistency(read(music, meter=meter)), neighbours)
    assert same(grooving_similarity(read(music, meter=meter)), any_two)


def onsets(tune: Tune) -> Sequence[set[int]]:
    return [
        {GRID * attack // bar.length for attack in bar.attacks if attack < bar.length}
        for bar in features(tune).bars
        if bar.length
    ]


@pytest.mark.parametrize("tune", real_tunes(5), ids=str)
def test_grooves_of_real_tunes_are_as_the_definition_has_them(tune: Tune) -> None:
    bars = onsets(tune)
    near, far = ([1 - len(a ^ b) / GRID for a, b in some] for some in (pairwise(bars), list(combinations(bars, 2))))
    assert same(groove_consistency(tune), sum(near) / len(near) if near else math.nan)
    assert same(grooving_similarity(tune), sum(far) / len(far) if far else math.nan)


def test_a_tune_without_notes_has_no_layers() -> None:
    for measure in (bar_rhythms, bar_contours, groove_consistency, grooving_similarity):
        assert math.isnan(measure(Tune(())))
