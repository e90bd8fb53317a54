"""The studio as one application: routes, guard, workers and storage put together.

In: `Settings`. Out: a FastAPI application, whose processes begin and end with it. This file answers nothing itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp

from tunewright.studio import refusals
from tunewright.studio.certificates import Certificates
from tunewright.studio.description import SUMMARY, TAGS, describe
from tunewright.studio.routes import certificates as certifying
from tunewright.studio.routes import (
    collections,
    drawing,
    listening,
    notebook,
    pages,
    raters,
    reports,
    scores,
    trainings,
)
from tunewright.studio.routes.having import Studio
from tunewright.studio.security import Guard
from tunewright.studio.settings import Settings
from tunewright.studio.storage.database import Database
from tunewright.studio.work.learning import Learning
from tunewright.studio.work.listeners import Listeners
from tunewright.studio.work.pool import Pool
from tunewright.support.version import __version__

PARTS = (pages, drawing, certifying, notebook, scores, collections, trainings, reports, listening, raters)
STATIC = Path(__file__).resolve().parent / "static"
SMALLEST_ZIPPED = 1000  # bytes
UNZIPPED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/pdf")


def create_app(settings: Settings) -> FastAPI:
    """The application; its database is opened, and its processes are started, when it begins to serve."""

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        pools = {
            name: Pool(f"tunewright.studio.work.{name}", count, most_waiting=settings.most_waiting, eager=eager)
            for name, count, eager in (
                ("drawing", settings.drawers, True),
                ("rendering", settings.renderers, True),
                ("certifying", 1, False),
            )
        }
        database = Database(settings.address)
        learning = Learning(settings, database)
        listeners = Listeners(database)
        certificates = Certificates(settings, database, pools["drawing"], pools["certifying"])
        app.state.studio = Studio(
            settings, database, learning=learning, listeners=listeners, certificates=certificates, **pools
        )
        for pool in pools.values():
            pool.start()
        await learning.start()
        await listeners.start()
        try:
            yield
        finally:
            await listeners.close()
            await learning.close()
            for pool in pools.values():
                pool.close()
            await certificates.close()
            database.close()

    app = _Guarded(
        settings,
        title="Tunewright studio",
        summary=SUMMARY,
        version=__version__,
        openapi_tags=TAGS,
        openapi_url="/api/openapi.json",
        lifespan=living,
        redoc_url=None,
        docs_url=None,
    )
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_ZIPPED, compresslevel=6, exclude_content_types=UNZIPPED)
    refusals.add_to(app)
    for part in PARTS:
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


class _Guarded(FastAPI):
    """An application with its guard outside of everything, so that errors of every kind pass it too."""

    def __init__(self, settings: Settings, **more: Any) -> None:
        super().__init__(**more)
        self._settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        """The guard, and behind it what there is to guard."""
        self.state.guard = Guard(super().build_middleware_stack(), self._settings)
        guard: Guard = self.state.guard
        return guard

    def openapi(self) -> dict[str, Any]:
        """What programs can ask for, with every refusal that there is."""
        if not self.openapi_schema:
            self.openapi_schema = describe(super().openapi())
        return self.openapi_schema
