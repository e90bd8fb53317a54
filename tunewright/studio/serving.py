"""The studio served until it is interrupted.

In: `Settings`. Out: a server, and a word when it answers. Connections are bounded in number, and in the time that a
request may take to be asked; answers that go on and on end when the server does. This file knows no route.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from tunewright.studio.app import create_app
from tunewright.studio.settings import Settings
from tunewright.support.errors import ConfigError, OutputError

EVERY_ADDRESS = ("0.0.0.0", "::")
MOST_CONNECTIONS = 1000  # open at once
HEAD_SECONDS = 20.0  # in which the head of a request has to be there
LARGEST_HEAD = 32 * 1024  # bytes
IDLE_SECONDS = 30  # that a connection stays open for the next request
LAST_SECONDS = 1  # that answers have to end in when the server does
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{12,200}")


def with_token(settings: Settings) -> Settings:
    """The settings, with a token where others than this machine can reach the studio and it has none.

    ConfigError for a token that is easily guessed, or cannot stand in an address.
    """
    if settings.token and not _TOKEN.fullmatch(settings.token):
        raise ConfigError("--token: expected 12 to 200 letters, digits, or any of . _ ~ -")
    return settings if settings.local or settings.token else replace(settings, token=secrets.token_urlsafe(24))


def serve(settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve until interrupted; `tell` hears the address once it answers. OutputError where the port is taken."""
    settings = with_token(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
        except OSError as error:
            raise OutputError(f"{settings.host}:{settings.port}: cannot be served ({error.strerror})") from None
        address = address_of(settings, listening.getsockname()[1])
        server = Server(create_app(settings), lambda: tell(address))
        server.run(sockets=[listening])


def address_of(settings: Settings, port: int) -> str:
    """Where a browser finds the studio, with the token that it has to bring."""
    host = own_address(settings.host) if settings.host in EVERY_ADDRESS else settings.host
    query = f"?token={settings.token}" if settings.token else ""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{query}"


def own_address(every: str) -> str:
    """The address by which other machines reach this one; this machine's own where it is in no network."""
    inside = every == "::"
    with socket.socket(socket.AF_INET6 if inside else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("2001:db8::1" if inside else "192.0.2.1", 9))  # sends nothing: it looks up the way
            return str(asking.getsockname()[0])
        except OSError:
            return "::1" if inside else "127.0.0.1"


class Server(uvicorn.Server):
    """A server that says when it answers, and ends what would never end when it is to stop."""

    def __init__(self, app: FastAPI, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            http=Patient,
            ws="none",
            lifespan="on",
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=LAST_SECONDS,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            proxy_headers=True,  # of a proxy on this machine alone
            forwarded_allow_ips="127.0.0.1",
        )
        super().__init__(config)
        self.app, self.ready = app, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop answering."""
        self.app.state.guard.close()
        await super().shutdown(sockets)


class Patient(H11Protocol):
    """A connection that waits for the head of a request for so long, and no longer; one too many is closed."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
