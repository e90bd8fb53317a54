"""How music is drawn from a model's probabilities, bar by bar.

In: a temperature, or one for each stretch of bars, and what is left out of the probabilities. Out: a `Decoding`, or a
`ConfigError` for settings out of range. This file draws nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tunewright.generation.sampling import Sampling
from tunewright.support.errors import ConfigError

Temperature = float | Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to draw, from which bar on: bar 1 is the first."""

    stages: tuple[tuple[int, Sampling], ...] = ((1, Sampling()),)
    repeats: int = 0  # how often the same bar may stand in a row; 0 is no limit

    def __post_init__(self) -> None:
        bars = [bar for bar, _ in self.stages]
        if bars != sorted(set(bars)) or not bars or bars[0] != 1:
            raise ConfigError(f"the temperature changes at bars {bars}; expected rising numbers, the first one 1")
        if self.repeats < 0:
            raise ConfigError(f"repeats is {self.repeats}; expected 0 (no limit) or more")

    @classmethod
    def of(
        cls,
        temperature: Temperature = 1.0,
        *,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repeats: int = 0,
    ) -> Decoding:
        """The decoding with one temperature, or with those of a mapping like `{1: 1.0, 9: 1.4}`, each from a bar on."""
        stages = temperature if isinstance(temperature, Mapping) else {1: temperature}
        samplings = tuple((bar, Sampling(degree, top_k, top_p, min_p)) for bar, degree in sorted(stages.items()))
        return cls(samplings, repeats)

    def stage(self, bars: int) -> int:
        """The stage that holds after so many bar lines."""
        return sum(first <= bars + 1 for first, _ in self.stages) - 1

    def __str__(self) -> str:
        first, *later = self.stages
        changes = [f"from bar {bar} temperature {sampling.temperature:g}" for bar, sampling in later]
        return ", ".join([str(first[1]), *changes])


def parse_temperature(text: str) -> dict[int, float]:
    """The temperature from which bar on; ConfigError for words that say none.

    >>> parse_temperature("1.0,9:1.4")
    {1: 1.0, 9: 1.4}
    """
    stages: dict[int, float] = {}
    for place, part in enumerate(text.split(",")):
        found = re.fullmatch(r"(?:(\d{1,4}):)?(\d+\.?\d*|\.\d+)", part.strip())
        if not found or (place > 0) != bool(found[1]):
            raise ConfigError(f"temperature is {text!r}; expected a number, or more with bars, as in 1.0,9:1.4")
        bar = int(found[1] or 1)
        if bar <= max(stages, default=0):
            raise ConfigError(f"temperature is {text!r}; expected bars after the first, one after another")
        stages[bar] = float(found[2])
    return stages
