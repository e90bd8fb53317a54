"""Distances between tunes: features by hand, densities by the formula, traps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tests.support.short_tunes import SILENCE, read
from tunewright.measuring.spreads import FEATURES, MOST, NOTHING, SPANS, WIDTH, Spread, divergence, overlap
from tunewright.music.features import features


def spread(*music: str) -> Spread:
    return Spread.of([features(read(one)) for one in music])


def of_counts(counts: Sequence[int]) -> Spread:
    """Tunes of so many notes."""
    return spread(*("C" * count + "|" for count in counts))


def test_the_features_of_a_tune() -> None:
    found = spread("C2D2E2z2|C8|")
    single = {name: found.column(name).item() for name, (size, *_) in FEATURES.items() if size == 1}
    assert single == pytest.approx(
        {
            "pitch_count": 3,
            "pitch_range": 4,
            "pitch_interval": 8 / 3,  # 2 2 4
            "note_count": 4,
            "onset_gap": 1 / 3,  # from 0 to 1 in three gaps
        }
    )
    assert found.column("pitch_classes")[0, :5] == pytest.approx([2 / 4, 0, 1 / 4, 0, 1 / 4])
    assert found.column("pitch_transitions").reshape(12, 12)[0, 2] == pytest.approx(1 / 3)
    assert found.column("note_lengths")[0, [0, 2]] == pytest.approx([1 / 4, 3 / 4])
    assert found.column("length_transitions").reshape(12, 12)[2, [2, 0]] == pytest.approx([2 / 3, 1 / 3])


def test_lengths_are_those_of_the_nearest_value() -> None:
    assert np.flatnonzero(spread("C7C|").column("note_lengths")).tolist() == [0, 3]  # 7/8 is as near to 1 as to 3/4


def test_a_tune_that_lacks_a_feature_is_left_out_of_it() -> None:
    found = Spread.of([features(read("C4D4|", "none")), features(read("C8|"))])
    assert len(found.column("pitch_classes")) == 1
    assert len(found.column("onset_gap")) == 1
    assert len(found.column("note_count")) == 2
    assert len(Spread.of([features(SILENCE)]).rows) == 0


def by_formula(inside: Sequence[float], between: Sequence[float]) -> tuple[float, float]:
    """Overlapping area and divergence of two Gaussian kernel estimates with Scott's bandwidth, summed finely."""
    grid = np.linspace(-40, 80, 24_001)
    shares = []
    for distances in (np.array(inside), np.array(between)):
        width = distances.std(ddof=1) * len(distances) ** -0.2
        density = np.exp(-(((grid[:, None] - distances) / width) ** 2) / 2).sum(1)
        shares.append(np.maximum(density / density.sum(), 1e-300))
    p, q = shares
    return float(np.minimum(p, q).sum()), float((p * np.log(p / q)).sum())


def test_overlap_and_divergence_are_those_of_the_definition() -> None:
    real, ours = of_counts([4, 8, 14]), of_counts([6, 10])
    inside = [4, 10, 4, 6, 10, 6]  # each from each other one
    between = [2, 6, 2, 2, 8, 4]  # 4, 8, 14 from 6 and 10
    area, nats = by_formula(inside, between)
    assert overlap(ours, real, "note_count") == pytest.approx(area, abs=2e-3)
    assert divergence(ours, real, "note_count") == pytest.approx(nats, rel=2e-2)


def test_what_lies_far_off_overlaps_little() -> None:
    real = of_counts([4, 8, 14, 9])
    near, far = of_counts([5, 9, 12]), of_counts([60, 70, 80])
    assert overlap(far, real, "note_count") < 0.01 < 0.5 < overlap(near, real, "note_count")
    assert divergence(far, real, "note_count") > 10 * divergence(near, real, "note_count")


def test_there_is_no_density_of_one_distance_or_of_equal_ones() -> None:
    real = of_counts([4, 8, 14])
    for ours in (NOTHING, of_counts([]), of_counts([8])):
        expected_nan = not len(ours.rows)
        assert math.isnan(overlap(ours, real, "note_count")) == expected_nan
        assert math.isnan(divergence(ours, real, "note_count")) == expected_nan
    assert math.isnan(overlap(real, of_counts([4]), "note_count"))
    assert math.isnan(overlap(real, of_counts([4, 8]), "note_count"))  # 4 and 4
    assert math.isnan(overlap(real, real, "pitch_count"))  # one pitch each


@pytest.mark.parametrize("feature", FEATURES)
def test_real_tunes_lie_among_real_tunes(feature: str) -> None:
    tunes = [features(tune) for tune in real_tunes(40)]
    ones, others = Spread.of(tunes[::2]), Spread.of(tunes[1::2])
    assert 0.85 < overlap(ones, others, feature) <= 1
    assert 0 <= divergence(ones, others, feature) < 0.15


def test_at_most_two_hundred_tunes_are_compared_from_the_first_to_the_last() -> None:
    rows = np.zeros((401, WIDTH), np.float32)
    rows[:, SPANS["note_count"][0]] = range(401)
    column = Spread(rows).column("note_count").ravel()
    assert len(column) == MOST
    assert (column[0], column[-1]) == (0, 398)
    assert (np.diff(column) >= 2).all()
