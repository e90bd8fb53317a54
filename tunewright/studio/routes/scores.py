"""Scores that can be followed, sounds, and tunes as files of every format.

In: ABC, or the id of a tune. Out: JSON, WAV, files to take away. ABC is read in a process of the pool, never here;
what was made is kept for a while, by what it was made of.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from tunewright.formats.formats import FORMATS, written_as
from tunewright.music.tune import Tune
from tunewright.studio.routes.having import Here, Studio
from tunewright.studio.storage import tunes
from tunewright.studio.work.kept import Kept
from tunewright.support.version import __version__

router = APIRouter(prefix="/api", tags=["scores and sounds"])
LONGEST_ABC = 20_000  # characters: the longest real tune that was seen has 9,000
NARROWEST, WIDEST = 280, 1600  # pixels of a score
QUICK, SLOW = 20.0, 60.0  # seconds that a score, and a sound or a file, may take
LONGEST_NAME = 60  # signs of the name of a file
INSTRUMENTS = {  # General MIDI's programs, from 0
    "fiddle": 40,
    "flute": 73,
    "whistle": 78,
    "recorder": 74,
    "concertina": 20,
    "accordion": 21,
    "bagpipe": 109,
    "harp": 46,
    "guitar": 24,
    "banjo": 105,
    "dulcimer": 15,
    "piano": 0,
}
made = Kept()

Width = Annotated[int, Field(ge=NARROWEST, le=WIDEST)]
Abc = Annotated[str, Field(max_length=LONGEST_ABC)]


class ScoreRequest(BaseModel):
    """A score of a text in ABC, so many pixels wide."""

    abc: Abc
    width: Width = 840


class Playing(BaseModel):
    """How a tune is played."""

    tempo: int | None = Field(None, ge=10, le=600, description="Beats of the metre a minute; none for its own tempo.")
    chords: bool = Field(False, description="A guitar plays the chords that are written, or else those implied.")
    program: int | None = Field(None, ge=0, le=127, description="General MIDI's instrument, from 0.")

    def told(self) -> dict[str, Any]:
        """What is not as usual."""
        return self.model_dump(exclude_defaults=True)


class PlayingAlong(Playing):
    """How a tune is played to somebody who plays along."""

    metronome: bool = False
    count_in: bool = Field(False, description="Clicks for a bar come first, and for what a pickup leaves of the next.")
    melody: bool = True


class SoundRequest(PlayingAlong):
    """The sound of a text in ABC."""

    abc: Abc

    def told(self) -> dict[str, Any]:
        """What is not as usual, but for the text."""
        return self.model_dump(exclude_defaults=True, exclude={"abc"})


@router.post("/scores")
async def score(asked: ScoreRequest, studio: Here) -> Response:
    """A picture of the tune, when each note and bar in it sounds, and what is wrong with it.

    422 with the same `problems` where nothing can be drawn.
    """
    return await _score(studio, asked.abc, asked.width)


@router.get("/tunes/{tune}/score")
async def score_of_tune(
    tune: str, studio: Here, width: Annotated[int, Query(ge=NARROWEST, le=WIDEST)] = 840
) -> Response:
    """The same of a tune that is stored."""
    return await _score(studio, (await _stored(studio, tune)).abc, width)


@router.post("/sounds", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
async def sound(asked: SoundRequest, studio: Here) -> Response:
    """The tune as a WAV file."""
    key = ("sound", asked.abc, asked.told())
    return Response(await made.get(_tag(*key), lambda: _sound(studio, asked.abc, asked.told())), media_type="audio/wav")


@router.get("/tunes/{tune}/sound.wav", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
async def sound_of_tune(tune: str, how: Annotated[PlayingAlong, Query()], request: Request, studio: Here) -> Response:
    """The same of a tune that is stored."""
    abc = (await _stored(studio, tune)).abc
    return await _tagged(request, ("sound", abc, how.told()), "audio/wav", lambda: _sound(studio, abc, how.told()))


@router.get("/tunes/{tune}/file.{kind}", response_class=Response)
async def file_of_tune(
    tune: str, kind: str, how: Annotated[Playing, Query()], request: Request, studio: Here
) -> Response:
    """The tune as a file to take away: abc, mid, musicxml, wav, svg or pdf."""
    if kind not in (known := written_as(Tune.kind)):
        raise HTTPException(404, f"no format {kind[:20]!r}; known: {', '.join(known)}")
    stored = await _stored(studio, tune)
    key = ("file", stored.abc, kind, how.told())

    async def make() -> bytes:
        file = await studio.rendering.ask("file", seconds=SLOW, abc=stored.abc, kind=kind, how=how.told())
        content: bytes = file["content"]
        return content

    answer = await _tagged(request, key, FORMATS[kind].media_type, make)
    answer.headers["Content-Disposition"] = disposition(stored.title, kind)
    return answer


@router.get("/instruments")
def instruments() -> list[dict[str, Any]]:
    """The instruments that a tune is offered on, the usual first: their names, and General MIDI's programs from 0."""
    return [{"name": name, "program": program} for name, program in INSTRUMENTS.items()]


# ------------------------------------------------------------------------------------------------ making


async def _stored(studio: Studio, tune: str) -> Any:
    found = await run_in_threadpool(tunes.find, studio.database, tune)
    if found is None:
        raise HTTPException(404, "there is no such tune")
    return found


async def _score(studio: Studio, abc: str, width: int) -> Response:
    async def make() -> bytes:
        found = await studio.rendering.ask("score", seconds=QUICK, abc=abc, width=width)
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()

    content = await made.get(_tag("score", abc, width), make)
    refused = content.startswith(b'{"error":')
    return Response(content, 422 if refused else 200, media_type="application/json")


async def _sound(studio: Studio, abc: str, how: dict[str, Any]) -> bytes:
    found: bytes = await studio.rendering.ask("sound", seconds=SLOW, abc=abc, how=how)
    return found


async def _tagged(
    request: Request, key: tuple[Any, ...], media_type: str, make: Callable[[], Awaitable[bytes]]
) -> Response:
    """What was asked for, or that the browser has it already."""
    tag = _tag(*key)
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(await made.get(tag, make), media_type=media_type, headers=headers)


def _tag(*made_of: Any) -> str:
    """What something is kept under: all that it depends on."""
    return hashlib.sha256(json.dumps([__version__, *made_of], sort_keys=True).encode()).hexdigest()[:32]


def disposition(title: str, ending: str) -> str:
    """The header that has a browser save a file under a title, whatever is in that."""
    name = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', " ", unicodedata.normalize("NFC", title))
    name = " ".join(name.split())[:LONGEST_NAME].strip(". ") or "tune"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = " ".join(re.sub(r"[^\w ,.'()&-]", "", plain).split()).strip(". ") or "tune"
    return f"attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{quote(f'{name}.{ending}', safe='')}"
