"""One tune as it is written: its header, then bar after bar.

In: what `generate` takes. Out: pieces of ABC; all of them together read as the tune that `generate` gives with the
same seed. The drawing goes on in a thread of its own, so that whoever shows the pieces does not hold it up. This file
draws nothing itself, and where a piece ends is decided by `generate`, which says what will not change any more.
"""

from __future__ import annotations

from collections.abc import Generator as Pieces
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from tunewright.generation.tunes import Generated, Generator, generate
from tunewright.support.errors import ConfigError
from tunewright.training.run import Run


def stream(source: Generator | Run | str | Path, **options: Any) -> Stream:
    """The ABC of one new tune, piece by piece as it is written.

    `options` are those of `generate`, but for the number of tunes. A tune drawn with `free`, which nothing holds to
    anything, comes in one piece. Raises what `generate` raises, with the first piece, and ConfigError for `best_of`,
    since which candidate is the best is known only at the end.
    """
    if options.get("best_of", 1) != 1:
        raise ConfigError(f"best_of is {options['best_of']}; expected 1 for a tune that is shown as it is written")
    return Stream(source, options)


class Stream(Iterator[str]):
    """The pieces of a tune; `drawn` is all of it, once the last one is out."""

    def __init__(self, source: Generator | Run | str | Path, options: dict[str, Any]) -> None:
        self.drawn: Generated | None = None
        self._pieces = self._follow(source, options)

    def __next__(self) -> str:
        """The next piece."""
        return next(self._pieces)

    def close(self) -> None:
        """Stop drawing; there are no more pieces."""
        self._pieces.close()

    def _follow(self, source: Generator | Run | str | Path, options: dict[str, Any]) -> Pieces[str, None, None]:
        drawing = _Drawing(source, options)
        drawing.start()
        signs = 0
        try:
            while not isinstance(said := drawing.said.get(), BaseException):
                if isinstance(said, Generated):
                    self.drawn = said
                text = said.text if isinstance(said, Generated) else said.rstrip()
                if piece := _after(text, signs):
                    signs += _signs(piece)
                    yield piece
                if self.drawn:
                    return
            raise said
        finally:
            drawing.stopped.set()
            drawing.join()


class _Stopped(Exception):
    """Nobody listens any more."""


class _Drawing(Thread):
    """The tune being drawn; what it says is the text so far, again and again, then all of it or what went wrong."""

    def __init__(self, source: Generator | Run | str | Path, options: dict[str, Any]) -> None:
        super().__init__(daemon=False)  # Python waits for it at exit: a thread inside PyTorch then aborts the process
        self.said: SimpleQueue[str | Generated | BaseException] = SimpleQueue()
        self.stopped = Event()
        self._source, self._options = source, options

    def run(self) -> None:
        """Draw to the end, or until nobody listens."""
        on_bar = None if self._options.get("free") else self._say
        try:
            self.said.put(next(generate(self._source, 1, on_bar=on_bar, **self._options)))
        except BaseException as error:  # whatever it is, it is for whoever listens
            self.said.put(error)

    def _say(self, text: str) -> None:
        if self.stopped.is_set():
            raise _Stopped
        self.said.put(text)


def _signs(text: str) -> int:
    return sum(not sign.isspace() for sign in text)


def _after(text: str, signs: int) -> str:
    """What follows the first so many signs of a text: spaces and line ends, which may come to differ, not counted.

    >>> _after("AB cd | ", 3)
    'd | '
    """
    for place, sign in enumerate(text):
        if not signs:
            return text[place:]
        signs -= not sign.isspace()
    return ""
