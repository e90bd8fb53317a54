"""Colours of notes: what is foreseen stays black, what is not stands out."""

import math

from tunewright.reports.scorecard.scores import COLOURS, heat


def test_ordinary_notes_stay_black_and_colours_stand_out_on_white() -> None:
    (first, amber), (second, magenta) = COLOURS
    assert heat([0, first - 0.1, first, second - 0.1, second, 30, math.nan]) == {
        2: amber,
        3: amber,
        4: magenta,
        5: magenta,
    }
    assert all(1.05 / (luminance(colour) + 0.05) > 4.5 for _, colour in COLOURS)  # WCAG 2.1


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
