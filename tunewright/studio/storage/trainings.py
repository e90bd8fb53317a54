"""The trainings of a notebook, and the pages about them: stored, queued, found again, forgotten.

In: a `Database`, the id of a notebook. Out: `StoredTraining`s and `StoredReport`s. What is stored here outlives the
server: after a restart it is known which trainings there were, which waited, and how each ended.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select

from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredReport, StoredTraining, now

OPEN = ("waiting", "running")


def store(database: Database, training: StoredTraining, *, most_waiting: int, most: int) -> str:
    """Keep a new training; "" or, where there is no room for it, why: "busy" for a full queue, "many" for its owner."""
    with database.session() as session:
        if _count(session, StoredTraining.state.in_(OPEN)) >= most_waiting:
            return "busy"
        if _count(session, StoredTraining.notebook == training.notebook) >= most:
            return "many"
        session.add(training)
    return ""


def _count(session: Any, *which: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(StoredTraining).where(*which)) or 0)


def again(database: Database, training: str, *, most_waiting: int, **changes: Any) -> str:
    """Put a training that has ended in the queue again; "" or "busy", as `store` says, or "open" where it is there."""
    with database.session() as session:
        found = session.get_one(StoredTraining, training)
        if found.state in OPEN:
            return "open"
        if _count(session, StoredTraining.state.in_(OPEN)) >= most_waiting:
            return "busy"
        _change(found, state="waiting", reason="", error="", queued=now(), **changes)
    return ""


def take_next(database: Database) -> StoredTraining | None:
    """The training that has waited longest, which counts as running from now on; None where none waits."""
    waiting = select(StoredTraining).where(StoredTraining.state == "waiting")
    with database.session() as session:
        found = session.scalar(waiting.order_by(StoredTraining.queued, StoredTraining.id).limit(1))
        if found:
            found.state = "running"
        return found


def change(database: Database, training: str, **what: Any) -> None:
    """Keep what became of a training; nothing where it is gone meanwhile."""
    with database.session() as session:
        if found := session.get(StoredTraining, training):
            _change(found, **what)


def leave_queue(database: Database, training: str) -> bool:
    """Take a training that waits out of the queue; whether it was there."""
    with database.session() as session:
        found = session.get(StoredTraining, training)
        if not found or found.state != "waiting":
            return False
        _change(found, state="interrupted", reason="asked")
        return True


def _change(found: StoredTraining, **what: Any) -> None:
    for name, value in what.items():
        setattr(found, name, value)


def find(database: Database, notebook: str, training: str) -> StoredTraining | None:
    """The training of this id, if it is this notebook's."""
    with database.session() as session:
        found = session.get(StoredTraining, training)
    return found if found and found.notebook == notebook else None


def of_notebook(database: Database, notebook: str) -> list[StoredTraining]:
    """The trainings of a notebook, the newest first."""
    return _all(database, StoredTraining.notebook == notebook)


def names_of(database: Database, notebook: str) -> dict[str, str]:
    """What the trainings of a notebook are called, by id, which is also the name of the model that they made."""
    return {training.id: training.name for training in of_notebook(database, notebook)}


def ids_of_others(database: Database, notebook: str) -> set[str]:
    """The ids of the trainings of all other notebooks."""
    return {training.id for training in _all(database, StoredTraining.notebook != notebook)}


def running(database: Database) -> list[StoredTraining]:
    """What counts as running: at the beginning of a server, what an earlier one has left so."""
    return _all(database, StoredTraining.state == "running")


def using(database: Database, collection: str) -> list[StoredTraining]:
    """The trainings that learn from a collection now, or wait to."""
    return _all(database, StoredTraining.collection == collection, StoredTraining.state.in_(OPEN))


def _all(database: Database, *which: Any) -> list[StoredTraining]:
    wanted = select(StoredTraining).where(*which)
    with database.session() as session:
        return list(session.scalars(wanted.order_by(StoredTraining.created.desc(), StoredTraining.id)))


def place(database: Database, training: StoredTraining) -> int:
    """How many trainings come before one that waits."""
    earlier = StoredTraining.queued < training.queued
    with database.session() as session:
        waiting = _count(session, StoredTraining.state == "waiting", earlier)
        return waiting + _count(session, StoredTraining.state == "running")


def remove(database: Database, notebook: str, training: str) -> bool:
    """Forget a training of this notebook that is neither waiting nor running; whether there was one."""
    mine = (StoredTraining.id == training, StoredTraining.notebook == notebook, StoredTraining.state.not_in(OPEN))
    with database.session() as session:
        if not session.scalar(select(StoredTraining.id).where(*mine)):
            return False
        session.execute(delete(StoredTraining).where(*mine))
    return True


# ------------------------------------------------------------------------------------------------ pages about them


def store_report(database: Database, report: StoredReport) -> None:
    """Keep a page that was asked for."""
    with database.session() as session:
        session.add(report)


def find_report(database: Database, notebook: str, report: str) -> StoredReport | None:
    """The page of this id, if it is this notebook's."""
    with database.session() as session:
        found = session.get(StoredReport, report)
    return found if found and found.notebook == notebook else None


def reports_of(database: Database, notebook: str) -> list[StoredReport]:
    """The pages of a notebook, the newest first."""
    wanted = select(StoredReport).where(StoredReport.notebook == notebook)
    with database.session() as session:
        return list(session.scalars(wanted.order_by(StoredReport.created.desc(), StoredReport.id)))


def known_reports(database: Database) -> set[str]:
    """The ids of all pages."""
    with database.session() as session:
        return set(session.scalars(select(StoredReport.id)))


def unmade_reports(database: Database) -> list[StoredReport]:
    """Pages that are still to be made."""
    with database.session() as session:
        return list(session.scalars(select(StoredReport).where(StoredReport.state == "waiting")))


def report_ended(database: Database, report: str, state: str, error: str = "") -> None:
    """Keep that a page is ready, or why it failed; nothing where it is gone meanwhile."""
    with database.session() as session:
        if found := session.get(StoredReport, report):
            found.state, found.error = state, error


def remove_report(database: Database, report: str) -> None:
    """Forget a page."""
    with database.session() as session:
        session.execute(delete(StoredReport).where(StoredReport.id == report))


def remove_reports(database: Database, notebook: str, training: str) -> list[str]:
    """Forget the pages that show a training; their ids."""
    gone = [report.id for report in reports_of(database, notebook) if training in report.trainings]
    with database.session() as session:
        session.execute(delete(StoredReport).where(StoredReport.id.in_(gone)))
    return gone
