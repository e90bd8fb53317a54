"""The notebook: tunes found again, kept, named, deleted, edited, moved to another key, and taken on from others.

In: ids of tunes, and what is to become of them. Out: tunes, the tunebook of those that are kept, and the pages on which
all this is done. Whoever has the id of a tune can read it; only who has its notebook can change it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tunewright.formats.formats import written_as
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Key, Tune
from tunewright.studio.routes.having import Here, Notebook, Studio
from tunewright.studio.routes.pages import page
from tunewright.studio.routes.shapes import TuneOut
from tunewright.studio.storage import tunes
from tunewright.studio.storage.tables import StoredTune

router = APIRouter(tags=["notebook"])

LONGEST_ABC = 20_000  # signs of a tune that is brought: the longest real one that was seen has 9,000
LONGEST_TITLE = 300
MOST_LISTED = 1000
ABC_TYPE = "text/vnd.abc; charset=utf-8"

MODES = ("major", "minor", "dorian", "mixolydian", "phrygian", "lydian", "locrian")
TONICS = ("G", "D", "A", "C", "F", "E", "B", "Bb", "Eb", "Ab", "F#", "C#", "Db", "Gb", "G#", "D#")
MOST_SHARPS = 6  # of the keys that are offered: more can be asked for through the API
METERS = ("4/4", "C|", "2/2", "2/4", "3/4", "3/8", "6/8", "9/8", "12/8", "3/2", "5/4", "7/8")
FORMS = (
    ("aabb", "AABB", "8"),
    ("aabb4", "AABB", "4"),
    ("ab", "AB", "8"),
    ("aabbcc", "AABBCC", "8"),
    ("aabbccdd", "AABBCCDD", "8"),
    ("whole16", "", "16"),
    ("whole32", "", "32"),
)
NUMBERS: tuple[tuple[str, float, float, float, float | None], ...] = (  # name, least, most, step, usual
    ("best_of", 1, 16, 1, None),
    ("original", 0, 100, 1, None),
    ("repeats", 0, 16, 1, 0),
    ("top_k", 0, 1000, 1, 0),
    ("top_p", 0, 1, 0.01, 1),
    ("min_p", 0, 1, 0.01, 0),
)
NOTES = tuple(f"{step}{octave}" for octave in range(3, 7) for step in "CDEFGAB")[4:23]  # G3 to D6
FILES = tuple(written_as(Tune.kind))


class TuneSeen(TuneOut):
    """A tune, by whoever looks at it."""

    mine: bool = True  # whether it stands in the notebook of who asks

    @classmethod
    def by(cls, tune: StoredTune, notebook: str) -> TuneSeen:
        """A stored tune as who has this notebook sees it."""
        return cls(**TuneOut.of(tune).model_dump(), mine=tune.notebook == notebook)


class Edited(BaseModel):
    """A tune as somebody typed or brought it."""

    abc: str = Field(max_length=LONGEST_ABC)
    parent: str | None = Field(None, max_length=64)
    kept: bool = False


class Moved(BaseModel):
    """The key to which a tune is to be moved, as in "E dorian"."""

    key: str = Field(max_length=40)


class Changed(BaseModel):
    """What a notebook is to say of a tune; what is left out stays as it is."""

    kept: bool | None = None
    title: str | None = Field(None, max_length=LONGEST_TITLE)


# ------------------------------------------------------------------------------------------------ pages


@router.get("/", include_in_schema=False)
def make_page(request: Request) -> HTMLResponse:
    """The page on which tunes are made."""
    return _make(request)


@router.get("/t/{tune}", include_in_schema=False)
def tune_page(request: Request, studio: Here, tune: str) -> HTMLResponse:
    """The same page, with this tune on it; 404 where there is none."""
    found = tunes.find(studio.database, tune)
    answer = _make(request, tune)
    answer.status_code = 200 if found else 404
    return answer


@router.get("/notebook", include_in_schema=False)
def notebook_page(request: Request) -> HTMLResponse:
    """The page of the tunes that are kept."""
    return page(request, "notebook", files=FILES)


def _make(request: Request, tune: str = "") -> HTMLResponse:
    return page(
        request,
        "make",
        tune=tune,
        rhythms=tuple(RHYTHMS.values()),
        meters=METERS,
        keys=_keys(),
        forms=FORMS,
        notes=NOTES,
        numbers=NUMBERS,
        files=FILES,
    )


def _keys() -> dict[str, list[str]]:
    """The tonics of each mode whose keys have few sharps or flats."""
    return {mode: [tonic for tonic in TONICS if abs(Key(tonic, mode).sharps) <= MOST_SHARPS] for mode in MODES}


# ------------------------------------------------------------------------------------------------ tunes


@router.get("/api/tunes", response_model=list[TuneSeen])
def list_tunes(studio: Here, notebook: Notebook, kept: bool = False, most: int = 200) -> list[TuneSeen]:
    """The tunes of this browser's notebook, the newest first; those that are kept alone where that is asked for."""
    found = tunes.of_notebook(studio.database, notebook, kept=kept, most=max(1, min(most, MOST_LISTED)))
    return [TuneSeen.by(tune, notebook) for tune in found]


@router.get("/api/notebook.abc", response_class=Response)
def tunebook(studio: Here, notebook: Notebook) -> Response:
    """All kept tunes as one tunebook, in the order in which they were made, numbered from 1."""
    found = tunes.of_notebook(studio.database, notebook, kept=True, most=MOST_LISTED)[::-1]
    text = "\n\n".join(numbered(tune.abc, number) for number, tune in enumerate(found, start=1))
    headers = {"Content-Disposition": 'attachment; filename="tunebook.abc"'}
    return Response(f"{text}\n" if text else "", media_type=ABC_TYPE, headers=headers)


