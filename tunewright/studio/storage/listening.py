"""Listening tests: stored, found by their owner or by their link, taken by raters, whose answers are kept.

In: a `Database`, a notebook or a share. Out: rows, and `Rater`s as `judging.listening` reckons with them. What is
confirmed is on the disk: an answer is there when the function that stores it returns. A rater answers an item as often
as they like until they have finished; the last answer counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from tunewright.judging.listening.answers import MOST_RATERS, Answer, Rater
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredAnswer, StoredRater, StoredSound, StoredTest, now

MAKING, READY, FAILED = "making", "ready", "failed"


# ------------------------------------------------------------------------------------------------ tests


def store(database: Database, test: StoredTest, *, most: int) -> bool:
    """Keep a new test; false where its notebook has `most` already."""
    own = select(func.count()).select_from(StoredTest).where(StoredTest.notebook == test.notebook)
    with database.session() as session:
        if (session.scalar(own) or 0) >= most:
            return False
        session.add(test)
    return True


def find(database: Database, notebook: str, test: str) -> StoredTest | None:
    """A test of a notebook; None where there is none of this id."""
    with database.session() as session:
        found = session.get(StoredTest, test)
        return found if found and found.notebook == notebook else None


def shared(database: Database, share: str) -> StoredTest | None:
    """The test of a link, once it is ready."""
    with database.session() as session:
        return session.scalar(select(StoredTest).where(StoredTest.share == share, StoredTest.state == READY))


def of_notebook(database: Database, notebook: str) -> list[StoredTest]:
    """The tests of a notebook, the newest first."""
    wanted = select(StoredTest).where(StoredTest.notebook == notebook)
    with database.session() as session:
        return list(session.scalars(wanted.order_by(StoredTest.created.desc(), StoredTest.id)))


def unmade(database: Database) -> list[StoredTest]:
    """The tests that are still to be made, the oldest first."""
    wanted = select(StoredTest).where(StoredTest.state == MAKING)
    with database.session() as session:
        return list(session.scalars(wanted.order_by(StoredTest.created, StoredTest.id)))


def keep_made(database: Database, test: str, design: Mapping[str, Any], sounds: Mapping[str, bytes]) -> None:
    """Keep what was made of a test, all of it at once; nothing where the test is gone meanwhile."""
    with database.session() as session:
        found = session.get(StoredTest, test)
        if found is None:
            return
        found.design, found.state = dict(design), READY
        session.add_all(StoredSound(test=test, stimulus=name, wav=wav) for name, wav in sounds.items())


def keep_failed(database: Database, test: str, error: str) -> None:
    """Keep why a test could not be made."""
    with database.session() as session:
        if found := session.get(StoredTest, test):
            found.state, found.error = FAILED, error


def close(database: Database, test: str, *, closed: bool) -> None:
    """Have a test take no more answers, or take some again."""
    with database.session() as session:
        session.get_one(StoredTest, test).closed = closed


def remove(database: Database, test: str) -> None:
    """Forget a test, with all that was answered."""
    raters = select(StoredRater.id).where(StoredRater.test == test)
    with database.session() as session:
        session.execute(delete(StoredAnswer).where(StoredAnswer.rater.in_(raters)))
        session.execute(delete(StoredRater).where(StoredRater.test == test))
        session.execute(delete(StoredSound).where(StoredSound.test == test))
        session.execute(delete(StoredTest).where(StoredTest.id == test))


def sound(database: Database, test: str, stimulus: str) -> bytes | None:
    """The sound of a tune of a test."""
    with database.session() as session:
        found = session.get(StoredSound, (test, stimulus))
        return found.wav if found else None


def sounds(database: Database, test: str) -> dict[str, bytes]:
    """All sounds of a test, by the ids of its tunes."""
    with database.session() as session:
        return {one.stimulus: one.wav for one in session.scalars(select(StoredSound).where(StoredSound.test == test))}


# ------------------------------------------------------------------------------------------------ raters


def begin(database: Database, test: str, sheets: int, language: str) -> StoredRater | None:
    """A new rater, with the next of so many sheets; None where there are as many as are reckoned with."""
    with database.session() as session:
        there = session.scalar(select(func.count()).select_from(StoredRater).where(StoredRater.test == test)) or 0
        if there >= MOST_RATERS:
            return None
        when = _iso(now())
        rater = StoredRater(
            test=test,
            rater=secrets.token_hex(8),
            token=secrets.token_urlsafe(18),
            sheet=there % sheets,
            about={"consented": when, "started": when, "finished": "", "language": language},
        )
        session.add(rater)
    return rater


def find_rater(database: Database, test: str, token: str) -> StoredRater | None:
    """The rater of a test who has this token."""
    if not token:
        return None
    wanted = select(StoredRater).where(StoredRater.test == test, StoredRater.token == token[:32])
    with database.session() as session:
        found = session.scalar(wanted)
        return found if found and compare_digest(found.token.encode(), token.encode()) else None


def tell(database: Database, rater: str, **about: Any) -> StoredRater:
    """Keep more of what is known of a rater."""
    with database.session() as session:
        found = session.get_one(StoredRater, rater)
        found.about = found.about | about
        return found


def keep_answer(database: Database, rater: str, answer: Answer) -> None:
    """Keep an answer, in the place of an earlier one to the same item."""
    with database.session() as session:
        session.merge(StoredAnswer(rater=rater, item=answer.item, answer=_plain(answer)))


def answers_of(database: Database, rater: str) -> dict[str, dict[str, Any]]:
    """What a rater has said so far, by item."""
    with database.session() as session:
        found = session.scalars(select(StoredAnswer).where(StoredAnswer.rater == rater))
        return {one.item: one.answer for one in found}


class TooMany(Exception):
    """More raters than are reckoned with."""


def keep_raters(database: Database, test: str, raters: Sequence[Rater]) -> str:
    """Keep raters whose answers came as files, all or none; the id of one who is there already, else "".

    TooMany where with those who are there they are more than are reckoned with.
    """
    for rater in raters:
        with database.session() as session:
            known = select(StoredRater.id).where(StoredRater.test == test, StoredRater.rater == rater.id)
            if session.scalar(known):
                return rater.id
    try:
        with database.session() as session:
            there = session.scalar(select(func.count()).select_from(StoredRater).where(StoredRater.test == test)) or 0
            if there + len(raters) > MOST_RATERS:
                raise TooMany
            for rater in raters:
                stored = _stored(test, rater)
                session.add(stored)
                session.flush()
                session.add_all(StoredAnswer(rater=stored.id, item=a.item, answer=_plain(a)) for a in rater.answers)
    except IntegrityError:  # two at once
        return raters[0].id
    return ""


def raters(database: Database, test: str) -> list[Rater]:
    """All who have answered something, in the order in which they began."""
    wanted = select(StoredRater).where(StoredRater.test == test).order_by(StoredRater.begun, StoredRater.id)
    said = select(StoredAnswer).join(StoredRater, StoredAnswer.rater == StoredRater.id).where(StoredRater.test == test)
    with database.session() as session:
        by_rater: dict[str, list[Answer]] = {}
        for one in session.scalars(said.order_by(StoredAnswer.rater, StoredAnswer.item)):
            by_rater.setdefault(one.rater, []).append(_answer(one))
        return [_rater(one, by_rater[one.id]) for one in session.scalars(wanted) if one.id in by_rater]


def count_raters(database: Database, tests: Iterable[str]) -> dict[str, tuple[int, int]]:
    """For each of these tests how many have begun, and how many have finished."""
    wanted = select(StoredRater).where(StoredRater.test.in_(list(tests)))
    found: dict[str, tuple[int, int]] = {}
    with database.session() as session:
        for one in session.scalars(wanted):
            begun, finished = found.get(one.test, (0, 0))
            found[one.test] = begun + 1, finished + bool(one.about.get("finished"))
    return found


def _stored(test: str, rater: Rater) -> StoredRater:
    told = ("consented", "started", "finished", "headphones", "language")
    about = {name: getattr(rater, name) for name in told}
    return StoredRater(test=test, rater=rater.id, token="", sheet=rater.sheet, about=about)


def _plain(answer: Answer) -> dict[str, Any]:
    told = {"item": answer.item, "first": answer.first, "seconds": answer.seconds, "heard": list(answer.heard)}
    return told | {"values": dict(answer.values)}


def _answer(one: StoredAnswer) -> Answer:
    plain = one.answer
    return Answer(one.item, plain["first"], plain["values"], plain["seconds"], tuple(plain["heard"]))


def _rater(one: StoredRater, said: Sequence[Answer]) -> Rater:
    about = {name: one.about.get(name, "") for name in ("consented", "started", "finished", "language")}
    return Rater(
        one.rater, one.sheet, tuple(said), **about, headphones=one.about.get("headphones"), by_file=not one.token
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def finished_now() -> str:
    """This moment, as a rater's record has it."""
    return _iso(now())
