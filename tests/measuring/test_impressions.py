"""What a critic hears of real tunes: the same in every key and spelling, and nothing where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.small_runs import real_tunes
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.measuring.impressions import (
    BACK,
    BAR_SIZES,
    LIKENESSES,
    MOST_BARS,
    MOST_NOTES,
    NOTE_SIZES,
    Impression,
    hear,
)
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune


def heard(tune: Tune) -> Impression:
    found = hear(tune)
    assert found is not None
    return found


def same(one: Impression, other: Impression) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Impression.__slots__)


@pytest.mark.parametrize("semitones", [-5, 1, 7])
def test_the_key_is_not_heard(semitones: int) -> None:
    tunes = real_tunes()[:20]
    assert all(same(heard(tune), heard(transpose(tune, semitones))) for tune in tunes)
    assert not same(heard(tunes[0]), heard(tunes[1]))


def test_what_a_tune_is_called_is_not_heard() -> None:
    for tune in real_tunes()[:20]:
        assert same(heard(tune), heard(replace(tune, title="Another", rhythm="march")))
        (again,) = parse_abc(format_abc(tune))
        assert same(heard(tune), heard(again))


def test_every_integer_is_in_its_range() -> None:
    for tune in real_tunes():
        found = heard(tune)
        for rows, sizes in ((found.notes, NOTE_SIZES), (found.bars, BAR_SIZES)):
            assert rows.shape[1] == len(sizes)
            assert rows.min() >= 0
            assert (rows.max(0) < sizes).all()
        assert found.likeness.shape == (len(found.bars), BACK * len(LIKENESSES))
        assert 0 <= found.likeness.min() <= found.likeness.max() <= 1
        assert found.bar_of.max() < len(found.bars)


def test_a_bar_that_returns_is_heard_as_the_same_and_one_on_another_step_as_its_steps() -> None:
    (tune,) = parse_abc("X:1\nM:2/4\nL:1/8\nK:C\nCDEF|GABc|CDEF|DEFG|]\n")
    likeness = heard(tune).likeness.reshape(4, BACK, len(LIKENESSES))
    assert likeness[2, 1].tolist() == [1, 1, 1, 1]
    assert likeness[1, 0].tolist() == [0, 0, 1, 1]  # a fifth higher
    assert likeness[3, 0].tolist() == [0, 0, 1, 0]  # D to E is a tone, E to F a semitone
    assert likeness[0].sum() == 0


def test_too_few_notes_are_not_heard_and_too_many_only_so_far() -> None:
    assert hear(parse_abc("X:1\nM:2/4\nL:1/8\nK:C\nCDEF|GAB2|]\n")[0]) is None
    (long,) = parse_abc("X:1\nM:2/4\nL:1/32\nK:C\n" + "|".join(["CDEF" * 4] * (MOST_BARS + 50)) + "|]\n")
    found = heard(long)
    assert (len(found.bars), len(found.notes)) == (MOST_BARS, MOST_NOTES)
