"""Collections to learn from: brought by a browser, or built in; what was read of them; forgotten again.

In: files, or a zip of them, as a form. Out: a collection, read by a worker process while its asker looks again.
How much may come, in how many files, and for how long is bounded before anything is read; no name that comes with a
file is ever opened (`work.uploads`). This file reads no music.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from tunewright.corpus.sources import BUILT_IN
from tunewright.reports.wording import COLLECTIONS
from tunewright.studio.routes.having import Here, Notebook
from tunewright.studio.routes.refusing import Refused
from tunewright.studio.storage import collections, trainings
from tunewright.studio.storage.tables import StoredCollection, new_id, now
from tunewright.studio.work.pool import Busy
from tunewright.studio.work.uploads import MOST_BYTES, MOST_FILES, Brought, TooMuch, shown_name, title_of

router = APIRouter(prefix="/api", tags=["collections"])
SECONDS = 300.0  # that an upload may take
QUIET_SECONDS = 30.0  # without a byte, after which it is given up
FORM_ROOM = 2**21  # bytes of a request beside its files: names, borders
MOST_COLLECTIONS = 40  # of a notebook
MOST_KEPT = 256 * 2**20  # bytes of all collections of a notebook
MOST_FIELDS = 8  # of the form, beside files
SIZES = {"oneill": 2009, "ryan": 1059, "aird": 1180, "essen": 8514}  # tunes, by music21 version 10


class CollectionOut(BaseModel):
    """A collection; `about` is what was read of it, once it is."""

    id: str
    name: str
    state: str  # reading, read or failed
    built_in: bool
    created: str
    files: int
    bytes: int
    tunes: int | None
    about: dict[str, Any]
    error: dict[str, Any] | None


class BuiltIn(BaseModel):
    """A collection that needs not be brought."""

    id: str
    title: str
    tunes: int
    non_commercial: bool


class Collections(BaseModel):
    """What can be learned from: what this notebook brought, and what is built in."""

    brought: list[CollectionOut]
    built_in: list[BuiltIn]


def collection_out(collection: StoredCollection, *, whole: bool = True) -> CollectionOut:
    """A collection as it is told."""
    return CollectionOut(
        id=collection.id,
        name=collection.name,
        state=collection.state,
        built_in=collection.id in BUILT_IN,
        created=iso(collection.created),
        files=collection.files,
        bytes=collection.bytes,
        tunes=collection.about.get("tunes"),
        about=collection.about if whole else {},
        error=collection.error or None,
    )


def iso(moment: datetime) -> str:
    """A moment as text; databases without time zones keep UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


@router.get("/collections")
def all_collections(studio: Here, notebook: Notebook) -> Collections:
    """The collections of this notebook, the newest first, and the built-in ones."""
    brought = collections.of_notebook(studio.database, notebook)
    built_in = [
        BuiltIn(id=name, title=COLLECTIONS[name], tunes=SIZES[name], non_commercial=name == "essen")
        for name in BUILT_IN
    ]
    return Collections(brought=[collection_out(one, whole=False) for one in brought], built_in=built_in)


@router.get("/collections/{collection}")
async def one_collection(collection: str, studio: Here, notebook: Notebook) -> CollectionOut:
    """What was read of a collection; a built-in one is read when it is first asked for."""
    if collection in BUILT_IN:
        title = COLLECTIONS[collection]
        found = await run_in_threadpool(collections.builtin, studio.database, collection, title)
        if found.state != "read":
            studio.learning.read(found)
            return collection_out(found).model_copy(update={"state": "reading", "error": None})
    else:
        found = await found_collection(studio, notebook, collection)
    return collection_out(found)


async def found_collection(studio: Here, notebook: Notebook, collection: str) -> StoredCollection:
    """A collection of this notebook, or a built-in one; refused with 404 where there is none."""
    found = await run_in_threadpool(collections.find, studio.database, notebook, collection)
    if found is None:
        raise Refused(404, "no_collection", "no such collection")
    return found


@router.get("/collections/{collection}/scores")
async def first_scores(collection: str, studio: Here, notebook: Notebook) -> list[dict[str, str]]:
    """Small scores of the first tunes: title, and SVG as a data address."""
    found = await found_collection(studio, notebook, collection)
    first = found.about.get("first", [])
    drawn = await studio.learning.scores([one["abc"] for one in first]) if first else []
    return [{"title": one["title"], "image": _address(svg)} for one, svg in zip(first, drawn, strict=True) if svg]


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


