"""Trainings: asked for, followed while they learn, stopped, gone on with, heard, forgotten.

In: a collection, what to begin with, how long. Out: a training in a queue, then its curve as server-sent events, its
honest numbers, a tune of its latest weights. One learns at a time (`work.trainer`). This file learns nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from itertools import count
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tunewright.reports.wording import as_title
from tunewright.studio.routes.collections import found_collection, iso
from tunewright.studio.routes.having import Here, Notebook, Studio
from tunewright.studio.routes.refusing import Refused
from tunewright.studio.storage import trainings, tunes
from tunewright.studio.storage.tables import StoredTraining, new_id, now
from tunewright.studio.work.curves import Follower, curve, measured, resumable, trained
from tunewright.studio.work.training import BASE, NOTHING, PRESETS

router = APIRouter(prefix="/api", tags=["trainings"])
MOST_WAITING = 8  # trainings that wait or learn, of all notebooks
MOST_TRAININGS = 60  # of a notebook
LONGEST = 24 * 60.0  # minutes
LOOKING = 0.4  # seconds from one look at a curve to the next
GOES_ON = ("interrupted", "failed")  # states after which a training may be gone on with
OPEN = ("waiting", "running")


class TrainingRequest(BaseModel):
    """What is to be learned, from what on, and for how long at most."""

    collection: str = Field(max_length=64)
    origin: str = Field(default=BASE, alias="from", max_length=64)  # base, nothing, or the id of a training
    preset: Literal[*PRESETS] | None = None  # type: ignore[valid-type]  # for who begins with nothing
    minutes: float | None = Field(default=None, gt=0, le=LONGEST)
    steps: int | None = Field(default=None, ge=1, le=100_000)
    name: str = Field(default="", max_length=200)


class TrainingOut(BaseModel):
    """A training, and what was measured of it so far."""

    id: str
    name: str
    created: str
    collection: str | None
    collection_name: str
    origin: str
    origin_name: str
    preset: str
    minutes: float | None
    steps: int | None
    state: str
    reason: str
    error: str
    place: int | None  # how many come before it, while it waits
    about: dict[str, Any]
    can_resume: bool
    can_draw: bool
    model: str  # as it is named where tunes are made
    now: dict[str, Any]  # while it learns: phase, progress


def training_out(studio: Studio, training: StoredTraining) -> TrainingOut:
    """A training as it is told."""
    run = studio.learning.run_folder(training.id)
    known = training.origin in (BASE, NOTHING)
    origin = None if known else trainings.find(studio.database, training.notebook, training.origin)
    learns = training.state == "running"
    return TrainingOut(
        id=training.id,
        name=training.name,
        created=iso(training.created),
        collection=training.collection,
        collection_name=training.collection_name,
        origin=training.origin,
        origin_name=origin.name if origin else training.origin if known else "",
        preset=training.preset,
        minutes=training.minutes,
        steps=training.steps,
        state=training.state,
        reason=training.reason,
        error=training.error,
        place=trainings.place(studio.database, training) if training.state == "waiting" else None,
        about=measured(run) if learns else training.about,
        can_resume=training.state in GOES_ON and training.collection is not None,
        can_draw=trained(run) or resumable(run),
        model=training.id,
        now=studio.learning.trainer.now(training.id) if learns else {},
    )


def _found(training: str, studio: Here, notebook: Notebook) -> StoredTraining:
    found = trainings.find(studio.database, notebook, training)
    if found is None:
        raise Refused(404, "no_training", "no such training")
    return found


Found = Annotated[StoredTraining, Depends(_found)]


@router.get("/trainings")
def all_trainings(studio: Here, notebook: Notebook) -> list[TrainingOut]:
    """The trainings of this notebook, the newest first."""
    return [training_out(studio, one) for one in trainings.of_notebook(studio.database, notebook)]


@router.get("/trainings/{training}")
def one_training(found: Found, studio: Here) -> TrainingOut:
    """Where a training stands."""
    return training_out(studio, found)


@router.post("/trainings", status_code=201)
async def begin(asked: TrainingRequest, studio: Here, notebook: Notebook) -> TrainingOut:
    """Have a collection learned, as soon as no other training is before it."""
    collection = await found_collection(studio, notebook, asked.collection)
    if collection.state != "read":
        raise Refused(409, "not_read", "this collection has not been read")
    await run_in_threadpool(_check_origin, studio, notebook, asked)
    training = StoredTraining(
        id=new_id(),
        notebook=notebook,
        created=now(),
        queued=now(),
        name=await run_in_threadpool(_name, studio, notebook, asked.name, collection.name),
        collection=collection.id,
        collection_name=collection.name,
        origin=asked.origin,
        preset=asked.preset or "",
        minutes=asked.minutes,
        steps=asked.steps,
        state="waiting",
        reason="",
        error="",
        about={},
    )
    room = {"most_waiting": MOST_WAITING, "most": MOST_TRAININGS}
    if why := await run_in_threadpool(lambda: trainings.store(studio.database, training, **room)):
        raise _no_room(why)
    studio.learning.trainer.wake()
    return await run_in_threadpool(training_out, studio, training)


def _name(studio: Studio, notebook: str, asked: str, collection: str) -> str:
    """What a training is called: as was asked, or as its collection, with a number where that is taken."""
    if name := as_title(" ".join(asked.split())):
        return name
    taken = {one.name for one in trainings.of_notebook(studio.database, notebook)}
    named = (f"{collection} {number}" for number in count(2))
    return collection if collection not in taken else next(name for name in named if name not in taken)


def _check_origin(studio: Studio, notebook: str, asked: TrainingRequest) -> None:
    """Refuse what cannot be begun with."""
    if asked.preset and asked.origin != NOTHING:
        raise Refused(422, "preset_beside", "a preset is for who begins with nothing; expected no preset")
    if asked.origin in (BASE, NOTHING):
        return
    if trainings.find(studio.database, notebook, asked.origin) is None:
        raise Refused(404, "no_origin", "from: expected base, nothing, or the id of a training of yours")
    if not trained(studio.learning.run_folder(asked.origin)):
        raise Refused(409, "no_weights", "what it is to begin with has not learned anything yet")


def _no_room(why: str) -> Refused:
    if why == "busy":
        told = f"{MOST_WAITING} trainings are waiting already; try again later"
        return Refused(503, "busy", told, most=MOST_WAITING)
    if why == "open":
        return Refused(409, "open", "this training is waiting or learning already")
    return Refused(413, "many_trainings", f"{MOST_TRAININGS} trainings already; delete one", most=MOST_TRAININGS)


@router.post("/trainings/{training}/stop")
def stop(found: Found, studio: Here) -> TrainingOut:
    """Stop a training in an orderly way; the best that it has learned is kept, and it can be gone on with."""
    if not trainings.leave_queue(studio.database, found.id):
        if found.state not in OPEN:
            raise Refused(409, "not_open", "this training has ended already")
        studio.learning.trainer.stop(found.id)
    return training_out(studio, _found(found.id, studio, found.notebook))


class ResumeRequest(BaseModel):
    """How long to go on, at most; as long as before where nothing is said."""

    minutes: float | None = Field(default=None, gt=0, le=LONGEST)
    steps: int | None = Field(default=None, ge=1, le=100_000)


@router.post("/trainings/{training}/resume")
def resume(found: Found, studio: Here, asked: ResumeRequest | None = None) -> TrainingOut:
    """Go on with a training that was interrupted or failed, from its last checkpoint."""
    if found.state in OPEN:
        raise _no_room("open")
    if found.state not in GOES_ON:
        raise Refused(409, "ended", "this training has come to its end; begin another one from it")
    if found.collection is None:
        raise Refused(409, "tunes_gone", "the collection that it learned from is gone")
    changes = asked.model_dump(exclude_none=True) if asked else {}
    if why := trainings.again(studio.database, found.id, most_waiting=MOST_WAITING, **changes):
        raise _no_room(why)
    studio.learning.trainer.wake()
    return training_out(studio, _found(found.id, studio, found.notebook))


@router.delete("/trainings/{training}", status_code=204)
def remove(found: Found, studio: Here) -> None:
    """Forget a training, its run, and the pages about it."""
    if not trainings.remove(studio.database, found.notebook, found.id):
        raise Refused(409, "still_open", "this training is waiting or learning; stop it first")
    reports = trainings.remove_reports(studio.database, found.notebook, found.id)
    studio.learning.forget_run(found.id, reports)


# ------------------------------------------------------------------------------------------------ while it learns


@router.get("/trainings/{training}/events", response_class=EventSourceResponse)
async def follow(found: Found, studio: Here) -> AsyncIterator[ServerSentEvent]:
    """The curve of a training from its beginning, then as it goes on, until it ends.

    `points`: {anew, points: [{step, seconds, train_loss, valid_loss, bits_per_note, copy_rate}]}, of which all that
    came before are void where `anew` is true; `training`: a training, whenever something of it has changed.
    """
    follower, before = Follower(studio.learning.run_folder(found.id)), None
    while True:
        training = await run_in_threadpool(trainings.find, studio.database, found.notebook, found.id)
        if training is None:
            yield ServerSentEvent(event="gone", data={})
            return
        anew, points = await run_in_threadpool(follower.read)
        if anew or points:
            yield ServerSentEvent(event="points", data={"anew": anew, "points": points})
        told = await run_in_threadpool(training_out, studio, training)
        if told != before:
            yield ServerSentEvent(event="training", data=told)
            before = told
        if training.state not in OPEN and not points:
            return
        await asyncio.sleep(0 if points and training.state not in OPEN else LOOKING)


@router.get("/trainings/{training}/curve")
def whole_curve(found: Found, studio: Here) -> list[dict[str, float]]:
    """The points of a curve so far, thinned: {step, seconds, train_loss, valid_loss, bits_per_note, copy_rate}."""
    return curve(studio.learning.run_folder(found.id))


@router.post("/trainings/{training}/tune", status_code=201)
async def latest_tune(found: Found, studio: Here) -> dict[str, Any]:
    """A tune of the latest weights, also while it learns; it is stored in the notebook like any other."""
    run = studio.learning.run_folder(found.id)
    if not (trained(run) or resumable(run)):
        raise Refused(409, "no_weights", "it has no weights yet: they are kept at the first look at held-out tunes")
    drawn = await studio.learning.latest_tune(found.id, secrets.randbelow(2**31))
    about = {"step": drawn["step"], "valid": drawn["valid"], "error": drawn["error"]}
    stored = await run_in_threadpool(
        lambda: tunes.store(
            studio.database,
            found.notebook,
            drawn["abc"],
            "drawn",
            title=drawn["title"],
            model=found.id,
            seed=drawn["seed"],
            settings={"model": found.id, "seed": drawn["seed"]},
            about=about,
        )
    )
    return {"id": stored.id, "abc": stored.abc, "title": stored.title, "seed": stored.seed, "model": found.id} | about
