"""Phrase plans: which bars return, the same or varied."""

from __future__ import annotations

import pytest

from tests.support.short_tunes import read
from tunewright.music.features import features
from tunewright.music.phrases import phrase_plan, returns
from tunewright.music.tune import Tune


@pytest.mark.parametrize(
    ("music", "plan"),
    [
        ("CDEF|GABc|CDEF|", "A B A"),
        ("CDEF|CDEG|CDEA|CDEG|", "A A' A'' A'"),
        ("CDEF|CDAB|", "A A'"),  # half of the notes
        ("CDEF|CABc|", "A B"),
        ("C2E2|CDEF|", "A A'"),  # C and E on the same beats: 4 of 6
        ("z4|CDEF|z4|", "A B A"),
    ],
)
def test_phrase_plan(music: str, plan: str) -> None:
    assert " ".join(phrase_plan(read(music, meter="2/4"))) == plan


def test_letters_go_on_after_z() -> None:
    scale = "C4|D4|E4|F4|G4|A4|B4|c4|d4|e4|f4|g4|a4|b4|c'4|d'4|e'4|f'4|g'4|a'4|b'4|C,4|D,4|E,4|F,4|G,4|A,4|"
    assert phrase_plan(read(scale, meter="2/4"))[25:] == ("Z", "AA")


def test_bars_return_at_places_of_their_section() -> None:
    tune = read("G2|CDEF|GABc|CDEG|1CDEF:|2GABc||CDEF|GABc|", meter="2/4")
    assert list(returns(features(tune))) == [
        (0, "new", 0),  # the first G2 fills half a bar: a pickup
        (1, "new", 0),
        (2, "varied", 2),
        (3, "same", 3),
        (3, "same", 3),  # the second ending is where the first is
        (0, "same", 2),
        (1, "same", 2),
    ]


def test_a_tune_without_bars_has_no_plan() -> None:
    assert phrase_plan(Tune(())) == ()
