"""What raters are asked of a tune, or of two.

In: words as a user writes them. Out: a kind of test, and its questions. The five that are rated are what the judges of
the AI Music Generation Challenge looked at in each tune (Sturm and Maruri-Aguilar 2021). This file words no question:
the catalogues do.
"""

from __future__ import annotations

from collections.abc import Mapping

from tunewright.support.errors import ConfigError

RATING, PAIRS, MACHINE = "rating", "pairs", "machine"
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    RATING: ("melody", "structure", "playability", "memorability", "interest"),
    PAIRS: ("prefer",),
    MACHINE: ("machine",),
}
"""Each kind of test, and what is asked in it."""
LOWEST, HIGHEST = 1, 5  # of a rating


def parse_questions(text: str) -> tuple[str, tuple[str, ...]]:
    """A kind of test and its questions; some of those that are rated may be named, as in "melody,interest".

    ConfigError for any others.

    >>> parse_questions("interest, melody")
    ('rating', ('melody', 'interest'))
    """
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    if len(words) == 1 and words[0] in QUESTIONS:
        return words[0], QUESTIONS[words[0]]
    if not words or not set(words) <= set(QUESTIONS[RATING]):
        raise ConfigError(
            f"questions are {text!r}; expected {', '.join(QUESTIONS)}, or some of {', '.join(QUESTIONS[RATING])}"
        )
    return RATING, tuple(name for name in QUESTIONS[RATING] if name in words)
