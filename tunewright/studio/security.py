"""What stands between a request and the studio.

In: every request. Out: the request passed on, or refused; every answer with the headers that a browser is held to. A
request from another site's page changes nothing (its origin must be ours), one for another host's name is refused,
and where the studio has a token, one without it. Each browser gets a notebook: a cookie that no script reads.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tunewright.studio.settings import Settings

NOTEBOOK = "tunewright_notebook"
TOKEN = "tunewright_token"
SAFE = ("GET", "HEAD", "OPTIONS")
YEAR = 365 * 24 * 3600
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Next = Callable[[Request], Awaitable[Response]]


class Guard:
    """Refuses what may not pass, and gives each browser its notebook."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def __call__(self, request: Request, following: Next) -> Response:
        """The answer to a request, with headers and cookies."""
        if reason := self._refusal(request):
            answer: Response = JSONResponse({"error": reason}, 403)
        else:
            notebook = request.cookies.get(NOTEBOOK, "")
            request.state.notebook = notebook if 16 <= len(notebook) <= 32 else secrets.token_urlsafe(18)
            answer = await following(request)
            if request.state.notebook != notebook:
                answer.set_cookie(NOTEBOOK, request.state.notebook, max_age=YEAR, httponly=True, samesite="strict")
            if self.settings.token and "token" in request.query_params:
                answer.set_cookie(TOKEN, self.settings.token, max_age=YEAR, httponly=True, samesite="strict")
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    def _refusal(self, request: Request) -> str:
        """Why a request may not pass; "" where it may."""
        if request.method not in SAFE and not _of_our_own(request):
            return "this was asked for by a page of another site"
        if self.settings.token:
            told = request.query_params.get("token") or request.cookies.get(TOKEN) or _bearer(request)
            if not compare_digest(told.encode(), self.settings.token.encode()):
                return "expected the token that the studio printed when it was started"
        return ""


def _of_our_own(request: Request) -> bool:
    """Whether no page of another site asks: a program sends no origin, a browser always does."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    return site in ("none", "same-origin") and (
        origin is None or urlsplit(origin).netloc == request.headers.get("host")
    )


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""
