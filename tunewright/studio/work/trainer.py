"""Trainings one after another: what waits in the database is learned, each in a process of its own.

In: a `Database`, the studio's folder. Out: what became of each training, in the database as soon as it is known, so
that a server that is killed finds it again; and, of the one that learns now, where it stands. A process that dies
costs its own training the steps since its last checkpoint. This file learns nothing itself (`training`).
"""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from tunewright.corpus.sources import BUILT_IN
from tunewright.studio.settings import Settings
from tunewright.studio.storage import trainings
from tunewright.studio.storage.database import Database
from tunewright.studio.storage.tables import StoredTraining
from tunewright.studio.work.curves import measured, summary
from tunewright.studio.work.training import BASE, NOTHING, Order, learn

PATIENCE = 60.0  # seconds that a process has to stop in an orderly way
CLOSING = 20.0  # the same where the studio closes
LOOKING = 0.2  # seconds from one look at the pipe to the next
ENDED = ("finished", "early_stopped", "interrupted", "diverged", "failed")  # as a run says that it has


class Trainer:
    """The thread that has one training learned after another."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self._thread = threading.Thread(target=self._serve, name="trainer", daemon=True)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._stop: set[str] = set()  # trainings that are to stop
        self._now: dict[str, dict[str, Any]] = {}  # where the one that learns stands
        self._process: SpawnProcess | None = None

    def start(self) -> None:
        """Find out what became of trainings that an earlier server left running, and begin."""
        for training in trainings.running(self.database):
            self._ended(training, {}, reason="killed")
        self._thread.start()

    def close(self) -> None:
        """Have what learns now saved, and end."""
        self._closing.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSING + 5)

    def wake(self) -> None:
        """Look at once whether something waits."""
        self._wake.set()

    def stop(self, training: str) -> None:
        """Have a training that learns stop in an orderly way."""
        self._stop.add(training)

    def now(self, training: str) -> dict[str, Any]:
        """Where a training that learns stands: its phase, and its progress once there is one; {} for another."""
        return self._now.get(training, {})

    @property
    def process(self) -> int | None:
        """The id of the process that learns now."""
        return self._process.pid if self._process else None

    def run_folder(self, training: str) -> Path:
        """Where the run of a training lies."""
        return (self.settings.trained / training).resolve()

    # -------------------------------------------------------------------------------------------- the thread

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            try:
                training = trainings.take_next(self.database)
                if training:
                    self._learn(training)
                    continue
            except SQLAlchemyError:  # what could not be kept is found out when the studio begins again
                logging.getLogger(__name__).exception("the database cannot be asked about trainings")
            self._wake.wait(1.0)

    def _learn(self, training: StoredTraining) -> None:
        """One training, from its process's beginning to its end."""
        self._now[training.id] = {"phase": "starting"}
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = process = context.Process(target=learn, args=(theirs, self._order(training)), daemon=True)
        try:
            process.start()
            theirs.close()
            ended, reason = self._follow(training.id, ours, process)
            process.join(PATIENCE)
        except OSError as error:
            ended, reason = {"status": "failed", "error": f"no process could be started ({error.strerror})"}, ""
        finally:
            self._end(process)
            ours.close()
        self._ended(training, ended, reason)
        self._now.pop(training.id, None)
        self._stop.discard(training.id)

    def _end(self, process: SpawnProcess) -> None:
        if process.pid is not None and process.is_alive():
            process.kill()
            process.join(PATIENCE)
        self._process = None

    def _order(self, training: StoredTraining) -> Order:
        collection = training.collection or ""
        brought = (
            collection if collection in BUILT_IN else str((self.settings.folder / "collections" / collection).resolve())
        )
        own = training.origin not in (BASE, NOTHING)
        return Order(
            run=str(self.run_folder(training.id)),
            collection=brought,
            name=training.collection or "" if collection in BUILT_IN else training.collection_name,
            origin=str(self.run_folder(training.origin)) if own else training.origin,
            preset=training.preset,
            minutes=training.minutes,
            steps=training.steps,
        )

    def _follow(self, training: str, pipe: Connection, process: SpawnProcess) -> tuple[dict[str, Any], str]:
        """What the process says until it ends: how it ended, and the reason where it was interrupted."""
        until, reason = float("inf"), ""
        while True:
            if not reason and (self._closing.is_set() or training in self._stop):
                reason = "closed" if self._closing.is_set() else "asked"
                until = time.monotonic() + (CLOSING if reason == "closed" else PATIENCE)
                self._now[training] = self.now(training) | {"stopping": True}
                _say_stop(pipe)
            try:
                if not pipe.poll(LOOKING):
                    if time.monotonic() > until:
                        process.kill()
                        return {}, reason
                    continue
                what, value = pipe.recv()
            except (EOFError, OSError):
                return {}, reason or "died"
            if what == "ended":
                return value, reason
            self._now[training] = self.now(training) | {"phase": "learning" if what == "progress" else value}
            if what == "progress":
                self._now[training]["progress"] = value

    def _ended(self, training: StoredTraining, ended: dict[str, Any], reason: str = "") -> None:
        """Keep how a training ended: as its process said, or else as its run folder says."""
        run = self.run_folder(training.id)
        status = ended.get("status") or summary(run).get("status")
        if status not in ENDED:
            status = "interrupted"
        trainings.change(
            self.database,
            training.id,
            state=status,
            reason=(reason or "died") if status == "interrupted" else "",
            error=ended.get("error", ""),
            about=measured(run),
        )


def _say_stop(pipe: Connection) -> None:
    try:
        pipe.send("stop")
    except OSError:  # it has ended meanwhile: what it said last is still to be read
        return
