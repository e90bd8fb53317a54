"""Which tokens music is written in, and what of it they keep.

In: names and values. Out: frozen `TokenSettings`, checked but for the name of the codec, which `registry` knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.support.settings import check_settings, choice, number


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """What a codec is fitted with; each kind of codec looks at those that concern it."""

    kind: str = choice("characters", name="tokens")  # or degrees: musical tokens, the same in every key; or of pieces
    text: str = choice("verbatim", ("canonical", "verbatim"))  # which characters: a tune's own text, or canonical ABC
    grace_notes: bool = True  # whether degrees keep them
    chord_symbols: bool = True  # whether degrees keep them
    phrase_plan: bool = False  # whether degrees say before each measure which earlier one it returns, and how
    last_notes: bool = False  # whether degrees tell beside each token the last notes, and how the melody moved to them
    told_share: float = number(0.0, 0.0, 1.0)  # of the tunes that degrees are learned from with notes to come known
    bpe: int = number(0, 0, 30_000)  # ids that byte-pair encoding makes of the tokens of pieces; 0 is without
    transpose: int = number(0, 0, 11)  # semitones up to which pieces are moved, up or down, each time through

    def __post_init__(self) -> None:
        check_settings(self)
