"""The studio served until it is interrupted.

In: `Settings`. Out: a server, and a word when it answers. This file knows no route.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from tunewright.studio.app import create_app
from tunewright.studio.settings import Settings
from tunewright.support.errors import OutputError


def with_token(settings: Settings) -> Settings:
    """The settings, with a token where others than this machine can reach the studio and it has none."""
    return settings if settings.local or settings.token else replace(settings, token=secrets.token_urlsafe(24))


def serve(settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve until interrupted; `tell` hears the address once it answers. OutputError where the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
        except OSError as error:
            raise OutputError(f"{settings.host}:{settings.port}: cannot be served ({error.strerror})") from None
        port = listening.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        query = f"/?token={settings.token}" if settings.token else "/"
        app = create_app(settings)
        config = uvicorn.Config(app, log_level="warning", server_header=False, proxy_headers=False)
        server = _Server(config, lambda: tell(f"http://{host}:{port}{query}"))
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.ready()
