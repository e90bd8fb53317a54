"""Musical tokens read back as music.

In: the tokens of a tune, in words. Out: what they say, part by part, or a `TokenError` that says which token was
expected. The way there is `spelling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from tunewright.music.tune import (
    BAR_LINES,
    STEPS,
    Bar,
    ChordSymbol,
    Element,
    Ending,
    Key,
    Note,
    Pitch,
    Rest,
    Tuplet,
    accidental_sign,
)
from tunewright.support.errors import TokenError
from tunewright.tokens.degrees.scale import pitch_at
from tunewright.tokens.degrees.vocabulary import BODY, LENGTHS_BY_TOKEN, read_pitch


def chord_root(degree: str, key: Key) -> str:
    """The name of a root; one with a double sharp or flat, which chord symbols do not have, by its simple name."""
    found = read_pitch(degree)
    assert found is not None
    pitch = pitch_at(*found, key, 4)
    if abs(pitch.alter) > 1:
        simple = [Pitch(step, alter) for alter in (0, 1 if pitch.alter > 0 else -1) for step in STEPS]
        pitch = next(simpler for simpler in simple if (simpler.midi - pitch.midi) % 12 == 0)
    return f"{pitch.step}{accidental_sign(pitch.alter)}"


class TokenReading:
    """Tokens being read, from the first on; TokenError where another was expected."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens, self._at = tokens, 0
        self._pitches: dict[str, Pitch] = {}  # that were read in this tune's key

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _error(self, expected: str) -> TokenError:
        found = repr(self._next()) if self._next() else "the end"
        return TokenError(f"token {self._at}: found {found}, expected {expected}")

    def value(self, prefix: str) -> str:
        """What stands after this prefix in the next token."""
        if not self._next().startswith(prefix):
            raise self._error(f"{prefix}…")
        return self._take().removeprefix(prefix)

    def rhythm(self) -> str:
        """The rhythm, one token or letter by letter."""
        rhythm = self.value("R:")
        if rhythm != '"':
            return rhythm
        signs = []
        while self._next().startswith("text:"):
            signs.append(self.value("text:"))
        return "".join(signs)

    def form(self) -> None:
        """Pass over the form; the body begins after it."""
        while self._next().startswith("bars:"):
            self._take()
        if self._next() != BODY:
            raise self._error(BODY)
        self._take()

    def music(self, key: Key, home: int) -> Iterator[Element]:
        """The music up to the end."""
        factor, left = Fraction(1), 0
        while token := self._next():
            if timed := _read_timed(token):
                self._at += 1
                sound, length = timed
                yield self._sounding(BARE, sound, length * factor if left else length, key, home)
                left = max(0, left - 1)
            elif token in BAR_LINES:
                yield Bar(self._take())
            elif token.startswith("["):
                yield Ending(tuple(map(int, self.value("[").split(","))))
            elif token.startswith("chord:"):
                yield self._chord(key)
            elif token.startswith("(") and len(token) > 1:
                tuplet = Tuplet(*map(int, self.value("(").split(":")))
                factor, left = Fraction(tuplet.q, tuplet.p), tuplet.r
                yield tuplet
            else:
                prefix, (sound, length) = self._prefix(key, home), self._sound()
                yield self._sounding(prefix, sound, length * factor if left else length, key, home)
                left = max(0, left - 1)

    def _chord(self, key: Key) -> ChordSymbol:
        text = chord_root(self.value("chord:"), key)
        if self._next().startswith("quality:"):
            text += self.value("quality:")
        if self._next().startswith("bass:"):
            text += f"/{chord_root(self.value('bass:'), key)}"
        return ChordSymbol(text)

    def _prefix(self, key: Key, home: int) -> _Prefix:
        decorations, slurs, grace = [], 0, []
        while self._next().startswith("!"):
            decorations.append(self._take().strip("!"))
        while self._next() == "(":
            self._take()
            slurs += 1
        if self._next() == "{":
            self._take()
            while self._next() != "}":
                grace.append(self._pitch(key, home))
            self._take()
        return _Prefix(tuple(decorations), slurs, tuple(grace))

    def _pitch(self, key: Key, home: int) -> Pitch:
        pitch = self._pitch_of(self._next(), key, home)
        self._take()
        return pitch

    def _pitch_of(self, token: str, key: Key, home: int) -> Pitch:
        if token not in self._pitches:
            found = read_pitch(token)
            if found is None:
                raise self._error("a pitch")
            self._pitches[token] = pitch_at(*found, key, home)
        return self._pitches[token]

    def _sound(self) -> tuple[str, Fraction]:
        """The token of a pitch or rest, and its length as written."""
        sound, colon, length = self._next().partition(":")
        if colon and length in LENGTHS_BY_TOKEN:
            self._take()
            return sound, LENGTHS_BY_TOKEN[length]
        if self._next() not in LENGTHS_BY_TOKEN:
            raise self._error("a note, a rest or a length")
        length = self._take()
        return self._take() if self._next() else "", LENGTHS_BY_TOKEN[length]

    def _sounding(self, prefix: _Prefix, sound: str, length: Fraction, key: Key, home: int) -> Note | Rest:
        if sound in ("z", "x"):
            if prefix != BARE:
                raise self._error("a note after decorations, slurs or grace notes")
            return Rest(length, sound == "z")
        pitch = self._pitch_of(sound, key, home)
        tied = self._next() == "-"
        self._at += tied
        closed = 0
        while self._next() == ")":
            self._take()
            closed += 1
        return Note((pitch,), length, tied, prefix.grace, prefix.slurs_opened, closed, prefix.decorations)


@dataclass(frozen=True, slots=True)
class _Prefix:
    """What stands before a note and belongs to it."""

    decorations: tuple[str, ...] = ()
    slurs_opened: int = 0
    grace: tuple[Pitch, ...] = ()


BARE = _Prefix()


@lru_cache(maxsize=4096)
def _read_timed(token: str) -> tuple[str, Fraction] | None:
    """The pitch or rest of a token, and its length; None for a token that is not both."""
    sound, colon, length = token.partition(":")
    if not colon or length not in LENGTHS_BY_TOKEN or not (sound in ("z", "x") or read_pitch(sound)):
        return None
    return sound, LENGTHS_BY_TOKEN[length]
