"""Refusals that a page can say in the reader's own words.

In: what was wrong, as a code with values, and in one line of English for programs. Out: {"error", "code", "values"}
with a status of 4xx. This file refuses nothing itself.
"""

from __future__ import annotations

from typing import Any

from tunewright.support.errors import TunewrightError


class Refused(TunewrightError):
    """What was asked for cannot be had: `status` of HTTP, `code` with `values` for a page."""

    def __init__(self, status: int, code: str, error: str, **values: Any) -> None:
        super().__init__(error)
        self.status, self.code, self.values = status, code, values

    def told(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"error": str(self), "code": self.code, "values": self.values}
