"""The ABC of a tune that was drawn: numbered, titled, with a note of how it was drawn.

In: the text or the tune that was written, and its `Label`. Out: text. This file reads no tokens and judges nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tunewright.formats.abc import format_abc
from tunewright.formats.abc.fields import parse_key
from tunewright.formats.abc.texts import body_start
from tunewright.formats.abc.validity import judge
from tunewright.music.rhythms import known_rhythm
from tunewright.music.tune import Tune
from tunewright.tokens.writing import Finished, Label


def finished_tune(text: str, ended: bool) -> Finished[Tune]:
    """A drawn tune by its text, read and judged when that is first asked."""
    return Finished(text, partial(judge, text, ended))


def labelled_text(written: str, label: Label) -> str:
    """The ABC of a tune as it was written, in whatever header."""
    return _complete(written, label, _title(written, label.seed))


def labelled_tune(tune: Tune, label: Label) -> str:
    """The ABC of a tune; it keeps the title that it has."""
    written = format_abc(replace(tune, title=tune.title or "-")).strip()
    title = tune.title or _title(written, label.seed)
    return _complete(written.replace("\nT:-\n", f"\nT:{title}\n", 1), label, title)


def labelled_error(error: Exception, label: Label) -> str:
    """What stands for a tune that was written without the grammar and spells none."""
    return f"X:{label.number}\nT:Tune no. {label.seed}\nN:{label.note}\n% {error}\n"


def _title(written: str, seed: int) -> str:
    """What the tune is, by its own header, and its seed: "Reel in E minor, no. 31"."""
    fields = {line[0]: line[2:].strip() for line in reversed(written.split("\n")) if line[1:2] == ":"}
    rhythm = known_rhythm(fields.get("R", ""))
    key = parse_key(fields.get("K", ""))[0]
    kind = rhythm.name.capitalize() if rhythm else "Tune"
    return f"{kind} in {key}, no. {seed}" if key.tonic else f"{kind} no. {seed}"


def _complete(written: str, label: Label, title: str) -> str:
    """The text as a tune of its own: numbered, titled where it is not, with a note of how it was drawn before K:."""
    lines = written.split("\n")
    if lines[0].startswith("X:"):
        lines[0] = f"X:{label.number}"
    else:
        lines.insert(0, f"X:{label.number}")
    if not any(line.startswith("T:") for line in lines):
        lines.insert(1, f"T:{title}")
    text = "\n".join(lines)
    body = body_start(text + "\n")
    if not body:
        return f"{text}\nN:{label.note}\n"
    key = text.rfind("\nK:", 0, body) + 1
    return f"{text[:key]}N:{label.note}\n{text[key:]}\n"
