"""Tunes as folk-rnn has them: ABC in C, one line, in tokens of notes, lengths, bar lines, and M: and K: before all.

In: `Tune`s. Out: ids and back, and `Passage`s. Made from the published description (Sturm, Santos, Ben-Tal and
Korshunova, "Music transcription modelling and composition using deep learning", 2016): every tune on C in one of four
modes, its metre and mode first, everything else that is not melody left out, a token for a pitch, for a length, for a
bar line with its ending, for a tuplet, a tie, a sign of broken rhythm and the brackets of a chord. What a model of
these is told before the body is metre and mode; the unit is always an eighth, and of the rhythm it hears nothing.
Tunes in other modes, and those whose metre or key changes, are left out, as are those that do not come back the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.music.transposing import transpose
from tunewright.music.tune import SEMITONES, ChordSymbol, Element, Key, KeyChange, MeterChange, Note, Part, Tune
from tunewright.support.errors import ParseError, TokenError
from tunewright.tokens.contract import Passage

MODES = {"major": "K:Cmaj", "minor": "K:Cmin", "dorian": "K:Cdor", "mixolydian": "K:Cmix"}
END, UNKNOWN = 0, 1
_TOKEN = re.compile(
    r"\(\d(?::\d*)*|\[?:*\|[|\]:]*\d?|::|\[\d|[_^=]*[A-Ga-g][,']*|[zx]|\d+/?\d*|/\d*|[<>]+|-|[\[\]]|\s+|(?P<other>.)"
)
_BAR_LINE = re.compile(r".*\|.*|::|\[\d")


@dataclass(frozen=True)
class FolkTokens:
    """The tokens of some training tunes; id 0 stands before and after each tune, id 1 for a token they lack."""

    vocab: tuple[str, ...]
    header = 2  # tokens that say metre and mode

    @classmethod
    def fit(cls, tunes: Iterable[Tune]) -> FolkTokens:
        """All the tokens of these tunes."""
        return cls(("<s>", "<unknown>", *sorted({token for tune in tunes for token in tokens_or_none(tune)})))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        return {token: number for number, token in enumerate(self.vocab)}

    def passage(self, tune: Tune) -> Passage:
        """The tune as scored: all after its metre and mode. TokenError where these tokens cannot spell it."""
        found = [self.ids.get(token, UNKNOWN) for token in tokens_of(tune)]
        ids = (END, *found, END)
        return Passage(ids, 1 + self.header, len(tune.notes), unseen=ids.count(UNKNOWN))

    def text(self, ids: Sequence[int]) -> str:
        """The ABC that ids spell, in the way that whoever plays it has to repair it: with X: and L:, without blanks."""
        return text_of([self.vocab[number] for number in ids])


def in_c(tune: Tune) -> Tune:
    """The tune on C without all that is not melody; TokenError for one of another mode, or that changes on its way."""
    key = tune.key
    if key.tonic is None or key.accidentals or key.mode not in MODES:
        raise TokenError(f"the key is {key}; expected one of four modes")
    if tune.parts or any(isinstance(element, KeyChange | MeterChange | Part) for element in tune.music):
        raise TokenError("parts, or a change of key or metre")
    tonic = SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")
    moved = transpose(tune, (6 - tonic) % 12 - 6)
    plain = tuple(_plain(element) for element in moved.music if not isinstance(element, ChordSymbol))
    return replace(
        moved.with_music(plain), key=Key("C", key.mode), rhythm="", unit=Fraction(1, 8), meter=tune.meter.plain
    )


def _plain(element: Element) -> Element:
    if not isinstance(element, Note):
        return element
    return replace(element, grace=(), slurs_opened=0, slurs_closed=0, decorations=(), held=())


@lru_cache(maxsize=16_384)
def tokens_of(tune: Tune) -> tuple[str, ...]:
    """Metre, mode and the tokens of the body; TokenError where they do not read back as the tune."""
    moved = in_c(tune)
    found = [f"M:{moved.meter}", MODES[moved.key.mode], *_split(format_abc(moved, header=""))]
    try:
        (again,) = parse_abc(text_of(found))
    except (ParseError, ValueError):
        raise TokenError("the tokens spell no tune") from None
    if again != moved:
        raise TokenError("the tokens spell another tune")
    return tuple(found)


def tokens_or_none(tune: Tune) -> tuple[str, ...]:
    """The tokens of a tune, none where it has none."""
    try:
        return tokens_of(tune)
    except TokenError:
        return ()


def _split(body: str) -> list[str]:
    found = list(_TOKEN.finditer(body))
    if other := next((one[0] for one in found if one["other"]), ""):
        raise TokenError(f"no token for {other!r}")
    return [one[0] for one in found if not one[0].isspace()]


def text_of(tokens: Sequence[str]) -> str:
    """ABC: a line for the metre, the unit and the key, as far as they come first, and one for the body."""
    fields = [token for token in tokens[:2] if token[1:2] == ":" and token[0] in "MK"]
    body = [f" {token} " if _BAR_LINE.fullmatch(token) else token for token in tokens[len(fields) :]]
    key = next((field for field in fields if field.startswith("K:")), "K:C")
    meter = next((field for field in fields if field.startswith("M:")), "M:none")
    return f"X:1\n{meter}\nL:1/8\n{key}\n{''.join(body)}\n"
