"""The tunes of a notebook: stored, found again, kept, forgotten.

In: a `Database`, the id of a notebook. Out: `StoredTune`s. A tune can be read by whoever has its id (that is its
permalink) and changed from its own notebook alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTune


def store(database: Database, notebook: str, abc: str, made_by: str, **more: Any) -> StoredTune:
    """Keep a new tune; it is on the disk when this returns. `more` are other columns of `StoredTune`."""
    tune = StoredTune(notebook=notebook, abc=abc, made_by=made_by, **more)
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
