"""The collections of a notebook: stored, found, told what was read of them, forgotten.

In: a `Database`, the id of a notebook. Out: `StoredCollection`s. Built-in ones belong to nobody and to all. Files are
not this file's (`work.uploads`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredCollection

NOBODY = ""


def store(database: Database, collection: StoredCollection, *, most: int, most_bytes: int) -> str:
    """Keep a new collection; "" or, where the notebook has no room for it, which bound that is: "many" or "full"."""
    with database.session() as session:
        mine = select(func.count(), func.coalesce(func.sum(StoredCollection.bytes), 0))
        count, size = session.execute(mine.where(StoredCollection.notebook == collection.notebook)).one()
        if count >= most or size + collection.bytes > most_bytes:
            return "many" if count >= most else "full"
        session.add(collection)
    return ""


def builtin(database: Database, name: str, title: str) -> StoredCollection:
    """The row of a built-in collection, made when it is first asked for."""
    with suppress(IntegrityError), database.session() as session:  # another may make it at the same moment
        if session.get(StoredCollection, name) is None:
            session.add(StoredCollection(id=name, notebook=NOBODY, name=title, about={}, error={}))
    with database.session() as session:
        return session.get_one(StoredCollection, name)


def find(database: Database, notebook: str, collection: str) -> StoredCollection | None:
    """The collection of this id, if it is this notebook's or everybody's."""
    with database.session() as session:
        found = session.get(StoredCollection, collection)
    return found if found and found.notebook in (notebook, NOBODY) else None


def of_notebook(database: Database, notebook: str) -> list[StoredCollection]:
    """The collections of a notebook, the newest first."""
    wanted = select(StoredCollection).where(StoredCollection.notebook == notebook)
    with database.session() as session:
        return list(session.scalars(wanted.order_by(StoredCollection.created.desc(), StoredCollection.id)))


def unread(database: Database) -> list[StoredCollection]:
    """What is still to be read: what was stored before a server ended."""
    with database.session() as session:
        return list(session.scalars(select(StoredCollection).where(StoredCollection.state == "reading")))


def told(database: Database, collection: str, **what: Any) -> bool:
    """Keep what became of reading it: its `state` with `about` or `error`; False where it is gone meanwhile."""
    with database.session() as session:
        found = session.get(StoredCollection, collection)
        for name, value in what.items() if found else ():
            setattr(found, name, value)
    return found is not None


def known(database: Database) -> set[str]:
    """The ids of all collections."""
    with database.session() as session:
        return set(session.scalars(select(StoredCollection.id)))


def remove(database: Database, notebook: str, collection: str) -> bool:
    """Forget a collection of this notebook; whether there was one."""
    mine = (StoredCollection.id == collection, StoredCollection.notebook == notebook)
    with database.session() as session:
        if not session.scalar(select(StoredCollection.id).where(*mine)):
            return False
        session.execute(delete(StoredCollection).where(*mine))
    return True
