"""Text that a tune in characters is to begin with, cut into what is written when.

In: ABC as a user gives it. Out: a `Start`, or a `ConfigError` for signs that the model never saw and headers that
cannot be read. This file draws nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.texts import HEADER
from tunewright.support.errors import ConfigError, ParseError
from tunewright.tokens.characters.tokenizer import CharTokenizer


@dataclass(frozen=True, slots=True)
class Start:
    """Ids to write before any is drawn, what to write where the model begins a field, and after the header."""

    header: tuple[int, ...] = ()
    fields: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # "K:" -> ids of its value and line end
    body: tuple[int, ...] = ()


def read_start(start: str, tokenizer: CharTokenizer, max_length: int) -> Start:
    """A start cut into header and music, as the model's text has them; ConfigError for signs it never saw."""
    text = start.replace("\r\n", "\n").strip("\n")
    if not text:
        return Start()
    lines = text.split("\n")
    fields = [line for line in lines if line[1:2] == ":" and line[:1].isalpha()]
    music = "\n".join(line for line in lines if line not in fields)
    header, later = "".join(f"{line}\n" for line in fields), ""
    if tokenizer.text == "canonical":
        header, later = _first_and_later(_canonical_header(header))
    if unseen := tokenizer.unseen(header + later + music):
        raise ConfigError(f"the start has {_listed(unseen)}, which the model never saw; expected signs of its corpus")
    length = len(header + later + music)
    if length >= max_length:
        raise ConfigError(f"the start has {length} characters; expected fewer than {max_length}")
    values = {line[:2]: tuple(tokenizer.encode_text(line[2:])) for line in later.splitlines(keepends=True)}
    return Start(tuple(tokenizer.encode_text(header)), values, tuple(tokenizer.encode_text(music)))


def _first_and_later(header: str) -> tuple[str, str]:
    """The lines that canonical text begins with, and those before which the model has fields of its own to write.

    A tune can do without R:, so metre, unit and key are a whole header.
    """
    lines = header.splitlines(keepends=True)
    if {line[0] for line in lines} >= set("MLK"):
        return header, ""
    first = 0
    while first < len(lines) and lines[first][0] == HEADER[first]:
        first += 1
    return "".join(lines[:first]), "".join(lines[first:])


def _canonical_header(header: str) -> str:
    """The fields as canonical text has them, X: and T: left out; ConfigError where they cannot be read."""
    kept = sorted((line for line in header.splitlines() if line[0] in HEADER), key=lambda line: HEADER.index(line[0]))
    if not kept:
        return ""
    letters = "".join(dict.fromkeys(line[0] for line in kept))
    written = "\n".join(kept) + ("" if "K" in letters else "\nK:C")
    try:
        tune = parse_abc(f"X:1\n{written}\nC")[0]
    except ParseError as error:
        raise ConfigError(f"the start's header cannot be read: {error.reason}") from None
    text = format_abc(tune, header=letters)
    return "".join(line for line in text.splitlines(keepends=True) if line[:1] in letters and line[1:2] == ":")


def _listed(unseen: Sequence[str] | dict[str, int]) -> str:
    return " ".join(repr(sign) for sign in sorted(unseen))