@router.delete("/collections/{collection}", status_code=204)
def remove(collection: str, studio: Here, notebook: Notebook) -> None:
    """Forget a collection and its files."""
    if trainings.using(studio.database, collection) and collection not in BUILT_IN:
        raise Refused(409, "in_use", "a training learns from this collection; stop it first")
    if not collections.remove(studio.database, notebook, collection):
        raise Refused(404, "no_collection", "no such collection of yours")
    studio.learning.forget_files(collection)


# ------------------------------------------------------------------------------------------------ bringing


FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "name": {"type": "string"},
                    },
                }
            }
        },
    }
}


@router.post("/collections", status_code=201, openapi_extra=FORM)
async def bring(request: Request, studio: Here, notebook: Notebook) -> CollectionOut:
    """Bring files of music (.abc, .mid, .midi, .kar), or a zip of them; reading begins at once.

    The form has one or more `files`, whose names may have folders in them, and perhaps a `name`. At most 64 MB.
    """
    form = await _form(request)
    try:
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and (one.filename or one.size)]
        if not files:
            raise Refused(422, "no_files", "no files; expected a form with one or more 'files'")
        collection = await run_in_threadpool(_stored, studio, notebook, _name(form, files), files)
    finally:
        await form.close()
    studio.learning.read(collection)
    return collection_out(collection)


def _name(form: FormData, files: Sequence[UploadFile]) -> str:
    """What the collection is called: as was said, or by its files."""
    said = form.get("name")
    name = said if isinstance(said, str) and said.strip() else title_of(one.filename or "" for one in files)
    return shown_name(" ".join(name.split())) or "–"


async def _form(request: Request) -> FormData:
    """The form of a request, no larger and no slower than may be."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refused(422, "no_files", "expected multipart/form-data with one or more 'files'")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > MOST_BYTES + FORM_ROOM:
        _too_large()
    bounded = Request(request.scope, _Bounded(request).receive)
    try:
        async with asyncio.timeout(SECONDS):
            return await bounded.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
    except TimeoutError:
        raise Refused(408, "too_slow", "the files came too slowly") from None
    except ClientDisconnect:
        raise Refused(400, "broken_form", "the upload was broken off") from None
    except HTTPException as error:
        if "Too many files" in str(error.detail):
            raise Refused(413, "too_many_files", f"more than {MOST_FILES:,} files", most=MOST_FILES) from None
        raise Refused(422, "broken_form", f"the form cannot be read ({error.detail})") from None


class _Bounded:
    """What comes of a request, until it is too much or comes too slowly."""

    def __init__(self, request: Request) -> None:
        self.request, self.left = request, MOST_BYTES + FORM_ROOM

    async def receive(self) -> Message:
        """The next part."""
        message = await asyncio.wait_for(self.request.receive(), QUIET_SECONDS)
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            _too_large()
        return message


def _too_large() -> NoReturn:
    most = MOST_BYTES // 2**20
    raise Refused(413, "too_large_body", f"more than {most} MB at once", most=most)


def _stored(studio: Here, notebook: Notebook, name: str, files: Sequence[UploadFile]) -> StoredCollection:
    """The files in a folder of the studio, under names of our own, and the row that knows of them."""
    if studio.learning.full:
        raise Busy(studio.learning.full)
    fresh: dict[str, Any] = {"id": new_id(), "created": now(), "state": "reading", "about": {}, "error": {}}
    collection = StoredCollection(notebook=notebook, name=name, **fresh)
    folder: Path = studio.learning.folder_of(collection.id)
    try:
        brought = Brought(folder)
        for one in files:
            brought.add(one.filename or "", one.file)
        brought.save()
        collection.files, collection.bytes = brought.seen, sum(one.size or 0 for one in files)
        room = {"most": MOST_COLLECTIONS, "most_bytes": MOST_KEPT}
        if full := collections.store(studio.database, collection, **room):
            raise _no_room(full)
    except TooMuch as error:
        studio.learning.forget_files(collection.id)
        raise Refused(413, error.code, f"too much at once: {error.code}", **error.values) from None
    except BaseException:
        studio.learning.forget_files(collection.id)
        raise
    return collection


def _no_room(full: str) -> Refused:
    if full == "many":
        return Refused(413, "many", f"{MOST_COLLECTIONS} collections already; delete one", most=MOST_COLLECTIONS)
    return Refused(413, "full", f"{MOST_KEPT // 2**20} MB already; delete a collection", most=MOST_KEPT // 2**20)
