"""The HTTP API described for programs: what FastAPI finds in the routes, made complete and true.

In: an OpenAPI document. Out: the same, with the refusals that the guard and the queue give, each in the one form that
all of them have, and `Operation`s to list on a page. This file adds no route.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SUMMARY = "Tunes made, heard, edited, learned from and judged: what the pages can do, for programs."
TAGS = [
    {"name": "tunes", "description": "New tunes, bar by bar, and what is known of them."},
    {"name": "notebook", "description": "The tunes of one browser: found again, kept, named, edited, moved to a key."},
    {"name": "scores and sounds", "description": "Scores with the times of their notes, sound, files of every format."},
    {"name": "collections", "description": "Files of music that are brought along, and what was read of them."},
    {"name": "trainings", "description": "Models that learn from a collection."},
    {"name": "reports", "description": "Scorecards and comparisons of runs, as pages."},
    {"name": "listening", "description": "Blind listening tests and what came of them."},
    {"name": "answers", "description": "What those who listen ask for: one test, by its shared link, nothing else."},
]
ERROR = {
    "type": "object",
    "description": "One line that says where, what was found, what was expected.",
    "required": ["error"],
    "properties": {"error": {"type": "string", "examples": ["n: found 9; expected at most 8"]}},
}
REFUSALS: Mapping[str, str] = {
    "401": "The studio has a token, and none or another came along.",
    "403": "Asked for by a page of another site, or by another host's name.",
    "404": "There is nothing of this id, or it is another notebook's.",
    "408": "What was sent took too long to arrive.",
    "413": "What was sent is too large.",
    "415": "What was sent is neither JSON nor a form.",
    "422": "What was sent cannot be had.",
    "429": "Too much at once; Retry-After says when to try again.",
    "503": "Everyone is at work and the queue is full; Retry-After says when to try again.",
}
WITH_BODY = ("408", "413", "415")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for, as a page shows it."""

    method: str
    path: str
    summary: str
    about: str
    fields: tuple[tuple[str, str, str], ...]  # name, type, what it means
    answers: tuple[tuple[str, str], ...]  # status, what it means


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every refusal in our one form."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Refusal"] = ERROR
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for _, path, operation in _operations(document):
        operation["summary"] = _first_sentence(operation.get("description", "")) or operation["summary"]
        answers = operation["responses"]
        for status, meaning in REFUSALS.items():
            if (status in WITH_BODY and "requestBody" not in operation) or (status == "404" and "{" not in path):
                continue
            if status == "422" or status not in answers:
                own = answers.get(status, {}).get("description", "")
                kept = own if own and own != "Validation Error" else meaning
                answers[status] = _refusal(kept) | _headers(status)
    return document


def _first_sentence(text: str) -> str:
    """What a text begins with, up to a full stop or a semicolon, on one line."""
    return re.split(r"(?<=[^.])[.;:](?:\s|$)", " ".join(text.split()), maxsplit=1)[0]


def _refusal(meaning: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Refusal"}}
    return {"description": meaning, "content": {"application/json": schema}}


def _headers(status: str) -> dict[str, Any]:
    if status not in ("429", "503"):
        return {}
    return {"headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path, operation


def listed(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """What can be asked for, by its tag, in the order of `TAGS`."""
    found: dict[str, list[Operation]] = {str(tag["name"]): [] for tag in TAGS}
    for method, path, operation in _operations(document):
        about = operation.get("description", "")
        one = Operation(
            method,
            path,
            operation.get("summary", ""),
            about,
            tuple(_fields(document, operation)),
            tuple((status, answer.get("description", "")) for status, answer in sorted(operation["responses"].items())),
        )
        found.setdefault((operation.get("tags") or ["tunes"])[0], []).append(one)
    return {tag: operations for tag, operations in found.items() if operations}


def _fields(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What an operation takes: of its address, then of its body."""
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        yield parameter["name"], _type(schema), parameter.get("description", schema.get("description", ""))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content.get("schema", {}))
        for name, field in schema.get("properties", {}).items():
            yield name, _type(field), field.get("description", "")


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"].get(name, schema) if name else schema
    return found


def _type(schema: Mapping[str, Any]) -> str:
    """The type of a value in a word or two, with its bounds."""
    if options := schema.get("anyOf"):
        return " | ".join(dict.fromkeys(_type(option) for option in options))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    word = str(schema.get("type", "any"))
    if word == "array":
        return f"list of {_type(schema.get('items', {}))}"
    low, high = schema.get("minimum"), schema.get("maximum")
    return (
        f"{word}, {'' if low is None else low}–{'' if high is None else high}" if (low, high) != (None, None) else word
    )
