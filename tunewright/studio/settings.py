"""What a studio is started with.

In: what the command line was told. Out: `Settings`, frozen. This file opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOCAL = ("127.0.0.1", "localhost", "::1")
PORT = 8765
DATABASE = "studio.sqlite"
USUAL_FOLDER = Path("studio")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a studio keeps what is its own, which runs it shows, and who may reach it."""

    folder: Path = USUAL_FOLDER  # the database, uploads, and the runs that are trained here
    runs: tuple[Path, ...] = ()  # of the user's, beside those in the folder and the model in the box
    host: str = "127.0.0.1"
    port: int = PORT
    token: str = ""  # that every request has to bring where it is not ""
    database: str = ""  # an address as SQLAlchemy knows it; "" for SQLite in the folder
    drawers: int = 1  # processes that draw
    renderers: int = 1  # processes that engrave, sound and read ABC
    most_waiting: int = 40  # tasks that may wait for each of these

    @property
    def address(self) -> str:
        """The database, as SQLAlchemy knows it."""
        return self.database or f"sqlite:///{(self.folder / DATABASE).resolve()}"

    @property
    def trained(self) -> Path:
        """The folder of the runs that are trained here."""
        return self.folder / "runs"

    @property
    def local(self) -> bool:
        """Whether nobody on another machine can reach it."""
        return self.host in LOCAL
