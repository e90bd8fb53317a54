"""What a studio keeps, in SQLite and in PostgreSQL: migrations, what is confirmed, what outlives a killed process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.support.places import ROOT
from tests.support.postgres import needs_postgres, postgres
from tunewright.studio.storage import tunes
from tunewright.studio.storage.database import MIGRATIONS, Database
from tunewright.studio.storage.tables import Base, StoredTune, now
from tunewright.support.errors import OutputError, TunewrightError

ABC = "X:1\nT:Ünï “音” 🎻\nK:C\nCDEF|\n"
KILLS = 12


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'studio.sqlite'}"
        return
    address: str = request.getfixturevalue("server")
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    yield address


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    one = Database(address)
    yield one
    one.close()


def config_of(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


# ------------------------------------------------------------------------------------------------ migrations


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_they_are_one_chain() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_each_step_goes_up_and_down_and_up_again(address: str) -> None:
    revisions = [one.revision for one in reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))]
    engine = sa.create_engine(address)
    for revision in revisions:
        for move, target in ((command.upgrade, revision), (command.downgrade, "-1"), (command.upgrade, revision)):
            with engine.begin() as connection:
                move(config_of(connection), target)
    with engine.begin() as connection:
        command.downgrade(config_of(connection), "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_a_database_of_the_first_version_keeps_its_tunes(address: str) -> None:
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        command.upgrade(config_of(connection), "0001")
    row = {"id": "a" * 16, "notebook": "n" * 24, "created": now(), "abc": ABC, "title": "t", "made_by": "drawn"}
    more = {"model": "base", "seed": 2**40, "settings": {"n": 1}, "about": {}, "parent": None, "kept": True}
    old = sa.Table("tunes", sa.MetaData(), autoload_with=engine)
    with engine.begin() as connection:
        connection.execute(old.insert(), {**row, **more})
    engine.dispose()
    database = Database(address)
    found = tunes.find(database, "a" * 16)
    assert found is not None
    assert (found.abc, found.seed, found.kept, found.settings) == (ABC, 2**40, True, {"n": 1})
    database.close()


# ---------------------------------------------------------------------------------------------------- tunes


def test_what_is_stored_is_found_as_it_was(database: Database) -> None:
    first = tunes.store(database, "notebook-of-mine-1", ABC, "drawn", seed=2**62, settings={"key": "E dorian", "n": 2})
    second = tunes.store(database, "notebook-of-mine-1", ABC, "edited", parent=first.id, kept=True)
    tunes.store(database, "another-notebook-2", ABC, "drawn")
    found = tunes.find(database, first.id)
    assert found is not None
    assert (found.abc, found.seed, found.settings) == (ABC, 2**62, {"key": "E dorian", "n": 2})
    assert [one.id for one in tunes.of_notebook(database, "notebook-of-mine-1")] == [second.id, first.id]
    assert [one.id for one in tunes.of_notebook(database, "notebook-of-mine-1", kept=True)] == [second.id]
    assert tunes.find(database, "there-is-no-such") is None


def test_what_a_parent_leaves_behind_stays(database: Database) -> None:
    first = tunes.store(database, "notebook-of-mine-1", ABC, "drawn")
    second = tunes.store(database, "notebook-of-mine-1", ABC, "edited", parent=first.id)
    with database.session() as session:
        session.execute(sa.delete(StoredTune).where(StoredTune.id == first.id))
    found = tunes.find(database, second.id)
    assert found is not None
    assert found.parent is None


def test_a_session_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            session.add(StoredTune(notebook="n" * 20, abc=ABC, made_by="drawn"))
            session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert tunes.of_notebook(database, "n" * 20) == []


def test_many_threads_write_at_once(database: Database) -> None:
    def write(number: int) -> str:
        return tunes.store(database, "n" * 20, ABC, "drawn", seed=number).id

    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(write, range(120)))
    assert {one.id for one in tunes.of_notebook(database, "n" * 20)} == set(ids)


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "not").write_bytes(b"not a database at all" * 100)
    with pytest.raises(OutputError, match="cannot be opened"):
        Database(f"sqlite:///{tmp_path / 'not'}")
    with pytest.raises(TunewrightError, match="no database that SQLAlchemy knows"):
        Database("nonsense://x")
    with pytest.raises(OutputError, match="cannot be opened") as caught:
        Database("postgresql+psycopg://someone:a-password@127.0.0.1:1/x")
    assert "a-password" not in str(caught.value)


# ---------------------------------------------------------------------------------------------------- kill -9

WRITER = """
import sys
from tunewright.studio.storage import tunes
from tunewright.studio.storage.database import Database
database = Database(sys.argv[1])
while True:
    tune = tunes.store(database, "n" * 20, "X:1\\nK:C\\n" + "C" * 5000 + "|", "drawn", settings={"a": [1] * 100})
    print(tune.id, flush=True)
"""


def test_what_was_confirmed_outlives_a_process_that_is_killed(address: str, tmp_path: Path) -> None:
    """A process writes, says the id of each tune once it is confirmed, and is killed at some moment, and so on."""
    moments = random.Random(16)
    confirmed: set[str] = set()
    Database(address).close()
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, address],
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        said: list[str] = []
        assert process.stdout
        reading = threading.Thread(target=lambda lines=process.stdout, to=said: to.extend(lines), daemon=True)
        reading.start()
        until = time.monotonic() + 60
        while not said and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(moments.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        reading.join()
        process.stdout.close()
        ids = [line.strip() for line in said if line.endswith("\n")]
        assert ids
        confirmed.update(ids)
    database = Database(address)
    with database.session() as session:
        found = {row.id: row.abc for row in session.scalars(sa.select(StoredTune))}
        if database.engine.dialect.name == "sqlite":
            assert session.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
    database.close()
    assert confirmed <= found.keys()
    assert all(abc.endswith("C|") for abc in found.values())  # and nothing is there by half
