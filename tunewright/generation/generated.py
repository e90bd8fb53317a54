"""Music as drawn: its seed, and what the model and the grammar made of it.

In: what a script has written. Out: `Generated`, which reads and judges the music when it is first asked to. This file
draws nothing, and how music is read and judged is its tokens' business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic

from tunewright.music.kinds import M
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.tokens.writing import Finished

_NOTES: Mapping[str, Callable[[Any], int]] = {
    Tune.kind: lambda tune: len(tune.notes),
    Piece.kind: lambda piece: piece.notes,
}


@dataclass(frozen=True)
class Generated(Generic[M]):
    """One tune, or one piece of several parts, as drawn."""

    index: int
    seed: int
    finished: Finished[M]
    log_likelihood: float  # nats, of the music that was drawn, at temperature 1 and without the grammar
    ids: tuple[int, ...]  # without the end
    ended: bool  # whether the model ended it; otherwise it was cut at the greatest length
    removed_mass: float | None = None  # probability that the grammar took away, mean over ids drawn; None without it
    given_notes: int = 0  # of its notes, those that were given, not drawn
    redrawn: int = 0  # how many were drawn in its place before, and shared too much with the training music
    chosen_by: str = ""  # what chose it among several candidates: "likelihood", "critic"; "" where there was one

    @cached_property
    def _judged(self) -> tuple[M | None, str]:
        return self.finished.read()

    @cached_property
    def text(self) -> str:
        """Of a tune ABC, with its number, and its seed and settings in N: fields; of a piece a line for each bar."""
        written, tell = self.finished.text, self.finished.tell
        return tell(self.music) if tell and self.music is not None else written

    @property
    def kind(self) -> str:
        """What it is to be, "tune" or "piece", even where it cannot be read."""
        return self.finished.kind

    @property
    def title(self) -> str:
        """What it is called."""
        return self.music.title if self.music is not None else self.finished.title

    @property
    def music(self) -> M | None:
        """The music that was written; None where it cannot be read."""
        return self._judged[0]

    @property
    def tune(self) -> M | None:
        """The music, where it is a tune."""
        return self.music

    @property
    def piece(self) -> M | None:
        """The music, where it is a piece of several parts."""
        return self.music

    @property
    def characters(self) -> int:
        """How many ids were written: characters, or musical tokens."""
        return len(self.ids)

    @property
    def error(self) -> str:
        """Why it is not well formed; "" where it is."""
        return self._judged[1]

    @property
    def log_likelihood_per_note(self) -> float:
        """Nats; NaN where no notes were drawn."""
        notes = _NOTES[self.music.kind](self.music) - self.given_notes if self.music else 0
        return self.log_likelihood / notes if notes > 0 else float("nan")

    @property
    def valid(self) -> bool:
        """Whether it is strictly well formed.

        A tune: read without repair, every bar adding up, repeats and endings balanced, at least four bars, ended. Of a
        piece see `formats.midi.validity`.
        """
        return not self.error


GeneratedPiece = Generated[Piece]
