"""The tables of a studio's database.

Each change of them is a file in `migrations/versions/`. Times are UTC. This file asks nothing of a database.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Float, ForeignKey, Index, LargeBinary, String, Text
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


# ------------------------------------------------------------------------------------------------ learning


class StoredCollection(Base):
    """Music that was brought to learn from, or a built-in collection; its files lie in the studio's folder."""

    __tablename__ = "collections"
    __table_args__ = (Index("collections_of_a_notebook", "notebook", "created"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)  # of a built-in collection its name
    notebook: Mapped[str] = mapped_column(String(32))  # "" for a built-in one
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="reading")  # then read or failed
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    files: Mapped[int] = mapped_column(default=0)
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what was read
    error: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # why it could not be read: code, error, values


class StoredTraining(Base):
    """A training that was asked for; its run lies in the studio's folder of runs, by this id."""

    __tablename__ = "trainings"
    __table_args__ = (
        Index("trainings_of_a_notebook", "notebook", "created"),
        Index("trainings_by_state", "state", "queued"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    notebook: Mapped[str] = mapped_column(String(32))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    queued: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)  # when it was last asked to go on
    name: Mapped[str] = mapped_column(Text)
    collection: Mapped[str | None] = mapped_column(ForeignKey("collections.id", ondelete="SET NULL"), default=None)
    collection_name: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(16))  # base, nothing, or the id of a training
    preset: Mapped[str] = mapped_column(String(64), default="")
    minutes: Mapped[float | None] = mapped_column(Float, default=None)  # at most, each time
    steps: Mapped[int | None] = mapped_column(default=None)  # at most
    state: Mapped[str] = mapped_column(String(16), default="waiting")  # running, then how a run says that it ended
    reason: Mapped[str] = mapped_column(String(16), default="")  # why it was interrupted: asked, closed, died, killed
    error: Mapped[str] = mapped_column(Text, default="")
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what was measured


class StoredReport(Base):
    """A page about finished runs that was asked for; the file lies in the studio's folder."""

    __tablename__ = "reports"
    __table_args__ = (Index("reports_of_a_notebook", "notebook", "created"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    notebook: Mapped[str] = mapped_column(String(32))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    kind: Mapped[str] = mapped_column(String(16))  # scorecard, comparison or run
    trainings: Mapped[list[str]] = mapped_column(JSON)  # their ids
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16), default="waiting")  # then ready or failed
    error: Mapped[str] = mapped_column(Text, default="")


# ------------------------------------------------------------------------------------------------ listening


class StoredTest(Base):
    """A blind listening test; whoever has its `share` may take it, and nothing else."""

    __tablename__ = "listening_tests"
    __table_args__ = (Index("listening_tests_of_a_notebook", "notebook", "created"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    share: Mapped[str] = mapped_column(ID, unique=True, default=new_id)
    notebook: Mapped[str] = mapped_column(String(32))
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="making")  # then ready or failed
    error: Mapped[str] = mapped_column(Text, default="")
    closed: Mapped[bool] = mapped_column(default=False)  # whether it takes no more answers
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)  # what it is to be made of
    design: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the test with its key, once it is made


class StoredSound(Base):
    """The sound of a tune of a test, as WAV."""

    __tablename__ = "listening_sounds"

    test: Mapped[str] = mapped_column(ForeignKey("listening_tests.id", ondelete="CASCADE"), primary_key=True)
    stimulus: Mapped[str] = mapped_column(String(16), primary_key=True)
    wav: Mapped[bytes] = mapped_column(LargeBinary)


class StoredRater(Base):
    """One who takes a test, here or by file."""

    __tablename__ = "listening_raters"
    __table_args__ = (Index("listening_raters_once", "test", "rater", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    test: Mapped[str] = mapped_column(ForeignKey("listening_tests.id", ondelete="CASCADE"))
    rater: Mapped[str] = mapped_column(String(16))  # by which the raw data know them
    token: Mapped[str] = mapped_column(String(32))  # in their cookie; "" for one by file
    sheet: Mapped[int]
    begun: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)  # when they gave consent
    about: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # times, headphones, language


class StoredAnswer(Base):
    """What a rater said of an item; the last one counts."""

    __tablename__ = "listening_answers"

    rater: Mapped[str] = mapped_column(ForeignKey("listening_raters.id", ondelete="CASCADE"), primary_key=True)
    item: Mapped[str] = mapped_column(String(16), primary_key=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
