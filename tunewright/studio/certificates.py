"""The certificates of tunes: made once each, however many ask for them meanwhile, and stored with the tune.

In: stored tunes. Out: what each has in common with what its model learned from, whether it is well formed, how far its
model foresaw its notes. Making one goes on when nobody waits any more: the first of a model may take half a minute,
since what it learned from has to be read. This file judges nothing itself (`work.certifying`, `work.drawing`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.concurrency import run_in_threadpool

from tunewright.studio.models import Model, find_model
from tunewright.studio.settings import Settings
from tunewright.studio.storage import tunes
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTune
from tunewright.studio.work.pool import Pool
from tunewright.support.errors import TunewrightError
from tunewright.training.base import BASE

SECONDS = 600.0  # that reading what a model learned from may take
ABOUT = "certificate"  # under which it is stored with a tune

Certificate = dict[str, Any]


class Certificates:
    """Makes the certificates of a studio's tunes."""

    def __init__(self, settings: Settings, database: Database, drawing: Pool, certifying: Pool) -> None:
        self._settings, self._database = settings, database
        self._drawing, self._certifying = drawing, certifying
        self._making: dict[str, asyncio.Task[Certificate]] = {}
        self._read: set[str] = set()  # models of which what they learned from has been read

    async def of(self, tune: StoredTune, patience: float) -> Certificate | None:
        """The certificate of a tune; None where it is not ready after so many seconds. Raises what a pool raises."""
        if ABOUT in tune.about:
            stored: Certificate = tune.about[ABOUT]
            return stored
        making = self._making.get(tune.id)
        if making is None:
            making = self._making[tune.id] = asyncio.create_task(self._make(tune))
            making.add_done_callback(lambda done: self._made(tune.id, done))
        done, _ = await asyncio.wait([making], timeout=patience)
        return making.result() if done else None

    def is_reading(self, tune: StoredTune) -> bool:
        """Whether a certificate has to wait until what the model of a tune learned from is read."""
        return (tune.model or BASE) not in self._read

    async def close(self) -> None:
        """Make no more."""
        making = list(self._making.values())
        for one in making:
            one.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def _made(self, tune: str, done: asyncio.Task[Certificate]) -> None:
        """Forget a making that is over; what went wrong in one that nobody waits for any more is tried again later."""
        del self._making[tune]
        if not done.cancelled():
            done.exception()

    async def _make(self, tune: StoredTune) -> Certificate:
        model = await run_in_threadpool(self._model, tune.model or BASE)
        run = str(model.path) if model else ""
        judged: Certificate = await self._certifying.ask("certify", seconds=SECONDS, run=run, abc=tune.abc)
        if judged["known"]:
            self._read.add(tune.model or BASE)
        found = judged | {"removed_mass": tune.about.get("removed_mass"), "surprise": await self._surprise(model, tune)}
        await run_in_threadpool(tunes.add_about, self._database, tune.id, {ABOUT: found})
        return found

    def _model(self, name: str) -> Model | None:
        """The model that a tune is judged by; None where it is gone."""
        try:
            return find_model(self._settings, name)
        except TunewrightError:
            return None

    async def _surprise(self, model: Model | None, tune: StoredTune) -> list[float | None]:
        if model is None or not tune.about.get("bars", 1):
            return []
        bits: list[float | None] = await self._drawing.ask(
            "surprise", run=str(model.path), stamp=model.stamp, abc=tune.abc
        )
        return bits
