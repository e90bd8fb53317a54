"""The vocabularies of MidiTok, as one softmax reads them, and the parts that one of them tells apart.

In: MidiTok's description of a vocabulary, and what training pieces had. Out: the tokens by id, and what may follow what
in them. This file reads nothing off pieces (`fitting`) and encodes none (`tokenizer`).
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

MusicTokenizer = Any  # MidiTok's; it has no types
Follows = tuple[tuple[str, tuple[str, ...]], ...]

VOCABULARIES = {  # by the names that `tokens` takes; MidiTok's classes
    "beat": "BEAT",
    "cpword": "CPWord",
    "midilike": "MIDILike",
    "mmm": "MMM",
    "mumidi": "MuMIDI",
    "octuple": "Octuple",
    "pertok": "PerTok",
    "remi": "REMI",
    "structured": "Structured",
    "tsd": "TSD",
}
MOST_PARTS = 128  # that a vocabulary can tell apart
DRUM_PROGRAM = -1  # MidiTok's
BEGINS_A_NOTE = frozenset({"Pitch", "PitchDrum", "NoteOn", "DrumOn"})
TELLS_TIME = frozenset({"Bar", "Position", "TimeShift", "Rest", "Beat", "Track"})


@dataclass(frozen=True, slots=True)
class Slot:
    """What tells a part from the others: its instrument, its name where that is usual, and which of its like it is."""

    program: int
    name: str = ""
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Struck:
    """The last note that was told of those that begin together, and of which part the next one is."""

    program: int = 0
    last: tuple[int, int] = (-2, -1)  # program and number; below all there are

    def after(self, token: str) -> Struck | None:
        """The same after a token; None where a note comes that does not stand after the last one."""
        kind, _, value = token.partition("_")
        if kind in TELLS_TIME:
            return Struck(self.program)
        if kind == "Program":
            return Struck(int(value), self.last) if int(value) >= self.last[0] else None
        if kind in BEGINS_A_NOTE:
            note = (self.program, int(value))
            return Struck(self.program, note) if note > self.last else None
        return self


@dataclass(frozen=True)
class PieceVocabulary:
    """One of MidiTok's vocabularies, with the parts that it knows; `saved` is MidiTok's own description of it."""

    kind: str  # a key of `VOCABULARIES`
    saved: str
    slots: tuple[Slot, ...]
    velocity: int  # of every note, where the vocabulary tells none
    tempo: int  # microseconds to a quarter, likewise
    meter: tuple[int, int]  # likewise
    longest: int = 0  # ids of the longest training piece
    ordered: bool = False  # whether in them notes that begin together stand by part, then by number (nearly always)
    follows: Follows = ()  # in training pieces: the kinds of token that came after each context; "" is the end

    END: ClassVar[int] = 0

    def after(self, context: str, number: int, token: str) -> str:
        """The context after a token of an id: its kind, or, of compound words, the kinds of the word so far."""
        inside = self.compound and number >= self.offsets[1]
        return f"{context}/{kind_of(token)}" if inside else kind_of(token)

    @cached_property
    def following(self) -> dict[str, frozenset[str]]:
        """The kinds of token that may come after each context; "" where the piece may end."""
        return {context: frozenset(kinds) for context, kinds in self.follows}

    @cached_property
    def miditok(self) -> MusicTokenizer:
        """MidiTok's tokenizer."""
        return self.load()

    @cached_property
    def compound(self) -> bool:
        """Whether every note, or event, is a compound word: a fixed number of ids, one for each of its fields."""
        return bool(self.miditok.is_multi_voc)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Of compound words, the first id of each field; then how many ids there are."""
        assert self.compound
        return tuple(accumulate((len(field) for field in self.miditok.vocab), initial=1))

    @cached_property
    def vocab(self) -> tuple[str, ...]:
        """Every id in words, as MidiTok names tokens: "Pitch_60"; joined by + where it stands for several."""
        return ("END", *("+".join(tokens) for tokens in self.tokens_of[1:]))

    @cached_property
    def tokens_of(self) -> tuple[tuple[str, ...], ...]:
        """The tokens that every id stands for, one unless pairs were joined; none for the end."""
        tokenizer = self.miditok
        if self.compound:
            return ((), *((token,) for field in tokenizer.vocab for token in _in_order(field)))
        if not tokenizer.is_trained:
            return ((), *((token,) for token in _in_order(tokenizer.vocab)[1:]))
        joined = tokenizer._vocab_learned_bytes_to_tokens
        ordered = _in_order(tokenizer.vocab_model or {})
        return ((), *(tuple(joined[sign]) for sign in ordered[1:]))

    @cached_property
    def meters(self) -> frozenset[tuple[int, int]]:
        """The metres that it knows."""
        ranges: dict[int, Sequence[int]] = self.miditok.config.time_signature_range
        return frozenset((top, bottom) for bottom, tops in ranges.items() for top in tops)

    def load(self) -> MusicTokenizer:
        """MidiTok's tokenizer, once more: training it changes it."""
        with tempfile.TemporaryDirectory() as folder, quiet():
            path = Path(folder) / "tokenizer.json"
            path.write_text(self.saved, encoding="utf-8")
            return class_of(self.kind)(params=path)


@contextmanager
def quiet() -> Iterator[None]:
    """MidiTok warns of what it repairs; that is counted elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def class_of(kind: str) -> Any:
    """MidiTok's class of a vocabulary."""
    with quiet():
        import miditok  # noqa: PLC0415 - heavy

    return getattr(miditok, VOCABULARIES[kind])


def kind_of(token: str) -> str:
    """The kind of a token of MidiTok: "Pitch" of "Pitch_60"; the whole of it where its value tells what may follow."""
    kind = token.split("_", 1)[0]
    return token if kind in ("Bar", "Family", "Track") and not token[-1].isdigit() else kind


def _in_order(vocab: dict[str, int]) -> list[str]:
    return sorted(vocab, key=vocab.__getitem__)
