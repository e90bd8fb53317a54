"""The exceptions that a user can meet; everything else is a bug of ours.

TunewrightError            one line for the user: where, what was found, what was expected
├── ParseError             a tune, ABC or MIDI, that cannot be read (carries the source "file:line")
├── CorpusError            a source that is missing, empty or unreadable
├── ConfigError            an unknown or impossible setting
├── TokenError             ids or text outside what a tokenizer covers
├── RunError               a run folder that is missing, broken, or of another version
├── RenderError            a tune that cannot be drawn or sounded
├── InputError             a file that cannot be read: a pipe, a device, too large, not allowed
└── OutputError            a file that cannot be written (read-only folder, full disk)
"""

from __future__ import annotations

from pathlib import Path


class TunewrightError(Exception):
    """What went wrong, in one line that a user can act on."""


class ParseError(TunewrightError):
    """A tune that cannot be read; `source` is "file:line"."""

    def __init__(self, reason: str, source: str = "") -> None:
        super().__init__(f"{source}: {reason}" if source else reason)
        self.reason = reason
        self.source = source


def mistake(error: Exception) -> str:
    """What is said, in the place of music, where an exception of no such kind ended reading it: a bug of ours.

    >>> mistake(KeyError("x"))
    "a mistake in tunewright (KeyError: 'x'): please report it, with this file"
    """
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    found = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"a mistake in tunewright ({found[:200]}): please report it, with this file"


class CorpusError(TunewrightError):
    """A source that is missing, empty or unreadable."""


class ConfigError(TunewrightError):
    """An unknown or impossible setting."""


class TokenError(TunewrightError):
    """Ids or text outside what a tokenizer covers."""


class RunError(TunewrightError):
    """A run folder that is missing, broken, or of another version."""


class RenderError(TunewrightError):
    """A tune that cannot be drawn or sounded."""


class InputError(TunewrightError):
    """A file that cannot be read, and whether that is since there is none."""

    def __init__(self, path: Path, reason: str, *, missing: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
        self.missing = missing


class OutputError(TunewrightError):
    """A file that cannot be written."""


def out_of_memory(error: Exception) -> bool:
    """Whether memory was short; PyTorch says so by RuntimeError ("can't allocate memory", "Tried to allocate")."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate" in str(error))
