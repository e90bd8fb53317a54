"""The certificate of a tune: what it shares with real ones, whether it is well formed, what surprised its model.

In: the id of a tune. Out: its certificate, or that it is still being made. This file judges nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from tunewright.studio.routes.having import Here
from tunewright.studio.routes.shapes import Refused
from tunewright.studio.storage import tunes

router = APIRouter(prefix="/api", tags=["tunes"])

PATIENCE = 5.0  # seconds that an answer is waited for; then the browser is told to ask again
AGAIN = 2  # seconds after which


class Nearest(BaseModel):
    """The real tune that shares the longest passage, in whatever key."""

    title: str
    source: str
    length: int  # notes of the passage, repeats unfolded
    share: float  # of the tune, 0 to 1
    percentile: float | None  # how many of 100 real tunes share less
    notes: list[int]  # written notes of the tune, from 0
    abc: str  # the bars of the real tune in which the passage stands
    abc_notes: list[int]  # notes of these bars that are shared, from 0
    bars: list[int]  # first and last number of these bars


class WellFormed(BaseModel):
    """Whether a tune is strictly well formed, and otherwise what is wrong with it."""

    valid: bool
    error: str


class CertificateOut(BaseModel):
    """What is known of a tune."""

    nearest: Nearest | None  # None where no passage is shared
    known: bool  # whether what the model learned from is there, so that it can be told what is shared
    well_formed: WellFormed
    removed_mass: float | None  # probability that the grammar took away, mean over what was drawn
    surprise: list[float | None]  # bits of each written note
    plan: str  # which bars return which


class Pending(BaseModel):
    """A certificate that is being made; ask again after `Retry-After` seconds."""

    pending: bool = True
    reading: bool  # whether what the model learned from is being read first


@router.get(
    "/tunes/{tune}/certificate",
    response_model=CertificateOut,
    responses={202: {"model": Pending}, 404: {"model": Refused}, 503: {"model": Refused}},
)
async def certificate(tune: Annotated[str, Path(max_length=16)], studio: Here) -> Response:
    """The certificate of a tune; 202 while it is being made, which may take half a minute for the first of a model."""
    stored = await run_in_threadpool(tunes.find, studio.database, tune)
    if stored is None:
        return JSONResponse({"error": f"there is no tune {tune}; expected the id of one that is stored"}, 404)
    found = await studio.certificates.of(stored, PATIENCE)
    if found is None:
        pending = Pending(reading=studio.certificates.is_reading(stored))
        return JSONResponse(pending.model_dump(), 202, {"Retry-After": str(AGAIN)})
    return JSONResponse(CertificateOut.model_validate(found).model_dump())
