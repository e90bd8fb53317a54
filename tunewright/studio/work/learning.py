"""What one studio has for learning: processes that read and judge, begun when first needed, and the trainer.

In: settings, a database. Out: collections read, trainings learned, pages made, each told in the database as soon as it
is known; what an earlier server has left undone is done. This file reads and judges nothing itself (`reading`,
`judging`), and answers no request.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from tunewright.corpus.sources import BUILT_IN
from tunewright.studio.settings import Settings
from tunewright.studio.storage import collections, trainings
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredCollection, StoredReport, StoredTraining
from tunewright.studio.work.pool import Pool
from tunewright.studio.work.trainer import Trainer
from tunewright.support.errors import TunewrightError

READING_SECONDS = 300.0  # for what is brought
BUILT_IN_SECONDS = 900.0  # for a built-in collection, read once and then kept
DRAWING_SECONDS = 120.0
JUDGING_SECONDS = 1800.0
MOST_READING, MOST_JUDGING = 20, 10  # that wait
UNKNOWN_SECONDS = 3600.0  # after which a folder that nobody knows of is left over
REPORTS = "reports"


class _Late:
    """A pool whose processes begin when they are first asked."""

    def __init__(self, module: str, most_waiting: int) -> None:
        self.pool = Pool(f"tunewright.studio.work.{module}", most_waiting=most_waiting)
        self.lock = asyncio.Lock()
        self.begun = False

    async def begin(self) -> Pool:
        async with self.lock:
            if not self.begun:
                self.begun = True
                await run_in_threadpool(self.pool.start)
        return self.pool

    def close(self) -> None:
        if self.begun:
            self.pool.close()


class Learning:
    """Reading, training and judging of one studio."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.trainer = Trainer(settings, database)
        self.reading, self.judging = _Late("reading", MOST_READING), _Late("judging", MOST_JUDGING)
        self.hearing = _Late("judging", MOST_JUDGING)  # nobody who wants to hear a tune waits for a scorecard
        self.told: dict[str, dict[str, Any]] = {}  # by the id of a page how far it is
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading_now: set[str] = set()

    async def start(self) -> None:
        """Begin, with what an earlier server has left undone."""
        await run_in_threadpool(self.trainer.start)
        await run_in_threadpool(self._sweep)
        for collection in await run_in_threadpool(collections.unread, self.database):
            if collection.id not in BUILT_IN:
                self.read(collection)
        for report in await run_in_threadpool(trainings.unmade_reports, self.database):
            await run_in_threadpool(trainings.report_ended, self.database, report.id, "failed", "the studio was closed")

    def _sweep(self) -> None:
        """Remove what a killed server has left that nobody knows of: files that it had not confirmed yet."""
        for name, known in (("collections", collections.known), (REPORTS, trainings.known_reports)):
            ids = known(self.database)
            for folder in (self.settings.folder / name).glob("*/"):
                if folder.name not in ids and time.time() - folder.stat().st_mtime > UNKNOWN_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    async def close(self) -> None:
        """Have what learns saved, and end all processes."""
        for task in self._tasks:
            task.cancel()
        for late in (self.reading, self.judging, self.hearing):
            await run_in_threadpool(late.close)
        await run_in_threadpool(self.trainer.close)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside what answers requests."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -------------------------------------------------------------------------------------------- collections

    def folder_of(self, collection: str) -> Path:
        """Where the files of a collection that was brought lie."""
        return self.settings.folder / "collections" / collection

    @property
    def full(self) -> int:
        """How many collections wait to be read, where no more may; else 0."""
        waiting = len(self._reading_now)
        return waiting if waiting >= MOST_READING else 0

    def read(self, collection: StoredCollection) -> None:
        """Read a collection, unless that is being done."""
        if collection.id not in self._reading_now:
            self._reading_now.add(collection.id)
            self._do(self._read(collection))

    async def _read(self, collection: StoredCollection) -> None:
        built_in = collection.id in BUILT_IN
        folder = str(self.folder_of(collection.id).resolve())
        task, words = ("read_builtin", {"name": collection.id}), {"folder": folder, "name": collection.name}
        try:
            pool = await self.reading.begin()
            if built_in:
                found = await pool.ask(task[0], seconds=BUILT_IN_SECONDS, **task[1])
            else:
                found = await pool.ask("read", seconds=READING_SECONDS, **words)
        except TunewrightError as error:
            found = {"error": {"code": "unread", "error": str(error), "values": {}}}
        finally:
            self._reading_now.discard(collection.id)
        state = "failed" if "error" in found else "read"
        if state == "failed" and not built_in:
            await run_in_threadpool(self.forget_files, collection.id)
            found["bytes"] = 0
        if not await run_in_threadpool(collections.told, self.database, collection.id, state=state, **found):
            await run_in_threadpool(self.forget_files, collection.id)  # deleted while it was read

    def forget_files(self, collection: str) -> None:
        """Remove what was brought."""
        shutil.rmtree(self.folder_of(collection), ignore_errors=True)

    async def scores(self, abcs: list[str]) -> list[str]:
        """Small scores of tunes."""
        pool = await self.reading.begin()
        found: list[str] = await pool.ask("scores", abcs=abcs)
        return found

    # -------------------------------------------------------------------------------------------- runs

    def run_folder(self, training: str) -> Path:
        """Where the run of a training lies."""
        return self.trainer.run_folder(training)

    async def latest_tune(self, training: str, seed: int) -> dict[str, Any]:
        """A tune of the latest weights of a training."""
        pool = await self.hearing.begin()
        run = str(self.run_folder(training))
        found: dict[str, Any] = await pool.ask("tune", seconds=DRAWING_SECONDS, run=run, seed=seed)
        return found

    # -------------------------------------------------------------------------------------------- pages about them

    def report_folder(self, report: str) -> Path:
        """Where a page lies, with the files beside it."""
        return self.settings.folder / REPORTS / report

    def make(self, report: StoredReport, about: list[StoredTraining]) -> None:
        """Make a page."""
        self.told[report.id] = {"waiting": True}
        self._do(self._make(report, about))

    async def _make(self, report: StoredReport, about: list[StoredTraining]) -> None:
        page = self.report_folder(report.id).resolve()
        error = ""
        try:
            page.mkdir(parents=True)
            pool = await self.judging.begin()
            words = {**self._words(report, about), "page": str(page)}
            async for told in pool.stream(report.kind, seconds=JUDGING_SECONDS, **words):
                self.told[report.id] = told
        except (TunewrightError, OSError) as failed:
            error = str(failed)
        finally:
            self.told.pop(report.id, None)
        state = "failed" if error else "ready"
        await run_in_threadpool(trainings.report_ended, self.database, report.id, state, error)

    def _words(self, report: StoredReport, about: list[StoredTraining]) -> Mapping[str, Any]:
        """What a worker has to know to make a page."""
        runs = [(str(self.run_folder(training.id)), training.name) for training in about]
        learned = {training.collection for training in about}
        [collection] = learned if len(learned) == 1 else [None]
        brought = {"collection": self.source(collection), "collection_name": about[0].collection_name}
        if report.kind == "comparison":
            return {"runs": runs, "language": report.language, **brought}
        one = {"run": runs[0][0], "name": runs[0][1], **brought}
        return one if report.kind == "run" else one | {"language": report.language}

    def source(self, collection: str | None) -> str:
        """A collection as a worker finds it: the name of a built-in one, or a folder; "" where it is gone."""
        if not collection or collection in BUILT_IN:
            return collection or ""
        return str(self.folder_of(collection).resolve())

    def forget_run(self, training: str, reports: list[str]) -> None:
        """Remove what a training left, and the pages about it."""
        for folder in (self.run_folder(training), *map(self.report_folder, reports)):
            with suppress(OSError):
                shutil.rmtree(folder)

    def forget_report(self, report: str) -> None:
        """Remove a page, and the files beside it."""
        shutil.rmtree(self.report_folder(report), ignore_errors=True)
