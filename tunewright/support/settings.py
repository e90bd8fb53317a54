"""Settings whose fields say which values make sense.

In: frozen dataclasses of settings. Out: fields with a range or a choice, the name that a user gives each, and a
ConfigError, in one line, for a value that makes no sense. This file knows no setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import Field, field, fields
from typing import Any

from tunewright.support.errors import ConfigError


def number(default: float, low: float, high: float) -> Any:
    """A field for a number from `low` to `high`."""
    return field(default=default, metadata={"range": (low, high)})


def choice(default: str, known: Sequence[str] = (), name: str = "") -> Any:
    """A field for one of these words; `name` is what users call it, where that is not the field's name."""
    return field(default=default, metadata={"known": known, "name": name})


def named_fields(settings: Any) -> Iterator[tuple[str, Field[Any]]]:
    """The fields of settings, or of their class, each with the name that users call it."""
    return ((one.metadata.get("name") or one.name, one) for one in fields(settings))


def check_settings(settings: Any) -> None:
    """ConfigError, naming the setting, for the first value that is no known word or out of its range."""
    for name, one in named_fields(settings):
        known, value = one.metadata.get("known"), getattr(settings, one.name)
        if known and value not in known:
            raise ConfigError(f"{name} is {value!r}; known: {', '.join(known)}")
    for name, one in named_fields(settings):
        low, high = one.metadata.get("range", (None, None))
        value = getattr(settings, one.name)
        if low is not None and not low <= value <= high:
            raise ConfigError(f"{name} is {value}; expected {low:g} to {high:g}")
