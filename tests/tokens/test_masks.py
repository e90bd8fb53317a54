"""A growing table of masks: each once, and never moved."""

from __future__ import annotations

import numpy as np

from tunewright.tokens.masks import Masks


def test_equal_masks_share_a_row_and_rows_stay_where_they_are() -> None:
    masks, rng = Masks(9), np.random.default_rng(1)
    given = [rng.random(9) < 0.5 for _ in range(300)]
    rows = [masks.add(mask) for mask in given]
    assert len(masks) == len({mask.tobytes() for mask in given} | {np.ones(9, bool).tobytes()})
    for mask, row in zip(given, rows, strict=True):
        assert masks.add(mask.copy()) == row
        assert np.array_equal(masks.table[row], mask)
    assert masks.table.shape == (len(masks), 9)


def test_the_first_row_lets_anything_through() -> None:
    masks = Masks(4)
    assert masks.table[0].all()
    assert masks.add(np.ones(4, bool)) == 0


def test_a_mask_changed_later_does_not_change_its_row() -> None:
    masks = Masks(3)
    mask = np.array([True, False, True])
    row = masks.add(mask)
    mask[:] = False
    assert masks.table[row].tolist() == [True, False, True]
