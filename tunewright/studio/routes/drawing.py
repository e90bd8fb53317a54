"""New tunes, told bar by bar as they are written.

In: what is asked for. Out: server-sent events: `bar` as it is written, `tune` as it was stored.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from tunewright.studio.routes.having import Here, Notebook
from tunewright.studio.storage import tunes

router = APIRouter(prefix="/api", tags=["tunes"])


class DrawRequest(BaseModel):
    """What is asked of new tunes: the options of `tunewright generate`."""

    model: str = "base"
    seed: int | None = None
    key: str = ""
    meter: str = ""
    rhythm: str = ""


@router.post("/tunes", response_class=EventSourceResponse)
async def draw(asked: DrawRequest, studio: Here, notebook: Notebook) -> AsyncIterator[ServerSentEvent]:
    """Draw a tune."""
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    words = {"key": asked.key, "meter": asked.meter, "rhythm": asked.rhythm}
    async for event in studio.drawing.stream("draw", run=asked.model, seed=seed, words=words):
        if "bar" in event:
            yield ServerSentEvent(event="bar", data=event["bar"])
        else:
            tune = event["tune"]
            stored = tunes.store(studio.database, notebook, tune["abc"], "drawn", model=asked.model, seed=seed)
            yield ServerSentEvent(event="tune", data={"id": stored.id, "abc": stored.abc})
