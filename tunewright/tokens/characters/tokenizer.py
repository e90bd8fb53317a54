"""Tunes as numbers: one id per character, and one for the end of a tune.

In: `Tune`s or their text. Out: lists of ids, and back. The end of a tune stands for the lab's blank line between
tunes and starts every tune too, as the end-of-text token of GPT-2 does. A tokenizer is fitted on training tunes
only; a character that they lack becomes `UNKNOWN`, and `unseen` counts those. This file knows no model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from tunewright.formats.abc import format_abc, parse_abc
from tunewright.formats.abc.reading import with_number
from tunewright.music.rhythms import told_rhythm
from tunewright.music.tune import Tune
from tunewright.support.errors import ParseError, TokenError

if TYPE_CHECKING:
    from tunewright.tokens.characters.writer import CharWriter

END_TEXT = "\n\n"
UNKNOWN_TEXT = "\N{REPLACEMENT CHARACTER}"
HEADER = "RMLK"  # what canonical text tells before the body: given when a tune is judged, asked for when one is made


def verbatim_text(tune: Tune) -> str:
    """The tune's own text, as the lab learns it; canonical where the tune has none (from MIDI, say)."""
    return tune.text.strip() or format_abc(tune).strip()


def canonical_text(tune: Tune) -> str:
    """Rhythm, metre, unit and key, a line each, then the body in canonical ABC.

    The rhythm goes by one name, stated or inferred, so that "Reel", "REEL" and nothing at all are one thing to learn.
    """
    return format_abc(replace(tune, rhythm=told_rhythm(tune)), header=HEADER).strip()


TEXTS = {"verbatim": verbatim_text, "canonical": canonical_text}


def body_start(text: str) -> int:
    """Where the body of a tune's text begins: after the line of its K: field; 0 where there is none.

    >>> body_start("M:6/8\\nK:D\\nABc")
    10
    """
    start = 0
    for line in text.splitlines(keepends=True):
        start += len(line)
        if line.startswith("K:"):
            return start
    return 0


@dataclass(frozen=True)
class CharTokenizer:
    """One id per character: `vocab[0]` is the end of a tune, `vocab[1]` a character that training never saw."""

    vocab: tuple[str, ...]
    text: str = "canonical"  # which text of a tune, a key of `TEXTS`

    END = 0
    UNKNOWN = 1

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
        ids = list(ids)
        text = self.decode_text(ids[: ids.index(self.END)] if self.END in ids else ids)
        try:
            tunes = parse_abc(with_number(text))
        except ParseError as error:
            raise TokenError(f"not a tune: {error}") from None
        if len(tunes) != 1:
            raise TokenError(f"found {len(tunes)} tunes, expected one")
        return tunes[0]

    def writer(self) -> CharWriter:
        """What writes in these tokens, for one drawing at a time."""
        from tunewright.tokens.characters.writer import CharWriter  # noqa: PLC0415 - which builds on this file

        return CharWriter(self)

    def to_json(self) -> str:
        """The tokenizer as JSON, which `from_json` reads back."""
        return json.dumps({"kind": "characters", "text": self.text, "vocab": self.vocab}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> CharTokenizer:
        """The tokenizer written by `to_json`; TokenError for anything else."""
        try:
            stored = json.loads(text)
        except ValueError:
            stored = None
        if not isinstance(stored, dict) or stored.get("kind") != "characters" or stored.get("text") not in TEXTS:
            raise TokenError("not a character tokenizer; expected what to_json wrote")
        vocab = stored.get("vocab")
        if not (isinstance(vocab, list) and len(vocab) > 1 and all(isinstance(sign, str) for sign in vocab)):
            raise TokenError("a character tokenizer without a vocabulary")
        return cls(tuple(vocab), stored["text"])
