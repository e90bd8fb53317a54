"""The smallest codec that there may be: one id for each note of a scale, all of them eighths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from tunewright.music.kinds import Music
from tunewright.music.tune import Bar, Element, Key, Note, Pitch, Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.contract import Passage, decoded_ids, framed
from tunewright.tokens.plain import ReadAlone
from tunewright.tokens.registry import Entry
from tunewright.tokens.settings import TokenSettings

SCALE = tuple(Pitch(step, 0, octave) for octave in (4, 5) for step in "CDEFGAB")


@dataclass(frozen=True)
class ToyCodec(ReadAlone):
    END: ClassVar[int] = 0
    of: ClassVar[type[Music]] = Tune
    unit: ClassVar[str] = "token"
    kind, text, never = "toy", "canonical", ()
    vocab = ("END", *map(str, SCALE))

    @classmethod
    def from_settings(cls, settings: TokenSettings, tunes: Sequence[Tune]) -> ToyCodec:
        return cls()

    def encode(self, tune: Tune) -> list[int]:
        if strange := [note.pitch for note in tune.notes if note.pitch not in SCALE or note.length != Fraction(1, 8)]:
            raise TokenError(f"found {strange[0]}, expected eighths of C major")
        return [1 + SCALE.index(note.pitch) for note in tune.notes]

    def decode(self, ids: Sequence[int]) -> Tune:
        music: list[Element] = []
        for place, number in enumerate(decoded_ids(ids, self), start=1):
            music += [Note((SCALE[number - 1],), Fraction(1, 8)), *([Bar("|")] if place % 8 == 0 else [])]
        if not music:
            raise TokenError("no notes, expected at least one")
        return Tune(tuple(music), key=Key("C"))

    def passage(self, tune: Tune) -> Passage:
        return Passage(framed(self, self.encode(tune)), 1, len(tune.notes))

    def note_bits(self, tune: Tune, passage: Passage, bits: Sequence[float]) -> list[float]:
        return list(bits[1:-1])

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind})

    @classmethod
    def from_json(cls, text: str) -> ToyCodec:
        if text != cls().to_json():
            raise TokenError("not the toy codec; expected what to_json wrote")
        return cls()


TOY = {"toy": Entry("tune", f"{__name__}:ToyCodec")}  # its line in the registry
