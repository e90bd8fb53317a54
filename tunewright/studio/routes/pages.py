"""The pages: one template each, in the language that the reader asks for.

In: a request for a page. Out: HTML. What happens on a page is done by its scripts, through the API. This file also has
the page that says what is not to be had, and the one that lists what programs can ask for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from tunewright.reports.pages import LANGUAGES
from tunewright.studio.description import listed
from tunewright.studio.wording import COOKIE, wording_of, words_for_scripts
from tunewright.support.version import __version__

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
templates = Jinja2Templates(Path(__file__).resolve().parents[1] / "templates")
PAGES = ("make", "notebook", "learn", "listen")  # in the order of the navigation
YEAR = 365 * 24 * 3600


def page(request: Request, name: str, **more: Any) -> HTMLResponse:
    """A page by the name of its template."""
    wording = wording_of(request)
    values = {
        "page": name,
        "pages": PAGES,
        "say": wording.say,
        "language": LANGUAGES.get(wording.language, wording.language),
        "words": dict(words_for_scripts(wording, name)),
        "version": __version__,
    }
    answer: HTMLResponse = templates.TemplateResponse(request, f"{name}.html", values | more)
    answer.headers["Content-Language"] = wording.language
    if request.query_params.get("lang") == wording.language:
        secure = request.scope["scheme"] == "https"
        answer.set_cookie(COOKIE, wording.language, max_age=YEAR, httponly=True, samesite="strict", secure=secure)
    return answer


def error_page(request: Request, status: int, reason: str) -> HTMLResponse:
    """The page that says why there is none here, with a way on."""
    wording = wording_of(request)
    kind = f"s{status}" if wording.knows(f"studio.error.s{status}.title") else "other"
    answer = page(request, "error", kind=kind, reason=reason, shared=request.scope["path"].startswith("/h/"))
    answer.status_code = status
    return answer


@router.get("/learn")
def learn(request: Request) -> HTMLResponse:
    """The page on which a model learns."""
    return page(request, "learn")


@router.get("/listen")
def listen(request: Request) -> HTMLResponse:
    """The page on which listening tests are made."""
    return page(request, "listen")


@router.get("/programs")
def programs(request: Request) -> HTMLResponse:
    """The page that lists what programs can ask for."""
    return page(request, "programs", parts=listed(request.app.openapi()))
