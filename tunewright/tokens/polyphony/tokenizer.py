"""Pieces of several parts as numbers: the vocabularies of MidiTok, one softmax for all of them.

In: `Piece`s. Out: lists of ids, and back. A vocabulary (REMI, Huang & Yang 2020, and nine others) is MidiTok's; its
settings are read off the training pieces: the grid, the range of pitches, metres, tempi, and a number for each part,
so that four parts for piano stay four. Where MidiTok describes a note by several tokens at once (compound words), these
follow one another here, so that every model can learn every vocabulary. With byte-pair encoding, tokens that often
follow one another are one id (Fradet et al. 2023). This file knows no model; what may follow what is
`grammar`'s.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tunewright.formats.midi.pieces import settled, to_score
from tunewright.music.kinds import Music
from tunewright.music.piece import (
    TICKS,
    USUAL_TEMPO,
    MeterAt,
    Part,
    Piece,
    PieceNote,
    TempoAt,
    counted_meters,
    from_first_note,
    in_full_bars,
    real_changes,
    transposed,
    transpositions,
)
from tunewright.music.tune import Repair
from tunewright.support.documents import parse_json
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens.contract import Passage, Rows, framed
from tunewright.tokens.polyphony.augmentation import MovedPieces
from tunewright.tokens.polyphony.context import PieceFeatures, PieceReader
from tunewright.tokens.polyphony.fitting import assigned_slots, usual_slots, vocabulary_settings
from tunewright.tokens.polyphony.vocabulary import (
    BEGINS_A_NOTE,
    DRUM_PROGRAM,
    VOCABULARIES,
    Follows,
    MusicTokenizer,
    PieceVocabulary,
    Slot,
    Struck,
    class_of,
    kind_of,
    quiet,
)
from tunewright.tokens.settings import TokenSettings

if TYPE_CHECKING:
    from symusic import core

OUT_OF_ORDER = 0.001  # share of the notes that may stand out of order where the vocabulary has one
DESCRIBES_A_NOTE = frozenset({"Velocity", "Duration"})
FORMAT = 1
_SAVED = ("config", "tokenization", "_vocab_base", "_model", "_vocab_base_byte_to_token")
_STORED = {
    **dict.fromkeys(("format", "velocity", "tempo", "longest"), int),
    **{"kind": str, "meter": [int], "ordered": bool, "slots": [list], "follows": [list], "miditok": dict},
}


@dataclass(frozen=True)
class PieceTokenizer(PieceVocabulary):
    """One of MidiTok's vocabularies, fitted on training pieces."""

    of: ClassVar[type[Music]] = Piece
    unit: ClassVar[str] = "token"
    text = ""
    never = ()
    context_sizes = PieceFeatures.sizes
    direct = len(context_sizes)

    @classmethod
    def from_settings(cls, settings: TokenSettings, pieces: Sequence[Piece]) -> PieceTokenizer:
        """The vocabulary that settings ask for."""
        return cls.fit(settings.kind, pieces, bpe=settings.bpe, transposed_by=settings.transpose)

    # ------------------------------------------------------------------------------------------------ fitting

    @classmethod
    def fit(cls, kind: str, pieces: Sequence[Piece], *, bpe: int = 0, transposed_by: int = 0) -> PieceTokenizer:
        """The vocabulary with all that these pieces need, and what up to `transposed_by` semitones away needs.

        `bpe` is how many ids it is to have with byte-pair encoding; 0 is without. ConfigError for an unknown kind, for
        a number that is too small, and for a vocabulary of compound words, which has no pairs to join.
        """
        if kind not in VOCABULARIES:
            raise ConfigError(f"tokens is {kind!r}; known: {', '.join(VOCABULARIES)}")
        slots = usual_slots(pieces)
        velocities = {note.velocity for piece in pieces for part in piece.parts for note in part.notes}
        tempos = Counter(tempo.microseconds for piece in pieces for tempo in piece.tempos)
        tokenizer = _build(kind, vocabulary_settings(kind, pieces, slots, velocities, tempos, transposed_by))
        usual = tempos.most_common(1)[0][0] if tempos else USUAL_TEMPO
        meters = Counter(meter[1:] for piece in pieces for meter in piece.meters)
        meter = meters.most_common(1)[0][0] if meters else (4, 4)
        first = cls(kind, _save(tokenizer), slots, next(iter(velocities), 90), usual, meter)
        encoded = [ids for piece in pieces if (ids := first._encoded_or_none(piece))]
        found = replace(first, follows=first._learned(encoded), ordered=first._in_order(encoded))
        if bpe:
            ways = (transpositions(piece, transposed_by) for piece in pieces)
            moved = [
                transposed(piece, way[place * 5 % len(way)])  # each as often as the others
                for place, (piece, way) in enumerate(zip(pieces, ways, strict=True))
            ]
            texts = [ids for piece in moved if (ids := first._encoded_or_none(piece))]
            found = replace(found, saved=_save(first._with_pairs(texts, bpe)))
            encoded = [ids for piece in pieces if (ids := found._encoded_or_none(piece))]
        return replace(found, longest=max(map(len, encoded), default=1))

    def _encoded_or_none(self, piece: Piece) -> list[int] | None:
        try:
            return self.encode(piece)
        except TokenError:
            return None

    def _learned(self, encoded: Iterable[Sequence[int]]) -> Follows:
        """What followed what in pieces."""
        seen: dict[str, set[str]] = {}
        for ids in encoded:
            context = ""
            for number in ids:
                for token in self.tokens_of[number]:
                    seen.setdefault(context, set()).add(kind_of(token))
                    context = self.after(context, number, token)
            seen.setdefault(context, set()).add("")
        return tuple((context, tuple(sorted(seen[context]))) for context in sorted(seen))

    def _in_order(self, encoded: Iterable[Sequence[int]]) -> bool:
        """Whether notes that begin together stand by part, then by number, but for the few that the grid moved."""
        if self.compound:
            return False
        notes = others = 0
        for ids in encoded:
            struck = Struck()
            for token in (token for number in ids for token in self.tokens_of[number]):
                after = struck.after(token)
                notes += kind_of(token) in BEGINS_A_NOTE
                others += after is None
                struck = after or Struck(struck.program)
        return others <= OUT_OF_ORDER * notes

    def _with_pairs(self, encoded: Sequence[Sequence[int]], size: int) -> MusicTokenizer:
        """MidiTok's tokenizer with byte-pair encoding learned from pieces."""
        tokenizer = self.load()
        if tokenizer.is_multi_voc:
            raise ConfigError(f"bpe is {size}, but {self.kind} describes notes by compound words; expected bpe=0")
        if size <= len(tokenizer):
            raise ConfigError(f"bpe is {size}, but {self.kind} has {len(tokenizer)} tokens already; expected more")
        with quiet():
            texts = [["".join(tokenizer._ids_to_bytes(list(ids)))] for ids in encoded]
            tokenizer.train(vocab_size=size, model="BPE", iterator=texts)
        return tokenizer

    # ------------------------------------------------------------------------------------------------ MidiTok

    # ------------------------------------------------------------------------------------------------ encoding

    def encode(self, piece: Piece) -> list[int]:
        """The ids of a piece, without end. TokenError where it has a part, metre or pitch that no training piece had.

        Onsets and lengths are moved to the grid, velocities and tempi to the nearest that the vocabulary has.
        """
        tokenizer = self.miditok
        score = self._score(piece)
        self._check(piece, score)
        with quiet():
            found = tokenizer.encode(score)
        rows = [row for seq in (found if isinstance(found, list) else [found]) for row in seq.ids]
        if not self.compound:
            return rows
        return [start + number for row in rows for start, number in zip(self.offsets, row, strict=False)]

    def _score(self, piece: Piece) -> core.ScoreTick:
        """The piece for MidiTok: each part under a program of its own, which stands for a slot."""
        from symusic import core  # noqa: PLC0415 - heavy

        score = to_score(in_full_bars(piece))
        tracks: dict[int, core.TrackTick] = {}
        for track, slot in zip(list(score.tracks), assigned_slots(piece, self.slots), strict=True):
            if slot == DRUM_PROGRAM and slot in tracks:
                tracks[slot].notes.extend(track.notes)
                continue
            tracks[slot] = core.TrackTick(track.name, max(slot, 0), slot == DRUM_PROGRAM)
            tracks[slot].notes.extend(track.notes)
        score.tracks = core.ScoreTick(TICKS).tracks
        for slot in sorted(tracks):
            score.tracks.append(tracks[slot])
        return score

    def _check(self, piece: Piece, score: core.ScoreTick) -> None:
        config = self.miditok.config
        for track in score.tracks:
            low, high = config.drums_pitch_range if track.is_drum else config.pitch_range
            if outside := next((note.pitch for note in track.notes if not low <= note.pitch < high), None):
                what = "drum" if track.is_drum else "note"
                raise TokenError(f"a {what} of number {outside}; the training pieces have {low} to {high - 1}")
        if config.use_time_signatures:
            for meter in piece.meters:
                if (meter.numerator, meter.denominator) not in self.meters:
                    raise TokenError(f"metre {meter.numerator}/{meter.denominator}, which no training piece has")

    # ------------------------------------------------------------------------------------------------ decoding

    def decode(self, ids: Sequence[int]) -> Piece:
        """The piece that these ids spell, up to the first end; TokenError where they spell none.

        A note that begins twice at once in a part is one note; how many did is in `Piece.repairs`.
        """
        ids = list(ids)
        ids = ids[: ids.index(self.END)] if self.END in ids else ids
        if outside := next((number for number in ids if not 0 < number < len(self.vocab)), None):
            raise TokenError(f"id {outside} is outside the vocabulary; expected 1 to {len(self.vocab) - 1}")
        given: Any = self._words(ids) if self.compound else ids
        if not len(given):
            raise TokenError("no tokens; expected those of a piece")
        with quiet():
            try:
                score = self.miditok.decode(self._sequence(given))
            except (KeyError, IndexError, ValueError, AttributeError, ZeroDivisionError) as error:
                raise TokenError(f"spells no piece ({type(error).__name__}: {error})") from None
        return self._piece(score)

    def _words(self, ids: Sequence[int]) -> list[list[int]]:
        """The compound words of these ids as MidiTok numbers them, an unfinished one at the end left out.

        A word begins with each id of the first field.
        """
        words: list[list[int]] = []
        context = ""
        for number in ids:
            if number < self.offsets[1]:
                if words and not self._complete(context):
                    raise TokenError(f"{context} is no compound word of {self.kind}")
                words.append([])
            place = len(words[-1]) if words else 0
            if not words or not self.offsets[place] <= number < self.offsets[place + 1]:
                raise TokenError(f"{self.vocab[number]} stands in the wrong place of a compound word of {self.kind}")
            words[-1].append(number - self.offsets[place])
            context = self.after(context, number, self.vocab[number])
        return words if self._complete(context) else words[:-1]

    def _complete(self, context: str) -> bool:
        """Whether a compound word may end after these kinds of token: whether another one, or nothing, followed."""
        first = {kind_of(self.vocab[number]) for number in range(1, self.offsets[1])}
        return bool(self.following.get(context, frozenset()) & (first | {""}))

    def _sequence(self, given: Any) -> Any:
        from miditok import TokSequence  # noqa: PLC0415 - heavy

        return TokSequence(ids=given, are_ids_encoded=not self.compound and self.miditok.is_trained)

    def _piece(self, score: core.ScoreTick) -> Piece:
        unit = TICKS // score.ticks_per_quarter if TICKS % score.ticks_per_quarter == 0 else 0
        if not unit:
            raise TokenError(f"{score.ticks_per_quarter} ticks to a quarter; expected a divisor of {TICKS}")
        parts, left = [], 0
        by_slot = {DRUM_PROGRAM if track.is_drum else track.program: track for track in score.tracks}
        for slot in sorted(by_slot, key=lambda slot: (slot < 0, slot)):
            track = by_slot[slot]
            told = self.miditok.config.use_velocities
            notes = settled(
                PieceNote(
                    note.time * unit,
                    (note.time + max(1, note.duration)) * unit,
                    note.pitch,
                    note.velocity if told else self.velocity,
                )
                for note in track.notes
            )
            if any(note.onset < 0 for note in notes):
                raise TokenError("a note begins before the piece does")
            left += len(track.notes) - len(notes)
            known = self.slots[slot] if 0 <= slot < len(self.slots) else Slot(0)
            if notes:
                parts.append(Part(tuple(notes), known.program, slot < 0, "Drums" if slot < 0 else known.name))
        meters = tuple(MeterAt(at.time * unit, at.numerator, at.denominator) for at in score.time_signatures)
        tempos = tuple(TempoAt(at.time * unit, round(at.mspq)) for at in score.tempos)
        if not self.miditok.config.use_tempos:
            tempos = (TempoAt(0, self.tempo),)
        if not self.miditok.config.use_time_signatures:
            meters = (MeterAt(0, *self.meter),)
        repairs = (Repair("notes struck twice at once, read as one", detail=str(left)),) if left else ()
        found = Piece(tuple(parts), counted_meters(meters), (), real_changes(tempos), repairs=repairs)
        return from_first_note(found)

    # -------------------------------------------------------------------------------------------- as a model reads it

    @cached_property
    def features(self) -> PieceFeatures:
        """The context features of this vocabulary."""
        return PieceFeatures(self)

    def reader(self) -> PieceReader:
        """A reader at the beginning of a piece."""
        return PieceReader(self.features)

    def context(self, ids: Sequence[int]) -> Rows:
        """The row (T, 1 + K) of every id, read from the beginning."""
        reader = self.reader()
        return np.array([reader.read(number) for number in ids], np.int16)

    def passage(self, piece: Piece) -> Passage:
        """The piece as scored, all of it."""
        ids = framed(self, self.encode(piece))
        return Passage(ids, 1, piece.notes, self.context(ids))

    def repertoire(self, pieces: Sequence[Piece], settings: TokenSettings, refused: Counter[str]) -> MovedPieces:
        """The pieces in a new order each time through, each moved by some semitones."""
        return MovedPieces(self, pieces, settings.transpose, refused)

    def note_bits(self, piece: Piece, passage: Passage, bits: Sequence[float]) -> list[float]:
        """Bits of each note, in the order of the ids: those of its pitch, and of its velocity and length after it.

        Ids that begin several notes are shared out evenly; NaN for all where the grid made two notes one.
        """
        notes: list[float] = []
        for number, one in zip(passage.ids, bits, strict=True):
            kinds = [kind_of(token) for token in self.tokens_of[number]]
            begun = sum(kind in BEGINS_A_NOTE for kind in kinds)
            if begun:
                notes += [one / begun] * begun
            elif notes and kinds and DESCRIBES_A_NOTE.issuperset(kinds):
                notes[-1] += one
        return notes if len(notes) == piece.notes else [math.nan] * piece.notes

    # ------------------------------------------------------------------------------------------------ keeping

    def to_json(self) -> str:
        """The tokenizer as JSON, which `from_json` reads back."""
        stored = {
            "kind": self.kind,
            "format": FORMAT,
            "slots": [[slot.program, slot.name, slot.nth] for slot in self.slots],
            "velocity": self.velocity,
            "tempo": self.tempo,
            "meter": self.meter,
            "longest": self.longest,
            "ordered": self.ordered,
            "follows": self.follows,
            "miditok": json.loads(self.saved),
        }
        return json.dumps(stored, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> PieceTokenizer:
        """The tokenizer written by `to_json`; TokenError for anything else."""
        try:
            stored = parse_json(text, _STORED)
            if stored["kind"] not in VOCABULARIES or stored["format"] != FORMAT:
                raise TokenError(f"a tokenizer of kind {stored['kind']!r}, format {stored['format']!r}")
            saved = stored["miditok"]
            if set(saved) - set(_SAVED) or saved["tokenization"] != VOCABULARIES[stored["kind"]]:
                raise TokenError("not a vocabulary of MidiTok as to_json writes it")
            slots = tuple(Slot(int(program), str(name), int(nth)) for program, name, nth in stored["slots"])
            found = cls(
                stored["kind"],
                json.dumps(saved),
                slots,
                int(stored["velocity"]),
                int(stored["tempo"]),
                (int(stored["meter"][0]), int(stored["meter"][1])),
                int(stored["longest"]),
                bool(stored["ordered"]),
                tuple((str(context), tuple(map(str, kinds))) for context, kinds in stored["follows"]),
            )
            _ = found.vocab  # read now, so that what is broken is found now
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise TokenError(f"not a tokenizer of pieces ({error}); expected what to_json wrote") from None
        return found


def _build(kind: str, settings: dict[str, Any]) -> MusicTokenizer:
    made_by = class_of(kind)
    from miditok import TokenizerConfig  # noqa: PLC0415 - heavy

    with quiet():
        return made_by(TokenizerConfig(**settings))


def _save(tokenizer: MusicTokenizer) -> str:
    """MidiTok's description without the versions of libraries, so that equal vocabularies are equal text."""
    described = tokenizer.to_dict()
    return json.dumps({name: described[name] for name in _SAVED if name in described}, sort_keys=True)
