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
TRAINING = r"(?:train|presets)/.*"
REPORT = r"reproduce/first(?: stderr|/all/report\.(?:html|md))"
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
    Rule(f"{TRAINING} stderr", rf"{LENGTH}: training loss", "…: training loss"),
    Rule(f"{TRAINING} stderr", r"[\d,]+ notes/s, .* left", "… notes/s, … left"),
    Rule(f"{TRAINING} stderr", r"(?m)^(    (?:seconds|python|libraries|system|processor) +).*", r"\1…"),
    # the sizes of files that hold times
    Rule(f"{TRAINING} stderr", r"(?m)^(    (?:record\.json|summary\.json|metrics\.jsonl) +).*", r"\1…"),
    Rule(f"{TRAINING} stdout", rf"(after [\d,]+ steps, ){LENGTH}", r"\1…"),
    Rule(f"{TRAINING} stdout", r'("seconds": )[\d.e-]+', r"\1…"),
    # between looks at held-out tunes a line is printed every fifteen seconds
    Rule(f"{TRAINING} stderr", r"(?m)^step [^\n]*training loss [\d.]+, … notes/s, … left\n", ""),
    # when trainings side by side report, and what a report makes of their times; `reproduce/again` compares the report
    Rule(REPORT, r"(?s).*", "…"),
    # pages say when they were made
    Rule(r".*\.html", r"\b20\d\d-\d\d-\d\d\b", "…"),
)

PDF_TIMES = (
    rb"(/(?:Mod|Creation)Date)\(D:\d+Z\)",
    rb"(<xmp:(?:Modify|Create)Date>)[^<]*",
    rb"(<xmpMM:(?:Instance|Document)ID>)[^<]*",
    rb"(/ID)\[[^\]]*\]",
)


def settled(name: str, content: bytes, side: Side) -> bytes:
    """The content of the thing of this name, without what is legitimately not fixed."""
    if name.endswith(".safetensors"):
        return _settled_tensors(content)
    if name.endswith(".pdf"):
        return _settled_pdf(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    for place, called in ((side.work, "WORK"), (side.tree, "TREE")):
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
    """Tensors with what is told of them in one order, without the seconds that training took.

    The safetensors library writes what is told in the order of a hash map, which is another one each time.
    """
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    told = head.pop("__metadata__")
    facts = json.loads(told["facts"])
    facts.pop("seconds", None)
    written = json.dumps(head).encode() + json.dumps(told | {"facts": facts}, sort_keys=True).encode()
    return written + b"\n" + content[8 + length :]


def _settled_pdf(content: bytes) -> bytes:
    """A PDF without when it was made, and without the names that typst derives from that."""
    for pattern in PDF_TIMES:
        content = re.sub(pattern, rb"\1", content)
    return content
