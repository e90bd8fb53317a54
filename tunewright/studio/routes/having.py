"""What a route has at hand: the studio that it belongs to, and who asks.

In: a request. Out: `Studio`, the notebook of the browser. Routes say what they need by the types `Here` and `Notebook`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tunewright.studio.certificates import Certificates
from tunewright.studio.settings import Settings
from tunewright.studio.storage.database import Database
from tunewright.studio.work.learning import Learning
from tunewright.studio.work.listeners import Listeners
from tunewright.studio.work.pool import Pool


@dataclass(frozen=True, slots=True)
class Studio:
    """What the parts of one studio share."""

    settings: Settings
    database: Database
    drawing: Pool
    rendering: Pool
    certifying: Pool
    learning: Learning
    listeners: Listeners
    certificates: Certificates


def _studio(request: Request) -> Studio:
    found: Studio = request.app.state.studio
    return found


def _notebook(request: Request) -> str:
    found: str = request.state.notebook
    return found


Here = Annotated[Studio, Depends(_studio)]
Notebook = Annotated[str, Depends(_notebook)]
