"""New tunes, told bar by bar as they are written.

In: what is asked for, of which model. Out: server-sent events: `waiting` with the place in the queue, `bar` as it is
written, `tune` as it was stored, `failed` with the reason, at the end `done`. What cannot be had is refused before the
first event wherever that is known by then. This file draws nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from tunewright.studio.models import Model, find_model, usable_models
from tunewright.studio.routes.having import Here, Notebook, Studio
from tunewright.studio.routes.shapes import DrawRequest, MadeBy, ModelOut, Refused, TuneOut
from tunewright.studio.storage import trainings, tunes
from tunewright.studio.storage.tables import StoredTune
from tunewright.studio.wording import wording_of
from tunewright.studio.work.pool import Waiting
from tunewright.support.errors import ConfigError, TunewrightError
from tunewright.tokens.requests import build_request

router = APIRouter(prefix="/api", tags=["tunes"])

LARGEST_SEED = 2**31
SECONDS = 30.0  # that a drawing may take, and so many more for each tune that is drawn for it
SECONDS_EACH = 1.0
SECONDS_READING = 180.0  # and to read what a model learned from, the first time
MOST_SECONDS = 240.0

Event = dict[str, Any]


@router.get("/models")
def list_models(request: HttpRequest, studio: Here, notebook: Notebook) -> list[ModelOut]:
    """The models that tunes can be drawn from: the one in the box first, then runs given, then runs trained here.

    What was trained in another notebook is not named here; who knows its id, as from a tune's link, can draw from it.
    """
    say, others = wording_of(request).say, trainings.ids_of_others(studio.database, notebook)
    titles = trainings.names_of(studio.database, notebook)
    found = [model for model in usable_models(studio.settings) if model.kind != "trained" or model.name not in others]
    return [ModelOut.of(model, say, titles.get(model.name, model.name)) for model in found]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is asked for, as it stands before anything is drawn."""

    asked: DrawRequest
    model: Model
    seed: int
    task: Event  # what the process that draws is told

    @property
    def made_by(self) -> MadeBy:
        """How a tune came about."""
        if self.asked.locked is not None:
            return "redrawn"
        if self.asked.vary is not None:
            return "varied"
        return "drawn" if self.asked.go_on_from is None else "continued"

    @property
    def seconds(self) -> float:
        """How long it may take."""
        each = SECONDS_EACH * self.asked.n * (self.asked.best_of or 1)
        return min(SECONDS + each + SECONDS_READING * (self.asked.original is not None), MOST_SECONDS)


def _prepared(studio: Studio, asked: DrawRequest) -> _Drawing:
    """The drawing that is asked for; a TunewrightError for what cannot be had."""
    words = {name: getattr(asked, name) for name in ("key", "meter", "rhythm", "bars", "parts", "plan")}
    words["pitch_range"] = asked.range
    build_request(**words)
    model = find_model(studio.settings, asked.model)
    seed = secrets.randbelow(LARGEST_SEED) if asked.seed is None else asked.seed
    given = {
        name: _abc(studio, tune)
        for name, tune in (("parent", asked.parent), ("like", asked.like), ("plan_like", asked.plan_like))
        if tune is not None
    }
    names = ("start", "free", "temperature", "top_k", "top_p", "min_p", "repeats", "best_of", "original", "n", "vary")
    task = {name: getattr(asked, name) for name in (*names, "go_on_from")}
    task["locked"] = None if asked.locked is None else tuple(asked.locked)
    return _Drawing(
        asked,
        model,
        seed,
        {"run": str(model.path), "stamp": model.stamp, "seed": seed, "words": words, **task, **given},
    )


def _abc(studio: Studio, tune: str) -> str:
    found = tunes.find(studio.database, tune)
    if found is None:
        raise ConfigError(f"there is no tune {tune}; expected the id of one that is stored")
    return found.abc


@dataclass(frozen=True, slots=True)
class _Begun:
    """A drawing that is under way: what came of it first, and the rest."""

    drawing: _Drawing
    first: Event | Waiting
    rest: AsyncGenerator[Event | Waiting, None]


async def _begin(asked: DrawRequest, studio: Here) -> AsyncIterator[_Begun]:
    """Begin to draw, or wait for that; raises what is refused before either. It ends when nobody listens any more."""
    drawing = await run_in_threadpool(_prepared, studio, asked)
    events = studio.drawing.stream("draw", seconds=drawing.seconds, tell_waiting=True, **drawing.task)
    async with aclosing(events):
        yield _Begun(drawing, await anext(events), events)


@router.post("/tunes", response_class=EventSourceResponse, responses={422: {"model": Refused}, 503: {"model": Refused}})
async def draw(
    begun: Annotated[_Begun, Depends(_begin)], studio: Here, notebook: Notebook
) -> AsyncIterator[ServerSentEvent]:
    """Draw tunes: events `waiting` {place}, `bar` {index, bars, abc}, `tune`, `failed` {index, error}, `done` {}.

    `reading` {model} says that what the model learned from is being read, which takes a while the first time.
    """
    try:
        if told := await _told(begun.first, begun.drawing, studio, notebook):
            yield told
        async for event in begun.rest:
            if told := await _told(event, begun.drawing, studio, notebook):
                yield told
    except TunewrightError as error:
        yield ServerSentEvent(event="failed", data={"error": str(error)})
    yield ServerSentEvent(event="done", data={})


async def _told(event: Event | Waiting, drawing: _Drawing, studio: Studio, notebook: str) -> ServerSentEvent | None:
    """What is told of an event; a tune is stored first."""
    if isinstance(event, Waiting):
        return ServerSentEvent(event="waiting", data={"place": event.place})
    ((kind, value),) = event.items()
    if kind == "begun":
        return None
    if kind == "reading":
        value = {"model": drawing.model.name}
    elif kind == "tune":
        stored = await run_in_threadpool(_stored, studio, notebook, drawing, value)
        value = TuneOut.of(stored).model_dump(mode="json") | {"index": value["index"]}
    return ServerSentEvent(event=kind, data=value)


def _stored(studio: Studio, notebook: str, drawing: _Drawing, tune: Event) -> StoredTune:
    """The tune in the notebook, with the request that gives this one alone again."""
    alone = drawing.asked.model_copy(update={"n": 1, "seed": tune["seed"]})
    return tunes.store(
        studio.database,
        notebook,
        tune["abc"],
        drawing.made_by,
        title=str(tune["about"].get("title", "")),
        model=drawing.model.name,
        seed=tune["seed"],
        settings=alone.model_dump(mode="json"),
        about=tune["about"],
        parent=drawing.asked.parent,
    )