@router.get("/api/tunes/{tune}", response_model=TuneSeen)
def get_tune(studio: Here, notebook: Notebook, tune: str) -> Any:
    """A tune, for whoever has its id; `mine` says whether it stands in this browser's notebook."""
    found = tunes.find(studio.database, tune)
    return TuneSeen.by(found, notebook) if found else missing(tune)


@router.patch("/api/tunes/{tune}", response_model=TuneSeen)
def change_tune(studio: Here, notebook: Notebook, tune: str, changed: Changed) -> Any:
    """Keep a tune, or do not; name it."""
    if changed.kept and tunes.count(studio.database, notebook, kept=True) >= tunes.MOST_KEPT:
        return _refused(f"{tunes.MOST_KEPT:,} tunes are kept already; expected some of them to be let go first", 409)
    found = tunes.find(studio.database, tune)
    if not found or found.notebook != notebook:
        return missing(tune)
    columns: dict[str, Any] = {} if changed.kept is None else {"kept": changed.kept}
    if changed.title is not None:
        columns["title"] = _one_line(changed.title)
        columns["abc"] = titled(found.abc, columns["title"])
    found = tunes.change(studio.database, notebook, tune, **columns)
    return TuneSeen.by(found, notebook) if found else missing(tune)


@router.delete("/api/tunes/{tune}", status_code=204)
def delete_tune(studio: Here, notebook: Notebook, tune: str) -> Response:
    """Forget a tune; what came of it stays."""
    return Response(status_code=204) if tunes.forget(studio.database, notebook, tune) else missing(tune)


@router.post("/api/tunes/edited", response_model=TuneSeen)
async def edit_tune(studio: Here, notebook: Notebook, edited: Edited) -> Any:
    """A new tune of this text, that came of `parent`. 422 with the places of what is wrong where it cannot be read."""
    read = await studio.rendering.ask("read", abc=edited.abc)
    if "error" in read:
        return JSONResponse(read, 422)
    parent = await _found(studio, edited.parent)
    came_of = {"parent": parent.id, "model": parent.model} if parent else {}
    return await _stored(studio, notebook, read, "edited" if parent else "brought", kept=edited.kept, **came_of)


@router.post("/api/tunes/{tune}/transposed", response_model=TuneSeen)
async def transpose_tune(studio: Here, notebook: Notebook, tune: str, moved: Moved) -> Any:
    """A new tune: this one in another key of its mode."""
    found = await _found(studio, tune)
    if not found:
        return missing(tune)
    read = await studio.rendering.ask("move", abc=found.abc, key=moved.key)
    return await _stored(studio, notebook, read, "transposed", parent=found.id, model=found.model)


@router.post("/api/tunes/{tune}/taken", response_model=TuneSeen)
async def take_tune(studio: Here, notebook: Notebook, tune: str) -> Any:
    """A tune of this browser's own notebook that is the same as one, maybe another's, of which the id is known."""
    found = await _found(studio, tune)
    if not found:
        return missing(tune)
    same = {name: getattr(found, name) for name in ("model", "seed", "settings")}
    read = {"abc": found.abc, "about": found.about | {"title": found.title}}
    return await _stored(studio, notebook, read, "brought", parent=found.id, kept=True, **same)


# ------------------------------------------------------------------------------------------------ words


def numbered(abc: str, number: int) -> str:
    """The text with this number in its X: field.

    >>> numbered("X:7\\nK:C\\nC|", 2)
    'X:2\\nK:C\\nC|'
    """
    rest = re.sub(r"\A\s*X:[^\n]*\n", "", abc.strip() + "\n").strip()
    return f"X:{number}\n{rest}"


def titled(abc: str, title: str) -> str:
    """The text with this title in its first T: field.

    >>> titled("X:1\\nT:Old\\nK:C\\nC|", "New")
    'X:1\\nT:New\\nK:C\\nC|'
    """
    head, key, music = abc.partition("\nK:")
    if re.search(r"^T:", head, re.MULTILINE):
        head = re.sub(r"^T:[^\n]*", lambda _: f"T:{title}", head, count=1, flags=re.MULTILINE)
    else:
        first, _, rest = head.partition("\n")
        head = "\n".join(filter(None, (first, f"T:{title}", rest)))
    return head + key + music


def _one_line(title: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in title).split())


def missing(tune: str) -> JSONResponse:
    """The answer where there is no such tune, or it is not one's own."""
    return _refused(f"there is no tune {tune[:64]} that you can do this with", 404)


def _refused(reason: str, status: int) -> JSONResponse:
    return JSONResponse({"error": reason}, status)


async def _found(studio: Studio, tune: str | None) -> StoredTune | None:
    return await run_in_threadpool(tunes.find, studio.database, tune) if tune else None


async def _stored(studio: Studio, notebook: str, read: Mapping[str, Any], made_by: str, **more: Any) -> TuneSeen:
    """A new tune of a notebook; it is not kept where so many are that no more may be."""
    more["kept"] = more.get("kept", False) and not await _is_full(studio, notebook)
    more |= {"title": str(read["about"].get("title", "")), "about": read["about"]}
    store = partial(tunes.store, studio.database, notebook, read["abc"], made_by, **more)
    return TuneSeen.by(await run_in_threadpool(store), notebook)


async def _is_full(studio: Studio, notebook: str) -> bool:
    kept = await run_in_threadpool(partial(tunes.count, studio.database, notebook, kept=True))
    return kept >= tunes.MOST_KEPT
