"""Listening tests for who makes them: made, shared, closed, their answers read in, their results.

In: what is compared and how; files of answers. Out: tests of this notebook, results as JSON and as a page, raw data,
the static file. Nobody else sees any of it; what raters see is in `raters`.
"""

from __future__ import annotations

import html
import re
import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from tunewright.corpus.sources import BUILT_IN
from tunewright.judging.listening.answers import LARGEST, MOST_RATERS, merge, read_answers
from tunewright.judging.listening.design import read_test
from tunewright.judging.listening.making import LONGEST_TITLE, USUAL_ITEMS
from tunewright.judging.listening.planning import FEWEST, MOST
from tunewright.judging.listening.questions import parse_questions
from tunewright.judging.listening.sources import RUN, TUNES
from tunewright.judging.listening.stimuli import FEWEST_BARS, MOST_BARS, USUAL_BARS
from tunewright.reports.wording import as_title
from tunewright.studio.models import find_model
from tunewright.studio.routes.having import Here, Notebook, Studio
from tunewright.studio.routes.refusing import Refused
from tunewright.studio.storage import listening, tunes
from tunewright.studio.storage.tables import StoredTest
from tunewright.studio.wording import wording_of
from tunewright.studio.work.listening import OWN
from tunewright.support.errors import ConfigError

router = APIRouter(tags=["listening"])
MOST_TESTS = 100  # of a notebook
MOST_SOURCES = 8
MOST_TUNES = 200  # of a source
LONGEST_ABC = 1_000_000  # signs of a file
LONGEST_NAME = 80
MOST_WAITING = 10  # tests that are to be made
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


class SourceAsked(BaseModel):
    """What is compared: a model by its name, tunes by their ids, or a text of ABC."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["model", "tunes", "abc"]
    name: str = Field("", max_length=LONGEST_NAME, description="of a model its own; else what results call it")
    tunes: list[Annotated[str, Field(max_length=64)]] = Field([], max_length=MOST_TUNES)
    abc: str = Field("", max_length=LONGEST_ABC)


class ListeningRequest(BaseModel):
    """A test to be made."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=LONGEST_TITLE)
    questions: str = Field("pairs", max_length=80, description="pairs, rating, machine, or some of the rated ones")
    items: int = Field(USUAL_ITEMS, ge=FEWEST, le=MOST)
    bars: int = Field(USUAL_BARS, ge=FEWEST_BARS, le=MOST_BARS)
    seed: int | None = Field(None, ge=0, lt=2**31)
    language: Literal["en", "zh"] = "en"
    sources: list[SourceAsked] = Field(min_length=1, max_length=MOST_SOURCES)
    real: str = Field(OWN, max_length=20, description="a built-in collection, own (of the models), or nothing")

    @model_validator(mode="after")
    def _checked(self) -> ListeningRequest:
        if self.real not in ("", OWN, *BUILT_IN):
            raise ValueError(f"real: found {self.real!r}; expected nothing, {OWN}, {', '.join(BUILT_IN)}")
        return self


class ListeningOut(BaseModel):
    """A test of this notebook; `done` of `of` says how far it is while it is being made."""

    id: str
    share: str  # the path of the link
    title: str
    created: str
    state: str
    error: str
    closed: bool
    kind: str
    items: int
    bars: int
    sources: list[str]
    raters: int
    finished: int
    done: int
    of: int


def _out(studio: Studio, test: StoredTest, counts: tuple[int, int]) -> ListeningOut:
    done, of = studio.listeners.told.get(test.id, (0, 0))
    order = test.asked["order"]
    names = [one[0] for one in test.design.get("sources", ())] or [one["name"] for one in test.asked["sources"]]
    return ListeningOut(
        id=test.id,
        share=f"/h/{test.share}",
        title=test.title,
        created=test.created.isoformat(),
        state=test.state,
        error=test.error,
        closed=test.closed,
        kind=order["kind"],
        items=order["items"],
        bars=order["bars"],
        sources=names,
        raters=counts[0],
        finished=counts[1],
        done=done,
        of=of,
    )


def _all_out(studio: Studio, tests: list[StoredTest]) -> list[ListeningOut]:
    counts = listening.count_raters(studio.database, [one.id for one in tests])
    return [_out(studio, one, counts.get(one.id, (0, 0))) for one in tests]


def _found(test: str, studio: Here, notebook: Notebook) -> StoredTest:
    found = listening.find(studio.database, notebook, test)
    if found is None:
        raise Refused(404, "no_test", "no such listening test")
    return found


def _ready(test: str, studio: Here, notebook: Notebook) -> StoredTest:
    found = _found(test, studio, notebook)
    if found.state != listening.READY:
        raise Refused(409, "not_ready", "this test is not ready")
    return found


Found = Annotated[StoredTest, Depends(_found)]
Ready = Annotated[StoredTest, Depends(_ready)]


@router.get("/api/tests")
def all_tests(studio: Here, notebook: Notebook) -> list[ListeningOut]:
    """The tests of this notebook, the newest first."""
    return _all_out(studio, listening.of_notebook(studio.database, notebook))


@router.get("/api/tests/{test}")
def one_test(found: Found, studio: Here) -> ListeningOut:
    """A test, and how far it is."""
    return _all_out(studio, [found])[0]


@router.post("/api/tests", status_code=201)
async def make(asked: ListeningRequest, studio: Here, notebook: Notebook) -> ListeningOut:
    """Have a test made; it is ready in half a minute or so."""
    if studio.listeners.waiting >= MOST_WAITING:
        raise Refused(503, "busy", f"{MOST_WAITING} tests are waiting already; try again later")
    wanted = await run_in_threadpool(_wanted, studio, asked)
    test = StoredTest(notebook=notebook, title=as_title(asked.title), asked=wanted, design={}, state=listening.MAKING)
    test.error, test.closed = "", False
    if not await run_in_threadpool(lambda: listening.store(studio.database, test, most=MOST_TESTS)):
        raise Refused(413, "many_tests", f"{MOST_TESTS} tests already; delete one")
    studio.listeners.make(test)
    return _out(studio, test, (0, 0))


