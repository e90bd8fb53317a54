"""The tunes of a notebook: stored, found again, kept, forgotten.

In: a `Database`, the id of a notebook. Out: `StoredTune`s. A tune can be read by whoever has its id (that is its
permalink) and changed from its own notebook alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTune

MOST_TUNES = 3000  # of a notebook: beyond them the oldest that are not kept are forgotten
MOST_KEPT = 1000  # of a notebook


def store(database: Database, notebook: str, abc: str, made_by: str, **more: Any) -> StoredTune:
    """Keep a new tune; it is on the disk when this returns. `more` are other columns of `StoredTune`.

    Where its parent has been forgotten meanwhile it has none. Where the notebook is full its oldest tunes that are not
    kept are forgotten.
    """
    try:
        tune = _stored(database, StoredTune(notebook=notebook, abc=abc, made_by=made_by, **more))
    except IntegrityError:
        if more.get("parent") is None:
            raise
        tune = _stored(database, StoredTune(notebook=notebook, abc=abc, made_by=made_by, **more | {"parent": None}))
    forget_oldest(database, notebook)
    return tune


def _stored(database: Database, tune: StoredTune) -> StoredTune:
    with database.session() as session:
        session.add(tune)
    return tune


def find(database: Database, tune: str) -> StoredTune | None:
    """The tune of this id; None where there is none."""
    with database.session() as session:
        return session.get(StoredTune, tune)


def of_notebook(database: Database, notebook: str, *, kept: bool = False, most: int = 200) -> list[StoredTune]:
    """The newest tunes of a notebook, the newest first; those that are kept alone where that is asked for."""
    wanted = select(StoredTune).where(StoredTune.notebook == notebook)
    if kept:
        wanted = wanted.where(StoredTune.kept)
    with database.session() as session:
        return list(session.scalars(wanted.order_by(StoredTune.created.desc(), StoredTune.id).limit(most)))


def change(database: Database, notebook: str, tune: str, **columns: Any) -> StoredTune | None:
    """The tune with these columns changed; None where the notebook has no such tune."""
    mine = (StoredTune.id == tune) & (StoredTune.notebook == notebook)
    with database.session() as session:
        if columns:
            session.execute(update(StoredTune).where(mine).values(**columns))
        return session.scalar(select(StoredTune).where(mine))


def forget(database: Database, notebook: str, tune: str) -> bool:
    """Forget a tune; whether the notebook had it. What was made from it stays, and has no parent any more."""
    mine = (StoredTune.id == tune) & (StoredTune.notebook == notebook)
    with database.session() as session:
        found = session.scalar(select(StoredTune.id).where(mine)) is not None
        session.execute(delete(StoredTune).where(mine))
    return found


def add_about(database: Database, tune: str, more: Mapping[str, Any]) -> None:
    """Keep more of what was measured of a tune, whoever asked for it."""
    with database.session() as session:
        stored = session.get(StoredTune, tune, with_for_update=True)
        if stored is not None:
            stored.about = {**stored.about, **more}


# ------------------------------------------------------------------------------------------------ bounds of a notebook


def count(database: Database, notebook: str, *, kept: bool = False) -> int:
    """How many tunes a notebook has, or how many of them are kept."""
    wanted = select(func.count()).select_from(StoredTune).where(StoredTune.notebook == notebook)
    with database.session() as session:
        return session.scalar(wanted.where(StoredTune.kept) if kept else wanted) or 0


def forget_oldest(database: Database, notebook: str) -> int:
    """Forget the oldest tunes of a notebook that are not kept, where it has more than it may; how many those were."""
    if (excess := count(database, notebook) - MOST_TUNES) <= 0:
        return 0
    unkept = select(StoredTune.id).where(StoredTune.notebook == notebook, ~StoredTune.kept)
    with database.session() as session:
        oldest = list(session.scalars(unkept.order_by(StoredTune.created, StoredTune.id).limit(excess)))
        session.execute(delete(StoredTune).where(StoredTune.id.in_(oldest)))
    return len(oldest)
