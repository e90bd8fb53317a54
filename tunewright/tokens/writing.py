"""What drawing asks of the tokens that music is written in: writers, scripts and constraints.

In: a `Request`, and ids as they are drawn. Out: which id has to come, which may come, what the model reads next, and at
the end the music. A `Writer` belongs to one drawing at a time: its grammar and its masks grow while it writes. This
file draws nothing and knows no tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Generic, Protocol

from tunewright.music.kinds import M
from tunewright.music.tune import Tune
from tunewright.tokens.masks import Masks
from tunewright.tokens.requests import Request


class Constraint(Protocol):
    """Where writing stands in a grammar; immutable."""

    @property
    def row(self) -> int:
        """The row of the mask of what may come; one id at least may."""

    def after(self, number: int) -> Constraint:
        """Where it stands after an id that the row lets through, the end apart."""


@dataclass(frozen=True, slots=True)
class Label:
    """What music that was drawn says of itself."""

    number: int  # of it, from 1
    seed: int
    note: str  # how it was drawn


@dataclass(frozen=True)
class Finished(Generic[M]):
    """What was written, and what reads and judges it when that is first asked."""

    text: str  # "" where tokens spell no text
    read: Callable[[], tuple[M | None, str]] = field(compare=False)  # None where it spells no music; what is wrong
    title: str = ""  # by which it goes even where it spells no music
    tell: Callable[[M], str] | None = field(default=None, compare=False)  # the music in words, where it has no text
    kind: str = Tune.kind  # of music that it is to be


class Script(Protocol[M]):
    """Music being written."""

    ids: list[int]
    bars: int  # bar lines written: chance begins anew with each
    first: tuple[int, ...]  # what the model reads before anything is written

    @property
    def forced(self) -> int:
        """The id that has to come; -1 where one is to be drawn."""

    @property
    def row(self) -> int:
        """The row of the masks of what may come; 0 where anything may."""

    @property
    def in_body(self) -> bool:
        """Whether what comes is music: what likelihood and removed mass are counted of."""

    @property
    def given_notes(self) -> int:
        """Notes that were given, not drawn."""

    def write(self, number: int) -> tuple[int, ...]:
        """What the model reads after this id."""

    def is_note(self, number: int) -> bool:
        """Whether an id is, or begins, a note or a rest."""

    def is_music(self, number: int) -> bool:
        """Whether an id is written in the music, and does not only say what is to come."""

    @property
    def again(self) -> Collection[int]:
        """The ids that say that the bar which begins here may be the one before it again."""

    def finish(self, label: Label, *, ended: bool) -> Finished[M]:
        """What was written; `ended` by an end, or cut."""

    def so_far(self, label: Label) -> str:
        """The text that a listener may be shown up to the last bar line; "" while that may still change."""


@dataclass(frozen=True)
class Beginnings(Generic[M]):
    """What begins each tune or piece of a call, by its index, and after how many ids one that does not end is cut."""

    script: Callable[[int], Script[M]]
    most: int


class Writer(Protocol[M]):
    """What writes in one vocabulary, for one drawing at a time."""

    @property
    def masks(self) -> Masks:
        """What its grammar lets through, as far as it has been met."""

    @property
    def rows(self) -> int:
        """How many are drawn side by side, unless more are asked for."""

    @property
    def worth_a_process(self) -> int:
        """For how many a second process is worth its beginning."""

    @property
    def longest(self) -> int:
        """After how many ids music that does not end is cut, unless another number is asked for."""

    def begin(self, request: Request, seed: int, most: int) -> Beginnings[M]:
        """What begins each, number i with seed `seed + i`; ConfigError for what cannot be had."""
