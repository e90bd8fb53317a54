"""What those who listen can ask for: one test, by its link, and nothing else.

In: the share of a test, and a cookie that knows a rater of this test alone. Out: the page, the tunes by ids that say
nothing, and what the rater has answered so far. No result, no source and no notebook can be reached from here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tunewright.judging.listening.answers import TRIALS, check_answer
from tunewright.judging.listening.design import BlindTest, read_test
from tunewright.reports.listening.rater_page import rater_texts
from tunewright.reports.pages import LANGUAGES, template_text
from tunewright.studio.routes.having import Here
from tunewright.studio.routes.pages import templates
from tunewright.studio.routes.refusing import Refused
from tunewright.studio.storage import listening
from tunewright.studio.storage.tables import StoredRater, StoredTest
from tunewright.studio.wording import wording_of

router = APIRouter(tags=["answers"])
COOKIE = "tunewright_rater"
YEAR = 365 * 24 * 3600
OWN = Path(__file__).resolve().parents[1] / "static" / "js" / "rater_store.js"
SCRIPTS = ("sound", "elements", "rater")
_RANGE = re.compile(r"bytes=(\d{1,9})-(\d{0,9})")
_TUNE = re.compile(r"t[0-9a-f]{8}")


def _shared(share: str, studio: Here) -> StoredTest:
    found = listening.shared(studio.database, share) if len(share) <= 16 else None
    if found is None:
        raise Refused(404, "no_test", "no such listening test")
    return found


Shared = Annotated[StoredTest, Depends(_shared)]


def _rater(request: Request, found: Shared, studio: Here) -> StoredRater:
    rater = listening.find_rater(studio.database, found.id, request.cookies.get(COOKIE, ""))
    if rater is None:
        raise Refused(401, "no_rater", "expected consent first")
    return rater


def _open_rater(found: Shared, rater: Annotated[StoredRater, Depends(_rater)]) -> StoredRater:
    if found.closed:
        raise Refused(409, "closed", "this test takes no more answers")
    if rater.about.get("finished"):
        raise Refused(409, "finished", "these answers were confirmed already")
    return rater


OpenRater = Annotated[StoredRater, Depends(_open_rater)]


# ------------------------------------------------------------------------------------------------ the page


@router.get("/h/assets/{name}", include_in_schema=False)
def asset(name: str) -> Response:
    """A script or the style sheet of the page."""
    kind, text = "text/javascript", ""
    if name == "rater.css":
        kind, text = "text/css", template_text("rater/rater.css")
    elif name == "rater_store.js":
        text = OWN.read_text(encoding="utf-8")
    elif name.removesuffix(".js") in SCRIPTS and name.endswith(".js"):
        text = template_text(f"rater/{name}")
    else:
        raise Refused(404, "no_asset", "no such file")
    return Response(text, media_type=f"{kind}; charset=utf-8", headers={"Cache-Control": "no-cache"})


@router.get("/h/{share}", include_in_schema=False)
def rater_page(found: Shared, request: Request) -> HTMLResponse:
    """The page on which the test is taken, in the language of the test unless another is asked for."""
    test = _test(found)
    language = wording_of(request).language if "lang" in request.query_params else test.language
    content = {
        "test": test.public(),
        "texts": rater_texts(),
        "language": language,
        "share": found.share,
        "closed": found.closed,
    }
    values = {"content": content, "language": LANGUAGES.get(language, language), "title": test.title}
    answer: HTMLResponse = templates.TemplateResponse(request, "rater.html", values)
    return answer


def _test(found: StoredTest) -> BlindTest:
    return read_test(found.design, "the test")


# ------------------------------------------------------------------------------------------------ what it asks for


class Consent(BaseModel):
    """That somebody takes part."""

    model_config = ConfigDict(extra="forbid")

    consent: bool
    language: str = Field("en", max_length=8)


class Checked(BaseModel):
    """How many trials of the headphone check were right; null where it was left out."""

    model_config = ConfigDict(extra="forbid")

    right: int | None = Field(ge=0, le=TRIALS)


class AnswerGiven(BaseModel):
    """What is said of an item."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(max_length=16)
    first: str = Field(max_length=16, description="the tune that was heard first")
    values: dict[Annotated[str, Field(max_length=20)], bool | int | Annotated[str, Field(max_length=16)]] = Field(
        max_length=8
    )
    seconds: float = Field(ge=0, le=86_400)
    heard: list[Annotated[float, Field(ge=0, le=1)]] = Field(max_length=2, description="share of each that was played")


