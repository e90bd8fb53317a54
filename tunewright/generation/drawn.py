"""What comes out of drawing: music one by one, or one of them chunk by chunk as it is written.

In: what a session yields. Out: iterators that may be asked by any thread, one at a time, closed at any time and in any
order, or forgotten; then what they drew with is given back. Nothing is drawn but where the next one is asked for. This
file draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

from tunewright.generation.generated import Generated
from tunewright.music.kinds import M

T = TypeVar("T")


class _Closing(Iterator[T]):
    """An iterator that gives back, once, what it works with: at its end, when it is closed, or when it is forgotten."""

    def __init__(self, items: Iterator[T], give_back: Callable[[], None]) -> None:
        self._items: Iterator[T] | None = items
        self._give_back = give_back
        self._lock = Lock()

    def __next__(self) -> T:
        with self._lock:
            if self._items is None:
                raise StopIteration
            try:
                return next(self._items)
            except StopIteration:
                self._leave()
                raise
            except BaseException:  # what was drawn with may be half written: it is not given back
                self._items = None
                raise

    def close(self) -> None:
        """Stop drawing; nothing more comes. Waits for a step that another thread is at."""
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        items, self._items = self._items, None
        if items is not None:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            self._give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._leave()  # nobody else can be at it any more


class Drawn(_Closing[Generated[M]]):
    """New music, in order."""


class Streamed(_Closing[str], Generic[M]):
    """The text of one tune or piece as it is written, chunk by chunk; `drawn` is all of it, once the last one is out.

    All chunks together read as the text that `generate` gives with the same seed where nothing is chosen: of a tune its
    ABC, of a piece of several parts a line for each bar.
    """

    def __init__(self, events: Iterator[str | Generated[M]], give_back: Callable[[], None]) -> None:
        self.drawn: Generated[M] | None = None
        super().__init__(self._follow(events), give_back)

    def _follow(self, events: Iterator[str | Generated[M]]) -> Iterator[str]:
        signs, text = 0, ""
        for event in events:
            if isinstance(event, str):
                text = event.rstrip()
            else:
                self.drawn = event
                text = event.text or text
            if chunk := _after(text, signs):
                signs += _signs(chunk)
                yield chunk


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
