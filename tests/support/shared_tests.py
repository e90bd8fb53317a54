"""Listening tests that stand in a studio's database, ready to be taken."""

from __future__ import annotations

from pathlib import Path

from tests.support.blind_tests import invented
from tests.support.raters import short_sounds
from tunewright.judging.listening.design import BlindTest
from tunewright.studio.storage import listening
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTest

NOTEBOOK = "n" * 24


def put_test(database: Database, test: BlindTest, notebook: str = NOTEBOOK) -> StoredTest:
    """A test of a notebook, as it is once it has been made."""
    order = {"kind": test.kind, "items": len(test.items), "bars": test.bars}
    asked = {"order": order, "sources": [], "real": "", "real_sources": []}
    stored = StoredTest(
        notebook=notebook, title=test.title, state=listening.MAKING, error="", closed=False, asked=asked, design={}
    )
    assert listening.store(database, stored, most=100)
    listening.keep_made(database, stored.id, test.described(), short_sounds(test))
    return stored


def prepared(folder: Path, kind: str, items: int = 3, notebook: str = NOTEBOOK) -> tuple[StoredTest, BlindTest]:
    """The same in the database of a studio that is not open."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{folder / 'studio.sqlite'}")
    test = invented(kind, sources=2, items=items)
    try:
        return put_test(database, test, notebook), test
    finally:
        database.close()