class StateOut(BaseModel):
    """A rater so far: what there is to hear, in which order, and what was answered."""

    order: list[dict[str, Any]]
    headphones: int | None = None
    checked: bool
    finished: str
    answers: dict[str, dict[str, Any]]


def _state(studio: Here, found: StoredTest, rater: StoredRater) -> StateOut:
    return StateOut(
        order=_test(found).order(rater.sheet),
        headphones=rater.about.get("headphones"),
        checked="headphones" in rater.about,
        finished=rater.about.get("finished", ""),
        answers=listening.answers_of(studio.database, rater.id),
    )


@router.get("/api/h/{share}")
def state(request: Request, found: Shared, studio: Here) -> StateOut | None:
    """Where this browser's rater is; null before there is one."""
    rater = listening.find_rater(studio.database, found.id, request.cookies.get(COOKIE, ""))
    return _state(studio, found, rater) if rater else None


@router.post("/api/h/{share}/begin", status_code=201)
def begin(given: Consent, request: Request, response: Response, found: Shared, studio: Here) -> StateOut:
    """Take part; who has begun goes on."""
    if not given.consent:
        raise Refused(422, "no_consent", "consent: found false; expected true of who takes part")
    if found.closed:
        raise Refused(409, "closed", "this test takes no more answers")
    rater = listening.find_rater(studio.database, found.id, request.cookies.get(COOKIE, ""))
    if rater is None:
        rater = listening.begin(studio.database, found.id, len(found.design["sheets"]), given.language)
    if rater is None:
        raise Refused(409, "many_raters", "this test has as many raters as are reckoned with")
    secure = request.scope["scheme"] == "https"
    kept: dict[str, Any] = {"max_age": YEAR, "httponly": True, "samesite": "strict", "secure": secure}
    response.set_cookie(COOKIE, rater.token, path=f"/api/h/{found.share}", **kept)
    return _state(studio, found, rater)


@router.put("/api/h/{share}/headphones", status_code=204)
def headphones(checked: Checked, rater: OpenRater, studio: Here) -> None:
    """What the check of headphones gave."""
    listening.tell(studio.database, rater.id, headphones=checked.right)


@router.put("/api/h/{share}/answers", status_code=204)
async def answer(given: AnswerGiven, found: Shared, rater: OpenRater, studio: Here) -> None:
    """Answer an item; what was said of it before is replaced."""
    try:
        checked = check_answer(given.model_dump(), _test(found))
    except ValueError as error:
        raise Refused(422, "answer", str(error)) from None
    await run_in_threadpool(listening.keep_answer, studio.database, rater.id, checked)


@router.post("/api/h/{share}/finish")
def finish(found: Shared, rater: OpenRater, studio: Here) -> StateOut:
    """Confirm all answers; from then on they stay as they are."""
    if len(listening.answers_of(studio.database, rater.id)) < len(found.design["items"]):
        raise Refused(409, "unanswered", "some items are not answered yet")
    finished = listening.tell(studio.database, rater.id, finished=listening.finished_now())
    return _state(studio, found, finished)


@router.get("/api/h/{share}/sounds/{tune}.wav", response_class=Response)
def sound(tune: str, request: Request, found: Shared, studio: Here) -> Response:
    """The sound of a tune, by its id; a part of it where that is asked for, as players do that seek."""
    wav = listening.sound(studio.database, found.id, tune) if _TUNE.fullmatch(tune) else None
    if wav is None:
        raise Refused(404, "no_tune", "no such tune")
    headers = {"Cache-Control": f"private, max-age={YEAR}, immutable", "Accept-Ranges": "bytes"}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    first = int(asked[1]) if asked else 0
    if not asked or first >= len(wav) or int(asked[2] or first) < first:
        return Response(wav, media_type="audio/wav", headers=headers)
    last = min(int(asked[2] or len(wav)), len(wav) - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(wav)}"
    return Response(wav[first : last + 1], 206, headers, "audio/wav")
