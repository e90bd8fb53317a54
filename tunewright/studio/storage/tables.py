"""The tables of a studio's database.

Each change of them is a file in `migrations/versions/`. Times are UTC. This file asks nothing of a database.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID = String(16)


def new_id() -> str:
    """An id that nobody can guess: 16 signs."""
    return secrets.token_urlsafe(12)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all tables have in common."""


class StoredTune(Base):
    """A tune that was drawn, edited or brought along, with what it came from."""

    __tablename__ = "tunes"
    __table_args__ = (Index("tunes_of_a_notebook", "notebook", "created"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    notebook: Mapped[str] = mapped_column(String(32))  # whose it is: the id in a browser's cookie
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    abc: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    made_by: Mapped[str] = mapped_column(String(16))  # drawn, redrawn, varied, continued, edited, transposed, brought
    model: Mapped[str] = mapped_column(String(300), default="")
    seed: Mapped[int | None] = mapped_column(BigInteger, default=None)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the request that gave it
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what was measured of it
    parent: Mapped[str | None] = mapped_column(ForeignKey("tunes.id", ondelete="SET NULL"), default=None)
    kept: Mapped[bool] = mapped_column(default=False)