def _wanted(studio: Studio, asked: ListeningRequest) -> dict[str, Any]:
    """What is to be made, with everything that is needed for it."""
    kind, questions = parse_questions(asked.questions)
    order = {
        "kind": kind,
        "questions": list(questions),
        "items": asked.items,
        "bars": asked.bars,
        "seed": secrets.randbelow(2**31) if asked.seed is None else asked.seed,
        "language": asked.language,
        "title": as_title(asked.title),
    }
    sources = [_source(studio, one, number) for number, one in enumerate(asked.sources, 1)]
    has_run = any(one["kind"] == RUN for one in sources)
    if asked.real == OWN and not has_run:
        raise ConfigError("real tunes of what the models learned from: expected a model, or a collection by its name")
    if kind == "machine" and not asked.real:
        raise ConfigError("machine or not: expected real tunes too, to be told from the others")
    if kind == "pairs" and len(sources) + bool(asked.real) < 2:
        raise ConfigError("pairs of one source; expected two sources, or real tunes beside one")
    named = [asked.real] if asked.real in BUILT_IN else []
    return {"order": order, "sources": sources, "real": asked.real, "real_sources": named}


def _source(studio: Studio, one: SourceAsked, number: int) -> dict[str, Any]:
    if one.kind == "model":
        return {"kind": RUN, "name": one.name, "path": str(find_model(studio.settings, one.name).path)}
    name = as_title(one.name) or f"tunes {number}"
    if one.kind == "abc":
        return {"kind": TUNES, "name": name, "abc": [one.abc]}
    found = [tunes.find(studio.database, tune) for tune in one.tunes]
    if not found or None in found:
        raise Refused(404, "no_tune", "no such tune")
    return {"kind": TUNES, "name": name, "abc": [tune.abc for tune in found if tune]}


class ListeningChanged(BaseModel):
    """Whether a test takes no more answers."""

    closed: bool


@router.patch("/api/tests/{test}")
def change(changed: ListeningChanged, found: Found, studio: Here) -> ListeningOut:
    """Close a test, or open it again."""
    listening.close(studio.database, found.id, closed=changed.closed)
    found.closed = changed.closed
    return _all_out(studio, [found])[0]


@router.delete("/api/tests/{test}", status_code=204)
async def remove(found: Found, studio: Here) -> None:
    """Forget a test, with all answers."""
    studio.listeners.forget(found.id)  # in the loop, where it is made
    await run_in_threadpool(listening.remove, studio.database, found.id)


# ------------------------------------------------------------------------------------------------ answers and results


class Taken(BaseModel):
    """How many raters were read in, and how many there are now."""

    read: int
    raters: int


@router.post("/api/tests/{test}/answers", status_code=201)
async def read_in(files: list[UploadFile], found: Ready, studio: Here) -> Taken:
    """Read in files of answers, all or none of them; one that is there already is refused."""
    if len(files) > MOST_RATERS:
        raise Refused(413, "many_files", f"{len(files)} files; expected at most {MOST_RATERS}")
    contents = [(as_title(file.filename or "answers"), await file.read(LARGEST + 1)) for file in files]

    def take() -> Taken:
        test = read_test(found.design, "the test")
        raters = merge(read_answers(content, test, name) for name, content in contents)
        try:
            twice = listening.keep_raters(studio.database, found.id, raters)
        except listening.TooMany:
            raise Refused(409, "many_raters", "this test has as many raters as are reckoned with") from None
        if twice:
            raise Refused(409, "twice", f"rater {twice}: is there already; expected each file of answers once")
        return Taken(read=len(raters), raters=len(listening.raters(studio.database, found.id)))

    return await run_in_threadpool(take)


@router.get("/api/tests/{test}/results")
async def results(found: Ready, studio: Here) -> dict[str, Any]:
    """What was found so far."""
    raters = await run_in_threadpool(listening.raters, studio.database, found.id)
    answer: dict[str, Any] = await studio.listeners.ask("results", found, raters)
    return answer


@router.get("/listen/{test}/results", include_in_schema=False)
async def results_page(found: Ready, request: Request, studio: Here) -> Response:
    """The page of what was found so far, held to the policy that it states itself."""
    raters = await run_in_threadpool(listening.raters, studio.database, found.id)
    text = await studio.listeners.ask("page", found, raters, language=wording_of(request).language)
    stated = _POLICY.search(text)
    policy = html.unescape(stated[1]) if stated else "default-src 'none'"
    return HTMLResponse(text, headers={"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"})


@router.get("/api/tests/{test}/answers.csv", response_class=PlainTextResponse)
async def table(found: Ready, studio: Here) -> Response:
    """The raw data, a row for each answer."""
    raters = await run_in_threadpool(listening.raters, studio.database, found.id)
    text = await studio.listeners.ask("table", found, raters)
    return _attached(text, "text/csv; charset=utf-8", "answers.csv")


@router.get("/api/tests/{test}/test.html", response_class=HTMLResponse)
async def static_file(found: Ready, studio: Here) -> Response:
    """The same test as one file that works without this studio."""
    sounds = await run_in_threadpool(listening.sounds, studio.database, found.id)
    text = await studio.listeners.ask("static_file", found, sounds=sounds)
    return _attached(text, "text/html; charset=utf-8", "listening-test.html")


def _attached(text: str, kind: str, name: str) -> Response:
    return Response(text, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
