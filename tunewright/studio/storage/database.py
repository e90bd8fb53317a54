"""A studio's database: opened, brought up to date, and asked in sessions.

In: an address as SQLAlchemy knows it. Out: `Database`. SQLite is opened so that what was confirmed outlives a killed
server, and readers wait for no writer. This file knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tunewright.support.errors import InputError, OutputError

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


class Database:
    """The database of a studio; may be used from several threads at once."""

    def __init__(self, address: str) -> None:
        """Open it, and bring its tables up to date. OutputError where it cannot be opened."""
        self.engine = _engine(address)
        try:
            with self.engine.begin() as connection:
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise OutputError(f"{self.engine.url.render_as_string()}: cannot be opened ({reason})") from None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session; what was changed in it is confirmed where the block ends well, and otherwise undone."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


def _engine(address: str) -> Engine:
    try:
        engine = create_engine(address)
    except (SQLAlchemyError, ImportError) as error:
        raise InputError(Path(address), f"no database that SQLAlchemy knows ({error})") from None
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    """What is confirmed is on the disk; who writes waits for who writes already."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
