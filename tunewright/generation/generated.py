"""A drawn tune: its ABC, its seed, and what the model and the grammar made of it.

In: a script that is written to its end, or up to a bar line. Out: its text, numbered and titled, with a note of how it
was drawn; and `Generated`, which reads and judges that text when it is first asked to. This file draws nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from tunewright.formats.abc import format_abc
from tunewright.formats.abc.fields import parse_key
from tunewright.formats.abc.validity import judge
from tunewright.music.rhythms import known_rhythm
from tunewright.music.tune import Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.characters.texts import body_start
from tunewright.tokens.degrees.script import CharScript, DegreeScript, Script


@dataclass(frozen=True)
class Generated:
    """One tune as drawn."""

    index: int
    seed: int
    text: str  # ABC with its number, and its seed and settings in N: fields
    log_likelihood: float  # nats, of the music that was drawn, at temperature 1 and without the grammar
    characters: int  # or musical tokens
    ended: bool  # whether the model ended it; otherwise it was cut at the greatest length
    removed_mass: float | None = None  # probability that the grammar took away, mean over ids drawn; None without it
    given_notes: int = 0  # of its notes, those that were given, not drawn
    redrawn: int = 0  # how many were drawn in its place before, and shared too much with the training tunes

    @cached_property
    def _judged(self) -> tuple[Tune | None, str]:
        return judge(self.text, self.ended)

    @property
    def tune(self) -> Tune | None:
        """The tune that the text spells; None where it cannot be read."""
        return self._judged[0]

    @property
    def error(self) -> str:
        """Why it is not well formed; "" where it is."""
        return self._judged[1]

    @property
    def log_likelihood_per_note(self) -> float:
        """Nats; NaN where no notes were drawn."""
        notes = len(self.tune.notes) - self.given_notes if self.tune else 0
        return self.log_likelihood / notes if notes > 0 else float("nan")

    @property
    def valid(self) -> bool:
        """Whether it is strictly well formed.

        Read without repair, every bar adding up, repeats and endings balanced, at least four bars, ended.
        """
        return not self.error


def text_of(script: Script, ended: bool, number: int, seed: int, note: str) -> str:
    """The ABC of what was written."""
    if isinstance(script, CharScript):
        written = script.tokenizer.decode_text(script.ids[:-1] if ended else script.ids).strip("\n")
        return _complete(written, number, _title(written, seed), note)
    assert isinstance(script, DegreeScript)
    try:
        return _abc_of(script.tune(), number, seed, note)
    except TokenError as error:  # without the grammar
        return f"X:{number}\nT:Tune no. {seed}\nN:{note}\n% {error}\n"


def text_so_far(script: Script, number: int, seed: int, note: str) -> str:
    """The same of a tune that is still being written, without what follows; "" while it may yet become another."""
    if isinstance(script, CharScript):
        return text_of(script, False, number, seed, note)
    assert isinstance(script, DegreeScript)
    try:
        tune = script.tune_so_far()
    except TokenError:  # without the grammar
        return ""
    return _abc_of(tune, number, seed, note) if tune else ""


def _abc_of(tune: Tune, number: int, seed: int, note: str) -> str:
    written = format_abc(replace(tune, title=tune.title or "-")).strip()
    title = tune.title or _title(written, seed)
    return _complete(written.replace("\nT:-\n", f"\nT:{title}\n", 1), number, title, note)


def _title(written: str, seed: int) -> str:
    """What the tune is, by its own header, and its seed: "Reel in E minor, no. 31"."""
    fields = {line[0]: line[2:].strip() for line in reversed(written.split("\n")) if line[1:2] == ":"}
    rhythm = known_rhythm(fields.get("R", ""))
    key = parse_key(fields.get("K", ""))[0]
    kind = rhythm.name.capitalize() if rhythm else "Tune"
    return f"{kind} in {key}, no. {seed}" if key.tonic else f"{kind} no. {seed}"


def _complete(written: str, number: int, title: str, note: str) -> str:
    """The text as a tune of its own: numbered, titled where it is not, with a note of how it was drawn before K:."""
    lines = written.split("\n")
    if lines[0].startswith("X:"):
        lines[0] = f"X:{number}"
    else:
        lines.insert(0, f"X:{number}")
    if not any(line.startswith("T:") for line in lines):
        lines.insert(1, f"T:{title}")
    text = "\n".join(lines)
    body = body_start(text + "\n")
    if not body:
        return f"{text}\nN:{note}\n"
    key = text.rfind("\nK:", 0, body) + 1
    return f"{text[:key]}N:{note}\n{text[key:]}\n"
