"""The shapes of what several parts of the API take and give.

In: rows of the database, what a browser sends. Out: `TuneOut`, as every route gives a tune; `Refused`, as every route
refuses; `DrawRequest`, what is asked of new tunes, bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tunewright.studio.models import Model
from tunewright.studio.storage.tables import StoredTune

MadeBy = Literal["drawn", "redrawn", "varied", "continued", "edited", "transposed", "brought"]
_HEADER = re.compile(r"^([A-Z]):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


class Refused(BaseModel):
    """Why something was refused, in one line."""

    error: str


class TuneOut(BaseModel):
    """A tune of a notebook."""

    id: str
    abc: str
    title: str
    key: str
    meter: str
    rhythm: str
    bars: int
    model: str
    seed: int | None
    settings: dict[str, Any]
    made_by: MadeBy
    parent: str | None
    kept: bool
    created: datetime
    valid: bool | None
    error: str
    removed_mass: float | None
    log_likelihood_per_note: float | None

    @classmethod
    def of(cls, tune: StoredTune) -> TuneOut:
        """A stored tune; what was not measured of it is read from its header, or None."""
        about, header = tune.about, _header(tune.abc)
        return cls(
            id=tune.id,
            abc=tune.abc,
            title=tune.title or str(about.get("title") or header.get("T", "")),
            key=str(about.get("key") or header.get("K", "")),
            meter=str(about.get("meter") or header.get("M", "")),
            rhythm=str(about.get("rhythm") or header.get("R", "")),
            bars=int(about.get("bars") or 0),
            model=tune.model,
            seed=tune.seed,
            settings=tune.settings,
            made_by=cast(MadeBy, tune.made_by),
            parent=tune.parent,
            kept=tune.kept,
            created=tune.created if tune.created.tzinfo else tune.created.replace(tzinfo=UTC),  # SQLite forgets it
            valid=about.get("valid"),
            error=str(about.get("error") or ""),
            removed_mass=_number(about, "removed_mass"),
            log_likelihood_per_note=_number(about, "log_likelihood_per_note"),
        )


def _header(abc: str) -> dict[str, str]:
    """The first value of each field of a header."""
    return dict(reversed(_HEADER.findall(abc)))


def _number(about: Mapping[str, Any], name: str) -> float | None:
    value = about.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


class ModelOut(BaseModel):
    """A model that tunes can be drawn from."""

    name: str
    kind: Literal["base", "given", "trained"]
    title: str
    about: str

    @classmethod
    def of(cls, model: Model, say: Callable[..., str], called: str) -> ModelOut:
        """What there is to say of a model, in the words of the reader; `called` is what who trained it calls it."""
        summary = model.run.summary
        told = {"corpus": summary.get("corpus"), "bits": summary.get("bits_per_note")}
        about = say("studio.drawing.learned", **told) if all(told.values()) else ""
        title = say("studio.drawing.base") if model.kind == "base" else called
        return cls(name=model.name, kind=model.kind, title=title, about=about)


# ------------------------------------------------------------------------------------------------ what is asked for

MOST_TUNES = 8
MOST_DRAWN = 128  # tunes that are drawn for one request: n times best_of
MOST_LOCKED = 1000
LARGEST_SEED = 2**53 - 1  # that a script of a page can count to


def _nothing(value: object) -> object:
    return "" if value is None else value


Id = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9_-]+$")]
Words = Annotated[str, BeforeValidator(_nothing)]  # null is none
Word = Annotated[Words, Field(max_length=80)]


class DrawRequest(BaseModel):
    """What is asked of new tunes: the options of `tunewright generate`, and tunes by their ids in place of files.

    With `parent` and `locked` all bars but those are written anew; with `parent` and `vary` it is a variation; with
    `parent` and `go_on_from` the bars up to that one stay and the rest is new; with `parent` alone, a new tune that
    remembers what it came from. Tune number i, from 0, has seed `seed + i`.
    """

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    model: Annotated[str, Field(min_length=1, max_length=300)] = "base"
    n: Annotated[int, Field(ge=1, le=MOST_TUNES)] = 1
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED - MOST_TUNES)] | None = None
    key: Word = ""
    meter: Word = ""
    rhythm: Word = ""
    bars: Word = ""
    parts: Word = ""
    plan: Annotated[Words, Field(max_length=2_000)] = ""
    range: Word = ""
    start: Annotated[Words, Field(max_length=10_000)] = ""
    temperature: Word = ""
    top_k: Annotated[int, Field(ge=0, le=100_000)] = 0
    top_p: Annotated[float, Field(ge=0, le=1)] = 1.0
    min_p: Annotated[float, Field(ge=0, le=1)] = 0.0
    repeats: Annotated[int, Field(ge=0, le=1000)] = 0
    best_of: Annotated[int, Field(ge=1, le=64)] | None = None
    original: Annotated[float, Field(ge=0, le=100)] | None = None
    free: bool = False
    parent: Id | None = None
    locked: Annotated[list[Annotated[int, Field(ge=0, le=10_000)]], Field(max_length=MOST_LOCKED)] | None = None
    vary: Annotated[float, Field(ge=0, le=1)] | None = None
    go_on_from: Annotated[int, Field(ge=0, le=10_000)] | None = None
    like: Id | None = None
    plan_like: Id | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse what cannot stand together, or alone."""
        ways = [name for name in ("locked", "vary", "go_on_from") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} each say what becomes of a tune; expected one of them")
        if ways and self.parent is None:
            raise ValueError(f"{ways[0]} says what becomes of a tune; expected its id as parent")
        if self.go_on_from is not None and (
            clash := [name for name in ("key", "meter", "start") if getattr(self, name)]
        ):
            raise ValueError(f"go_on_from keeps how a tune begins; expected no {' and no '.join(clash)}")
        if self.plan and self.plan_like is not None:
            raise ValueError("plan and plan_like both say which bars return; expected one of them")
        if self.n * (self.best_of or 1) > MOST_DRAWN:
            raise ValueError(f"{self.n} times the best of {self.best_of}; expected at most {MOST_DRAWN} drawn in all")
        return self
