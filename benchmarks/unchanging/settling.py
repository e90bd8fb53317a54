"""What may differ between two runs of the same code, taken out: places, times, dates, versions, facts of the machine.

In: what a command said or wrote, and which side it is of. Out: the same with such things replaced. What is replaced
is as narrow as it can be, with the reason beside it. This file compares nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from unchanging.running import Side


@dataclass(frozen=True, slots=True)
class Rule:
    """What is replaced, in the things whose names match `where` as a whole."""

    where: str
    pattern: str
    by: str


LENGTH = r"(?:\d+(?:\.\d+)? s|\d+ min(?: \d+ s)?|\d+ h(?: \d+ min)?)"  # as `duration` writes it
RUN = r".*"
RULES = (
    # when a run was begun, and with what
    Rule(r".*/record\.json", r'("started": )"[^"]*"', r'\1"…"'),
    Rule(
        r".*/record\.json",
        r'("(?:python|tunewright|system|processor|gpu|torch|numpy|safetensors|music21|symusic)": )'
        r'(?:"[^"]*"|null)',
        r"\1…",
    ),
    Rule(r".*/record\.json", r'("cores": )\d+', r"\1…"),
    Rule(r".*/record\.json", r'("git": )(?:null|\{[^}]*\})', r"\1…"),
    # how long it took
    Rule(r".*/(?:metrics\.jsonl|summary\.json)", r'("seconds": )[\d.e-]+', r"\1…"),
    Rule(r".*/summary\.json", r'("torch": )"[^"]*"', r'\1"…"'),
    # what training says of its pace, and of the machine
    Rule(r"(?:train|presets)/.*stderr", rf"{LENGTH}: training loss", "…: training loss"),
    Rule(r"(?:train|presets)/.*stderr", r"[\d,]+ notes/s, .* left", "… notes/s, … left"),
    Rule(r"(?:train|presets)/.*stderr", r"(?m)^(    (?:seconds|python|libraries|system|processor) +).*", r"\1…"),
    # the sizes of files that hold times
    Rule(r"(?:train|presets)/.*stderr", r"(?m)^(    (?:record\.json|summary\.json|metrics\.jsonl) +).*", r"\1…"),
    Rule(r"(?:train|presets)/.*stdout", rf"(after [\d,]+ steps, ){LENGTH}", r"\1…"),
    Rule(r"(?:train|presets)/.*stdout", r'("seconds": )[\d.e-]+', r"\1…"),
    # pages say when they were made
    Rule(r".*\.html", r"\b20\d\d-\d\d-\d\d\b", "…"),
)


def settled(name: str, content: bytes, side: Side) -> bytes:
    """The content of the thing of this name, without what is legitimately not fixed."""
    if name.endswith("last.safetensors"):
        return _settled_tensors(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    for place, called in ((side.work, "WORK"), (str(side.folder), "FOLDER"), (side.tree, "TREE")):
        text = text.replace(place, called)
    text = re.sub(rf"(?<![\d.]){re.escape(side.version)}(?![\d.])", "VERSION", text) if _tells_version(name) else text
    for rule in RULES:
        if re.fullmatch(rule.where, name):
            text = re.sub(rule.pattern, rule.by, text)
    return text.encode("utf-8")


def _tells_version(name: str) -> bool:
    """Whether the program's version stands in it."""
    return name.endswith((".html", "stdout", "stderr"))


def _settled_tensors(content: bytes) -> bytes:
    """The last state of a run without the seconds that its training took, which stand in the head of the file."""
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    facts = json.loads(head["__metadata__"]["facts"])
    facts["seconds"] = 0
    head["__metadata__"]["facts"] = json.dumps(facts)
    return json.dumps(head).encode() + b"\n" + content[8 + length :]
