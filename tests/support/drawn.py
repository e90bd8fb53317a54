"""Tunes as a run draws them, made by hand."""

from tunewright.generation.generated import Generated
from tunewright.music.tune import Tune
from tunewright.tokens.abc_text import finished_tune


def drawn_tune(
    text: str,
    seed: int = 0,
    *,
    index: int = 0,
    log_likelihood: float = -1.0,
    ended: bool = True,
    removed: float | None = None,
) -> Generated[Tune]:
    """A tune whose ABC this is, one id for each sign."""
    ids = tuple(range(len(text)))
    return Generated(index, seed, finished_tune(text, ended), log_likelihood, ids, ended, removed)
