"""Pages about finished runs: a scorecard, several side by side, the page of one; made when asked for, then kept.

In: what to show of which trainings. Out: where the page is, once a worker has made it, and the page itself: a file of
our own that carries its scripts and pictures, with the policy of its own that knows them by their hashes. Files beside
a page are found among those that are there, never by the name that is asked for. This file judges nothing.
"""

from __future__ import annotations

import html
import mimetypes
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tunewright.studio.routes.collections import iso
from tunewright.studio.routes.having import Here, Notebook, Studio
from tunewright.studio.routes.refusing import Refused
from tunewright.studio.storage import trainings
from tunewright.studio.storage.tables import StoredReport, StoredTraining, new_id, now
from tunewright.studio.wording import wording_of
from tunewright.studio.work.curves import trained

router = APIRouter(tags=["reports"])
PAGE = "page.html"
MOST_REPORTS = 100  # of a notebook
MOST_WAITING = 10  # that are to be made
MOST_COMPARED = 8  # runs
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


class ReportRequest(BaseModel):
    """Which page, of which trainings."""

    kind: Literal["scorecard", "comparison", "run"]
    trainings: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MOST_COMPARED)


class ReportOut(BaseModel):
    """A page, and where it is once it is ready; `now` says how far it is: {done, of}."""

    id: str
    kind: str
    trainings: list[str]
    names: list[str]
    created: str
    state: str  # waiting, ready or failed
    error: str
    address: str | None
    now: dict[str, Any]


def _out(studio: Studio, report: StoredReport) -> ReportOut:
    named = [trainings.find(studio.database, report.notebook, one) for one in report.trainings]
    return ReportOut(
        id=report.id,
        kind=report.kind,
        trainings=report.trainings,
        names=[one.name for one in named if one],
        created=iso(report.created),
        state=report.state,
        error=report.error,
        address=f"/learn/reports/{report.id}/{PAGE}" if report.state == "ready" else None,
        now=studio.learning.told.get(report.id, {}),
    )


def _found(report: str, studio: Here, notebook: Notebook) -> StoredReport:
    found = trainings.find_report(studio.database, notebook, report)
    if found is None:
        raise Refused(404, "no_report", "no such page")
    return found


Found = Annotated[StoredReport, Depends(_found)]


@router.get("/api/reports")
def all_reports(studio: Here, notebook: Notebook) -> list[ReportOut]:
    """The pages of this notebook, the newest first."""
    return [_out(studio, one) for one in trainings.reports_of(studio.database, notebook)]


@router.get("/api/reports/{report}")
def one_report(found: Found, studio: Here) -> ReportOut:
    """Whether a page is ready, and how far it is."""
    return _out(studio, found)


@router.post("/api/reports", status_code=201)
async def make(asked: ReportRequest, request: Request, studio: Here, notebook: Notebook) -> ReportOut:
    """Have a page made, in the language that the reader asks for; it takes a minute or more."""
    about = await run_in_threadpool(_about, studio, notebook, asked)
    report = StoredReport(
        id=new_id(),
        notebook=notebook,
        created=now(),
        kind=asked.kind,
        trainings=[one.id for one in about],
        language=wording_of(request).language,
        state="waiting",
        error="",
    )
    await run_in_threadpool(trainings.store_report, studio.database, report)
    studio.learning.make(report, about)
    return await run_in_threadpool(_out, studio, report)


def _about(studio: Studio, notebook: str, asked: ReportRequest) -> list[StoredTraining]:
    """The trainings that a page is to show; refused where it cannot be made of them."""
    ids = list(dict.fromkeys(asked.trainings))
    found = [one for name in ids if (one := trainings.find(studio.database, notebook, name))]
    if len(found) < len(ids):
        raise Refused(404, "no_training", "no such training")
    if any(not trained(studio.learning.run_folder(one.id)) for one in found):
        raise Refused(409, "no_weights", "it has not learned anything yet")
    if any(one.state == "running" for one in found):
        raise Refused(409, "still_learning", "it is learning still; stop it, or wait until it ends")
    if (asked.kind == "comparison") != (len(found) > 1):
        raise Refused(422, "how_many", "expected two or more trainings for a comparison, else one")
    if asked.kind == "comparison" and len({one.collection for one in found}) > 1:
        raise Refused(409, "other_tunes", "these learned from different tunes: their figures cannot be compared")
    if asked.kind == "run" and found[0].collection is None:
        raise Refused(409, "tunes_gone", "the collection that it learned from is gone")
    reports = trainings.reports_of(studio.database, notebook)
    if len(reports) >= MOST_REPORTS:
        raise Refused(413, "many_reports", f"{MOST_REPORTS} pages already; delete one", most=MOST_REPORTS)
    if len(trainings.unmade_reports(studio.database)) >= MOST_WAITING:
        raise Refused(503, "busy", f"{MOST_WAITING} pages are waiting already; try again later", most=MOST_WAITING)
    return found


@router.delete("/api/reports/{report}", status_code=204)
def remove(found: Found, studio: Here) -> None:
    """Forget a page."""
    if found.state == "waiting":
        raise Refused(409, "still_made", "this page is being made")
    trainings.remove_report(studio.database, found.id)
    studio.learning.forget_report(found.id)


# ------------------------------------------------------------------------------------------------ the pages themselves


@router.get("/learn/reports/{report}/page.html", include_in_schema=False)
def show(found: Found, studio: Here) -> Response:
    """A page that is ready, held to the policy that it states itself."""
    if found.state != "ready":
        raise Refused(404, "no_report", "this page is not ready")
    text = (studio.learning.report_folder(found.id) / PAGE).read_text(encoding="utf-8")
    stated = _POLICY.search(text)
    policy = html.unescape(stated[1]) if stated else "default-src 'none'"
    return HTMLResponse(text, headers={"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"})


@router.get("/learn/reports/{report}/{name:path}", include_in_schema=False)
def beside(name: str, found: Found, studio: Here) -> Response:
    """A file that lies beside a page: a tune as ABC, MIDI, or a picture."""
    folder = studio.learning.report_folder(found.id)
    known = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    path: Path | None = known.get(name)
    if path is None or path.suffix == ".html":
        raise Refused(404, "no_report", "no such file")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, filename=path.name, content_disposition_type="attachment")
