"""What the API says of a tune.

In: a `StoredTune`. Out: `TuneOut`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from tunewright.studio.storage.tables import StoredTune


class TuneOut(BaseModel):
    """A tune of a notebook."""

    id: str
    abc: str
    title: str
    key: str = ""
    meter: str = ""
    rhythm: str = ""
    bars: int = 0
    model: str = ""
    seed: int | None = None
    settings: dict[str, Any] = {}
    made_by: str
    parent: str | None = None
    kept: bool = False
    created: datetime
    valid: bool | None = None
    error: str = ""
    removed_mass: float | None = None
    log_likelihood_per_note: float | None = None
    mine: bool = True

    @classmethod
    def of(cls, tune: StoredTune, notebook: str | None = None) -> TuneOut:
        """What is said of this tune to whoever has this notebook."""
        fields = {name: getattr(tune, name) for name in ("id", "abc", "title", "model", "seed", "settings", "made_by")}
        fields |= {name: getattr(tune, name) for name in ("parent", "kept", "created")}
        return cls(**(tune.about | fields), mine=notebook is None or tune.notebook == notebook)
