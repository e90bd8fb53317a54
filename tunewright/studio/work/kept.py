"""What was made, kept for a while: the same is not made twice.

In: keys that say all that something depends on, and what makes it. Out: bytes, as often as they are asked for. What was
not asked for the longest goes first. This file knows not what is in them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

MOST_BYTES = 64 << 20  # that are kept
LARGEST = MOST_BYTES // 4  # of one thing


class Kept:
    """Bytes by key, so many of them at most."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._making: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What is kept under a key, or is made now; those who ask while it is made wait for the same. Raises as `make`.

        It is made to its end where one who asked leaves.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._making:
            self._making[key] = asyncio.ensure_future(self._make(key, make))
            self._making[key].add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._making[key])

    async def _make(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        try:
            content = await make()
        finally:
            del self._making[key]
        if len(content) <= LARGEST:
            self._kept[key] = content
            self.size += len(content)
            while self.size > self.most:
                self.size -= len(self._kept.popitem(last=False)[1])
        return content
