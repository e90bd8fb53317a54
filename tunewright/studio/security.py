"""What stands between a request and the studio.

In: every request. Out: the request passed on, or refused; every answer with the headers that a browser is held to.
Refused is what was sent to another host's name (so that no other site's name leads here), what a page of another site
sends, what lacks the token where the studio has one, what is too much, too large or too slow. Each browser gets a
notebook: a cookie that no script reads. The shared link of a listening test passes without the token, and with no
notebook.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunewright.studio.bodies import Body, too_large
from tunewright.studio.rates import TOGETHER, Crowd, Kind, Rates, address_of, kind_of
from tunewright.studio.refusals import answer, refusal
from tunewright.studio.settings import LOCAL, Settings

NOTEBOOK = "tunewright_notebook"
TOKEN = "tunewright_token"
SAFE = ("GET", "HEAD", "OPTIONS")
YEAR = 365 * 24 * 3600
OPENER = "Cross-Origin-Opener-Policy"  # which browsers take of https, and of this machine, alone
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    OPENER: "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
CACHED: Mapping[str, str] = {"/api/": "no-store", "/static/": "no-cache"}  # else "private, no-cache"
SENDABLE = ("application/json", "multipart/form-data")
_NOTEBOOK_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
_SHARED = re.compile(r"/(static|h|api/h)/")


class Guard:
    """Refuses what may not pass, and gives each browser its notebook."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.rates, self.crowd = Rates(), Crowd()
        self._open: set[Body] = set()

    def close(self) -> None:
        """Have every answer that goes on and on end soon."""
        for body in self._open:
            body.leave()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have it answered."""
        if scope["type"] == "http":
            await _Visit(self, scope, receive, send).answer()
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "the studio speaks HTTP"})
        else:
            await self.app(scope, receive, send)

    async def pass_on(self, scope: Scope, body: Body, send: Send) -> None:
        """Have a request answered by the studio."""
        self._open.add(body)
        try:
            await self.app(scope, body.receive, send)
        finally:
            self._open.discard(body)


class _Visit:
    """One request on its way through the guard."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard, self.scope, self._send = guard, scope, send
        self.settings = guard.settings
        self.request = Request(scope)
        self.kind = kind_of(scope["method"], scope["path"])
        self.body = Body(receive, self.kind.largest, self.kind.seconds)
        self.shared = bool(_SHARED.match(scope["path"]))
        told = self.request.cookies.get(NOTEBOOK, "")
        self.known = "" if self.shared or not _NOTEBOOK_ID.fullmatch(told) else told
        self.cookies: list[str] = []

    async def answer(self) -> None:
        """Refuse it, lead it elsewhere, or have it answered."""
        try:
            self._check()
            clients = self._counted()
        except HTTPException as error:
            refused = answer(self.request, error.status_code, {"error": error.detail}, error.headers)
            await refused(self.scope, self.body.receive, self.send)
            return
        if place := self._elsewhere():
            await RedirectResponse(place, 303)(self.scope, self.body.receive, self.send)
            return
        self._give_notebook()
        with self.guard.crowd.inside(clients, self.kind):
            await self.guard.pass_on(self.scope, self.body, self.send)

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer; its head with what every answer has."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                if name != OPENER or self.scope["scheme"] == "https" or self.settings.local:
                    headers.setdefault(name, value)
            path = self.scope["path"]
            usual = next((value for start, value in CACHED.items() if path.startswith(start)), "private, no-cache")
            headers.setdefault("Cache-Control", usual)
            for cookie in self.cookies:
                headers.append("Set-Cookie", cookie)
        await self._send(message)

    # -------------------------------------------------------------------------------------------- may it pass

    def _check(self) -> None:
        """HTTPException where it may not pass, whoever asks."""
        if not self.settings.token and not _names_this_machine(self._header("host"), self.settings.host):
            raise refusal(403, "this name does not lead to the studio; expected the address that it printed")
        if self.scope["method"] not in SAFE:
            self._check_origin()
            self._check_body()
        if self.settings.token and not self.shared and not self._has_token():
            reason = "expected the token that the studio printed when it was started"
            raise refusal(401, reason, {"WWW-Authenticate": "Bearer"})

    def _check_origin(self) -> None:
        """A browser says which page asks; a program says nothing."""
        origin = self.request.headers.get("origin")
        site = self._header("sec-fetch-site") or "none"
        ours = origin is None or origin.partition("://")[2] == self._header("host") != ""
        if site not in ("none", "same-origin") or not ours:
            raise refusal(403, "this was asked for by a page of another site")

    def _check_body(self) -> None:
        kind = self._header("content-type").partition(";")[0].strip().lower()
        length = self._header("content-length")
        sends = (length not in ("", "0")) or "transfer-encoding" in self.request.headers
        if (sends or kind) and kind not in SENDABLE:
            raise refusal(415, f"found content of the type {kind[:60] or 'none'}; expected {' or '.join(SENDABLE)}")
        if length.isdecimal() and (len(length) > 12 or int(length) > self.kind.largest):
            raise too_large(self.kind.largest)

    def _has_token(self) -> bool:
        kind, _, bearer = self._header("authorization").partition(" ")
        told = (
            self.request.query_params.get("token", ""),
            self.request.cookies.get(TOKEN, ""),
            bearer.strip() if kind.lower() == "bearer" else "",
        )
        return any(compare_digest(one.encode(), self.settings.token.encode()) for one in told)

    def _counted(self) -> list[str]:
        """Who is to be counted while this is answered; HTTPException where it is too much, for one or the other."""
        clients = {f"address {address_of(self.scope.get('client'))}": TOGETHER}
        if self.known:
            clients[f"notebook {self.known}"] = 1
        for client, times in clients.items():
            if not self.guard.crowd.has_room(client, self.kind, times):
                raise _too_much(self.kind, 2)
            if seconds := self.guard.rates.wait(client, self.kind, times):
                raise _too_much(self.kind, seconds)
        return list(clients)

    # --------------------------------------------------------------------------------------- what it is given

    def _elsewhere(self) -> str:
        """The same address without the token, which is in a cookie from now on; "" where there is none in it."""
        query = parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        asked = [(name, value) for name, value in query if name != "token"]
        programs = self.scope["path"].startswith("/api/")
        if not self.settings.token or self.shared or programs or len(asked) == len(query):
            return ""
        if self.scope["method"] != "GET":
            return ""
        self._cookie(TOKEN, self.settings.token, "Lax")  # sent along too where a link leads here from elsewhere
        raw: bytes = self.scope["raw_path"]
        path = "/" + raw.decode("latin-1").lstrip("/\\")
        return path + (f"?{urlencode(asked)}" if asked else "")

    def _give_notebook(self) -> None:
        """A notebook for who asks.

        A link from another site comes without the cookie that there is: such a request gets a notebook for itself
        alone, so that it does not replace the browser's own. So does who answers a listening test.
        """
        notebook = self.known or secrets.token_urlsafe(18)
        self.scope.setdefault("state", {})["notebook"] = notebook
        own = (self._header("sec-fetch-site") or "none") in ("none", "same-origin")
        if not self.known and not self.shared and own:
            self._cookie(NOTEBOOK, notebook, "Strict")

    def _cookie(self, name: str, value: str, same_site: str) -> None:
        secure = "; Secure" if self.scope["scheme"] == "https" else ""
        self.cookies.append(f"{name}={value}; Max-Age={YEAR}; Path=/; HttpOnly; SameSite={same_site}{secure}")

    def _header(self, name: str) -> str:
        return self.request.headers.get(name, "")


def _names_this_machine(host: str, served: str) -> bool:
    """Whether a Host header says a name that nobody else can have lead here."""
    found = _HOST.fullmatch(host)
    return found is not None and found[1].strip("[]").lower() in (*LOCAL, served)


_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?")


def _too_much(kind: Kind, seconds: int) -> HTTPException:
    reason = f"that is too much at once; try again in {seconds} second{'s' if seconds > 1 else ''}"
    return refusal(429, reason, {"Retry-After": str(seconds)})
