"""The studio as one application: routes, guard, workers and storage put together.

In: `Settings`. Out: a FastAPI application, whose processes begin and end with it. This file answers nothing itself but
what every route has in common: errors in one form.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import BaseHTTPMiddleware

from tunewright.studio.certificates import Certificates
from tunewright.studio.routes import certificates as certifying
from tunewright.studio.routes import drawing, notebook, pages, scores
from tunewright.studio.routes.having import Studio
from tunewright.studio.security import Guard
from tunewright.studio.settings import Settings
from tunewright.studio.storage.database import Database
from tunewright.studio.work.pool import Busy, Pool, WorkerDied
from tunewright.support.errors import TunewrightError
from tunewright.support.version import __version__

STATIC = Path(__file__).resolve().parent / "static"


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
        certificates = Certificates(settings, database, pools["drawing"], pools["certifying"])
        app.state.studio = Studio(settings, database, certificates=certificates, **pools)
        for pool in pools.values():
            pool.start()
        try:
            yield
        finally:
            for pool in pools.values():
                pool.close()
            await certificates.close()
            database.close()

    app = FastAPI(title="Tunewright studio", version=__version__, lifespan=living, redoc_url=None, docs_url=None)
    app.add_middleware(BaseHTTPMiddleware, dispatch=Guard(settings))
    app.add_exception_handler(TunewrightError, _refused)
    app.add_exception_handler(RequestValidationError, _misshapen)
    for part in (pages, drawing, certifying, scores, notebook):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _refused(_: Request, error: Exception) -> JSONResponse:
    """An error that a user can act on, in one line: 503 where one has to wait, else 422."""
    status = 503 if isinstance(error, Busy | WorkerDied) else 422
    return JSONResponse({"error": str(error)}, status, {"Retry-After": "2"} if status == 503 else None)


def _misshapen(_: Request, error: Exception) -> JSONResponse:
    """A request that has not the shape that the API says: where, and what was expected, in one line."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    told = str(first["msg"]).removeprefix("Value error, ")
    return JSONResponse({"error": f"{place}: {told}" if place else told}, 422)
