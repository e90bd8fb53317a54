"""Tunes as numbers: one id per character, and one for the end of a tune.

In: `Tune`s or their text. Out: lists of ids, and back. The end of a tune stands for the lab's blank line between
tunes and starts every tune too, as the end-of-text token of GPT-2 does. A tokenizer is fitted on training tunes
only; a character that they lack becomes `UNKNOWN`, and `unseen` counts those. This file knows no model.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.reading import with_number
from tunewright.formats.abc.texts import TEXTS, body_start
from tunewright.music.kinds import Music
from tunewright.music.tune import Tune
from tunewright.support.documents import parse_json
from tunewright.support.errors import ParseError, TokenError
from tunewright.tokens.characters.notes import note_spans
from tunewright.tokens.contract import Passage, decoded_ids, framed
from tunewright.tokens.plain import ReadAlone
from tunewright.tokens.settings import TokenSettings

END_TEXT = "\n\n"
UNKNOWN_TEXT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class CharTokenizer(ReadAlone):
    """One id per character: `vocab[0]` is the end of a tune, `vocab[1]` a character that training never saw."""

    vocab: tuple[str, ...]
    text: str = "canonical"  # which text of a tune, a key of `TEXTS`

    END: ClassVar[int] = 0
    UNKNOWN = 1
    kind = "characters"
    of: ClassVar[type[Music]] = Tune
    unit: ClassVar[str] = "character"
    never = (UNKNOWN,)

    @classmethod
    def from_settings(cls, settings: TokenSettings, tunes: Sequence[Tune]) -> CharTokenizer:
        """The tokenizer of the text that settings ask for."""
        return cls.fit(tunes, settings.text)

    @classmethod
    def fit(cls, tunes: Iterable[Tune], text: str = "canonical") -> CharTokenizer:
        """The tokenizer whose vocabulary is every character of these tunes' texts, in order of code point."""
        characters = {character for tune in tunes for character in TEXTS[text](tune)}
        return cls((END_TEXT, UNKNOWN_TEXT, *sorted(characters - {UNKNOWN_TEXT})), text)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: number for number, character in enumerate(self.vocab) if number > 1}

    def text_of(self, tune: Tune) -> str:
        """The text that stands for a tune."""
        return TEXTS[self.text](tune)

    def encode(self, tune: Tune) -> list[int]:
        """The ids of a tune's text, without end."""
        return self.encode_text(self.text_of(tune))

    def encode_text(self, text: str) -> list[int]:
        """One id per character; `UNKNOWN` for a character outside the vocabulary."""
        return [self._ids.get(character, self.UNKNOWN) for character in text]

    def unseen(self, text: str) -> Counter[str]:
        """How often each character outside the vocabulary occurs."""
        return Counter(character for character in text if character not in self._ids)

    def decode_text(self, ids: Sequence[int]) -> str:
        """The text of these ids, the end of a tune as a blank line; TokenError for an id outside the vocabulary."""
        for number in ids:
            if not 0 <= number < len(self.vocab):
                raise TokenError(f"id {number} is outside the vocabulary; expected 0 to {len(self.vocab) - 1}")
        return "".join(self.vocab[number] for number in ids)

    def decode(self, ids: Sequence[int]) -> Tune:
        """The tune that these ids spell, up to the first end; TokenError where they spell none."""
        text = self.decode_text(decoded_ids(ids, self))
        try:
            tunes = parse_abc(with_number(text))
        except ParseError as error:
            raise TokenError(f"not a tune: {error}") from None
        if len(tunes) != 1:
            raise TokenError(f"found {len(tunes)} tunes, expected one")
        return tunes[0]

    def passage(self, tune: Tune) -> Passage:
        """The tune as scored; its body begins after the line of its key."""
        text = self.text_of(tune)
        ids = framed(self, self.encode_text(text))
        return Passage(ids, 1 + body_start(text), len(tune.notes), unseen=ids.count(self.UNKNOWN))

    def note_bits(self, tune: Tune, passage: Passage, bits: Sequence[float]) -> list[float]:
        """Bits of the signs of each note; NaN for all where the text holds more than one line of melody."""
        spans = list(note_spans(self.text_of(tune)))
        if len(spans) != len(tune.notes):
            return [math.nan] * len(tune.notes)
        return [sum(bits[1 + place] for place in span) for span in spans]

    def to_json(self) -> str:
        """The tokenizer as JSON, which `from_json` reads back."""
        return json.dumps({"kind": "characters", "text": self.text, "vocab": self.vocab}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> CharTokenizer:
        """The tokenizer written by `to_json`; TokenError for anything else."""
        try:
            stored = parse_json(text, {"kind": str, "text": str, "vocab": [str]})
        except ValueError:
            stored = {}
        if stored.get("kind") != cls.kind or stored.get("text") not in TEXTS:
            raise TokenError("not a character tokenizer; expected what to_json wrote")
        vocab = stored.get("vocab")
        if not (isinstance(vocab, list) and len(vocab) > 1 and all(vocab)):
            raise TokenError("a character tokenizer without a vocabulary")
        return cls(tuple(vocab), stored["text"])
