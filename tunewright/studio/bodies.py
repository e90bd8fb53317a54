"""What a request brings along, bounded in bytes and in time, and what ends an answer that goes on and on.

In: a request as the server hands it over. Out: the same, message by message, until it is too large or too slow, which
ends with the status that says so. This file knows no route.
"""

from __future__ import annotations

import asyncio
import time

from fastapi import HTTPException
from starlette.types import Message, Receive

TOO_SLOW = 408
TOO_LARGE = 413


def too_large(largest: int) -> HTTPException:
    """The refusal of a body of more bytes than that."""
    return HTTPException(TOO_LARGE, f"what was sent is too large; expected at most {largest:,} bytes")


class Body:
    """The messages of one request."""

    def __init__(self, receive: Receive, largest: int, seconds: float) -> None:
        """At most `largest` bytes may come, all of them within `seconds`."""
        self._receive = receive
        self.largest, self.seconds = largest, seconds
        self.bytes = 0
        self.ended = False
        self._leaving = asyncio.Event()
        self._until = time.monotonic() + seconds

    def leave(self) -> None:
        """Have the answer to this request end soon, as though nobody listened any more."""
        self._leaving.set()

    async def receive(self) -> Message:
        """The next message; HTTPException where the body is beyond what it may be."""
        if self.ended:
            return await self._disconnected()
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            reason = f"what was sent did not arrive within {self.seconds:.0f} seconds"
            raise HTTPException(TOO_SLOW, reason, {"Connection": "close"}) from None
        self.bytes += len(message.get("body", b""))
        if self.bytes > self.largest:
            raise too_large(self.largest)
        self.ended = not message.get("more_body", False)
        return message

    async def _disconnected(self) -> Message:
        """What comes after the body: that the other side has gone, or that the studio closes."""
        told = asyncio.ensure_future(self._receive())
        leaving = asyncio.ensure_future(self._leaving.wait())
        try:
            await asyncio.wait((told, leaving), return_when=asyncio.FIRST_COMPLETED)
            return told.result() if told.done() else {"type": "http.disconnect"}
        finally:
            told.cancel()
            leaving.cancel()
